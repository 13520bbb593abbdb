#include "store/schema/cel/value.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "store/schema/cel/time.h"

namespace ks::store::cel {

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::error: return "error";
    case Kind::null: return "null_type";
    case Kind::boolean: return "bool";
    case Kind::integer: return "int";
    case Kind::unsigned_integer: return "uint";
    case Kind::real: return "double";
    case Kind::string: return "string";
    case Kind::bytes: return "bytes";
    case Kind::list: return "list";
    case Kind::map: return "map";
    case Kind::duration: return "google.protobuf.Duration";
    case Kind::timestamp: return "google.protobuf.Timestamp";
    case Kind::type: return "type";
    case Kind::optional: return "optional_type";
    case Kind::url: return "kubernetes.URL";
    case Kind::quantity: return "kubernetes.Quantity";
    case Kind::ip: return "net.IP";
    case Kind::cidr: return "net.CIDR";
    case Kind::format: return "kubernetes.NamedFormat";
  }
  return "";
}

Value of_bool(bool value) { return {.kind = Kind::boolean, .boolean = value}; }
Value of_int(int64_t value) { return {.kind = Kind::integer, .integer = value}; }
Value of_uint(uint64_t value) {
  return {.kind = Kind::unsigned_integer, .unsigned_integer = value};
}
Value of_double(double value) { return {.kind = Kind::real, .real = value}; }
Value of_duration(int64_t nanoseconds) { return {.kind = Kind::duration, .integer = nanoseconds}; }
Value of_timestamp(int64_t seconds, uint32_t nanos) {
  return {.kind = Kind::timestamp, .nanos = nanos, .integer = seconds};
}
Value of_text(Kind kind, std::string_view text) { return {.kind = kind, .text = text}; }
Value of_string(std::string_view text) { return of_text(Kind::string, text); }
Value of_error(std::string_view constant_text) { return of_text(Kind::error, constant_text); }

Value Arena::list(List values) {
  return {.kind = Kind::list, .list = &lists_.emplace_back(std::move(values))};
}

Value Arena::map(Map values) {
  return {.kind = Kind::map, .map = &maps_.emplace_back(std::move(values))};
}

Value Arena::none() const { return {.kind = Kind::optional, .content = nullptr}; }

Value Arena::some(const Value& value) {
  return {.kind = Kind::optional, .content = &values_.emplace_back(value)};
}

Value Arena::quantity(__int128 amount) {
  return {.kind = Kind::quantity, .amount = &amounts_.emplace_back(amount)};
}

namespace {

/// A string of a format that CEL has a type for; as it is when it does not parse.
Value of_formatted(std::string_view text, std::string_view format, Arena& arena) {
  if (format == "date-time" || format == "date") {
    const std::string whole =
        format == "date" ? std::string(text) + "T00:00:00Z" : std::string(text);
    if (const auto time = parse_timestamp(whole)) return of_timestamp(time->seconds, time->nanos);
  } else if (format == "duration") {
    if (const auto duration = parse_duration(text)) return of_duration(*duration);
  } else if (format == "byte") {
    if (Result<std::string> bytes = base64_decode(text))
      return of_text(Kind::bytes, arena.keep(std::move(*bytes)));
  }
  return of_string(text);
}

Value of_json_number(double number, const Schema* schema) {
  const bool integral = schema != nullptr && schema->type == Schema::Type::integer;
  if (integral && std::trunc(number) == number && std::abs(number) < 9.2e18)
    return of_int(static_cast<int64_t>(number));
  return of_double(number);
}

}  // namespace

Value of_json(const json::value& node, const Schema* schema, Arena& arena) {
  switch (node.kind()) {
    case json::kind::null: return {};
    case json::kind::bool_: return of_bool(node.get_bool());
    case json::kind::int64:
      if (schema != nullptr && schema->type == Schema::Type::number)
        return of_double(static_cast<double>(node.get_int64()));
      return of_int(node.get_int64());
    case json::kind::uint64: return of_double(static_cast<double>(node.get_uint64()));
    case json::kind::double_: return of_json_number(node.get_double(), schema);
    case json::kind::string:
      if (schema != nullptr && !schema->format.empty() && !schema->int_or_string)
        return of_formatted(node.get_string(), schema->format, arena);
      return of_string(node.get_string());
    case json::kind::array:
    case json::kind::object: break;
  }
  Value out;
  out.kind = node.is_array() ? Kind::list : Kind::map;
  out.node = &node;
  out.schema = schema;
  return out;
}

