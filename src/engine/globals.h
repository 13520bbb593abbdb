#pragma once

#include <optional>
#include <string_view>

#include "engine/run.h"

namespace ks::engine {

/// `env`, `params`, `currentBuild`; then environment variables by their bare name. Nothing for
/// other names.
std::optional<groovy::Value> engine_global(Run& run, groovy::Task& task, std::string_view name);

/// The call `pipeline { ... }` and what Declarative's executor calls back; nothing for other names.
std::optional<groovy::Value> call_declarative(Run& run, groovy::Task& task, std::string_view name,
                                              groovy::Args args);

}  // namespace ks::engine
