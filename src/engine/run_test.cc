#include "engine/run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "engine/local_node.h"
#include "engine/loop.h"
#include "engine/step.h"
#include "engine/testing/run_bench.h"

namespace ks::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Ended {
  BuildResult result;
  std::string log;
};

Ended run_script(std::string_view script, RunLimits limits = {}) {
  const TempDir folder;
  Bench bench(folder.path());
  std::string log = bench.finish(script, limits);
  return {bench.run().result(), std::move(log)};
}

/// Where each whole record of a journal ends.
std::vector<uint64_t> record_ends(const std::string& journal) {
  std::vector<uint64_t> ends;
  uint64_t at = 8;
  while (at + 17 <= journal.size()) {
    uint32_t size = 0;
    std::memcpy(&size, journal.data() + at, sizeof size);
    at += 17 + size;
    ends.push_back(at);
  }
  return ends;
}

/// The log without what differs from run to run.
std::string stable(std::string log, const std::string& folder) {
  return replace_all(std::move(log), folder, "DIR");
}

constexpr std::string_view kEventful = R"(
node {
  echo "start ${params.size()}"
  def t = System.currentTimeMillis()
  def r = new Random().nextInt(1000000)
  sh 'echo one >>count; echo output'
  def branches = [:]
  for (name in ['a', 'b', 'c']) {
    def n = name
    branches[n] = { sh "echo in-${n} >>count"; echo "branch done" }
  }
  stage('many') { parallel branches }
  writeFile file: 'time', text: "${t} ${r}"
  assert readFile('time') == "${t} ${r}"
  try { error 'planned' } catch (e) { echo "caught ${e.message}" }
  catchError(buildResult: 'UNSTABLE', stageResult: 'UNSTABLE') { sh 'exit 3' }
  echo sh(script: 'sort count | tr "\n" " "', returnStdout: true)
}
)";

// The heart of it: a server that dies after any record goes on from there, no command runs twice,
// and the log is as if nothing had happened.
TEST(Run, GoesOnAfterEachRecordOfItsJournal) {
  const TempDir whole;
  std::string journal, expected;
  {
    Bench bench(whole.path());
    expected = stable(bench.finish(kEventful), whole.path());
    EXPECT_EQ(bench.run().result(), BuildResult::unstable);
    journal = read_file(whole / "journal").value();
  }
  EXPECT_THAT(expected, HasSubstr("in-a in-b in-c one"));
  const std::vector<uint64_t> ends = record_ends(journal);
  ASSERT_GT(ends.size(), 40u);
  for (size_t i = 0; i < ends.size(); i += 3) {
    const TempDir folder;
    {
      Bench first(folder.path());
      first.finish(kEventful);
    }
    // What the journal had said up to its i-th record; the commands' files and the count of those
    // that ran are gone with the rest, as on a fresh machine.
    const std::string own = read_file(folder / "journal").value();
    const std::vector<uint64_t> own_ends = record_ends(own);
    const size_t cut = std::min(i, own_ends.size() - 1);
    ASSERT_EQ(truncate((folder / "journal").c_str(), static_cast<off_t>(own_ends[cut])), 0);
    Bench again(folder.path());
    const std::string log = stable(again.finish(kEventful), folder.path());
    ASSERT_THAT(log, Not(HasSubstr("the replay came to"))) << "record " << cut;
    ASSERT_TRUE(log.ends_with("Finished: UNSTABLE\n")) << "record " << cut << "\n" << log;
  }
}

TEST(Run, AFinishedRunIsOnlyRead) {
  const TempDir folder;
  std::string before;
  {
    Bench bench(folder.path());
    before = bench.finish(kEventful);
  }
  Bench again(folder.path());
  EXPECT_EQ(again.finish(kEventful), before);
  EXPECT_EQ(again.run().result(), BuildResult::unstable);
}

