#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cmd/up/settings.h"
#include "cmd/view/run_view.h"
#include "engine/model.h"

/// The command line: one file a subcommand, each with one function that declares it. Only wiring
/// and flags live here.

namespace ks::cmd {

/// What every command can rely on; filled before a command runs.
struct Context {
  bool out_is_terminal = false;
  bool color = false;      ///< stdout is a terminal and NO_COLOR is not set.
  std::string kubeconfig;  ///< --kubeconfig, else $KUBECONFIG, else the file that `ks up` wrote.
  std::string output;      ///< --output: "" for people, or "json".
  int exit_code = 0;       ///< What the process ends with.
  std::string program = "ks";          ///< How it was called: what hints tell to type.
  std::vector<std::string> arguments;  ///< Of the command line, without the program.
};

constexpr int kUsageExit = 64;

void add_version(CLI::App& app, Context& context);
void add_groovy(CLI::App& app, Context& context);
void add_fmt(CLI::App& app, Context& context);
void add_lint(CLI::App& app, Context& context);
void add_run(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
void add_lsp(CLI::App& app, Context& context);
void add_agent(CLI::App& app, Context& context);
void add_up(CLI::App& app, Context& context);
void add_down(CLI::App& app, Context& context);
void add_pipeline(CLI::App& app, Context& context);
void add_pipeline_import(CLI::App& pipeline, Context& context);  // of `ks pipeline`
void add_resources(CLI::App& app, Context& context);  // project, credential, template, webhook
void add_store(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

/// Where a run is shown: the live tree on a terminal, the console text in a pipe, nothing with
/// `--output json`.
std::unique_ptr<RunView> view_for(const Context& context);

/// `-o, --output json`.
void add_output(CLI::App& command, Context& context);

/// A flag for each setting, with its default in the help. A wrong value is a usage error.
void add_settings(CLI::App& command, const std::vector<Setting>& settings);

/// Prints `ks: MESSAGE` to stderr (the word red on a terminal) and sets the exit code.
void fail(Context& context, const Error& error, int exit_code = 1);

/// The folder that `ks up` uses when none is named: $KS_DATA_DIR, else $XDG_DATA_HOME/ks, else
/// ~/.local/share/ks.
std::string default_data_dir();

}  // namespace ks::cmd
