#include "engine/run_command.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "engine/files.h"

namespace ks::engine {

std::vector<std::pair<std::string, std::string>> command_env(const Run& run,
                                                             const StepContext* context) {
  std::vector<std::pair<std::string, std::string>> env = {
      {"PATH", base_path()}, {"HOME", home_folder()}, {"LANG", "C.UTF-8"}};
  for (auto& [name, value] : run.environment(context)) {
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

void raise_agent_offline(Run& run, groovy::Task& task, std::string_view message) {
  constexpr std::string_view kClass =
      "org.jenkinsci.plugins.workflow.support.steps.AgentOfflineException";
  run.interpreter().define_exception(kClass, "java.io.IOException");
  run.raise(task, kClass, message);
}

json::object run_command(Run& run, groovy::Task& task, const std::shared_ptr<Workspace>& workspace,
                         CommandRequest request) {
  const uint64_t id = run.next_await();
  const std::string key = fmt::format("{}#{}-{}", run.spec().job, run.spec().number, id);
  Command command{.key = key,
                  .script = std::move(request.script),
                  .folder = std::move(request.folder),
                  .env = std::move(request.env),
                  .keep_stdout = request.keep_stdout};
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
    json::value result = run.await(task, {.what = std::move(request.what),
                                          .sync = AwaitSpec::Sync::now,
                                          .start = std::move(start),
                                          .interrupt = std::move(interrupt)});
    workspace->forget(key);
    if (const json::value* error = result.as_object().if_contains("error")) {
      if (bool_at(result, {"offline"})) {
        raise_agent_offline(
            run, task,
            fmt::format("{} seems to be removed or offline: {}", workspace->node_name(),
                        std::string_view(error->as_string())));
      }
      run.fail(task, error->as_string());
    }
    return std::move(result.as_object());
  } catch (const groovy::Thrown&) {
    workspace->forget(key);
    run.print_interrupted_exit(task);
    throw;
  }
}

}  // namespace ks::engine
