#include <string>

#include <fmt/format.h>

#include "groovy/syntax/parser.h"

namespace ks::groovy::syntax {
namespace {

/// The words that Groovy's messages have for an expression: operators in parentheses, the rest as
/// written.
std::string in_words(const ast::Unit& unit, const ast::Expr& expr) {
  if (const auto* binary = ast::as<ast::Binary>(&expr)) {
    return fmt::format("({} {} {})", in_words(unit, *binary->left), ast::symbol(binary->op),
                       in_words(unit, *binary->right));
  }
  if (const auto* logical = ast::as<ast::Logical>(&expr)) {
    return fmt::format("({} {} {})", in_words(unit, *logical->left), logical->is_and ? "&&" : "||",
                       in_words(unit, *logical->right));
  }
  const auto* constant = ast::as<ast::Constant>(&expr);
  if (constant != nullptr && constant->type == ast::ConstantType::string) {
    return std::string(constant->text);
  }
  return std::string(unit.text(expr));
}

}  // namespace

/// What may stand left of `=`: a variable, a property, an element, or `(a, b)`.
void Parser::refuse_target(const ast::Expr& target, const Token& sign) {
  switch (target.kind) {
    case ast::Kind::variable: {
      std::string_view name = ast::cast<ast::Variable>(target).name;
      if (name != "this" && name != "super") return;
      fail(fmt::format("cannot have '{}' as LHS of an assignment", name), target);
    }
    case ast::Kind::property:
    case ast::Kind::index: return;
    case ast::Kind::list:
      if (target.parenthesised) return;
      break;
    default: break;
  }
  std::string words = in_words(unit_, target);
  switch (target.kind) {
    case ast::Kind::constant:
      fail(fmt::format("[{}] is a constant expression, but it should be a variable expression",
                       words),
           sign);
    case ast::Kind::binary:
    case ast::Kind::logical:
    case ast::Kind::instance_of:
      fail(fmt::format("{} is a binary expression, but it should be a variable expression", words),
           sign);
    case ast::Kind::call:
      fail(fmt::format("\"{}\" is a method call expression, but it should be a variable expression",
                       words),
           sign);
    default:
      fail(fmt::format("'{}' is a bad expression as the left hand side of an assignment operator",
                       words),
           sign);
  }
}

}  // namespace ks::groovy::syntax
