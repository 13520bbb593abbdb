#include <optional>
#include <string_view>

#include "groovy/syntax/parser.h"

/// Variables, methods, parameters, annotations, imports.

namespace ks::groovy::syntax {
namespace {

std::optional<ast::Modifiers> modifier(Tok token) {
  switch (token) {
    case Tok::kw_def: return ast::kDef;
    case Tok::kw_public: return ast::kPublic;
    case Tok::kw_protected: return ast::kProtected;
    case Tok::kw_private: return ast::kPrivate;
    case Tok::kw_static: return ast::kStatic;
    case Tok::kw_final: return ast::kFinal;
    case Tok::kw_abstract: return ast::kAbstract;
    case Tok::kw_synchronized: return ast::kSynchronized;
    case Tok::kw_native: return ast::kNative;
    case Tok::kw_transient: return ast::kTransient;
    case Tok::kw_volatile: return ast::kVolatile;
    case Tok::kw_strictfp: return ast::kStrictfp;
    case Tok::kw_threadsafe: return ast::Modifiers{0};
    default: return std::nullopt;
  }
}

bool begins_upper_case(std::string_view name) {
  char c = name.front();
  return (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

/// After `Foo bar` these make it a command, not a variable of type Foo.
bool begins_operand(Tok token) {
  switch (token) {
    case Tok::identifier:
    case Tok::string:
    case Tok::gstring_start:
    case Tok::integer:
    case Tok::decimal:
    case Tok::kw_new:
    case Tok::kw_null:
    case Tok::kw_true:
    case Tok::kw_false:
    case Tok::kw_this: return true;
    default: return false;
  }
}

}  // namespace

// ----- looking ahead -----

/// Index after modifiers, `def` and annotations that begin at `at`; `at` when there are none.
size_t Parser::skip_modifiers(size_t at) const {
  size_t i = at;
  for (;;) {
    if (token_at(i).kind == Tok::at && token_at(i + 1).kind != Tok::kw_interface) {
      size_t behind = skip_annotation(i);
      if (behind == 0) return i;
      i = after_newlines(behind);
    } else if (modifier(token_at(i).kind)) {
      i = after_newlines(i + 1);
    } else {
      return i;
    }
  }
}

size_t Parser::skip_annotation(size_t at) const {
  size_t i = at + 1;
  if (token_at(i).kind != Tok::identifier) return 0;
  ++i;
  while (token_at(i).kind == Tok::dot && token_at(i + 1).kind == Tok::identifier) i += 2;
  if (token_at(i).kind == Tok::lparen) {
    if (token_at(i).match == 0) return 0;
    i = token_at(i).match + 1;
  }
  return i;
}

bool Parser::class_ahead() const {
  const Token& next = token_at(skip_modifiers(pos_));
  switch (next.kind) {
    case Tok::kw_class:
    case Tok::kw_interface:
    case Tok::kw_enum:
    case Tok::kw_trait:
    case Tok::at: return true;  // @interface: any other annotation was skipped
    default: return false;
  }
}

bool Parser::declaration_ahead() const {
  if (skip_modifiers(pos_) != pos_) return true;
  if (is_builtin_type(kind())) {
    Tok next = token_at(skip_type(pos_)).kind;
    return next == Tok::identifier || next == Tok::string;
  }
  return is(Tok::identifier) && upper_case_type_ahead();
}

/// `Foo x`, `a.b.Foo<C>[] x`: without a modifier, only a name that begins in upper case is taken
/// for a type.
bool Parser::upper_case_type_ahead() const {
  size_t behind = skip_qualified_name(pos_);
  if (behind == 0) return false;
  const Token* last = nullptr;
  int depth = 0;
  for (size_t i = pos_; i < behind; ++i) {
    const Token& token = token_at(i);
    if (token.kind == Tok::less) ++depth;
    if (depth == 0 && token.kind == Tok::identifier) last = &token;
    if (token.kind == Tok::greater) depth -= 1;
    if (token.kind == Tok::shift_right) depth -= 2;
    if (token.kind == Tok::shift_right_unsigned) depth -= 3;
  }
  if (last == nullptr || !begins_upper_case(last->text)) return false;
  behind = skip_brackets(behind);
  if (token_at(behind).kind == Tok::string) return true;
  return token_at(behind).kind == Tok::identifier && !begins_operand(token_at(behind + 1).kind);
}

// ----- variables -----

/// One or more variables, or a method of the script (then null).
ast::Stmt* Parser::declaration_statement(Context context) {
  const Token& start = peek();
  Modified modified = modifiers();
  if (is(Tok::lparen)) {
    ast::Declaration* several = multiple_declaration(modified, start);
    auto* stmt = make<ast::ExprStmt>(start);
    stmt->expr = several;
    return stmt;
  }
  ast::Array<ast::TypeParameter> type_variables;
  if (is(Tok::less)) type_variables = type_parameters();
  ast::TypeRef* type = optional_type();
  if ((is(Tok::identifier) || is(Tok::string)) && kind(1) == Tok::lparen) {
    if (context != Context::script) {
      fail(
          "Method definition not expected here. Please define the method at an appropriate place "
          "or perhaps try "
          "using a block/Closure instead.",
          start);
    }
    methods_.push_back(method(modified, start, type, true));
    methods_.back()->type_parameters = type_variables;
    return nullptr;
  }
  ast::Declaration* declared = variables(modified, start, type);
  auto* stmt = make<ast::ExprStmt>(start);
  stmt->expr = declared;
  return stmt;
}

ast::Expr* Parser::declaration_expression() {
  const Token& start = peek();
  Modified modified = modifiers();
  if (is(Tok::lparen)) return multiple_declaration(modified, start);
  ast::TypeRef* type = optional_type();
  Collector<ast::Declarator> declared(*this);
  declared.add(declarator(type));
  auto* node = make<ast::Declaration>(start);
  node->modifiers = modified.flags;
  node->annotations = modified.annotations;
  node->declarators = declared.done();
  return node;
}

/// A type, when a name follows it: in `def x = 1`, x is none.
ast::TypeRef* Parser::optional_type() {
  size_t behind = skip_type(pos_);
  if (behind == 0) return nullptr;
  Tok next = token_at(behind).kind;
  return next == Tok::identifier || next == Tok::string ? type() : nullptr;
}

ast::Declaration* Parser::variables(const Modified& modified, const Token& start,
                                    ast::TypeRef* type) {
  Collector<ast::Declarator> declared(*this);
  declared.add(declarator(type));
  while (accept(Tok::comma)) {
    skip_newlines();
    declared.add(declarator(type));
  }
  auto* node = make<ast::Declaration>(start);
  node->modifiers = modified.flags;
  node->annotations = modified.annotations;
  node->declarators = declared.done();
  return node;
}

ast::Declarator* Parser::declarator(ast::TypeRef* type) {
  const Token& name = peek();
  if (name.kind != Tok::identifier) unexpected();
  take();
  auto* node = make<ast::Declarator>(name);
  node->name = name.text;
  node->type = type;
  if (accept(Tok::assign)) {
    skip_newlines();
    node->value = command_expression(Place::statement);
  }
  return finish(node);
}

/// `def (a, int b) = value`.
ast::Declaration* Parser::multiple_declaration(const Modified& modified, const Token& start) {
  take();
  Collector<ast::Declarator> targets(*this);
  do {
    ast::TypeRef* type = optional_type();
    const Token& name = expect_name();
    auto* target = make<ast::Declarator>(name);
    target->name = name.text;
    target->type = type;
    targets.add(target);
  } while (accept(Tok::comma));
  expect(Tok::rparen, "')'");
  expect(Tok::assign, "'='");
  skip_newlines();
  ast::Expr* value = command_expression(Place::statement);
  auto* node = make<ast::Declaration>(start);
  node->modifiers = modified.flags;
  node->annotations = modified.annotations;
  node->declarators = targets.done();
  node->multiple = true;
  node->value = value;
  return node;
}

Parser::Modified Parser::modifiers() {
  Modified found;
  Collector<ast::Annotation> annotations(*this);
  for (;;) {
    if (is(Tok::at) && kind(1) != Tok::kw_interface) {
      annotations.add(annotation());
      skip_newlines();
    } else if (std::optional<ast::Modifiers> flag = modifier(kind())) {
      take();
      found.flags |= *flag;
      skip_newlines();
    } else {
      break;
    }
  }
  found.annotations = annotations.done();
  return found;
}

/// `@Name`, `@a.Name(value)`, `@Name(a = 1, b = [2, 3])`.
ast::Annotation* Parser::annotation() {
  Nesting nesting(*this);
  const Token& start = take();
  auto* node = make<ast::Annotation>(start);
  node->name = dotted_name();
  if (accept(Tok::lparen)) {
    Collector<ast::Entry> members(*this);
    while (!is(Tok::rparen)) {
      const Token& first = peek();
      bool named =
          (first.kind == Tok::identifier || is_keyword(first.kind)) && kind(1) == Tok::assign;
      auto* member = make<ast::Entry>(first);
      if (named) {
        take();
        take();
        member->key = bare_name(first);
      } else {
        auto* key = constant(first, ast::ConstantType::string);
        key->text = "value";
        key->bare = true;
        member->key = key;
      }
      member->value = annotation_value();
      members.add(finish(member));
      if (!accept(Tok::comma)) break;
    }
    expect(Tok::rparen, "')'");
    node->members = members.done();
  }
  return finish(node);
}

/// An annotation inside an annotation has no use here: it is read and stands for null.
ast::Expr* Parser::annotation_value() {
  const Token& start = peek();
  if (start.kind == Tok::at) {
    annotation();
    auto* nothing = constant(start, ast::ConstantType::null);
    return finish(nothing);
  }
  if (start.kind != Tok::lbracket) return conditional(Place::inner);
  Nesting nesting(*this);
  take();
  Collector<ast::Expr> items(*this);
  while (!is(Tok::rbracket)) {
    items.add(annotation_value());
    if (!accept(Tok::comma)) break;
  }
  expect(Tok::rbracket, "']'");
  auto* list = make<ast::ListLiteral>(start);
  list->items = items.done();
  return list;
}

// ----- methods -----

/// From the name on. Without `body_required` a method may end after its parameters.
ast::Method* Parser::method(const Modified& modified, const Token& start, ast::TypeRef* type,
                            bool body_required) {
  Nesting nesting(*this);
  auto* node = make<ast::Method>(start);
  node->name = take().text;
  node->modifiers = modified.flags;
  node->annotations = modified.annotations;
  node->return_type = type;
  take();
  node->parameters = parameter_list(Tok::rparen);
  expect(Tok::rparen, "')'");
  throws_clause();
  if (is(Tok::kw_default)) {
    take();
    skip_newlines();
    node->default_value = annotation_value();
  }
  size_t ahead = after_newlines(pos_);
  if (token_at(ahead).kind == Tok::lbrace) {
    pos_ = ahead;
    node->body = block();
  } else if (body_required) {
    fail("You defined a method without body. Try adding a body, or declare it abstract.", start);
  }
  return finish(node);
}

ast::Array<ast::Parameter*> Parser::parameter_list(Tok close) {
  Collector<ast::Parameter> list(*this);
  skip_newlines();
  while (!is(close)) {
    list.add(parameter());
    size_t ahead = after_newlines(pos_);
    if (token_at(ahead).kind != Tok::comma) break;
    pos_ = ahead;
    take();
    skip_newlines();
  }
  return list.done();
}

ast::Parameter* Parser::parameter() {
  Nesting nesting(*this);
  const Token& start = peek();
  Modified modified = modifiers();
  auto* node = make<ast::Parameter>(start);
  node->annotations = modified.annotations;
  node->is_final = (modified.flags & ast::kFinal) != 0;
  size_t behind = skip_type(pos_);
  if (behind != 0 &&
      (token_at(behind).kind == Tok::identifier || token_at(behind).kind == Tok::ellipsis)) {
    node->type = type();
  }
  node->varargs = accept(Tok::ellipsis);
  const Token& name = peek();
  if (name.kind != Tok::identifier) unexpected();
  take();
  node->name = name.text;
  if (accept(Tok::assign)) {
    skip_newlines();
    node->value = expression();
  }
  return finish(node);
}

void Parser::throws_clause() {
  size_t ahead = after_newlines(pos_);
  if (token_at(ahead).kind != Tok::kw_throws) return;
  pos_ = ahead;
  take();
  type_list();
}

// ----- package and imports -----

std::string_view Parser::dotted_name() {
  const Token& first = expect_name();
  uint32_t end = first.end;
  while (is(Tok::dot) && kind(1) == Tok::identifier) {
    take();
    end = take().end;
  }
  return unit_.text(first.begin, end);
}

void Parser::package_statement() {
  Modified modified = modifiers();
  take();
  unit_.package_annotations = modified.annotations;
  unit_.package = dotted_name();
  if (!separator() && !is(Tok::eof)) expected("EOF", peek());
}

void Parser::import_statement(Context context) {
  const Token& start = peek();
  Modified modified = modifiers();
  if (context != Context::script) fail("import is only allowed at the top level", peek());
  const Token& keyword = take();
  auto* node = make<ast::Import>(start);
  node->annotations = modified.annotations;
  node->is_static = accept(Tok::kw_static);
  if (!is(Tok::identifier)) unexpected(keyword);
  const Token& first = take();
  uint32_t begin = first.begin;
  uint32_t end = first.end;          // of the whole name
  uint32_t owner_end = first.begin;  // of all but its last part
  std::string_view last = first.text;
  while (is(Tok::dot)) {
    take();
    skip_newlines();
    if (accept(Tok::star)) {
      node->star = true;
      break;
    }
    if (!is(Tok::identifier) && !is_keyword(kind())) expected("an identifier", peek());
    owner_end = end;
    last = peek().text;
    end = take().end;
  }
  if (node->star) {
    node->name = unit_.text(begin, end);
  } else {
    node->alias = last;
    if (accept(Tok::kw_as)) {
      skip_newlines();
      node->alias = expect_name().text;
    }
    node->name = unit_.text(begin, node->is_static ? owner_end : end);
    if (node->is_static) node->member = last;
  }
  imports_.push_back(finish(node));
}

}  // namespace ks::groovy::syntax
