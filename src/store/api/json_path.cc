#include "store/api/json_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <span>

#include "base/json.h"
#include "base/text.h"

namespace ks::store {
namespace {

constexpr size_t kMaxText = 4'096;
constexpr size_t kMaxSteps = 64;
constexpr size_t kMaxVisits = 100'000;
constexpr int64_t kOpenEnd = std::numeric_limits<int64_t>::max();

}  // namespace

/// One side is a path from the element, the other a path or a literal.
struct JsonPath::Filter {
  struct Operand {
    std::vector<Step> steps;
    json::value literal;
    bool is_path = false;
  };
  Operand left, right;
  Comparison comparison = Comparison::exists;
};

namespace {

using Step = JsonPath::Step;
using Comparison = JsonPath::Comparison;

/// Reads a path from its text, left to right.
class Reader {
 public:
  Reader(std::string_view text, bool within_filter) : text_(text), within_filter_(within_filter) {}

  Result<std::vector<Step>> steps() {
    std::vector<Step> out;
    if (!within_filter_ && peek() == '$') at_++;
    while (at_ < text_.size()) {
      if (out.size() == kMaxSteps) return fault("has more steps than 64");
      TRY(step(out));
    }
    return out;
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Error fault(std::string_view what) const {
    return {Code::invalid,
            fmt::format("JSONPath {:?}: {} at character {}", text_.substr(0, 200), what, at_ + 1)};
  }

  Result<> step(std::vector<Step>& out) {
    if (peek() == '[') return bracket(out);
    if (peek() == '.') {
      at_++;
      if (peek() == '.') {
        at_++;
        out.push_back({Step::Kind::descend, {}, {}, nullptr});
        if (peek() == '[') return {};
      }
      if (peek() == '[') return {};
    } else if (!out.empty()) {
      return fault("expected '.' or '['");
    }
    if (at_ == text_.size()) {
      return out.empty() ? Result<>() : fault("expected a name");
    }
    if (peek() == '*') {
      at_++;
      out.push_back({Step::Kind::wildcard, {}, {}, nullptr});
      return {};
    }
    std::string name;
    while (at_ < text_.size() && peek() != '.' && peek() != '[') {
      if (peek() == '\\' && at_ + 1 < text_.size()) at_++;
      name += text_[at_++];
    }
    if (name.empty()) return fault("expected a name");
    out.push_back({Step::Kind::names, {std::move(name)}, {}, nullptr});
    return {};
  }

  /// Where the bracket that opens at `at_` ends; quotes and inner brackets are passed over.
  Result<std::string_view> bracketed() {
    size_t depth = 0;
    char quote = '\0';
    for (size_t i = at_; i < text_.size(); i++) {
      const char c = text_[i];
      if (quote != '\0') {
        if (c == '\\') {
          i++;
        } else if (c == quote) {
          quote = '\0';
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '[') {
        depth++;
      } else if (c == ']' && --depth == 0) {
        const std::string_view inside = text_.substr(at_ + 1, i - at_ - 1);
        at_ = i + 1;
        return inside;
      }
    }
    return fault("expected ']'");
  }

  Result<> bracket(std::vector<Step>& out) {
    const std::string_view inside = trim(TRY(bracketed()));
    if (inside == "*") {
      out.push_back({Step::Kind::wildcard, {}, {}, nullptr});
    } else if (inside.starts_with("?(") && inside.ends_with(")")) {
      out.push_back(TRY(filter(inside.substr(2, inside.size() - 3))));
    } else if (inside.starts_with('\'') || inside.starts_with('"')) {
      out.push_back(TRY(names(inside)));
    } else if (inside.contains(':')) {
      out.push_back(TRY(slice(inside)));
    } else {
      out.push_back(TRY(indices(inside)));
    }
    return {};
  }

  /// Reads the quoted text at the start of `rest` and takes it off.
  Result<std::string> quoted(std::string_view& rest) const {
    const char quote = rest.front();
    std::string out;
    for (size_t i = 1; i < rest.size(); i++) {
      if (rest[i] == '\\' && i + 1 < rest.size()) {
        out += rest[++i];
      } else if (rest[i] == quote) {
        rest = trim(rest.substr(i + 1));
        return out;
      } else {
        out += rest[i];
      }
    }
    return fault("expected the end of a quoted text");
  }

  Result<Step> names(std::string_view rest) const {
    Step step{Step::Kind::names, {}, {}, nullptr};
    while (true) {
      if (!rest.starts_with('\'') && !rest.starts_with('"')) return fault("expected a quoted name");
      step.names.push_back(TRY(quoted(rest)));
      if (rest.empty()) return step;
      if (rest.front() != ',') return fault("expected ',' or ']'");
      rest = trim(rest.substr(1));
    }
  }

  Result<int64_t> number(std::string_view text, int64_t otherwise) const {
    if (trim(text).empty()) return otherwise;
    const std::optional<int64_t> parsed = parse_int(trim(text));
    if (!parsed) return fault("expected a number");
    return *parsed;
  }

  Result<Step> slice(std::string_view inside) const {
    const std::vector<std::string_view> parts = split(inside, ':');
    if (parts.size() != 2) return fault("slices have a start and an end, no step:");
    const int64_t begin = TRY(number(parts[0], 0)), end = TRY(number(parts[1], kOpenEnd));
    return Step{Step::Kind::slice, {}, {begin, end}, nullptr};
  }

  Result<Step> indices(std::string_view inside) const {
    Step step{Step::Kind::indices, {}, {}, nullptr};
    for (const std::string_view part : split(inside, ',')) {
      const std::optional<int64_t> index = parse_int(trim(part));
      if (!index) return fault("expected an index, a quoted name, '*' or a filter");
      step.indices.push_back(*index);
    }
    if (step.indices.empty()) return fault("expected an index");
    return step;
  }

  Result<Step> filter(std::string_view text) const {
    if (within_filter_) return fault("a filter within a filter is not supported");
    auto made = std::make_shared<JsonPath::Filter>();
    const Operator found = find_operator(text);
    made->comparison = found.comparison;
    made->left = TRY(operand(trim(text.substr(0, found.at))));
    if (found.comparison != Comparison::exists) {
      made->right = TRY(operand(trim(text.substr(found.at + found.size))));
    }
    return Step{Step::Kind::filter, {}, {}, std::move(made)};
  }

  struct Operator {
    Comparison comparison = Comparison::exists;
    size_t at = std::string_view::npos;
    size_t size = 0;
  };
  /// The first comparison outside of quotes.
  static Operator find_operator(std::string_view text) {
    static constexpr std::pair<std::string_view, Comparison> kOperators[] = {
        {"==", Comparison::equal},    {"!=", Comparison::not_equal}, {"<=", Comparison::at_most},
        {">=", Comparison::at_least}, {"<", Comparison::less},       {">", Comparison::more}};
    char quote = '\0';
    for (size_t i = 0; i < text.size(); i++) {
      if (quote != '\0') {
        if (text[i] == '\\') {
          i++;
        } else if (text[i] == quote) {
          quote = '\0';
        }
        continue;
      }
      if (text[i] == '\'' || text[i] == '"') {
        quote = text[i];
        continue;
      }
      for (const auto& [sign, comparison] : kOperators) {
        if (text.substr(i).starts_with(sign)) return {comparison, i, sign.size()};
      }
    }
    return {};
  }

  Result<JsonPath::Filter::Operand> operand(std::string_view text) const {
    JsonPath::Filter::Operand out;
    if (text.starts_with('@')) {
      out.is_path = true;
      out.steps = TRY(Reader(text.substr(1), true).steps());
    } else if (text.starts_with('\'') || text.starts_with('"')) {
      out.literal = json::value(TRY(quoted(text)));
      if (!text.empty()) return fault("expected the end of the filter");
    } else {
      Result<json::value> literal = parse_json(text);
      if (!literal || literal->is_structured()) return fault("expected a path or a literal");
      out.literal = std::move(*literal);
    }
    return out;
  }

  std::string_view text_;
  bool within_filter_;
  size_t at_ = 0;
};

std::optional<double> number_of(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_double()) return value.get_double();
  return std::nullopt;
}

template <class T>
bool holds(const T& left, const T& right, Comparison comparison) {
  switch (comparison) {
    case Comparison::exists: return true;
    case Comparison::equal: return left == right;
    case Comparison::not_equal: return !(left == right);
    case Comparison::less: return left < right;
    case Comparison::at_most: return left <= right;
    case Comparison::more: return left > right;
    case Comparison::at_least: return left >= right;
  }
  return false;
}

bool compare(const json::value& left, const json::value& right, Comparison comparison) {
  const std::optional<double> a = number_of(left), b = number_of(right);
  if (a && b) return holds(*a, *b, comparison);
  if (left.is_string() && right.is_string()) {
    return holds(std::string_view(left.get_string()), std::string_view(right.get_string()),
                 comparison);
  }
  if (comparison == Comparison::equal) return left == right;
  if (comparison == Comparison::not_equal) return left != right;
  return false;
}

/// Walks a document along the steps, depth first, so that the first result is found early.
class Walk {
 public:
  explicit Walk(size_t most) : most_(most) {}

