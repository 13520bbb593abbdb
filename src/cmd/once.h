#pragma once

#include "cmd/cmd.h"
#include "engine/run_once.h"

/// What `ks run` and `ks replay` share: a run here and now, without a server.

namespace ks::cmd {

struct OnceFlags {
  std::vector<std::string> nodes, tools, inputs, trace_out;
  std::string workspace, credentials, result_json, keep;
  bool trace = false;
  engine::RunLimits limits;
};

void add_once_flags(CLI::App& command, Context& context, OnceFlags& flags);
Result<> read_once_flags(const OnceFlags& flags, engine::OnceOptions& options);

/// Runs, shows it, writes what the flags ask for, and sets the exit code.
void show_once(Context& context, const OnceFlags& flags, const std::string& name,
               engine::OnceOptions options);

}  // namespace ks::cmd
