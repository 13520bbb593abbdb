#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "groovy/interpreter.h"

namespace ks::engine {

class Run;

/// Why a step that people know does not run here: what a node would have to be able to do, or the
/// plugin that it belongs to; and the nearest thing that works. Nothing for a name that is no
/// step's.
std::optional<std::string> why_missing(std::string_view step);

/// The global `docker`: it describes images; what would need a container runtime fails and says so.
groovy::Value docker_global(Run& run);

}  // namespace ks::engine
