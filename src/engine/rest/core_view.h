#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "engine/engine.h"

/// Jobs and builds as Jenkins' core API shows them (engine-rest, section 1). `base` is what their
/// addresses begin with: `https://host:port`, or nothing.

namespace ks::engine {

json::object job_json(const JobName& job, const json::array& parameters,
                      const std::vector<uint64_t>& numbers, const std::vector<RunInfo>& latest,
                      const std::string& base);
json::object build_json(const RunInfo& info, const std::string& base, WallTime now);
/// `blue`, `red_anime`, ... of a job whose latest run this is; null: it never ran.
std::string color_of(const RunInfo* latest);
/// `demo » web » feature/x`
std::string shown_name(const JobName& job);
/// `/job/p/job/j/`, of a branch `/job/p/job/j/job/b/`
std::string job_path(const JobName& job);

}  // namespace ks::engine
