#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/scm/git_spec.h"
#include "engine/step.h"

namespace ks::engine {

/// The variables that a checkout gives: GIT_COMMIT, GIT_BRANCH, ... in order.
using GitVariables = std::vector<std::pair<std::string, std::string>>;

/// Checks a repository out into the folder of the step, with the lines and variables of Jenkins
/// (pipeline-steps.md, "git"). Throws when it cannot. `changelog`: what is new goes into
/// `currentBuild.changeSets`.
GitVariables check_out(Run& run, groovy::Task& task, const GitSpec& spec, bool changelog);

}  // namespace ks::engine
