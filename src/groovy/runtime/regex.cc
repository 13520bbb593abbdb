#define PCRE2_CODE_UNIT_WIDTH 8
#include "groovy/runtime/regex.h"

#include <pcre2.h>

#include <fmt/format.h>
#include <algorithm>

#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"
#include "groovy/runtime/text.h"

namespace ks::groovy {

class Regex {
 public:
  explicit Regex(pcre2_code* code) : code_(code) {
    uint32_t count = 0;
    pcre2_pattern_info(code_, PCRE2_INFO_CAPTURECOUNT, &count);
    groups_ = count;
    size_t size = 0;
    pcre2_pattern_info(code_, PCRE2_INFO_SIZE, &size);
    bytes_ = size;
  }
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;
  ~Regex() { pcre2_code_free(code_); }
  const pcre2_code* code() const { return code_; }
  /// To machine code once it is used often: that costs more than a few plain matches. A regex
  /// belongs to one run.
  void used() const {
    constexpr int kOften = 8;
    if (uses_ == kOften) return;
    uses_++;
    if (uses_ == kOften) pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE);
  }
  size_t groups() const { return groups_; }
  size_t bytes() const { return bytes_; }

 private:
  pcre2_code* code_;
  mutable int uses_ = 0;
  size_t groups_ = 0;
  size_t bytes_ = 0;
};

Pattern::Pattern(std::string text, std::shared_ptr<const Regex> compiled, int java_flags)
    : Object(ObjectKind::pattern),
      source(std::move(text)),
      regex(std::move(compiled)),
      flags(java_flags) {}

size_t Pattern::footprint() const { return sizeof(Pattern) + source.capacity() + regex->bytes(); }

