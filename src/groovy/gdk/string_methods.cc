#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"
#include "groovy/runtime/regex.h"
#include "groovy/runtime/text.h"

/// java.lang.String with what Groovy adds, for GStrings too.

namespace ks::groovy {

namespace {

constexpr std::string_view kString = "java.lang.String";

const String& self(Call& c) { return *c.self.as<String>(); }
std::string_view view(Call& c) { return self(c).text(); }
std::u16string units(Call& c) { return to_utf16(view(c)); }
size_t length(Call& c) { return self(c).length(); }

[[noreturn]] void out_of_range(Call& c, int64_t from, int64_t to) {
  throw_error(c.task, "java.lang.StringIndexOutOfBoundsException",
              "begin " + std::to_string(from) + ", end " + std::to_string(to) + ", length " +
                  std::to_string(length(c)));
}

Value of_length(Call& c) { return of_size(length(c)); }
Value is_empty(Call& c) { return Value::of_bool(view(c).empty()); }

bool is_blank_char(char ch) { return static_cast<unsigned char>(ch) <= ' '; }
std::string_view trimmed(std::string_view s) {
  while (!s.empty() && is_blank_char(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank_char(s.back())) s.remove_suffix(1);
  return s;
}
Value trim(Call& c) { return text(c, std::string(trimmed(view(c)))); }
Value trim_left(Call& c) {
  std::string_view s = view(c);
  while (!s.empty() && is_blank_char(s.front())) s.remove_prefix(1);
  return text(c, std::string(s));
}
Value trim_right(Call& c) {
  std::string_view s = view(c);
  while (!s.empty() && is_blank_char(s.back())) s.remove_suffix(1);
  return text(c, std::string(s));
}
Value is_all_white(Call& c) { return Value::of_bool(trimmed(view(c)).empty()); }

// ----- case -----

/// Of the letters of the common alphabets: Latin, Greek, Cyrillic.
uint32_t changed_case(uint32_t point, bool upper) {
  auto in = [&](uint32_t low, uint32_t high) { return point >= low && point <= high; };
  if (upper) {
    if (in('a', 'z')) return point - 32;
    if ((in(0xE0, 0xFE) && point != 0xF7) || in(0x3B1, 0x3C9) || in(0x430, 0x44F)) {
      return point == 0x3C2 ? 0x3A3 : point - 32;
    }
    if (point == 0xFF) return 0x178;
    if (in(0x450, 0x45F)) return point - 80;
    if ((in(0x100, 0x137) || in(0x14A, 0x177)) && point % 2 == 1) return point - 1;
    if ((in(0x139, 0x148) || in(0x179, 0x17E)) && point % 2 == 0) return point - 1;
    return point;
  }
  if (in('A', 'Z')) return point + 32;
  if ((in(0xC0, 0xDE) && point != 0xD7) || in(0x391, 0x3A9) || in(0x410, 0x42F)) return point + 32;
  if (in(0x400, 0x40F)) return point + 80;
  if ((in(0x100, 0x137) || in(0x14A, 0x177)) && point % 2 == 0) return point + 1;
  if ((in(0x139, 0x148) || in(0x179, 0x17E)) && point % 2 == 1) return point + 1;
  return point;
}
std::string with_case(std::string_view s, bool upper) {
  if (is_ascii(s)) return upper ? to_upper(s) : to_lower(s);
  std::string out;
  for (char16_t unit : to_utf16(s)) {
    if (upper && unit == 0xDF) {
      out += "SS";
    } else {
      append_unit(out, static_cast<uint16_t>(changed_case(unit, upper)));
    }
  }
  return out;
}
Value to_lower_case(Call& c) { return text(c, with_case(view(c), false)); }
Value to_upper_case(Call& c) { return text(c, with_case(view(c), true)); }
Value capitalize(Call& c) {
  if (view(c).empty()) return c.self;
  size_t first = byte_offset(view(c), 1);
  return text(c, with_case(view(c).substr(0, first), true) + std::string(view(c).substr(first)));
}
Value uncapitalize(Call& c) {
  if (view(c).empty()) return c.self;
  size_t first = byte_offset(view(c), 1);
  return text(c, with_case(view(c).substr(0, first), false) + std::string(view(c).substr(first)));
}
Value equals_ignore_case(Call& c) {
  return Value::of_bool(!c.arg(0).is_null() && with_case(with_case(view(c), true), false) ==
                                                   with_case(with_case(c.text(0), true), false));
}
Value compare_ignore_case(Call& c) {
  return Value::of_int(compare_text(with_case(view(c), false), with_case(c.text(0), false)));
}

// ----- parts -----

Value substring_of(Call& c) {
  int64_t from = c.to_int(0);
  int64_t to = c.count() == 2 ? c.to_int(1) : static_cast<int64_t>(length(c));
  if (from < 0 || to > static_cast<int64_t>(length(c)) || from > to) out_of_range(c, from, to);
  return substring(c.task, c.self, static_cast<size_t>(from), static_cast<size_t>(to));
}
Value char_at(Call& c) {
  int64_t index = c.to_int(0);
  if (index < 0 || index >= static_cast<int64_t>(length(c))) {
    throw_error(c.task, "java.lang.StringIndexOutOfBoundsException",
                "String index out of range: " + std::to_string(index));
  }
  if (self(c).is_ascii())
    return Value::of_char(static_cast<uint8_t>(view(c)[static_cast<size_t>(index)]));
  return Value::of_char(units(c)[static_cast<size_t>(index)]);
}
Value code_point_at(Call& c) {
  Value unit = char_at(c);
  return Value::of_int(unit.as_char());
}
Value get_at_of(Call& c) { return get_at(c.task, c.self, c.arg(0)); }

size_t clamp(int64_t n, size_t most) { return n < 0 ? 0 : std::min(static_cast<size_t>(n), most); }
Value take(Call& c) { return substring(c.task, c.self, 0, clamp(c.to_int(0), length(c))); }
Value drop(Call& c) { return substring(c.task, c.self, clamp(c.to_int(0), length(c)), length(c)); }
Value take_right(Call& c) {
  return substring(c.task, c.self, length(c) - clamp(c.to_int(0), length(c)), length(c));
}
Value drop_right(Call& c) {
  return substring(c.task, c.self, 0, length(c) - clamp(c.to_int(0), length(c)));
}
size_t while_holds(Call& c) {
  size_t end = 0;
  for (const Value& each : items_of(c.task, c.self)) {
    if (!test1(c.task, c.arg(0), each)) break;
    ++end;
  }
  return end;
}
Value take_while(Call& c) { return substring(c.task, c.self, 0, while_holds(c)); }
Value drop_while(Call& c) { return substring(c.task, c.self, while_holds(c), length(c)); }

Value reverse(Call& c) {
  std::u16string all = units(c);
  std::reverse(all.begin(), all.end());
  return text(c, to_utf8(all));
}
Value to_list(Call& c) { return make_list(c, items_of(c.task, c.self)); }
Value to_chars(Call& c) {
  std::vector<Value> out;
  for (char16_t unit : units(c)) out.push_back(Value::of_char(unit));
  return make_array(c.task, types().p_char, std::move(out));
}
Value to_bytes(Call& c) {
  std::vector<Value> out;
  for (char byte : view(c)) out.push_back(Value::of_byte(static_cast<int8_t>(byte)));
  return make_array(c.task, types().p_byte, std::move(out));
}
Value to_set(Call& c) {
  std::vector<Value> all = items_of(c.task, c.self);
  return make_hash_set(c.task, all, all.size());
}

// ----- searching -----

std::string needle(Call& c) {
  return is_number(c.arg(0)) ? char_text(static_cast<uint16_t>(c.to_int(0))) : c.text(0);
}
Value starts_with(Call& c) {
  if (c.count() == 2) {
    int64_t from = c.to_int(1);
    if (from < 0 || from > static_cast<int64_t>(length(c))) return Value::of_bool(false);
    return Value::of_bool(
        view(c).substr(byte_offset(view(c), static_cast<size_t>(from))).starts_with(c.text(0)));
  }
  return Value::of_bool(view(c).starts_with(c.text(0)));
}
Value ends_with(Call& c) { return Value::of_bool(view(c).ends_with(c.text(0))); }
Value contains_text(Call& c) {
  return Value::of_bool(view(c).find(c.text(0)) != std::string_view::npos);
}
Value index_result(Call& c, size_t at) {
  return at == std::string_view::npos ? Value::of_int(-1) : of_size(unit_index(view(c), at));
}
Value index_of(Call& c) {
  size_t from = c.count() == 2 ? byte_offset(view(c), clamp(c.to_int(1), length(c))) : 0;
  return index_result(c, view(c).find(needle(c), from));
}
Value last_index_of(Call& c) {
  if (c.count() == 2 && c.to_int(1) < 0) return Value::of_int(-1);
  size_t from =
      c.count() == 2 ? byte_offset(view(c), clamp(c.to_int(1), length(c))) : std::string_view::npos;
  return index_result(c, view(c).rfind(needle(c), from));
}
Value count_of(Call& c) {
  std::string what = c.text(0);
  if (what.empty()) return of_size(length(c) + 1);
  int32_t number = 0;
  for (size_t at = view(c).find(what); at != std::string_view::npos;
       at = view(c).find(what, at + 1))
    ++number;
  return Value::of_int(number);
}

// ----- changing -----

Value plus(Call& c) {
  std::string out(view(c));
  append_string(c.task, c.arg(0), out);
  return text(c, std::move(out));
}
Value minus(Call& c) {
  std::string out(view(c));
  if (auto* pattern = c.arg(0).as<Pattern>())
    return text(c, replace_matches(c.task, *pattern, out, "", false));
  std::string gone = c.text(0);
  size_t at = out.find(gone);
  if (at != std::string::npos) out.erase(at, gone.size());
  return text(c, std::move(out));
}
Value multiply(Call& c) {
  int64_t times = c.to_long(0);
  if (times < 0) {
    throw_error(
        c.task, "java.lang.IllegalArgumentException",
        "multiply() should be called with a number of 0 or greater not: " + std::to_string(times));
  }
  auto size =
      static_cast<unsigned __int128>(view(c).size()) * static_cast<unsigned __int128>(times);
  c.heap().check_string(size > SIZE_MAX ? SIZE_MAX : static_cast<size_t>(size));
  std::string out;
  out.reserve(static_cast<size_t>(size));
  if (!view(c).empty()) {
    for (int64_t i = 0; i < times; ++i) out += view(c);
  }
  c.task.spend(out.size() / 256 + 1);
  return text(c, std::move(out));
}
Value concat(Call& c) { return text(c, std::string(view(c)) + c.text(0)); }
Value replace(Call& c) {
  std::string what = c.text(0);
  std::string with = c.text(1);
  std::string out;
  std::string_view from = view(c);
  if (what.empty()) {
    out = with;
    for (size_t at = 0; at < from.size();) {
      size_t next = at + 1;
      while (next < from.size() && (static_cast<uint8_t>(from[next]) & 0xC0) == 0x80) ++next;
      out += std::string(from.substr(at, next - at)) + with;
      c.heap().check_string(out.size());
      at = next;
    }
    return text(c, std::move(out));
  }
  size_t done = 0;
  for (size_t at = from.find(what); at != from.npos; at = from.find(what, done)) {
    out += from.substr(done, at - done);
    out += with;
    c.heap().check_string(out.size());
    done = at + what.size();
  }
  out += from.substr(done);
  return text(c, std::move(out));
}

Value padded(Call& c, bool left, bool right) {
  int64_t wanted = c.to_long(0);
  std::string fill = c.count() == 2 ? c.text(1) : " ";
  auto have = static_cast<int64_t>(length(c));
  if (wanted <= have || fill.empty()) return c.self;
  auto missing = static_cast<size_t>(wanted - have);
  c.heap().check_string(missing * fill.size() + view(c).size());
  size_t before = left && right ? missing / 2 : left ? missing : 0;
  size_t after = missing - before;
  std::u16string pattern = to_utf16(fill);
  auto filling = [&](size_t count) {
    std::u16string out;
    while (out.size() < count) out += pattern;
    out.resize(count);
    return to_utf8(out);
  };
  return text(c, filling(before) + std::string(view(c)) + filling(after));
}
Value pad_left(Call& c) { return padded(c, true, false); }
Value pad_right(Call& c) { return padded(c, false, true); }
Value center(Call& c) { return padded(c, true, true); }

Value next_text(Call& c, int by) {
  std::u16string out = units(c);
  if (out.empty()) {
    if (by < 0) throw_error(c.task, "java.lang.IllegalArgumentException", "the string is empty");
    out.push_back(0);
    return text(c, to_utf8(out));
  }
  out.back() = static_cast<char16_t>(out.back() + by);
  return text(c, to_utf8(out));
}
Value next_of(Call& c) { return next_text(c, 1); }
Value previous_of(Call& c) { return next_text(c, -1); }

// ----- lines -----

std::vector<std::string_view> lines_of(std::string_view s) {
  std::vector<std::string_view> out;
  size_t from = 0;
  while (from < s.size()) {
    size_t end = s.find_first_of("\r\n", from);
    if (end == s.npos) end = s.size();
    out.push_back(s.substr(from, end - from));
    from = end + (end + 1 < s.size() && s[end] == '\r' && s[end + 1] == '\n' ? 2 : 1);
  }
  return out;
}
Value read_lines(Call& c) {
  std::vector<Value> out;
  for (std::string_view line : lines_of(view(c))) out.push_back(c.heap().string(line));
  return make_list(c, std::move(out));
}
Value each_line(Call& c) {
  Value function = c.args.back();
  int32_t number = c.count() == 2 ? c.to_int(0) : 0;
  Value result;
  Value kept = c.self;
  for (std::string_view line : lines_of(kept.as<String>()->text())) {
    if (function.as<Closure>()->parameter_count() == 2) {
      result = call2(c.task, function, c.heap().string(line), Value::of_int(number++));
    } else {
      result = call1(c.task, function, c.heap().string(line));
    }
  }
  return result;
}
Value split_each_line(Call& c) {
  Value result;
  Ref<Pattern> pattern = to_pattern(c.task, c.arg(0));
  for (std::string_view line : lines_of(view(c))) {
    std::vector<Value> parts;
    for (std::string& part : split_text(c.task, *pattern, line, 0))
      parts.push_back(c.heap().string(std::move(part)));
    result = call1(c.task, c.arg(1), make_list(c, std::move(parts)));
  }
  return result;
}

std::string joined(const std::vector<std::string>& lines, bool ends_with_break) {
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    out += lines[i];
    if (i + 1 < lines.size() || ends_with_break) out += '\n';
  }
  return out;
}
Value strip_indent(Call& c) {
  std::vector<std::string_view> lines = lines_of(view(c));
  size_t indent = SIZE_MAX;
  if (c.count() == 1) {
    indent = clamp(c.to_int(0), SIZE_MAX);
  } else {
    for (std::string_view line : lines) {
      if (trimmed(line).empty()) continue;
      size_t front = 0;
      while (front < line.size() && is_blank_char(line[front])) ++front;
      indent = std::min(indent, front);
    }
    if (indent == SIZE_MAX) indent = 0;
  }
  std::vector<std::string> out;
  out.reserve(lines.size());
  for (std::string_view line : lines)
    out.emplace_back(line.size() <= indent ? std::string_view{} : line.substr(indent));
  return text(c, joined(out, view(c).ends_with('\n')));
}
Value strip_margin(Call& c) {
  std::string margin = c.count() == 1 ? c.text(0) : "|";
  std::vector<std::string> out;
  for (std::string_view line : lines_of(view(c))) {
    size_t front = 0;
    while (front < line.size() && is_blank_char(line[front])) ++front;
    bool marked = !margin.empty() && front < line.size() && line[front] == margin[0];
    out.emplace_back(marked ? line.substr(front + 1) : line);
  }
  return text(c, joined(out, view(c).ends_with('\n')));
}
Value normalize(Call& c) {
  std::string out;
  std::string_view s = view(c);
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '\r') {
      out += '\n';
      if (i + 1 < s.size() && s[i + 1] == '\n') ++i;
    } else {
      out += s[i];
    }
  }
  return text(c, std::move(out));
}
Value expand_tabs(Call& c) {
  size_t stop = c.count() == 1 ? clamp(c.to_int(0), 1000) : 8;
  std::vector<std::string> out;
  for (std::string_view line : lines_of(view(c))) {
    std::string wide;
    for (char ch : line) {
      if (ch == '\t' && stop > 0) {
        wide.append(stop - wide.size() % stop, ' ');
      } else {
        wide += ch;
      }
    }
    out.push_back(std::move(wide));
  }
  return text(c, joined(out, view(c).ends_with('\n')));
}
Value unexpand(Call& c) {
  size_t stop = c.count() == 1 ? std::max<size_t>(1, clamp(c.to_int(0), 1000)) : 8;
  std::vector<std::string> out;
  for (std::string_view line : lines_of(view(c))) {
    std::string narrow;
    for (size_t at = 0; at < line.size(); at += stop) {
      std::string part(line.substr(at, stop));
      size_t end = part.size();
      if (part.size() == stop) {
        while (end > 0 && part[end - 1] == ' ') --end;
        if (end < part.size()) part = part.substr(0, end) + "\t";
      }
      narrow += part;
    }
    out.push_back(std::move(narrow));
  }
  return text(c, joined(out, view(c).ends_with('\n')));
}

