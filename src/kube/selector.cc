#include "kube/selector.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "kube/names.h"

namespace ks::kube {
namespace {

using Operator = Requirement::Operator;

const std::string* value_of(LabelSpan labels, std::string_view key) {
  for (const auto& [name, value] : labels) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool compares(Operator op, std::string_view have, std::string_view bound) {
  const std::optional<int64_t> left = parse_int(have), right = parse_int(bound);
  if (!left || !right) return false;
  return op == Operator::greater_than ? *left > *right : *left < *right;
}

bool holds(const Requirement& wanted, bool present, std::string_view value) {
  switch (wanted.op) {
    case Operator::in: return present && std::ranges::binary_search(wanted.values, value);
    case Operator::not_in: return !present || !std::ranges::binary_search(wanted.values, value);
    case Operator::exists: return present;
    case Operator::does_not_exist: return !present;
    case Operator::greater_than:
    case Operator::less_than: return present && compares(wanted.op, value, wanted.values.front());
  }
  return false;
}

/// Checks what a parser or an object gave, and sorts the values.
Result<Requirement> checked(Requirement wanted) {
  if (const Complaints wrong = check_qualified_name(wanted.key); !wrong.empty()) {
    return Error{Code::invalid,
                 fmt::format("key: Invalid value: \"{}\": {}", wanted.key, join(wrong, "; "))};
  }
  switch (wanted.op) {
    case Operator::in:
    case Operator::not_in:
      if (wanted.values.empty()) {
        return Error{Code::invalid,
                     "values: Invalid value: []: for 'in', 'notin' operators, values set can't be "
                     "empty"};
      }
      break;
    case Operator::exists:
    case Operator::does_not_exist:
      if (!wanted.values.empty()) {
        return Error{Code::invalid,
                     fmt::format("values: Invalid value: [{}]: values set must be empty for exists "
                                 "and does not exist",
                                 join(wanted.values, " "))};
      }
      break;
    case Operator::greater_than:
    case Operator::less_than:
      if (wanted.values.size() != 1 || !parse_int(wanted.values.front())) {
        return Error{Code::invalid,
                     fmt::format("values[0]: Invalid value: \"{}\": for 'Gt', 'Lt' operators, the "
                                 "value must be an integer",
                                 wanted.values.empty() ? "" : wanted.values.front())};
      }
      break;
  }
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    const Complaints wrong = check_label_value(wanted.values[i]);
    if (wrong.empty()) continue;
    return Error{Code::invalid, fmt::format("values[{}][{}]: Invalid value: \"{}\": {}", i,
                                            wanted.key, wanted.values[i], join(wrong, "; "))};
  }
  std::ranges::sort(wanted.values);
  const auto twins = std::ranges::unique(wanted.values);
  wanted.values.erase(twins.begin(), twins.end());
  return wanted;
}

/// Reads the text form. Words such as `in` are operators only where an operator may stand.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Requirement>> parse() {
    std::vector<Requirement> all;
    std::string_view token = peek();
    if (token.empty()) return all;
    while (true) {
      if (!is_identifier(token) && token != "!") {
        return failed(token, "!, identifier, or 'end of string'");
      }
      Result<Requirement> one = parse_requirement();
      if (!one) return std::move(one).error().in("unable to parse requirement");
      all.push_back(std::move(*one));
      token = take();
      if (token.empty()) return all;
      if (token != ",") return failed(token, "',' or 'end of string'");
      token = peek();
      if (!is_identifier(token) && token != "!") return failed(token, "identifier after ','");
    }
  }

 private:
  static bool is_special(char c) {
    return c == '=' || c == '!' || c == '(' || c == ')' || c == ',' || c == '>' || c == '<';
  }
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  static bool is_identifier(std::string_view token) {
    return !token.empty() && !is_special(token.front());
  }
  static Error failed(std::string_view token, std::string_view expected) {
    return {Code::invalid, fmt::format("found '{}', expected: {}", token, expected)};
  }

  std::string_view scan(size_t& at) const {
    while (at < text_.size() && is_space(text_[at])) ++at;
    if (at == text_.size()) return {};
    const size_t from = at;
    const char first = text_[at++];
    if (is_special(first)) {
      if ((first == '=' || first == '!') && at < text_.size() && text_[at] == '=') ++at;
      return text_.substr(from, at - from);
    }
    while (at < text_.size() && !is_special(text_[at]) && !is_space(text_[at])) ++at;
    return text_.substr(from, at - from);
  }
  std::string_view peek() const {
    size_t at = at_;
    return scan(at);
  }
  std::string_view take() { return scan(at_); }

