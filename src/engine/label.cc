#include "engine/label.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace ks::engine {

struct LabelExpression::Term {
  enum class Kind : uint8_t { name, negation, conjunction, disjunction } kind = Kind::name;
  std::string name;
  std::shared_ptr<const Term> left, right;

  bool holds(std::string_view node, const std::vector<std::string>& labels) const {
    switch (kind) {
      case Kind::name: return name == node || std::ranges::find(labels, name) != labels.end();
      case Kind::negation: return !left->holds(node, labels);
      case Kind::conjunction: return left->holds(node, labels) && right->holds(node, labels);
      case Kind::disjunction: return left->holds(node, labels) || right->holds(node, labels);
    }
    return false;
  }
};

class LabelParser {
 public:
  using Term = LabelExpression::Term;
  using TermRef = std::shared_ptr<const Term>;
  explicit LabelParser(std::string_view text) : whole_(text), rest_(trim(text)) {}

  Result<TermRef> parse() {
    TermRef term = TRY(disjunction());
    if (!rest_.empty()) return bad();
    return term;
  }

 private:
  Error bad() const {
    return {Code::invalid,
            fmt::format("'{}' is no label expression such as 'linux && !slow'", whole_)};
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_ = trim(rest_.substr(token.size()));
    return true;
  }

  static TermRef make(Term::Kind kind, TermRef left, TermRef right) {
    auto term = std::make_shared<Term>();
    term->kind = kind;
    term->left = std::move(left);
    term->right = std::move(right);
    return term;
  }

  Result<TermRef> disjunction() {
    TermRef left = TRY(conjunction());
    while (take("||")) left = make(Term::Kind::disjunction, left, TRY(conjunction()));
    return left;
  }

  Result<TermRef> conjunction() {
    TermRef left = TRY(unary());
    while (take("&&")) left = make(Term::Kind::conjunction, left, TRY(unary()));
    return left;
  }

  Result<TermRef> unary() {
    if (++depth_ > 100) return bad();
    if (take("!")) return make(Term::Kind::negation, TRY(unary()), nullptr);
    if (take("(")) {
      TermRef inner = TRY(disjunction());
      if (!take(")")) return bad();
      return inner;
    }
    auto term = std::make_shared<Term>();
    if (take("\"")) {
      const size_t end = rest_.find('"');
      if (end == rest_.npos) return bad();
      term->name = rest_.substr(0, end);
      rest_ = trim(rest_.substr(end + 1));
    } else {
      const size_t end = std::min(rest_.find_first_of(" \t()!&|\""), rest_.size());
      term->name = rest_.substr(0, end);
      rest_ = trim(rest_.substr(end));
    }
    if (term->name.empty()) return bad();
    return TermRef(term);
  }

  std::string_view whole_, rest_;
  int depth_ = 0;
};

Result<LabelExpression> LabelExpression::parse(std::string_view text) {
  LabelExpression expression;
  if (!trim(text).empty()) expression.root_ = TRY(LabelParser(text).parse());
  return expression;
}

bool LabelExpression::matches(std::string_view name, const std::vector<std::string>& labels) const {
  return root_ == nullptr || root_->holds(name, labels);
}

}  // namespace ks::engine
