#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>

#include "base/text.h"
#include "devops/kapis/template/program.h"

// The functions of Go's template language.

namespace ks::devops::kapis {
namespace {

using Arguments = std::vector<json::value>;

Error wrong(std::string_view name, std::string_view why) {
  return {Code::invalid, fmt::format("{}: {}", name, why)};
}

std::optional<double> number_of(const json::value& value) {
  if (const auto* n = value.if_int64()) return static_cast<double>(*n);
  if (const auto* n = value.if_uint64()) return static_cast<double>(*n);
  if (const auto* n = value.if_double()) return *n;
  return std::nullopt;
}

/// -1, 0, 1; nothing when the two cannot be compared.
std::optional<int> compare(const json::value& a, const json::value& b) {
  const auto na = number_of(a), nb = number_of(b);
  if (na && nb) return *na < *nb ? -1 : *na > *nb ? 1 : 0;
  if (a.is_string() && b.is_string()) {
    const int order = std::string_view(a.get_string()).compare(std::string_view(b.get_string()));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  return std::nullopt;
}

Result<json::value> equal(const Arguments& arguments) {
  if (arguments.size() < 2) return wrong("eq", "missing argument for comparison");
  for (size_t i = 1; i < arguments.size(); ++i) {
    const auto order = compare(arguments[0], arguments[i]);
    if (order ? *order == 0 : arguments[0] == arguments[i]) return json::value(true);
    const bool comparable = order || arguments[0].is_null() || arguments[i].is_null() ||
                            arguments[0].kind() == arguments[i].kind();
    if (!comparable) return wrong("eq", "incompatible types for comparison");
  }
  return json::value(false);
}

Result<json::value> ordered(std::string_view name, const Arguments& arguments) {
  if (arguments.size() != 2) return wrong(name, "needs two arguments");
  const auto order = compare(arguments[0], arguments[1]);
  if (!order) return wrong(name, "invalid type for comparison");
  if (name == "lt") return json::value(*order < 0);
  if (name == "le") return json::value(*order <= 0);
  if (name == "gt") return json::value(*order > 0);
  return json::value(*order >= 0);
}

Result<json::value> length(const Arguments& arguments) {
  if (arguments.size() != 1) return wrong("len", "needs one argument");
  const json::value& value = arguments[0];
  if (const auto* text = value.if_string()) return json::value(static_cast<int64_t>(text->size()));
  if (const auto* list = value.if_array()) return json::value(static_cast<int64_t>(list->size()));
  if (const auto* map = value.if_object()) return json::value(static_cast<int64_t>(map->size()));
  return wrong("len", "the argument has no length");
}

Result<size_t> position(std::string_view name, const json::value& value, size_t size) {
  const auto number = number_of(value);
  if (!number || *number < 0 || *number > static_cast<double>(size)) {
    return wrong(name, fmt::format("index out of range: {}", print_value(value)));
  }
  return static_cast<size_t>(*number);
}

Result<json::value> index(const Arguments& arguments) {
  if (arguments.empty()) return wrong("index", "needs an argument");
  json::value value = arguments[0];
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (value.is_object()) {
      if (!arguments[i].is_string()) return wrong("index", "a map is indexed by a text");
      const json::value* member = value.get_object().if_contains(arguments[i].get_string());
      value = member == nullptr ? json::value() : json::value(*member);
    } else if (value.is_array()) {
      const size_t at = TRY(position("index", arguments[i], value.get_array().size()));
      if (at >= value.get_array().size()) return wrong("index", "index out of range");
      value = json::value(value.get_array()[at]);
    } else {
      return wrong("index", "can't index item");
    }
  }
  return value;
}

Result<json::value> slice(const Arguments& arguments) {
  if (arguments.empty() || arguments.size() > 3)
    return wrong("slice", "needs one to three arguments");
  const json::value& value = arguments[0];
  const size_t size = value.is_string()  ? value.get_string().size()
                      : value.is_array() ? value.get_array().size()
                                         : 0;
  if (!value.is_string() && !value.is_array()) return wrong("slice", "can't slice item");
  const size_t from = arguments.size() > 1 ? TRY(position("slice", arguments[1], size)) : 0;
  const size_t to = arguments.size() > 2 ? TRY(position("slice", arguments[2], size)) : size;
  if (from > to) return wrong("slice", "invalid slice index");
  if (value.is_string())
    return json::value(std::string_view(value.get_string()).substr(from, to - from));
  json::array out(value.get_array().begin() + static_cast<ptrdiff_t>(from),
                  value.get_array().begin() + static_cast<ptrdiff_t>(to));
  return json::value(std::move(out));
}

/// Spaces between operands when neither is a text; println: always.
std::string print_all(const Arguments& arguments, bool line) {
  std::string out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool space =
        line || (i > 0 && !arguments[i].is_string() && !arguments[i - 1].is_string());
    if (i > 0 && space) out += ' ';
    out += print_value(arguments[i]);
  }
  return line ? out + "\n" : out;
}

std::string padded(std::string text, std::string_view flags, size_t width) {
  if (text.size() >= width) return text;
  if (flags.find('-') != flags.npos) return text + std::string(width - text.size(), ' ');
  const char fill = flags.find('0') != flags.npos ? '0' : ' ';
  return std::string(width - text.size(), fill) + text;
}

/// One verb of printf with its flags: `%-5s`, `%05d`, `%.2f`, `%q`, `%v`, `%t`, `%x`.
std::string format_verb(char verb, std::string_view flags, size_t width, int precision,
                        const json::value& value) {
  const auto number = number_of(value);
  std::string text;
  switch (verb) {
    case 'd':
      text = number ? fmt::format("{}", static_cast<int64_t>(*number))
                    : fmt::format("%!d({})", print_value(value));
      break;
    case 'f':
      text = number ? fmt::format("{:.{}f}", *number, precision < 0 ? 6 : precision)
                    : fmt::format("%!f({})", print_value(value));
      break;
    case 'x':
      text = value.is_string() ? hex_encode(value.get_string())
             : number          ? fmt::format("{:x}", static_cast<int64_t>(*number))
                               : print_value(value);
      break;
    case 'q': append_json_string(text, print_value(value)); break;
    case 's':
    case 'v':
    case 't': text = print_value(value); break;
    default: text = fmt::format("%!{}({})", verb, print_value(value)); break;
  }
  if (verb == 's' && precision >= 0)
    text.resize(std::min(text.size(), static_cast<size_t>(precision)));
  return padded(std::move(text), flags, width);
}

Result<json::value> format(const Arguments& arguments) {
  if (arguments.empty() || !arguments[0].is_string()) return wrong("printf", "needs a format");
  const std::string_view pattern = arguments[0].get_string();
  std::string out;
  size_t next = 1;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    const size_t flags_from = ++i;
    while (i < pattern.size() &&
           std::string_view("-+# 0").find(pattern[i]) != std::string_view::npos)
      ++i;
    const std::string_view flags = pattern.substr(flags_from, i - flags_from);
    const auto digits = [&] {
      const size_t from = i;
      while (i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9') ++i;
      return parse_int(pattern.substr(from, i - from)).value_or(0);
    };
    const int64_t width = digits();
    int64_t precision = -1;
    if (i < pattern.size() && pattern[i] == '.') {
      ++i;
      precision = digits();
    }
    if (width > 10'000 || precision > 1'000) return wrong("printf", "a width is too large");
    if (i >= pattern.size()) {
      out += "%!(NOVERB)";
      break;
    }
    if (pattern[i] == '%') {
      out += '%';
    } else if (next >= arguments.size()) {
      out += fmt::format("%!{}(MISSING)", pattern[i]);
    } else {
      out += format_verb(pattern[i], flags, static_cast<size_t>(width), static_cast<int>(precision),
                         arguments[next++]);
    }
  }
  return json::value(out);
}

std::string escape_html(std::string text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEscapes = {
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&#34;"}, {"'", "&#39;"}}};
  for (const auto& [what, with] : kEscapes) text = replace_all(std::move(text), what, with);
  return text;
}

std::string escape_js(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '\'': out += "\\'"; break;
      case '"': out += "\\\""; break;
      case '\n': out += "\\u000A"; break;
      case '\r': out += "\\u000D"; break;
      case '\t': out += "\\u0009"; break;
      case '<': out += "\\u003C"; break;
      case '>': out += "\\u003E"; break;
      case '&': out += "\\u0026"; break;
      case '=': out += "\\u003D"; break;
      default: out += c;
    }
  }
  return out;
}

