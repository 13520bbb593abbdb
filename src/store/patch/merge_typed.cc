#include <absl/container/flat_hash_map.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/patch/typed.h"

namespace ks::store {
namespace {

using Indices = absl::flat_hash_map<std::string, size_t>;

/// What the server alone sets: the configuration's opinion, if it has one, is a precondition and
/// not a value.
bool is_servers(Level level, std::string_view name) {
  return level == Level::metadata && name != "name" && name != "namespace" &&
         is_unowned(level, name);
}

/// Null removes where the type has no null; a type that is not known may have one.
bool is_absent(const json::value& value, const Schema* schema) {
  return value.is_null() && schema != nullptr && schema->type != Schema::Type::any &&
         !schema->nullable;
}

void drop_absent(json::value& value, const Schema* schema) {
  if (json::object* object = value.if_object()) {
    for (auto at = object->begin(); at != object->end();) {
      const Schema* type = schema_below(schema, at->key());
      if (is_absent(at->value(), type)) {
        at = object->stable_erase(at);
      } else {
        drop_absent(at->value(), type);
        ++at;
      }
    }
  } else if (json::array* array = value.if_array()) {
    for (json::value& item : *array) drop_absent(item, schema == nullptr ? nullptr : schema->items);
  }
}

json::value without_absent(json::value value, const Schema* schema) {
  drop_absent(value, schema);
  return value;
}

json::value merge(const json::value& live, const json::value& configuration, const Schema* schema,
                  Level level);

void merge_objects(json::object& live, const json::object& configuration, const Schema* schema,
                   Level level) {
  for (const auto& [key, value] : configuration) {
    const Schema* type = schema_below(schema, key);
    json::value* present = live.if_contains(key);
    if (present == nullptr) {
      if (!is_absent(value, type)) live[key] = without_absent(value, type);
      continue;
    }
    if (is_servers(level, key)) continue;
    if (is_absent(value, type) && shape_of(*present, type) == Shape::leaf) {
      live.stable_erase(key);
      continue;
    }
    *present = merge(*present, value, type, level_below(level, key));
  }
}

Indices indices_of(const std::vector<PathElement>& elements) {
  Indices indices;
  for (size_t i = 0; i < elements.size(); i++) indices.emplace(elements[i].text, i);
  return indices;
}

/// The configuration's elements in its order. What only the live list has stays before the element
/// of the configuration that it stood before; where the orders contradict, it comes early.
json::array merge_lists(const json::array& live, const std::vector<PathElement>& live_elements,
                        const json::array& configuration, const std::vector<PathElement>& elements,
                        const Schema* items) {
  const Indices live_places = indices_of(live_elements);
  const Indices places = indices_of(elements);
  json::array out;
  out.reserve(std::max(live.size(), configuration.size()));
  size_t cursor = 0;
  const auto take_live_until = [&](size_t end) {
    if (end < cursor) end = live.size();
    for (; cursor < end; cursor++) {
      if (!places.contains(live_elements[cursor].text)) out.push_back(live[cursor]);
    }
  };
  // Where the next element that both have stands in the live list, for each of the configuration.
  std::vector<size_t> next_shared(elements.size() + 1, live.size());
  for (size_t i = elements.size(); i-- > 0;) {
    const auto found = live_places.find(elements[i].text);
    next_shared[i] = found == live_places.end() ? next_shared[i + 1] : found->second;
  }
  for (size_t i = 0; i < elements.size(); i++) {
    take_live_until(next_shared[i]);
    const auto found = live_places.find(elements[i].text);
    out.push_back(found == live_places.end()
                      ? without_absent(configuration[i], items)
                      : merge(live[found->second], configuration[i], items, Level::inner));
  }
  take_live_until(live.size());
  return out;
}

json::value merge(const json::value& live, const json::value& configuration, const Schema* schema,
                  Level level) {
  const Shape shape = shape_of(live, schema);
  // Null says nothing about the fields of a container.
  if (configuration.is_null() && shape != Shape::leaf) return live;
  if (shape == Shape::leaf || shape != shape_of(configuration, schema)) {
    return without_absent(configuration, schema);
  }
  if (shape == Shape::map) {
    json::value out = live;
    merge_objects(out.get_object(), configuration.get_object(), schema, level);
    return out;
  }
  const auto live_elements = elements_of(live.get_array(), schema);
  const auto elements = elements_of(configuration.get_array(), schema);
  if (!live_elements || !elements) return without_absent(configuration, schema);
  return merge_lists(live.get_array(), *live_elements, configuration.get_array(), *elements,
                     schema->items);
}

/// What a walk that removes knows of one field.
struct Claims {
  const FieldSet::Node* before;
  const FieldSet::Node* owned;
  const json::value* configuration;  ///< what it says of the field; null: nothing
};

const FieldSet& below(const FieldSet::Node* node) {
  static const FieldSet kNone;
  return node == nullptr ? kNone : node->below;
}

/// A field that the type names counts as a member when something below it is.
bool is_member(const FieldSet::Node* node, bool named) {
  return node != nullptr && (node->member || (named && !node->below.empty()));
}

/// Whether the field is to go; removes below it otherwise.
bool remove_field(json::value& value, const Claims& claims, bool named, const Schema* schema) {
  if (claims.before == nullptr) return false;
  // An empty list is in no set, though the configuration says that it is there.
  const bool said = claims.configuration != nullptr && !claims.configuration->is_null();
  if (is_member(claims.before, named) && !is_member(claims.owned, named) && !said) return true;
  if (claims.before->below.empty() || shape_of(value, schema) == Shape::leaf) return false;
  const auto empty = [&] {
    return value.is_object() ? value.get_object().empty() : value.get_array().empty();
  };
  if (empty()) return false;
  remove_unowned(value, claims.before->below, below(claims.owned), claims.configuration, schema);
  return empty() && !said;
}

/// The elements of a configuration's list by what identifies them.
absl::flat_hash_map<std::string, const json::value*> elements_by_text(const json::value* list,
                                                                      const Schema& schema) {
  absl::flat_hash_map<std::string, const json::value*> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const json::value& item : list->get_array()) {
    if (Result<PathElement> element = element_of(item, schema)) {
      out.emplace(std::move(element->text), &item);
    }
  }
  return out;
}

void remove_elements(json::array& list, const FieldSet& applied_before, const FieldSet& owned,
                     const json::value* configuration, const Schema& schema) {
  const std::optional<std::vector<PathElement>> elements = elements_of(list, &schema);
  if (!elements) return;
  const auto wanted = elements_by_text(configuration, schema);
  json::array kept(list.storage());
  for (size_t i = 0; i < list.size(); i++) {
    const PathElement& element = (*elements)[i];
    const auto found = wanted.find(element.text);
    const Claims claims{applied_before.find(element), owned.find(element),
                        found == wanted.end() ? nullptr : found->second};
    if (!remove_field(list[i], claims, false, schema.items)) kept.push_back(std::move(list[i]));
  }
  list = std::move(kept);
}

}  // namespace

json::value merge_typed(const json::value& live, const json::value& configuration,
                        const Schema* schema) {
  if (live.is_null()) return without_absent(configuration, schema);
  return merge(live, configuration, schema, Level::root);
}

void remove_unowned(json::value& object, const FieldSet& applied_before, const FieldSet& owned,
                    const json::value* configuration, const Schema* schema) {
  if (json::object* members = object.if_object()) {
    const json::object* wanted = configuration == nullptr ? nullptr : configuration->if_object();
    for (auto at = members->begin(); at != members->end();) {
      const PathElement element = field_element(at->key());
      const Claims claims{applied_before.find(element), owned.find(element),
                          wanted == nullptr ? nullptr : wanted->if_contains(at->key())};
      if (remove_field(at->value(), claims, names_field(schema, at->key()),
                       schema_below(schema, at->key()))) {
        at = members->stable_erase(at);
      } else {
        ++at;
      }
    }
  } else if (shape_of(object, schema) == Shape::list) {
    remove_elements(object.get_array(), applied_before, owned, configuration, *schema);
  }
}

}  // namespace ks::store