TEST(Run, WaitsInAnInputOverARestart) {
  const TempDir folder;
  constexpr std::string_view kScript = "echo 'a'\ninput id: 'Go', message: 'ok?'\necho 'b'";
  auto wait_for_input = [](engine::Run& run) {
    while (!run.paused()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  {
    Bench bench(folder.path());
    wait_for_input(bench.open(kScript));
  }
  Bench again(folder.path());
  engine::Run& run = again.open(kScript);
  wait_for_input(run);
  EXPECT_EQ(run.answer("Other", {}).error().code, Code::not_found);
  ASSERT_TRUE(run.answer("Go", {.proceed = true, .by = "ada", .parameters_json = {}}).ok());
  run.wait();
  EXPECT_EQ(run.result(), BuildResult::success);
  const std::string log = again.log();
  EXPECT_EQ(log.find("[Pipeline] input"), log.rfind("[Pipeline] input"));
  EXPECT_THAT(log, HasSubstr("Approved by ada\n"));
}

TEST(Run, AReplayThatDisagreesStopsAndNamesTheStep) {
  const TempDir folder;
  {
    Bench bench(folder.path());
    bench.finish("echo 'a'\nsleep 0\necho 'b'");
  }
  // The journal of another script: the begin record is exchanged for one that says `error` first.
  std::string journal = read_file(folder / "journal").value();
  const std::vector<uint64_t> ends = record_ends(journal);
  const TempDir other;
  {
    Bench bench(other.path());
    bench.finish("sleep 0\necho 'a'\necho 'b'");
  }
  std::string second = read_file(other / "journal").value();
  std::string mixed =
      second.substr(0, record_ends(second)[0]) + journal.substr(ends[0], ends[1] - ends[0]);
  ASSERT_TRUE(write_file_atomic(folder / "journal", mixed).ok());
  Bench again(folder.path());
  const std::string log = again.finish("");
  EXPECT_EQ(again.run().result(), BuildResult::failure);
  EXPECT_THAT(log, HasSubstr("the replay came to step 'sleep'"));
  EXPECT_THAT(log, HasSubstr("'echo'"));
}

TEST(Run, AnAbortEndsTheCommandAndTheRun) {
  const TempDir folder;
  Bench bench(folder.path());
  engine::Run& run = bench.open("node { sh 'echo on; sleep 60' }");
  while (!bench.log().contains("\non\n")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  run.abort("ada");
  run.wait();
  EXPECT_EQ(run.result(), BuildResult::aborted);
  const std::string log = bench.log();
  EXPECT_THAT(log, HasSubstr("Aborted by ada\nSending interrupt signal to process\n"));
  EXPECT_THAT(log, HasSubstr("\nTerminated\nscript returned exit code 143\n"));
  EXPECT_TRUE(log.ends_with("Finished: ABORTED\n")) << log;
}

TEST(Run, AnAbortReachesAScriptThatOnlyComputes) {
  const TempDir folder;
  Bench bench(folder.path());
  engine::Run& run = bench.open("echo 'on'\nint i = 0\nwhile (true) { i++ }");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  run.abort("ada");
  run.wait();
  EXPECT_EQ(run.result(), BuildResult::aborted);
}

TEST(Run, AnInnerTimeoutIsTriedAgainAnOuterOneIsNot) {
  const Ended inner =
      run_script("retry(2) { timeout(time: 50, unit: 'MILLISECONDS') { echo 'try'; sleep 60 } }");
  EXPECT_THAT(inner.log, HasSubstr("Retrying\n"));
  EXPECT_THAT(inner.log, HasSubstr("Timeout has been exceeded\nFinished: ABORTED\n"));
  const Ended outer =
      run_script("timeout(time: 50, unit: 'MILLISECONDS') { retry(2) { echo 'try'; sleep 60 } }");
  EXPECT_THAT(outer.log, Not(HasSubstr("Retrying\n")));
  EXPECT_EQ(outer.result, BuildResult::aborted);
}

TEST(RunLimits, EndlessLoopsEnd) {
  const Ended ended = run_script("while (true) { }", {.fuel = 1'000'000});
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log,
              HasSubstr("limit of 1000000 evaluator operations without a pause, --max-operations"));
}

TEST(RunLimits, EndlessRecursionEnds) {
  const Ended ended = run_script("def f(x) { return f(x + 1) }\nf(0)");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, HasSubstr("limit of 1000, --max-call-depth"));
}

TEST(RunLimits, HugeStringsEnd) {
  const Ended ended = run_script("def s = 'x'\nwhile (true) { s += s }");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log,
              HasSubstr("over the limit of 67108864 bytes for one string, --max-string"));
  EXPECT_LT(ended.log.size(), 10'000u);
}

TEST(RunLimits, TooManyBranchesEnd) {
  const Ended ended = run_script(
      "def b = [:]\nfor (int i = 0; i < 11; i++) { b['b' + i] = { echo 'x' } }\nparallel b",
      {.branches = 10});
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, HasSubstr("11 parallel branches are more than the limit of 10"));
}

TEST(RunLimits, LongLinesAreCutAndMarked) {
  const Ended ended = run_script("echo 'x' * 5000\necho 'after'", {.log_line_bytes = 1000});
  EXPECT_EQ(ended.result, BuildResult::success);
  EXPECT_THAT(ended.log, HasSubstr("[cut: the line is longer than 1000 bytes, --max-log-line]\n"));
  EXPECT_THAT(ended.log, HasSubstr("\nafter\n"));
}

TEST(RunLimits, ALogThatIsFullSaysSo) {
  const Ended ended =
      run_script("for (int i = 0; i < 1000; i++) { echo 'line' }", {.log_bytes = 2000});
  EXPECT_LT(ended.log.size(), 2100u);
  EXPECT_THAT(ended.log,
              HasSubstr("[cut: the log has reached its limit of 2000 bytes, --max-log]"));
}

TEST(Run, AScriptWithErrorsDoesNothing) {
  const Ended ended = run_script("echo 'never'\ndef x = (\nif (");
  EXPECT_EQ(ended.result, BuildResult::failure);
  EXPECT_THAT(ended.log, Not(HasSubstr("[Pipeline]")));
  EXPECT_THAT(ended.log, HasSubstr("@ line "));
  EXPECT_THAT(ended.log, HasSubstr("^"));
}

TEST(Run, AnUnknownStepIsNamed) {
  const Ended ended = run_script("frobnicate 'x'");
  EXPECT_THAT(ended.log,
              HasSubstr("java.lang.NoSuchMethodError: No such DSL method 'frobnicate' found"));
}

TEST(Run, AStepThatNeedsANodeSaysSo) {
  EXPECT_THAT(run_script("sh 'true'").log,
              HasSubstr("Required context class hudson.Launcher is missing"));
}

TEST(Run, AFolderInFrontOfThePathLeavesTheOtherCommandsInReach) {
  const Ended ended = run_script(
      "node { withEnv(['PATH+TOOL=/opt/tool/bin']) { sh 'echo \"path $PATH\"; ls / >/dev/null' } "
      "}");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("\npath /opt/tool/bin:/"));
}

}  // namespace
}  // namespace ks::engine
