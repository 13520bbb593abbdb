#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/run.h"
#include "groovy/interpreter.h"

/// Steps: one table of what they are called and take, one function each.

namespace ks::engine {

struct StepInfo;

/// One call of a step, its arguments by name.
class StepCall {
 public:
  StepCall(Run& the_run, groovy::Task& the_task, const StepInfo& step)
      : run(the_run), task(the_task), info(step) {}

  Run& run;
  groovy::Task& task;
  const StepInfo& info;
  uint32_t node = 0;
  std::map<std::string, groovy::Value, std::less<>> arguments;
  groovy::Value body;  ///< the closure of a block step; null when there is none
  std::function<groovy::Value(groovy::Task&)>
      native_body;                        ///< instead of a closure: Declarative's executor
  std::vector<std::string> interpolated;  ///< variables with secrets that are in its arguments
  bool has_body() const { return native_body || !body.is_null(); }

  bool has(std::string_view name) const { return arguments.contains(name); }
  groovy::Value value(std::string_view name) const;
  /// As text, by Groovy's toString.
  std::string text(std::string_view name, std::string_view otherwise = {}) const;
  bool flag(std::string_view name, bool otherwise = false) const;
  int64_t number(std::string_view name, int64_t otherwise = 0) const;

  ContextRef context() const { return run.context(task); }
  Workspace& workspace() const { return *context()->workspace; }
  const std::string& directory() const { return context()->directory; }
  /// Runs the body in a context that `change` made of the present one.
  groovy::Value call_body(const std::function<void(StepContext&)>& change = nullptr,
                          groovy::Args args = {});
  /// The same without console lines, for steps that print their own.
  groovy::Value call_body_in(ContextRef inner, groovy::Args args = {});
  [[noreturn]] void fail(std::string_view message) { run.fail(task, message); }
  groovy::Value string(std::string_view text) const { return run.interpreter().make_string(text); }
};

using StepFunction = groovy::Value (*)(StepCall& call);

enum class Needs : uint8_t { nothing, node };

struct StepInfo {
  std::string_view name;
  std::vector<std::string_view> parameters;  ///< all known ones
  std::string_view sole;  ///< may be passed unnamed; required when the step has one
  bool block = false;
  Needs needs = Needs::nothing;
  StepFunction function = nullptr;
  bool quiet = false;   ///< prints its own console lines instead of `[Pipeline] name`
  bool symbol = false;  ///< describes something for a step; no step of its own
};

/// All steps by name. Build it, then share it.
class StepRegistry {
 public:
  void add(StepInfo info);
  /// A step, or else a symbol.
  const StepInfo* find(std::string_view name) const;
  const StepInfo* find_symbol(std::string_view name) const;
  /// Names of steps, or of symbols.
  std::vector<std::string> names(bool symbols = false) const;

 private:
  using Infos = std::map<std::string, StepInfo, std::less<>>;
  Infos steps_, symbols_;  // a name may be both: `zip`
};

/// Those that this program has.
const StepRegistry& builtin_steps();

// One function a family; each adds its steps.
void add_basic_steps(StepRegistry& registry);    // echo, error, sleep, timeout, retry, ...
void add_block_steps(StepRegistry& registry);    // node, stage, dir, withEnv, parallel, ...
void add_shell_steps(StepRegistry& registry);    // sh
void add_scm_steps(StepRegistry& registry);      // git, checkout, resolveScm, readTrusted, ...
void add_library_steps(StepRegistry& registry);  // library, libraryResource, load
void add_file_steps(StepRegistry& registry);     // readFile, writeFile, stash, ...
void add_result_steps(
    StepRegistry& registry);  // archiveArtifacts, junit, unstable, catchError, ...
void add_credential_steps(StepRegistry& registry);   // withCredentials
void add_symbols(StepRegistry& registry);            // string(...), logRotator(...), ...
void add_declarative_steps(StepRegistry& registry);  // validateDeclarativePipeline
void add_build_steps(StepRegistry& registry);        // build, properties
void add_tool_steps(StepRegistry& registry);         // tool
void add_input_steps(StepRegistry& registry);        // input
void add_json_yaml_steps(StepRegistry& registry);    // readJSON, writeJSON, readYaml, writeYaml
void add_property_steps(StepRegistry& registry);     // readProperties, readManifest
void add_toml_steps(StepRegistry& registry);         // readTOML, writeTOML
void add_csv_steps(StepRegistry& registry);          // readCSV, writeCSV
void add_maven_steps(StepRegistry& registry);        // readMavenPom, writeMavenPom
void add_archive_steps(StepRegistry& registry);      // zip, unzip, tar, untar
void add_find_steps(StepRegistry& registry);         // findFiles, touch, nodesByLabel, cleanWs, ...
void add_digest_steps(StepRegistry& registry);       // md5, sha1, sha256, verify*, fingerprint
void add_locking_steps(StepRegistry& registry);      // lock, milestone
void add_log_blocks(StepRegistry& registry);         // timestamps, ansiColor
void add_mail_steps(StepRegistry& registry);         // mail, emailext
void add_publish_steps(StepRegistry& registry);      // publishHTML
void add_delegate_steps(StepRegistry& registry);     // step, wrap
void add_config_file_steps(StepRegistry& registry);  // configFileProvider
void add_sonar_steps(StepRegistry& registry);        // withSonarQubeEnv, waitForQualityGate
void add_kubernetes_steps(StepRegistry& registry);   // kubernetesDeploy, withKubeConfig
void add_ssh_agent_steps(StepRegistry& registry);    // sshagent

/// The result that an exception means: an interruption carries its own, everything else is a
/// failure.
BuildResult result_of(groovy::Task& task, const groovy::Thrown& thrown);

/// The `parallel` step's work: branches with their console lines and places in the tree below node
/// `block`. The first failure in order of completion is thrown once all have ended.
groovy::Value run_branches(Run& run, groovy::Task& task, uint32_t block,
                           std::vector<Run::Branch> branches, bool fail_fast);

/// JSON to Groovy values and back; what has no JSON form becomes its text.
groovy::Value to_groovy(groovy::Interpreter& interpreter, const json::value& value);
json::value from_groovy(groovy::Task& task, const groovy::Value& value);

}  // namespace ks::engine
