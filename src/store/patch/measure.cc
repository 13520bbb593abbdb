#include "store/patch/measure.h"

#include <fmt/format.h>
#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace ks::store {
namespace {

constexpr size_t kMaxGoText = 1000;

void print_go(std::string& out, const json::value& value) {
  if (out.size() > kMaxGoText) return;
  if (const json::object* object = value.if_object()) {
    std::vector<std::string_view> keys;
    for (const auto& member : *object) keys.emplace_back(member.key());
    std::ranges::sort(keys);
    out += "map[";
    for (size_t i = 0; i < keys.size() && out.size() <= kMaxGoText; i++) {
      if (i > 0) out += ' ';
      out += keys[i];
      out += ':';
      print_go(out, object->at(keys[i]));
    }
    out += ']';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (size_t i = 0; i < array->size() && out.size() <= kMaxGoText; i++) {
      if (i > 0) out += ' ';
      print_go(out, (*array)[i]);
    }
    out += ']';
  } else if (const json::string* text = value.if_string()) {
    out += std::string_view(*text);
  } else if (value.is_null()) {
    out += "<nil>";
  } else if (value.is_double()) {
    out += fmt::format("{}", value.get_double());
  } else {
    out += to_json(value);
  }
}

}  // namespace

size_t depth_of(const json::value& value) {
  size_t deepest = 0;
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
  }
  if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }
  return 0;
}

size_t size_of(const json::value& value) {
  size_t size = 2;
  if (const json::object* object = value.if_object()) {
    for (const auto& [key, member] : *object) size += key.size() + 4 + size_of(member);
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) size += 1 + size_of(item);
  } else if (const json::string* text = value.if_string()) {
    size += text->size();
  } else {
    size += 3;
  }
  return size;
}

std::string go_text(const json::value& value) {
  std::string out;
  print_go(out, value);
  if (out.size() > kMaxGoText) {
    out.resize(kMaxGoText);
    out += "...";
  }
  return out;
}

}  // namespace ks::store
