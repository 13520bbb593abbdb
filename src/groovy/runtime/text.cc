#include "groovy/runtime/text.h"

#include <algorithm>

#include "groovy/runtime/objects.h"

namespace ks::groovy {

namespace {

/// Code point at `at`, which moves on; a broken byte counts as one unit U+FFFD.
uint32_t decode(std::string_view text, size_t& at) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t first = byte(at);
  size_t more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  if ((first >= 0x80 && first < 0xC0) || at + more >= text.size()) {
    if (first < 0x80) {
      ++at;
      return first;
    }
    ++at;
    return 0xFFFD;
  }
  uint32_t point = more == 0 ? first : first & (0x3Fu >> more);
  for (size_t i = 1; i <= more; ++i) point = point << 6 | (byte(at + i) & 0x3Fu);
  at += more + 1;
  return point;
}

void encode(std::string& out, uint32_t point) {
  auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

size_t utf16_length(std::string_view utf8) {
  if (is_ascii(utf8)) return utf8.size();
  size_t count = 0;
  for (size_t at = 0; at < utf8.size();) count += decode(utf8, at) >= 0x10000 ? 2 : 1;
  return count;
}

std::u16string to_utf16(std::string_view utf8) {
  std::u16string out;
  out.reserve(utf8.size());
  for (size_t at = 0; at < utf8.size();) {
    uint32_t point = decode(utf8, at);
    if (point >= 0x10000) {
      point -= 0x10000;
      out += static_cast<char16_t>(0xD800 + (point >> 10));
      out += static_cast<char16_t>(0xDC00 + (point & 0x3FF));
    } else {
      out += static_cast<char16_t>(point);
    }
  }
  return out;
}

std::string to_utf8(std::u16string_view units) {
  std::string out;
  out.reserve(units.size());
  for (char16_t unit : units) append_unit(out, unit);
  return out;
}

void append_unit(std::string& out, uint16_t unit) {
  // A low surrogate after a high one joins it.
  if (unit >= 0xDC00 && unit < 0xE000 && out.size() >= 3) {
    size_t at = out.size() - 3;
    size_t end = at;
    if (static_cast<uint8_t>(out[at]) == 0xED && static_cast<uint8_t>(out[at + 1]) >= 0xA0 &&
        static_cast<uint8_t>(out[at + 1]) < 0xB0) {
      uint32_t high = decode(out, end);
      out.resize(at);
      encode(out, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00u));
      return;
    }
  }
  encode(out, unit);
}

size_t byte_offset(std::string_view utf8, size_t units) {
  size_t count = 0;
  size_t at = 0;
  while (at < utf8.size() && count < units) count += decode(utf8, at) >= 0x10000 ? 2 : 1;
  return at;
}

size_t unit_index(std::string_view utf8, size_t bytes) {
  return utf16_length(utf8.substr(0, bytes));
}

Value substring(Task& task, const Value& text, size_t from, size_t to) {
  const String* string = text.as<String>();
  if (from == 0 && to == string->length()) return text;
  if (string->is_ascii())
    return task.heap().string(std::string_view(string->text()).substr(from, to - from));
  return task.heap().string(
      to_utf8(std::u16string_view(to_utf16(string->text())).substr(from, to - from)));
}

std::string char_text(uint16_t unit) {
  std::string out;
  append_unit(out, unit);
  return out;
}

}  // namespace ks::groovy
