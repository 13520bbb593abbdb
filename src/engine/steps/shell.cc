#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "engine/run_command.h"
#include "engine/step.h"

// sh, pwsh, powershell, bat.

namespace ks::engine {
namespace {

/// Runs the call's script as `script` says, and gives back what the call wants of it.
groovy::Value run_script(StepCall& call, std::string script) {
  const bool wants_stdout = call.flag("returnStdout"), wants_status = call.flag("returnStatus");
  if (wants_stdout && wants_status) {
    call.run.raise(call.task, "java.lang.IllegalArgumentException",
                   "you may not select both returnStdout and returnStatus");
  }
  if (trim(call.text("script")).empty())
    call.run.print_line("Warning: was asked to run an empty script");
  const json::object result = run_command(call.run, call.task, call.context()->workspace,
                                          {.what = std::string(call.info.name),
                                           .script = std::move(script),
                                           .folder = call.directory(),
                                           .env = command_env(call.run, call.context().get()),
                                           .keep_stdout = wants_stdout});
  const int64_t exit = result.at("exit").to_number<int64_t>();
  if (wants_status) return groovy::Value::of_int(static_cast<int32_t>(exit));
  if (exit != 0) call.fail(fmt::format("script returned exit code {}", exit));
  return wants_stdout ? call.string(result.at("stdout").as_string()) : groovy::Value();
}

groovy::Value sh(StepCall& call) { return run_script(call, call.text("script")); }

/// PowerShell wants a file with its ending, and tells of errors by $LASTEXITCODE.
groovy::Value powershell(StepCall& call) {
  const std::string script = call.text("script");
  // No line of the script is the end of it.
  const std::string end = "KS_END_" + hex_encode(md5(script));
  return run_script(call, fmt::format(R"(#!/bin/sh
if ! command -v pwsh >/dev/null; then
  echo "the step {0} runs PowerShell, and no program 'pwsh' is on the PATH of this node: install it there, or use sh" >&2
  exit 127
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' TERM INT
cat >"$folder/script.ps1" <<'{1}'
{2}
{1}
pwsh -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "
  \$ProgressPreference = 'SilentlyContinue'
  [Console]::OutputEncoding = [Text.Encoding]::UTF8
  & '$folder/script.ps1'
  exit \$LASTEXITCODE"
)",
                                      call.info.name, end, script));
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
  for (const auto& [name, function] :
       {std::pair("bat", &windows_only), std::pair("powershell", &powershell),
        std::pair("pwsh", &powershell)}) {
    registry.add({.name = name,
                  .parameters = {"script", "returnStdout", "returnStatus", "encoding", "label"},
                  .sole = "script",
                  .needs = Needs::node,
                  .function = function});
  }
}

}  // namespace ks::engine
