#include "store/schema/cel/lexer.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace ks::store::cel {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run(LexError& error) {
    std::vector<Token> out;
    while (error_.message.empty()) {
      skip_space();
      Token token = next();
      const bool last = token.kind == TokenKind::end;
      out.push_back(std::move(token));
      if (last) break;
    }
    if (error_.message.empty()) return out;
    error = error_;
    return {};
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Token fail(size_t offset, std::string message) {
    if (error_.message.empty()) error_ = {offset, std::move(message)};
    return {};
  }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (text_.substr(at_).starts_with("//")) {
        while (at_ < text_.size() && peek() != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  Token token(TokenKind kind, size_t from) const {
    return {.kind = kind, .text = text_.substr(from, at_ - from), .offset = from};
  }

  Token next() {
    if (at_ >= text_.size()) return {.offset = at_};
    const size_t prefix = string_prefix();
    if (prefix != std::string_view::npos) return string(prefix);
    const size_t from = at_;
    if (is_letter(peek())) {
      while (is_letter(peek()) || is_digit(peek())) ++at_;
      return token(TokenKind::identifier, from);
    }
    if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) return number();
    static constexpr std::array<std::string_view, 6> kPairs = {"==", "!=", "<=", ">=", "&&", "||"};
    for (std::string_view pair : kPairs) {
      if (!text_.substr(at_).starts_with(pair)) continue;
      at_ += 2;
      return token(TokenKind::symbol, from);
    }
    if (std::string_view("+-*/%<>!?:.,()[]{}").contains(peek())) {
      ++at_;
      return token(TokenKind::symbol, from);
    }
    return fail(at_, "token recognition error at: '" + std::string(1, peek()) + "'");
  }

  Token number() {
    const size_t from = at_;
    TokenKind kind = TokenKind::integer;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      at_ += 2;
      while (std::isxdigit(static_cast<unsigned char>(peek())) != 0) ++at_;
    } else {
      while (is_digit(peek())) ++at_;
      if (peek() == '.' && is_digit(peek(1))) {
        kind = TokenKind::real;
        ++at_;
        while (is_digit(peek())) ++at_;
      }
      const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
        kind = TokenKind::real;
        at_ += 1 + sign;
        while (is_digit(peek())) ++at_;
      }
    }
    Token out = token(kind, from);
    if (kind == TokenKind::integer && (peek() == 'u' || peek() == 'U')) {
      out.kind = TokenKind::unsigned_integer;
      ++at_;
    }
    return out;
  }

  /// Length of `r`, `b`, `rb`... before a quote; npos when no string begins here.
  size_t string_prefix() const {
    size_t length = 0;
    while (length < 2 && std::string_view("rRbB").contains(peek(length)) && peek(length) != '\0')
      ++length;
    return peek(length) == '"' || peek(length) == '\'' ? length : std::string_view::npos;
  }

  Token string(size_t prefix) {
    const size_t from = at_;
    bool raw = false, bytes = false;
    for (; prefix > 0; --prefix, ++at_) {
      (peek() == 'r' || peek() == 'R' ? raw : bytes) = true;
    }
    std::string_view quote = text_.substr(at_, 1);
    if (const std::string three(3, quote.front()); text_.substr(at_).starts_with(three))
      quote = text_.substr(at_, 3);
    at_ += quote.size();
    std::string value;
    while (!text_.substr(at_).starts_with(quote)) {
      if (at_ >= text_.size() || (quote.size() == 1 && peek() == '\n'))
        return fail(from, "the string is not closed");
      if (peek() != '\\') {
        value += text_[at_++];
      } else if (raw) {
        value += text_[at_++];
        if (at_ < text_.size()) value += text_[at_++];
      } else if (!escape(value, bytes)) {
        return fail(at_, "no such escape in a string");
      }
    }
    at_ += quote.size();
    Token out = token(bytes ? TokenKind::bytes : TokenKind::string, from);
    out.value = std::move(value);
    return out;
  }

  bool escape(std::string& out, bool bytes) {
    static constexpr std::string_view kNames = "abfnrtv\\?\"'`", kValues = "\a\b\f\n\r\t\v\\?\"'`";
    const char c = peek(1);
    if (const size_t known = kNames.find(c); c != '\0' && known != kNames.npos) {
      out += kValues[known];
      at_ += 2;
      return true;
    }
    const bool octal = c >= '0' && c <= '3';
    const size_t digits = octal ? 3 : c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0 || (bytes && digits > 3)) return false;
    const std::string_view text =
        text_.substr(std::min(at_ + (octal ? 1 : 2), text_.size()), digits);
    uint32_t code = 0;
    const auto [end, fault] =
        std::from_chars(text.data(), text.data() + text.size(), code, octal ? 8 : 16);
    if (text.size() != digits || fault != std::errc() || end != text.data() + digits) return false;
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    at_ += digits + (octal ? 1 : 2);
    if (bytes)
      out += static_cast<char>(code);
    else
      append_utf8(out, code);
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  LexError error_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, LexError& error) {
  return Lexer(text).run(error);
}

}  // namespace ks::store::cel
