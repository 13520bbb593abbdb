#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/json.h"
#include "cmd/pipelines/connection.h"

/// What `ks pipeline` and the demo do with DevOpsProjects, Pipelines and PipelineRuns.

namespace ks::cmd {

kube::Resource devops_projects();
kube::Resource pipelines();
kube::Resource pipeline_runs();

/// Makes the project when there is none, and waits until its folder exists. True when it was made.
Result<bool> ensure_project(kube::Client& client, const std::string& project,
                            const std::stop_token& stop = {});

struct NewPipeline {
  PipelineName name;
  std::string description;
  std::string jenkinsfile;
  bool replace = false;  ///< one that exists gets this Jenkinsfile; else that is an error
};
/// Returns when the engine has it.
Result<json::value> put_pipeline(kube::Client& client, const NewPipeline& pipeline,
                                 const std::stop_token& stop = {});

struct NewRun {
  PipelineName pipeline;
  std::vector<std::pair<std::string, std::string>> parameters;
};
Result<json::value> create_run(kube::Client& client, const NewRun& run);
/// Waits until the engine has taken it up; gives its build number.
Result<std::string> wait_for_build(kube::Client& client, const json::value& run,
                                   const std::stop_token& stop = {});

/// What a PipelineRun says of itself, for tables.
struct RunRow {
  std::string name;
  std::string id;  ///< build number; empty: not begun
  std::string phase;
  std::string result;  ///< of the build: SUCCESS, ..., or its state while it runs
  std::optional<WallTime> created, started, ended;
  bool finished() const { return ended.has_value(); }
};
/// The runs of a pipeline, newest first.
Result<std::vector<RunRow>> runs_of(kube::Client& client, const PipelineName& pipeline);
/// The one that the user means: a build number, a name, or with an empty text the newest.
Result<RunRow> find_run(kube::Client& client, const PipelineName& pipeline,
                        const std::string& which);

}  // namespace ks::cmd
