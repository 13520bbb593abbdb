// Functions of strings: the standard ones, CEL's strings extension, Kubernetes' regular expressions
// and URLs.

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "store/schema/cel/functions.h"
#include "store/schema/cel/text.h"

namespace ks::store::cel {
namespace {

Value no_overload() { return of_error(kNoOverload); }

bool all_strings(Args a) {
  return std::ranges::all_of(a, [](const Value& v) { return v.kind == Kind::string; });
}

bool charge(Evaluation& in, Args a) {
  uint64_t cost = 0;
  for (const Value& value : a) cost += value.text.size() / 16;
  return in.spend(cost);
}

Value starts_with(Evaluation&, Args a) {
  return all_strings(a) ? of_bool(a[0].text.starts_with(a[1].text)) : no_overload();
}
Value ends_with(Evaluation&, Args a) {
  return all_strings(a) ? of_bool(a[0].text.ends_with(a[1].text)) : no_overload();
}
Value contains(Evaluation& in, Args a) {
  if (!charge(in, a)) return in.out_of_steps();
  return all_strings(a) ? of_bool(a[0].text.contains(a[1].text)) : no_overload();
}

Value lower_ascii(Evaluation& in, Args a) {
  if (!charge(in, a)) return in.out_of_steps();
  return all_strings(a) ? in.arena.string(to_lower(a[0].text)) : no_overload();
}
Value upper_ascii(Evaluation& in, Args a) {
  if (!charge(in, a)) return in.out_of_steps();
  return all_strings(a) ? in.arena.string(to_upper(a[0].text)) : no_overload();
}
Value trimmed(Evaluation&, Args a) {
  return all_strings(a) ? of_string(trim(a[0].text)) : no_overload();
}

Value reversed(Evaluation& in, Args a) {
  if (!all_strings(a)) return no_overload();
  if (!charge(in, a)) return in.out_of_steps();
  std::string out;
  std::string_view rest = a[0].text;
  while (!rest.empty()) {
    size_t at = rest.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(rest[at]) & 0xC0) == 0x80) --at;
    out += rest.substr(at);
    rest = rest.substr(0, at);
  }
  return in.arena.string(std::move(out));
}

/// An index argument as a byte offset; nothing when it is out of range.
std::optional<size_t> offset_of(std::string_view text, const Value& index) {
  if (index.kind != Kind::integer || index.integer < 0) return std::nullopt;
  const size_t out = byte_offset(text, static_cast<size_t>(index.integer));
  return out == text.npos ? std::nullopt : std::optional(out);
}

Value out_of_range(Evaluation& in, const Value& index) {
  return in.arena.error(fmt::format("index out of range: {}", index.integer));
}

Value char_at(Evaluation& in, Args a) {
  if (a[0].kind != Kind::string || a[1].kind != Kind::integer) return no_overload();
  const auto from = offset_of(a[0].text, a[1]);
  if (!from) return out_of_range(in, a[1]);
  const std::string_view rest = a[0].text.substr(*from);
  return of_string(rest.empty() ? rest : rest.substr(0, byte_offset(rest, 1)));
}

Value substring(Evaluation& in, Args a) {
  if (a[0].kind != Kind::string) return no_overload();
  if (!charge(in, a)) return in.out_of_steps();
  for (const Value& index : a.subspan(1))
    if (index.kind != Kind::integer) return no_overload();
  const auto from = offset_of(a[0].text, a[1]);
  if (!from) return out_of_range(in, a[1]);
  const auto to = a.size() > 2 ? offset_of(a[0].text, a[2]) : a[0].text.size();
  if (!to) return out_of_range(in, a[2]);
  if (*to < *from)
    return in.arena.error(
        fmt::format("invalid substring range. start: {}, end: {}", a[1].integer, a[2].integer));
  return of_string(a[0].text.substr(*from, *to - *from));
}

