#pragma once

#include <optional>
#include <string_view>

#include "groovy/interpreter.h"

namespace ks::engine {

class Run;
class StepRegistry;

/// `getContext hudson.FilePath`: what Jenkins' steps find around them, as far as a script can use
/// it here: to see whether it is there. The objects themselves answer nothing.
void add_surroundings_steps(StepRegistry& registry);

/// The classes that it may be asked for, by their full names.
std::optional<groovy::Value> surroundings_class(Run& run, std::string_view name);

}  // namespace ks::engine
