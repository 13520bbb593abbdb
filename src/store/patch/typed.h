#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/patch/field_set.h"
#include "store/schema/schema.h"

/// Values seen through their types, as server-side apply does: what is one piece, what has fields
/// of its own, and what their paths are. A null Schema is a type that is not known: its objects
/// have fields, its lists are one piece.

namespace ks::store {

enum class Shape : uint8_t {
  leaf,  ///< a scalar, an atomic list or map: one piece
  map,   ///< an object whose members have owners each
  list,  ///< a list whose elements have owners each
};

/// Of an object or array; anything else is a leaf.
Shape shape_of(const json::value& value, const Schema* schema);
inline const Schema* schema_below(const Schema* schema, std::string_view name) {
  return schema == nullptr ? nullptr : schema->field(name);
}
/// Whether the type names the field, rather than takes any.
inline bool names_field(const Schema* schema, std::string_view name) {
  return schema != nullptr && schema->property(name) != nullptr;
}
inline PathElement field_element(std::string_view name) {
  return {PathElement::Kind::field, std::string(name)};
}

/// The path element of one element of a list; an error when it lacks a key or is of the wrong kind.
Result<PathElement> element_of(const json::value& item, const Schema& list);
/// Of all elements. Nothing when one of them has none: then the list can only be one piece.
std::optional<std::vector<PathElement>> elements_of(const json::array& list, const Schema* schema);

/// Where in an object a walk is: managers never own the fields by which the server knows it.
enum class Level : uint8_t { root, metadata, inner };
/// The fields at `level` that have no owners: apiVersion, kind, metadata.name, ...
bool is_unowned(Level level, std::string_view name);
/// Whether the field is there in every object of the type, so that only what it holds has owners:
/// metadata, and the spec and status of Kubernetes' own kinds.
inline bool is_always_there(Level level, std::string_view name, const Schema* schema) {
  if (level != Level::root) return false;
  return name == "metadata" ||
         (schema != nullptr && schema->built_in && (name == "spec" || name == "status"));
}
inline Level level_below(Level level, std::string_view name) {
  return level == Level::root && name == "metadata" ? Level::metadata : Level::inner;
}

/// Every path of an object: also the maps and lists that hold others. What a creation adds.
FieldSet all_fields(const json::value& object, const Schema* schema);
/// The same of a value inside an object.
FieldSet fields_below(const json::value& value, const Schema* schema);
/// The paths that an apply of the object claims: leaves, elements of lists and entries of maps.
FieldSet applied_fields(const json::value& object, const Schema* schema);

struct Difference {
  FieldSet added, removed, modified;
  bool empty() const { return added.empty() && removed.empty() && modified.empty(); }
};
Difference difference(const json::value& before, const json::value& after, const Schema* schema);

/// The live object with what the configuration says. Elements of lists stand as the configuration
/// orders them.
json::value merge_typed(const json::value& live, const json::value& configuration,
                        const Schema* schema);
/// Removes what was applied before, is not owned any more and not in the configuration (null: there
/// is none). A container goes with its last element.
void remove_unowned(json::value& object, const FieldSet& applied_before, const FieldSet& owned,
                    const json::value* configuration, const Schema* schema);

/// What keeps a configuration from being of its type: `.spec.foo: field not declared in schema`.
/// Empty: nothing.
std::vector<std::string> configuration_faults(const json::value& configuration,
                                              const Schema* schema);

}  // namespace ks::store
