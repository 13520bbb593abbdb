#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "base/text.h"
#include "store/schema/check.h"
#include "store/schema/formats.h"
#include "store/schema/value_text.h"

/// What Kubernetes' decoder would say of a text that is not of a built-in type.

namespace ks::store {

namespace {

constexpr size_t kMaxDepth = 1'000;

/// `Container` of `io.k8s.api.core.v1.Container`.
std::string_view struct_name(std::string_view type) {
  return type.substr(type.rfind('.') == std::string_view::npos ? 0 : type.rfind('.') + 1);
}

/// `v1.Container`: the last two parts.
std::string_view package_name(std::string_view type) {
  size_t dot = type.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return type;
  size_t before = type.rfind('.', dot - 1);
  return before == std::string_view::npos ? type : type.substr(before + 1);
}

std::string go_type(const Schema& schema) {
  if (!schema.name.empty()) return std::string(package_name(schema.name));
  switch (schema.type) {
    case Schema::Type::array:
      return "[]" + (schema.items == nullptr ? "interface {}" : go_type(*schema.items));
    case Schema::Type::object:
      return "map[string]" + (schema.values == nullptr ? "interface {}" : go_type(*schema.values));
    case Schema::Type::string: return schema.format == "byte" ? "[]uint8" : "string";
    case Schema::Type::integer: return schema.format.empty() ? "int64" : schema.format;
    case Schema::Type::number: return "float64";
    case Schema::Type::boolean: return "bool";
    case Schema::Type::any: return "interface {}";
  }
  return {};
}

std::string_view go_kind(const json::value& value) {
  if (value.is_bool()) return "bool";
  if (value.is_number()) return "number";
  return type_of_value(value);
}

class Decoder {
 public:
  std::string fault_of(const json::value& value, const Schema& schema, size_t depth) {
    if (value.is_null() || depth > kMaxDepth || schema.type == Schema::Type::any ||
        (schema.preserve_unknown && schema.properties.empty())) {
      return {};
    }
    if (schema.int_or_string) {
      return value.is_string() || value.is_number() ? "" : unmarshal(value, "int32");
    }
    if (schema.quantity) return fault_of_quantity(value);
    switch (schema.type) {
      case Schema::Type::any: return {};
      case Schema::Type::object: return fault_of_object(value, schema, depth);
      case Schema::Type::array: return fault_of_array(value, schema, depth);
      case Schema::Type::string: return fault_of_text(value, schema);
      case Schema::Type::boolean: return value.is_bool() ? "" : mismatch(value, schema);
      case Schema::Type::number: return value.is_number() ? "" : mismatch(value, schema);
      case Schema::Type::integer: return fault_of_integer(value, schema);
    }
    return {};
  }

 private:
  static std::string unmarshal(const json::value& value, std::string_view type) {
    return fmt::format("json: cannot unmarshal {} into Go value of type {}", go_kind(value), type);
  }

  std::string mismatch(std::string_view what, const Schema& schema) const {
    if (fields_.empty()) {
      return fmt::format("json: cannot unmarshal {} into Go value of type {}", what,
                         go_type(schema));
    }
    return fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}", what,
                       struct_, join(fields_, "."), go_type(schema));
  }
  std::string mismatch(const json::value& value, const Schema& schema) const {
    return mismatch(go_kind(value), schema);
  }

  std::string fault_of_object(const json::value& value, const Schema& schema, size_t depth) {
    if (!value.is_object()) return mismatch(value, schema);
    for (const auto& [name, field] : value.get_object()) {
      const Schema::Property* property = schema.property(name);
      if (property == nullptr) {
        if (schema.values == nullptr) continue;
        // Keys of maps are not part of the path.
        if (std::string fault = fault_of(field, *schema.values, depth + 1); !fault.empty()) {
          return fault;
        }
        continue;
      }
      std::string outer = std::exchange(struct_, std::string(struct_name(schema.name)));
      fields_.emplace_back(name);
      std::string fault = fault_of(field, *property->schema, depth + 1);
      fields_.pop_back();
      struct_ = std::move(outer);
      if (!fault.empty()) return fault;
    }
    return {};
  }

  std::string fault_of_array(const json::value& value, const Schema& schema, size_t depth) {
    if (!value.is_array()) return mismatch(value, schema);
    if (schema.items == nullptr) return {};
    for (const json::value& item : value.get_array()) {
      if (std::string fault = fault_of(item, *schema.items, depth + 1); !fault.empty()) {
        return fault;
      }
    }
    return {};
  }

  std::string fault_of_text(const json::value& value, const Schema& schema) const {
    bool is_time = schema.format == "date-time" && !schema.name.empty();
    if (!value.is_string()) {
      return is_time ? unmarshal(value, "string") : mismatch(value, schema);
    }
    std::string_view text = value.get_string();
    if (is_time && !is_date_time(text)) {
      std::string_view layout = schema.name.ends_with("MicroTime")
                                    ? "2006-01-02T15:04:05.000000Z07:00"
                                    : "2006-01-02T15:04:05Z07:00";
      return fmt::format("parsing time {} as \"{}\": cannot parse {} as \"2006\"", shown(value),
                         layout, shown(value));
    }
    if (schema.format == "byte") {
      if (Result<std::string> bytes = base64_decode(text); !bytes) {
        return fmt::format("illegal base64 data at input byte {}", base64_fault(text));
      }
    }
    return {};
  }

  /// Where base64 stops being base64.
  static size_t base64_fault(std::string_view text) {
    size_t bad = text.find_first_not_of(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n");
    return bad == std::string_view::npos ? text.size() : bad;
  }

  std::string fault_of_integer(const json::value& value, const Schema& schema) const {
    if (!value.is_number()) return mismatch(value, schema);
    double number = value.to_number<double>();
    bool whole = !value.is_double() || std::trunc(number) == number;
    bool fits = schema.format == "int32" ? number >= -2147483648.0 && number <= 2147483647.0
                                         : value.is_int64() || std::abs(number) < 9.2e18;
    if (whole && fits) return {};
    return mismatch("number " + shown(value), schema);
  }

  static std::string fault_of_quantity(const json::value& value) {
    bool good = value.is_number() || (value.is_string() && is_quantity(value.get_string()));
    if (good) return {};
    return "quantities must match the regular expression "
           "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  }

  std::string struct_;
  std::vector<std::string> fields_;
};

}  // namespace

std::string decoding_fault(const json::value& value, const Schema& schema) {
  return Decoder().fault_of(value, schema, 0);
}

}  // namespace ks::store