  Result<Requirement> parse_requirement() {
    Requirement wanted;
    std::string_view token = take();
    if (token == "!") {
      wanted.op = Operator::does_not_exist;
      token = take();
    }
    if (!is_identifier(token)) return failed(token, "identifier");
    wanted.key = token;
    const std::string_view after = peek();
    if (wanted.op == Operator::does_not_exist) return checked(std::move(wanted));
    if (after.empty() || after == ",") {
      wanted.op = Operator::exists;
      return checked(std::move(wanted));
    }
    take();
    if (after == "in" || after == "notin") {
      wanted.op = after == "in" ? Operator::in : Operator::not_in;
      wanted.values = TRY(parse_set());
    } else if (after == "=" || after == "==" || after == "!=") {
      wanted.op = after == "!=" ? Operator::not_in : Operator::in;
      wanted.values = {TRY(parse_exact_value())};
    } else if (after == ">" || after == "<") {
      wanted.op = after == ">" ? Operator::greater_than : Operator::less_than;
      wanted.values = {TRY(parse_exact_value())};
    } else {
      return failed(after, "in, notin, =, ==, !=, gt, lt");
    }
    return checked(std::move(wanted));
  }

  /// One value, which may be nothing at all: `a=,b=c`.
  Result<std::string> parse_exact_value() {
    const std::string_view token = peek();
    if (token.empty() || token == ",") return std::string();
    if (!is_identifier(token)) return failed(token, "identifier");
    return std::string(take());
  }

  Result<std::vector<std::string>> parse_set() {
    std::string_view token = take();
    if (token != "(") return failed(token, "'('");
    std::vector<std::string> values;
    if (peek() == ")") {
      take();
      values.emplace_back();
      return values;
    }
    bool want_value = true;
    while (true) {
      token = take();
      if (is_identifier(token) && want_value) {
        values.emplace_back(token);
        want_value = false;
      } else if (token == ",") {
        if (want_value) values.emplace_back();
        want_value = true;
      } else if (token == ")") {
        if (want_value) values.emplace_back();
        return values;
      } else {
        return failed(token, want_value ? "',', ')' or identifier" : "',' or ')'");
      }
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

Result<Operator> expression_operator(std::string_view word) {
  if (word == "In") return Operator::in;
  if (word == "NotIn") return Operator::not_in;
  if (word == "Exists") return Operator::exists;
  if (word == "DoesNotExist") return Operator::does_not_exist;
  return Error{Code::invalid, fmt::format("\"{}\" is not a valid label selector operator", word)};
}

std::string text_of(const Requirement& wanted) {
  switch (wanted.op) {
    case Operator::in:
    case Operator::not_in: {
      const bool in = wanted.op == Operator::in;
      if (wanted.values.size() == 1) {
        return fmt::format("{}{}{}", wanted.key, in ? "=" : "!=", wanted.values.front());
      }
      return fmt::format("{} {} ({})", wanted.key, in ? "in" : "notin", join(wanted.values, ","));
    }
    case Operator::exists: return wanted.key;
    case Operator::does_not_exist: return "!" + wanted.key;
    case Operator::greater_than: return wanted.key + ">" + wanted.values.front();
    case Operator::less_than: return wanted.key + "<" + wanted.values.front();
  }
  return {};
}

std::string escape_field_value(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == '\\' || c == ',' || c == '=') out += '\\';
    out += c;
  }
  return out;
}

Result<std::string> unescape_field_value(std::string_view value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == ',' || c == '=') {
      return Error{Code::invalid,
                   fmt::format("invalid field selector: unescaped character in value: {}", c)};
    }
    if (c != '\\') {
      out += c;
      continue;
    }
    ++i;
    if (i == value.size() || (value[i] != '\\' && value[i] != ',' && value[i] != '=')) {
      return Error{Code::invalid,
                   fmt::format("invalid field selector: invalid escape sequence: \\{}",
                               i == value.size() ? "" : value.substr(i, 1))};
    }
    out += value[i];
  }
  return out;
}

/// Pieces between commas that no backslash escapes.
std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',') {
      terms.push_back(text.substr(from, i - from));
      from = i + 1;
    }
  }
  terms.push_back(text.substr(from));
  return terms;
}

