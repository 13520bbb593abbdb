#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "store/schema/check.h"

namespace ks::store {

namespace {

constexpr size_t kMaxDepth = 1'000;
/// A list of many small items may have a large default for each. No object is as large as this, so
/// one that reaches it is refused anyway.
constexpr size_t kMaxAddedBytes = 8u << 20;

using Rule = Schema::DefaultRule;

bool holds(const Rule::Condition& condition, const json::object& object) {
  const json::value* value = object.if_contains(condition.field);
  bool there = value != nullptr && !value->is_null();
  bool met = there;
  if (!condition.texts.empty()) {
    std::string_view text;
    if (there && value->is_string()) text = value->get_string();
    met = std::find(condition.texts.begin(), condition.texts.end(), text) != condition.texts.end();
  }
  return met != condition.negated;
}

/// `Always` for images that may change below their name: the tag `latest`, or none.
std::string_view pull_policy_of(std::string_view image) {
  if (image.contains('@')) return "IfNotPresent";
  size_t slash = image.rfind('/');
  std::string_view last = slash == std::string_view::npos ? image : image.substr(slash + 1);
  size_t colon = last.find(':');
  return colon == std::string_view::npos || last.substr(colon + 1) == "latest" ? "Always"
                                                                               : "IfNotPresent";
}

/// What a Pod has and the template of one has not.
void default_pod_spec(json::value& spec) {
  if (!spec.is_object()) return;
  if (find(spec, {"enableServiceLinks"}) == nullptr) {
    spec.get_object()["enableServiceLinks"] = true;
  }
  for (std::string_view list : {"containers", "initContainers"}) {
    json::value* containers = find(spec, {list});
    if (containers == nullptr || !containers->is_array()) continue;
    for (json::value& container : containers->get_array()) {
      const json::value* limits = find(container, {"resources", "limits"});
      if (limits == nullptr || !limits->is_object()) continue;
      json::object wanted = limits->get_object();
      if (const json::value* given = find(container, {"resources", "requests"});
          given != nullptr && given->is_object()) {
        for (const auto& [name, amount] : given->get_object()) wanted[name] = amount;
      }
      if (!wanted.empty()) set_at(container, {"resources", "requests"}, std::move(wanted));
    }
  }
}

/// What Kubernetes' own decoder makes of an empty text is no different from none.
bool is_missing(const json::value* value, const Schema& schema) {
  if (value == nullptr || (value->is_null() && !schema.nullable)) return true;
  return schema.built_in && value->is_string() && value->get_string().empty();
}

void apply_rule(json::object& object, const Schema& schema, const Rule& rule) {
  json::value* present = object.if_contains(rule.field);
  const Schema* known = schema.field(rule.field);
  bool there = known != nullptr && !is_missing(present, *known);
  // These two add to what is there.
  if (rule.kind == Rule::Kind::pod) {
    if (there) default_pod_spec(*present);
    return;
  }
  if (rule.kind == Rule::Kind::namespace_label) {
    if (!there || !present->is_object()) return;
    if (std::string_view name = text_at(*present, {"name"}); !name.empty()) {
      set_at(*present, {"labels", "kubernetes.io/metadata.name"}, json::string(name));
    }
    return;
  }
  if (there || !std::all_of(rule.conditions.begin(), rule.conditions.end(),
                            [&](const auto& one) { return holds(one, object); })) {
    return;
  }
  if (rule.kind == Rule::Kind::image_pull_policy) {
    const json::value* image = object.if_contains("image");
    std::string_view name;
    if (image != nullptr && image->is_string()) name = image->get_string();
    object[rule.field] = json::string(pull_policy_of(name));
    return;
  }
  if (rule.kind == Rule::Kind::constant) {
    object[rule.field] = *rule.value;
    return;
  }
  const json::value* from = nullptr;
  for (const std::string& step : rule.copy_from) {
    const json::object* in = from == nullptr ? &object : from->if_object();
    from = in == nullptr ? nullptr : in->if_contains(step);
    if (from == nullptr || from->is_null()) return;
  }
  if (from != nullptr) {
    json::value copy = *from;
    object[rule.field] = std::move(copy);
  }
}

size_t size_of(const json::value& value) {
  size_t out = sizeof(json::value);
  if (const json::string* text = value.if_string()) out += text->size();
  if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) out += size_of(item);
  }
  if (const json::object* object = value.if_object()) {
    for (const auto& [name, field] : *object) out += name.size() + size_of(field);
  }
  return out;
}

class Defaulter {
 public:
  void walk(json::value& value, const Schema& schema, size_t depth) {
    if (depth > kMaxDepth || added_ > kMaxAddedBytes) return;
    if (json::array* array = value.if_array()) {
      if (schema.items == nullptr) return;
      for (json::value& item : *array) {
        if (is_missing(&item, *schema.items)) set_default(item, *schema.items);
        walk(item, *schema.items, depth + 1);
      }
    } else if (json::object* object = value.if_object()) {
      walk_object(*object, schema, depth);
    }
  }

 private:
  void walk_object(json::object& object, const Schema& schema, size_t depth) {
    for (const Schema::Property& property : schema.properties) {
      if (property.schema->default_value &&
          is_missing(object.if_contains(property.name), *property.schema)) {
        set_default(object[property.name], *property.schema);
      }
    }
    for (const Rule& rule : schema.default_rules) apply_rule(object, schema, rule);
    for (auto& [name, field] : object) {
      const Schema* known = schema.field(name);
      if (known == nullptr) continue;
      if (known == schema.values && is_missing(&field, *known)) set_default(field, *known);
      walk(field, *known, depth + 1);
    }
  }

  void set_default(json::value& value, const Schema& schema) {
    if (!schema.default_value) return;
    added_ += size_of(*schema.default_value);
    if (added_ <= kMaxAddedBytes) value = *schema.default_value;
  }

  size_t added_ = 0;
};

}  // namespace

void apply_defaults(json::value& value, const Schema& schema) {
  Defaulter().walk(value, schema, 0);
}

}  // namespace ks::store
