#include <fmt/format.h>

#include "base/text.h"
#include "engine/values.h"

// readProperties, readManifest.

namespace ks::engine {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

void put(Entries& entries, std::string key, std::string value) {
  for (auto& [known, old] : entries) {
    if (known == key) {
      old = std::move(value);
      return;
    }
  }
  entries.emplace_back(std::move(key), std::move(value));
}

std::optional<uint32_t> hex_unit(std::string_view digits) {
  if (digits.size() < 4) return std::nullopt;
  uint32_t unit = 0;
  for (char c : digits.substr(0, 4)) {
    const size_t at = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
    if (at == std::string_view::npos) return std::nullopt;
    unit = unit * 16 + static_cast<uint32_t>(at);
  }
  return unit;
}

/// One key or value of java.util.Properties without its escapes.
std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    std::optional<uint32_t> unit = c == 'u' ? hex_unit(text.substr(i + 1)) : std::nullopt;
    if (!unit) {
      out += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
      continue;
    }
    i += 4;
    const std::string_view rest = text.substr(i + 1);
    if (*unit >= 0xD800 && *unit < 0xDC00 && rest.starts_with("\\u")) {
      if (const auto low = hex_unit(rest.substr(2)); low && *low >= 0xDC00 && *low < 0xE000) {
        *unit = 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
        i += 6;
      }
    }
    append_utf8(out, *unit >= 0xD800 && *unit < 0xE000 ? 0xFFFD : *unit);
  }
  return out;
}

/// Lines with those that a backslash continues put together, comments and empty ones left out.
std::vector<std::string> logical_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::string current;
  bool continued = false;
  const std::string plain = replace_all(std::string(text), "\r", "\n");
  for (std::string_view line : split(plain, '\n')) {
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t\f")));
    if (!continued && (line.empty() || line[0] == '#' || line[0] == '!')) continue;
    const size_t last = line.find_last_not_of('\\');
    const size_t slashes = line.size() - (last == line.npos ? 0 : last + 1);
    continued = slashes % 2 == 1;
    current += continued ? line.substr(0, line.size() - 1) : line;
    if (!continued) lines.push_back(std::exchange(current, {}));
  }
  if (!current.empty()) lines.push_back(std::move(current));
  return lines;
}

void load_properties(Entries& into, std::string_view text) {
  for (const std::string& line : logical_lines(text)) {
    size_t end = 0;
    while (end < line.size() && !std::string_view("=: \t\f").contains(line[end]))
      end += line[end] == '\\' ? 2 : 1;
    end = std::min(end, line.size());
    size_t value = std::min(line.find_first_not_of(" \t\f", end), line.size());
    if (value < line.size() && (line[value] == '=' || line[value] == ':'))
      value = std::min(line.find_first_not_of(" \t\f", value + 1), line.size());
    put(into, unescaped(std::string_view(line).substr(0, end)),
        unescaped(std::string_view(line).substr(value)));
  }
}

/// `${other}` within values; what names itself, or grows without end, stays as it is.
std::string interpolated(const Entries& all, std::string text, size_t most) {
  constexpr int kMostRounds = 20;
  for (int round = 0; round < kMostRounds && text.size() < most; round++) {
    std::string out;
    bool changed = false;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = text.find("${", at), end = text.find('}', begin);
      if (begin == text.npos || end == text.npos) {
        out += text.substr(at);
        break;
      }
      const std::string name = text.substr(begin + 2, end - begin - 2);
      const auto found = std::ranges::find(all, name, &Entries::value_type::first);
      out += text.substr(at, begin - at);
      out += found == all.end() ? text.substr(begin, end + 1 - begin) : found->second;
      changed |= found != all.end();
      at = end + 1;
    }
    text = std::move(out);
    if (!changed) return text;
  }
  return text;
}

groovy::Value read_properties(StepCall& call) {
  Entries entries;
  if (!call.has("file") && !call.has("text")) {
    throw_illegal_argument(call,
                           "At least one of file or text needs to be provided to readProperties.");
  }
  for (const auto& [key, value] : groovy::map_entries(call.task, call.value("defaults")))
    put(entries, key, call.run.interpreter().to_string(call.task, value));
  if (call.has("file")) load_properties(entries, file_or_text(call, true, call.text("charset")));
  if (call.has("text")) load_properties(entries, call.text("text"));
  std::vector<std::pair<std::string, groovy::Value>> out;
  for (const auto& [key, value] : entries) {
    out.emplace_back(
        key, call.string(call.flag("interpolate") ? interpolated(entries, value, size_t{1} << 20)
                                                  : value));
  }
  return call.run.interpreter().make_map(std::move(out));
}

/// Attributes of a section: `Name: value`, a line that begins with a blank goes on.
json::object section_of(const std::vector<std::string>& lines) {
  json::object section;
  for (const std::string& line : lines) {
    const size_t colon = line.find(':');
    if (colon != line.npos) section[line.substr(0, colon)] = trim(line.substr(colon + 1));
  }
  return section;
}

groovy::Value read_manifest(StepCall& call) {
  const std::string text = file_or_text(call, false);
  json::object main, entries;
  std::vector<std::string> lines;
  bool first = true;
  auto finish = [&] {
    if (lines.empty()) return;
    json::object section = section_of(std::exchange(lines, {}));
    if (std::exchange(first, false)) {
      main = std::move(section);
    } else if (const json::value* name = section.if_contains("Name"); name != nullptr) {
      const std::string key(name->as_string());
      section.erase("Name");
      entries[key] = std::move(section);
    }
  };
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      finish();
    } else if (line[0] == ' ' && !lines.empty()) {
      lines.back() += line.substr(1);
    } else {
      lines.emplace_back(line);
    }
  }
  finish();
  return to_groovy(call.run.interpreter(), json::object{{"main", main}, {"entries", entries}});
}

}  // namespace

void add_property_steps(StepRegistry& registry) {
  registry.add({.name = "readProperties",
                .parameters = {"file", "text", "defaults", "interpolate", "charset"},
                .sole = {},
                .function = read_properties});
  registry.add({.name = "readManifest",
                .parameters = {"file", "text"},
                .sole = {},
                .function = read_manifest});
}

}  // namespace ks::engine
