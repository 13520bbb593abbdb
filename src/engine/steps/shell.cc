#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/step.h"

// sh, bat, git, checkout.

namespace ks::engine {
namespace {

/// The environment of a command: what the agent has for itself, then the run's own.
std::vector<std::pair<std::string, std::string>> command_env(StepCall& call) {
  std::vector<std::pair<std::string, std::string>> env = {
      {"PATH", base_path()}, {"HOME", home_folder()}, {"LANG", "C.UTF-8"}};
  for (auto& [name, value] : call.run.environment(call.context().get())) {
    if (name == "PATH") {
      env[0].second = value;
    } else if (name.starts_with("PATH+")) {
      env[0].second = value + ":" + env[0].second;
    } else {
      env.emplace_back(std::move(name), std::move(value));
    }
  }
  return env;
}

/// Runs a command to its end; {exit, stdout} or an exception.
json::object run_command(StepCall& call, std::string script, bool keep_stdout) {
  Run& run = call.run;
  const uint64_t id = run.next_await();
  const std::string key = fmt::format("{}#{}-{}", run.spec().job, run.spec().number, id);
  const std::shared_ptr<Workspace> workspace = call.context()->workspace;
  Command command{.key = key,
                  .script = std::move(script),
                  .folder = call.directory(),
                  .env = command_env(call),
                  .keep_stdout = keep_stdout};
  const std::weak_ptr<Run> weak = run.weak_from_this();
  CommandEvents events{
      .output =
          [weak, id](std::string text, uint64_t offset, std::function<void()> done) {
            if (auto alive = weak.lock())
              alive->output(id, std::move(text), offset, std::move(done));
          },
      .ended =
          [weak, id](json::value result) {
            if (auto alive = weak.lock()) alive->complete(id, std::move(result));
          }};
  auto start = [&run, workspace, command, events, id](bool) mutable {
    if (Result<> made = make_dirs(command.folder); !made)
      return events.ended({{"error", made.error().message}});
    workspace->run(command, run.logged_offset(id), events);
  };
  auto interrupt = [&run, workspace, key] {
    run.print_line("Sending interrupt signal to process");
    workspace->kill(key);
  };
  try {
    json::value result = run.await(call.task, {.what = "sh",
                                               .sync = AwaitSpec::Sync::now,
                                               .start = std::move(start),
                                               .interrupt = std::move(interrupt)});
    workspace->forget(key);
    if (const json::value* error = result.as_object().if_contains("error"))
      call.fail(error->as_string());
    return std::move(result.as_object());
  } catch (const groovy::Thrown&) {
    workspace->forget(key);
    run.print_interrupted_exit(call.task);
    throw;
  }
}

groovy::Value sh(StepCall& call) {
  const bool wants_stdout = call.flag("returnStdout"), wants_status = call.flag("returnStatus");
  if (wants_stdout && wants_status) {
    call.run.raise(call.task, "java.lang.IllegalArgumentException",
                   "you may not select both returnStdout and returnStatus");
  }
  const std::string script = call.text("script");
  if (trim(script).empty()) call.run.print_line("Warning: was asked to run an empty script");
  const json::object result = run_command(call, script, wants_stdout);
  const int64_t exit = result.at("exit").to_number<int64_t>();
  if (wants_status) return groovy::Value::of_int(static_cast<int32_t>(exit));
  if (exit != 0) call.fail(fmt::format("script returned exit code {}", exit));
  return wants_stdout ? call.string(result.at("stdout").as_string()) : groovy::Value();
}

groovy::Value windows_only(StepCall& call) {
  call.fail("Batch scripts can only be run on Windows nodes");
}

std::string quoted(std::string_view text) {
  return "'" + replace_all(std::string(text), "'", "'\\''") + "'";
}

/// Git as Jenkins does it: fetch all branches, check the revision out without a branch.
groovy::Value check_out(StepCall& call, const std::string& url, const std::string& branch) {
  if (url.empty() || url.starts_with('-'))
    call.fail(fmt::format("git: url: '{}' is no repository; give its URL or path", url));
  Run& run = call.run;
  run.print_line("The recommended git tool is: git");
  run.print_line("No credentials specified");
  // Everything in one command: one process to start, and one thing to pick up after a restart.
  const std::string script =
      fmt::format(R"sh(#!/bin/sh
set -e
export GIT_TERMINAL_PROMPT=0
[ -d .git ] || {{ echo 'Cloning the remote Git repository'; echo 'Cloning repository '{url}; git init -q .; git config remote.origin.url {url}; }}
git config remote.origin.url {url}
echo 'Fetching upstream changes from '{url}
git fetch -q --tags --force -- {url} '+refs/heads/*:refs/remotes/origin/*' || {{ echo 'ERROR: Error fetching remote repo '"'origin'"; exit 128; }}
for ref in refs/remotes/origin/{branch} refs/tags/{branch} {branch}; do
  sha=$(git rev-parse -q --verify "$ref^{{commit}}" 2>/dev/null) && break
done
[ "$sha" ] || {{ echo "ERROR: Couldn't find any revision to build. Verify the repository and branch configuration for this job."; exit 3; }}
echo "Checking out Revision $sha ($ref)"
git checkout -q -f "$sha"
echo "Commit message: \"$(git log -1 --format=%s "$sha")\""
printf '%s\n%s\n%s\n' "$sha" "$(git log -1 --format=%an "$sha")" "$(git log -1 --format=%ae "$sha")" > .git/ks-checkout
)sh",
                  fmt::arg("url", quoted(url)), fmt::arg("branch", quoted(branch)));
  const json::object result = run_command(call, script, false);
  const int64_t exit = result.at("exit").to_number<int64_t>();
  if (exit == 3)
    call.fail(
        "Couldn't find any revision to build. Verify the repository and branch configuration for "
        "this job.");
  if (exit != 0) call.fail(fmt::format("git ended with exit code {}; see the lines above", exit));
  const std::string facts = read_text(call, call.directory() + "/.git/ks-checkout");
  const auto lines = split(facts, '\n');
  auto line = [&](size_t i) {
    return call.string(i < lines.size() ? lines[i] : std::string_view());
  };
  return run.interpreter().make_map({{"GIT_COMMIT", line(0)},
                                     {"GIT_BRANCH", call.string("origin/" + branch)},
                                     {"GIT_URL", call.string(url)},
                                     {"GIT_AUTHOR_NAME", line(1)},
                                     {"GIT_AUTHOR_EMAIL", line(2)}});
}

groovy::Value git(StepCall& call) {
  return check_out(call, call.text("url"), call.text("branch", "master"));
}

groovy::Value checkout(StepCall& call) {
  groovy::Value scm = call.value("scm");
  if (!groovy::is_map(scm))
    call.fail(
        "‘checkout scm’ is only available when using “Multibranch Pipeline” or “Pipeline script "
        "from SCM”");
  const json::value spec = from_groovy(call.task, scm);
  const json::value* remotes = find(spec, {"userRemoteConfigs"});
  const json::value* branches = find(spec, {"branches"});
  const std::string url(remotes != nullptr && remotes->is_array() && !remotes->get_array().empty()
                            ? text_at(remotes->get_array()[0], {"url"})
                            : "");
  std::string branch(branches != nullptr && branches->is_array() && !branches->get_array().empty()
                         ? text_at(branches->get_array()[0], {"name"})
                         : "master");
  for (std::string_view prefix : {"*/", "refs/heads/", "origin/"}) {
    if (branch.starts_with(prefix)) branch = branch.substr(prefix.size());
  }
  return check_out(call, url, branch);
}

}  // namespace

void add_shell_steps(StepRegistry& registry) {
  registry.add({.name = "sh",
                .parameters = {"script", "returnStdout", "returnStatus", "encoding", "label"},
                .sole = "script",
                .needs = Needs::node,
                .function = sh});
  for (std::string_view name : {"bat", "powershell"}) {
    registry.add({.name = name,
                  .parameters = {"script", "returnStdout", "returnStatus", "encoding", "label"},
                  .sole = "script",
                  .needs = Needs::node,
                  .function = windows_only});
  }
  registry.add({.name = "git",
                .parameters = {"url", "branch", "credentialsId", "poll", "changelog"},
                .sole = "url",
                .needs = Needs::node,
                .function = git});
  registry.add({.name = "checkout",
                .parameters = {"scm", "poll", "changelog"},
                .sole = "scm",
                .needs = Needs::node,
                .function = checkout});
}

}  // namespace ks::engine
