#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/cluster.h"
#include "engine/library_config.h"
#include "engine/local_node.h"
#include "engine/run.h"

namespace ks::engine {

/// What `ks run` was asked: one Jenkinsfile, here and now, without a server.
struct OnceOptions {
  std::string script;
  std::string job = "run";
  std::map<std::string, std::string>
      parameters;  ///< --param: values for declared parameters, and new ones
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<LibraryConfig> libraries;
  /// The repository behind the Jenkinsfile, by read_git_spec(); null for none. With a `scriptPath`
  /// the script is read from there.
  json::value scm;
  json::array earlier_checkouts;  ///< of builds before, newest first: OnceResult::checkouts
  std::string trusted_folder;     ///< where `readTrusted` reads; empty: from `scm`
  std::string workspace;          ///< empty: a folder that is removed at the end
  std::vector<LocalNodeOptions::Machine> machines;
  std::vector<Tool> tools;  ///< --tool
  std::string credentials_yaml;
  std::map<std::string, InputAnswer>
      inputs;  ///< by id; an input without an answer here is asked on the terminal or refused
  std::function<std::optional<InputAnswer>(const PendingInput&)> ask;
  std::function<void(std::string_view)> console;
  std::function<void(const Run&)> changed;   ///< a stage or the run did; on a thread of the run
  ConnectCluster connect_cluster = nullptr;  ///< of kubernetesDeploy
  RunLimits limits;
  /// Folder where journal, log, files and workspaces of the run stay; empty: nothing is kept,
  /// and nobody can resume it.
  std::string keep = {};
  json::object values = {};  ///< parameters that are more than text
  bool resume = false;       ///< a run in `keep` goes on: script, parameters and others are its own
  uint64_t number = 1;
  std::vector<std::string> causes = {};                       ///< `Started by user ada`
  std::optional<BuildResult> previous_result = std::nullopt;  ///< what the run before had
  std::function<void(bool written)> recording = nullptr;      ///< as that of RunServices
};

struct OnceResult {
  BuildResult result = BuildResult::failure;
  json::value report;  ///< what --result-json writes
  WallTime started{};
  WallTime ended{};
  std::vector<RunNode> nodes;  ///< in the order of starting
  json::array checkouts;       ///< what it checked out: {key, url, commit, branch, changes}
};

/// Runs to the end. An error is one of the options; a failing script is a result.
Result<OnceResult> run_once(OnceOptions options);

/// 0 SUCCESS, 1 FAILURE, 2 UNSTABLE, 3 ABORTED, 4 NOT_BUILT.
int exit_code_of(BuildResult result);

}  // namespace ks::engine
