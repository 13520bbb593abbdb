#pragma once

#include <string>
#include <string_view>

#include "groovy/interpreter.h"

namespace ks::groovy {

class ClassInfo;

/// `\nPossible solutions: a(), b(java.lang.String)` or nothing: methods near the one that was asked
/// for with that many arguments.
std::string suggested_methods(Task& task, const Value& receiver, std::string_view name, Args args,
                              bool is_static);
/// The same for properties of a script's class.
std::string suggested_properties(const ClassInfo* cls, std::string_view name);

}  // namespace ks::groovy
