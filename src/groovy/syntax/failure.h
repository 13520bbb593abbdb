#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "groovy/program.h"

namespace ks::groovy::syntax {

/// The first error ends the parse from any depth. Never leaves parse().
struct SyntaxFailure {
  CompileError error;
};

[[noreturn]] inline void fail(std::string message, uint32_t line, uint32_t column) {
  throw SyntaxFailure{CompileError{std::move(message), line, column}};
}

}  // namespace ks::groovy::syntax
