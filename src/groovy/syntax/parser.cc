#include "groovy/syntax/parser.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "groovy/parser.h"
#include "groovy/syntax/checks.h"
#include "groovy/syntax/failure.h"

namespace ks::groovy {

Parsed parse(std::string_view source, const ParseLimits& limits) {
  Parsed parsed;
  if (source.size() > limits.source_bytes) {
    parsed.errors.push_back({fmt::format("source is {} bytes long, at most {} are allowed",
                                         source.size(), limits.source_bytes),
                             1, 1});
    return parsed;
  }
  if (!is_utf8(source)) {
    parsed.errors.push_back({"source is not valid UTF-8", 1, 1});
    return parsed;
  }
  auto unit = std::make_unique<ast::Unit>(source);
  syntax::Tokens tokens = syntax::Lexer(*unit).run();
  syntax::Parser parser(*unit, tokens, limits);
  parser.parse_unit();
  parsed.errors = std::move(parser).errors();
  if (parsed.errors.empty()) parsed.errors = syntax::check(*unit, limits);
  if (parsed.errors.empty()) parsed.unit = std::move(unit);
  return parsed;
}

}  // namespace ks::groovy

namespace ks::groovy::syntax {

Parser::Parser(ast::Unit& unit, const Tokens& tokens, const ParseLimits& limits)
    : unit_(unit), tokens_(tokens.list), lexical_errors_(tokens.errors), limits_(limits) {
  scratch_.reserve(256);
}

void Parser::parse_unit() {
  const Token& start = peek();
  skip_newlines();
  auto* body = allocate<ast::Block>();
  try {
    size_t behind = skip_modifiers(pos_);
    if (token_at(behind).kind == Tok::kw_package) package_statement();
    body->statements = statements_until(Tok::eof, Context::script);
  } catch (SyntaxFailure& failure) {
    note(failure.error);
  }
  body->begin = start.begin;
  body->line = start.line;
  body->column = start.column;
  body->end = static_cast<uint32_t>(unit_.source().size());
  unit_.body = body;
  unit_.imports = array(imports_);
  unit_.methods = array(methods_);
  unit_.classes = array(classes_);
  unit_.anonymous = array(anonymous_);
}

const Token& Parser::expect(Tok k, std::string_view name) {
  if (!is(k)) expected(name, peek());
  return take();
}

const Token& Parser::expect_name() { return expect(Tok::identifier, "an identifier"); }

void Parser::refuse_lexical_error(const Token& token) {
  if (token.kind == Tok::error) throw SyntaxFailure{lexical_errors_[token.match]};
}

namespace {

/// How Groovy shows a token in its messages.
std::string shown(const Token& token) {
  if (token.kind == Tok::newline) return "<newline>";
  if (token.kind == Tok::eof) return "";
  return std::string(token.text);
}

}  // namespace

void Parser::unexpected(const Token& token) {
  refuse_lexical_error(token);
  fail("unexpected token: " + shown(token), token);
}

void Parser::expected(std::string_view what, const Token& found) {
  refuse_lexical_error(found);
  fail(fmt::format("expecting {}, found '{}'", what, shown(found)), found);
}

void Parser::fail(std::string message, const Token& at) {
  syntax::fail(std::move(message), at.line, at.column);
}

void Parser::fail(std::string message, const ast::Node& at) {
  syntax::fail(std::move(message), at.line, at.column);
}

void Parser::Nesting::refuse() {
  const Token& here = parser_.peek();
  throw SyntaxFailure{
      {fmt::format("nested more than {} deep", parser_.limits_.nesting), here.line, here.column},
      true};
}

}  // namespace ks::groovy::syntax
