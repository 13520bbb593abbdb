#include <algorithm>
#include <boost/json.hpp>

#include "store/schema/builtin.h"
#include "store/schema/check.h"
#include "store/schema/field_path.h"
#include "store/schema/quantity.h"
#include "store/schema/value_text.h"

namespace ks::store {

namespace {

/// Deeper values do not come out of parse_json(); they are left as they are.
constexpr size_t kMaxDepth = 1'000;

class Pruner {
 public:
  std::vector<std::string> removed;

  void walk(json::value& value, const Schema& schema, size_t depth) {
    if (depth > kMaxDepth) return;
    if (json::object* object = value.if_object()) {
      walk_object(*object, schema, depth);
    } else if (json::array* array = value.if_array(); array != nullptr && schema.items != nullptr) {
      for (size_t i = 0; i < array->size(); ++i) {
        FieldPath::Step step(path_, i);
        walk((*array)[i], *schema.items, depth + 1);
      }
    } else if (schema.quantity && (value.is_number() || value.is_string())) {
      const std::string given = value.is_string() ? std::string(value.get_string()) : shown(value);
      value = json::string(canonical_quantity(given).value_or(given));
    }
  }

 private:
  void walk_object(json::object& object, const Schema& schema, size_t depth) {
    std::vector<std::string> gone;
    for (auto& [name, value] : object) {
      FieldPath::Step step(path_, name);
      if (const Schema* known = field_of(schema, name)) {
        // The decoder of Kubernetes' own types makes nothing of a null.
        if (value.is_null() && schema.built_in && known->built_in && !known->preserve_unknown) {
          if (schema.property(name) != nullptr)
            gone.emplace_back(name);
          else if (known->type == Schema::Type::string)
            value.emplace_string();
        } else {
          walk(value, *known, depth + 1);
        }
      } else if (!keeps_unknown(schema)) {
        removed.push_back(path_.text());
        gone.emplace_back(name);
      }
    }
    for (const std::string& name : gone) object.erase(name);
  }

  static const Schema* field_of(const Schema& schema, std::string_view name) {
    if (const Schema* known = schema.field(name)) return known;
    if (!schema.embedded_resource) return nullptr;
    const Schema* meta = built_in_types()->find(full_type_name("meta.v1.ObjectMeta"));
    if (name == "metadata") return meta;
    return name == "apiVersion" || name == "kind" ? meta->property("name")->schema : nullptr;
  }

  static bool keeps_unknown(const Schema& schema) {
    return schema.preserve_unknown ||
           (schema.type == Schema::Type::any && schema.properties.empty() && !schema.int_or_string);
  }

  FieldPath path_;
};

}  // namespace

std::vector<std::string> prune(json::value& value, const Schema& schema) {
  Pruner pruner;
  pruner.walk(value, schema, 0);
  return std::move(pruner.removed);
}

}  // namespace ks::store
