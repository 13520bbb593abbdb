#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/node.h"

namespace ks::engine {

struct LocalNodeOptions {
  std::string root;  ///< workspaces lie in ROOT/workspace/JOB, commands' files beside them
  std::string fixed_workspace;  ///< `ks run --workspace`: used as it is instead
  struct Machine {
    std::string name = "built-in";
    std::vector<std::string> labels;
    std::vector<std::pair<std::string, std::string>> env;
    int executors = 2;
  };
  std::vector<Machine> machines = {Machine{}};
  /// argv of the program that runs commands in a process of its own, `ks agent`; empty: they are
  /// processes of this one.
  std::vector<std::string> agent;
};

/// This machine: commands are processes in sessions of their own that outlive us. Their output goes
/// to files, their exit code too, so that a restarted server finds them by their key, reads on
/// where the log ends and misses nothing.
///
/// Growth of a file is told by inotify, the end of a process by a pidfd: nothing polls.
Result<std::unique_ptr<Node>> local_node(LocalNodeOptions options);

}  // namespace ks::engine
