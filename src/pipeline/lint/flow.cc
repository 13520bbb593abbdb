#include <algorithm>

#include <fmt/format.h>

#include "groovy/walk.h"
#include "pipeline/lint/linter.h"

/// Statements that nothing leads to.

namespace ks::pipeline {
namespace {

bool contains_break(const ast::Node& node) {
  if (node.kind == ast::Kind::break_) return true;
  if (node.kind == ast::Kind::closure || node.kind == ast::Kind::class_decl) return false;
  bool found = false;
  ast::for_each_child(node, [&](const ast::Node& child) { found |= contains_break(child); });
  return found;
}

bool is_true(const ast::Expr* condition) {
  const auto* constant = ast::as<ast::Constant>(condition);
  return constant != nullptr && constant->type == ast::ConstantType::boolean &&
         constant->integer != 0;
}

std::string_view words_of(const ast::Stmt& statement) {
  switch (statement.kind) {
    case ast::Kind::return_: return "the return";
    case ast::Kind::throw_: return "the throw";
    case ast::Kind::break_: return "the break";
    case ast::Kind::continue_: return "the continue";
    case ast::Kind::expression: return "the error step";
    case ast::Kind::while_: return "the endless loop";
    default: return "what ends in every case";
  }
}

}  // namespace

void Linter::flow() {
  ast::for_each_part(unit_, [&](const ast::Node& part) { flow(part); });
}

void Linter::flow(const ast::Node& node) {
  if (const auto* block = ast::as<ast::Block>(&node)) statements(block->statements);
  if (const auto* label = ast::as<ast::Case>(&node)) statements(label->statements);
  ast::for_each_child(node, [&](const ast::Node& child) { flow(child); });
}

void Linter::statements(ast::Array<ast::Stmt*> list) {
  for (size_t i = 0; i + 1 < list.size(); i++) {
    if (!ends(list[i])) continue;
    const ast::Stmt& dead = *list[i + 1];
    if (dead.kind == ast::Kind::class_statement) continue;
    return add(Rule::unreachable_code, Severity::warning, dead,
               fmt::format("this is never reached: {} in line {} ends the block",
                           words_of(*list[i]), list[i]->line),
               "remove it, or move it in front");
  }
}

/// Whether nothing behind it in the same block can run.
bool Linter::ends(const ast::Stmt* statement) const {
  if (statement == nullptr) return false;
  switch (statement->kind) {
    case ast::Kind::return_:
    case ast::Kind::throw_:
    case ast::Kind::break_:
    case ast::Kind::continue_: return true;
    case ast::Kind::block:
      return std::ranges::any_of(ast::cast<ast::Block>(*statement).statements,
                                 [&](const ast::Stmt* inner) { return ends(inner); });
    case ast::Kind::if_: {
      const auto& branch = ast::cast<ast::If>(*statement);
      return ends(branch.then) && ends(branch.otherwise);
    }
    case ast::Kind::while_: {
      const auto& loop = ast::cast<ast::While>(*statement);
      return is_true(loop.condition) && (loop.body == nullptr || !contains_break(*loop.body));
    }
    case ast::Kind::try_: {
      const auto& attempt = ast::cast<ast::Try>(*statement);
      if (ends(attempt.finally)) return true;
      return ends(attempt.body) && std::ranges::all_of(attempt.catches, [&](const ast::Catch* one) {
               return ends(one->body);
             });
    }
    case ast::Kind::expression: {
      const auto* call = ast::as<ast::Call>(ast::cast<ast::ExprStmt>(*statement).expr);
      return call != nullptr && call->receiver == nullptr && call->name == "error" &&
             !is_own("error");
    }
    default: return false;
  }
}

}  // namespace ks::pipeline
