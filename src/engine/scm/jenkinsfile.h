#pragma once

#include <optional>
#include <string>

#include "engine/run.h"

namespace ks::engine {

/// For a run whose Jenkinsfile lies in a repository: reads it, and makes it the run's script.
/// Throws hudson.AbortException when it is not there. Journaled.
void obtain_jenkinsfile(Run& run, groovy::Task& task);

/// A file of the same commit; throws when there is none, or no repository.
std::string read_trusted(StepCall& call, const std::string& path);

/// The description of a branch, for `checkout`, when the repository has it.
std::optional<json::object> resolve_target(StepCall& call, const std::string& url,
                                           const std::string& credentials_id,
                                           const std::string& branch);

}  // namespace ks::engine