/// Of a string or a list.
Value index_of(Evaluation& in, Args a) {
  if (a[0].kind == Kind::list && a.size() == 2) {
    for (size_t i = 0; i < size_of(a[0]); ++i)
      if (equal(element(a[0], i, in.arena), a[1], in.arena, in.steps))
        return of_int(static_cast<int64_t>(i));
    return of_int(-1);
  }
  if (!all_strings(a.first(2))) return no_overload();
  if (!charge(in, a)) return in.out_of_steps();
  const std::string_view text = a[0].text;
  const auto from = a.size() > 2 ? offset_of(text, a[2]) : 0;
  if (!from) return out_of_range(in, a[2]);
  const size_t found = text.find(a[1].text, *from);
  return of_int(found == text.npos ? -1
                                   : static_cast<int64_t>(count_characters(text.substr(0, found))));
}

Value last_index_of(Evaluation& in, Args a) {
  if (a[0].kind == Kind::list && a.size() == 2) {
    for (size_t i = size_of(a[0]); i-- > 0;)
      if (equal(element(a[0], i, in.arena), a[1], in.arena, in.steps))
        return of_int(static_cast<int64_t>(i));
    return of_int(-1);
  }
  if (!all_strings(a.first(2))) return no_overload();
  if (!charge(in, a)) return in.out_of_steps();
  const std::string_view text = a[0].text;
  const auto from = a.size() > 2 ? offset_of(text, a[2]) : text.size();
  if (!from) return out_of_range(in, a[2]);
  const size_t found = text.rfind(a[1].text, *from);
  return of_int(found == text.npos ? -1
                                   : static_cast<int64_t>(count_characters(text.substr(0, found))));
}

/// `limit` below 0: all.
Value replace(Evaluation& in, Args a) {
  if (!all_strings(a.first(3))) return no_overload();
  int64_t limit = -1;
  if (a.size() > 3) {
    if (a[3].kind != Kind::integer) return no_overload();
    limit = a[3].integer;
  }
  const std::string_view what = a[1].text, with = a[2].text;
  std::string_view rest = a[0].text;
  std::string out;
  auto replaced = [&] {
    out += with;
    if (limit > 0) --limit;
    return in.spend(1 + with.size() / 16);
  };
  if (!charge(in, a)) return in.out_of_steps();
  if (what.empty()) {  // before each character and at the end
    while (limit != 0) {
      if (!replaced()) return in.out_of_steps();
      if (rest.empty()) break;
      const size_t length = byte_offset(rest, 1);
      out += rest.substr(0, length);
      rest.remove_prefix(length);
    }
    return in.arena.string(out + std::string(rest));
  }
  for (size_t found = rest.find(what); found != rest.npos && limit != 0; found = rest.find(what)) {
    out += rest.substr(0, found);
    if (!replaced()) return in.out_of_steps();
    rest.remove_prefix(found + what.size());
  }
  return in.arena.string(out + std::string(rest));
}

Value split_text(Evaluation& in, Args a) {
  if (!all_strings(a.first(2))) return no_overload();
  int64_t limit = -1;
  if (a.size() > 2) {
    if (a[2].kind != Kind::integer) return no_overload();
    limit = a[2].integer;
  }
  List out;
  if (limit == 0) return in.arena.list({});
  std::string_view rest = a[0].text;
  const std::string_view separator = a[1].text;
  if (!charge(in, a)) return in.out_of_steps();
  while (limit < 0 || static_cast<int64_t>(out.size()) + 1 < limit) {
    const size_t found = separator.empty()
                             ? (count_characters(rest) > 1 ? byte_offset(rest, 1) : rest.npos)
                             : rest.find(separator);
    if (found == rest.npos) break;
    if (!in.spend(1)) return in.out_of_steps();
    out.push_back(of_string(rest.substr(0, found)));
    rest.remove_prefix(found + separator.size());
  }
  if (!separator.empty() || !rest.empty()) out.push_back(of_string(rest));
  return in.arena.list(std::move(out));
}

Value join_texts(Evaluation& in, Args a) {
  if (a[0].kind != Kind::list || (a.size() > 1 && a[1].kind != Kind::string)) return no_overload();
  const std::string_view separator = a.size() > 1 ? a[1].text : std::string_view();
  std::string out;
  for (size_t i = 0; i < size_of(a[0]); ++i) {
    const Value part = element(a[0], i, in.arena);
    if (part.kind != Kind::string) return no_overload();
    if (!in.spend(1 + (part.text.size() + separator.size()) / 16)) return in.out_of_steps();
    if (i > 0) out += separator;
    out += part.text;
  }
  return in.arena.string(std::move(out));
}

