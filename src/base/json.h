#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// JSON and YAML as boost::json values, with bounds.

namespace ks {

namespace json = boost::json;

struct JsonLimits {
  size_t max_depth = 512;
};

/// Parses one JSON text. Errors name line and column; invalid UTF-8 and too great a depth are
/// errors.
Result<json::value> parse_json(std::string_view text, JsonLimits limits = {});
/// Compact.
std::string to_json(const json::value& value);
/// Two-space indentation, for people.
std::string to_pretty_json(const json::value& value);
/// Appends `text` as a JSON string with quotes.
void append_json_string(std::string& out, std::string_view text);

/// Parses YAML 1.1 as Kubernetes tools read it: the first document, with yes/no as strings, anchors
/// with a bound on expansion, no custom tags. JSON is YAML, so this reads both.
Result<json::value> parse_yaml(std::string_view text, JsonLimits limits = {});
/// All documents of a stream, empty ones left out.
Result<std::vector<json::value>> parse_yaml_documents(std::string_view text,
                                                      JsonLimits limits = {});
std::string to_yaml(const json::value& value);

/// The value at a path of object keys; null pointer when a step is missing or no object.
///
///   const json::value* phase = find(run, {"status", "phase"});
const json::value* find(const json::value& value, std::initializer_list<std::string_view> path);
json::value* find(json::value& value, std::initializer_list<std::string_view> path);
/// The text at a path; empty when it is missing or no string.
std::string_view text_at(const json::value& value, std::initializer_list<std::string_view> path);
/// The integer at a path, or `otherwise`.
int64_t int_at(const json::value& value, std::initializer_list<std::string_view> path,
               int64_t otherwise = 0);
bool bool_at(const json::value& value, std::initializer_list<std::string_view> path,
             bool otherwise = false);
/// Sets the value at a path, making objects on the way (a value in the way that is no object is
/// replaced).
void set_at(json::value& root, std::initializer_list<std::string_view> path, json::value to);

}  // namespace ks
