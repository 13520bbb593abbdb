#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "engine/engine.h"

/// Jobs and builds as Jenkins' core API shows them (engine-rest, section 1). `base` is what their
/// addresses begin with: `https://host:port`, or nothing.

namespace ks::engine {

/// What is shown of a job beside its runs.
struct JobFacts {
  json::array parameters;
  std::string description;
  bool disabled = false;
  bool concurrent = true;
};
/// `not_found`.
Result<JobFacts> facts_of(const Engine& engine, const JobName& job);
json::object job_json(const JobName& job, const JobFacts& facts,
                      const std::vector<uint64_t>& numbers, const std::vector<RunInfo>& latest,
                      const std::string& base);
/// `next`: the number of the next build; 0 when there is none.
json::object build_json(const RunInfo& info, const std::string& base, WallTime now, uint64_t next);
uint64_t next_build(const Engine& engine, const JobName& job, uint64_t number);
/// The `actions` of a build: its causes, parameters, revisions, tests.
json::array build_actions(const RunInfo& info);
/// `blue`, `red_anime`, ... of a job whose latest run this is; null: it never ran.
std::string color_of(const RunInfo* latest);
/// `demo » web » feature/x`
std::string shown_name(const JobName& job);
/// `/job/p/job/j/`, of a branch `/job/p/job/j/job/b/`
std::string job_path(const JobName& job);

}  // namespace ks::engine