  void go(const json::value& value, std::span<const Step> steps) {
    if (done() || ++visits_ > kMaxVisits) return;
    if (steps.empty()) {
      found_.push_back(&value);
      return;
    }
    const Step& step = steps.front();
    const std::span<const Step> rest = steps.subspan(1);
    switch (step.kind) {
      case Step::Kind::names: by_name(value, step, rest); return;
      case Step::Kind::indices: by_index(value, step, rest); return;
      case Step::Kind::slice: within(value, step, rest); return;
      case Step::Kind::descend: descend(value, rest); return;
      case Step::Kind::wildcard:
        each_child(value, [&](const json::value& child) { go(child, rest); });
        return;
      case Step::Kind::filter:
        each_child(value, [&](const json::value& child) {
          visits_++;
          if (passes(child, *step.filter)) go(child, rest);
        });
        return;
    }
  }
  std::vector<const json::value*> take() { return std::move(found_); }

 private:
  bool done() const { return found_.size() >= most_ || visits_ > kMaxVisits; }

  template <class F>
  void each_child(const json::value& value, F visit) {
    if (const json::array* array = value.if_array()) {
      for (const json::value& child : *array) {
        if (done()) return;
        visit(child);
      }
    } else if (const json::object* object = value.if_object()) {
      for (const auto& member : *object) {
        if (done()) return;
        visit(member.value());
      }
    }
  }

