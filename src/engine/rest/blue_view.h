#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"
#include "jenkins/types.h"

namespace ks::engine {

/// A run as Blue Ocean shows it. `now` gives the duration of one that still runs.
jenkins::Run blue_run(const RunInfo& info, WallTime now);
/// Its stages and parallel branches, each with the steps in it.
std::vector<jenkins::Node> blue_nodes(const RunInfo& info, WallTime now);
/// All its steps, also those outside of any stage.
std::vector<jenkins::Step> blue_steps(const RunInfo& info, WallTime now);
/// The job's page: its parameters, weather and expected duration from its latest runs, newest
/// first.
jenkins::Pipeline blue_pipeline(const JobName& job, const json::array& parameters,
                                const std::vector<RunInfo>& latest, WallTime now);

/// What a step is called for people: `Shell Script` for `sh`.
std::string step_title(std::string_view name);

}  // namespace ks::engine
