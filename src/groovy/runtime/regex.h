#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "groovy/runtime/objects.h"

/// java.util.regex over PCRE2.

namespace ks::groovy {

/// A compiled expression, shared by patterns and matchers.
class Regex;

class Pattern final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::pattern;
  Pattern(std::string text, std::shared_ptr<const Regex> compiled, int java_flags);
  std::string source;
  std::shared_ptr<const Regex> regex;
  int flags;  ///< as Pattern.flags() gives them
  size_t footprint() const override;
};

/// Byte offsets of groups; absent groups are npos.
struct Found {
  std::vector<size_t> offsets;  // start, end of each group
  bool has(size_t group) const { return offsets[group * 2] != std::string::npos; }
  size_t start(size_t group = 0) const { return offsets[group * 2]; }
  size_t end(size_t group = 0) const { return offsets[group * 2 + 1]; }
};

class Matcher final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::matcher;
  Matcher(Ref<Pattern> of, std::string over)
      : Object(ObjectKind::matcher), pattern(std::move(of)), text(std::move(over)) {}
  Ref<Pattern> pattern;
  std::string text;
  std::optional<Found> found;
  size_t next_start = 0;  ///< where find() goes on
  size_t appended = 0;    ///< up to where appendReplacement has come
  /// What was asked for last, and from where on.
  enum class Tried : uint8_t { nothing, find, front, whole } tried = Tried::nothing;
  size_t tried_from = 0;
  size_t footprint() const override { return sizeof(Matcher) + text.capacity() + 128; }
};

constexpr int kCaseInsensitive = 2;
constexpr int kMultiline = 8;
constexpr int kDotAll = 32;
constexpr int kUnicodeCase = 64;
constexpr int kComments = 4;
constexpr int kLiteral = 16;

/// Throws PatternSyntaxException.
Ref<Pattern> compile_pattern(Task& task, std::string_view source, int flags = 0);
Value make_pattern(Task& task, std::string_view source);
/// A pattern, or one compiled of the text of `value`.
Ref<Pattern> to_pattern(Task& task, const Value& value);

/// The first match at or after `start`. Throws when the search takes too long.
std::optional<Found> search(Task& task, const Pattern& pattern, std::string_view text,
                            size_t start = 0);
std::optional<Found> match_whole(Task& task, const Pattern& pattern, std::string_view text);
std::optional<Found> match_front(Task& task, const Pattern& pattern, std::string_view text);
/// Whether what was tried last looked for more than the text has: more text might have changed the
/// outcome.
bool hit_end(Task& task, const Matcher& matcher);
size_t group_count(const Pattern& pattern);
/// Number of a named group, or nothing.
std::optional<size_t> group_number(const Pattern& pattern, std::string_view name);

/// `$1`, `${name}` and `\` in a replacement text, as Matcher.appendReplacement reads them.
void append_replacement(Task& task, const Pattern& pattern, std::string_view text,
                        const Found& found, std::string_view replacement, std::string& out);
std::string replace_matches(Task& task, const Pattern& pattern, std::string_view text,
                            std::string_view replacement, bool all);
/// Calls `each` for every match from the front; false from it ends.
void each_match(Task& task, const Pattern& pattern, std::string_view text,
                const std::function<bool(const Found&)>& each);
/// String.split(regex, limit).
std::vector<std::string> split_text(Task& task, const Pattern& pattern, std::string_view text,
                                    int limit);
/// One match as Groovy hands it out: the text, or a list of it and its groups when there are
/// groups.
Value found_value(Task& task, const Pattern& pattern, std::string_view text, const Found& found);
/// Text of a group, or null.
Value group_value(Task& task, std::string_view text, const Found& found, size_t group);

Value make_matcher(Task& task, const Value& text, const Value& pattern);
bool full_match(Task& task, const Value& text, const Value& pattern);
bool pattern_matches(Task& task, const Value& pattern, std::string_view text);
bool matcher_truth(Task& task, const Value& matcher);
Value matcher_at(Task& task, const Value& matcher, const Value& key);
std::string pattern_text(const Value& pattern);
std::string matcher_text(Task& task, const Value& matcher);
std::string quote_regex(std::string_view text);

}  // namespace ks::groovy
