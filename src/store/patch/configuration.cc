#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "store/patch/measure.h"
#include "store/patch/typed.h"

namespace ks::store {
namespace {

constexpr size_t kMaxFaults = 50;

/// Holds a configuration against its type as far as merging needs it; what else is wrong with the
/// result, validation finds.
class Checker {
 public:
  std::vector<std::string> check(const json::value& value, const Schema* schema) {
    visit(value, schema);
    return std::move(faults_);
  }

 private:
  void fault(std::string_view what) {
    if (faults_.size() == kMaxFaults) return;
    faults_.push_back(path_.empty() ? std::string(what) : fmt::format("{}: {}", path_, what));
  }

  void visit(const json::value& value, const Schema* schema) {
    if (schema == nullptr || value.is_null() || faults_.size() == kMaxFaults) return;
    switch (schema->type) {
      case Schema::Type::any:
        if (value.is_object()) visit_object(value.get_object(), *schema);
        break;
      case Schema::Type::object:
        if (!value.is_object()) return fault(fmt::format("expected map, got {}", shown(value)));
        visit_object(value.get_object(), *schema);
        break;
      case Schema::Type::array:
        if (!value.is_array()) return fault(fmt::format("expected list, got {}", shown(value)));
        visit_list(value.get_array(), *schema);
        break;
      case Schema::Type::string:
        if (value.is_string() || (takes_numbers(*schema) && value.is_number())) break;
        return fault(fmt::format("expected string, got {}", shown(value)));
      case Schema::Type::integer:
      case Schema::Type::number:
        if (value.is_number() || (schema->int_or_string && value.is_string())) break;
        return fault(fmt::format("expected numeric (int or float), got {}", kind_name(value)));
      case Schema::Type::boolean:
        if (!value.is_bool()) fault(fmt::format("expected boolean, got {}", kind_name(value)));
    }
  }

  void visit_object(const json::object& object, const Schema& schema) {
    const bool any = schema.type == Schema::Type::any || schema.preserve_unknown;
    // A type that names nothing takes everything.
    const bool open = any || (schema.properties.empty() && schema.values == nullptr);
    for (const auto& [key, value] : object) {
      const size_t before = path_.size();
      path_ += '.';
      path_ += std::string_view(key);
      const Schema* type = schema.field(key);
      if (type == nullptr && !open) fault("field not declared in schema");
      visit(value, type);
      path_.resize(before);
    }
  }

  void visit_list(const json::array& list, const Schema& schema) {
    const bool atomic = schema.list_type == Schema::ListType::atomic;
    absl::flat_hash_set<std::string> seen;
    const size_t before = path_.size();
    for (size_t i = 0; i < list.size(); i++) {
      PathElement element{PathElement::Kind::index, std::to_string(i)};
      if (!atomic) {
        Result<PathElement> identity = element_of(list[i], schema);
        if (!identity) {
          fault(fmt::format("element {}: {}", i, identity.error().message));
          continue;
        }
        element = std::move(*identity);
        if (!seen.insert(element.text).second) {
          std::string shown;
          element.append_path(shown);
          fault(fmt::format("duplicate entries for key {}", shown));
        }
      }
      element.append_path(path_);
      visit(list[i], schema.items);
      path_.resize(before);
    }
  }

  /// Quantities and ports are texts that may be written as numbers.
  static bool takes_numbers(const Schema& schema) {
    return schema.int_or_string || schema.quantity;
  }

  static std::string shown(const json::value& value) {
    return value.is_string() ? to_json(value) : go_text(value);
  }

  static std::string_view kind_name(const json::value& value) {
    if (value.is_object()) return "map";
    if (value.is_array()) return "list";
    if (value.is_string()) return "string";
    return value.is_bool() ? "bool" : value.is_double() ? "float64" : "int64";
  }

  std::string path_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> configuration_faults(const json::value& configuration,
                                              const Schema* schema) {
  return Checker().check(configuration, schema);
}

}  // namespace ks::store
