#include <cstring>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "groovy/syntax/characters.h"
#include "groovy/syntax/lexer.h"

namespace ks::groovy::syntax {
namespace {

constexpr std::string_view kBadDollar =
    "illegal string body character after dollar sign;\n"
    "   solution: either escape a literal dollar sign \"\\$5\" or bracket the value expression "
    "\"${5}\"";

}  // namespace

/// Reads a string when one begins here.
bool Lexer::string_literal() {
  Quote quote{};
  if (starts("'''")) {
    quote = Quote::triple_single;
  } else if (at(0) == '\'') {
    quote = Quote::single;
  } else if (starts("\"\"\"")) {
    quote = Quote::triple_double;
  } else if (at(0) == '"') {
    quote = Quote::double_;
  } else if (starts("$/") && string_may_begin()) {
    quote = Quote::dollar_slashy;
  } else if (at(0) == '/' && string_may_begin()) {
    quote = Quote::slashy;
  } else {
    return false;
  }
  string_part(quote, true, static_cast<uint32_t>(out_.list.size()));
  return true;
}

bool Lexer::at_string_end(Quote quote) const {
  switch (quote) {
    case Quote::single: return at(0) == '\'';
    case Quote::triple_single: return starts("'''");
    case Quote::double_: return at(0) == '"';
    case Quote::triple_double: return starts("\"\"\"");
    case Quote::slashy: return at(0) == '/';
    case Quote::dollar_slashy: return starts("/$");
  }
  return true;
}

/// One stretch of text, up to the closing quote or the next interpolation, whose tokens follow it.
void Lexer::string_part(Quote quote, bool first, uint32_t string_token) {
  uint32_t begin = here();
  uint32_t line = line_;
  uint32_t column = column_of(pos_);
  bool triple = quote == Quote::triple_single || quote == Quote::triple_double;
  size_t quote_length = triple ? 3 : quote == Quote::dollar_slashy ? 2 : 1;
  if (first) advance(quote_length);
  std::string value;
  size_t body = pos_;
  bool changed = false;  // the value is not simply the source
  if (first && quote == Quote::single && (at_end() || at(0) == '\n' || at(0) == '\r')) {
    fail_at("unexpected char: '''", line, column);  // as for any stray character
  }
  while (!at_string_end(quote)) {
    if (at_interpolation(quote)) {
      std::string_view source = text_.substr(body, pos_ - body);
      Token& token = emit(first ? Tok::gstring_start : Tok::gstring_middle, begin, line, column);
      token.text = changed ? keep(unit_.arena(), value) : source;
      return interpolation(quote, string_token);
    }
    size_t before = pos_;
    changed = plain_characters(quote, value) || changed;
    if (!changed && value.size() != pos_ - body) changed = true;
    if (pos_ == before) unexpected_char();
  }
  std::string_view source = text_.substr(body, pos_ - body);
  advance(quote == Quote::slashy ? 1 : quote_length);
  Token& token = emit(first ? Tok::string : Tok::gstring_end, begin, line, column);
  token.text = changed ? keep(unit_.arena(), value) : source;
  if (!first) out_.list[string_token].match = static_cast<uint32_t>(out_.list.size() - 1);
}

bool Lexer::at_interpolation(Quote quote) const {
  if (at(0) != '$' || quote == Quote::single || quote == Quote::triple_single) return false;
  return at(1) == '{' || is_name_start(text_, pos_ + 1, false);
}

/// `$a.b.c` as a run of tokens, or the `{` of `${`; what is inside is read by step() until its `}`.
void Lexer::interpolation(Quote quote, uint32_t string_token) {
  advance(1);
  if (at(0) == '{') {
    bool one_line = quote == Quote::double_ || quote == Quote::slashy;
    open_.push_back({.kind = Tok::gstring_start,
                     .token = static_cast<uint32_t>(out_.list.size()),
                     .quote = quote,
                     .string = string_token,
                     .bars_lines = one_line});
    if (one_line) ++lines_barred_;
    emit_here(Tok::lbrace, 1);
    newlines_count_ = true;
    return;
  }
  interpolated_path();
  string_part(quote, false, string_token);
}

void Lexer::interpolated_path() {
  auto name = [&] {
    uint32_t begin = here();
    uint32_t column = column_of(pos_);
    while (is_name_part(text_, pos_, false)) advance(utf8_length(at(0)));
    std::string_view text = text_.substr(begin, pos_ - begin);
    Tok kind = keyword_kind(text);
    emit(kind, begin, line_, column).text = names_.intern(text);
  };
  name();
  while (at(0) == '.' && is_name_start(text_, pos_ + 1, false)) {
    emit_here(Tok::dot, 1);
    name();
  }
}

/// Appends at least one character; true when it was an escape or a line break of more than one
/// byte.
bool Lexer::plain_characters(Quote quote, std::string& value) {
  bool slashy = quote == Quote::slashy || quote == Quote::dollar_slashy;
  char c = at(0);
  if (at_end()) {
    if (quote == Quote::single || quote == Quote::triple_single)
      fail("expecting ''', found '<EOF>'");
    unexpected_char();
  }
  if (c == '\n' || c == '\r') {
    if (quote == Quote::single) fail("expecting ''', found '\\n'");
    if (quote == Quote::double_) fail("expecting anything but ''\\n''; got it anyway");
    value += '\n';
    line_break();
    return c == '\r';
  }
  if (c == '\\' && !slashy) return escape(value), true;
  if (c == '\\' && at(1) == 'u' && hex_digit(at(2)) >= 0)
    return append_code_unit(value, unicode_escape()), true;
  if (c == '\\' && quote == Quote::slashy) return slashy_escape(value);
  if (c == '$' && quote == Quote::dollar_slashy && (at(1) == '$' || at(1) == '/')) {
    value += at(1);
    advance(2);
    return true;
  }
  if (c == '$' && (quote == Quote::double_ || quote == Quote::triple_double)) {
    advance(1);
    fail(std::string(kBadDollar));
  }
  size_t length = utf8_length(c);
  value.append(text_, pos_, length);
  advance(length);
  return false;
}

/// In a slashy string only `\/` is an escape, and a backslash before a line break joins the lines.
bool Lexer::slashy_escape(std::string& value) {
  if (at(1) == '/') {
    value += '/';
    advance(2);
    return true;
  }
  if (at(1) == '\n' || at(1) == '\r') {
    advance(1);
    line_break();
    return true;
  }
  value += '\\';
  advance(1);
  return false;
}

void Lexer::escape(std::string& value) {
  char c = at(1);
  if (c == 'u') return append_code_unit(value, unicode_escape());
  if (c == '\n' || c == '\r') {
    advance(1);
    return line_break();
  }
  if (c >= '0' && c <= '7') {
    advance(1);
    uint32_t code = 0;
    size_t most = at(0) <= '3' ? 3 : 2;
    for (size_t i = 0; i < most && at(0) >= '0' && at(0) <= '7'; ++i, advance(1)) {
      code = code * 8 + static_cast<uint32_t>(at(0) - '0');
    }
    return append_utf8(value, code);
  }
  constexpr std::string_view kFrom = "nrtbf\\'\"$";
  constexpr std::string_view kTo = "\n\r\t\b\f\\'\"$";
  size_t index = c == '\0' ? kFrom.npos : kFrom.find(c);
  if (index == kFrom.npos) fail("unexpected char: '\\'");
  value += kTo[index];
  advance(2);
}

/// `\u` with any number of `u` and four hex digits.
uint32_t Lexer::unicode_escape() {
  advance(1);
  while (at(0) == 'u') advance(1);
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i, advance(1)) {
    int digit = hex_digit(at(0));
    if (digit < 0) fail("Did not find four digit hex character code.");
    code = code << 4 | static_cast<uint32_t>(digit);
  }
  return code;
}

/// Escapes name UTF-16 units: two surrogates in a row become the one character that they mean.
void Lexer::append_code_unit(std::string& value, uint32_t unit) {
  bool low = unit >= 0xDC00 && unit <= 0xDFFF;
  size_t size = value.size();
  if (low && size >= 3 && value[size - 3] == '\xED' &&
      static_cast<unsigned char>(value[size - 2]) >= 0xA0 &&
      static_cast<unsigned char>(value[size - 2]) < 0xB0) {
    uint32_t high =
        0xD000 | (static_cast<uint32_t>(static_cast<unsigned char>(value[size - 2])) & 0x3F) << 6 |
        (static_cast<unsigned char>(value[size - 1]) & 0x3FU);
    value.resize(size - 3);
    return append_utf8(value, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
  }
  if (unit >= 0xD800 && unit <= 0xDFFF) {  // alone: kept in its three-byte form
    value += '\xED';
    value += static_cast<char>(0x80 | (unit >> 6 & 0x3F));
    value += static_cast<char>(0x80 | (unit & 0x3F));
    return;
  }
  append_utf8(value, unit);
}

}  // namespace ks::groovy::syntax
