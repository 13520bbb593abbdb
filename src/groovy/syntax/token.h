#pragma once

#include <cstdint>
#include <string_view>

namespace ks::groovy::syntax {

/// Kinds of token. Keywords lie between kw_abstract and kw_while.
enum class Tok : uint8_t {
  eof,
  error,    ///< the text cannot be read from here on: Tokens::error says why
  newline,  ///< one or more line breaks and comments that end a statement
  identifier,
  string,  ///< text: escapes done
  gstring_start,
  gstring_middle,
  gstring_end,
  integer,
  decimal,

  lparen,
  rparen,
  lbracket,
  rbracket,
  lbrace,
  rbrace,
  comma,
  semicolon,
  colon,
  question,
  elvis,
  dot,
  safe_dot,
  spread_dot,
  method_dot,  // .&
  range,
  range_exclusive,
  ellipsis,
  arrow,
  at,
  spread_map,  // *:
  assign,
  plus_assign,
  minus_assign,
  star_assign,
  slash_assign,
  percent_assign,
  power_assign,
  shift_left_assign,
  shift_right_assign,
  shift_right_unsigned_assign,
  and_assign,
  or_assign,
  xor_assign,
  plus,
  minus,
  star,
  slash,
  percent,
  power,
  increment,
  decrement,
  shift_left,
  shift_right,
  shift_right_unsigned,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  identical,
  not_identical,
  compare,
  find,
  match,
  not_,
  complement,
  bit_and,
  bit_or,
  bit_xor,
  and_,
  or_,

  kw_abstract,
  kw_as,
  kw_assert,
  kw_boolean,
  kw_break,
  kw_byte,
  kw_case,
  kw_catch,
  kw_char,
  kw_class,
  kw_const,
  kw_continue,
  kw_def,
  kw_default,
  kw_do,
  kw_double,
  kw_else,
  kw_enum,
  kw_extends,
  kw_false,
  kw_final,
  kw_finally,
  kw_float,
  kw_for,
  kw_goto,
  kw_if,
  kw_implements,
  kw_import,
  kw_in,
  kw_instanceof,
  kw_int,
  kw_interface,
  kw_long,
  kw_native,
  kw_new,
  kw_null,
  kw_package,
  kw_private,
  kw_protected,
  kw_public,
  kw_return,
  kw_short,
  kw_static,
  kw_strictfp,
  kw_super,
  kw_switch,
  kw_synchronized,
  kw_this,
  kw_threadsafe,
  kw_throw,
  kw_throws,
  kw_trait,
  kw_transient,
  kw_true,
  kw_try,
  kw_void,
  kw_volatile,
  kw_while,
};

struct Token {
  Tok kind = Tok::eof;
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t line = 0;
  uint32_t column = 0;
  /// For ( [ { and gstring_start: index of the token that closes it; 0 when there is none.
  uint32_t match = 0;
  /// Identifiers and keywords: interned; strings: their value; others: the source.
  std::string_view text;
};

constexpr bool is_keyword(Tok kind) { return kind >= Tok::kw_abstract; }
/// `int`, `void`, ...
constexpr bool is_builtin_type(Tok kind) {
  switch (kind) {
    case Tok::kw_boolean:
    case Tok::kw_byte:
    case Tok::kw_char:
    case Tok::kw_double:
    case Tok::kw_float:
    case Tok::kw_int:
    case Tok::kw_long:
    case Tok::kw_short:
    case Tok::kw_void: return true;
    default: return false;
  }
}

}  // namespace ks::groovy::syntax
