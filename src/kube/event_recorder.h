#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "kube/client.h"

namespace ks::kube {

/// Writes core/v1 Events about objects, as `kubectl describe` shows them.
///
/// The same event about the same object is not written anew but counted. Never blocks: a thread of
/// its own writes; when more than 1,000 events wait, further ones are dropped and logged.
class EventRecorder {
 public:
  /// `component` is the event source: `pipelinerun-controller`.
  EventRecorder(Client& client, std::string component, const Clock& clock);
  EventRecorder(Client& client, std::string component);
  /// Writes what is queued, for at most two seconds.
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void normal(const json::value& about, std::string_view reason, std::string_view message);
  void warning(const json::value& about, std::string_view reason, std::string_view message);
  /// Waits until all that was recorded before is written.
  void flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::kube
