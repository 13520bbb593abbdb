#include <fmt/format.h>

#include "base/text.h"
#include "engine/run_command.h"
#include "engine/step.h"

// sh, bat.

namespace ks::engine {
namespace {

groovy::Value sh(StepCall& call) {
  const bool wants_stdout = call.flag("returnStdout"), wants_status = call.flag("returnStatus");
  if (wants_stdout && wants_status) {
    call.run.raise(call.task, "java.lang.IllegalArgumentException",
                   "you may not select both returnStdout and returnStatus");
  }
  const std::string script = call.text("script");
  if (trim(script).empty()) call.run.print_line("Warning: was asked to run an empty script");
  const json::object result = run_command(call.run, call.task, call.context()->workspace,
                                          {.what = "sh",
                                           .script = script,
                                           .folder = call.directory(),
                                           .env = command_env(call.run, call.context().get()),
                                           .keep_stdout = wants_stdout});
  const int64_t exit = result.at("exit").to_number<int64_t>();
  if (wants_status) return groovy::Value::of_int(static_cast<int32_t>(exit));
  if (exit != 0) call.fail(fmt::format("script returned exit code {}", exit));
  return wants_stdout ? call.string(result.at("stdout").as_string()) : groovy::Value();
}

groovy::Value windows_only(StepCall& call) {
  call.fail("Batch scripts can only be run on Windows nodes");
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
}

}  // namespace ks::engine