constexpr std::array<std::string_view, 18> kFunctions = {
    "and", "or",    "not",   "eq",    "ne",     "lt",      "le",   "gt", "ge",
    "len", "index", "slice", "print", "printf", "println", "html", "js", "urlquery"};

}  // namespace

bool is_function(std::string_view name) {
  return std::ranges::find(kFunctions, name) != kFunctions.end();
}

bool is_true(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return false;
    case json::kind::bool_: return value.get_bool();
    case json::kind::int64: return value.get_int64() != 0;
    case json::kind::uint64: return value.get_uint64() != 0;
    case json::kind::double_: return value.get_double() != 0;
    case json::kind::string: return !value.get_string().empty();
    case json::kind::array: return !value.get_array().empty();
    case json::kind::object: return !value.get_object().empty();
  }
  return false;
}

std::string print_value(const json::value& value) {
  if (value.is_null()) return "<no value>";
  if (const auto* text = value.if_string()) return std::string(*text);
  if (const auto* number = value.if_double()) return fmt::format("{}", *number);
  if (const auto* list = value.if_array()) {
    std::vector<std::string> parts;
    for (const json::value& one : *list)
      parts.push_back(one.is_null() ? "<nil>" : print_value(one));
    return "[" + join(parts, " ") + "]";
  }
  if (const auto* map = value.if_object()) {
    std::map<std::string_view, const json::value*> sorted;
    for (const auto& [key, member] : *map) sorted.emplace(key, &member);
    std::vector<std::string> parts;
    for (const auto& [key, member] : sorted) {
      parts.push_back(
          fmt::format("{}:{}", key, member->is_null() ? "<nil>" : print_value(*member)));
    }
    return "map[" + join(parts, " ") + "]";
  }
  return to_json(value);
}

Result<json::value> call_function(std::string_view name, const Arguments& arguments) {
  if (name == "and" || name == "or") {
    if (arguments.empty()) return wrong(name, "needs an argument");
    for (const json::value& one : arguments) {
      if (is_true(one) == (name == "or")) return one;
    }
    return arguments.back();
  }
  if (name == "not") {
    if (arguments.size() != 1) return wrong(name, "needs one argument");
    return json::value(!is_true(arguments[0]));
  }
  if (name == "eq") return equal(arguments);
  if (name == "ne") {
    if (arguments.size() != 2) return wrong(name, "needs two arguments");
    return json::value(!TRY(equal(arguments)).get_bool());
  }
  if (name == "lt" || name == "le" || name == "gt" || name == "ge") return ordered(name, arguments);
  if (name == "len") return length(arguments);
  if (name == "index") return index(arguments);
  if (name == "slice") return slice(arguments);
  if (name == "printf") return format(arguments);
  const std::string text = print_all(arguments, name == "println");
  if (name == "html") return json::value(escape_html(text));
  if (name == "js") return json::value(escape_js(text));
  if (name == "urlquery") return json::value(replace_all(percent_encode(text), "%20", "+"));
  return json::value(text);
}

}  // namespace ks::devops::kapis
