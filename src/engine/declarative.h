#pragma once

#include <string_view>

#include "engine/run.h"
#include "groovy/program.h"

namespace ks::engine {

/// Compiles a text of the run, Jenkinsfile or library, in either language. The run keeps what its
/// `pipeline { }` blocks say, for when the program calls them.
groovy::Compiled compile_for(Run& run, std::string_view source,
                             const groovy::CompileOptions& options);

}  // namespace ks::engine
