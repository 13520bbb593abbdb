#pragma once

#include <string>
#include <vector>

#include "engine/job_properties.h"
#include "engine/model.h"

namespace ks::engine {

/// What starts runs of a job by itself: of its config.xml, and of what its Jenkinsfile declares.
struct JobTriggers {
  std::string cron;  ///< schedules; empty: none
  std::string poll;  ///< when to look for new commits; empty: never
  struct Upstream {
    std::string job;                               ///< full name
    BuildResult threshold = BuildResult::success;  ///< a result that good, or better
  };
  std::vector<Upstream> upstream;
};

/// `job`: full name, which paths are relative to, and whose schedule it is.
JobTriggers triggers_of_config(const std::string& config_xml, const std::string& job);
/// Those together with what the Jenkinsfile declares; instead of them, when it declared everything
/// (`properties`). Schedules that are none are left out.
JobTriggers with_declared(JobTriggers triggers, const JobProperties& declared,
                          const std::string& job);

}  // namespace ks::engine
