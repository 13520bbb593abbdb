#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/sonar.h"

namespace ks::engine {

/// The analyses that a run sent to SonarQube, kept beside its artifacts: what its build says of
/// them later. `files_folder` is RunFiles::artifacts. Adding one that is there already does
/// nothing.
Result<> record_sonar_task(const std::string& files_folder, const SonarTask& task);
/// Empty when there were none.
std::vector<SonarTask> sonar_tasks(const std::string& files_folder);

}  // namespace ks::engine
