#include "kube/object.h"

#include <boost/json.hpp>

namespace ks::kube {
namespace {

json::object& metadata_of(json::value& object) {
  if (!object.is_object()) object.emplace_object();
  json::value& metadata = object.get_object()["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  return metadata.get_object();
}

json::object& child_object(json::object& parent, std::string_view key) {
  json::value& child = parent[key];
  if (!child.is_object()) child.emplace_object();
  return child.get_object();
}

json::array& child_array(json::object& parent, std::string_view key) {
  json::value& child = parent[key];
  if (!child.is_array()) child.emplace_array();
  return child.get_array();
}

/// Removes the entry, and the map with its last one.
void remove_entry(json::value& object, std::string_view map, std::string_view key) {
  json::value* found = find(object, {"metadata", map});
  if (found == nullptr || !found->is_object()) return;
  found->get_object().erase(key);
  if (found->get_object().empty()) metadata_of(object).erase(map);
}

const json::array* array_at(const json::value& object,
                            std::initializer_list<std::string_view> path) {
  const json::value* found = find(object, path);
  return found == nullptr ? nullptr : found->if_array();
}

std::optional<WallTime> time_at(const json::value& object, std::string_view field) {
  const std::string_view text = text_at(object, {"metadata", field});
  if (text.empty()) return std::nullopt;
  const Result<WallTime> time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  return *time;
}

bool set_text(json::object& object, std::string_view key, std::string_view value) {
  json::value& at = object[key];
  if (at.is_string() && at.get_string() == value) return false;
  at = value;
  return true;
}

}  // namespace

Key key_of(const json::value& object) {
  return {std::string(space_of(object)), std::string(name_of(object))};
}

std::string_view name_of(const json::value& object) {
  return text_at(object, {"metadata", "name"});
}
std::string_view space_of(const json::value& object) {
  return text_at(object, {"metadata", "namespace"});
}
std::string_view uid_of(const json::value& object) { return text_at(object, {"metadata", "uid"}); }
std::string_view kind_of(const json::value& object) { return text_at(object, {"kind"}); }
std::string_view api_version_of(const json::value& object) {
  return text_at(object, {"apiVersion"});
}
std::string_view resource_version_of(const json::value& object) {
  return text_at(object, {"metadata", "resourceVersion"});
}
int64_t generation_of(const json::value& object) {
  return int_at(object, {"metadata", "generation"});
}

bool is_being_deleted(const json::value& object) {
  return !text_at(object, {"metadata", "deletionTimestamp"}).empty();
}
std::optional<WallTime> created_at(const json::value& object) {
  return time_at(object, "creationTimestamp");
}
std::optional<WallTime> deleted_at(const json::value& object) {
  return time_at(object, "deletionTimestamp");
}

std::string_view label(const json::value& object, std::string_view key) {
  return text_at(object, {"metadata", "labels", key});
}
std::string_view annotation(const json::value& object, std::string_view key) {
  return text_at(object, {"metadata", "annotations", key});
}
bool has_annotation(const json::value& object, std::string_view key) {
  return find(object, {"metadata", "annotations", key}) != nullptr;
}
void set_label(json::value& object, std::string_view key, std::string_view value) {
  child_object(metadata_of(object), "labels")[key] = value;
}
void set_annotation(json::value& object, std::string_view key, std::string_view value) {
  child_object(metadata_of(object), "annotations")[key] = value;
}
void remove_label(json::value& object, std::string_view key) {
  remove_entry(object, "labels", key);
}
void remove_annotation(json::value& object, std::string_view key) {
  remove_entry(object, "annotations", key);
}

std::vector<std::pair<std::string, std::string>> labels_of(const json::value& object) {
  std::vector<std::pair<std::string, std::string>> out;
  const json::value* labels = find(object, {"metadata", "labels"});
  if (labels == nullptr || !labels->is_object()) return out;
  for (const auto& [key, value] : labels->get_object()) {
    if (value.is_string()) out.emplace_back(key, value.get_string());
  }
  return out;
}

bool has_finalizer(const json::value& object, std::string_view finalizer) {
  const json::array* all = array_at(object, {"metadata", "finalizers"});
  return all != nullptr && std::ranges::any_of(*all, [&](const json::value& one) {
           return one.is_string() && one.get_string() == finalizer;
         });
}

bool add_finalizer(json::value& object, std::string_view finalizer) {
  if (has_finalizer(object, finalizer)) return false;
  child_array(metadata_of(object), "finalizers").emplace_back(finalizer);
  return true;
}

bool remove_finalizer(json::value& object, std::string_view finalizer) {
  if (!has_finalizer(object, finalizer)) return false;
  json::object& metadata = metadata_of(object);
  json::array& all = metadata["finalizers"].get_array();
  json::array kept;
  for (json::value& one : all) {
    if (!one.is_string() || one.get_string() != finalizer) kept.push_back(std::move(one));
  }
  if (kept.empty()) {
    metadata.erase("finalizers");
  } else {
    all = std::move(kept);
  }
  return true;
}

json::object owner_reference(const json::value& owner, bool controller) {
  json::object out{{"apiVersion", api_version_of(owner)},
                   {"kind", kind_of(owner)},
                   {"name", name_of(owner)},
                   {"uid", uid_of(owner)}};
  if (controller) {
    out["controller"] = true;
    out["blockOwnerDeletion"] = true;
  }
  return out;
}

const json::value* controller_of(const json::value& object) {
  const json::array* owners = array_at(object, {"metadata", "ownerReferences"});
  if (owners == nullptr) return nullptr;
  for (const json::value& owner : *owners) {
    if (bool_at(owner, {"controller"})) return &owner;
  }
  return nullptr;
}

bool is_owned_by(const json::value& object, std::string_view kind, std::string_view name) {
  const json::array* owners = array_at(object, {"metadata", "ownerReferences"});
  return owners != nullptr && std::ranges::any_of(*owners, [&](const json::value& owner) {
           return text_at(owner, {"kind"}) == kind && text_at(owner, {"name"}) == name;
         });
}

void add_owner(json::value& object, json::object reference) {
  json::array& owners = child_array(metadata_of(object), "ownerReferences");
  json::value added = std::move(reference);
  for (json::value& owner : owners) {
    if (text_at(owner, {"uid"}) != text_at(added, {"uid"})) continue;
    owner = std::move(added);
    return;
  }
  owners.push_back(std::move(added));
}

const json::value* condition(const json::value& object, std::string_view type) {
  const json::array* all = array_at(object, {"status", "conditions"});
  if (all == nullptr) return nullptr;
  for (const json::value& one : *all) {
    if (text_at(one, {"type"}) == type) return &one;
  }
  return nullptr;
}

bool is_condition_true(const json::value& object, std::string_view type) {
  const json::value* found = condition(object, type);
  return found != nullptr && text_at(*found, {"status"}) == "True";
}

bool set_condition(json::value& object, const Condition& wanted, WallTime now) {
  if (!object.is_object()) object.emplace_object();
  json::array& all = child_array(child_object(object.get_object(), "status"), "conditions");
  json::value* entry = nullptr;
  for (json::value& one : all) {
    if (text_at(one, {"type"}) == wanted.type) entry = &one;
  }
  const bool is_new = entry == nullptr;
  if (is_new) entry = &all.emplace_back(json::object{{"type", wanted.type}});
  if (!entry->is_object()) entry->emplace_object();
  json::object& fields = entry->get_object();
  bool changed = is_new;
  if (set_text(fields, "status", wanted.status)) {
    fields["lastTransitionTime"] = format_rfc3339(now);
    changed = true;
  }
  changed |= set_text(fields, "reason", wanted.reason);
  changed |= set_text(fields, "message", wanted.message);
  return changed;
}

}  // namespace ks::kube
