#pragma once

#include <boost/json/fwd.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "store/schema/catalog.h"
#include "store/store.h"

namespace ks::store {

namespace json = boost::json;

inline constexpr std::string_view kDefinitions = "customresourcedefinitions.apiextensions.k8s.io";
inline constexpr std::string_view kDefinitionFinalizer =
    "customresourcecleanup.apiextensions.k8s.io";

/// Keeps what is served in step with the CustomResourceDefinitions of the store, and removes the
/// objects of a definition that is being deleted before it goes.
///
/// Writers call serve() after their commit, so that the next request finds the kind; a thread sees
/// to those that others write or delete.
class Definitions {
 public:
  Definitions(Store& store, Registry& registry, const Clock& clock);
  ~Definitions();
  Definitions(const Definitions&) = delete;
  Definitions& operator=(const Definitions&) = delete;

  /// Serves what the store has and follows it from then on. `ended` is told of each resource that
  /// is served no more.
  Result<> start(std::function<void(const std::string&)> ended);
  /// Brings what is served to this version of a definition, now.
  Result<> serve(const ObjectRef& definition);
  /// Whether the objects of this resource are being removed with their definition.
  bool terminating(std::string_view store_resource) const;

 private:
  class Follower;
  struct Served {
    uint64_t revision = 0;
    std::string resource;
    bool deleting = false;
  };
  struct Change {
    ObjectRef object;   ///< null: it is gone
    uint64_t gone = 0;  ///< revision of the latest deletion; another of that name may follow
  };
  struct State {
    std::map<std::string, Served, std::less<>> served;
    std::map<std::string, Change> changed;  ///< by name
    std::set<std::string, std::less<>> terminating;
    bool look = false;
  };
  void work(const std::stop_token& stop);
  void forget(const std::string& name, uint64_t gone);
  bool clean(const std::string& name, const std::string& resource);

  Store& store_;
  Registry& registry_;
  const Clock& clock_;
  std::function<void(const std::string&)> ended_;
  Guarded<State> state_;
  std::mutex serving_;  // taken before the lock of the state: what it says is served, is
  std::condition_variable wake_;
  std::shared_ptr<Follower> follower_;
  std::map<std::string, WatchHub::Subscription> cleaning_;  // by name; of the thread alone
  WatchHub::Subscription subscription_;
  std::jthread thread_;
};

}  // namespace ks::store
