#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"
#include "groovy/runtime/regex.h"
#include "groovy/runtime/text.h"

/// java.util.regex.Pattern and Matcher, StringBuilder and its like.

namespace ks::groovy {

namespace {

constexpr std::string_view kPattern = "java.util.regex.Pattern";
constexpr std::string_view kMatcher = "java.util.regex.Matcher";

const Pattern& pattern(Call& c) { return *c.self.as<Pattern>(); }
Matcher& matcher(Call& c) { return *c.self.as<Matcher>(); }

Value compile_of(Call& c) {
  return compile_pattern(c.task, c.text(0), c.count() == 2 ? c.to_int(1) : 0);
}
Value quote(Call& c) { return text(c, quote_regex(c.text(0))); }
Value matches_static(Call& c) { return Value::of_bool(full_match(c.task, c.arg(1), c.arg(0))); }
Value source(Call& c) { return text(c, pattern(c).source); }
Value flags(Call& c) { return Value::of_int(pattern(c).flags); }
Value matcher_of(Call& c) { return make_matcher(c.task, c.arg(0), c.self); }
Value split(Call& c) {
  std::vector<Value> out;
  for (std::string& part :
       split_text(c.task, pattern(c), c.text(0), c.count() == 2 ? c.to_int(1) : 0)) {
    out.push_back(c.heap().string(std::move(part)));
  }
  return make_array(c.task, types().string, std::move(out));
}
Value is_case_of(Call& c) {
  return Value::of_bool(!c.arg(0).is_null() && pattern_matches(c.task, c.self, c.text(0)));
}
template <int flag>
Value flag_value(Call&) {
  return Value::of_int(flag);
}

// ----- matchers -----

Value matches(Call& c) {
  Matcher& m = matcher(c);
  m.found = match_whole(c.task, *m.pattern, m.text);
  m.tried = Matcher::Tried::whole;
  return Value::of_bool(m.found.has_value());
}
Value looking_at(Call& c) {
  Matcher& m = matcher(c);
  m.found = match_front(c.task, *m.pattern, m.text);
  m.tried = Matcher::Tried::front;
  return Value::of_bool(m.found.has_value());
}
Value find(Call& c) {
  Matcher& m = matcher(c);
  if (c.count() == 1)
    m.next_start = byte_offset(m.text, static_cast<size_t>(std::max(0, c.to_int(0))));
  m.tried = Matcher::Tried::find;
  m.tried_from = m.next_start;
  m.found = search(c.task, *m.pattern, m.text, m.next_start);
  if (m.found) {
    m.next_start = m.found->end();
    if (m.found->end() == m.found->start()) ++m.next_start;
  }
  return Value::of_bool(m.found.has_value());
}
const Found& found(Call& c) {
  Matcher& m = matcher(c);
  if (!m.found) throw_error(c.task, "java.lang.IllegalStateException", "No match found");
  return *m.found;
}
size_t group_index(Call& c) {
  if (c.count() == 0) return 0;
  Matcher& m = matcher(c);
  if (is_number(c.arg(0))) {
    int64_t number = c.to_int(0);
    if (number < 0 || static_cast<size_t>(number) > group_count(*m.pattern)) {
      throw_error(c.task, "java.lang.IndexOutOfBoundsException",
                  "No group " + std::to_string(number));
    }
    return static_cast<size_t>(number);
  }
  std::optional<size_t> number = group_number(*m.pattern, c.text(0));
  if (!number)
    throw_error(c.task, "java.lang.IllegalArgumentException",
                "No group with name <" + c.text(0) + ">");
  return *number;
}
Value group(Call& c) {
  const Found& at = found(c);
  return group_value(c.task, matcher(c).text, at, group_index(c));
}
Value start(Call& c) {
  const Found& at = found(c);
  size_t g = group_index(c);
  return at.has(g) ? of_size(unit_index(matcher(c).text, at.start(g))) : Value::of_int(-1);
}
Value end(Call& c) {
  const Found& at = found(c);
  size_t g = group_index(c);
  return at.has(g) ? of_size(unit_index(matcher(c).text, at.end(g))) : Value::of_int(-1);
}
Value groups(Call& c) { return of_size(group_count(*matcher(c).pattern)); }
Value count(Call& c) {
  Matcher& m = matcher(c);
  int32_t number = 0;
  each_match(c.task, *m.pattern, m.text, [&](const Found&) {
    ++number;
    return true;
  });
  return Value::of_int(number);
}
Value reset(Call& c) {
  Matcher& m = matcher(c);
  m.found.reset();
  m.tried = Matcher::Tried::nothing;
  m.next_start = 0;
  m.appended = 0;
  if (c.count() == 1) m.text = c.text(0);
  return c.self;
}
Value replace_all(Call& c) {
  Matcher& m = matcher(c);
  return text(c, replace_matches(c.task, *m.pattern, m.text, c.text(0), true));
}
Value replace_first(Call& c) {
  Matcher& m = matcher(c);
  return text(c, replace_matches(c.task, *m.pattern, m.text, c.text(0), false));
}
Value get_at_of(Call& c) { return matcher_at(c.task, c.self, c.arg(0)); }
Value has_group(Call& c) { return Value::of_bool(group_count(*matcher(c).pattern) > 0); }
Value hits_end(Call& c) { return Value::of_bool(hit_end(c.task, matcher(c))); }
Value matches_partially(Call& c) {
  return Value::of_bool(matches(c).as_bool() || hit_end(c.task, matcher(c)));
}
Value pattern_of(Call& c) { return Value(matcher(c).pattern); }

std::vector<Value> all_found(Call& c) {
  Matcher& m = matcher(c);
  std::vector<Value> out;
  each_match(c.task, *m.pattern, m.text, [&](const Found& at) {
    out.push_back(found_value(c.task, *m.pattern, m.text, at));
    return true;
  });
  return out;
}
Value iterator(Call& c) {
  auto next = [all = make_list(c, all_found(c)),
               i = size_t{0}](Task&) mutable -> std::optional<Value> {
    if (i >= all.as<List>()->items.size()) return std::nullopt;
    return all.as<List>()->items[i++];
  };
  return c.heap().make<Iterator>(std::vector<Value>{}, std::move(next));
}
Value each(Call& c) {
  auto* closure = c.closure(0);
  for (const Value& item : all_found(c)) {
    if (item.is<List>() && closure->parameter_count() > 1) {
      call_value(c.task, c.arg(0), item.as<List>()->items);
    } else {
      call1(c.task, c.arg(0), item);
    }
  }
  return c.self;
}
Value append_replaced(Call& c) {
  Matcher& m = matcher(c);
  const Found& at = found(c);
  auto* builder = c.arg(0).as<Builder>();
  if (builder == nullptr) throw_cast(c.task, c.arg(0), "java.lang.StringBuffer");
  builder->text += std::string_view(m.text).substr(m.appended, at.start() - m.appended);
  append_replacement(c.task, *m.pattern, m.text, at, c.text(1), builder->text);
  m.appended = at.end();
  c.heap().grew(builder);
  return c.self;
}
Value append_tail(Call& c) {
  Matcher& m = matcher(c);
  auto* builder = c.arg(0).as<Builder>();
  if (builder == nullptr) throw_cast(c.task, c.arg(0), "java.lang.StringBuffer");
  builder->text += std::string_view(m.text).substr(m.appended);
  c.heap().grew(builder);
  return c.arg(0);
}
Value quote_replacement(Call& c) {
  std::string out;
  for (char ch : c.text(0)) {
    if (ch == '\\' || ch == '$') out += '\\';
    out += ch;
  }
  return text(c, std::move(out));
}

constexpr MethodRow kRows[] = {
    {kPattern, "static compile", "S", compile_of},
    {kPattern, "static compile", "SI", compile_of},
    {kPattern, "static quote", "S", quote},
    {kPattern, "static matches", "Ss", matches_static},
    {kPattern, "static CASE_INSENSITIVE", "=", flag_value<kCaseInsensitive>},
    {kPattern, "static MULTILINE", "=", flag_value<kMultiline>},
    {kPattern, "static DOTALL", "=", flag_value<kDotAll>},
    {kPattern, "static UNICODE_CASE", "=", flag_value<kUnicodeCase>},
    {kPattern, "static COMMENTS", "=", flag_value<kComments>},
    {kPattern, "static LITERAL", "=", flag_value<kLiteral>},
    {kPattern, "pattern", "", source},
    {kPattern, "toString", "", source},
    {kPattern, "flags", "", flags},
    {kPattern, "matcher", "s", matcher_of},
    {kPattern, "split", "s", split},
    {kPattern, "split", "sI", split},
    {kPattern, "isCase", "O", is_case_of},
    {kMatcher, "matches", "", matches},
    {kMatcher, "lookingAt", "", looking_at},
    {kMatcher, "find", "", find},
    {kMatcher, "find", "I", find},
    {kMatcher, "group", "", group},
    {kMatcher, "group", "I", group},
    {kMatcher, "group", "S", group},
    {kMatcher, "start", "", start},
    {kMatcher, "start", "I", start},
    {kMatcher, "end", "", end},
    {kMatcher, "end", "I", end},
    {kMatcher, "groupCount", "", groups},
    {kMatcher, "getCount", "", count},
    {kMatcher, "size", "", count},
    {kMatcher, "reset", "", reset},
    {kMatcher, "reset", "S", reset},
    {kMatcher, "replaceAll", "S", replace_all},
    {kMatcher, "replaceFirst", "S", replace_first},
    {kMatcher, "getAt", "O", get_at_of},
    {kMatcher, "hasGroup", "", has_group},
    {kMatcher, "hitEnd", "", hits_end},
    {kMatcher, "matchesPartially", "", matches_partially},
    {kMatcher, "pattern", "", pattern_of},
    {kMatcher, "iterator", "", iterator},
    {kMatcher, "each", "C", each},
    {kMatcher, "appendReplacement", "OS", append_replaced},
    {kMatcher, "appendTail", "O", append_tail},
    {kMatcher, "static quoteReplacement", "S", quote_replacement},
};

}  // namespace

LibraryPart regex_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
