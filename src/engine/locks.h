#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ks::engine {

/// Who wants which resources of the `lock` step.
struct LockRequest {
  std::string key;                 ///< the same after a restart
  std::vector<std::string> names;  ///< made when nobody knows them; all at once or none
  std::string label;               ///< or so many resources that carry it
  size_t quantity = 0;             ///< 0: all with the label
  int64_t priority = 0;            ///< higher first
  int64_t asked_millis = 0;        ///< the queue's order, journaled by who asks
  bool newest_first = false;       ///< inversePrecedence
  std::function<void(std::vector<std::string> names)> granted;  ///< any thread; once
};

/// The resources that runs of one server lock, and who waits for them. Thread-safe.
///
/// It keeps nothing: after a restart each run that holds something says so while it is replayed,
/// and nobody else is granted anything before that is over (hold_back).
class LockTable {
 public:
  /// Resources with labels, by name; others come into being when they are locked.
  explicit LockTable(std::map<std::string, std::vector<std::string>> labelled = {})
      : labelled_(std::move(labelled)) {}

  /// Queues; `granted` may be called at once. Of a key that holds already: at once with that.
  void acquire(LockRequest request);
  /// As acquire() of what is free now; nothing when it is not.
  std::vector<std::string> try_acquire(const LockRequest& request);
  /// What a run held before a restart: also when another holds it by now.
  void hold(const std::string& key, const std::vector<std::string>& names);
  void release(const std::string& key);
  /// Nobody waits under this key any more.
  void cancel(const std::string& key);
  void hold_back(bool hold);
  bool has_label(const std::string& label) const;

 private:
  using Grant = std::pair<std::function<void(std::vector<std::string>)>, std::vector<std::string>>;
  bool is_free(const std::string& name) const;
  std::vector<std::string> choose(const LockRequest& request) const;
  std::vector<Grant> grant_queue();
  static void tell(std::vector<Grant> grants);

  const std::map<std::string, std::vector<std::string>> labelled_;
  mutable std::mutex mutex_;
  std::map<std::string, std::set<std::string>>
      holders_;  // of a resource: more than one after hold()
  std::map<std::string, std::vector<std::string>> held_;  // by key
  std::vector<LockRequest> queue_;                        // in order
  bool holding_back_ = false;
};

}  // namespace ks::engine
