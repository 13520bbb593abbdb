#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/json.h"
#include "store/patch/field_set.h"

namespace ks::store {
namespace {

constexpr std::string_view kSelf = ".";

char prefix_of(PathElement::Kind kind) {
  switch (kind) {
    case PathElement::Kind::field: return 'f';
    case PathElement::Kind::key: return 'k';
    case PathElement::Kind::value: return 'v';
    case PathElement::Kind::index: break;
  }
  return 'i';
}

Result<std::string> canonical(std::string_view text) {
  json::value value = TRY(parse_json(text));
  std::string out;
  append_canonical(out, value);
  return out;
}

Result<PathElement> parse_element(std::string_view text) {
  if (text.size() >= 2 && text[1] == ':') {
    const std::string_view rest = text.substr(2);
    switch (text[0]) {
      case 'f': return PathElement{PathElement::Kind::field, std::string(rest)};
      case 'v': return PathElement{PathElement::Kind::value, TRY(canonical(rest))};
      case 'k':
        if (!rest.starts_with('{')) break;
        return PathElement{PathElement::Kind::key, TRY(canonical(rest))};
      case 'i': {
        int64_t index = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
        if (error != std::errc() || end != rest.data() + rest.size()) break;
        return PathElement{PathElement::Kind::index, std::to_string(index)};
      }
      default: break;
    }
  }
  return Error{Code::invalid, fmt::format("\"{}\" is no path element of FieldsV1", text)};
}

Result<FieldSet> decode_object(const json::object& object) {
  FieldSet set;
  set.nodes.reserve(object.size());
  for (const auto& [key, value] : object) {
    if (key == kSelf) continue;
    PathElement element = TRY(parse_element(key));
    if (!value.is_object()) {
      return Error{Code::invalid,
                   fmt::format("\"{}\" of FieldsV1 is no object", std::string_view(key))};
    }
    const json::object& inner = value.get_object();
    const bool member = inner.empty() || inner.contains(kSelf);
    set.append(std::move(element), member, TRY(decode_object(inner)));
  }
  set.sort();
  return set;
}

/// `self`: whether the path that leads to the set is a member as well.
json::object encode(const FieldSet& set, bool self, const json::storage_ptr& storage) {
  json::object out(storage);
  if (set.empty()) return out;
  out.reserve(set.nodes.size() + (self ? 1 : 0));
  if (self) out.emplace(kSelf, json::object(storage));
  std::string key;
  for (const FieldSet::Node& node : set.nodes) {
    key.assign({prefix_of(node.element.kind), ':'});
    key += node.element.text;
    out.emplace(key, encode(node.below, node.member, storage));
  }
  return out;
}

}  // namespace

void append_canonical(std::string& out, const json::value& value) {
  if (const json::string* text = value.if_string()) {
    append_json_string(out, *text);
  } else if (const json::object* object = value.if_object()) {
    std::vector<std::string_view> keys;
    for (const auto& member : *object) keys.emplace_back(member.key());
    std::ranges::sort(keys);
    char separator = '{';
    for (std::string_view key : keys) {
      out += separator;
      append_json_string(out, key);
      out += ':';
      append_canonical(out, object->at(key));
      separator = ',';
    }
    out += keys.empty() ? "{}" : "}";
  } else if (const json::array* array = value.if_array()) {
    char separator = '[';
    for (const json::value& item : *array) {
      out += separator;
      append_canonical(out, item);
      separator = ',';
    }
    out += array->empty() ? "[]" : "]";
  } else if (value.is_double()) {
    const double number = value.get_double();
    // 1.0 and 1 are the same key.
    out += std::trunc(number) == number && std::abs(number) < 1e15 ? fmt::format("{:.0f}", number)
                                                                   : fmt::format("{}", number);
  } else {
    out += to_json(value);
  }
}

json::object encode_fields(const FieldSet& set, const json::storage_ptr& storage) {
  return encode(set, false, storage);
}

Result<FieldSet> decode_fields(const json::value& fields) {
  if (fields.is_null()) return FieldSet{};
  if (!fields.is_object()) return Error{Code::invalid, "FieldsV1 is no object"};
  return decode_object(fields.get_object());
}

}  // namespace ks::store
