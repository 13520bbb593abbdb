#include "store/lifecycle/collector.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/log.h"
#include "store/lifecycle/deletion.h"

namespace ks::store {
namespace {

json::array* references_of(json::value& object) {
  json::value* all = find(object, {"metadata", "ownerReferences"});
  return all == nullptr ? nullptr : all->if_array();
}

}  // namespace

Collector::Collector(const Clock& clock, KnowsKind knows_kind)
    : clock_(clock), knows_kind_(std::move(knows_kind)) {}

void Collector::put(const ObjectRef& object) {
  if (const OwnedObject* before = graph_.find(object->uid)) look_at_deleting(before->owners);
  const OwnedObject& now = graph_.put(object);
  look_at_deleting(now.owners);
  if (now.deleting || !now.owners.empty()) look_at(object->uid);
}

void Collector::erase(const Object& object) {
  if (const OwnedObject* before = graph_.find(object.uid)) look_at_deleting(before->owners);
  graph_.erase(object.uid);
  dirty_.erase(object.uid);
  for (std::string& dependent : graph_.dependents(object.uid)) look_at(std::move(dependent));
}

void Collector::clear() {
  graph_.clear();
  dirty_.clear();
}

/// An owner that is on its way out may be able to go on now that a dependent changed.
void Collector::look_at_deleting(const std::vector<OwnerRef>& owners) {
  for (const OwnerRef& owner : owners) {
    const OwnedObject* known = graph_.find(owner.uid);
    if (known != nullptr && known->deleting) look_at(owner.uid);
  }
}

std::vector<Task> Collector::work() {
  tasks_.clear();
  // Each once: objects that own each other must not keep us here.
  std::set<std::string> seen;
  while (!dirty_.empty()) {
    std::string uid = std::move(dirty_.extract(dirty_.begin()).value());
    if (!seen.insert(uid).second) continue;
    if (const OwnedObject* node = graph_.find(uid)) attempt(*node);
  }
  return std::move(tasks_);
}

void Collector::attempt(const OwnedObject& node) {
  if (node.deleting) return attempt_deleting(node);
  if (node.owners.empty()) return;
  std::set<std::string> absent, waiting;
  bool solid = false;
  for (const OwnerRef& owner : node.owners) {
    switch (standing(owner, node)) {
      case Standing::solid: solid = true; break;
      case Standing::absent: absent.insert(owner.uid); break;
      case Standing::waiting: waiting.insert(owner.uid); break;
    }
  }
  if (solid) {
    absent.merge(waiting);
    if (!absent.empty()) drop_owners(node, absent);
    return;
  }
  if (waiting.empty() || !graph_.has_dependents(node.object->uid))
    return remove_object(node, false);
  // The owner waits for us, so those below us go first. Should one of them be on its way and wait
  // for us in turn, nobody may block anybody.
  const std::vector<std::string> dependents = graph_.dependents(node.object->uid);
  const bool circle = std::ranges::any_of(dependents, [&](const std::string& uid) {
    const OwnedObject* dependent = graph_.find(uid);
    return dependent != nullptr && dependent->waits_for_dependents();
  });
  const bool blocking = std::ranges::any_of(node.owners, &OwnerRef::blocks);
  if (circle && blocking) return unblock_owners(node);
  remove_object(node, true);
}

Collector::Standing Collector::standing(const OwnerRef& owner, const OwnedObject& of) const {
  if (!knows_kind_(owner.api_version, owner.kind)) return Standing::solid;
  const OwnedObject* known = graph_.find(owner.uid);
  if (known == nullptr || known->object->name() != owner.name) return Standing::absent;
  const std::string_view owner_space = known->object->space();
  if (!owner_space.empty() && owner_space != of.object->space()) {
    // A namespaced owner is looked up in the namespace of its dependent; something without a
    // namespace has no place to look, and stays.
    return of.object->space().empty() ? Standing::solid : Standing::absent;
  }
  return known->waits_for_dependents() ? Standing::waiting : Standing::solid;
}

void Collector::attempt_deleting(const OwnedObject& node) {
  if (node.orphan) return set_dependents_free(node);
  if (node.foreground) return wait_for_dependents(node);
  // Marked, and nothing holds it: whoever took its last finalizer off did not remove it.
  edit(node, [](json::value& object) { return is_finished(object); });
}

void Collector::set_dependents_free(const OwnedObject& node) {
  bool any = false;
  for (const std::string& uid : graph_.dependents(node.object->uid)) {
    const OwnedObject* dependent = graph_.find(uid);
    if (dependent == nullptr || dependent == &node) continue;
    any = true;
    drop_owners(*dependent, {node.object->uid});
  }
  if (!any) drop_finalizer(node, kOrphanFinalizer);
}

void Collector::wait_for_dependents(const OwnedObject& node) {
  bool blocked = false;
  const std::vector<std::string> dependents = graph_.dependents(node.object->uid);
  for (const std::string& uid : dependents) {
    const OwnedObject* dependent = graph_.find(uid);
    blocked = blocked || (dependent != nullptr && blocks(*dependent, node));
  }
  if (!blocked) return drop_finalizer(node, kForegroundFinalizer);
  for (const std::string& uid : dependents) {
    const OwnedObject* dependent = graph_.find(uid);
    if (dependent != nullptr && !dependent->deleting) look_at(uid);
  }
}

bool Collector::blocks(const OwnedObject& dependent, const OwnedObject& owner) const {
  if (&dependent == &owner) return false;
  const bool circle = dependent.waits_for_dependents() &&
                      std::ranges::any_of(owner.owners, [&](const OwnerRef& one) {
                        return one.uid == dependent.object->uid;
                      });
  if (circle) return false;
  return std::ranges::any_of(dependent.owners, [&](const OwnerRef& one) {
    return one.uid == owner.object->uid && one.blocks &&
           standing(one, dependent) != Standing::absent;
  });
}

void Collector::remove_object(const OwnedObject& node, bool foreground) {
  // The finalizers of propagation that it has already say what becomes of its own dependents.
  Propagation propagation = foreground ? Propagation::foreground : Propagation::unset;
  Result<std::optional<Store::Write>> write = deletion_of(node.object, propagation, clock_);
  if (!write) {
    LOG(warn, "an object was not collected", {"key", node.object->key},
        {"error", write.error().message});
    return;
  }
  if (*write) tasks_.push_back({node.object->uid, std::move(**write)});
}

void Collector::drop_owners(const OwnedObject& node, const std::set<std::string>& uids) {
  edit(node, [&](json::value& object) {
    json::array* all = references_of(object);
    if (all == nullptr) return false;
    const auto end = std::ranges::remove_if(*all, [&](const json::value& one) {
      return uids.contains(std::string(text_at(one, {"uid"})));
    });
    all->erase(end.begin(), end.end());
    if (all->empty()) find(object, {"metadata"})->get_object().erase("ownerReferences");
    return true;
  });
}

void Collector::unblock_owners(const OwnedObject& node) {
  edit(node, [](json::value& object) {
    json::array* all = references_of(object);
    if (all == nullptr) return false;
    for (json::value& one : *all) {
      if (one.is_object()) one.get_object()["blockOwnerDeletion"] = false;
    }
    return true;
  });
}

void Collector::drop_finalizer(const OwnedObject& node, std::string_view finalizer) {
  edit(node, [&](json::value& object) { return take_finalizer(object, "metadata", finalizer); });
}

void Collector::edit(const OwnedObject& node, const std::function<bool(json::value&)>& change) {
  Result<json::value> object = parse_json(*node.object->json);
  if (!object || !change(*object)) return;
  tasks_.push_back({node.object->uid, replacement(*node.object, std::move(*object))});
}

}  // namespace ks::store
