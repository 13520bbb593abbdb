#include "store/patch/typed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ks::store {
namespace {

using namespace std::string_view_literals;

constexpr std::array kUnownedMetadata = {
    "creationTimestamp"sv, "generation"sv,      "managedFields"sv, "name"sv,
    "namespace"sv,         "resourceVersion"sv, "selfLink"sv,      "uid"sv};

Error bad_item(std::string_view what) {
  return {Code::invalid, fmt::format("associative list {}", what)};
}

Result<PathElement> key_element(const json::value& item, const Schema& list) {
  if (item.is_null()) return bad_item("with keys may not have null elements");
  const json::object* object = item.if_object();
  if (object == nullptr) return bad_item("with keys may not have non-map elements");
  std::vector<std::string_view> names(list.list_keys.begin(), list.list_keys.end());
  std::ranges::sort(names);
  PathElement element{.kind = PathElement::Kind::key, .text = {}};
  for (std::string_view name : names) {
    const json::value* value = object->if_contains(name);
    if (value == nullptr || value->is_null()) {
      const Schema* field = schema_below(list.items, name);
      value = field == nullptr ? nullptr : field->default_value.get();
    }
    if (value == nullptr) {
      return bad_item(fmt::format(
          "with keys has an element that omits key field \"{}\" (and doesn't have default value)",
          name));
    }
    element.text += element.text.empty() ? "{\"" : ",\"";
    element.text += name;
    element.text += "\":";
    append_canonical(element.text, *value);
  }
  element.text += '}';
  return element;
}

FieldSet walk(const json::value& value, const Schema* schema, Level level, bool containers);

FieldSet walk_object(const json::object& object, const Schema* schema, Level level,
                     bool containers) {
  FieldSet set;
  set.nodes.reserve(object.size());
  for (const auto& [key, value] : object) {
    if (is_unowned(level, key)) continue;
    const Schema::Property* named = schema == nullptr ? nullptr : schema->property(key);
    const Schema* type = named != nullptr    ? named->schema
                         : schema == nullptr ? nullptr
                                             : schema->values;
    const bool always = is_always_there(level, key, schema);
    const Shape shape = shape_of(value, type);
    FieldSet below =
        shape == Shape::leaf ? FieldSet{} : walk(value, type, level_below(level, key), containers);
    const bool empty_map = shape == Shape::map && value.get_object().empty();
    const bool member =
        !always && (containers || shape == Shape::leaf || named == nullptr || empty_map);
    set.append(field_element(key), member, std::move(below));
  }
  set.sort();
  return set;
}

FieldSet walk_list(const json::array& list, const Schema* schema, bool containers) {
  FieldSet set;
  std::optional<std::vector<PathElement>> elements = elements_of(list, schema);
  if (!elements) return set;
  set.nodes.reserve(list.size());
  for (size_t i = 0; i < list.size(); i++) {
    set.append(std::move((*elements)[i]), true,
               walk(list[i], schema->items, Level::inner, containers));
  }
  set.sort();
  return set;
}

FieldSet walk(const json::value& value, const Schema* schema, Level level, bool containers) {
  switch (shape_of(value, schema)) {
    case Shape::leaf: break;
    case Shape::map: return walk_object(value.get_object(), schema, level, containers);
    case Shape::list: return walk_list(value.get_array(), schema, containers);
  }
  return {};
}

}  // namespace

Shape shape_of(const json::value& value, const Schema* schema) {
  if (value.is_object()) {
    if (schema == nullptr) return Shape::map;
    const bool fits = schema->type == Schema::Type::object || schema->type == Schema::Type::any;
    return fits && !schema->atomic_map ? Shape::map : Shape::leaf;
  }
  if (value.is_array()) {
    const bool fits = schema != nullptr && schema->type == Schema::Type::array;
    return fits && schema->list_type != Schema::ListType::atomic ? Shape::list : Shape::leaf;
  }
  return Shape::leaf;
}

Result<PathElement> element_of(const json::value& item, const Schema& list) {
  if (list.list_type == Schema::ListType::map) return key_element(item, list);
  if (item.is_null()) return bad_item("without keys has an element that's a null");
  if (item.is_structured()) {
    return bad_item(fmt::format("without keys has an element that's a {} type",
                                item.is_object() ? "map" : "list"));
  }
  PathElement element{.kind = PathElement::Kind::value, .text = {}};
  append_canonical(element.text, item);
  return element;
}

std::optional<std::vector<PathElement>> elements_of(const json::array& list, const Schema* schema) {
  std::vector<PathElement> elements;
  elements.reserve(list.size());
  for (const json::value& item : list) {
    Result<PathElement> element = element_of(item, *schema);
    if (!element) return std::nullopt;
    elements.push_back(std::move(*element));
  }
  return elements;
}

bool is_unowned(Level level, std::string_view name) {
  switch (level) {
    case Level::root: return name == "apiVersion" || name == "kind";
    case Level::metadata: return std::ranges::binary_search(kUnownedMetadata, name);
    case Level::inner: break;
  }
  return false;
}

FieldSet all_fields(const json::value& object, const Schema* schema) {
  return walk(object, schema, Level::root, true);
}

FieldSet fields_below(const json::value& value, const Schema* schema) {
  return walk(value, schema, Level::inner, true);
}

FieldSet applied_fields(const json::value& object, const Schema* schema) {
  return walk(object, schema, Level::root, false);
}

}  // namespace ks::store
