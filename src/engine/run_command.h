#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/node.h"
#include "engine/step.h"

namespace ks::engine {

/// A command of a step, and what the journal calls it.
struct CommandRequest {
  std::string what;    ///< `sh`, `git`: a replay that waits for another thing stops
  std::string script;  ///< of `sh`; a first line with `#!` names another interpreter
  std::string folder;  ///< absolute; made when it is missing
  std::vector<std::pair<std::string, std::string>> env;
  bool keep_stdout = false;  ///< standard output is the result, not the log
};

/// Runs a command to its end on a workspace; {exit, stdout}. What it printed is in the log; after a
/// restart it is picked up where it is, never begun again. Throws hudson.AbortException when it
/// could not be run, AgentOfflineException when its node has no agent any more.
json::object run_command(Run& run, groovy::Task& task, const std::shared_ptr<Workspace>& workspace,
                         CommandRequest request);

/// Throws what Jenkins throws when the agent of a block is gone: `retry(conditions: [agent()])`
/// tries again after it.
[[noreturn]] void raise_agent_offline(Run& run, groovy::Task& task, std::string_view message);

/// The environment of a command in a context: what the agent has for itself, then the run's own.
std::vector<std::pair<std::string, std::string>> command_env(const Run& run,
                                                             const StepContext* context);

}  // namespace ks::engine
