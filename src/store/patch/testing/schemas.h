#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "store/schema/schema.h"

/// Types that the tests of patches are written against: small, with one of each kind of field.

namespace ks::store::testing {

inline json::value yaml(std::string_view text) {
  Result<json::value> value = parse_yaml(text);
  EXPECT_TRUE(value.ok()) << value.error().message << "\n" << text;
  return value ? std::move(*value) : json::value();
}

inline Schema* build_schema(SchemaPool& pool, const json::value& from);

/// `by: [a, b]`: a list of type map, with these keys, that strategic merge patches merge by the
/// first of them.
inline std::vector<std::string> keys_of(const json::value& description) {
  std::vector<std::string> out;
  if (const json::value* keys = find(description, {"by"})) {
    for (const json::value& key : keys->as_array()) out.emplace_back(key.as_string());
  }
  return out;
}

inline void build_properties(SchemaPool& pool, Schema& schema, const json::object& properties) {
  for (const auto& [name, description] : properties) {
    Schema::Property property{.name = name, .schema = build_schema(pool, description)};
    const std::string_view strategy = text_at(description, {"x-kubernetes-patch-strategy"});
    property.patch_merge = strategy.contains("merge");
    property.patch_retain_keys = strategy.contains("retainKeys");
    if (const std::vector<std::string> keys = keys_of(description); !keys.empty()) {
      property.patch_merge = true;
      property.patch_merge_key = keys.front();
    }
    schema.properties.push_back(std::move(property));
  }
  std::ranges::sort(schema.properties, {}, &Schema::Property::name);
}

/// From what CRDs write, and `by`.
inline Schema* build_schema(SchemaPool& pool, const json::value& from) {
  Schema* schema = pool.make();
  const std::string_view type = text_at(from, {"type"});
  schema->type = type == "object"    ? Schema::Type::object
                 : type == "array"   ? Schema::Type::array
                 : type == "string"  ? Schema::Type::string
                 : type == "integer" ? Schema::Type::integer
                 : type == "boolean" ? Schema::Type::boolean
                                     : Schema::Type::any;
  schema->preserve_unknown = bool_at(from, {"x-kubernetes-preserve-unknown-fields"});
  schema->int_or_string = bool_at(from, {"x-kubernetes-int-or-string"});
  schema->nullable = bool_at(from, {"nullable"});
  schema->atomic_map = text_at(from, {"x-kubernetes-map-type"}) == "atomic";
  const std::string_view list = text_at(from, {"x-kubernetes-list-type"});
  if (list == "set") schema->list_type = Schema::ListType::set;
  schema->list_keys = keys_of(from);
  if (!schema->list_keys.empty()) schema->list_type = Schema::ListType::map;
  if (const json::value* value = find(from, {"default"})) {
    schema->default_value = std::make_shared<const json::value>(*value);
  }
  if (const json::value* items = find(from, {"items"})) schema->items = build_schema(pool, *items);
  if (const json::value* values = find(from, {"additionalProperties"})) {
    schema->values = build_schema(pool, *values);
  }
  if (const json::value* properties = find(from, {"properties"})) {
    build_properties(pool, *schema, properties->as_object());
  }
  return schema;
}

/// A type somewhat like a Deployment.
inline const Schema& workload() {
  static SchemaPool pool;
  static const Schema* schema = build_schema(pool, yaml(R"(
type: object
properties:
  apiVersion: {type: string}
  kind: {type: string}
  metadata:
    type: object
    properties:
      name: {type: string}
      namespace: {type: string}
      uid: {type: string}
      resourceVersion: {type: string}
      generation: {type: integer}
      creationTimestamp: {type: string}
      labels: {type: object, additionalProperties: {type: string}}
      annotations: {type: object, additionalProperties: {type: string}}
      managedFields: {type: array, items: {type: object}}
      finalizers: {type: array, items: {type: string}, x-kubernetes-list-type: set, x-kubernetes-patch-strategy: merge}
  spec:
    type: object
    properties:
      replicas: {type: integer}
      paused: {type: boolean}
      note: {type: string, nullable: true}
      selector:
        type: object
        x-kubernetes-map-type: atomic
        properties:
          matchLabels: {type: object, additionalProperties: {type: string}}
      strategy:
        type: object
        x-kubernetes-patch-strategy: retainKeys
        properties:
          type: {type: string}
          rollingUpdate: {type: object, properties: {maxSurge: {x-kubernetes-int-or-string: true}}}
      template:
        type: object
        properties:
          containers:
            type: array
            by: [name]
            items:
              type: object
              properties:
                name: {type: string}
                image: {type: string}
                command: {type: array, items: {type: string}}
                env:
                  type: array
                  by: [name]
                  items: {type: object, properties: {name: {type: string}, value: {type: string}}}
                ports:
                  type: array
                  by: [containerPort, protocol]
                  items:
                    type: object
                    properties:
                      containerPort: {type: integer}
                      protocol: {type: string, default: TCP}
                      name: {type: string}
          volumes:
            type: array
            x-kubernetes-patch-strategy: merge,retainKeys
            by: [name]
            items:
              type: object
              properties:
                name: {type: string}
                emptyDir: {type: object, properties: {medium: {type: string}}}
                hostPath: {type: object, properties: {path: {type: string}}}
          tolerations: {type: array, items: {type: object, properties: {key: {type: string}}}}
      free: {type: object, x-kubernetes-preserve-unknown-fields: true}
      groups: {type: object, additionalProperties: {type: object, properties: {size: {type: integer}, color: {type: string}}}}
  data: {type: object, additionalProperties: {type: string}}
  status:
    type: object
    properties:
      replicas: {type: integer}
      conditions:
        type: array
        by: [type]
        items: {type: object, properties: {type: {type: string}, status: {type: string}}}
)"));
  return *schema;
}

}  // namespace ks::store::testing
