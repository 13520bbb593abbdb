#pragma once

#include <vector>

#include "groovy/ast.h"
#include "groovy/parser.h"

namespace ks::groovy::syntax {

/// What is wrong with a text that follows the grammar, in source order: variables defined twice,
/// jumps to nowhere, misplaced modifiers, trees too deep to walk.
std::vector<CompileError> check(const ast::Unit& unit, const ParseLimits& limits);

}  // namespace ks::groovy::syntax
