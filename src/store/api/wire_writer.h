#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

/// Writes the fields of a protocol buffer.

namespace ks::store::proto {

inline void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

inline void append_number(std::string& out, uint32_t field, uint64_t value) {
  append_varint(out, uint64_t{field} << 3);
  append_varint(out, value);
}

inline void append_double(std::string& out, uint32_t field, double value) {
  append_varint(out, uint64_t{field} << 3 | 1);
  uint64_t bits = std::bit_cast<uint64_t>(value);
  for (int i = 0; i < 8; i++, bits >>= 8) out += static_cast<char>(bits & 0xff);
}

/// A text or a message.
inline void append_field(std::string& out, uint32_t field, std::string_view bytes) {
  append_varint(out, uint64_t{field} << 3 | 2);
  append_varint(out, bytes.size());
  out += bytes;
}

/// A message with this one field.
inline std::string wrapped(uint32_t field, std::string_view bytes) {
  std::string out;
  append_field(out, field, bytes);
  return out;
}

}  // namespace ks::store::proto
