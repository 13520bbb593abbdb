#include "groovy/format.h"

#include <algorithm>

#include "groovy/ast.h"
#include "groovy/format/atoms.h"
#include "groovy/parser.h"
#include "groovy/syntax/lexer.h"

namespace ks::groovy {
namespace {

/// The parser sees tokens and nothing of what lies between them, so that equal tokens are the same
/// program.
bool same_tokens(const syntax::Tokens& a, const syntax::Tokens& b) {
  // A line break more or less at the very ends says nothing.
  auto trimmed = [](const std::vector<syntax::Token>& list) {
    std::vector<const syntax::Token*> kept;
    for (const syntax::Token& token : list) {
      if (token.kind == syntax::Tok::newline && kept.empty()) continue;
      if (token.kind != syntax::Tok::eof) kept.push_back(&token);
    }
    while (!kept.empty() && kept.back()->kind == syntax::Tok::newline) kept.pop_back();
    return kept;
  };
  return std::ranges::equal(trimmed(a.list), trimmed(b.list),
                            [](const syntax::Token* x, const syntax::Token* y) {
                              return x->kind == y->kind && x->text == y->text;
                            });
}

}  // namespace

Formatted format(std::string_view source, const FormatOptions& options) {
  Formatted formatted;
  const Parsed parsed = parse(source);
  if (!parsed) {
    formatted.errors = parsed.errors;
    return formatted;
  }
  ast::Unit before(source);
  const syntax::Tokens tokens = syntax::Lexer(before).run();
  formatted.text = format_detail::lay_out(format_detail::atoms_of(before.source(), tokens.list),
                                          std::clamp(options.indent, 0, 16));
  ast::Unit after(formatted.text);
  if (!same_tokens(tokens, syntax::Lexer(after).run())) {
    formatted.errors.push_back(
        {"the formatted text would be another program: please report this file", 1, 1});
  }
  return formatted;
}

}  // namespace ks::groovy
