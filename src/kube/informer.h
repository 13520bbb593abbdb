#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kube/client.h"

namespace ks::kube {

/// One state of an object that readers share.
using ObjectRef = std::shared_ptr<const json::value>;

/// A copy of all objects of one kind that follows the server: a list, then a watch, which resumes
/// where it broke off and begins anew when the server no longer has the history.
///
///   Informer runs{client, pipeline_runs};
///   runs.on_change([&](const Key& key) { queue.add(key); });
///   runs.start();
///   runs.wait_until_synced(5s);
///   ObjectRef run = runs.get({"demo", "build-x7k2p"});
///
/// Handlers get the key alone: they look at the present state, which may already be newer than what
/// woke them. They run one at a time on a thread of the informer and must not block.
class Informer {
 public:
  /// Names the values under which an object is found in an index.
  using IndexFunction = std::function<std::vector<std::string>(const json::value&)>;
  using Handler = std::function<void(const Key&)>;

  struct Options {
    std::string space;  ///< Empty: every namespace.
    std::string label_selector;
    std::string field_selector;
    std::map<std::string, IndexFunction> indexes;
    /// Between attempts to list or watch after a failure: doubles up to the most.
    std::chrono::milliseconds first_retry{50};
    std::chrono::milliseconds most_retry{10'000};
  };

  Informer(Client& client, Resource resource, Options options);
  Informer(Client& client, Resource resource);
  /// Stops, and waits for handlers that run.
  ~Informer();
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  /// Before start().
  void on_change(Handler handler);
  void start();
  void stop();
  bool synced() const;
  /// False when the first list did not come within `limit`.
  bool wait_until_synced(std::chrono::milliseconds limit);

  /// Null when there is none (any more).
  ObjectRef get(const Key& key) const;
  /// In key order. Empty space: all.
  std::vector<ObjectRef> list(std::string_view space = {}) const;
  std::vector<ObjectRef> by_index(std::string_view index, std::string_view value) const;
  size_t size() const;
  /// How often the whole list was read.
  uint64_t lists() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::kube
