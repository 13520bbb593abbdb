#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "groovy/interpreter.h"
#include "pipeline/model.h"

/// Runs a Declarative Pipeline: order of sections, `when`, `post`, skipping, matrices
/// (pipeline-language.md sections 3 to 10). All it does to the world it does through a Runtime, in
/// an order that depends on nothing else, so that a replay of the run does the same again.
///
///   // the script calls the step `pipeline(number, closures)`:
///   run_declarative(*pipelines[number], list_items(task, closures), runtime, task);

namespace ks::pipeline {

/// From good to bad.
enum class RunResult : uint8_t { success, unstable, failure, not_built, aborted };

/// Why a stage did not run as it should; the tag STAGE_STATUS of section 10.
enum class StageStatus : uint8_t {
  failed_and_continued,
  skipped_for_failure,
  skipped_for_unstable,
  skipped_for_conditional,
  skipped_for_restart,
};
std::string_view to_string(StageStatus status);

using Body = std::function<groovy::Value(groovy::Task&)>;
using NamedValues = std::vector<std::pair<std::string, groovy::Value>>;

/// A call of a section with its arguments evaluated: an option, trigger or parameter.
struct EvaluatedCall {
  std::string name;
  NamedValues named;
  std::vector<groovy::Value> positional;
};

/// What the pipeline says about its job.
struct JobProperties {
  std::vector<EvaluatedCall> options;  ///< without those that wrap steps
  std::vector<EvaluatedCall> triggers;
  std::vector<EvaluatedCall> parameters;
};

struct Cause {
  std::string class_name;  ///< simple: `UserIdCause`, `TimerTriggerCause`
  std::string user;        ///< of a UserIdCause
};

struct Change {
  std::string message;
  std::vector<std::string> paths;
};

/// `agent { docker ... }` and others that are no plain node: the settings, evaluated; blocks are
/// maps.
struct AgentRequest {
  std::string type;
  NamedValues settings;
};

/// What the engine gives. All of it is called on the fiber of `task`, may suspend, and throws
/// groovy::Thrown.
class Runtime {
 public:
  virtual ~Runtime() = default;

  /// As if the script had called the step. A body makes it a block step; null for none. `parallel`
  /// gets its branches as closures among the named arguments.
  virtual groovy::Value step(groovy::Task&, std::string_view name, NamedValues named,
                             Body body) = 0;
  /// One line on the console.
  virtual void console(groovy::Task&, std::string_view line) = 0;
  /// Prints an exception as the console shows one that ended a run: `ERROR: message`, or class and
  /// trace.
  virtual void report(groovy::Task&, const groovy::Thrown&) = 0;
  /// An environment variable, as a step here would see it.
  virtual std::optional<std::string> env(groovy::Task&, std::string_view name) = 0;

  /// The run's result so far; nothing while none was set.
  virtual std::optional<RunResult> result() = 0;
  /// Makes the result of the run no better than this.
  virtual void worsen(RunResult result) = 0;
  /// What `currentBuild.result` reads while a `post` block runs; nothing ends that.
  virtual void show_result(std::optional<RunResult>) {}
  /// Of the last completed run of this job.
  virtual std::optional<RunResult> previous_result(groovy::Task&) = 0;
  /// FAILURE, or what an interruption carries.
  virtual RunResult result_of(groovy::Task&, const groovy::Thrown&) = 0;

  /// The innermost stage.
  virtual void mark_stage(groovy::Task&, StageStatus) = 0;
  /// The worst that `unstable`, `catchError`, `junit` recorded in the innermost stage.
  virtual RunResult stage_warning(groovy::Task&) { return RunResult::success; }
  /// The innermost stage was made by the pipeline itself: `Declarative: Post Actions` and others.
  virtual void mark_synthetic(groovy::Task&, bool /*before*/) {}

  /// Once, before anything runs. The options, triggers and parameters of the job.
  virtual void apply(groovy::Task&, const JobProperties&) {}
  /// Binds each credential as its type asks (section 6: X, X_USR, X_PSW) and runs the body.
  virtual groovy::Value with_credentials(
      groovy::Task&, std::vector<std::pair<std::string, std::string>> variable_and_id,
      Body body) = 0;
  /// docker, dockerfile, kubernetes.
  virtual groovy::Value with_agent(groovy::Task&, const AgentRequest& request, Body body) = 0;
  /// `NAME=value` for a tool; installs it when needed.
  virtual std::vector<std::string> tool_environment(groovy::Task&, std::string_view type,
                                                    std::string_view version) = 0;

  /// Whether the Jenkinsfile came from a repository: an agent then checks it out.
  virtual bool has_scm() { return false; }
  /// Gives the variables of the checkout, `GIT_COMMIT=...`.
  virtual std::vector<std::string> checkout(groovy::Task&) { return {}; }
  virtual std::vector<Cause> causes() { return {}; }
  virtual std::vector<Change> changes() { return {}; }
  /// The stage that a restarted run begins at.
  virtual std::optional<std::string> restart_stage() { return std::nullopt; }
};

/// Runs the pipeline to its end. Throws its first error at the very end, when all was cleaned up.
void run_declarative(const Pipeline& pipeline, std::vector<groovy::Value> closures,
                     Runtime& runtime, groovy::Task& task);

}  // namespace ks::pipeline
