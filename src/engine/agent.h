#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/commands.h"

namespace ks::engine {

/// The process that owns the commands of a machine: `ks agent`. It listens on `FOLDER/agent.sock`,
/// writes `ready` and a line end to standard output once it does, and returns when nobody is
/// connected and no command runs. Only one at a time serves a folder; another one returns at once,
/// with `conflict`.
///
/// All that it knows lies in the folder, so an agent that was killed is replaced by the next one.
Result<> serve_agent(const std::string& folder);

/// Commands in an agent's process. It is started at the first command, connected to when one lives
/// already, and started again when it was killed: each command goes on at the offset where its
/// output was read to.
///
/// `program`: argv of the agent; the folder is appended.
std::unique_ptr<CommandRunner> agent_commands(std::vector<std::string> program, std::string folder);

}  // namespace ks::engine
