#pragma once

#include "engine/run.h"
#include "engine/scm/git_spec.h"

namespace ks::engine {

/// The global `scm`: the repository behind the Jenkinsfile. Throws when there is none.
groovy::Value scm_global(Run& run, groovy::Task& task);
/// `currentBuild.changeSets`: one list a checkout that found something new.
groovy::Value change_sets(Run& run, groovy::Task& task);

/// Reads what a script gave as SCM; throws when it is none that we have.
GitSpec git_spec_of(Run& run, groovy::Task& task, const json::value& description);

}  // namespace ks::engine
