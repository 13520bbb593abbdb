#include <array>
#include <optional>
#include <string_view>

#include "groovy/syntax/parser.h"

/// Operators. Binding strength, loosest first: assignment, ?: and ternary, the levels of kLevels,
/// relational
/// (`<`, `in`, `as`, `instanceof`), shifts and ranges, +, *, **, prefix, postfix.

namespace ks::groovy::syntax {
namespace {

using ast::BinaryOp;

struct Operator {
  Tok token;
  BinaryOp op;
};

/// `||` and `&&` are levels 0 and 1; relational operators are level 7.
constexpr int kOrLevel = 0;
constexpr int kAndLevel = 1;
constexpr int kFirstBinaryLevel = 2;
constexpr int kRelationalLevel = 7;
constexpr int kShiftLevel = 8;
constexpr int kMultiplicativeLevel = 10;

struct Leveled {
  int level;
  BinaryOp op;
};

std::optional<Leveled> binary_operator(Tok token) {
  switch (token) {
    case Tok::bit_or: return Leveled{2, BinaryOp::bit_or};
    case Tok::bit_xor: return Leveled{3, BinaryOp::bit_xor};
    case Tok::bit_and: return Leveled{4, BinaryOp::bit_and};
    case Tok::find: return Leveled{5, BinaryOp::find};
    case Tok::match: return Leveled{5, BinaryOp::match};
    case Tok::equal: return Leveled{6, BinaryOp::equal};
    case Tok::not_equal: return Leveled{6, BinaryOp::not_equal};
    case Tok::identical: return Leveled{6, BinaryOp::identical};
    case Tok::not_identical: return Leveled{6, BinaryOp::not_identical};
    case Tok::compare: return Leveled{6, BinaryOp::compare};
    case Tok::shift_left: return Leveled{kShiftLevel, BinaryOp::shift_left};
    case Tok::shift_right: return Leveled{kShiftLevel, BinaryOp::shift_right};
    case Tok::shift_right_unsigned: return Leveled{kShiftLevel, BinaryOp::shift_right_unsigned};
    case Tok::plus: return Leveled{9, BinaryOp::add};
    case Tok::minus: return Leveled{9, BinaryOp::subtract};
    default: return std::nullopt;
  }
}

std::optional<BinaryOp> relational_operator(Tok token) {
  switch (token) {
    case Tok::less: return BinaryOp::less;
    case Tok::less_equal: return BinaryOp::less_equal;
    case Tok::greater: return BinaryOp::greater;
    case Tok::greater_equal: return BinaryOp::greater_equal;
    case Tok::kw_in: return BinaryOp::in;
    default: return std::nullopt;
  }
}

std::optional<BinaryOp> multiplicative_operator(Tok token) {
  switch (token) {
    case Tok::star: return BinaryOp::multiply;
    case Tok::slash: return BinaryOp::divide;
    case Tok::percent: return BinaryOp::remainder;
    default: return std::nullopt;
  }
}

struct Compound {
  Tok token;
  BinaryOp op;
};

constexpr auto kCompound = std::to_array<Compound>({
    {Tok::plus_assign, BinaryOp::add},
    {Tok::minus_assign, BinaryOp::subtract},
    {Tok::star_assign, BinaryOp::multiply},
    {Tok::slash_assign, BinaryOp::divide},
    {Tok::percent_assign, BinaryOp::remainder},
    {Tok::power_assign, BinaryOp::power},
    {Tok::shift_left_assign, BinaryOp::shift_left},
    {Tok::shift_right_assign, BinaryOp::shift_right},
    {Tok::shift_right_unsigned_assign, BinaryOp::shift_right_unsigned},
    {Tok::and_assign, BinaryOp::bit_and},
    {Tok::or_assign, BinaryOp::bit_or},
    {Tok::xor_assign, BinaryOp::bit_xor},
});

bool is_compound(Tok token) { return token >= Tok::plus_assign && token <= Tok::xor_assign; }

BinaryOp operation_of(Tok token) {
  return kCompound[static_cast<size_t>(token) - static_cast<size_t>(Tok::plus_assign)].op;
}

/// What stands behind a `)` for `(name)` to be a cast. The language has no better rule: `(a)[0]` is
/// one too.
bool begins_cast_operand(Tok token) {
  switch (token) {
    case Tok::identifier:
    case Tok::string:
    case Tok::gstring_start:
    case Tok::integer:
    case Tok::decimal:
    case Tok::lparen:
    case Tok::lbracket:
    case Tok::lbrace:
    case Tok::not_:
    case Tok::complement:
    case Tok::kw_new:
    case Tok::kw_this:
    case Tok::kw_super:
    case Tok::kw_true:
    case Tok::kw_false:
    case Tok::kw_null: return true;
    default: return is_builtin_type(token);
  }
}

bool begins_signed_operand(Tok token) {
  return begins_cast_operand(token) || token == Tok::plus || token == Tok::minus ||
         token == Tok::increment || token == Tok::decrement;
}

}  // namespace

ast::Expr* Parser::expression(Place place) {
  Nesting nesting(*this);
  return assignment(place);
}

/// The right side of `=` is a whole statement's expression: `x = foo 1, 2` is a command.
ast::Expr* Parser::assignment(Place place) {
  ast::Expr* target = conditional(place);
  bool compound = is_compound(kind());
  if (!compound && !is(Tok::assign)) return target;
  const Token& sign = take();
  refuse_target(*target, sign);
  skip_newlines();
  ast::Expr* value = command_expression(Place::statement);
  auto* assign = make<ast::Assign>(*target);
  assign->target = target;
  assign->value = value;
  assign->compound = compound;
  if (compound) assign->op = operation_of(sign.kind);
  assign->multiple = target->kind == ast::Kind::list;
  return assign;
}

ast::Expr* Parser::conditional(Place place) {
  ast::Expr* condition = binary(kOrLevel, place);
  size_t ahead = after_newlines(pos_);
  Tok next = token_at(ahead).kind;
  if (next != Tok::elvis && next != Tok::question) return condition;
  Nesting nesting(*this);
  pos_ = ahead;
  take();
  skip_newlines();
  if (next == Tok::elvis) {
    ast::Expr* otherwise = conditional(Place::inner);
    auto* elvis = make<ast::Elvis>(*condition);
    elvis->value = condition;
    elvis->otherwise = otherwise;
    return elvis;
  }
  ast::Expr* yes = assignment(Place::inner);
  skip_newlines();
  expect(Tok::colon, "':'");
  skip_newlines();
  ast::Expr* no = conditional(Place::inner);
  auto* ternary = make<ast::Ternary>(*condition);
  ternary->condition = condition;
  ternary->yes = yes;
  ternary->no = no;
  return ternary;
}

ast::Expr* Parser::binary(int level, Place place) {
  if (level == kRelationalLevel) return relational(place);
  if (level == kMultiplicativeLevel) return multiplicative(place);
  ast::Expr* left = binary(level + 1, place);
  if (level == kOrLevel || level == kAndLevel) {
    while (is(level == kOrLevel ? Tok::or_ : Tok::and_)) {
      take();
      skip_newlines();
      ast::Expr* right = binary(level + 1, Place::inner);
      auto* both = make<ast::Logical>(*left);
      both->is_and = level == kAndLevel;
      both->left = left;
      both->right = right;
      left = both;
    }
    return left;
  }
  for (;;) {
    if (level == kShiftLevel && (is(Tok::range) || is(Tok::range_exclusive))) {
      bool exclusive = take().kind == Tok::range_exclusive;
      skip_newlines();
      ast::Expr* to = binary(level + 1, Place::inner);
      auto* range = make<ast::Range>(*left);
      range->from = left;
      range->to = to;
      range->exclusive = exclusive;
      left = range;
      continue;
    }
    std::optional<Leveled> found = binary_operator(kind());
    if (!found || found->level != level) return left;
    left = binary_of(left, found->op, [&] { return binary(level + 1, Place::inner); });
  }
}

/// At most one of these: `a < b < c` and `a as B as C` are errors.
ast::Expr* Parser::relational(Place place) {
  ast::Expr* left = binary(kShiftLevel, place);
  if (is(Tok::kw_as)) {
    take();
    skip_newlines();
    auto* type = this->type();
    auto* cast = make<ast::Cast>(*left);
    cast->coerce = true;
    cast->type = type;
    cast->value = left;
    return cast;
  }
  if (is(Tok::kw_instanceof)) {
    take();
    skip_newlines();
    auto* type = this->type();
    auto* test = make<ast::InstanceOf>(*left);
    test->type = type;
    test->value = left;
    return test;
  }
  std::optional<BinaryOp> op = relational_operator(kind());
  if (!op) return left;
  left = binary_of(left, *op, [&] { return binary(kShiftLevel, Place::inner); });
  if (relational_operator(kind()) && !is(Tok::kw_in)) unexpected();
  return left;
}

template <class Operand>
ast::Expr* Parser::binary_of(ast::Expr* left, ast::BinaryOp op, Operand operand) {
  take();
  skip_newlines();
  ast::Expr* right = operand();
  auto* node = make<ast::Binary>(*left);
  node->op = op;
  node->left = left;
  node->right = right;
  return node;
}

/// A sign in front covers the whole power (`-a ** b`), but only its own factor of a product.
ast::Expr* Parser::multiplicative(Place place) {
  ast::Expr* left = nullptr;
  switch (kind()) {
    case Tok::plus:
    case Tok::minus:
    case Tok::increment:
    case Tok::decrement: left = prefix_of([&] { return power(Place::inner, false); }); break;
    default: left = power(place, false);
  }
  while (std::optional<BinaryOp> op = multiplicative_operator(kind())) {
    left = binary_of(left, *op, [&] { return power(Place::inner, true); });
  }
  return left;
}

ast::Expr* Parser::power(Place place, bool sign_allowed) {
  ast::Expr* left = sign_allowed ? unary(place) : unsigned_unary(place);
  while (is(Tok::power)) {
    left = binary_of(left, BinaryOp::power, [&] { return unary(Place::inner); });
  }
  return left;
}

/// `-x`, `+x`, `++x`, `--x`. A sign right before a number literal makes a negative literal.
template <class Operand>
ast::Expr* Parser::prefix_of(Operand operand) {
  Nesting nesting(*this);
  const Token& sign = take();
  skip_newlines();
  Tok first = kind();
  if ((sign.kind == Tok::minus || sign.kind == Tok::plus) &&
      (first == Tok::integer || first == Tok::decimal) && !number_continues()) {
    ast::Expr* literal = number(sign.kind == Tok::minus);
    literal->begin = sign.begin;
    literal->line = sign.line;
    literal->column = sign.column;
    return literal;
  }
  ast::Expr* value = operand();
  if (sign.kind == Tok::increment || sign.kind == Tok::decrement) {
    auto* node = make<ast::Increment>(sign);
    node->prefix = true;
    node->decrement = sign.kind == Tok::decrement;
    node->operand = value;
    return node;
  }
  auto* node = make<ast::Unary>(sign);
  node->op = sign.kind == Tok::minus ? ast::UnaryOp::minus : ast::UnaryOp::plus;
  node->operand = value;
  return node;
}

/// True when the number that comes next is the operand of something that binds closer than a sign.
bool Parser::number_continues() const {
  size_t next = pos_ + 1;
  switch (token_at(next).kind) {
    case Tok::power:
    case Tok::increment:
    case Tok::decrement:
    case Tok::lparen:
    case Tok::lbracket:
    case Tok::lbrace: return true;
    default: break;
  }
  switch (token_at(after_newlines(next)).kind) {
    case Tok::dot:
    case Tok::safe_dot:
    case Tok::spread_dot:
    case Tok::method_dot: return true;
    default: return false;
  }
}

ast::Expr* Parser::unary(Place place) {
  switch (kind()) {
    case Tok::plus:
    case Tok::minus:
    case Tok::increment:
    case Tok::decrement: return prefix_of([&] { return unary(Place::inner); });
    default: return unsigned_unary(place);
  }
}

ast::Expr* Parser::unsigned_unary(Place place) {
  if (is(Tok::not_) || is(Tok::complement)) {
    Nesting nesting(*this);
    const Token& sign = take();
    skip_newlines();
    ast::Expr* value = unary(Place::inner);
    auto* node = make<ast::Unary>(sign);
    node->op = sign.kind == Tok::not_ ? ast::UnaryOp::not_ : ast::UnaryOp::complement;
    node->operand = value;
    return node;
  }
  if (is(Tok::lparen)) {
    if (ast::Expr* cast = cast_or_null()) return cast;
  }
  return postfix(place);
}

/// `(Type) x`, or null when the parenthesis is something else. Only a builtin type may be followed
/// by a sign:
/// `(int) -x` is a cast, `(a) - x` is not.
ast::Expr* Parser::cast_or_null() {
  bool builtin = is_builtin_type(kind(1));
  size_t behind = skip_type(pos_ + 1);
  if (behind == 0 || token_at(behind).kind != Tok::rparen) return nullptr;
  Tok next = token_at(behind + 1).kind;
  if (builtin ? !begins_signed_operand(next) : !begins_cast_operand(next)) return nullptr;
  Nesting nesting(*this);
  const Token& start = take();
  ast::TypeRef* type = this->type();
  take();
  ast::Expr* value = builtin ? unary(Place::inner) : unsigned_unary(Place::inner);
  auto* cast = make<ast::Cast>(start);
  cast->type = type;
  cast->value = value;
  return cast;
}

ast::Expr* Parser::postfix(Place place) {
  ast::Expr* value = path(place);
  if (!is(Tok::increment) && !is(Tok::decrement)) return value;
  bool decrement = take().kind == Tok::decrement;
  auto* node = make<ast::Increment>(*value);
  node->decrement = decrement;
  node->operand = value;
  return node;
}

}  // namespace ks::groovy::syntax
