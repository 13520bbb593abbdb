#include <memory>
#include <string>

#include "cmd/cmd.h"
#include "groovy/run_file.h"

namespace ks::cmd {

void add_groovy(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("groovy", "run a plain Groovy script");
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "the script")->required()->check(CLI::ExistingFile);
  command->footer(R"(
Exit code: 0, or 1 when it does not compile or an exception is not caught.

Examples:
  ks groovy hello.groovy
)");
  command->callback([file, &context] { context.exit_code = groovy::groovy_main(*file); });
}

}  // namespace ks::cmd
