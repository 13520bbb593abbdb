#pragma once

#include <cstdint>

#include "groovy/runtime/classes.h"

namespace ks::groovy {

/// How far a parameter of this class is from an argument that fits it, in Groovy's own measure: of
/// several overloads the nearest is called, and equally near ones are ambiguous.
int64_t argument_distance(const ClassInfo* parameter, const Value& argument);

/// What an overload of variable arguments pays: for each argument that it collects, and for none.
constexpr int64_t kVarargsDistance = int64_t{1} << 44;

}  // namespace ks::groovy
