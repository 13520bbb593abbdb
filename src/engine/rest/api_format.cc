#include "engine/rest/api_format.h"

#include <boost/json.hpp>
#include <cctype>
#include <string_view>

#include "base/json.h"
#include "base/text.h"

namespace ks::engine {
namespace {

namespace json = boost::json;

void escape(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        // XML 1.0 has no other control characters.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' || c == '\r') out += c;
    }
  }
}

/// A name that XML takes: parameters' and others' come from people.
std::string element_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
    out += fits ? c : '_';
  }
  if (out.empty() || std::isdigit(static_cast<unsigned char>(out[0])) || out[0] == '-') {
    out.insert(0, "_");
  }
  return out;
}

/// `builds` holds elements `build`.
std::string singular(std::string_view name) {
  if (name.ends_with("ies")) return std::string(name.substr(0, name.size() - 3)) + "y";
  if (name.size() > 1 && name.ends_with('s') && !name.ends_with("ss")) name.remove_suffix(1);
  return std::string(name);
}

void write_xml(std::string& out, std::string_view name, const json::value& value) {
  if (value.is_null()) return;
  if (const json::array* list = value.if_array()) {
    for (const json::value& one : *list) write_xml(out, singular(name), one);
    return;
  }
  const std::string element = element_name(name);
  out += "<" + element;
  if (const json::object* object = value.if_object()) {
    if (const std::string_view java_class = text_at(value, {"_class"}); !java_class.empty()) {
      out += " _class=\"";
      escape(out, java_class);
      out += '"';
    }
    out += ">";
    for (const auto& [key, member] : *object) {
      if (key != "_class") write_xml(out, key, member);
    }
  } else {
    out += ">";
    escape(out, value.is_string() ? std::string(value.get_string()) : to_json(value));
  }
  out += "</" + element + ">";
}

void write_python(std::string& out, const json::value& value) {
  if (value.is_null()) {
    out += "None";
  } else if (value.is_bool()) {
    out += value.get_bool() ? "True" : "False";
  } else if (const json::array* list = value.if_array()) {
    out += '[';
    for (const json::value& one : *list) {
      if (&one != list->begin()) out += ',';
      write_python(out, one);
    }
    out += ']';
  } else if (const json::object* object = value.if_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!std::exchange(first, false)) out += ',';
      append_json_string(out, key);
      out += ':';
      write_python(out, member);
    }
    out += '}';
  } else {
    out += to_json(value);
  }
}

}  // namespace

std::string to_api_xml(const json::value& value) {
  std::string_view java_class = text_at(value, {"_class"});
  java_class = java_class.substr(java_class.find_last_of(".$") + 1);
  std::string root(java_class.empty() ? "answer" : java_class);
  root[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(root[0])));
  std::string out;
  write_xml(out, root, value);
  return out;
}

std::string to_api_python(const json::value& value) {
  std::string out;
  write_python(out, value);
  return out;
}

}  // namespace ks::engine
