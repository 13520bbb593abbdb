#pragma once

#include <functional>

#include "groovy/interpreter.h"

namespace ks::groovy {

/// A closure whose body is C++: for hosts that call their own block steps. The body may suspend and
/// throw like a Host function.
Value native_closure(Task& task, std::function<Value(Task&, Args)> body);

}  // namespace ks::groovy
