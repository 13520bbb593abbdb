#include <algorithm>

#include "groovy/eval/compiler.h"
#include "groovy/eval/expression_text.h"

namespace ks::groovy {

namespace {

template <class S>
StatementPtr labelled(std::unique_ptr<S> loop, const ast::Stmt& stmt) {
  if (!stmt.labels.empty()) loop->label = std::string(stmt.labels.back());
  loop->line = stmt.line;
  return loop;
}

}  // namespace

StatementPtr Compiler::statement(const ast::Stmt* stmt, FunctionScope& f) {
  if (stmt == nullptr) return std::make_unique<BlockStatement>();
  struct Labels {
    FunctionScope& f;
    size_t before;
    ~Labels() { f.labels.resize(before); }
  } labels{f, f.labels.size()};
  for (std::string_view label : stmt->labels) f.labels.emplace_back(label);
  bool is_loop = stmt->kind == ast::Kind::while_ || stmt->kind == ast::Kind::for_in ||
                 stmt->kind == ast::Kind::for_c || stmt->kind == ast::Kind::switch_;
  if (stmt->labels.empty() || is_loop) return plain_statement(*stmt, f);
  auto out = std::make_unique<LabelledStatement>();
  out->body = plain_statement(*stmt, f);
  return labelled(std::move(out), *stmt);
}

StatementPtr Compiler::plain_statement(const ast::Stmt& stmt, FunctionScope& f) {
  switch (stmt.kind) {
    case ast::Kind::block: return block(&ast::cast<ast::Block>(stmt), f);
    case ast::Kind::expression:
      return expression_statement(*ast::cast<ast::ExprStmt>(stmt).expr, f);
    case ast::Kind::if_: {
      const auto& in = ast::cast<ast::If>(stmt);
      auto out = make<IfStatement>(stmt);
      out->condition = expr(in.condition, f);
      f.open();
      out->yes = statement(in.then, f);
      f.close();
      f.open();
      if (in.otherwise != nullptr) out->no = statement(in.otherwise, f);
      f.close();
      return out;
    }
    case ast::Kind::while_: {
      const auto& in = ast::cast<ast::While>(stmt);
      auto out = make<WhileStatement>(stmt);
      out->condition = expr(in.condition, f);
      f.open();
      out->body = statement(in.body, f);
      f.close();
      return labelled(std::move(out), stmt);
    }
    case ast::Kind::for_in: return for_in(ast::cast<ast::ForIn>(stmt), f);
    case ast::Kind::for_c: return for_c(ast::cast<ast::ForC>(stmt), f);
    case ast::Kind::switch_: return switch_statement(ast::cast<ast::Switch>(stmt), f);
    case ast::Kind::try_: return try_statement(ast::cast<ast::Try>(stmt), f);
    case ast::Kind::throw_: {
      auto out = make<ThrowStatement>(stmt);
      out->value = expr(ast::cast<ast::Throw>(stmt).value, f);
      return out;
    }
    case ast::Kind::return_: {
      auto out = make<ReturnStatement>(stmt);
      if (const ast::Expr* value = ast::cast<ast::Return>(stmt).value) out->value = expr(value, f);
      return out;
    }
    case ast::Kind::break_:
    case ast::Kind::continue_: {
      auto out = make<JumpStatement>(stmt);
      out->is_break = stmt.kind == ast::Kind::break_;
      out->label = std::string(out->is_break ? ast::cast<ast::Break>(stmt).label
                                             : ast::cast<ast::Continue>(stmt).label);
      // Groovy takes a label that is not around the statement for none.
      if (std::find(f.labels.begin(), f.labels.end(), out->label) == f.labels.end())
        out->label.clear();
      return out;
    }
    case ast::Kind::assert_: return assert_statement(ast::cast<ast::Assert>(stmt), f);
    case ast::Kind::synchronized: {
      // One thread runs a script at a time: the lock is only evaluated.
      const auto& in = ast::cast<ast::Synchronized>(stmt);
      auto out = std::make_unique<BlockStatement>();
      auto lock = make<ExpressionStatement>(stmt);
      lock->value = expr(in.lock, f);
      out->statements.push_back(std::move(lock));
      out->statements.push_back(block(in.body, f));
      return out;
    }
    default: return std::make_unique<BlockStatement>();  // classes stand apart
  }
}

StatementPtr Compiler::block(const ast::Block* stmt, FunctionScope& f) {
  if (stmt == nullptr) return std::make_unique<BlockStatement>();
  f.open();
  StatementPtr out = statements(stmt->statements, f);
  f.close();
  return out;
}

StatementPtr Compiler::statements(ast::Array<ast::Stmt*> list, FunctionScope& f) {
  auto out = std::make_unique<BlockStatement>();
  for (const ast::Stmt* each : list) {
    if (each->kind == ast::Kind::class_statement) continue;
    if (const auto* line = ast::as<ast::ExprStmt>(each); line != nullptr && each->labels.empty()) {
      if (const auto* decl = ast::as<ast::Declaration>(line->expr)) {
        declaration(*decl, f, out->statements);  // in this scope, not one of its own
        continue;
      }
    }
    out->statements.push_back(statement(each, f));
  }
  return out;
}

StatementPtr Compiler::expression_statement(const ast::Expr& expression, FunctionScope& f) {
  if (const auto* decl = ast::as<ast::Declaration>(&expression)) {
    auto out = std::make_unique<BlockStatement>();
    declaration(*decl, f, out->statements);
    return out;
  }
  auto out = make<ExpressionStatement>(expression);
  out->value = expr(&expression, f);
  return out;
}

namespace {

bool is_script_field(const ast::Declaration& decl) {
  for (const ast::Annotation* each : decl.annotations) {
    if (each->name == "Field" || each->name == "groovy.transform.Field") return true;
  }
  return false;
}

}  // namespace

void Compiler::declaration(const ast::Declaration& decl, FunctionScope& f,
                           std::vector<StatementPtr>& out) {
  check_annotations(decl.annotations);
  if (is_script_field(decl)) return;  // a field of the script class
  if (decl.multiple) {
    auto statement = make<MultiDeclareStatement>(decl);
    statement->value = expr(decl.value, f);
    statement->variables.resize(decl.declarators.size());
    for (size_t i = 0; i < decl.declarators.size(); ++i) {
      TypeRef declared = type(decl.declarators[i]->type, f.cls);
      LocalVariable& variable = f.declare(decl.declarators[i]->name, declared);
      MultiDeclareStatement::Variable& to = statement->variables[i];
      to.slot = variable.slot;
      to.type = std::move(declared);
      variable.follow(to.boxed);
    }
    out.push_back(std::move(statement));
    return;
  }
  for (const ast::Declarator* each : decl.declarators) {
    auto statement = make<DeclareStatement>(decl);
    statement->type = type(each->type, f.cls);
    // The variable is not there yet in its own initial value, but for closures: `def f = { f() }`
    // reads the later one as a property in Groovy, too.
    if (each->value != nullptr) statement->value = expr(each->value, f);
    LocalVariable& variable = f.declare(each->name, statement->type);
    statement->slot = variable.slot;
    variable.follow(statement->boxed);
    out.push_back(std::move(statement));
  }
}

StatementPtr Compiler::for_in(const ast::ForIn& stmt, FunctionScope& f) {
  auto out = std::make_unique<ForInStatement>();
  out->collection = expr(stmt.collection, f);
  f.open();
  out->type = type(stmt.variable->type, f.cls);
  LocalVariable& variable = f.declare(stmt.variable->name, out->type);
  out->slot = variable.slot;
  variable.follow(out->boxed);
  out->body = statement(stmt.body, f);
  f.close();
  return labelled(std::move(out), stmt);
}

StatementPtr Compiler::for_c(const ast::ForC& stmt, FunctionScope& f) {
  auto out = std::make_unique<ForStatement>();
  f.open();
  for (const ast::Expr* each : stmt.init) {
    if (const auto* decl = ast::as<ast::Declaration>(each)) {
      declaration(*decl, f, out->initial);
    } else {
      out->initial.push_back(expression_statement(*each, f));
    }
  }
  if (stmt.condition != nullptr) out->condition = expr(stmt.condition, f);
  for (const ast::Expr* each : stmt.update) out->updates.push_back(expression_statement(*each, f));
  f.open();
  out->body = statement(stmt.body, f);
  f.close();
  f.close();
  return labelled(std::move(out), stmt);
}

namespace {

/// Groovy puts `default` behind all cases, wherever it stands: the last case falls into it.
std::vector<const ast::Case*> in_order(const ast::Switch& stmt) {
  std::vector<const ast::Case*> cases(stmt.cases.begin(), stmt.cases.end());
  std::stable_partition(cases.begin(), cases.end(),
                        [](const ast::Case* each) { return each->value != nullptr; });
  return cases;
}

}  // namespace

StatementPtr Compiler::switch_statement(const ast::Switch& stmt, FunctionScope& f) {
  auto out = std::make_unique<SwitchStatement>();
  out->subject = expr(stmt.value, f);
  for (const ast::Case* each : in_order(stmt)) {
    SwitchStatement::Case to;
    if (each->value != nullptr) to.value = expr(each->value, f);
    f.open();
    to.body = statements(each->statements, f);
    f.close();
    out->cases.push_back(std::move(to));
  }
  return labelled(std::move(out), stmt);
}

StatementPtr Compiler::try_statement(const ast::Try& stmt, FunctionScope& f) {
  auto out = make<TryStatement>(stmt);
  out->body = block(stmt.body, f);
  for (const ast::Catch* each : stmt.catches) {
    TryStatement::Catch& to = out->catches.emplace_back();
    for (const ast::TypeRef* written : each->types) to.types.push_back(type(written, f.cls));
  }
  // Addresses of the flags must stay: the vector is complete before any is followed.
  for (size_t i = 0; i < stmt.catches.size(); ++i) {
    f.open();
    LocalVariable& variable = f.declare(stmt.catches[i]->name);
    out->catches[i].slot = variable.slot;
    variable.follow(out->catches[i].boxed);
    out->catches[i].body = block(stmt.catches[i]->body, f);
    f.close();
  }
  if (stmt.finally != nullptr) out->last = block(stmt.finally, f);
  return out;
}

StatementPtr Compiler::assert_statement(const ast::Assert& stmt, FunctionScope& f) {
  auto out = make<AssertStatement>(stmt);
  // With a message of its own Groovy draws no picture.
  const ast::Assert* before = recording_;
  recording_ = stmt.message == nullptr ? &stmt : nullptr;
  out->condition = expr(stmt.condition, f);
  recording_ = before;
  if (stmt.message != nullptr) {
    out->message = expr(stmt.message, f);
    out->source = expression_text(unit_, stmt.condition);
    std::vector<const ast::Variable*> variables;
    collect_variables(stmt.condition, variables);
    for (const ast::Variable* each : variables) {
      if (f.find(each->name))
        out->variables.emplace_back(std::string(each->name), variable(*each, f));
    }
    return out;
  }
  for (char c : unit_.text(stmt)) out->source += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  while (out->source.ends_with(' ') || out->source.ends_with(';')) out->source.pop_back();
  return out;
}

// ----- the value of the last statement -----

StatementPtr Compiler::body(const ast::Block* stmt, FunctionScope& f) {
  if (stmt == nullptr) return std::make_unique<BlockStatement>();
  return returning_list(stmt->statements, f, true);
}

StatementPtr Compiler::returning_list(ast::Array<ast::Stmt*> list, FunctionScope& f,
                                      bool new_scope) {
  if (new_scope) f.open();
  auto out = std::make_unique<BlockStatement>();
  // Classes are no statements: the value is that of the last one before them.
  while (!list.empty() && list.back()->kind == ast::Kind::class_statement)
    list = list.subspan(0, list.size() - 1);
  for (size_t i = 0; i < list.size(); ++i) {
    if (i + 1 < list.size()) {
      StatementPtr front = statements(list.subspan(i, 1), f);
      auto* inner = const_cast<BlockStatement*>(static_cast<const BlockStatement*>(front.get()));
      for (StatementPtr& each : inner->statements) out->statements.push_back(std::move(each));
    } else {
      out->statements.push_back(returning(list[i], f));
    }
  }
  if (new_scope) f.close();
  return out;
}

StatementPtr Compiler::returning(const ast::Stmt* stmt, FunctionScope& f) {
  if (stmt == nullptr) return std::make_unique<BlockStatement>();
  if (!stmt->labels.empty() && stmt->kind != ast::Kind::expression) return statement(stmt, f);
  switch (stmt->kind) {
    case ast::Kind::expression: {
      const ast::Expr& value = *ast::cast<ast::ExprStmt>(*stmt).expr;
      if (const auto* decl = ast::as<ast::Declaration>(&value)) {
        auto block = std::make_unique<BlockStatement>();
        declaration(*decl, f, block->statements);
        if (!decl->multiple && !is_script_field(*decl) && !decl->declarators.empty()) {
          auto out = make<ReturnStatement>(*stmt);
          out->value = local(*f.find(decl->declarators.back()->name));
          block->statements.push_back(std::move(out));
        }
        return block;
      }
      auto out = make<ReturnStatement>(*stmt);
      out->value = expr(&value, f);
      return out;
    }
    case ast::Kind::block: return returning_list(ast::cast<ast::Block>(*stmt).statements, f, true);
    case ast::Kind::if_: {
      const auto& in = ast::cast<ast::If>(*stmt);
      auto out = make<IfStatement>(*stmt);
      out->condition = expr(in.condition, f);
      f.open();
      out->yes = returning(in.then, f);
      f.close();
      f.open();
      if (in.otherwise != nullptr) out->no = returning(in.otherwise, f);
      f.close();
      return out;
    }
    case ast::Kind::switch_: return returning_switch(ast::cast<ast::Switch>(*stmt), f);
    case ast::Kind::try_: {
      const auto& in = ast::cast<ast::Try>(*stmt);
      auto out = make<TryStatement>(*stmt);
      out->body = body(in.body, f);
      for (const ast::Catch* each : in.catches) {
        TryStatement::Catch& to = out->catches.emplace_back();
        for (const ast::TypeRef* written : each->types) to.types.push_back(type(written, f.cls));
      }
      for (size_t i = 0; i < in.catches.size(); ++i) {
        f.open();
        LocalVariable& variable = f.declare(in.catches[i]->name);
        out->catches[i].slot = variable.slot;
        variable.follow(out->catches[i].boxed);
        out->catches[i].body = body(in.catches[i]->body, f);
        f.close();
      }
      if (in.finally != nullptr) out->last = block(in.finally, f);
      return out;
    }
    case ast::Kind::synchronized: {
      const auto& in = ast::cast<ast::Synchronized>(*stmt);
      auto out = std::make_unique<BlockStatement>();
      auto lock = make<ExpressionStatement>(*stmt);
      lock->value = expr(in.lock, f);
      out->statements.push_back(std::move(lock));
      out->statements.push_back(body(in.body, f));
      return out;
    }
    default: return statement(stmt, f);
  }
}

StatementPtr Compiler::returning_switch(const ast::Switch& stmt, FunctionScope& f) {
  auto out = std::make_unique<SwitchStatement>();
  out->subject = expr(stmt.value, f);
  const std::vector<const ast::Case*> cases = in_order(stmt);
  for (size_t i = 0; i < cases.size(); ++i) {
    const ast::Case* each = cases[i];
    SwitchStatement::Case to;
    if (each->value != nullptr) to.value = expr(each->value, f);
    // `case 1: x; break` gives x; a case that falls through to the next gives what that one gives.
    ast::Array<ast::Stmt*> list = each->statements;
    const auto* jump = list.empty() ? nullptr : ast::as<ast::Break>(list.back());
    bool breaks = jump != nullptr && jump->label.empty();
    f.open();
    if (breaks) {
      auto block = std::make_unique<BlockStatement>();
      block->statements.push_back(returning_list(list.first(list.size() - 1), f, false));
      block->statements.push_back(statement(list.back(), f));
      to.body = std::move(block);
    } else if (i + 1 == cases.size()) {
      to.body = returning_list(list, f, false);
    } else {
      to.body = statements(list, f);
    }
    f.close();
    out->cases.push_back(std::move(to));
  }
  return labelled(std::move(out), stmt);
}

}  // namespace ks::groovy
