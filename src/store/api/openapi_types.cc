#include "store/api/openapi_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "store/schema/builtin.h"

namespace ks::store {
namespace {

/// Beyond this, what a definition says is left out: no reader gets there.
constexpr size_t kMaxDepth = 300;

constexpr std::string_view kApiVersionText =
    "The group and version of the API that this object is written in.";
constexpr std::string_view kKindText = "What this object is, in CamelCase.";
constexpr std::string_view kMetadataText = "What every object has: its name, labels, owners.";

json::array words(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

/// `io.kubesphere.devops.v1alpha3.Pipeline` for Pipeline of devops.kubesphere.io/v1alpha3.
std::string custom_name(const Kind& kind) {
  std::vector<std::string_view> labels = split(kind.resource.group, '.');
  std::ranges::reverse(labels);
  std::string out;
  for (const std::string_view label : labels) out += std::string(label) + ".";
  return out + kind.resource.version + "." + kind.resource.kind;
}

std::string name_of(const Kind& kind) {
  const bool named = !kind.custom && kind.schema != nullptr && !kind.schema->name.empty();
  return named ? kind.schema->name : custom_name(kind);
}

json::array kind_marker(const Kind& kind, std::string_view name) {
  return {json::object{
      {"group", kind.resource.group}, {"version", kind.resource.version}, {"kind", name}}};
}

json::object text_type(std::string_view description) {
  return {{"type", "string"}, {"description", description}};
}

/// What a value must be beyond its type, but for combinations of schemas.
void add_constraints(json::object& out, const Constraints& must) {
  if (!must.one_of_values.empty()) {
    out["enum"] = json::array(must.one_of_values.begin(), must.one_of_values.end());
  }
  if (!must.pattern.empty()) out["pattern"] = must.pattern;
  if (must.minimum) out["minimum"] = *must.minimum;
  if (must.maximum) out["maximum"] = *must.maximum;
  if (must.exclusive_minimum) out["exclusiveMinimum"] = true;
  if (must.exclusive_maximum) out["exclusiveMaximum"] = true;
  if (must.multiple_of) out["multipleOf"] = *must.multiple_of;
  const std::pair<std::string_view, const std::optional<uint64_t>*> counts[] = {
      {"minLength", &must.min_length},         {"maxLength", &must.max_length},
      {"minItems", &must.min_items},           {"maxItems", &must.max_items},
      {"minProperties", &must.min_properties}, {"maxProperties", &must.max_properties}};
  for (const auto& [name, count] : counts) {
    if (*count) out[name] = **count;
  }
  if (must.unique_items) out["uniqueItems"] = true;
}

void add_rules(json::object& out, const Constraints& must) {
  json::array rules;
  for (const Constraints::Rule& rule : must.rules) {
    json::object one{{"rule", rule.rule}};
    const std::pair<std::string_view, const std::string*> texts[] = {
        {"message", &rule.message},
        {"messageExpression", &rule.message_expression},
        {"reason", &rule.reason},
        {"fieldPath", &rule.field_path}};
    for (const auto& [name, text] : texts) {
      if (!text->empty()) one[name] = *text;
    }
    if (rule.optional_old_self) one["optionalOldSelf"] = true;
    rules.push_back(std::move(one));
  }
  if (!rules.empty()) out["x-kubernetes-validations"] = std::move(rules);
}

void add_list_markers(json::object& out, const Schema& schema) {
  switch (schema.list_type) {
    case Schema::ListType::atomic: break;
    case Schema::ListType::set: out["x-kubernetes-list-type"] = "set"; break;
    case Schema::ListType::map:
      out["x-kubernetes-list-type"] = "map";
      out["x-kubernetes-list-map-keys"] = words(schema.list_keys);
      break;
  }
}

/// How strategic merge treats this use of a type.
void add_patch_markers(json::object& out, const Schema::Property& property) {
  std::string strategy;
  if (property.patch_merge) strategy = "merge";
  if (property.patch_retain_keys) strategy += strategy.empty() ? "retainKeys" : ",retainKeys";
  if (!strategy.empty()) out["x-kubernetes-patch-strategy"] = strategy;
  if (!property.patch_merge_key.empty()) {
    out["x-kubernetes-patch-merge-key"] = property.patch_merge_key;
  }
}

/// Types of Kubernetes that are written in two ways.
bool add_either(json::object& out, const Schema& schema, OpenApiForm form) {
  if (!schema.int_or_string && !schema.quantity) return false;
  if (form == OpenApiForm::v2) {
    out["type"] = "string";
  } else {
    out["oneOf"] =
        schema.quantity
            ? json::array{json::object{{"type", "string"}}, json::object{{"type", "number"}}}
            : json::array{json::object{{"type", "integer"}}, json::object{{"type", "string"}}};
  }
  if (schema.int_or_string) out["format"] = "int-or-string";
  return true;
}

}  // namespace

json::object OpenApiTypes::reference(const std::string& name, const Source& source) {
  if (known_.emplace(name, source).second) waiting_.push_back(name);
  const std::string_view where =
      form_ == OpenApiForm::v2 ? "#/definitions/" : "#/components/schemas/";
  return {{"$ref", std::string(where) + name}};
}

json::object OpenApiTypes::of(const Kind& kind) {
  return reference(name_of(kind), {kind.schema, &kind, false});
}

json::object OpenApiTypes::list_of(const Kind& kind) {
  const std::string name = name_of(kind);
  return reference(name.substr(0, name.rfind('.') + 1) + kind.list_kind, {nullptr, &kind, true});
}

json::object OpenApiTypes::of(const Kind& kind, const Kind::Subresource& subresource) {
  if (subresource.version.empty() && subresource.kind == kind.resource.kind) return of(kind);
  const std::string_view group =
      subresource.version.empty() ? kind.resource.group : subresource.group;
  const std::string& version =
      subresource.version.empty() ? kind.resource.version : subresource.version;
  const std::string_view label = group.substr(0, group.find('.'));
  return shared(fmt::format("{}.{}.{}", label.empty() ? "core" : label, version, subresource.kind));
}

json::object OpenApiTypes::shared(std::string_view brief) {
  const Schema* schema = built_in_types()->find(full_type_name(brief));
  if (schema == nullptr) return {{"type", "object"}};
  return reference(schema->name, {schema, nullptr, false});
}

void OpenApiTypes::each(
    const std::function<void(std::string_view name, const json::object& type)>& visit) {
  while (!waiting_.empty()) {
    const std::string name = std::move(waiting_.front());
    waiting_.pop_front();
    visit(name, definition(known_.find(name)->second));
  }
}

json::object OpenApiTypes::definition(const Source& source) {
  if (source.list) return list_definition(*source.kind);
  json::object out;
  const bool custom = source.kind != nullptr && source.kind->custom;
  if (source.schema == nullptr) {
    out["type"] = "object";
    out["x-kubernetes-preserve-unknown-fields"] = true;
  } else {
    add_fields(out, *source.schema, custom, 0);
  }
  if (custom) add_custom_root(out);
  if (source.kind != nullptr) {
    out["x-kubernetes-group-version-kind"] = kind_marker(*source.kind, source.kind->resource.kind);
  }
  return out;
}

json::object OpenApiTypes::list_definition(const Kind& kind) {
  json::object metadata = shared("meta.v1.ListMeta");
  return {
      {"description", fmt::format("A list of {}.", kind.resource.kind)},
      {"type", "object"},
      {"required", json::array{json::string("items")}},
      {"properties", json::object{{"apiVersion", text_type(kApiVersionText)},
                                  {"items", json::object{{"type", "array"}, {"items", of(kind)}}},
                                  {"kind", text_type(kKindText)},
                                  {"metadata", std::move(metadata)}}},
      {"x-kubernetes-group-version-kind", kind_marker(kind, kind.list_kind)}};
}

/// What every object has is not for a definition to say.
void OpenApiTypes::add_custom_root(json::object& out) {
  json::value& fields = out["properties"];
  if (!fields.is_object()) fields = json::object();
  json::object& properties = fields.get_object();
  properties["apiVersion"] = text_type(kApiVersionText);
  properties["kind"] = text_type(kKindText);
  json::object metadata = shared("meta.v1.ObjectMeta");
  if (form_ == OpenApiForm::v3) metadata = {{"allOf", json::array{std::move(metadata)}}};
  metadata["description"] = kMetadataText;
  properties["metadata"] = std::move(metadata);
}

/// A use of a type: a reference when it has a name, else the type itself.
json::object OpenApiTypes::schema_of(const Schema& schema, bool custom, size_t depth) {
  if (!schema.name.empty()) {
    const Schema* own = built_in_types()->find(schema.name);
    return reference(schema.name, {own == nullptr ? &schema : own, nullptr, false});
  }
  json::object out;
  if (depth < kMaxDepth) add_fields(out, schema, custom, depth + 1);
  return out;
}

json::object OpenApiTypes::property_of(const Schema::Property& property, bool custom,
                                       size_t depth) {
  const Schema& schema = *property.schema;
  json::object out = schema_of(schema, custom, depth);
  json::object use;
  if (!property.description.empty()) use["description"] = property.description;
  const bool with_default = schema.default_value != nullptr && !schema.default_value->is_null();
  if (with_default && !(custom && form_ == OpenApiForm::v2)) use["default"] = *schema.default_value;
  add_patch_markers(use, property);
  // In OpenAPI 3.0 nothing counts that stands beside a $ref.
  if (!use.empty() && out.contains("$ref") && form_ == OpenApiForm::v3) {
    out = {{"allOf", json::array{std::move(out)}}};
  }
  for (auto& member : use) out[member.key()] = std::move(member.value());
  return out;
}

/// All that a schema says, its default apart.
void OpenApiTypes::add_fields(json::object& out, const Schema& schema, bool custom, size_t depth) {
  const bool v2 = form_ == OpenApiForm::v2;
  if (!schema.description.empty()) out["description"] = schema.description;
  if (!custom && add_either(out, schema, form_)) return;
  if (custom && schema.int_or_string) out["x-kubernetes-int-or-string"] = true;
  if (custom && schema.embedded_resource) out["x-kubernetes-embedded-resource"] = true;
  if (custom && schema.preserve_unknown) out["x-kubernetes-preserve-unknown-fields"] = true;
  // Clients of swagger 2.0 know no null and take what they cannot see for an error, so of such
  // fields of definitions they are told nothing more.
  const bool vague =
      custom && v2 && (schema.nullable || schema.int_or_string || schema.preserve_unknown);
  if (vague) return;
  if (schema.nullable) out["nullable"] = true;
  const std::string_view type = type_name(schema.type);
  if (!type.empty() && !(custom && schema.int_or_string)) out["type"] = type;
  if (!schema.format.empty()) out["format"] = schema.format;
  if (!schema.required.empty()) out["required"] = words(schema.required);
  if (!schema.properties.empty()) {
    json::object properties;
    for (const Schema::Property& property : schema.properties) {
      properties[property.name] = property_of(property, custom, depth);
    }
    out["properties"] = std::move(properties);
  }
  if (schema.values != nullptr) {
    out["additionalProperties"] = schema_of(*schema.values, custom, depth);
  }
  if (schema.type == Schema::Type::array) {
    out["items"] =
        schema.items == nullptr ? json::object() : schema_of(*schema.items, custom, depth);
    add_list_markers(out, schema);
  }
  if (schema.atomic_map) out["x-kubernetes-map-type"] = "atomic";
  if (schema.constraints == nullptr) return;
  add_constraints(out, *schema.constraints);
  if (v2) return;
  add_rules(out, *schema.constraints);
  add_combinations(out, *schema.constraints, depth);
}

void OpenApiTypes::add_combinations(json::object& out, const Constraints& constraints,
                                    size_t depth) {
  const std::pair<std::string_view, const std::vector<const Schema*>*> lists[] = {
      {"allOf", &constraints.all_of},
      {"anyOf", &constraints.any_of},
      {"oneOf", &constraints.one_of}};
  for (const auto& [name, schemas] : lists) {
    json::array all;
    for (const Schema* schema : *schemas) all.push_back(schema_of(*schema, true, depth));
    if (!all.empty()) out[name] = std::move(all);
  }
  if (constraints.none_of != nullptr) out["not"] = schema_of(*constraints.none_of, true, depth);
}

}  // namespace ks::store
