#include "groovy/syntax/lexer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "groovy/syntax/characters.h"
#include "groovy/syntax/failure.h"

namespace ks::groovy::syntax {
namespace {

struct Spelling {
  std::string_view text;
  Tok kind;
};

constexpr auto kKeywords = std::to_array<Spelling>({
    {"abstract", Tok::kw_abstract},
    {"as", Tok::kw_as},
    {"assert", Tok::kw_assert},
    {"boolean", Tok::kw_boolean},
    {"break", Tok::kw_break},
    {"byte", Tok::kw_byte},
    {"case", Tok::kw_case},
    {"catch", Tok::kw_catch},
    {"char", Tok::kw_char},
    {"class", Tok::kw_class},
    {"const", Tok::kw_const},
    {"continue", Tok::kw_continue},
    {"def", Tok::kw_def},
    {"default", Tok::kw_default},
    {"do", Tok::kw_do},
    {"double", Tok::kw_double},
    {"else", Tok::kw_else},
    {"enum", Tok::kw_enum},
    {"extends", Tok::kw_extends},
    {"false", Tok::kw_false},
    {"final", Tok::kw_final},
    {"finally", Tok::kw_finally},
    {"float", Tok::kw_float},
    {"for", Tok::kw_for},
    {"goto", Tok::kw_goto},
    {"if", Tok::kw_if},
    {"implements", Tok::kw_implements},
    {"import", Tok::kw_import},
    {"in", Tok::kw_in},
    {"instanceof", Tok::kw_instanceof},
    {"int", Tok::kw_int},
    {"interface", Tok::kw_interface},
    {"long", Tok::kw_long},
    {"native", Tok::kw_native},
    {"new", Tok::kw_new},
    {"null", Tok::kw_null},
    {"package", Tok::kw_package},
    {"private", Tok::kw_private},
    {"protected", Tok::kw_protected},
    {"public", Tok::kw_public},
    {"return", Tok::kw_return},
    {"short", Tok::kw_short},
    {"static", Tok::kw_static},
    {"strictfp", Tok::kw_strictfp},
    {"super", Tok::kw_super},
    {"switch", Tok::kw_switch},
    {"synchronized", Tok::kw_synchronized},
    {"this", Tok::kw_this},
    {"threadsafe", Tok::kw_threadsafe},
    {"throw", Tok::kw_throw},
    {"throws", Tok::kw_throws},
    {"trait", Tok::kw_trait},
    {"transient", Tok::kw_transient},
    {"true", Tok::kw_true},
    {"try", Tok::kw_try},
    {"void", Tok::kw_void},
    {"volatile", Tok::kw_volatile},
    {"while", Tok::kw_while},
});

static_assert(std::ranges::is_sorted(kKeywords, {}, &Spelling::text));

constexpr std::string_view kLineInString =
    "end of line reached within a simple string 'x' or \"x\" or /x/;\n"
    "   solution: for multi-line literals, use triple quotes '''x''' or \"\"\"x\"\"\" or /x/ or "
    "$/x/$";

// Longest first within each first character.
constexpr auto kOperators = std::to_array<Spelling>({
    {">>>=", Tok::shift_right_unsigned_assign},
    {"===", Tok::identical},
    {"!==", Tok::not_identical},
    {"==~", Tok::match},
    {"<=>", Tok::compare},
    {"**=", Tok::power_assign},
    {"<<=", Tok::shift_left_assign},
    {">>=", Tok::shift_right_assign},
    {">>>", Tok::shift_right_unsigned},
    {"..<", Tok::range_exclusive},
    {"...", Tok::ellipsis},
    {"..", Tok::range},
    {".&", Tok::method_dot},
    {"?.", Tok::safe_dot},
    {"*.", Tok::spread_dot},
    {"*:", Tok::spread_map},
    {"?:", Tok::elvis},
    {"->", Tok::arrow},
    {"==", Tok::equal},
    {"!=", Tok::not_equal},
    {"=~", Tok::find},
    {"<=", Tok::less_equal},
    {">=", Tok::greater_equal},
    {"<<", Tok::shift_left},
    {">>", Tok::shift_right},
    {"**", Tok::power},
    {"++", Tok::increment},
    {"--", Tok::decrement},
    {"&&", Tok::and_},
    {"||", Tok::or_},
    {"+=", Tok::plus_assign},
    {"-=", Tok::minus_assign},
    {"*=", Tok::star_assign},
    {"/=", Tok::slash_assign},
    {"%=", Tok::percent_assign},
    {"&=", Tok::and_assign},
    {"|=", Tok::or_assign},
    {"^=", Tok::xor_assign},
    {",", Tok::comma},
    {";", Tok::semicolon},
    {":", Tok::colon},
    {"?", Tok::question},
    {".", Tok::dot},
    {"@", Tok::at},
    {"=", Tok::assign},
    {"+", Tok::plus},
    {"-", Tok::minus},
    {"*", Tok::star},
    {"/", Tok::slash},
    {"%", Tok::percent},
    {"<", Tok::less},
    {">", Tok::greater},
    {"!", Tok::not_},
    {"~", Tok::complement},
    {"&", Tok::bit_and},
    {"|", Tok::bit_or},
    {"^", Tok::bit_xor},
});

}  // namespace

Tok keyword_kind(std::string_view word) {
  if (word.size() < 2 || word.size() > 12 || word[0] < 'a' || word[0] > 'w') return Tok::identifier;
  const auto* found = std::ranges::lower_bound(kKeywords, word, {}, &Spelling::text);
  return found != kKeywords.end() && found->text == word ? found->kind : Tok::identifier;
}

Lexer::Lexer(ast::Unit& unit) : unit_(unit), text_(unit.source()) {}

Tokens Lexer::run() {
  out_.list.reserve(text_.size() / 4 + 16);
  if (starts("\xEF\xBB\xBF")) {
    advance(3);
    line_start_ = counted_to_ = pos_;
  }
  if (starts("#!")) skip_line_comment();
  while (!at_end()) {
    const size_t begin = pos_;
    try {
      step();
    } catch (SyntaxFailure& failure) {
      emit_here(Tok::error, 0);
      out_.list.back().match = static_cast<uint32_t>(out_.errors.size());
      out_.errors.push_back(std::move(failure.error));
      if (!resume(begin)) break;
    }
  }
  emit_here(Tok::eof, 0);
  return std::move(out_);
}

/// After an error in what began at `begin`: goes on with the next line, unless that may be inside
/// of a string.
bool Lexer::resume(size_t begin) {
  const std::string_view token = text_.substr(begin);
  const bool many_lines = token.starts_with("'''") || token.starts_with("\"\"\"") ||
                          token.starts_with('/') || token.starts_with("$/");
  const bool interpolates = std::ranges::any_of(
      open_, [](const Open& open) { return open.kind == Tok::gstring_start && !open.bars_lines; });
  if (many_lines || interpolates) return false;
  const auto inner = std::ranges::find(open_, Tok::gstring_start, &Open::kind);
  open_.erase(inner, open_.end());
  lines_barred_ = 0;
  newlines_count_ = open_.empty() || open_.back().kind == Tok::lbrace;
  skip_line_comment();
  return true;
}

void Lexer::step() {
  if (skip_blank()) return;
  char c = at(0);
  if (is_name_start(text_, pos_)) return word();
  if (is_digit(c)) return number();
  if (string_literal()) return;
  punctuation();
}

/// White space, comments and line breaks: true when there were any.
bool Lexer::skip_blank() {
  size_t begin = pos_;
  uint32_t first_break = 0;
  uint32_t break_line = 0;
  uint32_t break_column = 0;
  bool broken = false;
  while (!at_end()) {
    char c = at(0);
    if (c == ' ' || c == '\t' || c == '\f') {
      advance(1);
    } else if (c == '\\' && (at(1) == '\n' || at(1) == '\r')) {
      advance(1);
      line_break();
    } else if (c == '\n' || c == '\r') {
      if (lines_barred_ > 0) fail(std::string(kLineInString));
      if (!broken) {
        broken = true;
        first_break = here();
        break_line = line_;
        break_column = column_of(pos_);
      }
      line_break();
    } else if (c == '/' && at(1) == '/') {
      skip_line_comment();
    } else if (c == '/' && at(1) == '*') {
      skip_block_comment();
    } else {
      break;
    }
  }
  if (broken && newlines_count_) newline_token(first_break, break_line, break_column);
  return pos_ != begin;
}

void Lexer::newline_token(uint32_t begin, uint32_t line, uint32_t column) {
  if (!out_.list.empty() && out_.list.back().kind == Tok::newline) return;
  emit(Tok::newline, begin, line, column).text = "\n";
}

void Lexer::line_break() {
  advance(at(0) == '\r' && at(1) == '\n' ? 2 : 1);
  ++line_;
  line_start_ = counted_to_ = pos_;
  counted_column_ = 1;
}

void Lexer::skip_line_comment() {
  while (!at_end() && at(0) != '\n' && at(0) != '\r') advance(1);
}

void Lexer::skip_block_comment() {
  advance(2);
  while (!starts("*/")) {
    if (at_end()) fail("expecting '*', found '<EOF>'");
    if (at(0) == '\n' || at(0) == '\r') {
      line_break();
    } else {
      advance(1);
    }
  }
  advance(2);
}

void Lexer::word() {
  uint32_t begin = here();
  uint32_t column = column_of(pos_);
  while (is_name_part(text_, pos_)) advance(utf8_length(at(0)));
  std::string_view name = text_.substr(begin, pos_ - begin);
  Tok kind = keyword_kind(name);
  emit(kind, begin, line_, column).text = names_.intern(name);
}

void Lexer::punctuation() {
  switch (at(0)) {
    case '(': return open(Tok::lparen);
    case '[': return open(Tok::lbracket);
    case '{': return open(Tok::lbrace);
    case ')': return close(Tok::rparen);
    case ']': return close(Tok::rbracket);
    case '}': return close(Tok::rbrace);
    default: break;
  }
  for (const Spelling& candidate : kOperators) {
    if (candidate.text[0] == at(0) && starts(candidate.text)) {
      return emit_here(candidate.kind, candidate.text.size());
    }
  }
  unexpected_char();
}

void Lexer::open(Tok kind) {
  open_.push_back({.kind = kind, .token = static_cast<uint32_t>(out_.list.size())});
  emit_here(kind, 1);
  newlines_count_ = kind == Tok::lbrace;
}

/// The bracket of another kind than the open one is left to the parser to complain about; a brace
/// ends what was left open inside of it.
void Lexer::close(Tok kind) {
  emit_here(kind, 1);
  auto is_brace = [](Tok open) { return open == Tok::lbrace || open == Tok::gstring_start; };
  while (kind == Tok::rbrace && open_.size() > 1 && !is_brace(open_.back().kind)) open_.pop_back();
  if (open_.empty() || (kind != Tok::rbrace && is_brace(open_.back().kind))) return;
  Open top = open_.back();
  open_.pop_back();
  if (top.bars_lines) --lines_barred_;
  newlines_count_ =
      open_.empty() || open_.back().kind == Tok::lbrace || open_.back().kind == Tok::gstring_start;
  bool fits = (top.kind == Tok::lparen && kind == Tok::rparen) ||
              (top.kind == Tok::lbracket && kind == Tok::rbracket) ||
              ((top.kind == Tok::lbrace || top.kind == Tok::gstring_start) && kind == Tok::rbrace);
  if (fits) out_.list[top.token].match = static_cast<uint32_t>(out_.list.size() - 1);
  if (top.kind == Tok::gstring_start && kind == Tok::rbrace)
    string_part(top.quote, false, top.string);
}

bool Lexer::string_may_begin() const {
  if (out_.list.empty()) return true;
  Tok before = out_.list.back().kind;
  switch (before) {
    case Tok::identifier:
    case Tok::string:
    case Tok::gstring_end:
    case Tok::integer:
    case Tok::decimal:
    case Tok::rparen:
    case Tok::rbracket:
    case Tok::rbrace:
    case Tok::increment:
    case Tok::decrement: return false;
    default: return !is_keyword(before);
  }
}

/// Columns count UTF-16 units; `offset` lies on the present line and never before an earlier
/// question.
uint32_t Lexer::column_of(size_t offset) {
  for (; counted_to_ < offset; ++counted_to_) {
    auto byte = static_cast<unsigned char>(text_[counted_to_]);
    if ((byte & 0xC0) != 0x80) counted_column_ += byte >= 0xF0 ? 2 : 1;
  }
  return counted_column_;
}

Token& Lexer::emit(Tok kind, uint32_t begin, uint32_t line, uint32_t column) {
  Token& token = out_.list.emplace_back();
  token.kind = kind;
  token.begin = begin;
  token.end = here();
  token.line = line;
  token.column = column;
  token.text = text_.substr(begin, pos_ - begin);
  return token;
}

void Lexer::emit_here(Tok kind, size_t bytes) {
  uint32_t begin = here();
  uint32_t column = column_of(pos_);
  advance(bytes);
  emit(kind, begin, line_, column);
}

void Lexer::fail(std::string message) { fail_at(std::move(message), line_, column_of(pos_)); }

void Lexer::fail_at(std::string message, uint32_t line, uint32_t column) {
  syntax::fail(std::move(message), line, column);
}

void Lexer::unexpected_char() {
  if (at_end()) fail("unexpected char: 0xFFFF");
  auto byte = static_cast<unsigned char>(at(0));
  if (byte >= 0x20 && byte < 0x7F) fail(fmt::format("unexpected char: '{}'", at(0)));
  fail(fmt::format("unexpected char: 0x{:X}", code_point(text_, pos_)));
}

}  // namespace ks::groovy::syntax
