#include "store/schema/validator.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/json.h"
#include "store/schema/cel.h"
#include "store/schema/formats.h"
#include "store/schema/pattern.h"
#include "store/schema/value_text.h"

namespace ks::store {

namespace {

constexpr size_t kMaxErrors = 100;
constexpr size_t kMaxDepth = 1'000;
/// Alternatives within alternatives multiply; this is about a second of work.
constexpr size_t kMaxSteps = 5'000'000;

constexpr std::array<std::string_view, 3> kUniqueNames = {
    ".core.v1.Container", ".core.v1.EphemeralContainer", ".core.v1.Volume"};

/// The keys of an item of a list of type map, as a text that is equal when they are.
std::string keys_of(const json::value& item, const Schema& list) {
  json::object keys;
  for (const std::string& key : list.list_keys) {
    const json::value* value = find(item, {key});
    if (value == nullptr && list.items != nullptr) {
      const Schema* type = list.items->field(key);
      if (type != nullptr && type->default_value) value = type->default_value.get();
    }
    if (value != nullptr) keys[key] = *value;
  }
  return json::serialize(keys);
}

const json::value* field_of(const json::value* object, std::string_view name) {
  return object == nullptr ? nullptr : find(*object, {name});
}

/// What Kubernetes' own types count as not given, since their decoder cannot tell.
bool is_blank(const json::value& value, const Schema& owner, std::string_view name) {
  bool empty = (value.is_string() && value.get_string().empty()) ||
               (value.is_array() && value.get_array().empty());
  if (!empty) return false;
  const Schema* type = owner.field(name);
  bool allowed = (type != nullptr && type->default_value != nullptr) ||
                 std::any_of(owner.default_rules.begin(), owner.default_rules.end(),
                             [&](const auto& rule) { return rule.field == name; });
  return !allowed;
}

/// Whether Kubernetes' decoder makes an allowed value of an absent field.
bool is_zero_fine(const Schema* type) {
  if (type == nullptr) return false;
  if (type->type == Schema::Type::boolean) return true;
  if (type->type != Schema::Type::integer) return false;
  return !type->constraints || !type->constraints->minimum || *type->constraints->minimum <= 0;
}

}  // namespace

bool Validator::is_full() const { return errors_.size() >= kMaxErrors; }

void Validator::add(kube::FieldError error) {
  if (!is_full()) errors_.push_back(std::move(error));
}

void Validator::add_invalid(std::string_view value, const std::string& detail) {
  add(kube::field_invalid(path_.text(), value, path_.text() + " in body " + detail));
}

void Validator::add_type_error(const json::value& value, std::string_view expected) {
  std::string got = "\"" + std::string(type_of_value(value)) + "\"";
  add(kube::field_type_invalid(
      path_.text(), got,
      path_.text() + " in body must be of type " + std::string(expected) + ": " + got));
}

void Validator::check(const json::value& value, const json::value* old, const Schema& schema) {
  walk(value, old, schema);
  check_rules_of_nodes();
  if (steps_ > kMaxSteps) {
    errors_.assign(1, kube::field_invalid("<nil>", "\"\"",
                                          "the value and the alternatives of its schema are too "
                                          "many to check; make the schema simpler"));
  }
}

void Validator::walk(const json::value& value, const json::value* old, const Schema& schema) {
  if (is_full() || ++steps_ > kMaxSteps) return;
  if (depth_ >= kMaxDepth) {
    add(kube::field_invalid(path_.text(), "\"\"", "it is nested too deep"));
    return;
  }
  ++depth_;
  size_t before = errors_.size();
  check_node(value, old, schema);
  // What was stored before the rule came may stay as long as nobody touches it.
  if (errors_.size() > before && old != nullptr && depth_ > 1 && same_value(value, *old)) {
    errors_.resize(before);
  }
  --depth_;
}

void Validator::check_node(const json::value& value, const json::value* old, const Schema& schema) {
  if (value.is_null() && (schema.nullable || schema.built_in ||
                          (schema.type == Schema::Type::any && !schema.int_or_string))) {
    return;
  }
  if (!has_type(value, schema)) return;
  if (schema.constraints) {
    check_constraints(value, schema);
    if (!schema.constraints->rules.empty()) {
      nodes_with_rules_.push_back({&value, old, &schema, path_.text()});
    }
  }
  if (const json::object* object = value.if_object()) check_object(*object, old, schema);
  if (const json::array* array = value.if_array()) check_array(*array, old, schema);
}

void Validator::check_rules_of_nodes() {
  // Rules may count on types, required fields and sizes.
  static constexpr std::array<std::string_view, 4> kBlocking = {
      "FieldValueRequired", "FieldValueTypeInvalid", "FieldValueTooLong", "FieldValueTooMany"};
  const bool blocked = std::ranges::any_of(errors_, [](const kube::FieldError& error) {
    return std::ranges::find(kBlocking, error.reason) != kBlocking.end();
  });
  if (blocked && !nodes_with_rules_.empty()) {
    add(kube::field_invalid("<nil>", "null",
                            "some validation rules were not checked because the object was "
                            "invalid; correct the existing errors to complete validation"));
    return;
  }
  RuleRequest request;
  for (const Node& node : nodes_with_rules_) {
    for (kube::FieldError& error :
         check_rules(*node.value, node.old, *node.schema, node.path, &request)) {
      add(std::move(error));
    }
  }
}

bool Validator::has_type(const json::value& value, const Schema& schema) {
  if (schema.int_or_string) {
    if (value.is_string() || value.is_int64() || value.is_uint64()) return true;
    add_type_error(value, "integer,string");
    return false;
  }
  bool fits = true;
  switch (schema.type) {
    case Schema::Type::any: break;
    case Schema::Type::object: fits = value.is_object(); break;
    case Schema::Type::array: fits = value.is_array(); break;
    case Schema::Type::string:
      fits = value.is_string() || (schema.quantity && value.is_number());
      break;
    case Schema::Type::integer:
      fits = value.is_int64() || value.is_uint64() ||
             (value.is_double() &&
              value.get_double() == static_cast<double>(static_cast<int64_t>(
                                        std::clamp(value.get_double(), -9e18, 9e18))));
      break;
    case Schema::Type::number: fits = value.is_number(); break;
    case Schema::Type::boolean: fits = value.is_bool(); break;
  }
  if (!fits) add_type_error(value, type_name(schema.type));
  if (!fits || schema.built_in || schema.format.empty()) return fits;
  if (value.is_string() && !has_format(value.get_string(), schema.format)) {
    add(kube::field_type_invalid(
        path_.text(), shown(value),
        path_.text() + " in body must be of type " + schema.format + ": " + shown(value)));
  }
  if (schema.format == "int32" && value.is_number()) {
    double number = value.to_number<double>();
    if (number < -2147483648.0 || number > 2147483647.0) {
      add_invalid(shown(value),
                  "must be of type int32: \"" + std::string(type_of_value(value)) + "\"");
    }
  }
  return true;
}

void Validator::check_object(const json::object& object, const json::value* old,
                             const Schema& schema) {
  check_required(object, schema);
  if (schema.embedded_resource) check_embedded(object);
  if (old != nullptr && schema.built_in) check_immutable(object, old, schema);
  for (const auto& [name, value] : object) {
    check_property(name, value, old, schema);
  }
  // Without a spec a built-in kind has one whose fields are all absent.
  const Schema::Property* spec = schema.built_in ? schema.property("spec") : nullptr;
  if (spec != nullptr && !object.contains("spec") && !spec->schema->required.empty() &&
      !std::binary_search(schema.required.begin(), schema.required.end(), "spec")) {
    FieldPath::Step step(path_, "spec");
    check_required({}, *spec->schema);
  }
}

void Validator::check_property(std::string_view name, const json::value& value,
                               const json::value* old, const Schema& schema) {
  const Schema* type = schema.field(name);
  if (type == nullptr) return;
  FieldPath::Step step(path_, name);
  bool enters_status = depth_ == 1 && schema.built_in && name == "status";
  if (enters_status) in_status_ = true;
  walk(value, field_of(old, name), *type);
  if (enters_status) in_status_ = false;
}

void Validator::check_required(const json::object& object, const Schema& schema) {
  for (const std::string& name : schema.required) {
    const json::value* value = object.if_contains(name);
    if (!schema.built_in) {
      if (value == nullptr) add(kube::field_required(path_.of(name)));
      continue;
    }
    // Controllers write a status, and Kubernetes lets them leave out what is zero.
    if (in_status_) continue;
    if (value == nullptr || value->is_null()) {
      if (!is_zero_fine(schema.field(name))) add(kube::field_required(path_.of(name)));
    } else if (is_blank(*value, schema, name)) {
      add(kube::field_required(path_.of(name)));
    }
  }
}

void Validator::check_immutable(const json::object& object, const json::value* old,
                                const Schema& schema) {
  for (const Schema::Property& property : schema.properties) {
    if (!property.immutable) continue;
    const json::value* before = field_of(old, property.name);
    if (before == nullptr || before->is_null()) continue;
    const json::value* now = object.if_contains(property.name);
    if (now != nullptr && same_value(*now, *before)) continue;
    static const json::value nothing;
    add(kube::field_invalid(
        path_.of(property.name), shown(now == nullptr ? nothing : *now),
        property.name == "roleRef" ? "cannot change roleRef" : "field is immutable"));
  }
}

void Validator::check_embedded(const json::object& object) {
  for (std::string_view name : {"apiVersion", "kind"}) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr) {
      add(kube::field_required(path_.of(name), "must not be empty"));
    } else if (!value->is_string() || value->get_string().empty()) {
      add(kube::field_invalid(path_.of(name), shown(*value), "must be a text that is not empty"));
    }
  }
  const json::value* metadata = object.if_contains("metadata");
  if (metadata != nullptr && !metadata->is_object()) {
    FieldPath::Step step(path_, "metadata");
    add_type_error(*metadata, "object");
  }
}