/// `a-c` in tr() stands for abc.
std::u16string expanded(std::string_view s) {
  std::u16string in = to_utf16(s);
  std::u16string out;
  for (size_t i = 0; i < in.size(); ++i) {
    if (i + 2 < in.size() && in[i + 1] == '-') {
      if (in[i] <= in[i + 2]) {
        for (uint32_t unit = in[i]; unit <= in[i + 2]; ++unit) out += static_cast<char16_t>(unit);
      } else {
        for (uint32_t unit = in[i]; unit + 1 > in[i + 2]; --unit)
          out += static_cast<char16_t>(unit);
      }
      i += 2;
    } else {
      out += in[i];
    }
  }
  return out;
}
Value tr(Call& c) {
  std::u16string from = expanded(c.text(0));
  std::u16string to = expanded(c.text(1));
  std::u16string out;
  for (char16_t unit : units(c)) {
    size_t at = from.rfind(unit);
    if (at == from.npos) {
      out += unit;
    } else if (!to.empty()) {
      out += to[std::min(at, to.size() - 1)];
    }
  }
  return text(c, to_utf8(out));
}

// ----- splitting -----

Value text_array(Call& c, const std::vector<std::string>& parts) {
  std::vector<Value> out;
  out.reserve(parts.size());
  for (const std::string& part : parts) out.push_back(c.heap().string(part));
  return make_array(c.task, types().string, std::move(out));
}
std::vector<std::string> tokens(std::string_view s, std::string_view separators) {
  std::vector<std::string> out;
  size_t from = 0;
  while (from < s.size()) {
    size_t end = std::min(s.find_first_of(separators, from), s.size());
    if (end > from) out.emplace_back(s.substr(from, end - from));
    from = end + 1;
  }
  return out;
}
Value split(Call& c) {
  if (c.count() == 0) return text_array(c, tokens(view(c), " \t\n\r\f"));
  return text_array(c, split_text(c.task, *to_pattern(c.task, c.arg(0)), view(c),
                                  c.count() == 2 ? c.to_int(1) : 0));
}
Value tokenize(Call& c) {
  std::vector<Value> out;
  for (std::string& part : tokens(view(c), c.count() == 0 ? " \t\n\r\f" : c.text(0))) {
    out.push_back(c.heap().string(std::move(part)));
  }
  return make_list(c, std::move(out));
}

