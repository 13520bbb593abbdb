#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "cmd/cmd.h"

namespace ks::cmd {

void fail(Context& context, const Error& error, int exit_code) {
  const bool color = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  fmt::print(stderr, "{}: {}\n", color ? "\033[31mks\033[0m" : "ks", error.message);
  context.exit_code = exit_code;
}

std::unique_ptr<RunView> view_for(const Context& context) {
  if (context.output == "json") return silent_view();
  if (!context.out_is_terminal) return plain_view(STDOUT_FILENO);
  auto names_utf8 = [](const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && std::string_view(to_lower(value)).contains("utf");
  };
  const bool utf8 = names_utf8("LC_ALL") || names_utf8("LC_CTYPE") || names_utf8("LANG");
  return terminal_view({.fd = STDOUT_FILENO, .color = context.color, .utf8 = utf8});
}

void add_output(CLI::App& command, Context& context) {
  command.add_option("-o,--output", context.output, "json for machines")
      ->check(CLI::IsMember({"json"}));
}

void add_settings(CLI::App& command, const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    if (setting.flag.empty()) continue;
    const std::string flag(setting.flag);
    if (setting.kind == Setting::Kind::flag) {
      command.add_flag(flag, *std::get<bool*>(setting.target), std::string(setting.help));
      continue;
    }
    auto take = [setting](const std::string& value) {
      if (Result<> assigned = assign(setting, value, setting.flag); !assigned) {
        throw CLI::ValidationError(assigned.error().message);
      }
    };
    CLI::Option* option = command.add_option_function<std::string>(
        flag, take, fmt::format("{} [{}]", setting.help, setting.shown_default));
    option->type_name(setting.kind == Setting::Kind::text    ? "TEXT"
                      : setting.kind == Setting::Kind::count ? "COUNT"
                                                             : "SIZE");
  }
}

std::string default_data_dir() {
  auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (std::string dir = variable("KS_DATA_DIR"); !dir.empty()) return dir;
  if (std::string dir = variable("XDG_DATA_HOME"); !dir.empty()) return dir + "/ks";
  return variable("HOME") + "/.local/share/ks";
}

namespace {

/// $KUBECONFIG may name several files: the first that exists.
std::string default_kubeconfig() {
  const char* variable = std::getenv("KUBECONFIG");
  for (std::string_view file : split(variable == nullptr ? "" : variable, ':')) {
    if (!file.empty() && file_exists(std::string(file))) return std::string(file);
  }
  return default_data_dir() + "/kubeconfig";
}

constexpr std::string_view kExamples = R"(
Examples:
  ks up                                start a server here, with a demo pipeline
  ks run Jenkinsfile --param name=ada  run one Jenkinsfile here and now, no server
  ks lint Jenkinsfile                  all errors of a Jenkinsfile, with line and column
  ks pipeline run demo/hello           start a run on the server and follow it
)";

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // A limit on file sizes is an error of the write, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
  Context context;
  context.out_is_terminal = isatty(STDOUT_FILENO) != 0;
  context.color = context.out_is_terminal && std::getenv("NO_COLOR") == nullptr;

  context.kubeconfig = default_kubeconfig();
  if (argc > 0) {
    context.program = argv[0];
    context.arguments.assign(argv + 1, argv + argc);
  }

  CLI::App app("KubeSphere DevOps as one binary: pipelines, their API and their controllers", "ks");
  app.require_subcommand(1);
  app.footer(std::string(kExamples));
  app.set_help_flag("-h,--help", "print this help");
  add_up(app, context);
  add_down(app, context);
  add_run(app, context);
  add_replay(app, context);
  add_agent(app, context);
  add_lint(app, context);
  add_fmt(app, context);
  add_lsp(app, context);
  add_groovy(app, context);
  add_pipeline(app, context);
  add_resources(app, context);
  add_store(app, context);
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
