#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/model.h"
#include "jenkins/types.h"

namespace ks::cmd {

/// A stage or branch as the tree on a terminal shows it.
struct Stage {
  enum class State : uint8_t { waiting, running, paused, finished, skipped };
  std::string name;
  int depth = 0;
  State state = State::running;
  std::string result;  ///< of a finished one: SUCCESS, FAILURE, ...
  std::chrono::milliseconds took{0};
};
using Stages = std::vector<Stage>;

/// From what the engine says of a run in this process. Stages that Declarative adds by itself
/// (checkout, tools, post) are left out.
Stages stages_of(const std::vector<engine::RunNode>& nodes, WallTime now);
/// From what the server says.
Stages stages_of(const std::vector<jenkins::Node>& nodes);

}  // namespace ks::cmd