// ----- regular expressions -----

Value matches(Call& c) { return Value::of_bool(full_match(c.task, c.self, c.arg(0))); }
Value replace_all(Call& c) {
  Ref<Pattern> pattern = to_pattern(c.task, c.arg(0));
  return text(c, replace_matches(c.task, *pattern, view(c), c.text(1), true));
}
Value replace_first(Call& c) {
  Ref<Pattern> pattern = to_pattern(c.task, c.arg(0));
  return text(c, replace_matches(c.task, *pattern, view(c), c.text(1), false));
}
Value call_with_match(Call& c, const Pattern& pattern, const std::string& s, const Found& found,
                      const Value& function) {
  Value value = found_value(c.task, pattern, s, found);
  auto* closure = function.as<Closure>();
  if (value.is<List>() && closure != nullptr) {
    if (closure->parameter_count() == 1) return call1(c.task, function, value);
    return call_value(c.task, function, value.as<List>()->items);
  }
  return call1(c.task, function, value);
}
Value replace_by(Call& c, bool all) {
  Ref<Pattern> pattern = to_pattern(c.task, c.arg(0));
  std::string s(view(c));
  std::string out;
  size_t copied = 0;
  each_match(c.task, *pattern, s, [&](const Found& found) {
    out += std::string_view(s).substr(copied, found.start() - copied);
    append_string(c.task, call_with_match(c, *pattern, s, found, c.arg(1)), out);
    copied = found.end();
    c.heap().check_string(out.size());
    return all;
  });
  out += std::string_view(s).substr(copied);
  return text(c, std::move(out));
}
Value replace_all_by(Call& c) { return replace_by(c, true); }
Value replace_first_by(Call& c) { return replace_by(c, false); }
Value find_match(Call& c) {
  Ref<Pattern> pattern = to_pattern(c.task, c.arg(0));
  std::string s(view(c));
  std::optional<Found> found = search(c.task, *pattern, s);
  if (!found) return {};
  if (c.count() == 2) return call_with_match(c, *pattern, s, *found, c.arg(1));
  return group_value(c.task, s, *found, 0);
}
Value find_all_matches(Call& c) {
  Ref<Pattern> pattern = to_pattern(c.task, c.arg(0));
  std::string s(view(c));
  std::vector<Value> out;
  each_match(c.task, *pattern, s, [&](const Found& found) {
    out.push_back(c.count() == 2 ? call_with_match(c, *pattern, s, found, c.arg(1))
                                 : group_value(c.task, s, found, 0));
    return true;
  });
  return make_list(c, std::move(out));
}
Value each_match_of(Call& c) {
  Ref<Pattern> pattern = to_pattern(c.task, c.arg(0));
  std::string s(view(c));
  each_match(c.task, *pattern, s, [&](const Found& found) {
    call_with_match(c, *pattern, s, found, c.arg(1));
    return true;
  });
  return c.self;
}
Value bitwise_negate(Call& c) { return make_pattern(c.task, view(c)); }

