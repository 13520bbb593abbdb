#include "store/schema/cel/text.h"

#include <algorithm>

namespace ks::store::cel {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, begins_character));
}

size_t byte_offset(std::string_view text, size_t character) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (!begins_character(text[at])) continue;
    if (character == 0) return at;
    --character;
  }
  return character == 0 ? text.size() : std::string_view::npos;
}

}  // namespace ks::store::cel
