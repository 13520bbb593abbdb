#include "engine/run_once.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "engine/credentials.h"
#include "engine/locks.h"
#include "engine/loop.h"
#include "engine/report.h"
#include "engine/step.h"

namespace ks::engine {

int exit_code_of(BuildResult result) {
  switch (result) {
    case BuildResult::success: return 0;
    case BuildResult::failure: return 1;
    case BuildResult::unstable: return 2;
    case BuildResult::aborted: return 3;
    case BuildResult::not_built: return 4;
  }
  return 1;
}

Result<OnceResult> run_once(OnceOptions options) {
  TempDir folder;
  std::shared_ptr<CredentialSource> credentials;
  if (!options.credentials_yaml.empty())
    credentials = TRY(credentials_from_yaml(options.credentials_yaml));
  const std::string kept = options.keep.empty() ? folder.path() : options.keep;
  LocalNodeOptions node_options{
      .root = kept, .fixed_workspace = options.workspace, .machines = std::move(options.machines)};
  if (node_options.machines.empty())
    node_options.machines = {{.name = "built-in", .labels = {}, .env = {}, .executors = 16}};
  const std::unique_ptr<Node> node = TRY(local_node(std::move(node_options)));
  Loop loop, background;
  // What the run held before it was interrupted comes first.
  const bool resumed = options.resume && TRY(Journal::has_begun(kept + "/journal"));
  if (resumed) node->hold_back(true);
  LockTable locks;

  RunSpec spec;
  spec.job = options.job;
  spec.script = options.script;
  spec.env = options.env;
  spec.number = options.number;
  spec.causes = options.causes;
  spec.values = options.values;
  spec.scm = options.scm;
  for (const LibraryConfig& library : options.libraries)
    spec.libraries.push_back(library_to_json(library));
  for (const auto& [name, value] : options.parameters) spec.values[name] = value;

  RunServices services;
  services.steps = &builtin_steps();
  services.credentials = credentials.get();
  services.node = node.get();
  services.tools = options.tools;
  services.clock = &system_clock();
  services.post = [&loop](std::function<void()> work) { loop.post(std::move(work)); };
  services.timer = [&loop](std::chrono::milliseconds after, std::function<void()> work) {
    return loop.timer(after, std::move(work));
  };
  services.recording = options.recording;
  services.previous_result = [&options](const RunSpec&) { return options.previous_result; };
  services.locks = &locks;
  services.connect_cluster = options.connect_cluster;
  services.background = [&background](std::function<void()> work) {
    background.post(std::move(work));
  };
  services.previous_checkout = [&options](const RunSpec&, const std::string& key) -> json::value {
    for (const json::value& earlier : options.earlier_checkouts) {
      if (text_at(earlier, {"key"}) == key) return {{"commit", text_at(earlier, {"commit"})}};
    }
    return nullptr;
  };
  services.local_repositories = true;
  services.trusted_folder = options.trusted_folder;
  if (!options.workspace.empty() && file_exists(options.workspace + "/.git"))
    services.kept_repository = options.workspace;
  if (options.changed) {
    services.node_changed = [&options](const Run& changed, const RunNode& which) {
      if (which.kind != NodeKind::step) options.changed(changed);
    };
  }
  // Answers come from the flags, or from who sits at the terminal; nobody else can give one.
  services.state_changed = [&options, &loop](const Run& changed) {
    if (options.changed) options.changed(changed);
    for (const PendingInput& input : changed.inputs()) {
      auto run = const_cast<Run&>(changed).shared_from_this();
      loop.post([&options, run, input] {
        const auto given = options.inputs.find(input.id);
        std::optional<InputAnswer> answer;
        if (given != options.inputs.end()) answer = given->second;
        if (!answer && options.ask) answer = options.ask(input);
        if (!answer)
          answer = InputAnswer{.proceed = false,
                               .by = "ks run: no --input " + input.id + "=... was given",
                               .parameters_json = {}};
        (void)run->answer(input.id, std::move(*answer));
      });
    }
  };
  // What the run printed before it goes on.
  services.replayed = [&options, &kept, &node](const Run&) {
    node->hold_back(false);
    if (!options.resume || !options.console) return;
    if (Result<std::string> before = read_file(kept + "/log")) options.console(*before);
  };
  if (!options.resume && file_exists(kept + "/journal"))
    return Error{Code::already_exists, fmt::format("{}: there is a run already", kept)};
  std::shared_ptr<Run> run =
      TRY(Run::open(services, std::move(spec),
                    {.journal = options.keep.empty() ? "" : kept + "/journal",
                     .log = kept + "/log",
                     .artifacts = kept + "/files"},
                    options.limits));
  if (options.console) run->log().set_tee(options.console);
  run->start();
  run->wait();
  background.stop();
  loop.stop();
  if (!options.keep.empty()) TRY(remove_tree(credential_key(*run)));
  return OnceResult{.result = run->result(),
                    .report = report_of(*run),
                    .started = run->started(),
                    .ended = run->ended(),
                    .nodes = run->nodes(),
                    .checkouts = run->checkouts()};
}

}  // namespace ks::engine
