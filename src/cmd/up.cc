#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <memory>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/log_file.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "cmd/follow/run_follower.h"
#include "cmd/up/demo.h"
#include "cmd/up/detach.h"
#include "cmd/up/platform.h"
#include "cmd/up/signals.h"
#include "cmd/view/style.h"
#include "engine/model.h"

namespace ks::cmd {
namespace {

constexpr size_t kMaxConfigBytes = 1u << 20;

struct Flags {
  UpSettings settings;
  std::string config;
  bool no_demo = false;
  bool detach = false;
  bool detached = false;  ///< we are the process in the background
};

/// The file first, then what the command line says.
Result<> read_config(CLI::App& command, Flags& flags) {
  if (flags.config.empty()) return {};
  const std::vector<Setting> settings = settings_of(flags.settings);
  TRY(read_settings(TRY(read_file(flags.config, kMaxConfigBytes)), flags.config, settings));
  for (const Setting& setting : settings) {
    if (setting.flag.empty()) continue;
    const CLI::Option* given = command.get_option(std::string(setting.flag));
    if (given->count() == 0) continue;
    TRY(assign(setting, setting.kind == Setting::Kind::flag ? "true" : given->results().back(),
               setting.flag));
  }
  return {};
}

Result<> check(Flags& flags) {
  if (flags.no_demo) flags.settings.demo = false;
  if (flags.settings.data_dir.empty()) flags.settings.data_dir = default_data_dir();
  TRY(parse_bind(flags.settings.bind));
  if (flags.settings.executors == 0 || flags.settings.executors > 10'000) {
    return Error{Code::invalid, "--executors: must be between 1 and 10000"};
  }
  return {};
}

Result<> set_up_log(const UpSettings& settings) {
  if (settings.log_level == "error")
    set_log_level(LogLevel::error);
  else if (settings.log_level == "warn")
    set_log_level(LogLevel::warn);
  else if (settings.log_level == "info")
    set_log_level(LogLevel::info);
  else if (settings.log_level == "debug")
    set_log_level(LogLevel::debug);
  else
    return Error{Code::invalid, fmt::format("--log-level '{}': must be error, warn, info or debug",
                                            settings.log_level)};
  if (settings.log_format != "text" && settings.log_format != "json") {
    return Error{Code::invalid,
                 fmt::format("--log-format '{}': must be text or json", settings.log_format)};
  }
  set_log_json(settings.log_format == "json");
  return {};
}

/// What people see of a server, in the order in which it happens.
class Console {
 public:
  Console(Context& context, const UpSettings& settings) : context_(context), settings_(settings) {}

  void show_access(const Platform& platform) {
    const std::string& password = platform.new_password();
    if (context_.output == "json") {
      fmt::print("{}\n", to_pretty_json(json::object{{"url", platform.url()},
                                                     {"kubeconfig", platform.kubeconfig_file()},
                                                     {"user", "admin"},
                                                     {"passwordFile", platform.password_file()},
                                                     {"dataDir", settings_.data_dir},
                                                     {"pid", getpid()}}));
      std::fflush(stdout);
      return;
    }
    fmt::print("\n  {} {} is ready after {}\n\n", paint("ks", Ink::bold, context_.color), kVersion,
               human_duration(platform.start_time()));
    row("server", platform.url());
    row("kubeconfig", platform.kubeconfig_file());
    row("user", "admin");
    row("password", password.empty()
                        ? fmt::format("in {}", platform.password_file())
                        : fmt::format("{}   (kept in {})", password, platform.password_file()));
    row("data", settings_.data_dir);
    if (const Result<Address> address = parse_bind(settings_.bind); !is_loopback(*address)) {
      fmt::print(
          "\n  It listens on {}, always with TLS; everyone needs the password or the "
          "kubeconfig's token.\n",
          settings_.bind);
    }
    std::fflush(stdout);
  }

  void show_pipelines(http::Client& client) {
    if (context_.output == "json") return;
    const auto pipelines = list_some_pipelines(client);
    if (!pipelines || pipelines->empty()) return;
    std::string label = "pipelines";
    for (const auto& [name, latest] : *pipelines) {
      row(std::exchange(label, ""), fmt::format("{}  {}", name, latest));
    }
  }

  /// A demo that fails is told of; the server runs all the same.
  void run_demo(http::Client& client, const std::stop_token& stop) {
    if (Result<> ran = try_demo(client, stop); !ran && !stop.stop_requested()) {
      fmt::print("\n  The demo did not run: {}\n", ran.error().message);
    }
  }

  void show_hints(bool detached) {
    if (context_.output == "json") return;
    const std::string stop = detached ? fmt::format("{} down{}", context_.program,
                                                    settings_.data_dir == default_data_dir()
                                                        ? ""
                                                        : " --data-dir " + settings_.data_dir)
                                      : "Ctrl-C";
    fmt::print("\n  Next:  export KUBECONFIG={}/kubeconfig\n", settings_.data_dir);
    fmt::print("         kubectl get pipelineruns -A -w\n");
    fmt::print("         {} pipeline run demo/hello --param name=you\n", context_.program);
    fmt::print("  {} stops the server; everything stays.\n\n", stop);
    std::fflush(stdout);
  }

 private:
  void row(std::string_view name, std::string_view value) {
    fmt::print("  {} {}\n", paint(fmt::format("{:<12}", name), Ink::dim, context_.color), value);
  }

