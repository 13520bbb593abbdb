#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "cmd/cmd.h"

namespace ks::cmd {

void fail(Context& context, const Error& error, int exit_code) {
  const bool color = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  fmt::print(stderr, "{}: {}\n", color ? "\033[31mks\033[0m" : "ks", error.message);
  context.exit_code = exit_code;
}

std::string default_data_dir() {
  auto variable = [](const char* name) {
    return std::string(std::getenv(name) ? std::getenv(name) : "");
  };
  if (std::string dir = variable("KS_DATA_DIR"); !dir.empty()) return dir;
  if (std::string dir = variable("XDG_DATA_HOME"); !dir.empty()) return dir + "/ks";
  return variable("HOME") + "/.local/share/ks";
}

namespace {

constexpr std::string_view kExamples = R"(
Examples:
  ks up                                start a server here, with a demo pipeline
  ks run Jenkinsfile --param name=ada  run one Jenkinsfile here and now, no server
  ks lint Jenkinsfile                  all errors of a Jenkinsfile, with line and column
  ks pipeline run demo/hello           start a run on the server and follow it
)";

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Context context;
  context.out_is_terminal = isatty(STDOUT_FILENO) != 0;
  context.color = context.out_is_terminal && std::getenv("NO_COLOR") == nullptr;

  CLI::App app("KubeSphere DevOps as one binary: pipelines, their API and their controllers", "ks");
  app.require_subcommand(1);
  app.footer(std::string(kExamples));
  app.set_help_flag("-h,--help", "print this help");
  add_run(app, context);
  add_agent(app, context);
  add_lint(app, context);
  add_groovy(app, context);
  add_completion(app, context);
  add_version(app, context);
  if (argc <= 1) {
    fmt::print("{}", app.help());
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : kUsageExit;
  }
  return context.exit_code;
}

}  // namespace
}  // namespace ks::cmd

int main(int argc, char** argv) { return ks::cmd::run(argc, argv); }
