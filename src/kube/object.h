#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "kube/selector.h"

/// Reading and changing Kubernetes objects that are JSON values. Views last as long as the value is
/// not changed.

namespace ks::kube {

/// Which object of a kind: what controllers queue. `a/b`, or `b` for cluster-scoped kinds.
struct Key {
  std::string space;  ///< The namespace; empty for cluster-scoped kinds.
  std::string name;
  auto operator<=>(const Key&) const = default;
  std::string text() const { return space.empty() ? name : space + "/" + name; }
};
Key key_of(const json::value& object);

std::string_view name_of(const json::value& object);
std::string_view space_of(const json::value& object);
std::string_view uid_of(const json::value& object);
std::string_view kind_of(const json::value& object);
std::string_view api_version_of(const json::value& object);
std::string_view resource_version_of(const json::value& object);
/// metadata.generation, 0 when absent.
int64_t generation_of(const json::value& object);
/// Whether a deletion was asked for.
bool is_being_deleted(const json::value& object);
std::optional<WallTime> created_at(const json::value& object);
std::optional<WallTime> deleted_at(const json::value& object);

std::string_view label(const json::value& object, std::string_view key);
std::string_view annotation(const json::value& object, std::string_view key);
bool has_annotation(const json::value& object, std::string_view key);
void set_label(json::value& object, std::string_view key, std::string_view value);
void set_annotation(json::value& object, std::string_view key, std::string_view value);
void remove_label(json::value& object, std::string_view key);
void remove_annotation(json::value& object, std::string_view key);
/// The labels as pairs, those with texts.
std::vector<std::pair<std::string, std::string>> labels_of(const json::value& object);

bool has_finalizer(const json::value& object, std::string_view finalizer);
/// False when it was there already.
bool add_finalizer(json::value& object, std::string_view finalizer);
/// False when it was not there. The last one takes the list away as well.
bool remove_finalizer(json::value& object, std::string_view finalizer);

/// `{apiVersion, kind, name, uid}` of an owner; a controller owner also blocks its deletion.
json::object owner_reference(const json::value& owner, bool controller);
/// The reference marked as controller; null when there is none.
const json::value* controller_of(const json::value& object);
bool is_owned_by(const json::value& object, std::string_view kind, std::string_view name);
/// Adds the reference, replacing one to the same uid.
void add_owner(json::value& object, json::object reference);

/// status.conditions: the entry of that type; null when there is none.
const json::value* condition(const json::value& object, std::string_view type);
bool is_condition_true(const json::value& object, std::string_view type);
struct Condition {
  std::string_view type;
  std::string_view status;  ///< `True`, `False` or `Unknown`
  std::string_view reason;
  std::string_view message;
};
/// Sets or adds the condition; lastTransitionTime moves only when its status changes. False when
/// nothing changed.
bool set_condition(json::value& object, const Condition& condition, WallTime now);

}  // namespace ks::kube
