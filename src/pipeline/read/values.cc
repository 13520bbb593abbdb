#include <charconv>
#include <string>

#include <fmt/format.h>

#include "pipeline/read/section.h"

/// Constants, Groovy source, and argument lists.

namespace ks::pipeline {
namespace {

constexpr std::string_view kBigInteger =
    "BigIntegers cannot be used as constants in Declarative. The maximum value for an integer is "
    "9,223,372,036,854,775,807 and the minimum value for an integer is -9,223,372,036,854,775,808.";

/// `${X}` without quotes is, to Groovy, a call of `$` with a closure.
bool is_bare_dollar(const ast::Expr& expr) {
  const auto* call = ast::as<ast::Call>(&expr);
  return call != nullptr && call->receiver == nullptr && call->name == "$";
}

}  // namespace

Expression Reader::value(const ast::Expr& expr) {
  Expression made;
  made.place = place(expr);
  made.expr = &expr;
  if (is_bare_dollar(expr)) {
    std::string text = source(expr);
    error(expr,
          fmt::format("{0} cannot be used as a value directly. Did you mean \"{0}\"? (add quotes)",
                      text));
    made.data = Source{text};
    return made;
  }
  const auto* constant = ast::as<ast::Constant>(&expr);
  if (constant == nullptr) {
    made.data = Source{source(expr), expr.kind == ast::Kind::gstring, expr.kind == ast::Kind::map};
    return made;
  }
  switch (constant->type) {
    case ast::ConstantType::null: break;
    case ast::ConstantType::boolean: made.data = constant->integer != 0; break;
    case ast::ConstantType::integer:
    case ast::ConstantType::long_: made.data = constant->integer; break;
    case ast::ConstantType::big_integer: error(expr, std::string(kBigInteger)); break;
    case ast::ConstantType::big_decimal: {
      double number = 0;
      std::from_chars(constant->text.data(), constant->text.data() + constant->text.size(), number);
      made.data = number;
      break;
    }
    case ast::ConstantType::float_:
    case ast::ConstantType::double_: made.data = constant->floating; break;
    case ast::ConstantType::string: made.data = std::string(constant->text); break;
  }
  return made;
}

/// A string, or a bare name, which the language takes for one.
std::optional<std::string> Reader::string_literal(const ast::Expr& expr) const {
  if (const auto* constant = ast::as<ast::Constant>(&expr)) {
    if (constant->type == ast::ConstantType::string) return std::string(constant->text);
  }
  if (const auto* variable = ast::as<ast::Variable>(&expr)) return std::string(variable->name);
  return std::nullopt;
}

std::vector<Argument> Reader::arguments(const std::vector<const ast::Entry*>& entries,
                                        bool calls_allowed) {
  std::vector<Argument> made;
  for (const ast::Entry* entry : entries) {
    Argument& argument = made.emplace_back();
    argument.place = place(*entry);
    if (entry->key != nullptr) {
      std::optional<std::string> name = string_literal(*entry->key);
      if (!name) error(*entry->key, "Expected string literal");
      argument.name = name.value_or("");
    }
    const auto* nested = ast::as<ast::Call>(entry->value);
    bool plain = nested != nullptr && nested->receiver == nullptr && !nested->name.empty() &&
                 nested->name != "$";
    if (calls_allowed && plain) {
      argument.call = std::make_shared<Call>(call(*nested, "", true));
      argument.value.place = argument.place;
      argument.value.expr = entry->value;
      argument.value.data = Source{source(*entry->value)};
    } else {
      argument.value = value(*entry->value);
    }
  }
  return made;
}

/// An option, trigger or parameter. `what` is the plural for messages.
Call Reader::call(const ast::Call& from, std::string_view what, bool nested) {
  Call made;
  made.name = from.name;
  made.place = place(from);
  std::vector<const ast::Entry*> entries;
  for (const ast::Entry* entry : from.args) {
    if (entry->value->kind != ast::Kind::closure) {
      entries.push_back(entry);
      continue;
    }
    error(*entry, nested ? "Method call arguments"
                         : fmt::format("{} definitions cannot have blocks", what));
  }
  made.args = arguments(entries, true);
  return made;
}

std::optional<bool> Reader::boolean(const Line& from) {
  if (from.body == nullptr && from.args.size() == 1 && from.args[0]->key == nullptr) {
    const auto* constant = ast::as<ast::Constant>(from.args[0]->value);
    if (constant != nullptr && constant->type == ast::ConstantType::boolean)
      return constant->integer != 0;
  }
  error(*from.statement, fmt::format("Expected a boolean with {}", from.name));
  return std::nullopt;
}

}  // namespace ks::pipeline
