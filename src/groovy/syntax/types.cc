#include <string_view>

#include "groovy/syntax/interner.h"
#include "groovy/syntax/parser.h"

/// Types. The skip_ functions look ahead without building anything: they return the index after
/// what they found, or 0.

namespace ks::groovy::syntax {

ast::TypeRef* Parser::type() {
  Nesting nesting(*this);
  ast::TypeRef* found = is_builtin_type(kind()) ? builtin_type() : class_type();
  array_brackets(found);
  return finish(found);
}

ast::TypeRef* Parser::builtin_type() {
  const Token& token = take();
  auto* found = make<ast::TypeRef>(token);
  found->name = token.text;
  return found;
}

/// `a.b.C<D>`; generics of an outer class (`A<B>.C`) are dropped like the others.
ast::TypeRef* Parser::class_type() {
  const Token& start = peek();
  auto* found = make<ast::TypeRef>(start);
  const Token& first = expect_name();
  found->name = first.text;
  uint32_t name_end = first.end;
  bool plain = true;  // the name is one stretch of source
  for (;;) {
    if (is(Tok::less)) {
      found->arguments = type_arguments();
      plain = plain && !is(Tok::dot);
    }
    if (!is(Tok::dot) || token_at(after_newlines(pos_ + 1)).kind != Tok::identifier) break;
    plain = plain && peek().begin == name_end && kind(1) == Tok::identifier &&
            peek(1).begin == peek().end;
    take();
    skip_newlines();
    const Token& part = take();
    found->arguments = {};
    name_end = part.end;
    if (!plain) {
      found->name = keep(unit_.arena(), std::string(found->name) + "." + std::string(part.text));
    } else {
      found->name = unit_.text(start.begin, name_end);
    }
  }
  return finish(found);
}

void Parser::array_brackets(ast::TypeRef* type) {
  while (is(Tok::lbracket) && kind(1) == Tok::rbracket) {
    take();
    take();
    ++type->dimensions;
  }
}

ast::Array<ast::TypeRef*> Parser::type_list() {
  Collector<ast::TypeRef> types(*this);
  skip_newlines();
  types.add(class_type());
  while (token_at(after_newlines(pos_)).kind == Tok::comma) {
    skip_newlines();
    take();
    skip_newlines();
    types.add(class_type());
  }
  return types.done();
}

ast::TypeRef* Parser::plain_type(size_t& at) {
  const Token& start = token_at(at);
  auto* found = make<ast::TypeRef>(start);
  found->name = start.text;
  found->end = start.end;
  for (++at; token_at(at).kind == Tok::dot && token_at(at + 1).kind == Tok::identifier; at += 2) {
    found->name =
        keep(unit_.arena(), std::string(found->name) + "." + std::string(token_at(at + 1).text));
    found->end = token_at(at + 1).end;
  }
  size_t behind = skip_brackets(at);
  found->dimensions = static_cast<uint32_t>((behind - at) / 2);
  at = behind;
  return found;
}

/// `<T, U>`: the first type of each argument. What is malformed inside is reported at its first
/// token.
ast::Array<ast::TypeRef*> Parser::type_arguments() {
  const size_t behind = skip_type_arguments(pos_);
  if (behind == 0) unexpected(peek(1));
  Collector<ast::TypeRef> found(*this);
  int open = 0;
  bool first = true;  // of its argument
  for (size_t i = pos_; i < behind;) {
    const Tok kind = token_at(i).kind;
    if (open == 1 && first &&
        (kind == Tok::identifier || kind == Tok::question || is_builtin_type(kind))) {
      found.add(plain_type(i));
      first = false;
      continue;
    }
    if (kind == Tok::less) ++open;
    if (kind == Tok::greater) --open;
    if (kind == Tok::shift_right) open -= 2;
    if (kind == Tok::shift_right_unsigned) open -= 3;
    if (kind == Tok::comma && open == 1) first = true;
    ++i;
  }
  while (pos_ < behind) take();
  return found.done();
}

/// `<T, U extends Foo>` of a declaration.
ast::Array<ast::TypeParameter> Parser::type_parameters() {
  const size_t behind = skip_type_arguments(pos_);
  if (behind == 0) unexpected(peek(1));
  std::vector<ast::TypeParameter> found;
  int open = 0;
  bool first = true;
  for (size_t i = pos_; i < behind; ++i) {
    const Tok kind = token_at(i).kind;
    if (kind == Tok::less) ++open;
    if (kind == Tok::greater) --open;
    if (kind == Tok::shift_right) open -= 2;
    if (kind == Tok::shift_right_unsigned) open -= 3;
    if (open != 1) continue;
    if (kind == Tok::comma) first = true;
    if (kind == Tok::identifier && first) {
      found.push_back(ast::TypeParameter{token_at(i).text, nullptr});
      first = false;
    } else if (kind == Tok::kw_extends && !found.empty() && found.back().bound == nullptr &&
               token_at(i + 1).kind == Tok::identifier) {
      size_t at = i + 1;
      found.back().bound = plain_type(at);
      i = at - 1;
    }
  }
  while (pos_ < behind) take();
  return array(found);
}

size_t Parser::skip_type(size_t at) const {
  size_t i = is_builtin_type(token_at(at).kind) ? at + 1 : skip_qualified_name(at);
  return i == 0 ? 0 : skip_brackets(i);
}

/// A name with generics anywhere: `a.B<C>.D`.
size_t Parser::skip_qualified_name(size_t at) const {
  size_t i = at;
  for (;;) {
    if (token_at(i).kind != Tok::identifier) return 0;
    ++i;
    if (token_at(i).kind == Tok::less) {
      size_t behind = skip_type_arguments(i);
      if (behind == 0) return i;
      i = behind;
    }
    if (token_at(i).kind != Tok::dot || token_at(i + 1).kind != Tok::identifier) return i;
    ++i;
  }
}

size_t Parser::skip_brackets(size_t at) const {
  while (token_at(at).kind == Tok::lbracket && token_at(at + 1).kind == Tok::rbracket) at += 2;
  return at;
}

/// From `<` to behind its `>`; `>>` and `>>>` close several.
size_t Parser::skip_type_arguments(size_t at) const {
  int open = 0;
  for (size_t i = at;; ++i) {
    switch (token_at(i).kind) {
      case Tok::less: ++open; break;
      case Tok::greater: open -= 1; break;
      case Tok::shift_right: open -= 2; break;
      case Tok::shift_right_unsigned: open -= 3; break;
      case Tok::identifier:
      case Tok::dot:
      case Tok::comma:
      case Tok::question:
      case Tok::bit_and:
      case Tok::lbracket:
      case Tok::rbracket:
      case Tok::kw_extends:
      case Tok::kw_super: break;
      case Tok::newline:
        if (token_at(i - 1).kind != Tok::less && token_at(i - 1).kind != Tok::comma) return 0;
        break;
      default:
        if (!is_builtin_type(token_at(i).kind)) return 0;
    }
    if (open == 0) return i + 1;
    if (open < 0) return 0;
  }
}

}  // namespace ks::groovy::syntax
