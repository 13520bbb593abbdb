#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "groovy/syntax/token.h"

/// The pieces of a text that layout moves as they are.

namespace ks::groovy::format_detail {

using syntax::Tok;

enum class AtomKind : uint8_t { token, line_comment, block_comment };

/// A token, a whole string with all that is interpolated, or a comment.
struct Atom {
  AtomKind kind = AtomKind::token;
  Tok tok = Tok::eof;       ///< of a string Tok::string
  std::string_view text;    ///< in the source
  uint32_t newlines = 0;    ///< line breaks in front of it
  bool blank = false;       ///< there was white space in front of it
  std::string_view joined;  ///< a gap with `\` at a line's end: kept as it is
};

/// Of a text that parses.
std::vector<Atom> atoms_of(std::string_view source, const std::vector<syntax::Token>& tokens);

/// Line breaks as `\n`, indentation, single blanks.
std::string lay_out(const std::vector<Atom>& atoms, int indent);

}  // namespace ks::groovy::format_detail
