#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace ks::store {

/// Events end one hour after they were last written, as Kubernetes keeps them. Not thread-safe.
class EventExpiry {
 public:
  EventExpiry(Store& store, const Clock& clock, std::chrono::milliseconds lifetime)
      : store_(store), clock_(clock), lifetime_(lifetime) {}

  /// What is there at the start: its own times say how old it is.
  void put_old(const ObjectRef& object);
  /// A version that was written just now.
  void put(const ObjectRef& object);
  /// Orders what put_old() took in.
  void started();
  void clear() { waiting_.clear(); }

  /// When the next one ends, if any waits.
  std::optional<SteadyTime> next() const;
  /// Removes those whose time has come. False when a write failed and must be tried again later.
  bool work();

 private:
  struct Waiting {
    SteadyTime end;
    std::string key;
    uint64_t revision = 0;
  };
  bool is_event(const Object& object) const;

  Store& store_;
  const Clock& clock_;
  const std::chrono::milliseconds lifetime_;
  std::deque<Waiting> waiting_;  // the first to end first: all live equally long
};

}  // namespace ks::store
