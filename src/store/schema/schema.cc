#include "store/schema/schema.h"

#include <algorithm>
#include <boost/json.hpp>

namespace ks::store {

const Schema::Property* Schema::property(std::string_view property_name) const {
  auto found = std::lower_bound(
      properties.begin(), properties.end(), property_name,
      [](const Property& property, std::string_view wanted) { return property.name < wanted; });
  return found != properties.end() && found->name == property_name ? &*found : nullptr;
}

const Schema* Schema::field(std::string_view field_name) const {
  if (const Property* known = property(field_name)) return known->schema;
  return values;
}

std::string_view type_name(Schema::Type type) {
  switch (type) {
    case Schema::Type::any: return "";
    case Schema::Type::object: return "object";
    case Schema::Type::array: return "array";
    case Schema::Type::string: return "string";
    case Schema::Type::integer: return "integer";
    case Schema::Type::number: return "number";
    case Schema::Type::boolean: return "boolean";
  }
  return "";
}

SchemaPool::SchemaPool() = default;
SchemaPool::~SchemaPool() = default;

Schema* SchemaPool::make() { return &schemas_.emplace_back(); }

Schema* SchemaPool::make(std::string name) {
  Schema* made = make();
  made->name = name;
  by_name_.emplace(std::move(name), made);
  return made;
}

const Schema* SchemaPool::find(std::string_view name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Schema* SchemaPool::find(std::string_view name) {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<std::string_view> SchemaPool::names() const {
  std::vector<std::string_view> out;
  out.reserve(by_name_.size());
  for (const auto& [name, schema] : by_name_) out.push_back(name);
  return out;
}

}  // namespace ks::store
