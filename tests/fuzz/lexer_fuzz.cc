// Tokens of any text: in order, inside the text, the brackets of a readable text in pairs.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "groovy/ast.h"
#include "groovy/syntax/lexer.h"

using namespace ks::groovy;
using syntax::Tok;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (!ks::is_utf8(input)) return 0;  // refused before it is read
  ast::Unit unit(input);
  const syntax::Tokens tokens = syntax::Lexer(unit).run();
  require(!tokens.list.empty() && tokens.list.back().kind == Tok::eof);
  uint32_t last = 0;
  size_t wrong = 0;
  for (const syntax::Token& token : tokens.list) {
    require(token.begin >= last && token.begin <= token.end && token.end <= unit.source().size());
    require(token.line > 0 && token.column > 0);
    last = token.begin;
    if (token.kind == Tok::error) ++wrong;
  }
  require((wrong == 0) == tokens.errors.empty());
  return 0;
}