  void by_name(const json::value& value, const Step& step, std::span<const Step> rest) {
    const json::object* object = value.if_object();
    if (object == nullptr) return;
    for (const std::string& name : step.names) {
      if (const json::value* child = object->if_contains(name)) go(*child, rest);
    }
  }

  void by_index(const json::value& value, const Step& step, std::span<const Step> rest) {
    const json::array* array = value.if_array();
    if (array == nullptr) return;
    const auto size = static_cast<int64_t>(array->size());
    for (const int64_t index : step.indices) {
      // -size - 1 at the least, so that adding does not overflow.
      const int64_t at = index < 0 ? std::max(index, -size - 1) + size : index;
      if (at >= 0 && at < size) go((*array)[static_cast<size_t>(at)], rest);
    }
  }

  void within(const json::value& value, const Step& step, std::span<const Step> rest) {
    const json::array* array = value.if_array();
    if (array == nullptr) return;
    const auto size = static_cast<int64_t>(array->size());
    auto end_of = [&](int64_t end) {
      return std::clamp<int64_t>(end < 0 ? std::max(end, -size) + size : end, 0, size);
    };
    for (int64_t i = end_of(step.indices[0]); i < end_of(step.indices[1]) && !done(); i++) {
      go((*array)[static_cast<size_t>(i)], rest);
    }
  }

  void descend(const json::value& value, std::span<const Step> rest) {
    if (++visits_ > kMaxVisits) return;
    go(value, rest);
    each_child(value, [&](const json::value& child) { descend(child, rest); });
  }

  /// Null when nothing is there. What it visits counts for the whole walk.
  const json::value* value_of(const JsonPath::Filter::Operand& operand,
                              const json::value& element) {
    if (!operand.is_path) return &operand.literal;
    Walk walk(1);
    walk.visits_ = visits_;
    walk.go(element, operand.steps);
    visits_ = walk.visits_;
    return walk.found_.empty() ? nullptr : walk.found_.front();
  }

  bool passes(const json::value& element, const JsonPath::Filter& filter) {
    const json::value* left = value_of(filter.left, element);
    if (left == nullptr || filter.comparison == Comparison::exists) return left != nullptr;
    const json::value* right = value_of(filter.right, element);
    return right != nullptr && compare(*left, *right, filter.comparison);
  }

  size_t most_;
  size_t visits_ = 0;
  std::vector<const json::value*> found_;
};

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view text) {
  if (text.size() > kMaxText) {
    return Error{Code::too_large, "a JSONPath may be 4096 characters long"};
  }
  text = trim(text);
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  JsonPath path;
  path.steps_ = TRY(Reader(text, false).steps());
  return path;
}

const json::value* JsonPath::first(const json::value& root) const {
  const std::vector<const json::value*> found = all(root, 1);
  return found.empty() ? nullptr : found.front();
}

std::vector<const json::value*> JsonPath::all(const json::value& root, size_t most) const {
  Walk walk(most);
  walk.go(root, steps_);
  return walk.take();
}

std::string text_of(const json::value& value) {
  if (value.is_null()) return {};
  if (const json::string* text = value.if_string()) return std::string(*text);
  if (const double* number = value.if_double()) return fmt::format("{}", *number);
  return to_json(value);
}

}  // namespace ks::store
