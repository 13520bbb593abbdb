#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// A text in an editor, and what stands around a place in it: also while it does not parse.

namespace ks::cmd {

/// Lines and UTF-16 units, both from 0, as editors count.
struct TextPosition {
  uint32_t line = 0;
  uint32_t character = 0;
};

/// Byte offset of a position; of one outside, the nearest.
size_t offset_of(std::string_view text, TextPosition position);
TextPosition position_of(std::string_view text, size_t offset);

/// The name that a place is in or directly behind.
struct Word {
  size_t begin = 0;
  size_t end = 0;
  std::string_view text;
};
Word word_at(std::string_view text, size_t offset);

/// The brackets that are open at a place, innermost last, each with the name in front of it:
/// `stages {`, `sh(`.
struct OpenBracket {
  char opener = '{';
  std::string name;
  size_t at = 0;
};
struct Surroundings {
  std::vector<OpenBracket> open;
  bool in_string = false;  ///< or in a comment
};
Surroundings surroundings_of(std::string_view text, size_t offset);

/// The call whose arguments a place is among: `sh(script: 'x', |)`, `sh script: 'x', |`.
struct CallAround {
  std::string name;                ///< empty: none
  std::vector<std::string> given;  ///< names of arguments that are there already
};
CallAround call_around(std::string_view text, size_t offset, const Surroundings& around);

}  // namespace ks::cmd
