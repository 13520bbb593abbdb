#include "store/patch/strategic_merge.h"

#include <fmt/format.h>
#include <boost/json.hpp>
#include <utility>

#include "store/patch/measure.h"
#include "store/patch/patch.h"

namespace ks::store {
namespace strategic {
namespace {

const Schema* below(const Schema* schema, std::string_view name) {
  return schema == nullptr ? nullptr : schema->field(name);
}

ListRule list_rule(const Schema* schema, std::string_view name) {
  const Schema::Property* property = schema == nullptr ? nullptr : schema->property(name);
  if (property == nullptr || property->schema == nullptr) return {};
  return {.merge = property->patch_merge,
          .key = property->patch_merge_key,
          .items = property->schema->items};
}

/// Drops from `original` what the directive does not name.
Result<> retain_keys(json::object& original, const json::object& patch) {
  const json::value* directive = patch.if_contains(kRetainKeys);
  if (directive == nullptr) return {};
  const Error bad{Code::invalid, "invalid patch format of retainKeys"};
  if (!directive->is_array()) return bad;
  json::object keep;
  for (const json::value& name : directive->get_array()) {
    if (!name.is_string()) return bad;
    keep.emplace(name.get_string(), nullptr);
  }
  for (const auto& [key, value] : patch) {
    if (value.is_null() || key.starts_with("$")) continue;
    if (!keep.contains(key)) return bad;
  }
  for (auto at = original.begin(); at != original.end();) {
    if (keep.contains(at->key())) {
      ++at;
    } else {
      at = original.stable_erase(at);
    }
  }
  return {};
}

/// The list of a directive whose name ends with that of the field; null when the patch has none.
Result<const json::array*> as_list(const json::value* value, std::string_view field) {
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_array()) {
    return Error{Code::invalid,
                 fmt::format("expected a list for \"{}\", but got {}", field, go_text(*value))};
  }
  return &value->get_array();
}

Result<> order_list(json::object& original, const json::object& patch, std::string_view field,
                    const json::value& directive, const Schema* schema) {
  if (!directive.is_array()) {
    return Error{Code::invalid, "invalid patch format of setElementOrder list"};
  }
  const json::array* before = TRY(as_list(original.if_contains(field), field));
  const json::array* changes = TRY(as_list(patch.if_contains(field), field));
  const json::value* patched = patch.if_contains(field);
  if (patched != nullptr && patched->is_null()) {
    original.stable_erase(field);
    return {};
  }
  if (before == nullptr && changes == nullptr) return {};
  original[field] =
      TRY(merge_ordered(before, changes, directive.get_array(), list_rule(schema, field)));
  return {};
}

Result<> merge_member(json::object& original, std::string_view key, const json::value& change,
                      const Schema* schema) {
  if (change.is_null()) {
    original.stable_erase(key);
    return {};
  }
  json::value* present = original.if_contains(key);
  if (present != nullptr && present->is_object() && change.is_object()) {
    *present =
        TRY(merge_map(std::move(present->get_object()), change.get_object(), below(schema, key)));
    return {};
  }
  if (present != nullptr && present->is_array() && change.is_array()) {
    const ListRule rule = list_rule(schema, key);
    if (rule.merge) {
      *present = TRY(merge_list(std::move(present->get_array()), change.get_array(), rule));
      return {};
    }
  }
  json::value next = change;
  if (strip_directives(next)) original[key] = std::move(next);
  return {};
}

Result<> delete_items(json::object& original, std::string_view field,
                      const json::value& directive) {
  if (directive.is_null()) return {};
  if (!directive.is_array()) {
    return Error{Code::invalid, "invalid patch format of primitive list"};
  }
  json::value* present = original.if_contains(field);
  if (present != nullptr && present->is_array()) {
    *present = delete_from(present->get_array(), directive.get_array());
  }
  return {};
}

}  // namespace

Result<json::object> merge_map(json::object original, const json::object& patch,
                               const Schema* schema) {
  if (const json::value* directive = patch.if_contains(kPatch)) {
    if (*directive == "delete") return json::object();
    if (*directive == "replace") {
      json::value next = patch;
      next.get_object().stable_erase(kPatch);
      strip_directives(next);
      return std::move(next.get_object());
    }
    if (*directive != "merge") {
      return Error{Code::invalid, fmt::format("unknown patch type: {} in map: {}",
                                              go_text(*directive), go_text(patch))};
    }
  }
  TRY(retain_keys(original, patch));
  for (const auto& [key, value] : patch) {
    if (!key.starts_with(kElementOrder)) continue;
    TRY(order_list(original, patch, key.substr(kElementOrder.size()), value, schema));
  }
  for (const auto& [key, value] : patch) {
    if (key == kPatch || key == kRetainKeys || key.starts_with(kElementOrder)) continue;
    if (key.starts_with(kDeleteFrom)) {
      TRY(delete_items(original, key.substr(kDeleteFrom.size()), value));
      continue;
    }
    // merge_ordered has done it
    if (patch.contains(std::string(kElementOrder) + std::string(key))) continue;
    TRY(merge_member(original, key, value, schema));
  }
  return original;
}

bool strip_directives(json::value& value) {
  if (json::object* object = value.if_object()) {
    if (const json::value* directive = object->if_contains(kPatch)) {
      if (*directive == "delete") return false;
    }
    for (auto at = object->begin(); at != object->end();) {
      const std::string_view key = at->key();
      const bool directive = key == kPatch || key == kRetainKeys || key.starts_with(kDeleteFrom) ||
                             key.starts_with(kElementOrder);
      if (directive || at->value().is_null() || !strip_directives(at->value())) {
        at = object->stable_erase(at);
      } else {
        ++at;
      }
    }
  } else if (json::array* array = value.if_array()) {
    json::array kept(array->storage());
    for (json::value& item : *array) {
      // `- $patch: replace` alone is no element.
      const bool alone =
          item.is_object() && item.get_object().size() == 1 && item.get_object().contains(kPatch);
      if (!alone && strip_directives(item)) kept.push_back(std::move(item));
    }
    *array = std::move(kept);
  }
  return true;
}

}  // namespace strategic

Result<json::value> strategic_merge_patch(const json::value& object, const json::value& patch,
                                          const Schema& schema) {
  if (!object.is_object() || !patch.is_object()) {
    return Error{Code::invalid, "a strategic merge patch is an object, for an object"};
  }
  return json::value(TRY(strategic::merge_map(object.get_object(), patch.get_object(), &schema)));
}

}  // namespace ks::store
