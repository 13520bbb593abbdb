#include "store/lifecycle/owner_graph.h"

#include <cstring>

#include <boost/json.hpp>

#include "base/json.h"
#include "store/lifecycle/deletion.h"

namespace ks::store {
namespace {

/// Nearly every object has none of these, and finding that out costs a hundredth of parsing it.
bool mentions(const std::string& text, std::string_view word) {
  return memmem(text.data(), text.size(), word.data(), word.size()) != nullptr;
}

std::vector<OwnerRef> owner_refs(const json::value& object) {
  std::vector<OwnerRef> refs;
  const json::value* all = find(object, {"metadata", "ownerReferences"});
  if (all == nullptr || !all->is_array()) return refs;
  for (const json::value& one : all->get_array()) {
    refs.push_back({.api_version = std::string(text_at(one, {"apiVersion"})),
                    .kind = std::string(text_at(one, {"kind"})),
                    .name = std::string(text_at(one, {"name"})),
                    .uid = std::string(text_at(one, {"uid"})),
                    .blocks = bool_at(one, {"blockOwnerDeletion"})});
  }
  return refs;
}

OwnedObject describe(const ObjectRef& object) {
  OwnedObject facts{.object = object};
  const std::string& text = *object->json;
  if (!mentions(text, "\"ownerReferences\"") && !mentions(text, "\"deletionTimestamp\""))
    return facts;
  const Result<json::value> parsed = parse_json(text);
  if (!parsed) return facts;
  facts.owners = owner_refs(*parsed);
  facts.deleting = !text_at(*parsed, {"metadata", "deletionTimestamp"}).empty();
  facts.foreground = has_finalizer(*parsed, kForegroundFinalizer);
  facts.orphan = has_finalizer(*parsed, kOrphanFinalizer);
  return facts;
}

}  // namespace

const OwnedObject& OwnerGraph::put(const ObjectRef& object) {
  OwnedObject& known = objects_[object->uid];
  unlink(object->uid, known.owners);
  known = describe(object);
  for (const OwnerRef& owner : known.owners) dependents_[owner.uid].insert(object->uid);
  return known;
}

void OwnerGraph::erase(std::string_view uid) {
  const auto found = objects_.find(uid);
  if (found == objects_.end()) return;
  unlink(uid, found->second.owners);
  objects_.erase(found);
}

void OwnerGraph::clear() {
  objects_.clear();
  dependents_.clear();
}

const OwnedObject* OwnerGraph::find(std::string_view uid) const {
  const auto found = objects_.find(uid);
  return found == objects_.end() ? nullptr : &found->second;
}

std::vector<std::string> OwnerGraph::dependents(std::string_view uid) const {
  const auto found = dependents_.find(uid);
  if (found == dependents_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

void OwnerGraph::unlink(std::string_view uid, const std::vector<OwnerRef>& owners) {
  for (const OwnerRef& owner : owners) {
    const auto found = dependents_.find(owner.uid);
    if (found == dependents_.end()) continue;
    if (const auto dependent = found->second.find(uid); dependent != found->second.end())
      found->second.erase(dependent);
    if (found->second.empty()) dependents_.erase(found);
  }
}

}  // namespace ks::store