// ----- the rest -----

Value to_string_of(Call& c) { return c.self; }
Value equals_of(Call& c) {
  auto* other = c.arg(0).as<String>();
  return Value::of_bool(other != nullptr && other->text() == view(c));
}
Value content_equals(Call& c) { return Value::of_bool(c.text(0) == view(c)); }
Value compare_to(Call& c) {
  if (c.arg(0).is_null()) throw_error(c.task, "java.lang.NullPointerException");
  if (!c.arg(0).is<String>() && !c.arg(0).is<GString>()) throw_class_cast(c.task, c.arg(0), c.self);
  return Value::of_int(compare_text(view(c), c.text(0)));
}
Value encode_base64(Call& c) { return text(c, base64_encode(view(c))); }
Value as_char(Call& c) {
  if (length(c) != 1) throw_cast(c.task, c.self, "char");
  return Value::of_char(units(c)[0]);
}
Value collect_replacements(Call& c) {
  std::string out;
  for (const Value& each : items_of(c.task, c.self)) {
    Value put = call1(c.task, c.arg(0), each);
    append_string(c.task, put.is_null() ? each : put, out);
  }
  return text(c, std::move(out));
}
Value new_string(Call& c) {
  if (c.count() == 0) return text(c, "");
  if (auto* array = c.arg(0).as<Array>(); array != nullptr && array->element == types().p_byte) {
    std::string bytes;
    for (const Value& each : array->items) bytes += static_cast<char>(each.as_int());
    return text(c, to_utf8_lossy(bytes));
  }
  if (auto* array = c.arg(0).as<Array>()) {
    std::string out;
    for (const Value& each : array->items) append_string(c.task, each, out);
    return text(c, std::move(out));
  }
  return text(c, c.text(0));
}
Value value_of(Call& c) {
  const auto* letters = c.arg(0).as<Array>();
  bool is_text = letters != nullptr && letters->element == types().p_char;
  return text(c, is_text ? c.text(0) : java_text(c.task, c.arg(0)));
}
Value join_static(Call& c) {
  std::string separator = c.text(0);
  std::string out;
  std::vector<Value> parts(c.args.begin() + 1, c.args.end());
  if (parts.size() == 1 && is_collection(parts[0])) parts = items_of(c.task, parts[0]);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    append_string(c.task, parts[i], out);
  }
  return text(c, std::move(out));
}

