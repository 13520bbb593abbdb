#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "store/object.h"

namespace ks::store {

/// Which objects a list or a watch is about.
struct Filter {
  std::string resource;  ///< empty: all resources
  std::string space;     ///< empty: all namespaces
  std::string name;      ///< empty: all names
  /// Labels and fields; empty: all. Must be callable from any thread.
  std::function<bool(const Object&)> matches;

  bool takes(const Object& object) const;
};

/// An event as one watcher sees it: an object that stops matching its selector is `deleted` for it.
struct Delivery {
  EventType type = EventType::added;
  uint64_t revision = 0;
  EventRef event;  ///< null for a bookmark
};

/// Who gets events. Called in revision order, by one thread at a time, and must not block: a
/// bounded queue is its own.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void on_events(std::span<const Delivery> deliveries) = 0;
};

/// Who watches: clients are bounded in number; the parts of this program are not, and are not
/// counted.
enum class WatchedBy : uint8_t { client, us };

/// The recent changes, and those who wait for the next. Thread-safe.
class WatchHub {
 public:
  struct Limits {
    size_t max_bytes = 32u << 20;  ///< of objects that only the history still holds
    size_t max_events = 50'000;
    size_t max_watchers = 10'000;
  };
  WatchHub() : WatchHub(Limits{}) {}
  explicit WatchHub(Limits limits) : limits_(limits) {}

  /// Ends the watching when it is destroyed; no call of the sink begins after that.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();
    /// Delivers a bookmark: everything up to its revision has been delivered.
    void request_bookmark();

   private:
    friend class WatchHub;
    WatchHub* hub_ = nullptr;
    uint64_t id_ = 0;
    std::string resource_;
  };

  /// Everything after `after` that the filter takes, past and future, without gap or double. `gone`
  /// when the history no longer reaches back that far; `exhausted` at the bound of watchers.
  Result<Subscription> subscribe(Filter filter, uint64_t after, std::shared_ptr<Sink> sink,
                                 WatchedBy by = WatchedBy::client);

  /// Appends changes to the history, in revision order; from then on undo() and new watches know
  /// them.
  void record(std::span<const EventRef> events);
  /// Tells the watchers of changes that were recorded; in revision order, maybe by another thread.
  void notify(std::span<const EventRef> events);

  /// Where the history begins when the store starts: nothing at or before it can be asked for.
  void start_after(uint64_t revision);

  /// The state before the first change after `revision` of each object that the filter's resource
  /// and namespace cover; null where the object did not exist. `gone` as for subscribe().
  Result<std::map<std::string, ObjectRef, std::less<>>> undo(const Filter& filter,
                                                             uint64_t revision) const;

  uint64_t oldest() const;       ///< the highest revision that is no longer covered
  size_t watcher_count() const;  ///< of clients

 private:
  struct Watcher {
    Filter filter;
    uint64_t after = 0;
    std::shared_ptr<Sink> sink;
    WatchedBy by = WatchedBy::client;
  };
  using Watchers = std::map<uint64_t, Watcher>;
  /// The recent changes, in order of revision.
  struct History {
    std::deque<EventRef> events;
    size_t bytes = 0;
    uint64_t oldest = 0;
    uint64_t recorded = 0;

    std::deque<EventRef>::const_iterator after(uint64_t revision) const;
    void trim(const Limits& limits);
  };
  static std::optional<Delivery> deliver(const Filter& filter, const EventRef& event);
  static void tell(const Watchers& watchers, std::span<const EventRef> events);
  void unsubscribe(const std::string& resource, uint64_t id);

  const Limits limits_;
  // Apart from the watchers, so that a commit does not wait until a thousand of them have been
  // told.
  Guarded<History> history_;
  // Taken before the lock of the history, never after it.
  mutable std::mutex mutex_;
  uint64_t notified_ = 0;
  uint64_t next_id_ = 1;
  size_t watcher_count_ = 0;                               // of clients
  std::map<std::string, Watchers, std::less<>> watchers_;  // by resource
};

}  // namespace ks::store
