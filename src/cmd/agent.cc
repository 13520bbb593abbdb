#include <memory>
#include <string>

#include "cmd/cmd.h"
#include "engine/agent.h"

namespace ks::cmd {

void add_agent(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "agent", "own the commands of pipelines on this machine; the server starts it");
  auto folder = std::make_shared<std::string>();
  command->add_option("FOLDER", *folder, "where commands' scripts, output and exit codes lie")
      ->required();
  command->footer(R"(
It outlives the server, so that commands and their output do. It ends when no server is connected
and no command runs.

Example:
  ks agent ~/.local/share/ks/engine/node/commands
)");
  command->callback([folder, &context] {
    if (Result<> served = engine::serve_agent(*folder); !served) fail(context, served.error());
  });
}

}  // namespace ks::cmd