Value quote(Evaluation& in, Args a) {
  if (!all_strings(a)) return no_overload();
  if (!charge(in, a)) return in.out_of_steps();
  static constexpr std::string_view kPlain = "\a\b\f\n\r\t\v\\\"", kNames = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : a[0].text) {
    const size_t special = kPlain.find(c);
    if (special == kPlain.npos) {
      out += c;
    } else {
      out += '\\';
      out += kNames[special];
    }
  }
  return in.arena.string(out + "\"");
}

// --- regular expressions

const Regex* compiled(Evaluation& in, std::string_view pattern, Value& fault) {
  if (const auto known = in.expressions.find(pattern); known != in.expressions.end())
    return &known->second;
  if (!in.spend(10 + pattern.size())) {
    fault = in.out_of_steps();
    return nullptr;
  }
  Result<Regex> made = Regex::compile(pattern);
  if (!made) {
    fault = in.arena.error(made.error().message);
    return nullptr;
  }
  return &in.expressions.emplace(std::string(pattern), std::move(*made)).first->second;
}

/// A match may look at each character for each part of the pattern.
bool charge_match(Evaluation& in, const Value& text, const Value& pattern) {
  return in.spend(5 + (text.text.size() / 16 + 1) * (pattern.text.size() / 8 + 1));
}

Value matches(Evaluation& in, Args a) {
  if (!all_strings(a)) return no_overload();
  if (!charge_match(in, a[0], a[1])) return in.out_of_steps();
  Value fault;
  const Regex* regex = compiled(in, a[1].text, fault);
  return regex == nullptr ? fault : of_bool(!regex->find(a[0].text).empty());
}

Value find(Evaluation& in, Args a) {
  if (!all_strings(a)) return no_overload();
  if (!charge_match(in, a[0], a[1])) return in.out_of_steps();
  Value fault;
  const Regex* regex = compiled(in, a[1].text, fault);
  if (regex == nullptr) return fault;
  const auto found = regex->find(a[0].text);
  if (found.empty()) return of_string("");
  return of_string(a[0].text.substr(found[0].first, found[0].second - found[0].first));
}

Value find_all(Evaluation& in, Args a) {
  if (!all_strings(a.first(2)) || (a.size() > 2 && a[2].kind != Kind::integer))
    return no_overload();
  const int64_t limit = a.size() > 2 ? a[2].integer : -1;
  Value fault;
  const Regex* regex = compiled(in, a[1].text, fault);
  if (regex == nullptr) return fault;
  const std::string_view text = a[0].text;
  List out;
  for (size_t from = 0; from <= text.size() && static_cast<int64_t>(out.size()) != limit;) {
    if (!charge_match(in, of_string(text.substr(from)), a[1])) return in.out_of_steps();
    const auto found = regex->find(text, from);
    if (found.empty()) break;
    const auto [begin, end] = found[0];
    out.push_back(of_string(text.substr(begin, end - begin)));
    from = end;
    if (end == begin) {  // go on at the next character
      const size_t length = byte_offset(text.substr(end), 1);
      if (length == text.npos || end == text.size()) break;
      from += length;
    }
  }
  return in.arena.list(std::move(out));
}

// --- format

/// What `%s` shows.
void show(Evaluation& in, const Value& value, std::string& out) {
  if (!in.spend(1 + value.text.size() / 16)) return;
  if (value.kind == Kind::list) {
    out += '[';
    for (size_t i = 0; i < size_of(value); ++i) {
      if (i > 0) out += ", ";
      show(in, element(value, i, in.arena), out);
    }
    out += ']';
  } else if (value.kind == Kind::map) {
    out += '{';
    for (size_t i = 0; i < size_of(value); ++i) {
      if (i > 0) out += ", ";
      show(in, map_key(value, i), out);
      out += ": ";
      show(in, map_value(value, i, in.arena), out);
    }
    out += '}';
  } else if (value.kind == Kind::null) {
    out += "null";
  } else {
    out += to_text(in, value).text;
  }
}

