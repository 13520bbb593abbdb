#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cmd/pipelines/connection.h"
#include "cmd/pipelines/jenkins_source.h"

/// What an import of a Jenkins makes: a project of each folder, a Pipeline of each job.
///
///   const ImportPlan plan = TRY(plan_import(*TRY(open_jenkins_home("/var/jenkins_home")), {}));

namespace ks::cmd {

struct ImportOptions {
  std::string top_project = "jenkins";  ///< of the jobs that lie in no folder
  bool history = false;                 ///< read the builds too
};

struct ImportPlan {
  struct Project {
    std::string from, name;
  };
  struct Job {
    JobPath from;
    PipelineName as;
    json::value spec;
    std::vector<std::string> needs;  ///< ids of credentials
    std::string note;
    std::vector<JenkinsBuild> builds;
    std::string builds_note;  ///< why there are none, when that is an error
  };
  /// One for each project that needs it.
  struct Credential {
    std::string from;  ///< its store: `team`, or `Jenkins`
    std::string project;
    JenkinsCredential what;
    std::string refused;  ///< why it cannot be made; empty: it can
  };
  struct Refused {
    std::string kind, from, reason;
  };
  std::vector<Project> projects;
  std::vector<Job> jobs;
  std::vector<Credential> credentials;
  std::vector<Refused> refused;
};

/// Reads all of it. An error: the source cannot be read at all; single jobs that cannot are refused
/// in the plan.
Result<ImportPlan> plan_import(JenkinsSource& source, const ImportOptions& options);

}  // namespace ks::cmd