size_t size_of(const Value& value) {
  if (value.node == nullptr)
    return value.kind == Kind::list ? value.list->size() : value.map->size();
  return value.kind == Kind::list ? value.node->get_array().size()
                                  : value.node->get_object().size();
}

Value element(const Value& list, size_t index, Arena& arena) {
  if (list.node == nullptr) return (*list.list)[index];
  return of_json(list.node->get_array()[index], list.schema ? list.schema->items : nullptr, arena);
}

Value map_key(const Value& map, size_t index) {
  if (map.node == nullptr) return (*map.map)[index].first;
  return of_string((map.node->get_object().begin() + static_cast<std::ptrdiff_t>(index))->key());
}

Value map_value(const Value& map, size_t index, Arena& arena) {
  if (map.node == nullptr) return (*map.map)[index].second;
  const json::key_value_pair& entry =
      *(map.node->get_object().begin() + static_cast<std::ptrdiff_t>(index));
  return of_json(entry.value(), map.schema ? map.schema->field(entry.key()) : nullptr, arena);
}

bool find_entry(const Value& map, const Value& key, Value& out, Arena& arena) {
  if (map.node != nullptr) {
    if (key.kind != Kind::string) return false;
    const json::value* found = map.node->get_object().if_contains(key.text);
    if (found == nullptr) return false;
    out = of_json(*found, map.schema ? map.schema->field(key.text) : nullptr, arena);
    return true;
  }
  uint64_t steps = 1000;
  for (const auto& [name, value] : *map.map) {
    if (!equal(name, key, arena, steps)) continue;
    out = value;
    return true;
  }
  return false;
}

bool find_field(const Value& object, std::string_view name, Value& out, Arena& arena) {
  const bool typed =
      object.node != nullptr && object.schema != nullptr && !object.schema->properties.empty();
  if (!typed || !name.contains("__")) return find_entry(object, of_string(name), out, arena);
  return find_entry(object, of_string(arena.keep(unescape_field(name))), out, arena);
}

Schema::ListType list_type(const Value& list) {
  return list.schema == nullptr ? Schema::ListType::atomic : list.schema->list_type;
}

namespace {

/// Numbers of any two types. NaN is incomparable.
int compare_numbers(const Value& a, const Value& b, bool& comparable) {
  auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (a.kind == Kind::real || b.kind == Kind::real) {
    auto as_double = [](const Value& v) -> long double {
      if (v.kind == Kind::real) return v.real;
      return v.kind == Kind::integer ? static_cast<long double>(v.integer)
                                     : static_cast<long double>(v.unsigned_integer);
    };
    const long double x = as_double(a), y = as_double(b);
    comparable = !std::isnan(x) && !std::isnan(y);
    return sign(x, y);
  }
  auto wide = [](const Value& v) -> __int128 {
    return v.kind == Kind::integer ? static_cast<__int128>(v.integer)
                                   : static_cast<__int128>(v.unsigned_integer);
  };
  return sign(wide(a), wide(b));
}

/// Whether two entries of a list of type map are about the same thing.
bool same_keys(const Value& a, const Value& b, const std::vector<std::string>& keys, Arena& arena,
               uint64_t& steps) {
  if (a.kind != Kind::map || b.kind != Kind::map) return false;
  return std::ranges::all_of(keys, [&](const std::string& key) {
    Value left, right;
    const bool has_left = find_entry(a, of_string(key), left, arena);
    const bool has_right = find_entry(b, of_string(key), right, arena);
    return has_left == has_right && (!has_left || equal(left, right, arena, steps));
  });
}

bool equal_in_any_order(const Value& a, const Value& b, Arena& arena, uint64_t& steps) {
  const bool keyed = list_type(a) == Schema::ListType::map;
  for (size_t i = 0; i < size_of(a); ++i) {
    const Value one = element(a, i, arena);
    bool found = false;
    for (size_t j = 0; j < size_of(b) && !found; ++j) {
      const Value other = element(b, j, arena);
      if (keyed && !same_keys(one, other, a.schema->list_keys, arena, steps)) continue;
      found = equal(one, other, arena, steps);
    }
    if (!found) return false;
  }
  return true;
}

bool equal_lists(const Value& a, const Value& b, Arena& arena, uint64_t& steps) {
  if (size_of(a) != size_of(b)) return false;
  if (list_type(a) != Schema::ListType::atomic) return equal_in_any_order(a, b, arena, steps);
  for (size_t i = 0; i < size_of(a); ++i)
    if (!equal(element(a, i, arena), element(b, i, arena), arena, steps)) return false;
  return true;
}

bool equal_maps(const Value& a, const Value& b, Arena& arena, uint64_t& steps) {
  if (size_of(a) != size_of(b)) return false;
  for (size_t i = 0; i < size_of(a); ++i) {
    Value other;
    if (!find_entry(b, map_key(a, i), other, arena)) return false;
    if (!equal(map_value(a, i, arena), other, arena, steps)) return false;
  }
  return true;
}

}  // namespace

