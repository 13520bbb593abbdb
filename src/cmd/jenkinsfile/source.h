#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// What the commands that read Jenkinsfiles share.

namespace ks::cmd {

constexpr size_t kMaxSourceBytes = 8 << 20;

/// The text of a file, or of stdin for `-`.
Result<std::string> read_source(const std::string& file);

/// Whether this program has such a step.
bool runs_here(std::string_view step);

}  // namespace ks::cmd
