#pragma once

#include <string>
#include <vector>

#include "groovy/ast.h"

namespace ks::groovy {

/// An expression as Groovy's compiler words it in the message of `assert x : message`: `((v > 3) &&
/// (v < 4))`.
std::string expression_text(const ast::Unit& unit, const ast::Expr* expression);
/// The variables that stand in the expression itself or under its operators, left to right.
void collect_variables(const ast::Expr* expression, std::vector<const ast::Variable*>& out);

}  // namespace ks::groovy
