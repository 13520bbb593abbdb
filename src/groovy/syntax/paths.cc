#include <string_view>

#include <fmt/format.h>

#include "groovy/syntax/parser.h"

/// Primaries and what follows them directly: members, calls, subscripts, closures, and calls
/// without parentheses.

namespace ks::groovy::syntax {

ast::Expr* Parser::path(Place place) {
  ast::Expr* result = path_elements(primary(), place);
  last_path_ = result;
  return result;
}

ast::Expr* Parser::path_elements(ast::Expr* head, Place place) {
  for (;;) {
    size_t ahead = after_newlines(pos_);
    switch (token_at(ahead).kind) {
      case Tok::dot:
      case Tok::safe_dot:
      case Tok::spread_dot:
      case Tok::method_dot:
        pos_ = ahead;
        head = member(head);
        continue;
      case Tok::lbrace:
        if (ahead != pos_ && place == Place::inner) return head;
        pos_ = ahead;
        head = append_closure(head);
        continue;
      case Tok::lparen:
        if (ahead != pos_) return head;
        head = call_parens(head);
        continue;
      case Tok::lbracket:
        if (ahead != pos_) return head;
        head = subscript(head);
        continue;
      default: return head;
    }
  }
}

ast::Expr* Parser::primary() {
  const Token& token = peek();
  switch (token.kind) {
    case Tok::identifier:
    case Tok::kw_this:
    case Tok::kw_super: {
      take();
      auto* variable = make<ast::Variable>(token);
      variable->name = token.text;
      return variable;
    }
    case Tok::string: {
      take();
      auto* text = constant(token, ast::ConstantType::string);
      text->text = token.text;
      return text;
    }
    case Tok::integer:
    case Tok::decimal: return number(false);
    case Tok::kw_true:
    case Tok::kw_false: {
      take();
      auto* truth = constant(token, ast::ConstantType::boolean);
      truth->integer = token.kind == Tok::kw_true ? 1 : 0;
      return truth;
    }
    case Tok::kw_null: take(); return constant(token, ast::ConstantType::null);
    case Tok::gstring_start: return gstring();
    case Tok::lparen: return parenthesised();
    case Tok::lbracket: return list_or_map();
    case Tok::lbrace: return closure();
    case Tok::kw_new: return creation();
    default:
      if (is_builtin_type(token.kind)) return builtin_type_expression();
      unexpected();
  }
}

/// `(x)`; also the left side of a multiple assignment: `(a, b) = [1, 2]`.
ast::Expr* Parser::parenthesised() {
  Nesting nesting(*this);
  const Token& start = take();
  skip_newlines();
  ast::Expr* inside = declaration_ahead() ? declaration_expression() : expression();
  if (is(Tok::comma)) {
    Collector<ast::Expr> targets(*this);
    targets.add(inside);
    while (accept(Tok::comma)) targets.add(expression());
    expect(Tok::rparen, "')'");
    if (!is(Tok::assign)) unexpected();
    auto* list = make<ast::ListLiteral>(start);
    list->items = targets.done();
    list->parenthesised = true;
    return list;
  }
  if (is(Tok::semicolon))
    fail("Expression list of the form (a; b; c) is not supported in this context.", start);
  skip_newlines();
  expect(Tok::rparen, "')'");
  inside->parenthesised = true;
  return inside;
}

/// `.name`, `?.name`, `*.name`, `.&name`, `.@name`, `.'name'`, `."$name"`, `.(name)`.
ast::Expr* Parser::member(ast::Expr* object) {
  const Token& dot = take();
  skip_newlines();
  if (is(Tok::less)) type_arguments();
  bool attribute = dot.kind != Tok::method_dot && accept(Tok::at);
  std::string_view name;
  ast::Expr* name_expr = member_name(name);
  if (dot.kind == Tok::method_dot) {
    auto* pointer = make<ast::MethodPointer>(*object);
    pointer->object = object;
    pointer->name = name;
    pointer->name_expr = name_expr;
    return pointer;
  }
  auto* property = make<ast::Property>(*object);
  property->object = object;
  property->name = name;
  property->name_expr = name_expr;
  property->safe = dot.kind == Tok::safe_dot;
  property->spread = dot.kind == Tok::spread_dot;
  property->attribute = attribute;
  return property;
}

ast::Expr* Parser::member_name(std::string_view& name) {
  const Token& token = peek();
  if (token.kind == Tok::gstring_start) return gstring();
  if (token.kind == Tok::lparen) {
    ast::Expr* inside = parenthesised();
    const auto* variable = ast::as<ast::Variable>(inside);
    if (variable == nullptr) return inside;
    // `a.(b)` is `a.b` to Groovy: only other expressions are computed.
    name = variable->name;
    auto* plain = make<ast::Constant>(*inside);
    plain->type = ast::ConstantType::string;
    plain->bare = true;
    plain->text = name;
    return plain;
  }
  if (token.kind == Tok::lbrace) return closure();
  if (token.kind != Tok::identifier && token.kind != Tok::string && !is_keyword(token.kind))
    unexpected();
  take();
  name = token.text;
  return bare_name(token);
}

/// Turns what stands before an argument list into a call of it.
ast::Call* Parser::call_of(ast::Expr* callee) {
  auto* call = make<ast::Call>(*callee);
  if (auto* variable = ast::as<ast::Variable>(callee);
      variable != nullptr && !variable->parenthesised) {
    call->name = variable->name;
    auto* name = make<ast::Constant>(*callee);
    name->end = callee->end;
    name->type = ast::ConstantType::string;
    name->bare = true;
    name->text = variable->name;
    call->name_expr = name;
    return call;
  }
  auto* property = ast::as<ast::Property>(callee);
  if (property != nullptr && !property->attribute && !property->parenthesised) {
    call->receiver = property->object;
    call->name = property->name;
    call->name_expr = property->name_expr;
    call->safe = property->safe;
    call->spread = property->spread;
    return call;
  }
  auto* text = ast::as<ast::Constant>(callee);
  if (text != nullptr && text->type == ast::ConstantType::string && !text->parenthesised) {
    call->name = text->text;
    call->name_expr = text;
    return call;
  }
  if (callee->kind == ast::Kind::gstring && !callee->parenthesised) {
    call->name_expr = callee;
    return call;
  }
  call->receiver = callee;
  call->implicit_call = true;
  call->name = "call";
  return call;
}

ast::Expr* Parser::call_parens(ast::Expr* callee) {
  Nesting nesting(*this);
  ast::Call* call = call_of(callee);
  take();
  call->args = argument_list(Tok::rparen);
  expect(Tok::rparen, "')'");
  call->has_parens = true;
  return finish(call);
}

/// `f {}`, `f(1) {}`, `f {} {}`: a closure behind a call is one more argument of it.
ast::Expr* Parser::append_closure(ast::Expr* callee) {
  auto* call = ast::as<ast::Call>(callee);
  if (call == nullptr || call->parenthesised) call = call_of(callee);
  Collector<ast::Entry> args(*this);
  for (ast::Entry* entry : call->args) args.add(entry);
  ast::Closure* body = closure();
  auto* entry = make<ast::Entry>(*body);
  entry->value = body;
  args.add(entry);
  call->args = args.done();
  ++call->trailing_closures;
  return finish(call);
}

/// `a[b]`, `a[b, c]`, `a[*b]`; `a[]` names an array type.
ast::Expr* Parser::subscript(ast::Expr* object) {
  Nesting nesting(*this);
  const Token& bracket = take();
  ast::Array<ast::Entry*> args = argument_list(Tok::rbracket);
  expect(Tok::rbracket, "']'");
  for (ast::Entry* entry : args) {
    if (entry->named() && args.size() > 1) {
      // At the colon behind the first key.
      uint32_t column =
          args[0]->key == nullptr
              ? entry->column
              : args[0]->key->column + static_cast<uint32_t>(unit_.text(*args[0]->key).size());
      std::string message = "No map entry allowed at this place\n. At [" +
                            std::to_string(args[0]->line) + ":" + std::to_string(column) + "] ";
      ast::Entry place = *args[0];
      place.column = column;
      fail(message, place);
    }
    if (entry->named()) {
      fail(
          "You tried to use a map entry for an index operation, this is not allowed. "
          "Maybe something should be set in parentheses or a comma is missing?\n",
          *entry);
    }
  }
  if (args.empty()) return array_type_of(object);
  auto* index = make<ast::Index>(*object);
  index->object = object;
  if (args.size() == 1 && args[0]->value->kind != ast::Kind::spread) {
    index->key = args[0]->value;
    return index;
  }
  auto* keys = make<ast::ListLiteral>(bracket);
  Collector<ast::Expr> items(*this);
  for (ast::Entry* entry : args) items.add(entry->value);
  keys->items = items.done();
  index->key = keys;
  return index;
}

/// `String[]` where an expression stands; `String[][]` adds to the one before.
ast::Expr* Parser::array_type_of(ast::Expr* object) {
  auto* literal = make<ast::TypeLiteral>(*object);
  literal->type = make<ast::TypeRef>(*object);
  if (const auto* inner = ast::as<ast::TypeLiteral>(object)) {
    literal->type->name = inner->type->name;
    literal->type->dimensions = inner->type->dimensions + 1;
    return literal;
  }
  for (const ast::Expr* part = object; part->kind != ast::Kind::variable;) {
    const auto* property = ast::as<ast::Property>(part);
    if (property == nullptr) fail("unexpected token: ]", peek());
    part = property->object;
  }
  // `println []`: a name that is written like a variable is one, with an empty subscript.
  const auto* variable = ast::as<ast::Variable>(object);
  if (variable != nullptr && std::islower(static_cast<unsigned char>(variable->name[0])) != 0) {
    auto* index = make<ast::Index>(*object);
    index->object = object;
    index->key = make<ast::ListLiteral>(*object);
    return index;
  }
  literal->type->name = unit_.text(*object);
  literal->type->dimensions = 1;
  return literal;
}

// ----- arguments -----

ast::Array<ast::Entry*> Parser::argument_list(Tok close) {
  Collector<ast::Entry> args(*this);
  while (!is(close)) {
    // What closes another bracket is reported as that, and `a, , b` is a plain list to Groovy.
    if (is(Tok::rparen) || is(Tok::rbracket) || is(Tok::rbrace)) break;
    if (args.size() > 0 && accept(Tok::comma)) continue;
    args.add(argument());
    if (!accept(Tok::comma)) break;
  }
  if (args.size() > 0 && command_argument_begins()) unexpected();
  return args.done();
}

/// `x`, `name: x`, `*x`, `*: x`.
ast::Entry* Parser::argument() {
  Nesting nesting(*this);
  const Token& start = peek();
  ast::Expr* key = nullptr;
  ast::Expr* value = nullptr;
  if (is(Tok::star)) {
    take();
    skip_newlines();
    ast::Expr* list = expression();
    auto* spread = make<ast::Spread>(start);
    spread->value = list;
    value = spread;
  } else if (is(Tok::spread_map)) {
    take();
    skip_newlines();
    ast::Expr* map = expression();
    auto* spread = make<ast::SpreadMap>(start);
    spread->value = map;
    value = spread;
  } else {
    if (key_ahead()) {
      key = argument_key();
      take();
      skip_newlines();
    }
    value = expression();
    if (is(Tok::colon) && key == nullptr) {
      fail(
          "illegal colon after argument expression;\n"
          "   solution: a complex label expression before a colon must be parenthesized",
          peek());
    }
  }
  auto* entry = make<ast::Entry>(start);
  entry->key = key;
  entry->value = value;
  return entry;
}

/// Is this `name:`, `'name':`, `1:`, `"$name":`, `(x):`, `[x]:` or `{x}:`?
bool Parser::key_ahead() const {
  const Token& token = peek();
  switch (token.kind) {
    case Tok::identifier:
    case Tok::string:
    case Tok::integer:
    case Tok::decimal: return kind(1) == Tok::colon;
    case Tok::lparen:
    case Tok::lbracket:
    case Tok::lbrace:
    case Tok::gstring_start:
      return token.match != 0 && token_at(token.match + 1).kind == Tok::colon;
    default: return is_keyword(token.kind) && kind(1) == Tok::colon;
  }
}

ast::Expr* Parser::argument_key() {
  const Token& token = peek();
  switch (token.kind) {
    case Tok::integer:
    case Tok::decimal:
    case Tok::lparen:
    case Tok::lbracket:
    case Tok::lbrace:
    case Tok::gstring_start:
    case Tok::string: return primary();
    default: take(); return bare_name(token);
  }
}

// ----- commands -----

/// An expression in the place of a statement or right of `=`: may be a call without parentheses.
ast::Expr* Parser::command_expression(Place place) {
  Nesting nesting(*this);
  ast::Expr* head = assignment(place);
  if (head != last_path_) return head;
  return command_tail(head);
}

/// What `a b c d` means: a(b).c(d).
ast::Expr* Parser::command_tail(ast::Expr* head) {
  uint32_t links = 0;
  if (head->kind != ast::Kind::call && command_argument_begins()) head = command_call(head);
  while (command_name_begins()) {
    if (++links > limits_.tree_depth)
      fail(fmt::format("more than {} calls in a chain", limits_.tree_depth), peek());
    const Token& token = peek();
    auto* property = make<ast::Property>(*head);
    property->object = head;
    if (token.kind == Tok::identifier || token.kind == Tok::string) {
      take();
      property->name = token.text;
      property->name_expr = bare_name(token);
    } else {
      property->name_expr = primary();
    }
    finish(property);
    // Only a bare name takes arguments: in `a b c.d e` all of c, d and e are properties.
    head = path_elements(property, Place::statement);
    if (head == property && command_argument_begins()) head = command_call(head);
  }
  return head;
}

/// `head a, b: c`.
ast::Expr* Parser::command_call(ast::Expr* head) {
  ast::Call* call = call_of(head);
  Collector<ast::Entry> args(*this);
  args.add(argument());
  while (accept(Tok::comma)) {
    skip_newlines();
    args.add(argument());
  }
  call->args = args.done();
  return finish(call);
}

/// Only what cannot go on with the expression before it begins an argument: `f -1` is a
/// subtraction.
bool Parser::command_argument_begins() const {
  switch (kind()) {
    case Tok::not_:
    case Tok::complement:
      return kind(1) != Tok::kw_in;  // `a !in b` is no Groovy 2.4, and no call either
    case Tok::identifier:
    case Tok::string:
    case Tok::gstring_start:
    case Tok::integer:
    case Tok::decimal:
    case Tok::spread_map:
    case Tok::kw_new:
    case Tok::kw_this:
    case Tok::kw_super:
    case Tok::kw_true:
    case Tok::kw_false:
    case Tok::kw_null: return true;
    default:
      if (is_builtin_type(kind())) return true;
      return is_keyword(kind()) && kind(1) == Tok::colon;
  }
}

/// A link of a command chain is a primary; `!` and the like begin none.
bool Parser::command_name_begins() const {
  switch (kind()) {
    case Tok::not_:
    case Tok::complement:
    case Tok::spread_map: return false;
    default: return command_argument_begins();
  }
}

// ----- new -----

ast::Expr* Parser::creation() {
  Nesting nesting(*this);
  const Token& start = take();
  skip_newlines();
  ast::TypeRef* type = is_builtin_type(kind()) ? builtin_type() : class_type();
  if (is(Tok::lbracket)) return array_creation(start, type);
  size_t ahead = after_newlines(pos_);
  if (token_at(ahead).kind == Tok::lbrace) unexpected(token_at(ahead));
  if (token_at(ahead).kind != Tok::lparen) expected("'('", token_at(ahead));
  pos_ = ahead;
  take();
  auto* construct = make<ast::Construct>(start);
  construct->type = type;
  construct->args = argument_list(Tok::rparen);
  expect(Tok::rparen, "')'");
  finish(construct);
  if (is(Tok::lbrace)) {
    auto* body = make<ast::ClassDecl>(peek());
    body->anonymous = true;
    body->superclass = type;
    construct->body = class_body(body);
    anonymous_.push_back(body);
    finish(construct);
  }
  return construct;
}

ast::Expr* Parser::array_creation(const Token& start, ast::TypeRef* type) {
  Collector<ast::Expr> sizes(*this);
  uint32_t dimensions = 0;
  const Token& bracket = peek();
  while (is(Tok::lbracket) && (kind(1) == Tok::rbracket || sizes.size() == dimensions)) {
    take();
    ++dimensions;
    if (!is(Tok::rbracket)) sizes.add(expression());
    expect(Tok::rbracket, "']'");
  }
  if (sizes.size() == 0) fail("No expression for the array constructor call", bracket);
  auto* array = make<ast::NewArray>(start);
  array->element = type;
  array->sizes = sizes.done();
  array->dimensions = dimensions;
  return array;
}

}  // namespace ks::groovy::syntax
