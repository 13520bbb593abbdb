#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/testing/script.h"

namespace ks::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Not a PowerShell, which is no package here: it shows how it was called and the script that it
/// was given, and ends as the script's `exit` says.
constexpr std::string_view kStandIn = R"sh(#!/bin/sh
echo "called with $1 $2 $3 $4 $5 $6"
file=$(printf '%s' "$7" | sed -n "s/.*& '\(.*\)'.*/\1/p")
echo "script $(cat "$file")"
exit "$(sed -n 's/^exit \([0-9]*\)$/\1/p' "$file" | head -1)"
)sh";

std::string with_stand_in(const TempDir& folder, std::string_view script) {
  const std::string program = folder / "bin/pwsh";
  EXPECT_TRUE(make_dirs(folder / "bin"));
  EXPECT_TRUE(write_file_atomic(program, kStandIn));
  chmod(program.c_str(), 0755);
  return "node { withEnv(['PATH+PWSH=" + (folder / "bin") + "']) { " + std::string(script) + " } }";
}

TEST(PowerShell, GivesTheScriptToPwsh) {
  const TempDir folder;
  for (const std::string step : {"pwsh", "powershell"}) {
    const Ended ended =
        run_script(with_stand_in(folder, step + R"( 'Write-Output "a $b `c`"\nexit 0')"));
    EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
    EXPECT_THAT(ended.log,
                HasSubstr("called with -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass "
                          "-Command\nscript Write-Output \"a $b `c`\"\nexit 0\n"));
  }
}

TEST(PowerShell, ReturnsAsShDoes) {
  const TempDir folder;
  const Ended ended = run_script(with_stand_in(folder, R"(
    echo "status ${pwsh(script: 'exit 7', returnStatus: true)}"
    def out = pwsh(script: 'exit 0', returnStdout: true)
    echo "stdout ${out.readLines().last()}"
    pwsh 'exit 3'
)"));
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, HasSubstr("\nstatus 7\n"));
  EXPECT_THAT(ended.log, HasSubstr("\nstdout script exit 0\n"));
  EXPECT_THAT(ended.log, HasSubstr("ERROR: script returned exit code 3"));
}

TEST(PowerShell, SaysWhenThereIsNone) {
  const Ended ended = run_script("node { withEnv(['PATH=/nowhere:/bin']) { pwsh 'Get-Date' } }");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(
      ended.log,
      HasSubstr("the step pwsh runs PowerShell, and no program 'pwsh' is on the PATH of this "
                "node: install it there, or use sh"));
  EXPECT_THAT(ended.log, Not(HasSubstr("Get-Date")));
}

}  // namespace
}  // namespace ks::engine
