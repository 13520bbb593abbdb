#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Character classes of Groovy names, over UTF-8 that is known to be valid.

namespace ks::groovy::syntax {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

constexpr int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr size_t utf8_length(char first) {
  auto byte = static_cast<unsigned char>(first);
  if (byte < 0x80) return 1;
  if (byte < 0xE0) return 2;
  return byte < 0xF0 ? 3 : 4;
}

/// The code point at `offset`; the text there must be whole.
constexpr uint32_t code_point(std::string_view text, size_t offset) {
  auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(text[offset + i]));
  };
  switch (utf8_length(text[offset])) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3: return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    default:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 |
             (byte(3) & 0x3F);
  }
}

/// Beyond ASCII the language takes U+00C0..U+00D6, U+00D8..U+00F6, U+00F8..U+00FF and
/// U+0100..U+FFFE as letters.
constexpr bool is_wide_letter(uint32_t code) {
  return code >= 0xC0 && code <= 0xFFFE && code != 0xD7 && code != 0xF7;
}

/// A name inside a `"$name"` may not hold `$`: `dollar` false.
constexpr bool is_name_start(std::string_view text, size_t offset, bool dollar = true) {
  if (offset >= text.size()) return false;
  char c = text[offset];
  if (is_ascii_letter(c)) return true;
  if (c == '$') return dollar && !(offset + 1 < text.size() && text[offset + 1] == '/');
  return static_cast<unsigned char>(c) >= 0x80 && is_wide_letter(code_point(text, offset));
}

constexpr bool is_name_part(std::string_view text, size_t offset, bool dollar = true) {
  if (offset >= text.size()) return false;
  char c = text[offset];
  if (is_ascii_letter(c) || is_digit(c) || (dollar && c == '$')) return true;
  return static_cast<unsigned char>(c) >= 0x80 && is_wide_letter(code_point(text, offset));
}

}  // namespace ks::groovy::syntax
