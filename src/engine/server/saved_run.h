#pragma once

#include "base/result.h"
#include "engine/engine.h"

namespace ks::engine {

/// What stays of a finished run: `result.json` in its folder.
std::string to_text(const RunInfo& info);
Result<RunInfo> run_from_text(std::string_view text);

}  // namespace ks::engine
