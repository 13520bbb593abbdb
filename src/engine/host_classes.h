#pragma once

#include <optional>
#include <string_view>

#include "groovy/interpreter.h"

namespace ks::engine {

class Run;

/// Java classes that scripts use beside steps: `new Model()` of Maven, `CSVFormat.DEFAULT`. Known
/// by their full names, and by their simple ones, since scripts are often pasted without the
/// import.
std::optional<groovy::Value> host_class(Run& run, std::string_view name);

// One function a family; nothing when the class is not of it.
std::optional<groovy::Value> csv_class(Run& run, std::string_view name);
std::optional<groovy::Value> maven_class(Run& run, std::string_view name);
std::optional<groovy::Value> guarded_class(Run& run, std::string_view name);

}  // namespace ks::engine
