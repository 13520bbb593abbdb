#pragma once

#include <vector>

#include "groovy/interpreter.h"
#include "pipeline/executor.h"
#include "pipeline/model.h"

namespace ks::pipeline {

/// The value of one entry of an `environment { }` (section 6): names in it mean first the other
/// entries of the block, in whatever order they stand, then the environment around it. An entry
/// that names itself reads the outer one.
groovy::Value evaluate_entry(groovy::Task& task, Runtime& runtime, const Environment& environment,
                             const EnvironmentEntry& entry,
                             const std::vector<groovy::Value>& closures);

}  // namespace ks::pipeline
