#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "groovy/program.h"

namespace ks::groovy::syntax {

/// An error, thrown to the list of statements that it stands in, which notes it and goes on with
/// the next statement. Never leaves parse().
struct SyntaxFailure {
  CompileError error;
  bool last = false;  ///< nothing sensible can be read behind it
};

[[noreturn]] inline void fail(std::string message, uint32_t line, uint32_t column) {
  throw SyntaxFailure{CompileError{std::move(message), line, column}};
}

}  // namespace ks::groovy::syntax
