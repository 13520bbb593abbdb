#include "engine/library/annotations.h"

#include <fmt/format.h>

#include "groovy/ast.h"
#include "groovy/parser.h"

namespace ks::engine {
namespace {

namespace ast = groovy::ast;

/// The texts of `'a'` or `['a', 'b@1']`.
Result<> add_ids(const ast::Unit& unit, const ast::Expr& value, std::optional<bool> changelog,
                 std::vector<DeclaredLibrary>& into) {
  if (const auto* list = ast::as<ast::ListLiteral>(&value)) {
    for (const ast::Expr* item : list->items) TRY(add_ids(unit, *item, changelog, into));
    return {};
  }
  const auto* constant = ast::as<ast::Constant>(&value);
  if (constant == nullptr || constant->type != ast::ConstantType::string) {
    return Error{Code::invalid,
                 fmt::format("WorkflowScript: {}: @Library value {} was not a constant; did you "
                             "mean to use the 'library' step instead?",
                             value.line, unit.text(value))};
  }
  into.push_back({.id = std::string(constant->text), .changelog = changelog});
  return {};
}

Result<> add_from(const ast::Unit& unit, const ast::Array<ast::Annotation*>& annotations,
                  std::vector<DeclaredLibrary>& into) {
  for (const ast::Annotation* annotation : annotations) {
    if (annotation->name != "Library" &&
        annotation->name != "org.jenkinsci.plugins.workflow.libs.Library")
      continue;
    std::optional<bool> changelog;
    for (const ast::Entry* member : annotation->members) {
      const auto* constant = ast::as<ast::Constant>(member->value);
      if (member->name() == "changelog" && constant != nullptr) changelog = constant->integer != 0;
    }
    for (const ast::Entry* member : annotation->members) {
      if (member->name() == "value") TRY(add_ids(unit, *member->value, changelog, into));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<DeclaredLibrary>> declared_libraries(const std::string& script) {
  std::vector<DeclaredLibrary> out;
  // Most scripts have none, and need not be parsed twice.
  if (!script.contains("Library")) return out;
  const groovy::Parsed parsed = groovy::parse(script);
  if (!parsed) return out;
  const ast::Unit& unit = *parsed.unit;
  TRY(add_from(unit, unit.package_annotations, out));
  for (const ast::Import* import : unit.imports) TRY(add_from(unit, import->annotations, out));
  for (const ast::Stmt* statement : unit.body->statements) {
    const auto* expression = ast::as<ast::ExprStmt>(statement);
    const auto* declaration =
        expression == nullptr ? nullptr : ast::as<ast::Declaration>(expression->expr);
    if (declaration != nullptr) TRY(add_from(unit, declaration->annotations, out));
  }
  for (const ast::Method* method : unit.methods) TRY(add_from(unit, method->annotations, out));
  for (const ast::ClassDecl* one : unit.classes) TRY(add_from(unit, one->annotations, out));
  return out;
}

}  // namespace ks::engine
