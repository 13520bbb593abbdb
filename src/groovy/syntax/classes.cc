#include <vector>

#include "groovy/syntax/parser.h"

/// Classes, interfaces, traits, enums and annotation types.

namespace ks::groovy::syntax {

ast::ClassDecl* Parser::class_declaration() {
  Nesting nesting(*this);
  const Token& start = peek();
  Modified modified = modifiers();
  const Token& keyword = take();
  auto* node = make<ast::ClassDecl>(start);
  switch (keyword.kind) {
    case Tok::kw_interface: node->class_kind = ast::ClassKind::interface; break;
    case Tok::kw_enum: node->class_kind = ast::ClassKind::enum_; break;
    case Tok::kw_trait: node->class_kind = ast::ClassKind::trait; break;
    case Tok::at:
      take();
      node->class_kind = ast::ClassKind::annotation;
      break;
    default: node->class_kind = ast::ClassKind::class_;
  }
  node->modifiers = modified.flags;
  node->annotations = modified.annotations;
  node->outer = class_;
  if (is(Tok::lbrace)) unexpected(start);
  node->name = expect_name().text;
  if (is(Tok::less)) node->type_parameters = type_parameters();
  skip_newlines();
  if (accept(Tok::kw_extends)) {
    if (node->class_kind == ast::ClassKind::interface) {
      node->interfaces = type_list();
    } else {
      skip_newlines();
      node->superclass = class_type();
    }
    skip_newlines();
  }
  if (accept(Tok::kw_implements)) {
    node->interfaces = type_list();
    skip_newlines();
  }
  return class_body(node);
}

ast::ClassDecl* Parser::class_body(ast::ClassDecl* declaration) {
  Nesting nesting(*this);
  ast::ClassDecl* around = class_;
  declaration->outer = around;
  class_ = declaration;
  expect(Tok::lbrace, "'{'");
  std::vector<ast::Node*> members;
  separator();
  if (declaration->class_kind == ast::ClassKind::enum_) enum_constants(declaration);
  while (!is(Tok::rbrace)) {
    const size_t begin = pos_;
    try {
      class_member(declaration, members);
      if (is(Tok::rbrace)) break;
      if (!separator()) expected("'}'", peek());
    } catch (SyntaxFailure& failure) {
      class_ = declaration;
      recover(failure, begin);
    }
  }
  take();
  class_ = around;
  finish_class(declaration, members);
  return finish(declaration);
}

void Parser::class_member(ast::ClassDecl* declaration, std::vector<ast::Node*>& members) {
  const Token& start = peek();
  if (class_ahead()) {
    members.push_back(class_declaration());
    return;
  }
  if (is(Tok::lbrace) ||
      (is(Tok::kw_static) && token_at(after_newlines(pos_ + 1)).kind == Tok::lbrace)) {
    auto* node = make<ast::Initializer>(start);
    node->is_static = accept(Tok::kw_static);
    skip_newlines();
    node->body = block();
    members.push_back(finish(node));
    return;
  }
  size_t first = pos_;
  Modified modified = modifiers();
  bool modified_at_all = pos_ != first;
  ast::Array<ast::TypeParameter> variables;
  if (is(Tok::less)) variables = type_parameters();
  // A constructor is the one method that needs neither modifier nor type.
  if (is(Tok::identifier) && kind(1) == Tok::lparen && peek().text == declaration->name) {
    ast::Method* made = method(modified, start, nullptr, true);
    made->constructor = true;
    made->type_parameters = variables;
    members.push_back(made);
    return;
  }
  ast::TypeRef* type = optional_type();
  if (type == nullptr && !modified_at_all) unexpected(start);
  if (!is(Tok::identifier) && !is(Tok::string)) unexpected();
  if (kind(1) != Tok::lparen) return fields(declaration, modified, start, type, members);
  bool is_interface = declaration->class_kind == ast::ClassKind::interface ||
                      declaration->class_kind == ast::ClassKind::annotation;
  bool bodiless = is_interface || (modified.flags & (ast::kAbstract | ast::kNative)) != 0;
  ast::Method* made = method(modified, start, type, !bodiless);
  made->type_parameters = variables;
  if (bodiless && made->body != nullptr) fail("Abstract methods do not define a body.", start);
  members.push_back(made);
}

void Parser::fields(ast::ClassDecl*, const Modified& modified, const Token& start,
                    ast::TypeRef* type, std::vector<ast::Node*>& members) {
  do {
    skip_newlines();
    const Token& name = expect_name();
    auto* field = make<ast::Field>(members.empty() || name.begin != start.begin ? start : name);
    field->name = name.text;
    field->modifiers = modified.flags;
    field->annotations = modified.annotations;
    field->type = type;
    if (accept(Tok::assign)) {
      skip_newlines();
      field->value = command_expression(Place::statement);
    }
    members.push_back(finish(field));
  } while (accept(Tok::comma));
}

/// `A, B(1), C { ... }` with `,` between, line breaks anywhere, and `;` before other members.
void Parser::enum_constants(ast::ClassDecl* declaration) {
  Collector<ast::EnumConstant> constants(*this);
  auto constant_ahead = [&] {
    size_t i = pos_;
    while (token_at(i).kind == Tok::at && token_at(i + 1).kind == Tok::identifier) {
      i = skip_annotation(i);
      if (i == 0) return false;
      i = after_newlines(i);
    }
    if (token_at(i).kind != Tok::identifier) return false;
    switch (token_at(i + 1).kind) {
      case Tok::comma:
      case Tok::semicolon:
      case Tok::rbrace:
      case Tok::newline:
      case Tok::lbrace: return true;
      case Tok::lparen:
        // `E(int x) { }` right at the start is the constructor of enum E.
        return token_at(i).text != declaration->name;
      default: return false;
    }
  };
  while (constant_ahead()) {
    constants.add(enum_constant());
    size_t ahead = after_newlines(pos_);
    if (token_at(ahead).kind != Tok::comma) {
      if (ahead != pos_ && token_at(ahead).kind == Tok::identifier &&
          token_at(ahead + 1).kind != Tok::identifier && token_at(ahead + 1).kind != Tok::lparen) {
        expected("','", token_at(ahead));
      }
      break;
    }
    pos_ = ahead;
    take();
    skip_newlines();
  }
  declaration->constants = constants.done();
  separator();
}

ast::EnumConstant* Parser::enum_constant() {
  const Token& start = peek();
  auto* node = make<ast::EnumConstant>(start);
  node->annotations = modifiers().annotations;
  node->name = expect_name().text;
  if (accept(Tok::lparen)) {
    node->args = argument_list(Tok::rparen);
    expect(Tok::rparen, "')'");
  }
  if (is(Tok::lbrace)) {
    auto* body = make<ast::ClassDecl>(peek());
    body->anonymous = true;
    node->body = class_body(body);
  }
  return finish(node);
}

void Parser::finish_class(ast::ClassDecl* declaration, const std::vector<ast::Node*>& members) {
  Collector<ast::Field> fields(*this);
  for (ast::Node* member : members) {
    if (auto* field = ast::as<ast::Field>(member)) fields.add(field);
  }
  declaration->fields = fields.done();
  Collector<ast::Method> methods(*this);
  for (ast::Node* member : members) {
    if (auto* method = ast::as<ast::Method>(member)) methods.add(method);
  }
  declaration->methods = methods.done();
  Collector<ast::Initializer> initializers(*this);
  for (ast::Node* member : members) {
    if (auto* initializer = ast::as<ast::Initializer>(member)) initializers.add(initializer);
  }
  declaration->initializers = initializers.done();
  Collector<ast::ClassDecl> inner(*this);
  for (ast::Node* member : members) {
    if (auto* nested = ast::as<ast::ClassDecl>(member)) inner.add(nested);
  }
  declaration->inner = inner.done();
  declaration->members = array(members);
}

}  // namespace ks::groovy::syntax
