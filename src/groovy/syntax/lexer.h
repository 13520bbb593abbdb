#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "groovy/ast.h"
#include "groovy/program.h"
#include "groovy/syntax/interner.h"
#include "groovy/syntax/token.h"

namespace ks::groovy::syntax {

struct Tokens {
  std::vector<Token> list;           ///< the last one is eof
  std::vector<CompileError> errors;  ///< what the error tokens stand for, in order
};

/// The keyword that `word` is, or Tok::identifier.
Tok keyword_kind(std::string_view word);

/// Source text to tokens, all at once.
///
/// What depends on the surroundings is settled here: line breaks inside ( ) and [ ] are dropped,
/// `/` begins a string where no operand stands before it, and the `${ }` of a string become
/// ordinary tokens between gstring_start and gstring_end.
class Lexer {
 public:
  explicit Lexer(ast::Unit& unit);
  Tokens run();

 private:
  enum class Quote : uint8_t {
    single,
    triple_single,
    double_,
    triple_double,
    slashy,
    dollar_slashy
  };
  struct Open {
    Tok kind;                 // lparen, lbracket, lbrace, or gstring_start for `${`
    uint32_t token = 0;       // its index
    Quote quote{};            // of the string around `${`
    uint32_t string = 0;      // index of its gstring_start
    bool bars_lines = false;  // `"${` may not go on in the next line
  };

  // lexer.cc
  void step();
  bool resume(size_t begin);
  bool skip_blank();
  void newline_token(uint32_t begin, uint32_t line, uint32_t column);
  void skip_line_comment();
  void skip_block_comment();
  void word();
  void punctuation();
  void open(Tok kind);
  void close(Tok kind);
  bool string_may_begin() const;

  // lexer_strings.cc
  bool string_literal();
  void string_part(Quote quote, bool first, uint32_t string_token);
  bool at_string_end(Quote quote) const;
  bool at_interpolation(Quote quote) const;
  void interpolation(Quote quote, uint32_t string_token);
  void interpolated_path();
  bool plain_characters(Quote quote, std::string& value);
  void escape(std::string& value);
  bool slashy_escape(std::string& value);
  uint32_t unicode_escape();
  void append_code_unit(std::string& value, uint32_t unit);

  // lexer_numbers.cc
  void number();

  char at(size_t offset) const {
    return pos_ + offset < text_.size() ? text_[pos_ + offset] : '\0';
  }
  bool starts(std::string_view prefix) const { return text_.substr(pos_).starts_with(prefix); }
  bool at_end() const { return pos_ >= text_.size(); }
  void advance(size_t bytes) { pos_ += bytes; }
  void line_break();
  uint32_t here() const { return static_cast<uint32_t>(pos_); }
  uint32_t column_of(size_t offset);
  Token& emit(Tok kind, uint32_t begin, uint32_t line, uint32_t column);
  void emit_here(Tok kind, size_t bytes);
  [[noreturn]] void fail(std::string message);
  [[noreturn]] void fail_at(std::string message, uint32_t line, uint32_t column);
  [[noreturn]] void unexpected_char();

  ast::Unit& unit_;
  std::string_view text_;
  size_t pos_ = 0;
  uint32_t line_ = 1;
  size_t line_start_ = 0;
  size_t counted_to_ = 0;  // columns of this line are known up to here
  uint32_t counted_column_ = 1;
  bool newlines_count_ = true;  // not inside ( ) or [ ]
  int lines_barred_ = 0;
  std::vector<Open> open_;
  Interner names_;
  Tokens out_;
};

}  // namespace ks::groovy::syntax
