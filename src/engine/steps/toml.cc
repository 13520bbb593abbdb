#include <fmt/format.h>

#include <sstream>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include "engine/files.h"
#include "engine/values.h"

// readTOML, writeTOML.

namespace ks::engine {
namespace {

constexpr int kMaxDepth = 100;

template <class T>
std::string as_written(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

json::value to_data(const toml::node& node) {
  if (const toml::table* table = node.as_table()) {
    json::object object;
    for (const auto& [key, member] : *table) object[key.str()] = to_data(member);
    return object;
  }
  if (const toml::array* array = node.as_array()) {
    json::array list;
    for (const toml::node& item : *array) list.push_back(to_data(item));
    return list;
  }
  if (const auto* text = node.as_string()) return json::value(json::string(text->get()));
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* date = node.as_date()) return json::value(as_written(date->get()).c_str());
  if (const auto* time = node.as_time()) return json::value(as_written(time->get()).c_str());
  if (const auto* moment = node.as_date_time())
    return json::value(as_written(moment->get()).c_str());
  return nullptr;
}

void insert(toml::table& into, std::string_view key, const json::value& value);

toml::table to_table(const json::object& object) {
  toml::table table;
  for (const auto& [key, member] : object) insert(table, key, member);
  return table;
}

toml::array to_array(const json::array& list) {
  toml::array array;
  for (const json::value& item : list) {
    if (const json::object* object = item.if_object()) array.push_back(to_table(*object));
    if (const json::array* inner = item.if_array()) array.push_back(to_array(*inner));
    if (const json::string* text = item.if_string()) array.push_back(std::string(*text));
    if (item.is_int64()) array.push_back(item.get_int64());
    if (item.is_double()) array.push_back(item.get_double());
    if (item.is_bool()) array.push_back(item.get_bool());
  }
  return array;
}

/// TOML has no null: such a member is left out.
void insert(toml::table& into, std::string_view key, const json::value& value) {
  if (const json::object* object = value.if_object()) into.insert_or_assign(key, to_table(*object));
  if (const json::array* list = value.if_array()) into.insert_or_assign(key, to_array(*list));
  if (const json::string* text = value.if_string()) into.insert_or_assign(key, std::string(*text));
  if (value.is_int64()) into.insert_or_assign(key, value.get_int64());
  if (value.is_double()) into.insert_or_assign(key, value.get_double());
  if (value.is_bool()) into.insert_or_assign(key, value.get_bool());
}

/// The parser calls itself for each bracket: too many are refused before.
bool too_deep(std::string_view text) {
  int depth = 0;
  for (char c : text) {
    if (c == '[' || c == '{') depth++;
    if (c == ']' || c == '}' || c == '\n') depth = c == '\n' ? depth : std::max(0, depth - 1);
    if (depth > kMaxDepth) return true;
  }
  return false;
}

groovy::Value read_toml(StepCall& call) {
  const std::string text = file_or_text(call, false);
  constexpr std::string_view kException = "com.fasterxml.jackson.core.JsonParseException";
  if (too_deep(text)) {
    throw_java(call, kException, "java.io.IOException",
               fmt::format("readTOML: nested deeper than {} levels", kMaxDepth));
  }
  const toml::parse_result parsed = toml::parse(std::string_view(text));
  if (!parsed) {
    const toml::source_position at = parsed.error().source().begin;
    throw_java(call, kException, "java.io.IOException",
               fmt::format("readTOML: line {}, column {}: {}", at.line, at.column,
                           parsed.error().description()));
  }
  return to_groovy(call.run.interpreter(), to_data(parsed.table()));
}

groovy::Value write_toml(StepCall& call) {
  const bool return_text = call.flag("returnText");
  const std::string file = call.text("file");
  if (!call.has("toml") || call.value("toml").is_null())
    throw_illegal_argument(call, "You have to provide a TOML object to save for writeTOML.");
  if (file.empty() && !return_text)
    throw_illegal_argument(call, "You have to provide either file or returnText to writeTOML.");
  if (!file.empty() && return_text)
    throw_illegal_argument(call, "You cannot provide both returnText and file to writeTOML.");
  const json::value data = data_of(call, call.value("toml"));
  if (!data.is_object())
    throw_illegal_argument(call, "writeTOML: a TOML document is a map at its top");
  std::ostringstream out;
  out << to_table(data.get_object()) << '\n';
  if (return_text) return call.string(out.str());
  need_workspace(call);
  refuse_folder(call, file);
  write_text(call, resolve(call, file), out.str());
  return {};
}

}  // namespace

void add_toml_steps(StepRegistry& registry) {
  registry.add(
      {.name = "readTOML", .parameters = {"file", "text"}, .sole = {}, .function = read_toml});
  registry.add({.name = "writeTOML",
                .parameters = {"toml", "file", "returnText"},
                .sole = "toml",
                .function = write_toml});
}

}  // namespace ks::engine
