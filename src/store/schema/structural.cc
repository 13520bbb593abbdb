#include "store/schema/structural.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "store/schema/cel.h"
#include "store/schema/check.h"
#include "store/schema/definition.h"
#include "store/schema/pattern.h"
#include "store/schema/value_text.h"

namespace ks::store {

namespace {

constexpr size_t kMaxDepth = 128;
constexpr size_t kMaxErrors = 100;

/// Where a schema stands decides what it must say.
enum class Level : uint8_t { root, field, item };

struct Unsupported {
  std::string_view field, text;
};
constexpr std::array kUnsupported = {
    Unsupported{"$ref", "$ref is not supported"},
    Unsupported{"id", "id is not supported"},
    Unsupported{"additionalItems", "additionalItems is not supported"},
    Unsupported{"patternProperties", "patternProperties is not supported"},
    Unsupported{"definitions", "definitions is not supported"},
    Unsupported{"dependencies", "dependencies is not supported"},
};

const std::vector<std::string> kTypes = {"array",  "boolean", "integer",
                                         "number", "object",  "string"};

/// What alternatives may not say, since it would change what the value is.
constexpr std::array<std::string_view, 9> kNotInAlternatives = {
    "additionalProperties",
    "default",
    "description",
    "nullable",
    "title",
    "type",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields"};

json::string quoted(std::string_view text) { return json::string(text); }

class Checker {
 public:
  explicit Checker(std::string path) : path_(std::move(path)) {}

  void check(const json::value& props, Level level) {
    if (depth_ >= kMaxDepth || errors_.size() >= kMaxErrors || !props.is_object()) return;
    ++depth_;
    check_type(props, level);
    check_unsupported(props);
    check_lists(props);
    check_pattern(props);
    check_default(props);
    check_validations(props);
    if (level == Level::root) check_metadata(props);
    check_parts(props);
    for (std::string_view name : {"allOf", "anyOf", "oneOf"}) check_alternatives(props, name);
    if (const json::value* refused = find(props, {"not"})) {
      at(".not", [&] { check_alternative(*refused, props, false); });
    }
    --depth_;
  }

  std::vector<kube::FieldError> take() { return std::move(errors_); }

 private:
  template <class F>
  void at(std::string_view step, F inside) {
    size_t before = path_.size();
    path_ += step;
    inside();
    path_.resize(before);
  }

  void add(kube::FieldError error) {
    if (errors_.size() < kMaxErrors) errors_.push_back(std::move(error));
  }
  std::string of(std::string_view field) const { return path_ + "." + std::string(field); }

  void check_type(const json::value& props, Level level) {
    std::string_view type = text_at(props, {"type"});
    bool either = bool_at(props, {"x-kubernetes-int-or-string"});
    bool open = bool_at(props, {"x-kubernetes-preserve-unknown-fields"});
    if (!type.empty() && std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      add(kube::field_not_supported(of("type"), shown(quoted(type)), kTypes));
    } else if (level == Level::root && type != "object") {
      if (type.empty()) {
        add(kube::field_required(of("type"), "must not be empty at the root"));
      } else {
        add(kube::field_invalid(of("type"), shown(quoted(type)), "must be object at the root"));
      }
    } else if (type.empty() && !either && !open) {
      add(kube::field_required(of("type"), level == Level::item
                                               ? "must not be empty for specified array items"
                                               : "must not be empty for specified object fields"));
    }
    if (either && !type.empty()) {
      add(kube::field_invalid(of("type"), shown(quoted(type)),
                              "must be empty if x-kubernetes-int-or-string is true"));
    }
    if (bool_at(props, {"x-kubernetes-embedded-resource"}) && type != "object") {
      add(kube::field_invalid(of("type"), shown(quoted(type)),
                              "must be object if x-kubernetes-embedded-resource is true"));
    }
    if (type == "array" && find(props, {"items"}) == nullptr) {
      add(kube::field_required(of("items"), "must be specified"));
    }
  }

  void check_unsupported(const json::value& props) {
    for (const Unsupported& one : kUnsupported) {
      const json::value* value = find(props, {one.field});
      if (value != nullptr && !value->is_null()) {
        add(kube::field_forbidden(of(one.field), one.text));
      }
    }
    if (bool_at(props, {"uniqueItems"})) {
      add(kube::field_forbidden(
          of("uniqueItems"),
          "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
    }
    if (const json::value* items = find(props, {"items"}); items && items->is_array()) {
      add(kube::field_forbidden(of("items"), "items must be a schema object and not an array"));
    }
    const json::value* values = find(props, {"additionalProperties"});
    if (values == nullptr) return;
    const json::value* fields = find(props, {"properties"});
    if (fields != nullptr && fields->is_object() && !fields->get_object().empty()) {
      add(kube::field_forbidden(of("additionalProperties"),
                                "additionalProperties and properties are mutual exclusive"));
    }
    if (values->is_bool() && !values->get_bool()) {
      add(kube::field_forbidden(of("additionalProperties"),
                                "additionalProperties cannot be set to false"));
    }
  }

  void check_lists(const json::value& props) {
    std::string_view list = text_at(props, {"x-kubernetes-list-type"});
    std::string_view type = text_at(props, {"type"});
    if (!list.empty() && list != "atomic" && list != "set" && list != "map") {
      add(kube::field_not_supported(of("x-kubernetes-list-type"), shown(quoted(list)),
                                    {"atomic", "map", "set"}));
    }
    if (!list.empty() && type != "array") {
      add(kube::field_invalid(of("type"), shown(quoted(type)),
                              "must be array if x-kubernetes-list-type is specified"));
    }
    std::string_view map = text_at(props, {"x-kubernetes-map-type"});
    if (!map.empty() && map != "atomic" && map != "granular") {
      add(kube::field_not_supported(of("x-kubernetes-map-type"), shown(quoted(map)),
                                    {"atomic", "granular"}));
    }
    const json::value* keys = find(props, {"x-kubernetes-list-map-keys"});
    bool any = keys != nullptr && keys->is_array() && !keys->get_array().empty();
    if (list != "map") {
      if (any) {
        add(kube::field_invalid(of("x-kubernetes-list-type"), shown(quoted(list)),
                                "must be map if x-kubernetes-list-map-keys is non-empty"));
      }
      return;
    }
    if (!any) {
      add(kube::field_required(of("x-kubernetes-list-map-keys"),
                               "must not be empty if x-kubernetes-list-type is map"));
      return;
    }
    check_list_keys(props, keys->get_array());
  }

  void check_list_keys(const json::value& props, const json::array& keys) {
    const json::value* required = find(props, {"items", "required"});
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!keys[i].is_string()) continue;
      std::string_view key = keys[i].get_string();
      const json::value* field = find(props, {"items", "properties", key});
      if (field == nullptr) {
        add(kube::field_invalid(of("x-kubernetes-list-map-keys") + "[" + std::to_string(i) + "]",
                                shown(keys[i]),
                                "must refer to a property of the items of the list"));
        continue;
      }
      bool given = find(*field, {"default"}) != nullptr ||
                   (required != nullptr && required->is_array() &&
                    std::any_of(required->get_array().begin(), required->get_array().end(),
                                [&](const json::value& name) { return name == keys[i]; }));
      if (!given) {
        add(kube::field_required(of("items.properties[" + std::string(key) + "].default"),
                                 "this property is in x-kubernetes-list-map-keys, so it must have "
                                 "a default or be a required property"));
      }
    }
  }

  void check_pattern(const json::value& props) {
    std::string_view pattern = text_at(props, {"pattern"});
    if (pattern.empty()) return;
    if (auto compiled = Pattern::compile(pattern); !compiled) {
      add(kube::field_invalid(
          of("pattern"), shown(quoted(pattern)),
          "must be a valid regular expression, but isn't: " + compiled.error().message));
    }
  }

  /// A default must be a value of its type.
  void check_default(const json::value& props) {
    const json::value* value = find(props, {"default"});
    if (value == nullptr) return;
    SchemaPool pool;
    Result<const Schema*> schema = read_schema(props, pool);
    if (!schema) return;  // told elsewhere
    json::value whole = *value;
    apply_defaults(whole, **schema);
    for (const kube::FieldError& error : validate(whole, **schema)) {
      std::string where = of("default");
      if (!error.field.empty() && error.field != "<nil>") {
        where += (error.field.starts_with('[') ? "" : ".") + error.field;
      }
      add({error.reason, error.message, where});
    }
    std::vector<std::string> unknown = prune(whole, **schema);
    if (!unknown.empty()) {
      add(kube::field_invalid(of("default"), shown(*value),
                              "must not have unknown fields: " + unknown[0]));
    }
  }

  void check_validations(const json::value& props) {
    const json::value* rules = find(props, {"x-kubernetes-validations"});
    if (rules == nullptr || !rules->is_array()) return;
    SchemaPool pool;
    Result<const Schema*> schema = read_schema(props, pool);
    if (!schema) return;  // told elsewhere
    for (size_t i = 0; i < rules->get_array().size(); ++i) {
      at(".x-kubernetes-validations[" + std::to_string(i) + "]",
         [&] { check_validation(rules->get_array()[i], **schema); });
    }
  }

  void check_validation(const json::value& rule, const Schema& schema) {
    static const std::vector<std::string> reasons = {"FieldValueRequired", "FieldValueInvalid",
                                                     "FieldValueForbidden", "FieldValueDuplicate"};
    std::string_view text = text_at(rule, {"rule"});
    bool optional_old = bool_at(rule, {"optionalOldSelf"});
    if (trim(text).empty()) {
      add(kube::field_required(of("rule"), "rule is not specified"));
      return;
    }
    if (Result<> fine = compile_rule(text, &schema, optional_old); !fine) {
      add(kube::field_invalid(of("rule"), shown(quoted(text)), fine.error().message));
    } else if (bool old = reads_old_self(text); old && !changing_list_.empty()) {
      add(kube::field_invalid(of("rule"), shown(quoted(text)),
                              "oldSelf cannot be used on the uncorrelatable portion of the schema "
                              "within " +
                                  changing_list_));
    } else if (!old && optional_old) {
      add(kube::field_invalid(of("optionalOldSelf"), "true",
                              "may not be set if the rule does not use oldSelf"));
    }
    std::string_view expression = text_at(rule, {"messageExpression"});
    if (!expression.empty()) {
      if (Result<> fine = compile_message_expression(expression, &schema, optional_old); !fine) {
        add(kube::field_invalid(of("messageExpression"), shown(quoted(expression)),
                                fine.error().message));
      }
    }
    std::string_view message = text_at(rule, {"message"});
    if (message.contains('\n')) {
      add(kube::field_invalid(of("message"), shown(quoted(message)),
                              "message must not contain line breaks"));
    }
    std::string_view reason = text_at(rule, {"reason"});
    if (!reason.empty() && std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
      add(kube::field_not_supported(of("reason"), shown(quoted(reason)), reasons));
    }
    std::string_view field = text_at(rule, {"fieldPath"});
    if (!field.empty() && !is_field_path(field, schema)) {
      add(kube::field_invalid(
          of("fieldPath"), shown(quoted(field)),
          "fieldPath must be a valid path: .a.b or ['a'] of fields that exist"));
    }
  }

  /// `.a['b'].c` of fields of the type.
  static bool is_field_path(std::string_view path, const Schema& schema) {
    const Schema* type = &schema;
    while (!path.empty()) {
      std::string_view name;
      if (path.starts_with("['")) {
        size_t end = path.find("']");
        if (end == path.npos) return false;
        name = path.substr(2, end - 2);
        path.remove_prefix(end + 2);
      } else if (path.starts_with('.')) {
        name = path.substr(1, path.find_first_of(".[", 1) - 1);
        path.remove_prefix(1 + name.size());
      } else {
        return false;
      }
      type = type->field(name);
      if (type == nullptr) return false;
    }
    return true;
  }

  void check_metadata(const json::value& props) {
    const json::value* metadata = find(props, {"properties", "metadata"});
    if (metadata == nullptr || !metadata->is_object()) return;
    constexpr std::string_view why =
        "must not specify anything other than name and generateName, but metadata is implicitly "
        "specified";
    const json::value* fields = find(*metadata, {"properties"});
    bool fine = true;
    if (fields != nullptr && fields->is_object()) {
      for (const auto& [name, value] : fields->get_object()) {
        fine = fine && (name == "name" || name == "generateName");
      }
    }
    for (const auto& [name, value] : metadata->get_object()) {
      fine = fine && (name == "type" || name == "description" || name == "properties");
    }
    if (!fine) add(kube::field_forbidden(of("properties[metadata]"), why));
  }

  void check_parts(const json::value& props) {
    if (const json::value* fields = find(props, {"properties"}); fields && fields->is_object()) {
      for (const auto& [name, value] : fields->get_object()) {
        at(".properties[" + std::string(name) + "]", [&] { check(value, Level::field); });
      }
    }
    if (const json::value* values = find(props, {"additionalProperties"})) {
      at(".additionalProperties", [&] { check(*values, Level::field); });
    }
    if (const json::value* items = find(props, {"items"})) {
      std::string outer = changing_list_;
      // Only the keys of a list of type map tell which item was which.
      if (outer.empty() && text_at(props, {"x-kubernetes-list-type"}) != "map") {
        changing_list_ = path_;
      }
      at(".items", [&] { check(*items, Level::item); });
      changing_list_ = outer;
    }
  }

  void check_alternatives(const json::value& props, std::string_view name) {
    const json::value* list = find(props, {name});
    if (list == nullptr || !list->is_array()) return;
    bool either = bool_at(props, {"x-kubernetes-int-or-string"});
    for (size_t i = 0; i < list->get_array().size(); ++i) {
      at("." + std::string(name) + "[" + std::to_string(i) + "]",
         [&] { check_alternative(list->get_array()[i], props, either); });
    }
  }

  /// `either`: of an int-or-string, whose alternatives are the two types.
  void check_alternative(const json::value& part, const json::value& whole, bool either) {
    if (depth_ >= kMaxDepth || !part.is_object()) return;
    ++depth_;
    for (std::string_view name : kNotInAlternatives) {
      const json::value* value = find(part, {name});
      if (value == nullptr || value->is_null() || (either && name == "type")) continue;
      if (value->is_bool() && !value->get_bool()) continue;
      add(kube::field_forbidden(of(name), "must be empty to be structural"));
    }
    check_pattern(part);
    if (const json::value* fields = find(part, {"properties"}); fields && fields->is_object()) {
      for (const auto& [name, value] : fields->get_object()) {
        at(".properties[" + std::string(name) + "]", [&] {
          const json::value* known = find(whole, {"properties", name});
          if (known == nullptr) {
            add(kube::field_required(path_,
                                     "it must be specified outside of the alternatives as "
                                     "well, because it is defined here"));
          } else {
            check_alternative(value, *known, bool_at(*known, {"x-kubernetes-int-or-string"}));
          }
        });
      }
    }
    if (const json::value* items = find(part, {"items"})) {
      if (const json::value* known = find(whole, {"items"})) {
        at(".items", [&] {
          check_alternative(*items, *known, bool_at(*known, {"x-kubernetes-int-or-string"}));
        });
      }
    }
    for (std::string_view name : {"allOf", "anyOf", "oneOf"}) {
      const json::value* list = find(part, {name});
      if (list == nullptr || !list->is_array()) continue;
      for (size_t i = 0; i < list->get_array().size(); ++i) {
        at("." + std::string(name) + "[" + std::to_string(i) + "]",
           [&] { check_alternative(list->get_array()[i], whole, either); });
      }
    }
    if (const json::value* refused = find(part, {"not"})) {
      at(".not", [&] { check_alternative(*refused, whole, either); });
    }
    --depth_;
  }

  std::string path_;
  std::string changing_list_;  ///< the outermost list whose items have no identity; empty: none
  std::vector<kube::FieldError> errors_;
  size_t depth_ = 0;
};

}  // namespace

std::vector<kube::FieldError> check_structural(const json::value& props, std::string path) {
  Checker checker(std::move(path));
  checker.check(props, Level::root);
  return checker.take();
}

}  // namespace ks::store