Result<FieldSelector::Term> parse_term(std::string_view text, std::string_view whole) {
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    size_t length = 0;
    if (rest.starts_with("!=") || rest.starts_with("==")) {
      length = 2;
    } else if (rest.starts_with('=')) {
      length = 1;
    } else {
      continue;
    }
    FieldSelector::Term term;
    term.field = text.substr(0, i);
    term.equals = !rest.starts_with('!');
    term.value = TRY(unescape_field_value(rest.substr(length)));
    return term;
  }
  return Error{Code::invalid,
               fmt::format("invalid selector: '{}'; can't understand '{}'", whole, text)};
}

}  // namespace

bool Requirement::matches(LabelSpan labels) const {
  const std::string* value = value_of(labels, key);
  return holds(*this, value != nullptr, value == nullptr ? std::string_view() : *value);
}

LabelSelector::LabelSelector(std::vector<Requirement> requirements)
    : requirements_(std::move(requirements)) {
  for (Requirement& one : requirements_) std::ranges::sort(one.values);
  std::ranges::stable_sort(requirements_, {}, &Requirement::key);
}

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  return LabelSelector(TRY(Parser(text).parse()));
}

LabelSelector LabelSelector::nothing() {
  LabelSelector out;
  out.nothing_ = true;
  return out;
}

Result<LabelSelector> LabelSelector::from_object(const json::value& selector) {
  if (selector.is_null()) return nothing();
  if (!selector.is_object()) return Error{Code::invalid, "a label selector must be an object"};
  std::vector<Requirement> all;
  if (const json::value* labels = find(selector, {"matchLabels"});
      labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->get_object()) {
      if (!value.is_string()) {
        return Error{Code::invalid, fmt::format("matchLabels: the value of \"{}\" must be a text",
                                                std::string_view(key))};
      }
      all.push_back(TRY(checked({std::string(key), Operator::in, {value.get_string().c_str()}})));
    }
  }
  if (const json::value* expressions = find(selector, {"matchExpressions"});
      expressions != nullptr && expressions->is_array()) {
    for (const json::value& expression : expressions->get_array()) {
      Requirement wanted;
      wanted.key = text_at(expression, {"key"});
      wanted.op = TRY(expression_operator(text_at(expression, {"operator"})));
      const json::value* values = find(expression, {"values"});
      if (values != nullptr && values->is_array()) {
        for (const json::value& value : values->get_array()) {
          if (value.is_string()) wanted.values.emplace_back(value.get_string());
        }
      }
      all.push_back(TRY(checked(std::move(wanted))));
    }
  }
  return LabelSelector(std::move(all));
}

bool LabelSelector::matches(LabelSpan labels) const {
  if (nothing_) return false;
  return std::ranges::all_of(requirements_,
                             [&](const Requirement& r) { return r.matches(labels); });
}

bool LabelSelector::matches(const json::object& labels) const {
  if (nothing_) return false;
  return std::ranges::all_of(requirements_, [&](const Requirement& wanted) {
    const json::value* value = labels.if_contains(wanted.key);
    const json::string* text = value == nullptr ? nullptr : value->if_string();
    return holds(wanted, value != nullptr, text == nullptr ? std::string_view() : *text);
  });
}

std::string LabelSelector::text() const {
  std::vector<std::string> parts;
  for (const Requirement& one : requirements_) parts.push_back(text_of(one));
  return join(parts, ",");
}

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
  std::vector<Term> terms;
  for (std::string_view part : split_terms(text)) {
    if (!part.empty()) terms.push_back(TRY(parse_term(part, text)));
  }
  return FieldSelector(std::move(terms));
}

bool FieldSelector::matches(LabelSpan fields) const {
  return std::ranges::all_of(terms_, [&](const Term& term) {
    const std::string* value = value_of(fields, term.field);
    return (value == nullptr ? term.value.empty() : *value == term.value) == term.equals;
  });
}

const std::string* FieldSelector::required(std::string_view field) const {
  for (const Term& term : terms_) {
    if (term.equals && term.field == field) return &term.value;
  }
  return nullptr;
}

std::string FieldSelector::text() const {
  std::vector<std::string> parts;
  for (const Term& term : terms_) {
    parts.push_back(term.field + (term.equals ? "=" : "!=") + escape_field_value(term.value));
  }
  return join(parts, ",");
}

}  // namespace ks::kube
