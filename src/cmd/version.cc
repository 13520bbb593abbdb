#include "base/version.h"

#include <fmt/format.h>

#include "cmd/cmd.h"

namespace ks::cmd {

void add_version(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("version", "print the version");
  add_output(*command, context);
  command->callback([&context] {
    if (context.output == "json") {
      fmt::print("{{\"version\":\"{}\",\"kubernetes\":\"{}\"}}\n", kVersion, kKubernetesVersion);
    } else {
      fmt::print("ks {} (Kubernetes API {})\n", kVersion, kKubernetesVersion);
    }
  });
}

}  // namespace ks::cmd
