#pragma once

#include <string>

#include "engine/job_properties.h"
#include "engine/run.h"

namespace ks::engine {

class Builds;

/// What a run may ask for beyond itself; where there is no server, no_builds().
Builds& builds_of(Run& run);

/// Another run as scripts see it: a RunWrapper of how it stood when it was asked for. Null when
/// there is no such run.
groovy::Value build_object(Run& run, groovy::Task& task, const std::string& job, uint64_t number);

/// `previousBuild`, `previousFailedBuild`, `nextBuild`, ...: the run of that relation to another
/// one. Nothing when `relation` is none.
std::optional<groovy::Value> related_build(Run& run, groovy::Task& task, const std::string& job,
                                           uint64_t number, std::string_view relation);

/// Tells the job what the Jenkinsfile declares of it. Once for each run.
void declare_properties(Run& run, groovy::Task& task, const JobProperties& properties);

/// `getBuildCauses(...)`: all, or those of a class.
groovy::Value build_causes(Run& run, groovy::Task& task, const std::vector<std::string>& causes,
                           groovy::Args args);

/// `rawBuild` is what the sandbox keeps from scripts.
[[noreturn]] void refuse_raw_build(Run& run, groovy::Task& task);

}  // namespace ks::engine
