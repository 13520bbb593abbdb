#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// Regular expressions of webhooks' filters: what people configured, on what strangers send.
/// Bounded in steps; reaching the bound is an error.

namespace ks::engine {

Result<bool> pattern_found(std::string_view pattern, std::string_view text);
/// The text without what matches.
Result<std::string> without_matches(std::string_view pattern, std::string_view text);

}  // namespace ks::engine
