#include "base/json.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace ks {
namespace {

/// 1-based line and column of a byte offset.
std::pair<size_t, size_t> place_of(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t line = static_cast<size_t>(std::ranges::count(before, '\n')) + 1;
  const size_t start = before.rfind('\n');
  return {line, offset - (start == before.npos ? 0 : start + 1) + 1};
}

void print_pretty(std::string& out, const json::value& value, size_t indent) {
  auto new_line = [&](size_t depth) {
    out += '\n';
    out.append(depth * 2, ' ');
  };
  if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!first) out += ',';
      first = false;
      new_line(indent + 1);
      append_json_string(out, key);
      out += ": ";
      print_pretty(out, member, indent + 1);
    }
    new_line(indent);
    out += '}';
  } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    bool first = true;
    for (const json::value& element : *array) {
      if (!first) out += ',';
      first = false;
      new_line(indent + 1);
      print_pretty(out, element, indent + 1);
    }
    new_line(indent);
    out += ']';
  } else {
    out += to_json(value);
  }
}

template <class Value>
Value* find_in(Value& root, std::initializer_list<std::string_view> path) {
  Value* at = &root;
  for (std::string_view key : path) {
    auto* object = at->if_object();
    at = object == nullptr ? nullptr : object->if_contains(key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace

Result<json::value> parse_json(std::string_view text, JsonLimits limits) {
  json::parse_options options;
  options.max_depth = limits.max_depth;
  json::parser parser({}, options);
  json::error_code error;
  const size_t used = parser.write_some(text, error);
  if (!error) {
    const size_t rest = text.find_first_not_of(" \t\r\n", used);
    if (rest != text.npos) {
      const auto [line, column] = place_of(text, rest);
      return Error{Code::invalid,
                   fmt::format("line {}, column {}: more text after the JSON value", line, column)};
    }
    return parser.release();
  }
  const auto [line, column] = place_of(text, used);
  if (error == json::error::too_deep) {
    return Error{Code::invalid, fmt::format("line {}, column {}: nested deeper than {} levels",
                                            line, column, limits.max_depth)};
  }
  return Error{Code::invalid, fmt::format("line {}, column {}: {}", line, column, error.message())};
}

std::string to_json(const json::value& value) { return json::serialize(value); }

std::string to_pretty_json(const json::value& value) {
  std::string out;
  print_pretty(out, value, 0);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kDigits[static_cast<unsigned char>(c) >> 4];
          out += kDigits[static_cast<unsigned char>(c) & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

const json::value* find(const json::value& value, std::initializer_list<std::string_view> path) {
  return find_in(value, path);
}

json::value* find(json::value& value, std::initializer_list<std::string_view> path) {
  return find_in(value, path);
}

std::string_view text_at(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* found = find(value, path);
  const json::string* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

int64_t int_at(const json::value& value, std::initializer_list<std::string_view> path,
               int64_t otherwise) {
  const json::value* found = find(value, path);
  if (found == nullptr || !found->is_number()) return otherwise;
  json::error_code error;
  const int64_t number = found->to_number<int64_t>(error);
  return error ? otherwise : number;
}

bool bool_at(const json::value& value, std::initializer_list<std::string_view> path,
             bool otherwise) {
  const json::value* found = find(value, path);
  return found != nullptr && found->is_bool() ? found->get_bool() : otherwise;
}

void set_at(json::value& root, std::initializer_list<std::string_view> path, json::value to) {
  json::value* at = &root;
  for (std::string_view key : path) {
    if (!at->is_object()) at->emplace_object();
    at = &at->get_object()[key];
  }
  *at = std::move(to);
}

}  // namespace ks
