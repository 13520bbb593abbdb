#pragma once

#include "store/schema/cel/functions.h"
#include "store/schema/cel/program.h"

namespace ks::store::cel {

/// What the expression gives; an error value when it fails or the steps of `evaluation` run out.
/// What the value points at lives in `evaluation` and in the objects given.
Value evaluate(const Program& program, const Value& self, const Value* old_self,
               Evaluation& evaluation);

}  // namespace ks::store::cel
