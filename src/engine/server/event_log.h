#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/engine.h"

namespace ks::engine {

/// The last events, and who wants the next ones. Thread-safe.
class EventLog {
 public:
  explicit EventLog(size_t history) : history_(history) {}

  void publish(EngineEvent event);
  uint64_t last() const;
  Result<std::shared_ptr<void>> subscribe(uint64_t after,
                                          std::function<void(const EngineEvent&)> on_event);

 private:
  using Callback = std::function<void(const EngineEvent&)>;

  const size_t history_;
  /// Held while callbacks run: that is what keeps their order. They only queue bytes.
  mutable std::mutex mutex_;
  std::deque<EngineEvent> recent_;
  uint64_t last_ = 0;
  std::vector<std::weak_ptr<Callback>> subscribers_;
};

}  // namespace ks::engine
