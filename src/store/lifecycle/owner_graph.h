#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/object.h"

namespace ks::store {

/// One entry of metadata.ownerReferences.
struct OwnerRef {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool blocks = false;  ///< blockOwnerDeletion: a foreground deletion of the owner waits for us
};

/// What deletion and ownership need to know of one object.
struct OwnedObject {
  ObjectRef object;
  std::vector<OwnerRef> owners;
  bool deleting = false;    ///< it has a deletionTimestamp
  bool foreground = false;  ///< and the finalizer that waits for its dependents
  bool orphan = false;      ///< or the one that sets them free

  bool waits_for_dependents() const { return deleting && foreground; }
};

/// Who owns whom, among all objects of the store, by uid. Not thread-safe: it belongs to the
/// collector's thread.
class OwnerGraph {
 public:
  /// Takes in a new version. Gives what is known of it from now on, valid until its next change.
  const OwnedObject& put(const ObjectRef& object);
  void erase(std::string_view uid);
  void clear();

  /// Null when no such object lives.
  const OwnedObject* find(std::string_view uid) const;
  /// The uids of those that name it as an owner, whether it lives or not.
  std::vector<std::string> dependents(std::string_view uid) const;
  bool has_dependents(std::string_view uid) const { return dependents_.contains(uid); }
  size_t size() const { return objects_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  void unlink(std::string_view uid, const std::vector<OwnerRef>& owners);

  std::unordered_map<std::string, OwnedObject, Hash, std::equal_to<>> objects_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> dependents_;
};

}  // namespace ks::store
