#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/run.h"

namespace ks::engine {

/// The folder of a tool; fails the step when there is none of that name. `type` may be empty: any.
///
/// A tool is one that was configured (`ks run --tool`), or what the node names in a variable of its
/// own: MAVEN_HOME, JAVA_HOME.
std::string tool_home(Run& run, groovy::Task& task, std::string_view type, std::string_view name);

/// What a tool adds to the environment, `PATH+X` included.
std::vector<std::pair<std::string, std::string>> tool_variables(std::string_view type,
                                                                const std::string& home);

}  // namespace ks::engine
