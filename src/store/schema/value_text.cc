#include "store/schema/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/json.h"

namespace ks::store {

namespace {
constexpr size_t kMostShown = 1024;
}

std::string shown(const json::value& value) {
  std::string out = value.is_double() ? number_text(value.get_double()) : json::serialize(value);
  if (out.size() <= kMostShown) return out;
  size_t cut = kMostShown;
  while ((static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;
  out.resize(cut);
  return out + "...";
}

std::string_view type_of_value(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "boolean";
    case json::kind::int64:
    case json::kind::uint64: return "integer";
    case json::kind::double_: return "number";
    case json::kind::string: return "string";
    case json::kind::array: return "array";
    case json::kind::object: return "object";
  }
  return "";
}

std::string number_text(double number) {
  if (std::trunc(number) == number && std::abs(number) < 1e15) {
    return fmt::format("{:.0f}", number);
  }
  return fmt::format("{}", number);
}

bool same_value(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_double() || b.is_double()) return a.to_number<double>() == b.to_number<double>();
    return a == b;  // int64 and uint64 compare by their value
  }
  if (a.kind() != b.kind()) return false;
  if (const json::array* items = a.if_array()) {
    return std::ranges::equal(*items, b.get_array(), same_value);
  }
  if (const json::object* members = a.if_object()) {
    const json::object& others = b.get_object();
    return members->size() == others.size() && std::ranges::all_of(*members, [&](const auto& m) {
             const json::value* other = others.if_contains(m.key());
             return other != nullptr && same_value(m.value(), *other);
           });
  }
  return a == b;
}

}  // namespace ks::store