// ----- GStrings -----

Value gstring_values(Call& c) {
  return make_array(c.task, types().object, c.self.as<GString>()->values);
}
Value gstring_value(Call& c) {
  const auto& values = c.self.as<GString>()->values;
  int64_t index = c.to_int(0);
  if (index < 0 || index >= static_cast<int64_t>(values.size()))
    throw_index(c.task, index, values.size());
  return values[static_cast<size_t>(index)];
}
Value gstring_value_count(Call& c) { return of_size(c.self.as<GString>()->values.size()); }
Value gstring_strings(Call& c) {
  std::vector<Value> out;
  for (const std::string& each : c.self.as<GString>()->strings)
    out.push_back(c.heap().string(each));
  return make_array(c.task, types().string, std::move(out));
}
Value gstring_plus(Call& c) {
  if (auto* other = c.arg(0).as<GString>()) {
    auto* mine = c.self.as<GString>();
    std::vector<std::string> strings(mine->strings.begin(), mine->strings.end());
    std::vector<Value> values = mine->values;
    if (strings.size() == values.size()) strings.emplace_back();
    for (size_t i = 0; i < other->strings.size(); ++i) {
      if (i == 0) {
        strings.back() += other->strings[0];
      } else {
        strings.push_back(other->strings[i]);
      }
    }
    values.insert(values.end(), other->values.begin(), other->values.end());
    return c.heap().make<GString>(std::move(strings), std::move(values));
  }
  return text(c, c.self_text() + c.text(0));
}

