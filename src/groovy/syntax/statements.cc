#include <string_view>

#include "groovy/syntax/parser.h"

namespace ks::groovy::syntax {

/// `{ ... }` of a method, a loop, a class member.
ast::Block* Parser::block() {
  Nesting nesting(*this);
  const Token& start = expect(Tok::lbrace, "'{'");
  skip_newlines();
  ast::Block* body = statements_block(Tok::rbrace);
  expect(Tok::rbrace, "'}'");
  body->begin = start.begin;
  body->line = start.line;
  body->column = start.column;
  return finish(body);
}

/// The statements alone: from the first to the last of them.
ast::Block* Parser::statements_block(Tok end) {
  auto* body = make<ast::Block>(peek());
  body->end = peek().begin;
  body->statements = statements_until(end, Context::block);
  if (!body->statements.empty()) {
    body->begin = body->statements.front()->begin;
    body->end = body->statements.back()->end;
  }
  return body;
}

ast::Array<ast::Stmt*> Parser::statements_until(Tok end, Context context) {
  Collector<ast::Stmt> statements(*this);
  separator();
  while (!is(end)) {
    const size_t begin = pos_;
    ast::ClassDecl* const around = class_;
    try {
      if (is(Tok::eof)) expected("'}'", peek());
      if (ast::Stmt* next = statement(context)) statements.add(next);
      if (is(end)) break;
      if (!separator() || (is(Tok::eof) && end != Tok::eof))
        expected(end == Tok::eof ? "EOF" : "'}'", peek());
    } catch (SyntaxFailure& failure) {
      class_ = around;
      recover(failure, begin);
    }
  }
  return statements.done();
}

/// Line breaks and semicolons; true when there were any.
bool Parser::separator() {
  bool any = false;
  while (is(Tok::newline) || is(Tok::semicolon)) {
    skip_one();
    any = true;
  }
  return any;
}

/// Null for what leaves no statement behind: an import, a method of the script.
ast::Stmt* Parser::statement(Context context) {
  Nesting nesting(*this);
  if (is(Tok::identifier) && kind(1) == Tok::colon) return labelled(context);
  return unlabelled_statement(context);
}

/// `a: b: statement`; a label lets `{ }` be a plain block.
ast::Stmt* Parser::labelled(Context context) {
  std::vector<std::string_view> labels;
  while (is(Tok::identifier) && kind(1) == Tok::colon) {
    labels.push_back(take().text);
    take();
    skip_newlines();
  }
  ast::Stmt* inner = nullptr;
  if (is(Tok::lbrace) && !closure_parameters_ahead(pos_)) {
    inner = block();
  } else {
    inner = unlabelled_statement(context);
  }
  if (inner != nullptr) inner->labels = array(labels);
  return inner;
}

ast::Stmt* Parser::unlabelled_statement(Context context) {
  switch (kind()) {
    case Tok::kw_if: return if_statement();
    case Tok::kw_while: return while_statement();
    case Tok::kw_for: return for_statement();
    case Tok::kw_switch: return switch_statement();
    case Tok::kw_try: return try_statement();
    case Tok::kw_assert: return assert_statement();
    case Tok::kw_return:
    case Tok::kw_break:
    case Tok::kw_continue:
    case Tok::kw_throw: return jump(kind());
    case Tok::kw_synchronized:
      if (kind(1) == Tok::lparen) return synchronized_statement();
      break;
    case Tok::kw_import: return import_statement(context), nullptr;
    case Tok::lbrace: refuse_stray_block(); return expression_statement();
    default: break;
  }
  if (Tok after = token_at(skip_modifiers(pos_)).kind; after == Tok::kw_import && is(Tok::at)) {
    return import_statement(context), nullptr;
  }
  if (class_ahead()) {
    if (context != Context::script)
      fail(
          "Class definition not expected here. Please define the class at an appropriate place or "
          "perhaps try using a block/Closure instead.",
          peek());
    const Token& start = peek();
    ast::ClassDecl* declared = class_declaration();
    classes_.push_back(declared);
    auto* stmt = make<ast::ClassStatement>(start);
    stmt->declaration = declared;
    return stmt;
  }
  if (declaration_ahead()) return declaration_statement(context);
  return expression_statement();
}

/// `{` at the start of a statement could be a block or a closure: without parameters Groovy will
/// not guess.
void Parser::refuse_stray_block() {
  if (closure_parameters_ahead(pos_)) return;
  bool first_of_line = pos_ > 0 && tokens_[pos_ - 1].kind == Tok::newline;
  // A line break right after `{` or at the start of the file separates nothing.
  if (first_of_line)
    first_of_line =
        pos_ > 1 && tokens_[pos_ - 2].kind != Tok::lbrace && tokens_[pos_ - 2].kind != Tok::arrow;
  if (first_of_line) {
    fail(
        "Ambiguous expression could be a parameterless closure expression, an isolated open code "
        "block, or it may continue a previous statement;\n"
        "   solution: Add an explicit parameter list, e.g. {it -> ...}, or force it to be treated "
        "as an open block by giving it a label, "
        "e.g. L:{...}, and also either remove the previous newline, or add an explicit semicolon "
        "';'",
        peek());
  }
  fail(
      "Ambiguous expression could be either a parameterless closure expression or an isolated open "
      "code block;\n"
      "   solution: Add an explicit closure parameter list, e.g. {it -> ...}, or force it to be "
      "treated as an open block by giving it a label, e.g. L:{...}",
      peek());
}

ast::Stmt* Parser::expression_statement() {
  ast::Expr* value = command_expression(Place::statement);
  auto* stmt = make<ast::ExprStmt>(*value);
  stmt->expr = value;
  return stmt;
}

/// The body of if, else, for, while: a block or one statement.
ast::Stmt* Parser::body_statement() {
  skip_newlines();
  if (is(Tok::lbrace) && !closure_parameters_ahead(pos_)) return block();
  ast::Stmt* body = statement(Context::block);
  if (body == nullptr) unexpected();
  return body;
}

/// Also `;` for none.
ast::Stmt* Parser::loop_body() {
  size_t ahead = after_newlines(pos_);
  if (token_at(ahead).kind == Tok::semicolon) {
    pos_ = ahead;
    return nullptr;
  }
  return body_statement();
}

ast::Stmt* Parser::if_statement() {
  const Token& start = take();
  expect(Tok::lparen, "'('");
  ast::Expr* condition = conditional(Place::inner);
  expect(Tok::rparen, "')'");
  ast::Stmt* then = body_statement();
  ast::Stmt* otherwise = nullptr;
  size_t ahead = after_newlines(pos_);
  if (token_at(ahead).kind == Tok::semicolon) ahead = after_newlines(ahead + 1);
  if (token_at(ahead).kind == Tok::kw_else) {
    pos_ = ahead;
    take();
    otherwise = body_statement();
  }
  auto* stmt = make<ast::If>(start);
  stmt->condition = condition;
  stmt->then = then;
  stmt->otherwise = otherwise;
  return stmt;
}

ast::Stmt* Parser::while_statement() {
  const Token& start = take();
  expect(Tok::lparen, "'('");
  ast::Expr* condition = expression();
  expect(Tok::rparen, "')'");
  ast::Stmt* body = loop_body();
  auto* stmt = make<ast::While>(start);
  stmt->condition = condition;
  stmt->body = body;
  return stmt;
}

/// `for (x in y)`, `for (Type x : y)`, or three parts with `;`.
ast::Stmt* Parser::for_statement() {
  const Token& start = take();
  expect(Tok::lparen, "'('");
  size_t i = skip_modifiers(pos_);
  size_t behind = skip_type(i);
  bool typed = behind != 0 && token_at(behind).kind == Tok::identifier;
  size_t name = typed ? behind : i;
  Tok link = token_at(name + 1).kind;
  if (token_at(name).kind != Tok::identifier || (link != Tok::kw_in && link != Tok::colon))
    return for_c(start);
  if (link == Tok::colon && name == pos_) {
    fail(
        "Java-style for-each statement requires a type declaration.;\n"
        "   solution: Use the 'in' operator, as for-each in Groovy, or add a type declaration "
        "(e.g. 'def')",
        peek());
  }
  auto* variable = make<ast::Parameter>(peek());
  Modified modified = modifiers();
  variable->is_final = (modified.flags & ast::kFinal) != 0;
  variable->annotations = modified.annotations;
  if (typed) variable->type = type();
  variable->name = take().text;
  return for_in(start, finish(variable));
}

ast::Stmt* Parser::for_in(const Token& start, ast::Parameter* variable) {
  take();
  ast::Expr* collection = is(Tok::rparen) ? (unexpected(), nullptr) : expression();
  expect(Tok::rparen, "')'");
  ast::Stmt* body = loop_body();
  auto* stmt = make<ast::ForIn>(start);
  stmt->variable = variable;
  stmt->collection = collection;
  stmt->body = body;
  return stmt;
}

ast::Stmt* Parser::for_c(const Token& start) {
  auto list = [&](Tok end) {
    Collector<ast::Expr> parts(*this);
    while (!is(end)) {
      parts.add(declaration_ahead() ? declaration_expression() : expression());
      if (!accept(Tok::comma)) break;
    }
    return parts.done();
  };
  ast::Array<ast::Expr*> init = list(Tok::semicolon);
  if (!is(Tok::semicolon)) unexpected();
  take();
  ast::Expr* condition = is(Tok::semicolon) ? nullptr : expression();
  expect(Tok::semicolon, "';'");
  ast::Array<ast::Expr*> update = list(Tok::rparen);
  expect(Tok::rparen, "')'");
  ast::Stmt* body = loop_body();
  auto* stmt = make<ast::ForC>(start);
  stmt->init = init;
  stmt->condition = condition;
  stmt->update = update;
  stmt->body = body;
  return stmt;
}

ast::Stmt* Parser::switch_statement() {
  const Token& start = take();
  expect(Tok::lparen, "'('");
  ast::Expr* value = expression();
  expect(Tok::rparen, "')'");
  skip_newlines();
  expect(Tok::lbrace, "'{'");
  skip_newlines();
  Collector<ast::Case> cases(*this);
  bool has_default = false;
  while (is(Tok::kw_case) || is(Tok::kw_default)) {
    if (is(Tok::kw_default) && has_default) fail("The default case is already defined.", start);
    has_default = has_default || is(Tok::kw_default);
    cases.add(switch_case());
  }
  expect(Tok::rbrace, "'}'");
  auto* stmt = make<ast::Switch>(start);
  stmt->value = value;
  stmt->cases = cases.done();
  return stmt;
}

ast::Case* Parser::switch_case() {
  const Token& start = take();
  ast::Expr* value = start.kind == Tok::kw_case ? expression() : nullptr;
  expect(Tok::colon, "':'");
  skip_newlines();
  Collector<ast::Stmt> statements(*this);
  auto ended = [&] { return is(Tok::kw_case) || is(Tok::kw_default) || is(Tok::rbrace); };
  if (is(Tok::rbrace)) unexpected();
  while (!ended()) {
    if (is(Tok::semicolon)) {
      separator();
      continue;
    }
    if (ast::Stmt* next = statement(Context::block)) statements.add(next);
    if (!ended() && !separator()) expected("'}'", peek());
  }
  auto* node = make<ast::Case>(start);
  node->value = value;
  node->statements = statements.done();
  return node;
}

ast::Stmt* Parser::try_statement() {
  const Token& start = take();
  skip_newlines();
  ast::Block* body = block();
  Collector<ast::Catch> catches(*this);
  ast::Block* finally = nullptr;
  while (token_at(after_newlines(pos_)).kind == Tok::kw_catch) {
    skip_newlines();
    catches.add(catch_clause());
  }
  if (token_at(after_newlines(pos_)).kind == Tok::kw_finally) {
    skip_newlines();
    take();
    skip_newlines();
    finally = block();
  }
  if (catches.size() == 0 && finally == nullptr) {
    fail("A try statement must have at least one catch or finally block.", start);
  }
  auto* stmt = make<ast::Try>(start);
  stmt->body = body;
  stmt->catches = catches.done();
  stmt->finally = finally;
  return stmt;
}

ast::Catch* Parser::catch_clause() {
  const Token& start = take();
  expect(Tok::lparen, "'('");
  modifiers();
  Collector<ast::TypeRef> types(*this);
  if (kind() != Tok::identifier || kind(1) != Tok::rparen) {
    types.add(class_type());
    while (accept(Tok::bit_or)) types.add(class_type());
  }
  auto* clause = make<ast::Catch>(start);
  clause->types = types.done();
  clause->name = expect_name().text;
  expect(Tok::rparen, "')'");
  skip_newlines();
  clause->body = block();
  return finish(clause);
}

/// return, break, continue, throw.
ast::Stmt* Parser::jump(Tok what) {
  const Token& start = take();
  auto label = [&] { return is(Tok::identifier) ? take().text : std::string_view(); };
  auto ended = [&] {
    return is(Tok::newline) || is(Tok::semicolon) || is(Tok::rbrace) || is(Tok::eof);
  };
  switch (what) {
    case Tok::kw_break: {
      std::string_view target = label();
      auto* stmt = make<ast::Break>(start);
      stmt->label = target;
      return stmt;
    }
    case Tok::kw_continue: {
      std::string_view target = label();
      auto* stmt = make<ast::Continue>(start);
      stmt->label = target;
      return stmt;
    }
    case Tok::kw_throw: {
      ast::Expr* value = expression();
      auto* stmt = make<ast::Throw>(start);
      stmt->value = value;
      return stmt;
    }
    default: {
      ast::Expr* value = ended() ? nullptr : expression();
      auto* stmt = make<ast::Return>(start);
      stmt->value = value;
      return stmt;
    }
  }
}

ast::Stmt* Parser::assert_statement() {
  const Token& start = take();
  ast::Expr* condition = conditional(Place::inner);
  ast::Expr* message = nullptr;
  if (is(Tok::colon) || is(Tok::comma)) {
    take();
    skip_newlines();
    message = expression();
  }
  if (command_argument_begins()) unexpected();
  auto* stmt = make<ast::Assert>(start);
  stmt->condition = condition;
  stmt->message = message;
  return stmt;
}

ast::Stmt* Parser::synchronized_statement() {
  const Token& start = take();
  take();
  ast::Expr* lock = expression();
  expect(Tok::rparen, "')'");
  skip_newlines();
  ast::Block* body = block();
  auto* stmt = make<ast::Synchronized>(start);
  stmt->lock = lock;
  stmt->body = body;
  return stmt;
}

}  // namespace ks::groovy::syntax
