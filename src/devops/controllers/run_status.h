#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "jenkins/types.h"

/// What a build means for its PipelineRun (sections 9.4 and 9.7). Pure functions.

namespace ks::devops {

/// The annotation `jenkins-pipelinerun-status`: the run, without what is empty.
json::object run_summary(const jenkins::Run& run);
/// The `stage` key of the run's ConfigMap: an array of stages with their steps. When it would be
/// larger than `most_bytes`, steps of finished stages are left out, the earliest first.
std::string stages_text(const std::vector<jenkins::Node>& nodes, size_t most_bytes = 900'000);

/// The status of a PipelineRun after its build was seen in this state. `before` is the present
/// status; conditions of other types stay.
json::object status_of_run(const json::value& before, const jenkins::Run& run, WallTime now);
/// A run that belongs to no pipeline (section 9.2, step 5).
json::object status_of_orphan(const json::value& before, WallTime now);
/// A run that was stopped before it had a build.
json::object status_of_cancelled(const json::value& before, WallTime now);
/// A run whose build is gone from the engine.
json::object status_of_lost(const json::value& before, WallTime now);

}  // namespace ks::devops