constexpr std::string_view kGString = "groovy.lang.GString";

constexpr MethodRow kRows[] = {
    {kGString, "getValues", "", gstring_values},
    {kGString, "getValue", "I", gstring_value},
    {kGString, "getValueCount", "", gstring_value_count},
    {kGString, "getStrings", "", gstring_strings},
    {kGString, "plus", "O", gstring_plus},
    {kGString, "leftShift", "O",
     [](Call& c) -> Value {
       return c.heap().make<Builder>(Builder::Flavour::builder, c.self_text() + c.text(0));
     }},
    {kString, "length", "", of_length},
    {kString, "size", "", of_length},
    {kString, "isEmpty", "", is_empty},
    {kString, "isBlank", "", is_all_white},
    {kString, "isAllWhitespace", "", is_all_white},
    {kString, "trim", "", trim},
    {kString, "strip", "", trim},
    {kString, "stripLeading", "", trim_left},
    {kString, "stripTrailing", "", trim_right},
    {kString, "toLowerCase", "", to_lower_case},
    {kString, "toLowerCase", "O", to_lower_case},
    {kString, "toUpperCase", "", to_upper_case},
    {kString, "toUpperCase", "O", to_upper_case},
    {kString, "capitalize", "", capitalize},
    {kString, "uncapitalize", "", uncapitalize},
    {kString, "equalsIgnoreCase", "S", equals_ignore_case},
    {kString, "compareToIgnoreCase", "S", compare_ignore_case},
    {kString, "substring", "I", substring_of},
    {kString, "substring", "II", substring_of},
    {kString, "subSequence", "II", substring_of},
    {kString, "charAt", "I", char_at},
    {kString, "codePointAt", "I", code_point_at},
    {kString, "getAt", "O", get_at_of},
    {kString, "take", "I", take},
    {kString, "drop", "I", drop},
    {kString, "takeRight", "I", take_right},
    {kString, "dropRight", "I", drop_right},
    {kString, "takeWhile", "C", take_while},
    {kString, "dropWhile", "C", drop_while},
    {kString, "reverse", "", reverse},
    {kString, "toList", "", to_list},
    {kString, "toSet", "", to_set},
    {kString, "toCharArray", "", to_chars},
    {kString, "getChars", "", to_chars},
    {kString, "getBytes", "", to_bytes},
    {kString, "getBytes", "O", to_bytes},
    {kString, "startsWith", "S", starts_with},
    {kString, "startsWith", "SI", starts_with},
    {kString, "endsWith", "S", ends_with},
    {kString, "contains", "s", contains_text},
    {kString, "indexOf", "S", index_of},
    {kString, "indexOf", "I", index_of},
    {kString, "indexOf", "SI", index_of},
    {kString, "indexOf", "II", index_of},
    {kString, "lastIndexOf", "S", last_index_of},
    {kString, "lastIndexOf", "I", last_index_of},
    {kString, "lastIndexOf", "SI", last_index_of},
    {kString, "count", "S", count_of},
    {kString, "plus", "O", plus},
    {kString, "minus", "P", minus},
    {kString, "minus", "O", minus},
    {kString, "multiply", "N", multiply},
    {kString, "repeat", "I", multiply},
    {kString, "concat", "S", concat},
    {kString, "replace", "ss", replace},
    {kString, "replace", "cc", replace},
    {kString, "padLeft", "N", pad_left},
    {kString, "padLeft", "NS", pad_left},
    {kString, "padRight", "N", pad_right},
    {kString, "padRight", "NS", pad_right},
    {kString, "center", "N", center},
    {kString, "center", "NS", center},
    {kString, "next", "", next_of},
    {kString, "previous", "", previous_of},
    {kString, "readLines", "", read_lines},
    {kString, "eachLine", "C", each_line},
    {kString, "eachLine", "IC", each_line},
    {kString, "splitEachLine", "SC", split_each_line},
    {kString, "splitEachLine", "PC", split_each_line},
    {kString, "stripIndent", "", strip_indent},
    {kString, "stripIndent", "I", strip_indent},
    {kString, "stripMargin", "", strip_margin},
    {kString, "stripMargin", "S", strip_margin},
    {kString, "stripMargin", "c", strip_margin},
    {kString, "normalize", "", normalize},
    {kString, "denormalize", "", normalize},
    {kString, "expand", "", expand_tabs},
    {kString, "expand", "I", expand_tabs},
    {kString, "unexpand", "", unexpand},
    {kString, "unexpand", "I", unexpand},
    {kString, "tr", "SS", tr},
    {kString, "split", "", split},
    {kString, "split", "S", split},
    {kString, "split", "P", split},
    {kString, "split", "SI", split},
    {kString, "tokenize", "", tokenize},
    {kString, "tokenize", "S", tokenize},
    {kString, "tokenize", "c", tokenize},
    {kString, "matches", "S", matches},
    {kString, "matches", "P", matches},
    {kString, "replaceAll", "SC", replace_all_by},
    {kString, "replaceAll", "PC", replace_all_by},
    {kString, "replaceAll", "SS", replace_all},
    {kString, "replaceAll", "PS", replace_all},
    {kString, "replaceFirst", "SC", replace_first_by},
    {kString, "replaceFirst", "PC", replace_first_by},
    {kString, "replaceFirst", "SS", replace_first},
    {kString, "replaceFirst", "PS", replace_first},
    {kString, "find", "S", find_match},
    {kString, "find", "P", find_match},
    {kString, "find", "SC", find_match},
    {kString, "find", "PC", find_match},
    {kString, "findAll", "S", find_all_matches},
    {kString, "findAll", "P", find_all_matches},
    {kString, "findAll", "SC", find_all_matches},
    {kString, "findAll", "PC", find_all_matches},
    {kString, "eachMatch", "SC", each_match_of},
    {kString, "eachMatch", "PC", each_match_of},
    {kString, "bitwiseNegate", "", bitwise_negate},
    {kString, "toString", "", to_string_of},
    {kString, "intern", "", to_string_of},
    {kString, "equals", "O", equals_of},
    {kString, "contentEquals", "s", content_equals},
    {kString, "compareTo", "O", compare_to},
    {kString, "encodeAsBase64", "", encode_base64},
    {kString, "toCharacter", "", as_char},
    {kString, "collectReplacements", "C", collect_replacements},
    {kString, "leftShift", "O",
     [](Call& c) -> Value {
       return c.heap().make<Builder>(Builder::Flavour::buffer, std::string(view(c)) + c.text(0));
     }},
    {kString, "new", "", new_string},
    {kString, "new", "O", new_string},
    {kString, "new", "OO", new_string},
    {kString, "static valueOf", "O", value_of},
    {kString, "static copyValueOf", "O", value_of},
    {kString, "static join", "SO*", join_static},
};

}  // namespace

LibraryPart string_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