void Validator::check_array(const json::array& array, const json::value* old,
                            const Schema& schema) {
  check_duplicates(array, schema);
  if (schema.items == nullptr) return;
  std::map<std::string, const json::value*> old_items;
  bool by_key = schema.list_type == Schema::ListType::map;
  if (by_key && old != nullptr && old->is_array()) {
    for (const json::value& item : old->get_array()) old_items[keys_of(item, schema)] = &item;
  }
  for (size_t i = 0; i < array.size() && !is_full(); ++i) {
    FieldPath::Step step(path_, i);
    const json::value* before = nullptr;
    if (!old_items.empty()) {
      auto found = old_items.find(keys_of(array[i], schema));
      if (found != old_items.end()) before = found->second;
    }
    walk(array[i], before, *schema.items);
  }
}

void Validator::check_duplicates(const json::array& array, const Schema& schema) {
  if (schema.list_type == Schema::ListType::atomic) return;
  bool by_key = schema.list_type == Schema::ListType::map;
  // Of Kubernetes' own lists only these are held to it; others may repeat a key (env, ports).
  if (schema.built_in &&
      (schema.items == nullptr ||
       !std::any_of(kUniqueNames.begin(), kUniqueNames.end(),
                    [&](std::string_view name) { return schema.items->name.ends_with(name); }))) {
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < array.size(); ++i) {
    if (by_key && !array[i].is_object()) continue;
    std::string key = by_key ? keys_of(array[i], schema) : json::serialize(array[i]);
    if (seen.insert(key).second) continue;
    FieldPath::Step step(path_, i);
    const json::value* named =
        schema.built_in && by_key ? find(array[i], {schema.list_keys[0]}) : nullptr;
    if (named != nullptr) {
      add(kube::field_duplicate(path_.of(schema.list_keys[0]), shown(*named)));
    } else {
      add(kube::field_duplicate(path_.text(), by_key ? key : shown(array[i])));
    }
  }
}

std::vector<kube::FieldError> Validator::errors_against(const json::value& value,
                                                        const Schema& schema) {
  std::vector<kube::FieldError> kept = std::move(errors_);
  errors_.clear();
  walk(value, nullptr, schema);
  std::swap(kept, errors_);
  return kept;
}

}  // namespace ks::store