/// One `%` clause; false when the value does not fit it.
bool show_as(Evaluation& in, char verb, int precision, const Value& value, std::string& out) {
  const bool integer = value.kind == Kind::integer || value.kind == Kind::unsigned_integer;
  auto number = [&](std::string_view layout) {
    out += value.kind == Kind::integer ? fmt::format(fmt::runtime(layout), value.integer)
                                       : fmt::format(fmt::runtime(layout), value.unsigned_integer);
    return true;
  };
  switch (verb) {
    case 's': return show(in, value, out), true;
    case 'd':
      if (integer) return number("{}");
      if (value.kind != Kind::real) return false;
      return out += double_text(value.real), true;
    case 'b':
      if (value.kind == Kind::boolean) return out += value.boolean ? '1' : '0', true;
      return integer && number("{:b}");
    case 'o': return integer && number("{:o}");
    case 'x':
    case 'X':
      if (integer) return number(verb == 'x' ? "{:x}" : "{:X}");
      if (value.kind != Kind::string && value.kind != Kind::bytes) return false;
      out += verb == 'x' ? hex_encode(value.text) : to_upper(hex_encode(value.text));
      return true;
    case 'f':
    case 'e': {
      if (!value.is_number()) return false;
      const double real = value.kind == Kind::real ? value.real
                          : value.kind == Kind::integer
                              ? static_cast<double>(value.integer)
                              : static_cast<double>(value.unsigned_integer);
      out += verb == 'f' ? fmt::format("{:.{}f}", real, precision)
                         : fmt::format("{:.{}e}", real, precision);
      return true;
    }
    default: return false;
  }
}

Value format(Evaluation& in, Args a) {
  if (a[0].kind != Kind::string || a[1].kind != Kind::list) return no_overload();
  std::string out;
  std::string_view rest = a[0].text;
  size_t next = 0;
  for (size_t percent = rest.find('%'); percent != rest.npos; percent = rest.find('%')) {
    out += rest.substr(0, percent);
    rest.remove_prefix(percent + 1);
    if (rest.starts_with('%')) {
      out += '%';
      rest.remove_prefix(1);
      continue;
    }
    int precision = 6;
    if (rest.starts_with('.')) {
      const std::string_view digits = rest.substr(1, rest.find_first_not_of("0123456789", 1) - 1);
      precision = static_cast<int>(std::min<int64_t>(parse_int(digits).value_or(6), 100));
      rest.remove_prefix(1 + digits.size());
    }
    if (rest.empty()) return of_error("unexpected end of format string");
    if (next >= size_of(a[1])) return in.arena.error(fmt::format("index {} out of range", next));
    if (!show_as(in, rest.front(), precision, element(a[1], next++, in.arena), out))
      return in.arena.error(fmt::format(
          "error during formatting: clause \"%{}\" does not take the value", rest.front()));
    rest.remove_prefix(1);
    if (!in.spend(1 + out.size() / 256)) return in.out_of_steps();
  }
  return in.arena.string(out + std::string(rest));
}

constexpr Function kStrings[] = {
    {"startsWith", true, 2, 2, Kind::boolean, starts_with},
    {"endsWith", true, 2, 2, Kind::boolean, ends_with},
    {"contains", true, 2, 2, Kind::boolean, contains},
    {"lowerAscii", true, 1, 1, Kind::string, lower_ascii},
    {"upperAscii", true, 1, 1, Kind::string, upper_ascii},
    {"trim", true, 1, 1, Kind::string, trimmed},
    {"reverse", true, 1, 1, Kind::string, reversed},
    {"charAt", true, 2, 2, Kind::string, char_at},
    {"substring", true, 2, 3, Kind::string, substring},
    {"indexOf", true, 2, 3, Kind::integer, index_of},
    {"lastIndexOf", true, 2, 3, Kind::integer, last_index_of},
    {"replace", true, 3, 4, Kind::string, replace},
    {"split", true, 2, 3, Kind::list, split_text},
    {"join", true, 1, 2, Kind::string, join_texts},
    {"format", true, 2, 2, Kind::string, format},
    {"strings.quote", false, 1, 1, Kind::string, quote},
    {"matches", true, 2, 2, Kind::boolean, matches},
    {"matches", false, 2, 2, Kind::boolean, matches},
    {"find", true, 2, 2, Kind::string, find},
    {"findAll", true, 2, 3, Kind::list, find_all},
};

}  // namespace

std::span<const Function> string_functions() { return kStrings; }

}  // namespace ks::store::cel
