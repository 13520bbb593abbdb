#include <string>
#include <string_view>

#include "groovy/syntax/characters.h"
#include "groovy/syntax/lexer.h"

namespace ks::groovy::syntax {
namespace {

bool is_digit_of(char c, int base) {
  int value = hex_digit(c);
  return value >= 0 && value < base;
}

bool is_one_of(char c, std::string_view set) { return c != '\0' && set.contains(c); }

std::string shown(char c) {
  if (c == '\n' || c == '\r') return "\\n";
  return c == '\0' ? "<EOF>" : std::string(1, c);
}

}  // namespace

void Lexer::number() {
  uint32_t begin = here();
  uint32_t column = column_of(pos_);
  Tok kind = Tok::integer;
  auto digits = [&](int base) {
    while (is_digit_of(at(0), base) || at(0) == '_') advance(1);
    if (text_[pos_ - 1] == '_')
      fail("expecting token in range: '0'..'9', found '" + shown(at(0)) + "'");
  };
  if (at(0) == '0' && is_one_of(at(1), "xX") && is_digit_of(at(2), 16)) {
    advance(2);
    digits(16);
    if (is_one_of(at(0), "gGlLiI")) advance(1);
  } else if (at(0) == '0' && is_one_of(at(1), "bB") && is_digit_of(at(2), 2)) {
    advance(2);
    digits(2);
    if (is_one_of(at(0), "gGlLiI")) advance(1);
  } else {
    digits(10);
    size_t octal_end = text_.substr(0, pos_).find_first_of("89", begin);
    bool fraction = (at(0) == '.' && is_digit(at(1))) || is_one_of(at(0), "eEfFdDgG");
    if (text_[begin] == '0' && octal_end != text_.npos && !fraction) {
      // `08` is two numbers to Groovy: the octal one ends before the 8.
      pos_ = octal_end;
      emit(kind, begin, line_, column);
      return;
    }
    if (at(0) == '.' && is_digit(at(1))) {
      kind = Tok::decimal;
      advance(1);
      digits(10);
    }
    bool signed_exponent = is_one_of(at(1), "+-") && is_digit(at(2));
    if (is_one_of(at(0), "eE") && (is_digit(at(1)) || signed_exponent)) {
      kind = Tok::decimal;
      advance(signed_exponent ? 2 : 1);
      digits(10);
    }
    if (is_one_of(at(0), "fFdD")) {
      kind = Tok::decimal;
      advance(1);
    } else if (is_one_of(at(0), kind == Tok::integer ? "gGlLiI" : "gG")) {
      advance(1);
    }
  }
  emit(kind, begin, line_, column);
}

}  // namespace ks::groovy::syntax
