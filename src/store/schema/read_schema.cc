#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json.h"
#include "store/schema/definition.h"
#include "store/schema/pattern.h"

namespace ks::store {

namespace {

constexpr size_t kMaxDepth = 128;
constexpr size_t kMaxTypes = 100'000;
constexpr size_t kMaxEnum = 10'000;

std::optional<double> number_at(const json::value& props, std::string_view name) {
  const json::value* value = find(props, {name});
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<uint64_t> count_at(const json::value& props, std::string_view name) {
  const json::value* value = find(props, {name});
  if (value == nullptr) return std::nullopt;
  if (value->is_int64() && value->get_int64() >= 0) {
    return static_cast<uint64_t>(value->get_int64());
  }
  if (value->is_uint64()) return value->get_uint64();
  return std::nullopt;
}

Schema::Type type_at(const json::value& props) {
  constexpr std::array<std::string_view, 7> names = {"any",     "object", "array",  "string",
                                                     "integer", "number", "boolean"};
  auto found = std::find(names.begin(), names.end(), text_at(props, {"type"}));
  return found == names.end() ? Schema::Type::any
                              : static_cast<Schema::Type>(found - names.begin());
}

/// Turns one JSONSchemaProps into types of a pool.
class Reader {
 public:
  explicit Reader(SchemaPool& pool) : pool_(pool) {}

  Result<const Schema*> read(const json::value& props, size_t depth) {
    if (depth > kMaxDepth) {
      return Error{Code::invalid, "the schema is nested more than 128 levels deep"};
    }
    if (++types_ > kMaxTypes) {
      return Error{Code::invalid, "the schema has more than 100000 parts"};
    }
    Schema* out = pool_.make();
    out->type = type_at(props);
    out->format = text_at(props, {"format"});
    out->description = text_at(props, {"description"});
    out->nullable = bool_at(props, {"nullable"});
    out->preserve_unknown = bool_at(props, {"x-kubernetes-preserve-unknown-fields"});
    out->int_or_string = bool_at(props, {"x-kubernetes-int-or-string"});
    out->embedded_resource = bool_at(props, {"x-kubernetes-embedded-resource"});
    out->atomic_map = text_at(props, {"x-kubernetes-map-type"}) == "atomic";
    if (const json::value* value = find(props, {"default"})) {
      out->default_value = std::make_shared<json::value>(*value);
    }
    read_list_markers(props, *out);
    TRY(read_parts(props, *out, depth));
    TRY(read_constraints(props, *out, depth));
    return out;
  }

 private:
  static void read_list_markers(const json::value& props, Schema& out) {
    std::string_view type = text_at(props, {"x-kubernetes-list-type"});
    if (type == "set") out.list_type = Schema::ListType::set;
    if (type == "map") out.list_type = Schema::ListType::map;
    const json::value* keys = find(props, {"x-kubernetes-list-map-keys"});
    if (keys == nullptr || !keys->is_array()) return;
    for (const json::value& key : keys->get_array()) {
      if (key.is_string()) out.list_keys.emplace_back(key.get_string());
    }
  }

  Result<> read_parts(const json::value& props, Schema& out, size_t depth) {
    if (const json::value* fields = find(props, {"properties"}); fields && fields->is_object()) {
      out.properties.reserve(fields->get_object().size());
      for (const auto& [name, value] : fields->get_object()) {
        Schema::Property property;
        property.name = name;
        property.schema = TRY(read(value, depth + 1));
        out.properties.push_back(std::move(property));
      }
      std::sort(out.properties.begin(), out.properties.end(),
                [](const auto& a, const auto& b) { return a.name < b.name; });
    }
    if (const json::value* values = find(props, {"additionalProperties"})) {
      if (values->is_object()) {
        out.values = TRY(read(*values, depth + 1));
      } else if (values->is_bool() && values->get_bool()) {
        Schema* anything = pool_.make();
        anything->preserve_unknown = true;
        anything->nullable = true;
        out.values = anything;
      }
    }
    if (const json::value* items = find(props, {"items"}); items && items->is_object()) {
      out.items = TRY(read(*items, depth + 1));
    }
    if (const json::value* required = find(props, {"required"}); required && required->is_array()) {
      for (const json::value& name : required->get_array()) {
        if (name.is_string()) out.required.emplace_back(name.get_string());
      }
      std::sort(out.required.begin(), out.required.end());
    }
    return {};
  }

  Result<> read_constraints(const json::value& props, Schema& out, size_t depth) {
    Constraints found;
    bool any = read_numbers(props, found);
    if (const json::value* allowed = find(props, {"enum"}); allowed && allowed->is_array()) {
      if (allowed->get_array().size() > kMaxEnum) {
        return Error{Code::invalid, "an enum has more than 10000 values"};
      }
      found.one_of_values.assign(allowed->get_array().begin(), allowed->get_array().end());
      any = true;
    }
    if (std::string_view pattern = text_at(props, {"pattern"}); !pattern.empty()) {
      found.pattern = pattern;
      found.compiled_pattern = TRY(Pattern::compile(pattern));
      any = true;
    }
    any |= TRY(read_all(props, "allOf", found.all_of, depth));
    any |= TRY(read_all(props, "anyOf", found.any_of, depth));
    any |= TRY(read_all(props, "oneOf", found.one_of, depth));
    if (const json::value* refused = find(props, {"not"}); refused && refused->is_object()) {
      found.none_of = TRY(read(*refused, depth + 1));
      any = true;
    }
    any |= read_rules(props, found);
    if (any) out.constraints = std::make_shared<Constraints>(std::move(found));
    return {};
  }

  static bool read_numbers(const json::value& props, Constraints& found) {
    found.minimum = number_at(props, "minimum");
    found.maximum = number_at(props, "maximum");
    found.multiple_of = number_at(props, "multipleOf");
    found.exclusive_minimum = bool_at(props, {"exclusiveMinimum"});
    found.exclusive_maximum = bool_at(props, {"exclusiveMaximum"});
    found.min_length = count_at(props, "minLength");
    found.max_length = count_at(props, "maxLength");
    found.min_items = count_at(props, "minItems");
    found.max_items = count_at(props, "maxItems");
    found.min_properties = count_at(props, "minProperties");
    found.max_properties = count_at(props, "maxProperties");
    found.unique_items = bool_at(props, {"uniqueItems"});
    return found.minimum || found.maximum || found.multiple_of || found.min_length ||
           found.max_length || found.min_items || found.max_items || found.min_properties ||
           found.max_properties || found.unique_items;
  }

  Result<bool> read_all(const json::value& props, std::string_view name,
                        std::vector<const Schema*>& out, size_t depth) {
    const json::value* list = find(props, {name});
    if (list == nullptr || !list->is_array()) return false;
    for (const json::value& one : list->get_array()) {
      out.push_back(TRY(read(one, depth + 1)));
    }
    return !out.empty();
  }

  static bool read_rules(const json::value& props, Constraints& found) {
    const json::value* rules = find(props, {"x-kubernetes-validations"});
    if (rules == nullptr || !rules->is_array()) return false;
    for (const json::value& one : rules->get_array()) {
      found.rules.push_back({.rule = std::string(text_at(one, {"rule"})),
                             .message = std::string(text_at(one, {"message"})),
                             .message_expression = std::string(text_at(one, {"messageExpression"})),
                             .reason = std::string(text_at(one, {"reason"})),
                             .field_path = std::string(text_at(one, {"fieldPath"})),
                             .optional_old_self = bool_at(one, {"optionalOldSelf"})});
    }
    return !found.rules.empty();
  }

  SchemaPool& pool_;
  size_t types_ = 0;
};

}  // namespace

Result<const Schema*> read_schema(const json::value& props, SchemaPool& pool) {
  return Reader(pool).read(props, 0);
}

}  // namespace ks::store
