#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "groovy/program.h"

/// The layout of Groovy text.

namespace ks::groovy {

struct FormatOptions {
  int indent = 2;  ///< blanks a level
};

/// Either the text, or why it could not be read.
struct Formatted {
  std::string text;
  std::vector<CompileError> errors;

  explicit operator bool() const { return errors.empty(); }
};

/// The same program, laid out anew: indentation by brackets, single blanks between words, no blanks
/// at line ends, one blank line at most. Lines stay lines, comments and strings stay as they are.
/// Formatting what was formatted changes nothing.
Formatted format(std::string_view source, const FormatOptions& options = {});

}  // namespace ks::groovy
