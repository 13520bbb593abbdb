#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "engine/job_properties.h"
#include "engine/run.h"
#include "engine/server/credential_store.h"

namespace ks::engine {

constexpr int64_t kMaxQuietSeconds = 7 * 86400;

/// What a job's config.xml says about running it.
struct JobSettings {
  std::string script;
  json::array parameters;  ///< {type, name, default_value, description}
  json::value scm;         ///< of the repository with the Jenkinsfile; null: it is `script`
  bool one_at_a_time = false;
  bool abort_previous = false;  ///< a new run ends the one under way
  bool disabled = false;
  int64_t quiet_seconds = 0;  ///< a new run waits that long before it begins
  Retention keep = {};        ///< finished runs beyond are removed
  RateLimit rate = {};        ///< of new runs
  bool no_resume = false;     ///< a restart ends the run that is under way
  std::vector<std::pair<std::string, std::string>> env = {};  ///< of all runs: BRANCH_NAME, ...
};
Result<JobSettings> read_settings(const std::string& config_xml);

/// Those settings with what the Jenkinsfile declared of its job.
JobSettings with_declared(JobSettings settings, const JobProperties& declared);

/// The declared parameters as a RunSpec holds them.
json::array declared_parameters(const JobSettings& settings);
/// The given values, and the defaults of those declared but not given; booleans as booleans.
json::object complete_values(const JobSettings& settings, json::object given);

struct Build {
  std::shared_ptr<Run> live;     ///< until it ended and is saved
  std::optional<RunSpec> waits;  ///< for another run of its job
  WallTime queued{};
  WallTime not_before{};  ///< the end of its quiet period
  bool doomed = false;    ///< to be removed at its end

  bool finished() const { return live == nullptr && !waits; }
};

/// A job in memory. Its folder on disk: `config.xml`, `keys` (one `number key` a line), `builds/N`.
struct Job {
  JobName name;
  std::string folder;  ///< on disk
  std::string config;
  JobSettings configured;  ///< by config.xml
  JobProperties declared;  ///< by the Jenkinsfile of the last run
  JobSettings settings;    ///< both
  std::shared_ptr<CredentialStore> credentials;
  std::map<uint64_t, Build> builds;
  std::map<std::string, uint64_t> keys;
  uint64_t next = 1;
  bool doomed = false;

  std::string build_folder(uint64_t number) const {
    return folder + "/builds/" + std::to_string(number);
  }
  bool has_live() const;
};

/// Names of the folders in a folder, in order; none when it does not exist.
std::vector<std::string> subfolders(const std::string& path);
/// A name as a file name, and back.
std::string file_name(std::string_view name);
std::string name_of_file(std::string_view file);

/// Reads the numbers and keys that a job has used.
Result<> load_keys(Job& job);
Result<> append_key(const Job& job, uint64_t number, std::string_view key);

}  // namespace ks::engine