bool equal(const Value& a, const Value& b, Arena& arena, uint64_t& steps) {
  const uint64_t cost = 1 + std::min(a.text.size(), b.text.size()) / 16;
  if (steps < cost) return steps = 0, false;
  steps -= cost;
  if (a.is_number() && b.is_number()) {
    bool comparable = true;
    return compare_numbers(a, b, comparable) == 0 && comparable;
  }
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::null: return true;
    case Kind::boolean: return a.boolean == b.boolean;
    case Kind::duration: return a.integer == b.integer;
    case Kind::timestamp: return a.integer == b.integer && a.nanos == b.nanos;
    case Kind::list: return equal_lists(a, b, arena, steps);
    case Kind::map: return equal_maps(a, b, arena, steps);
    case Kind::quantity: return *a.amount == *b.amount;
    case Kind::ip: return *a.address == *b.address;
    case Kind::cidr: return *a.address == *b.address && a.integer == b.integer;
    case Kind::format: return a.text == b.text;
    case Kind::optional:
      if (a.content == nullptr || b.content == nullptr) return a.content == b.content;
      return equal(*a.content, *b.content, arena, steps);
    case Kind::error:
    case Kind::integer:  // numbers are handled above
    case Kind::unsigned_integer:
    case Kind::real: return false;
    case Kind::string:
    case Kind::bytes:
    case Kind::type:
    case Kind::url: return a.text == b.text;
  }
  return false;
}

int compare(const Value& a, const Value& b, bool& comparable) {
  comparable = true;
  auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  if (a.is_number() && b.is_number()) return compare_numbers(a, b, comparable);
  if (a.kind == b.kind) {
    if (a.kind == Kind::string || a.kind == Kind::bytes) return sign(a.text, b.text);
    if (a.kind == Kind::boolean) return sign(a.boolean, b.boolean);
    if (a.kind == Kind::duration) return sign(a.integer, b.integer);
    if (a.kind == Kind::timestamp)
      return sign(std::pair(a.integer, a.nanos), std::pair(b.integer, b.nanos));
    if (a.kind == Kind::quantity) return sign(*a.amount, *b.amount);
  }
  comparable = false;
  return 0;
}

std::string unescape_field(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kEscapes = {
      {{"__underscores__", "__"}, {"__dot__", "."}, {"__dash__", "-"}, {"__slash__", "/"}}};
  std::string out;
  for (size_t at = 0; at < name.size();) {
    const auto escape = std::ranges::find_if(
        kEscapes, [&](const auto& e) { return name.substr(at).starts_with(e.first); });
    if (escape != kEscapes.end()) {
      out += escape->second;
      at += escape->first.size();
    } else if (at == 0 && name.starts_with("__") && name.ends_with("__") && name.size() > 4 &&
               !name.substr(2, name.size() - 4).contains("__")) {
      return std::string(name.substr(2, name.size() - 4));  // __namespace__: a reserved word
    } else {
      out += name[at++];
    }
  }
  return out;
}

}  // namespace ks::store::cel
