#pragma once

#include <string>
#include <string_view>

#include "groovy/interpreter.h"

namespace ks::groovy {

/// `\nPossible solutions: a(), b(java.lang.String)` or nothing: names near the one that was asked
/// for.
std::string suggested_methods(Task& task, const Value& receiver, std::string_view name,
                              bool is_static);

}  // namespace ks::groovy
