#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/jenkinsfile/trace.h"
#include "cmd/once.h"
#include "cmd/pipelines/cluster.h"
#include "cmd/pipelines/connection.h"
#include "cmd/up/settings.h"
#include "cmd/view/style.h"
#include "engine/git_source.h"
#include "engine/run_once.h"

namespace ks::cmd {
namespace {

struct Flags : OnceFlags {
  std::string file;
  std::vector<std::string> parameters, env, libraries;
  std::string scm, scm_credential;
};

/// `NAME labels=a,b env:K=V executors=2`
Result<engine::LocalNodeOptions::Machine> parse_node(const std::string& text) {
  engine::LocalNodeOptions::Machine machine;
  machine.executors = 16;
  bool named = false;
  for (std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (word.starts_with("labels=")) {
      for (std::string_view label : split(word.substr(7), ',')) machine.labels.emplace_back(label);
    } else if (word.starts_with("env:")) {
      machine.env.push_back(TRY(split_pair(std::string(word.substr(4)), "--node env:")));
    } else if (!named && word.find('=') == word.npos) {
      machine.name = word;
      named = true;
    } else {
      return Error{
          Code::invalid,
          fmt::format("--node '{}': '{}' is none of NAME, labels=a,b, env:K=V", text, word)};
    }
  }
  if (!named) return Error{Code::invalid, fmt::format("--node '{}': a node needs a name", text)};
  return machine;
}

/// `NAME=TYPE:HOME`
Result<engine::Tool> parse_tool(const std::string& text) {
  auto [name, rest] = TRY(split_pair(text, "--tool"));
  const size_t colon = rest.find(':');
  if (colon == rest.npos || colon == 0 || colon + 1 == rest.size()) {
    return Error{
        Code::invalid,
        fmt::format("--tool '{}': expected NAME=TYPE:HOME, as 3.9=maven:/opt/maven", text)};
  }
  return engine::Tool{name, rest.substr(0, colon), rest.substr(colon + 1)};
}

/// `ID=ok` or `ID=abort`, then `,K=V...`
Result<std::pair<std::string, engine::InputAnswer>> parse_input(const std::string& text) {
  auto [id, rest] = TRY(split_pair(text, "--input"));
  const auto words = split(rest, ',');
  if (words.empty() || (words[0] != "ok" && words[0] != "abort")) {
    return Error{
        Code::invalid,
        fmt::format("--input '{}': expected ID=ok or ID=abort, then ,K=V for parameters", text)};
  }
  boost::json::object values;
  for (size_t i = 1; i < words.size(); i++) {
    auto [name, value] = TRY(split_pair(std::string(words[i]), "--input"));
    values[name] = value;
  }
  return std::pair{
      id, engine::InputAnswer{
              .proceed = words[0] == "ok", .by = "ks run", .parameters_json = to_json(values)}};
}

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

/// `checkout scm`: what --scm names, or the repository that the Jenkinsfile lies in.
Result<> read_scm(const Flags& flags, engine::OnceOptions& options) {
  options.trusted_folder = std::filesystem::path(absolute(flags.file)).parent_path().string();
  if (flags.scm == "none") return {};
  const auto around = engine::enclosing_repository(flags.file);
  if (around) options.trusted_folder = around->folder;
  if (flags.scm.empty()) {
    if (!around) return {};
    options.scm = engine::git_description(around->folder, around->branch, {});
    // As much as asking for it: a Declarative Pipeline does not begin with it by itself.
    options.scm.as_object()["explicitOnly"] = true;
    return {};
  }
  Result<engine::LibraryConfig> parsed = engine::parse_library("scm=" + flags.scm);
  if (!parsed) return std::move(parsed).error().in("--scm");
  std::string url = parsed->source;
  if (engine::is_local_url(url)) url = absolute(url);
  std::string branch = parsed->default_version;
  if (const auto there = engine::enclosing_repository(url + "/.git"); there && branch.empty())
    branch = there->branch;
  options.scm = engine::git_description(url, branch, flags.scm_credential);
  return {};
}

Result<engine::OnceOptions> read_flags(const Flags& flags) {
  engine::OnceOptions options;
  options.script = TRY(read_file(flags.file, 16u << 20));
  for (const std::string& text : flags.parameters)
    options.parameters.insert(TRY(split_pair(text, "--param")));
  for (const std::string& text : flags.env) options.env.push_back(TRY(split_pair(text, "--env")));
  TRY(read_once_flags(flags, options));
  for (const std::string& text : flags.libraries) {
    Result<engine::LibraryConfig> library = engine::parse_library(text);
    if (!library) return std::move(library).error().in("--library");
    if (engine::is_local_url(library->source)) library->source = absolute(library->source);
    options.libraries.push_back(std::move(*library));
  }
  TRY(read_scm(flags, options));
  if (!flags.workspace.empty()) {
    options.workspace = absolute(flags.workspace);
    TRY(make_dirs(options.workspace));
  }
  return options;
}

/// Asks on the terminal, when there is one.
std::optional<engine::InputAnswer> ask(const engine::PendingInput& input) {
  if (isatty(STDIN_FILENO) == 0) return std::nullopt;
  fmt::print(stderr, "{} [y/N] ", input.message);
  char line[256];
  if (std::fgets(line, sizeof line, stdin) == nullptr) return std::nullopt;
  return engine::InputAnswer{
      .proceed = line[0] == 'y' || line[0] == 'Y', .by = "ks run", .parameters_json = {}};
}

Result<> write_report(const std::string& file, const json::value& report) {
  return write_file_atomic(file, to_pretty_json(report) + "\n");
}

/// The name of the folder that the Jenkinsfile is in.
std::string name_of(const std::string& file) {
  std::error_code error;
  const std::string name = std::filesystem::absolute(file, error).parent_path().filename().string();
  return name.empty() ? "run" : name;
}

}  // namespace

Result<> read_once_flags(const OnceFlags& flags, engine::OnceOptions& options) {
  options.connect_cluster = connect_cluster;
  for (const std::string& text : flags.nodes) options.machines.push_back(TRY(parse_node(text)));
  for (const std::string& text : flags.tools) options.tools.push_back(TRY(parse_tool(text)));
  for (const std::string& text : flags.inputs) options.inputs.insert(TRY(parse_input(text)));
  if (!flags.credentials.empty())
    options.credentials_yaml = TRY(read_file(flags.credentials, 16u << 20));
  if (!flags.keep.empty()) {
    TRY(make_dirs(flags.keep, 0700));
    std::error_code error;
    options.keep = std::filesystem::absolute(flags.keep, error).string();
  }
  return {};
}

void show_once(Context& context, const OnceFlags& flags, const std::string& name,
               engine::OnceOptions options) {
  const std::unique_ptr<RunView> view = view_for(context);
  options.console = [&view](std::string_view text) { view->write(text); };
  if (view->wants_stages()) {
    options.changed = [&view](const engine::Run& run) {
      view->show(stages_of(run.nodes(), system_clock().now()));
    };
  }
  options.ask = ask;
  options.limits = flags.limits;
  const Result<engine::OnceResult> done = engine::run_once(std::move(options));
  if (!done) return fail(context, done.error(), kUsageExit);
  view->end();
  if (context.output == "json") fmt::print("{}\n", to_pretty_json(done->report));
  context.exit_code = engine::exit_code_of(done->result);
  const Traced traced{.name = name,
                      .result = done->result,
                      .started = done->started,
                      .ended = done->ended,
                      .nodes = done->nodes};
  // Stdout is the console text, as it would be without this.
  if (flags.trace) {
    const bool color = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
    fmt::print(stderr, "\n{}", trace_tree(traced, color));
  }
  for (const std::string& text : flags.trace_out) {
    if (Result<> written = write_trace(trace_file(text), traced); !written)
      fail(context, written.error());
  }
  if (flags.result_json.empty()) return;
  if (Result<> written = write_report(flags.result_json, done->report); !written) {
    fail(context, written.error());
  }
}

namespace {

void run(Context& context, const Flags& flags) {
  Result<engine::OnceOptions> options = read_flags(flags);
  if (!options) return fail(context, options.error(), kUsageExit);
  show_once(context, flags, name_of(flags.file), std::move(*options));
}

void add_many(CLI::App& command, const char* flag, std::vector<std::string>& values,
              const char* help) {
  command.add_option(flag, values, help)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

void add_once_flags(CLI::App& command, Context& context, OnceFlags& flags) {
  add_many(command, "--node", flags.nodes,
           "'NAME labels=a,b env:K=V', a node; default: one that takes every label-less step");
  command
      .add_option("--credential", flags.credentials,
                  "YAML of Kubernetes Secrets of the credential types")
      ->check(CLI::ExistingFile);
  add_many(command, "--tool", flags.tools,
           "NAME=TYPE:HOME, an installed tool: 3.9=maven:/opt/maven");
  add_many(command, "--input", flags.inputs, "ID=ok|abort[,K=V...], the answer to an `input` step");
  command.add_option("--result-json", flags.result_json, "write the outcome there, for machines");
  command.add_option("--keep", flags.keep,
                     "folder where the run stays, with its workspace, for `ks replay`");
  command.add_flag("--trace", flags.trace,
                   "at the end, when each stage and step began and how long it took (stderr)");
  add_many(command, "--trace-out", flags.trace_out,
           "[otlp:|chrome:]FILE, write that as OpenTelemetry JSON or for Chrome and Perfetto");
  add_output(command, context);
  add_settings(command, settings_of(flags.limits));
}

void add_run(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("run", "run one Jenkinsfile here and now, no server");
  auto flags = std::make_shared<Flags>();
  command->add_option("JENKINSFILE", flags->file, "the pipeline to run")
      ->required()
      ->check(CLI::ExistingFile);
  add_many(*command, "--param", flags->parameters, "K=V, a parameter of the run");
  add_many(*command, "--env", flags->env, "K=V, more environment for all steps");
  command->add_option("--workspace", flags->workspace,
                      "folder of `node` blocks; default: one that is removed at the end");
  add_many(*command, "--library", flags->libraries,
           "NAME=GIT_URL_OR_DIR[@VERSION], a shared library");
  command->add_option(
      "--scm", flags->scm,
      "GIT_URL_OR_DIR[@BRANCH] for `checkout scm`, or none; default: the repository "
      "that the Jenkinsfile lies in");
  command->add_option("--scm-credential", flags->scm_credential, "id of the credential for --scm");
  add_once_flags(*command, context, *flags);
  command->footer(R"(
Exit code: 0 SUCCESS, 1 FAILURE, 2 UNSTABLE, 3 ABORTED, 4 NOT_BUILT, 64 usage.

Examples:
  ks run Jenkinsfile
  ks run Jenkinsfile --param name=ada --param debug=true
  ks run Jenkinsfile --node 'big labels=linux,big env:CC=clang' --workspace /tmp/work
  ks run Jenkinsfile --credential secrets.yaml --input Release=ok,VERSION=1.2 --result-json result.json
  ks run Jenkinsfile --trace --trace-out chrome:trace.json
)");
  command->callback([flags, &context] { run(context, *flags); });
}

}  // namespace ks::cmd
