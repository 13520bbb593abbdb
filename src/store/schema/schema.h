#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The type of an object or of a part of one: what explain, OpenAPI, validation, pruning, defaults
/// and patches read.

namespace ks::store {

namespace json = boost::json;

struct Constraints;
class Pattern;

/// One node of a type. Immutable once built; lives as long as the SchemaPool that made it. Types
/// may be recursive (JSONSchemaProps holds itself), so walk along a value, never the type alone.
struct Schema {
  enum class Type : uint8_t { any, object, array, string, integer, number, boolean };
  /// How two writers' lists are merged: `x-kubernetes-list-type`.
  enum class ListType : uint8_t { atomic, set, map };

  struct Property {
    std::string name;
    const Schema* schema = nullptr;
    std::string description;  ///< of this use; empty: the type's own
    /// Strategic merge of this field (`x-kubernetes-patch-strategy`): lists by merge key, or kept
    /// keys (`retainKeys`) of a union.
    bool patch_merge = false;
    bool patch_retain_keys = false;
    std::string patch_merge_key;
    bool immutable = false;  ///< of built-in types: may not change once it is set
  };

  /// A default that depends on other fields of the same object. Rules apply in their order.
  struct DefaultRule {
    enum class Kind : uint8_t { constant, copy, image_pull_policy, pod, namespace_label };
    Kind kind = Kind::constant;
    std::string field;
    std::shared_ptr<const json::value> value;  ///< of a constant
    std::vector<std::string> copy_from;        ///< of a copy: a path of fields
    struct Condition {
      std::string field;
      std::vector<std::string> texts;  ///< one of them; empty: it is there
      bool negated = false;
    };
    std::vector<Condition> conditions;  ///< all must hold
  };

  std::string name;  ///< `io.k8s.api.core.v1.PodSpec`; empty for a type without a name of its own
  Type type = Type::any;
  std::string format;  ///< `int32`, `date-time`, `byte`, ...
  std::string description;
  std::vector<Property> properties;   ///< sorted by name
  const Schema* values = nullptr;     ///< of a map (`additionalProperties`)
  const Schema* items = nullptr;      ///< of an array
  std::vector<std::string> required;  ///< sorted
  ListType list_type = ListType::atomic;
  std::vector<std::string> list_keys;  ///< of a list of type map
  bool atomic_map = false;             ///< `x-kubernetes-map-type: atomic`: replaced as a whole
  bool nullable = false;
  bool preserve_unknown = false;  ///< `x-kubernetes-preserve-unknown-fields`
  bool int_or_string = false;     ///< `x-kubernetes-int-or-string`
  bool embedded_resource = false;
  /// A type of Kubernetes' own, that its decoder reads into a struct: null is as good as absent.
  bool built_in = false;
  bool quantity = false;                             ///< `100m`, `1Gi`, or a number
  std::shared_ptr<const json::value> default_value;  ///< null: none
  std::vector<DefaultRule> default_rules;  ///< of an object: what no constant of a field says
  std::shared_ptr<const Constraints> constraints;  ///< null: none

  /// Null when there is no such property.
  const Property* property(std::string_view property_name) const;
  /// The type of a field of an object or map; null when it is not known.
  const Schema* field(std::string_view field_name) const;
};

/// As `type:` of an OpenAPI schema says it: `object`; empty for any.
std::string_view type_name(Schema::Type type);

/// What values must be beyond their type. Absent members do not constrain.
struct Constraints {
  struct Rule {  ///< `x-kubernetes-validations`
    std::string rule;
    std::string message;
    std::string message_expression;
    std::string reason;
    std::string field_path;
    bool optional_old_self = false;
  };
  std::vector<json::value> one_of_values;  ///< `enum`
  std::string pattern;
  std::shared_ptr<const Pattern> compiled_pattern;  ///< of `pattern`
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<uint64_t> min_length, max_length, min_items, max_items, min_properties,
      max_properties;
  bool unique_items = false;
  std::vector<const Schema*> all_of, any_of, one_of;  ///< validate only
  const Schema* none_of = nullptr;                    ///< `not`
  std::vector<Rule> rules;
};

/// Owns schemas: those of one CRD, or all built-in ones. Addresses stay as they are.
class SchemaPool {
 public:
  SchemaPool();
  ~SchemaPool();
  SchemaPool(const SchemaPool&) = delete;
  SchemaPool& operator=(const SchemaPool&) = delete;
  Schema* make();
  /// Makes a type that find() knows.
  Schema* make(std::string name);
  /// By name; null when there is no such type.
  const Schema* find(std::string_view name) const;
  Schema* find(std::string_view name);
  /// Of the types that have one, sorted.
  std::vector<std::string_view> names() const;

 private:
  std::deque<Schema> schemas_;
  std::map<std::string, Schema*, std::less<>> by_name_;
};

}  // namespace ks::store
