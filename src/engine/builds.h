#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ks::engine {

namespace json = boost::json;

/// What a run may ask for beyond itself: other runs, other jobs, its own job. Jobs go by their full
/// name, `folder/job`. Answers differ each time, so runs journal them.
///
/// Thread-safe; may block while the server starts.
class Builds {
 public:
  virtual ~Builds() = default;

  virtual bool has_job(const std::string& job) const = 0;
  /// Numbers of the job's runs, newest first.
  virtual std::vector<uint64_t> numbers(const std::string& job) const = 0;
  /// {job, number, building, result (null: none yet), displayName, description, startMillis,
  /// durationMillis, causes, values, keepLog}; nothing when there is no such run.
  virtual std::optional<json::object> facts(const std::string& job, uint64_t number) const = 0;

  /// What the run checked out, {key, url, commit, branch, changes} of each repository; none when
  /// there is no such run.
  virtual json::array checkouts(const std::string& job, uint64_t number) const = 0;

  struct Start {
    json::object values;
    std::vector<std::string> causes;
    std::string key;  ///< the same one gives the same run, also after a restart
    std::optional<int64_t> quiet_seconds;
  };
  virtual Result<uint64_t> start(const std::string& job, Start start) = 0;
  enum class Moment : uint8_t { begun, ended };
  /// Calls once that moment of a run has come, from any thread, maybe at once. A run that does not
  /// exist any more has ended.
  virtual void when(const std::string& job, uint64_t number, Moment moment,
                    std::function<void()> call) = 0;
  /// Ends a run early, or keeps one that waits from beginning; `cause` is on its console.
  virtual void cancel(const std::string& job, uint64_t number, const std::string& cause) = 0;

  /// What a Jenkinsfile declares of its job (JobProperties, job_properties.h): replaces what it
  /// declared before.
  virtual Result<> declare(const std::string& job, const json::object& properties) = 0;
};

/// Where there are no jobs and no other runs (`ks run`): nothing is found, nothing starts. A run
/// asks it all the same, so that the journal of a server's run can be replayed without the server.
Builds& no_builds();

/// Full name of the job that a path means, seen from a job: relative to its folder, or from the top
/// when it begins with a slash. Empty when it leads out of everything.
std::string resolve_job(std::string_view from_job, std::string_view path);

/// `folder » job`, as people read it.
std::string shown_job(std::string_view job);

/// A cause as scripts see it: {_class, shortDescription, userId, userName, upstreamProject,
/// upstreamBuild, ...}, read from its console text.
json::object cause_facts(std::string_view text);

/// The cause of a run that another run started, with the causes of that one.
std::string upstream_cause(const std::string& job, uint64_t number,
                           const std::vector<std::string>& causes);

}  // namespace ks::engine
