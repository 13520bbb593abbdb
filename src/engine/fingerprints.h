#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/fence.h"
#include "engine/step.h"

namespace ks::engine {

/// Which bytes this run had: MD5 sums of files of a folder, in fingerprints.json beside its
/// artifacts. Journaled. `find` gives their paths below the folder.
void record_fingerprints(StepCall& call, const std::string& folder, const Fence& fence,
                         std::function<Result<std::vector<std::string>>()> find);

}  // namespace ks::engine
