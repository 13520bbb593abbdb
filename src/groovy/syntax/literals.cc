#include <charconv>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmp.h>

#include "groovy/syntax/interner.h"
#include "groovy/syntax/parser.h"

/// Literals: lists, maps, strings with values, numbers, closures.

namespace ks::groovy::syntax {
namespace {

constexpr size_t kMaxDigits = 100'000;

bool is_any_of(char c, std::string_view set) { return set.contains(c); }

/// An integer literal without underscores and suffix.
struct IntegerText {
  std::string digits;
  int base = 10;
  char suffix = '\0';
};

IntegerText integer_text(std::string_view source) {
  IntegerText out;
  for (char c : source) {
    if (c != '_') out.digits += c;
  }
  if (is_any_of(out.digits.back(), "gGlLiI")) {
    out.suffix = out.digits.back();
    out.digits.pop_back();
  }
  if (out.digits.size() > 2 && out.digits[0] == '0' && is_any_of(out.digits[1], "xX")) {
    out.base = 16;
    out.digits.erase(0, 2);
  } else if (out.digits.size() > 2 && out.digits[0] == '0' && is_any_of(out.digits[1], "bB")) {
    out.base = 2;
    out.digits.erase(0, 2);
  } else if (out.digits.size() > 1 && out.digits[0] == '0') {
    out.base = out.digits.find_first_of("89") == std::string::npos ? 8 : 10;
  }
  return out;
}

/// The decimal digits of a number of any size.
std::string decimal_digits(const std::string& digits, int base) {
  mpz_t number;
  mpz_init_set_str(number, digits.c_str(), base);
  std::string text(mpz_sizeinbase(number, 10) + 2, '\0');
  mpz_get_str(text.data(), 10, number);
  mpz_clear(number);
  text.resize(text.find('\0'));
  return text;
}

/// The low 64 bits, as Java narrows a BigInteger.
int64_t narrowed(const std::string& digits, bool negative) {
  uint64_t value = 0;
  for (char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return static_cast<int64_t>(negative ? 0 - value : value);
}

}  // namespace

ast::Constant* Parser::constant(const Token& token, ast::ConstantType type) {
  auto* node = make<ast::Constant>(token);
  node->end = token.end;
  node->type = type;
  return node;
}

/// A name that stands where a string could: a map key, the name of a member.
ast::Constant* Parser::bare_name(const Token& token) {
  auto* name = constant(token, ast::ConstantType::string);
  name->text = token.text;
  name->bare = token.kind != Tok::string;
  return name;
}

ast::Expr* Parser::number(bool negative) {
  const Token& token = take();
  if (token.text.size() > kMaxDigits)
    fail(fmt::format("number of more than {} digits", kMaxDigits), token);
  return token.kind == Tok::decimal ? decimal(token, negative) : integer(token, negative);
}

ast::Constant* Parser::integer(const Token& token, bool negative) {
  IntegerText text = integer_text(token.text);
  auto* node = constant(token, ast::ConstantType::integer);
  uint64_t magnitude = 0;
  auto [end, error] = std::from_chars(text.digits.data(), text.digits.data() + text.digits.size(),
                                      magnitude, text.base);
  bool fits_long =
      error == std::errc() && magnitude <= (negative ? uint64_t{1} << 63 : (uint64_t{1} << 63) - 1);
  auto value = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  bool fits_int = fits_long && value >= INT32_MIN && value <= INT32_MAX;
  std::string digits;
  if (!fits_long || text.suffix == 'g' || text.suffix == 'G')
    digits = decimal_digits(text.digits, text.base);
  if (!fits_long) value = narrowed(digits, negative);
  switch (text.suffix) {
    case 'i':
    case 'I': node->integer = static_cast<int32_t>(value); return node;
    case 'l':
    case 'L':
      node->type = ast::ConstantType::long_;
      node->integer = value;
      return node;
    case 'g':
    case 'G': break;
    default:
      if (!fits_long) break;
      node->type = fits_int ? ast::ConstantType::integer : ast::ConstantType::long_;
      node->integer = value;
      return node;
  }
  node->type = ast::ConstantType::big_integer;
  node->text = keep(unit_.arena(), negative ? "-" + digits : digits);
  return node;
}

ast::Constant* Parser::decimal(const Token& token, bool negative) {
  std::string digits = negative ? "-" : "";
  for (char c : token.text) {
    if (c != '_') digits += c;
  }
  char suffix = is_any_of(digits.back(), "gGfFdD") ? digits.back() : '\0';
  if (suffix != '\0') digits.pop_back();
  if (suffix == '\0' || suffix == 'g' || suffix == 'G') {
    auto* node = constant(token, ast::ConstantType::big_decimal);
    node->text = keep(unit_.arena(), digits);
    return node;
  }
  bool single = suffix == 'f' || suffix == 'F';
  auto* node = constant(token, single ? ast::ConstantType::float_ : ast::ConstantType::double_);
  const char* last = digits.data() + digits.size();
  bool in_range = true;
  if (single) {
    float value = 0;
    in_range = std::from_chars(digits.data(), last, value).ec == std::errc();
    node->floating = static_cast<double>(value);
  } else {
    in_range = std::from_chars(digits.data(), last, node->floating).ec == std::errc();
  }
  if (!in_range) fail(fmt::format("number {} is out of range", token.text), token);
  return node;
}

ast::Expr* Parser::list_or_map() {
  Nesting nesting(*this);
  const Token& start = take();
  if (is(Tok::colon) && kind(1) == Tok::rbracket) {
    take();
    take();
    return make<ast::MapLiteral>(start);
  }
  if (is(Tok::comma)) unexpected(start);
  ast::Array<ast::Entry*> entries = argument_list(Tok::rbracket);
  expect(Tok::rbracket, "']'");
  bool is_map = !entries.empty() && entries[0]->named();
  for (const ast::Entry* entry : entries) {
    if (entry->named() == is_map) continue;
    if (is_map || entry->key == nullptr) {
      // Groovy looks at the last entry to tell a map from a list.
      std::string_view found = entry->value->kind == ast::Kind::spread ? "SPREAD_ARG" : "EXPR";
      if (is_map)
        fail(fmt::format("Unexpected node type: {} found when expecting type: LABELED_ARG", found),
             *entry->value);
    }
    fail("Unexpected node type: LABELED_ARG found when expecting type: EXPR", *entry);
  }
  if (is_map) {
    auto* map = make<ast::MapLiteral>(start);
    map->entries = entries;
    return map;
  }
  Collector<ast::Expr> items(*this);
  for (ast::Entry* entry : entries) items.add(entry->value);
  auto* list = make<ast::ListLiteral>(start);
  list->items = items.done();
  return list;
}

ast::Expr* Parser::gstring() {
  Nesting nesting(*this);
  const Token& start = take();
  std::vector<std::string_view> strings{start.text};
  Collector<ast::Expr> values(*this);
  for (;;) {
    values.add(gstring_value());
    if (!is(Tok::gstring_middle) && !is(Tok::gstring_end)) expected("a string literal end", peek());
    const Token& part = take();
    strings.push_back(part.text);
    if (part.kind == Tok::gstring_end) break;
  }
  auto* text = make<ast::GString>(start);
  text->strings = array(strings);
  text->values = values.done();
  return text;
}

/// `$a.b` or `${ ... }`. One expression in braces is its value; `${}` is null; several statements
/// are run as a closure; with an arrow the closure itself is the value.
ast::Expr* Parser::gstring_value() {
  if (!is(Tok::lbrace)) return gstring_path();
  const Token& brace = peek();
  bool arrow = closure_parameters_ahead(pos_);
  ast::Closure* body = closure();
  if (arrow) return body;
  if (body->body->statements.empty()) {
    auto* nothing = constant(brace, ast::ConstantType::null);
    nothing->end = body->end;
    return nothing;
  }
  if (body->body->statements.size() == 1) {
    if (auto* only = ast::as<ast::ExprStmt>(body->body->statements[0])) return only->expr;
  }
  body->has_arrow = true;
  auto* call = make<ast::Call>(*body);
  call->receiver = body;
  call->implicit_call = true;
  call->name = "call";
  return call;
}

ast::Expr* Parser::gstring_path() {
  const Token& start = peek();
  if (start.kind != Tok::identifier && start.kind != Tok::kw_this && start.kind != Tok::kw_super)
    unexpected();
  ast::Expr* value = primary();
  if (start.kind != Tok::identifier) return value;
  while (is(Tok::dot)) {
    take();
    const Token& name = expect_name();
    auto* property = make<ast::Property>(*value);
    property->object = value;
    property->name = name.text;
    property->name_expr = bare_name(name);
    value = property;
  }
  return value;
}

/// Everything between `{` and a `->` of its own is a parameter list. Cheap, since brackets know
/// their other end.
bool Parser::closure_parameters_ahead(size_t brace) const {
  size_t i = after_newlines(brace + 1);
  bool may_break = true;  // a line may end here: after a comma, and right before the arrow
  for (;; ++i) {
    const Token& token = token_at(i);
    switch (token.kind) {
      case Tok::arrow: return true;
      case Tok::eof:
      case Tok::error:
      case Tok::semicolon:
      case Tok::rbrace:
      case Tok::rparen:
      case Tok::rbracket: return false;
      case Tok::newline:
        if (may_break) continue;
        return token_at(after_newlines(i)).kind == Tok::arrow;
      case Tok::lparen:
      case Tok::lbracket:
      case Tok::lbrace:
      case Tok::gstring_start:
        if (token.match == 0) return false;
        i = token.match;
        may_break = false;
        continue;
      default: may_break = token.kind == Tok::comma || token.kind == Tok::assign;
    }
  }
}

ast::Closure* Parser::closure() {
  Nesting nesting(*this);
  const Token& start = peek();
  bool parameters = closure_parameters_ahead(pos_);
  take();
  skip_newlines();
  auto* node = make<ast::Closure>(start);
  if (parameters) {
    node->has_arrow = true;
    node->parameters = parameter_list(Tok::arrow);
    skip_newlines();
    expect(Tok::arrow, "'->'");
    skip_newlines();
  }
  node->body = statements_block(Tok::rbrace);
  expect(Tok::rbrace, "'}'");
  return finish(node);
}

/// `int`, `int[]`: as receiver, value or argument.
ast::Expr* Parser::builtin_type_expression() {
  const Token& start = peek();
  auto* literal = make<ast::TypeLiteral>(start);
  literal->type = builtin_type();
  return finish(literal);
}

}  // namespace ks::groovy::syntax
