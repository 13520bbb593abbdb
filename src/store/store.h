#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/backend.h"
#include "store/object.h"
#include "store/watch_hub.h"

namespace ks::store {

struct StoreOptions {
  WatchHub::Limits watch;
  size_t max_batch = 512;     ///< writes in one transaction
  size_t max_queue = 20'000;  ///< writes that wait; more are refused
  size_t compact_garbage =
      8'192;  ///< replaced versions beyond the history that make a compaction worth while
};

/// The embedded resource store: objects in memory, made durable by group commit, with one revision
/// for all.
///
///   Store store(TRY(open_sqlite(dir)), {});
///   TRY(store.open());
///   ObjectRef made = TRY(store.create(draft));
///   ObjectRef next = TRY(store.update(changed, made->revision));
///
/// Reads answer from memory and hold a lock for microseconds. Writes block until they are durable;
/// the first of several that wait carries the others along. Thread-safe.
class Store {
 public:
  Store(std::unique_ptr<Backend> backend, StoreOptions options);
  /// Waits for the writes in flight; later ones fail.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Loads everything and starts to take writes.
  Result<> open();

  // ----- reading -----

  /// Null when there is none.
  ObjectRef get(const Key& key) const;

  struct List {
    std::vector<ObjectRef> objects;  ///< in key order
    uint64_t revision = 0;           ///< all of them are as they were at this one
    std::string next;                ///< key to go on after; empty at the end
    size_t remaining = 0;            ///< how many more there are without a selector
  };
  /// One page of what the filter takes: at most `limit` objects (0: all) after the key `after`.
  /// `at` 0 means now; else the state at that revision, so that the pages of one list fit together;
  /// `gone` when it is too long ago.
  Result<List> list(const Filter& filter, size_t limit = 0, std::string_view after = {},
                    uint64_t at = 0) const;

  /// The revision of the newest write that readers see.
  uint64_t revision() const;
  size_t size() const;

  // ----- writing -----

  /// `already_exists` when the key is taken.
  Result<ObjectRef> create(Draft draft);
  /// `conflict` unless the stored object is at `expected`; `not_found` when there is none.
  Result<ObjectRef> update(Draft draft, uint64_t expected);
  /// Ends the object, if it is still at `expected`. Gives its last state, which carries the
  /// revision of the deletion.
  Result<ObjectRef> remove(const Key& key, uint64_t expected);

  /// One of many writes: a draft alone is a create, a draft and `expected` an update, no draft a
  /// removal.
  struct Write {
    Key key;
    std::optional<Draft> draft;
    uint64_t expected = 0;
  };
  /// The same as one by one, each with its own outcome, but they wait for their commits together.
  std::vector<Result<ObjectRef>> write_all(std::vector<Write> writes);

  // ----- watching -----

  Result<WatchHub::Subscription> watch(Filter filter, uint64_t after, std::shared_ptr<Sink> sink,
                                       WatchedBy by = WatchedBy::client);
  size_t watcher_count() const;  ///< of clients

  // ----- care -----

  /// Forgets replaced versions that no watcher can ask for any more; gives their number.
  Result<size_t> compact();
  /// A consistent copy into a new file.
  Result<> backup(const std::string& file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::store
