#include <fmt/format.h>
#include <yaml.h>
#include <boost/json.hpp>

#include <charconv>
#include <cmath>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"

// YAML by libyaml's events. Scalars are typed as Kubernetes' tools type them: YAML 1.1 core without
// yes/no/on/off.

namespace ks {
namespace {

/// Aliases are copied, so a few lines can ask for gigabytes ("billion laughs"): the copies are
/// counted.
constexpr size_t kMaxAliasedNodes = 100'000;

class Parser {
 public:
  explicit Parser(std::string_view text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Parser() { yaml_parser_delete(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  yaml_parser_t* get() { return &parser_; }

 private:
  yaml_parser_t parser_{};
};

struct Event {
  yaml_event_t raw{};
  Event() = default;
  ~Event() { yaml_event_delete(&raw); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
};

size_t count_nodes(const json::value& value) {
  size_t count = 1;
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) count += count_nodes(member.value());
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) count += count_nodes(element);
  }
  return count;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

/// A number as YAML 1.1 writes it: decimal, 0x, 0o or leading-0 octal, floats; nothing otherwise.
std::optional<json::value> parse_number(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || !((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.'))
    return std::nullopt;
  int base = 10;
  if (digits.starts_with("0x")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.starts_with("0o")) {
    base = 8;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0' &&
             digits.find_first_not_of("01234567") == digits.npos) {
    base = 8;
  }
  uint64_t whole = 0;
  const char* last = digits.data() + digits.size();
  auto [end, error] = std::from_chars(digits.data(), last, whole, base);
  if (error == std::errc() && end == last && !digits.empty()) {
    if (!negative && whole > INT64_MAX) return json::value(whole);
    if (!negative) return json::value(static_cast<int64_t>(whole));
    if (whole <= static_cast<uint64_t>(INT64_MAX) + 1)
      return json::value(static_cast<int64_t>(0 - whole));
  }
  if (base != 10) return std::nullopt;
  double real = 0;
  auto [real_end, real_error] = std::from_chars(digits.data(), last, real);
  if (real_error != std::errc() || real_end != last || !std::isfinite(real)) return std::nullopt;
  return json::value(negative ? -real : real);
}

json::value plain_scalar(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  if (std::optional<json::value> number = parse_number(text)) return *number;
  return json::value(json::string(text));
}

/// As SnakeYAML takes them: yes, no, on and off are booleans, `1_000` and `1:30` (base 60) numbers.
json::value yaml11_scalar(std::string_view text) {
  const std::string lower = to_lower(text);
  const bool one_case = text == lower || text == to_upper(text) ||
                        (text[0] != lower[0] && text.substr(1) == lower.substr(1));
  if (one_case && is_one_of(lower, {"yes", "on"})) return true;
  if (one_case && is_one_of(lower, {"no", "off"})) return false;
  const bool digit_first = !text.empty() && text[0] >= '1' && text[0] <= '9';
  if (digit_first && text.find_first_not_of("0123456789_") == text.npos)
    return plain_scalar(replace_all(std::string(text), "_", ""));
  if (digit_first && text.contains(':') && text.find_first_not_of("0123456789:") == text.npos) {
    int64_t total = 0;
    for (std::string_view piece : split(text, ':')) {
      const std::optional<int64_t> digits = parse_int(piece);
      if (!digits || *digits > (total == 0 ? INT32_MAX : 59))
        return json::value(json::string(text));
      if (__builtin_mul_overflow(total, 60, &total)) return json::value(json::string(text));
      total += *digits;
    }
    return total;
  }
  return text.starts_with("0o") ? json::value(json::string(text)) : plain_scalar(text);
}

class Composer {
 public:
  Composer(std::string_view text, JsonLimits limits, bool yaml11 = false)
      : parser_(text), limits_(limits), yaml11_(yaml11) {}

  Result<std::vector<json::value>> documents(size_t most) {
    std::vector<json::value> found;
    while (true) {
      TRY(next());
      if (event_->raw.type == YAML_STREAM_END_EVENT) return found;
      if (event_->raw.type == YAML_STREAM_START_EVENT ||
          event_->raw.type == YAML_DOCUMENT_END_EVENT)
        continue;
      anchors_.clear();
      TRY(next());
      json::value document = TRY(node(0));
      if (document.is_null()) continue;
      found.push_back(std::move(document));
      if (found.size() == most) return found;
    }
  }

 private:
  Result<> next() {
    event_ = std::make_unique<Event>();
    if (yaml_parser_parse(parser_.get(), &event_->raw) == 0) {
      const yaml_parser_t* raw = parser_.get();
      const yaml_mark_t at = raw->problem_mark;
      return Error{Code::invalid, fmt::format("line {}, column {}: {}", at.line + 1, at.column + 1,
                                              raw->problem == nullptr ? "no YAML" : raw->problem)};
    }
    return {};
  }

  Error fail(std::string_view what) const {
    const yaml_mark_t at = event_->raw.start_mark;
    return {Code::invalid, fmt::format("line {}, column {}: {}", at.line + 1, at.column + 1, what)};
  }

  Result<json::value> node(size_t depth) {
    if (depth > limits_.max_depth)
      return fail(fmt::format("nested deeper than {} levels", limits_.max_depth));
    switch (event_->raw.type) {
      case YAML_ALIAS_EVENT: return alias();
      case YAML_SCALAR_EVENT: return scalar();
      case YAML_SEQUENCE_START_EVENT: return sequence(depth);
      case YAML_MAPPING_START_EVENT: return mapping(depth);
      default: return fail("expected a value");
    }
  }

  Result<json::value> alias() {
    const auto found = anchors_.find(reinterpret_cast<const char*>(event_->raw.data.alias.anchor));
    if (found == anchors_.end()) return fail("an alias of an anchor that is not defined before it");
    aliased_ += count_nodes(found->second);
    if (aliased_ > kMaxAliasedNodes)
      return fail(fmt::format("aliases expand to more than {} values", kMaxAliasedNodes));
    return found->second;
  }

  Result<json::value> scalar() {
    const auto& raw = event_->raw.data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(raw.value), raw.length);
    const std::string_view tag = raw.tag == nullptr ? "" : reinterpret_cast<const char*>(raw.tag);
    const bool is_text = raw.style != YAML_PLAIN_SCALAR_STYLE || tag == YAML_STR_TAG || tag == "!";
    json::value value = is_text   ? json::value(json::string(text))
                        : yaml11_ ? yaml11_scalar(text)
                                  : plain_scalar(text);
    remember(raw.anchor, value);
    return value;
  }

  Result<json::value> sequence(size_t depth) {
    const std::string anchor = anchor_text(event_->raw.data.sequence_start.anchor);
    json::array array;
    while (true) {
      TRY(next());
      if (event_->raw.type == YAML_SEQUENCE_END_EVENT) break;
      array.push_back(TRY(node(depth + 1)));
    }
    json::value value(std::move(array));
    remember(anchor, value);
    return value;
  }

  Result<json::value> mapping(size_t depth) {
    const std::string anchor = anchor_text(event_->raw.data.mapping_start.anchor);
    json::object object;
    json::array merged;
    while (true) {
      TRY(next());
      if (event_->raw.type == YAML_MAPPING_END_EVENT) break;
      if (event_->raw.type != YAML_SCALAR_EVENT) return fail("a key must be a plain text");
      const auto& raw = event_->raw.data.scalar;
      std::string key(reinterpret_cast<const char*>(raw.value), raw.length);
      if (object.contains(key) && !yaml11_)
        return fail(fmt::format("the key \"{}\" is there twice", key));
      const bool merge = key == "<<" && raw.style == YAML_PLAIN_SCALAR_STYLE;
      TRY(next());
      json::value value = TRY(node(depth + 1));
      if (merge) {
        merged.push_back(std::move(value));
      } else {
        object[key] = std::move(value);
      }
    }
    for (const json::value& source : merged) merge_into(object, source);
    json::value value(std::move(object));
    remember(anchor, value);
    return value;
  }

  static void merge_into(json::object& object, const json::value& source) {
    if (const json::array* several = source.if_array()) {
      for (const json::value& one : *several) merge_into(object, one);
    } else if (const json::object* other = source.if_object()) {
      for (const auto& member : *other) object.emplace(member.key(), member.value());
    }
  }

  static std::string anchor_text(const yaml_char_t* anchor) {
    return anchor == nullptr ? std::string() : reinterpret_cast<const char*>(anchor);
  }
  void remember(const yaml_char_t* anchor, const json::value& value) {
    remember(anchor_text(anchor), value);
  }
  void remember(const std::string& anchor, const json::value& value) {
    if (!anchor.empty()) anchors_[anchor] = value;
  }

  Parser parser_;
  JsonLimits limits_;
  bool yaml11_;
  std::unique_ptr<Event> event_;
  std::map<std::string, json::value> anchors_;
  size_t aliased_ = 0;
};

class Emitter {
 public:
  std::string emit(const json::value& value) {
    block(value, 0, false);
    return std::move(out_);
  }

 private:
  void indent(size_t depth) { out_.append(depth * 2, ' '); }

  /// `inline_first`: the first key of a mapping goes on the line of the dash before it.
  void block(const json::value& value, size_t depth, bool inline_first) {
    if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
      for (const auto& member : *object) {
        if (!inline_first) indent(depth);
        inline_first = false;
        text(member.key());
        out_ += ':';
        member_value(member.value(), depth);
      }
    } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
      for (const json::value& element : *array) {
        if (!inline_first) indent(depth);
        inline_first = false;
        out_ += '-';
        const bool nested = (element.is_object() && !element.get_object().empty()) ||
                            (element.is_array() && !element.get_array().empty());
        out_ += ' ';
        if (nested) {
          block(element, depth + 1, true);
        } else {
          scalar(element, depth + 1);
        }
      }
    } else {
      scalar(value, depth);
    }
  }

  void member_value(const json::value& value, size_t depth) {
    if (value.is_object() && !value.get_object().empty()) {
      out_ += '\n';
      block(value, depth + 1, false);
    } else if (value.is_array() && !value.get_array().empty()) {
      out_ += '\n';
      block(value, depth, false);
    } else {
      out_ += ' ';
      scalar(value, depth + 1);
    }
  }

  void scalar(const json::value& value, size_t depth) {
    if (const json::string* string = value.if_string()) {
      const std::string_view content = *string;
      if (content.find('\n') != content.npos && is_literal(content)) return literal(content, depth);
      text(content);
    } else if (const double* number = value.if_double()) {
      out_ += fmt::format("{}", *number);
    } else {
      out_ += value.is_object() ? "{}" : value.is_array() ? "[]" : to_json(value);
    }
    out_ += '\n';
  }

  static bool is_literal(std::string_view text) {
    if (text.front() == ' ' || text.front() == '\n' || text.front() == '\t') return false;
    return std::ranges::all_of(text, [](char c) {
      return c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20;
    });
  }

  void literal(std::string_view content, size_t depth) {
    const bool ends = content.ends_with('\n');
    out_ += ends ? (content.ends_with("\n\n") ? "|+\n" : "|\n") : "|-\n";
    if (ends) content.remove_suffix(1);
    size_t start = 0;
    while (start <= content.size()) {
      const size_t end = std::min(content.find('\n', start), content.size());
      if (end > start) {
        indent(depth);
        out_ += content.substr(start, end - start);
      }
      out_ += '\n';
      start = end + 1;
    }
  }

  void text(std::string_view content) {
    if (is_plain(content)) {
      out_ += content;
    } else {
      append_json_string(out_, content);
    }
  }

  /// Whether a reader of any YAML version takes it as a text without quotes.
  static bool is_plain(std::string_view text) {
    if (text.empty() || !plain_scalar(text).is_string()) return false;
    if (is_one_of(to_lower(text), {"y", "n", "yes", "no", "on", "off", "<<", "="})) return false;
    if (std::string_view("-?:,[]{}#&*!|>'\"%@` \t.+0123456789=<").find(text.front()) != text.npos) {
      const bool safe_start = (text.front() >= '0' && text.front() <= '9') || text.front() == '.';
      if (!safe_start || text.find_first_not_of("0123456789.:-+eE_xXoabcdefABCDEFTZ") == text.npos)
        return false;
    }
    if (text.back() == ' ' || text.back() == ':') return false;
    for (size_t i = 0; i < text.size(); i++) {
      const char c = text[i];
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
      if (c == ':' && i + 1 < text.size() && text[i + 1] == ' ') return false;
      if (c == '#' && i > 0 && text[i - 1] == ' ') return false;
    }
    return true;
  }

  std::string out_;
};

}  // namespace

Result<std::vector<json::value>> parse_yaml_documents(std::string_view text, JsonLimits limits) {
  if (!is_utf8(text)) return Error{Code::invalid, "the text is not valid UTF-8"};
  return Composer(text, limits).documents(SIZE_MAX);
}

Result<std::vector<json::value>> parse_yaml11_documents(std::string_view text, JsonLimits limits) {
  if (!is_utf8(text)) return Error{Code::invalid, "the text is not valid UTF-8"};
  return Composer(text, limits, true).documents(SIZE_MAX);
}

Result<json::value> parse_yaml(std::string_view text, JsonLimits limits) {
  if (!is_utf8(text)) return Error{Code::invalid, "the text is not valid UTF-8"};
  std::vector<json::value> found = TRY(Composer(text, limits).documents(1));
  if (found.empty()) return json::value(nullptr);
  return std::move(found[0]);
}

std::string to_yaml(const json::value& value) { return Emitter().emit(value); }

}  // namespace ks
