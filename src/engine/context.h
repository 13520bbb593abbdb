#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/masker.h"

namespace ks::engine {

class Workspace;

/// What surrounds a step: the environment, the folder, the node. Block steps run their body in a
/// changed copy. Immutable once made, so that parallel branches share it.
struct StepContext {
  std::shared_ptr<const StepContext> outer;
  std::vector<std::pair<std::string, std::string>> env;  ///< set by this level; `PATH+X` prepends
  std::shared_ptr<Workspace> workspace;                  ///< null outside of `node`
  std::string directory;                                 ///< absolute; empty outside of `node`
  uint32_t node_id = 0;                                  ///< the RunNode whose body this is
  uint32_t stage_id = 0;                                 ///< the nearest stage or branch
  std::string stage_name;
  bool in_parallel = false;
  bool timestamps = false;                     ///< each line of the log begins with the time
  std::vector<std::string> secret_names = {};  ///< variables that hold secrets, of all levels
};
using ContextRef = std::shared_ptr<const StepContext>;

}  // namespace ks::engine
