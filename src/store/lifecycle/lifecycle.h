#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "store/lifecycle/collector.h"
#include "store/lifecycle/namespace_defaults.h"
#include "store/store.h"

namespace ks::store {

/// What a Kubernetes server does to objects on its own: collects those whose owners are gone,
/// empties and removes namespaces that are Terminating, gives the others what each has, and ends
/// Events after an hour.
///
///   Lifecycle lifecycle(store, {});
///   lifecycle.start();
///
/// One thread that follows all changes of the store; a restart begins anew from the objects
/// themselves. A write that fails (disk full) is tried again every second. The destructor ends the
/// thread. The store must outlive it.
class Lifecycle {
 public:
  struct Options {
    const Clock* clock = &system_clock();
    std::chrono::milliseconds event_lifetime = std::chrono::hours(1);
    Collector::KnowsKind knows_kind = [](std::string_view, std::string_view) { return true; };
    NamespaceDefaults::Options defaults;
  };

  Lifecycle(Store& store, Options options);
  ~Lifecycle();
  Lifecycle(const Lifecycle&) = delete;
  Lifecycle& operator=(const Lifecycle&) = delete;

  /// Returns at once: the objects that are there already are looked at on the thread.
  void start();

  /// Looks at the clock now; for tests that own it.
  void tick();
  /// Waits until everything that the store's objects ask for is done; false at the deadline.
  bool settle(std::chrono::milliseconds limit = std::chrono::seconds(10));

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::store
