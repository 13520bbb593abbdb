#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/lifecycle/owner_graph.h"
#include "store/store.h"

namespace ks::store {

namespace json = boost::json;

/// A write that some object's state asks for; `uid` names whom to look at again when it fails.
struct Task {
  std::string uid;
  Store::Write write;
};

/// Owner-reference garbage collection, as Kubernetes does it: an object whose owners are all gone
/// goes too; a foreground deletion waits for the dependents that block it; an orphaning one sets
/// its dependents free first.
///
/// It only looks and says what to write; every write is a compare-and-set over the version it
/// looked at, so that one that came too late does no harm: the event of the newer version brings
/// the object here again. Not thread-safe.
class Collector {
 public:
  /// True for the kinds that the server serves: an owner of another kind cannot be looked up, so
  /// its dependents stay.
  using KnowsKind = std::function<bool(std::string_view api_version, std::string_view kind)>;

  Collector(const Clock& clock, KnowsKind knows_kind);

  /// A version that is new, in order of revision.
  void put(const ObjectRef& object);
  void erase(const Object& object);
  void clear();

  /// Looks at this one again in the next work().
  void look_at(std::string uid) { dirty_.insert(std::move(uid)); }
  /// What is to be written for all that changed since the last call.
  std::vector<Task> work();

 private:
  enum class Standing : uint8_t { solid, absent, waiting };

  void attempt(const OwnedObject& node);
  void attempt_deleting(const OwnedObject& node);
  void set_dependents_free(const OwnedObject& node);
  void wait_for_dependents(const OwnedObject& node);
  bool blocks(const OwnedObject& dependent, const OwnedObject& owner) const;
  Standing standing(const OwnerRef& owner, const OwnedObject& of) const;
  void look_at_deleting(const std::vector<OwnerRef>& owners);

  void remove_object(const OwnedObject& node, bool foreground);
  /// Writes the object without the references to these owners.
  void drop_owners(const OwnedObject& node, const std::set<std::string>& uids);
  void unblock_owners(const OwnedObject& node);
  void drop_finalizer(const OwnedObject& node, std::string_view finalizer);
  void edit(const OwnedObject& node, const std::function<bool(json::value&)>& change);

  const Clock& clock_;
  const KnowsKind knows_kind_;
  OwnerGraph graph_;
  std::set<std::string> dirty_;
  std::vector<Task> tasks_;  // of the work() that runs
};

}  // namespace ks::store