namespace {

constexpr uint32_t kMatchLimit = 10'000'000;
constexpr uint32_t kDepthLimit = 100'000;
constexpr size_t kMaxPattern = 256 << 10;

/// Between Java's and PCRE2's ways to write the same.
std::string translate(std::string_view java) {
  std::string out;
  bool in_class = false;
  int class_depth = 0;
  for (size_t i = 0; i < java.size(); ++i) {
    char c = java[i];
    if (c == '\\' && i + 1 < java.size()) {
      char next = java[i + 1];
      if (next == 'Q') {
        size_t end = java.find("\\E", i + 2);
        std::string_view literal = java.substr(i + 2, end == java.npos ? java.npos : end - i - 2);
        for (char each : literal) {
          if (std::isalnum(static_cast<unsigned char>(each)) == 0 &&
              static_cast<unsigned char>(each) < 0x80)
            out += '\\';
          out += each;
        }
        i = end == java.npos ? java.size() : end + 1;
        continue;
      }
      if (next == 'u' && i + 5 < java.size()) {
        out += "\\x{" + std::string(java.substr(i + 2, 4)) + "}";
        i += 5;
        continue;
      }
      if (next == 'Z') {
        out += "\\Z";
        ++i;
        continue;
      }
      if (next == 'p' || next == 'P') {
        static constexpr std::pair<std::string_view, std::string_view> kClasses[] = {
            {"{Alpha}", "[:alpha:]"},       {"{Digit}", "[:digit:]"},
            {"{Alnum}", "[:alnum:]"},       {"{Upper}", "[:upper:]"},
            {"{Lower}", "[:lower:]"},       {"{Punct}", "[:punct:]"},
            {"{Space}", "[:space:]"},       {"{XDigit}", "[:xdigit:]"},
            {"{Blank}", "[:blank:]"},       {"{Cntrl}", "[:cntrl:]"},
            {"{Graph}", "[:graph:]"},       {"{Print}", "[:print:]"},
            {"{ASCII}", "[:ascii:]"},       {"{IsAlphabetic}", "\\p{L}"},
            {"{IsDigit}", "\\p{Nd}"},       {"{IsLetter}", "\\p{L}"},
            {"{IsUppercase}", "\\p{Lu}"},   {"{IsLowercase}", "\\p{Ll}"},
            {"{javaLowerCase}", "\\p{Ll}"}, {"{javaUpperCase}", "\\p{Lu}"},
            {"{InGreek}", "\\p{Greek}"}};
        bool done = false;
        for (const auto& [name, posix] : kClasses) {
          if (!java.substr(i + 2).starts_with(name)) continue;
          if (posix.starts_with('[')) {
            std::string inner =
                next == 'P' ? "[:^" + std::string(posix.substr(2)) : std::string(posix);
            out += in_class ? inner : "[" + inner + "]";
          } else {
            out += next == 'P' ? "\\P" + std::string(posix.substr(2)) : std::string(posix);
          }
          i += 1 + name.size();
          done = true;
          break;
        }
        if (done) continue;
      }
      if (next == 'h' || next == 'H' || next == 'R' || next == 'v' || next == 'V') {
        out += c;
        out += next;
        ++i;
        continue;
      }
      out += c;
      out += next;
      ++i;
      continue;
    }
    if (in_class) {
      if (c == '[' && !java.substr(i).starts_with("[:")) {
        // Java's union of classes: [a[bc]] is [abc].
        if (i + 1 < java.size() && java[i + 1] != '^') {
          ++class_depth;
          continue;
        }
        out += "\\[";
        continue;
      }
      if (c == ']') {
        if (class_depth > 0) {
          --class_depth;
          continue;
        }
        in_class = false;
      }
      out += c;
      continue;
    }
    if (c == '[') {
      in_class = true;
      out += c;
      if (i + 1 < java.size() && java[i + 1] == '^') {
        out += '^';
        ++i;
      }
      if (i + 1 < java.size() && java[i + 1] == ']') {
        out += "\\]";
        ++i;
      }
      continue;
    }
    out += c;
  }
  return out;
}

struct ContextDeleter {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

using MatchData = std::unique_ptr<pcre2_match_data, ContextDeleter>;

/// As pcre2_match, within the limits: a number of groups, or one of the two codes for no match.
int match(Task& task, const Pattern& pattern, std::string_view text, size_t start, uint32_t options,
          MatchData& data) {
  task.spend(text.size() / 256 + 1);
  pattern.regex->used();
  std::unique_ptr<pcre2_match_context, ContextDeleter> context(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(context.get(), kMatchLimit);
  pcre2_set_depth_limit(context.get(), kDepthLimit);
  data.reset(pcre2_match_data_create_from_pattern(pattern.regex->code(), nullptr));
  int count = pcre2_match(pattern.regex->code(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                          text.size(), start, options, data.get(), context.get());
  if (count >= 0 || count == PCRE2_ERROR_NOMATCH || count == PCRE2_ERROR_PARTIAL) return count;
  std::array<unsigned char, 200> message{};
  pcre2_get_error_message(count, message.data(), message.size());
  throw_error(task, "java.lang.StackOverflowError",
              fmt::format("regular expression /{}/ gave up: {}", pattern.source.substr(0, 200),
                          reinterpret_cast<const char*>(message.data())));
}

/// Whether the search comes to the end of the text and would go on.
bool is_partial(Task& task, const Pattern& pattern, std::string_view text, size_t start,
                uint32_t options) {
  if (start > text.size()) return true;
  MatchData data;
  return match(task, pattern, text, start, options | PCRE2_PARTIAL_HARD, data) ==
         PCRE2_ERROR_PARTIAL;
}

std::optional<Found> run(Task& task, const Pattern& pattern, std::string_view text, size_t start,
                         uint32_t options) {
  MatchData data;
  const int count = match(task, pattern, text, start, options, data);
  if (count < 0) return std::nullopt;
  Found found;
  const PCRE2_SIZE* vector = pcre2_get_ovector_pointer(data.get());
  size_t groups = pattern.regex->groups() + 1;
  found.offsets.assign(groups * 2, std::string::npos);
  for (size_t i = 0; i < static_cast<size_t>(count) && i < groups; ++i) {
    if (vector[2 * i] == PCRE2_UNSET) continue;
    found.offsets[2 * i] = vector[2 * i];
    found.offsets[2 * i + 1] = vector[2 * i + 1];
  }
  return found;
}

/// Where to search on after an empty match: one character further.
size_t after(std::string_view text, const Found& found) {
  if (found.end() > found.start()) return found.end();
  size_t next = found.end() + 1;
  while (next < text.size() && (static_cast<uint8_t>(text[next]) & 0xC0) == 0x80) ++next;
  return next;
}

}  // namespace

Ref<Pattern> compile_pattern(Task& task, std::string_view source, int flags) {
  if (source.size() > kMaxPattern) {
    throw_error(task, "java.util.regex.PatternSyntaxException",
                fmt::format("a regular expression of {} bytes is over the limit of {} bytes",
                            source.size(), kMaxPattern));
  }
  constexpr size_t kMostKept = 64;
  auto& kept = task.interpreter().state().regexes;
  std::string key = std::to_string(flags) + "/" + std::string(source);
  if (auto known = kept.find(key); known != kept.end()) {
    return task.heap().make<Pattern>(std::string(source), known->second, flags);
  }
  uint32_t options = PCRE2_MATCH_INVALID_UTF | PCRE2_UTF | PCRE2_ALT_BSUX;
  if ((flags & kCaseInsensitive) != 0) options |= PCRE2_CASELESS;
  if ((flags & kMultiline) != 0) options |= PCRE2_MULTILINE;
  if ((flags & kDotAll) != 0) options |= PCRE2_DOTALL;
  if ((flags & kComments) != 0) options |= PCRE2_EXTENDED;
  if ((flags & kLiteral) != 0) options = (options & ~uint32_t{PCRE2_ALT_BSUX}) | PCRE2_LITERAL;
  options &= ~uint32_t{PCRE2_ALT_BSUX};
  std::string text = (flags & kLiteral) != 0 ? std::string(source) : translate(source);
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options,
                                   &error, &offset, nullptr);
  if (code == nullptr) {
    std::array<unsigned char, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    throw_error(task, "java.util.regex.PatternSyntaxException",
                fmt::format("{} near index {}\n{}", reinterpret_cast<const char*>(message.data()),
                            offset, source));
  }
  auto regex = std::make_shared<const Regex>(code);
  if (kept.size() >= kMostKept) kept.clear();
  kept.emplace(std::move(key), regex);
  return task.heap().make<Pattern>(std::string(source), regex, flags);
}

Value make_pattern(Task& task, std::string_view source) { return compile_pattern(task, source); }

Ref<Pattern> to_pattern(Task& task, const Value& value) {
  if (auto* pattern = value.as<Pattern>()) return Ref<Pattern>(pattern);
  return compile_pattern(task, to_string(task, value));
}

std::optional<Found> search(Task& task, const Pattern& pattern, std::string_view text,
                            size_t start) {
  if (start > text.size()) return std::nullopt;
  return run(task, pattern, text, start, 0);
}

std::optional<Found> match_whole(Task& task, const Pattern& pattern, std::string_view text) {
  return run(task, pattern, text, 0, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

std::optional<Found> match_front(Task& task, const Pattern& pattern, std::string_view text) {
  return run(task, pattern, text, 0, PCRE2_ANCHORED);
}

namespace {

/// Whether a text that does not match as a whole is the beginning of one that might.
bool ends_too_early(Task& task, const Pattern& pattern, std::string_view text) {
  const bool literal = (pattern.flags & kLiteral) != 0;
  // PCRE2 has no partial match that must reach the end: the end stands in the expression.
  std::string ended = "(?:" + (literal ? quote_regex(pattern.source) : pattern.source);
  if ((pattern.flags & kComments) != 0) ended += '\n';
  ended += ")\\z";
  const Ref<Pattern> with_end = compile_pattern(task, ended, pattern.flags & ~kLiteral);
  MatchData data;
  return match(task, *with_end, text, 0, PCRE2_ANCHORED | PCRE2_PARTIAL_SOFT, data) ==
         PCRE2_ERROR_PARTIAL;
}

}  // namespace

bool hit_end(Task& task, const Matcher& matcher) {
  switch (matcher.tried) {
    case Matcher::Tried::nothing: return false;
    case Matcher::Tried::find:
      // Nothing found: all of the text was looked at.
      return !matcher.found ||
             is_partial(task, *matcher.pattern, matcher.text, matcher.tried_from, 0);
    case Matcher::Tried::front:
      return is_partial(task, *matcher.pattern, matcher.text, 0, PCRE2_ANCHORED);
    case Matcher::Tried::whole:
      return matcher.found ? is_partial(task, *matcher.pattern, matcher.text, 0, PCRE2_ANCHORED)
                           : ends_too_early(task, *matcher.pattern, matcher.text);
  }
  return false;
}

size_t group_count(const Pattern& pattern) { return pattern.regex->groups(); }

std::optional<size_t> group_number(const Pattern& pattern, std::string_view name) {
  std::string text(name);
  int number = pcre2_substring_number_from_name(pattern.regex->code(),
                                                reinterpret_cast<PCRE2_SPTR>(text.c_str()));
  if (number < 0) return std::nullopt;
  return static_cast<size_t>(number);
}

void append_replacement(Task& task, const Pattern& pattern, std::string_view text,
                        const Found& found, std::string_view replacement, std::string& out) {
  auto append_group = [&](size_t group) {
    if (group > group_count(pattern)) {
      throw_error(task, "java.lang.IndexOutOfBoundsException", "No group " + std::to_string(group));
    }
    if (found.has(group))
      out += text.substr(found.start(group), found.end(group) - found.start(group));
  };
  for (size_t i = 0; i < replacement.size(); ++i) {
    char c = replacement[i];
    if (c == '\\') {
      if (++i >= replacement.size()) {
        throw_error(task, "java.lang.IllegalArgumentException",
                    "character to be escaped is missing");
      }
      out += replacement[i];
    } else if (c != '$') {
      out += c;
    } else if (i + 1 < replacement.size() && replacement[i + 1] == '{') {
      size_t end = replacement.find('}', i);
      if (end == replacement.npos) {
        throw_error(task, "java.lang.IllegalArgumentException",
                    "named capturing group is missing trailing '}'");
      }
      std::string_view name = replacement.substr(i + 2, end - i - 2);
      std::optional<size_t> group = group_number(pattern, name);
      if (!group) {
        throw_error(task, "java.lang.IllegalArgumentException",
                    "No group with name {" + std::string(name) + "}");
      }
      append_group(*group);
      i = end;
    } else {
      if (i + 1 >= replacement.size() ||
          std::isdigit(static_cast<unsigned char>(replacement[i + 1])) == 0) {
        throw_error(task, "java.lang.IllegalArgumentException", "Illegal group reference");
      }
      size_t group = static_cast<size_t>(replacement[++i] - '0');
      // More digits count as long as there is such a group.
      while (i + 1 < replacement.size() &&
             std::isdigit(static_cast<unsigned char>(replacement[i + 1])) != 0) {
        size_t longer = group * 10 + static_cast<size_t>(replacement[i + 1] - '0');
        if (longer > group_count(pattern)) break;
        group = longer;
        ++i;
      }
      append_group(group);
    }
  }
}

void each_match(Task& task, const Pattern& pattern, std::string_view text,
                const std::function<bool(const Found&)>& each) {
  size_t start = 0;
  while (std::optional<Found> found = search(task, pattern, text, start)) {
    if (!each(*found)) return;
    start = after(text, *found);
  }
}

std::string replace_matches(Task& task, const Pattern& pattern, std::string_view text,
                            std::string_view replacement, bool all) {
  std::string out;
  size_t copied = 0;
  each_match(task, pattern, text, [&](const Found& found) {
    out += text.substr(copied, found.start() - copied);
    append_replacement(task, pattern, text, found, replacement, out);
    copied = found.end();
    task.heap().check_string(out.size());
    return all;
  });
  out += text.substr(copied);
  return out;
}

std::vector<std::string> split_text(Task& task, const Pattern& pattern, std::string_view text,
                                    int limit) {
  std::vector<std::string> out;
  size_t from = 0;
  bool any = false;
  each_match(task, pattern, text, [&](const Found& found) {
    any = true;
    if (limit > 0 && out.size() + 1 >= static_cast<size_t>(limit)) return false;
    // An empty match at the very front gives no empty piece.
    if (found.end() == 0 && found.start() == 0) return true;
    if (found.start() == found.end() && found.start() >= text.size()) return true;
    out.emplace_back(text.substr(from, found.start() - from));
    from = found.end();
    return true;
  });
  if (!any) return {std::string(text)};
  out.emplace_back(text.substr(from));
  if (limit == 0) {
    while (!out.empty() && out.back().empty()) out.pop_back();
  }
  return out;
}

Value group_value(Task& task, std::string_view text, const Found& found, size_t group) {
  if (!found.has(group)) return {};
  return task.heap().string(text.substr(found.start(group), found.end(group) - found.start(group)));
}

Value found_value(Task& task, const Pattern& pattern, std::string_view text, const Found& found) {
  if (group_count(pattern) == 0) return group_value(task, text, found, 0);
  std::vector<Value> groups;
  for (size_t i = 0; i <= group_count(pattern); ++i)
    groups.push_back(group_value(task, text, found, i));
  return task.heap().make<List>(std::move(groups));
}

Value make_matcher(Task& task, const Value& text, const Value& pattern) {
  if (text.is_null() || pattern.is_null()) throw_error(task, "java.lang.NullPointerException");
  return task.heap().make<Matcher>(to_pattern(task, pattern), to_string(task, text));
}

bool full_match(Task& task, const Value& text, const Value& pattern) {
  if (text.is_null() || pattern.is_null()) return false;
  Ref<Pattern> compiled = to_pattern(task, pattern);
  return match_whole(task, *compiled, to_string(task, text)).has_value();
}

bool pattern_matches(Task& task, const Value& pattern, std::string_view text) {
  return match_whole(task, *pattern.as<Pattern>(), text).has_value();
}

bool matcher_truth(Task& task, const Value& value) {
  // As Groovy: asks find() from the front, and forgets about it.
  auto* matcher = value.as<Matcher>();
  return search(task, *matcher->pattern, matcher->text).has_value();
}

Value matcher_at(Task& task, const Value& value, const Value& key) {
  auto* matcher = value.as<Matcher>();
  std::string text = matcher->text;
  Ref<Pattern> pattern = matcher->pattern;
  if (is_number(key)) {
    std::vector<Found> all;
    int64_t wanted = long_value(key);
    each_match(task, *pattern, text, [&](const Found& found) {
      all.push_back(found);
      return wanted < 0 || static_cast<int64_t>(all.size()) <= wanted;
    });
    int64_t index = wanted < 0 ? wanted + static_cast<int64_t>(all.size()) : wanted;
    if (index < 0 || index >= static_cast<int64_t>(all.size())) {
      throw_error(task, "java.lang.IndexOutOfBoundsException",
                  "index is out of range " + std::to_string(-static_cast<int64_t>(all.size())) +
                      ".." + std::to_string(static_cast<int64_t>(all.size()) - 1) +
                      " (index = " + std::to_string(wanted) + ")");
    }
    matcher->found = all[static_cast<size_t>(index)];
    return found_value(task, *pattern, text, all[static_cast<size_t>(index)]);
  }
  if (key.is<List>()) {
    for (const Value& each : key.as<List>()->items) {
      if (each.is<List>()) throw_cast(task, each, "int");
    }
  }
  std::vector<Value> all;
  each_match(task, *pattern, text, [&](const Found& found) {
    all.push_back(found_value(task, *pattern, text, found));
    return true;
  });
  Value list = task.heap().make<List>(std::move(all));
  return get_at(task, list, key);
}

std::string pattern_text(const Value& pattern) { return pattern.as<Pattern>()->source; }

std::string matcher_text(Task&, const Value& value) {
  auto* matcher = value.as<Matcher>();
  std::string last;
  if (matcher->found) {
    last = matcher->text.substr(matcher->found->start(),
                                matcher->found->end() - matcher->found->start());
  }
  return fmt::format("java.util.regex.Matcher[pattern={} region=0,{} lastmatch={}]",
                     matcher->pattern->source, utf16_length(matcher->text), last);
}

std::string quote_regex(std::string_view text) {
  // The end of a quotation within the text ends this one, stands for itself, and another one
  // begins.
  std::string out = "\\Q";
  for (size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with("\\E")) {
      out += "\\E\\\\E\\Q";
      ++at;
    } else {
      out += text[at];
    }
  }
  return out + "\\E";
}

}  // namespace ks::groovy