  Result<> try_demo(http::Client& client, const std::stop_token& stop) {
    const Demo demo = TRY(start_demo(client, stop));
    if (context_.output != "json") {
      fmt::print("\n  {} #{} with {}\n\n", paint(demo.pipeline, Ink::bold, context_.color), demo.id,
                 demo.parameters);
      std::fflush(stdout);
    }
    const std::unique_ptr<RunView> view = view_for(context_);
    const jenkins::Run run = TRY(follow_run(client, {.job = demo.job, .id = demo.id}, *view, stop));
    if (context_.output != "json") {
      fmt::print("\n  {} #{} {} in {}\n", paint(demo.pipeline, Ink::bold, context_.color), demo.id,
                 paint(run.result, ink_of(run.result), context_.color),
                 human_duration(std::chrono::milliseconds(run.duration_ms)));
    }
    return {};
  }

  Context& context_;
  const UpSettings& settings_;
};

/// The demo runs once in the life of a data directory, whatever becomes of its pipeline.
bool wants_demo(const UpSettings& settings) {
  return settings.demo && !file_exists(settings.data_dir + "/demo");
}

Result<> serve(Context& context, Flags& flags) {
  const UpSettings& settings = flags.settings;
  const Signals signals;
  TRY(make_dirs(settings.data_dir, 0700));
  const std::unique_ptr<Platform> platform = TRY(Platform::start(settings));
  const PidFile pid_file = TRY(PidFile::write(settings.data_dir));
  Console console(context, settings);
  console.show_access(*platform);
  if (wants_demo(settings)) {
    console.run_demo(platform->client(), signals.stop_token());
    TRY(write_file_atomic(settings.data_dir + "/demo",
                          "the demo ran; remove this to run it again\n"));
  } else {
    console.show_pipelines(platform->client());
  }
  console.show_hints(flags.detached);
  if (flags.detached) tell_ready();
  signals.wait();
  if (!flags.detached && context.output != "json") {
    fmt::print("\n  stopping; runs go on where they are at the next start\n");
    std::fflush(stdout);
  }
  platform->stop();
  return {};
}

Result<std::unique_ptr<LogFile>> open_log(const std::string& data_dir) {
  TRY(make_dirs(data_dir, 0700));
  return LogFile::open(data_dir + "/ks.log", {});
}

void up(CLI::App& command, Context& context, Flags& flags) {
  Result<> right = read_config(command, flags);
  if (right) right = check(flags);
  if (right) right = set_up_log(flags.settings);
  if (!right) return fail(context, right.error(), kUsageExit);
  if (flags.detach) {
    Result<int> code = start_detached(context.arguments, flags.settings.data_dir);
    if (!code) return fail(context, code.error());
    context.exit_code = *code;
    return;
  }
  // People see what is theirs; the log has a file of its own.
  Result<std::unique_ptr<LogFile>> log = open_log(flags.settings.data_dir);
  if (!log) return fail(context, log.error());
  Result<> served = serve(context, flags);
  log->reset();
  if (served) return;
  if (flags.detached) tell_failed(served.error());
  fail(context, served.error());
}

}  // namespace

void add_up(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "up",
      "start a server here: all roles in one process, with a demo pipeline at the first time");
  auto flags = std::make_shared<Flags>();
  flags->settings.data_dir = default_data_dir();
  command->add_option("--config", flags->config, "YAML with the same settings; flags win over it")
      ->check(CLI::ExistingFile);
  command->add_flag("--no-demo", flags->no_demo, "do not make and run the demo pipeline");
  command->add_flag("--detach", flags->detach,
                    "go on in the background once it is ready; `ks down` stops it");
  command->add_flag("--detached", flags->detached)->group("");
  add_output(*command, context);
  add_settings(*command, settings_of(flags->settings));
  command->footer(R"(
It always speaks TLS, with certificates of its own, and lets in only the user `admin`: by the token
in DIR/kubeconfig or the password in DIR/admin-password. The data directory is $KS_DATA_DIR, else
~/.local/share/ks, when --data-dir does not name one.

A configuration file has the settings in sections, each of which can be left out:
  server: {dataDir: /srv/ks, bind: "0.0.0.0:7443", demo: false}
  log:    {level: info, format: text, access: false}
  engine: {executors: 2}
  limits: {operations: 1e9, heap: 256Mi, callDepth: 1000, branches: 10000, string: 64Mi,
           logLine: 1Mi, log: 10Gi, body: 8Mi, object: 1536Ki, jsonDepth: 512, watchers: 10000,
           waitingRuns: 100000, connections: 20000}

Examples:
  ks up
  ks up --detach && ks down
  ks up --data-dir /srv/ks --bind 0.0.0.0:7443 --no-demo
  ks up --bind 127.0.0.1:0 --max-object 1Mi
)");
  command->callback([command, flags, &context] { up(*command, context, *flags); });
}

void add_down(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("down", "stop the server of a data directory");
  auto data_dir = std::make_shared<std::string>(default_data_dir());
  command->add_option("--data-dir", *data_dir, "the folder of the server")->capture_default_str();
  command->footer(R"(
Runs stand still and go on at the next start; commands that run go on meanwhile.

Example:
  ks down
)");
  command->callback([data_dir, &context] {
    const Result<int> pid = stop_server(*data_dir);
    if (!pid) return fail(context, pid.error());
    fmt::print("stopped the server (process {}); the data stays in {}\n", *pid, *data_dir);
  });
}

}  // namespace ks::cmd
