#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "groovy/interpreter.h"

/// Between our UTF-8 and the UTF-16 units that Java counts. A lone surrogate is kept as its
/// three-byte form.

namespace ks::groovy {

size_t utf16_length(std::string_view utf8);
bool is_ascii(std::string_view text);
std::u16string to_utf16(std::string_view utf8);
std::string to_utf8(std::u16string_view units);
void append_unit(std::string& out, uint16_t unit);
/// Byte offset of a UTF-16 index that lies inside or at the end of the text.
size_t byte_offset(std::string_view utf8, size_t units);
/// UTF-16 index of a byte offset.
size_t unit_index(std::string_view utf8, size_t bytes);

/// A part of a string by UTF-16 indexes, which must be in range.
Value substring(Task& task, const Value& text, size_t from, size_t to);
/// Text of a char.
std::string char_text(uint16_t unit);

}  // namespace ks::groovy
