#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <string>
#include <string_view>
#include <thread>

#include "base/random.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/fiber.h"
#include "engine/testing/run_bench.h"

// What goes wrong around a run: full disks, damaged files, clocks that are set back, too much of
// everything.

namespace ks::engine {
namespace {

using testing::HasSubstr;

/// While it lives no file of this process may grow beyond a size: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

template <class Condition>
void until(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

constexpr std::string_view kLines = "for (int i = 0; i < 500; i++) { echo \"line ${i}\" }";

std::string lines_log() {
  std::string log = "[Pipeline] Start of Pipeline\n";
  for (int i = 0; i < 500; i++) log += fmt::format("[Pipeline] echo\nline {}\n", i);
  return log + "[Pipeline] End of Pipeline\nFinished: SUCCESS\n";
}

TEST(FullDisk, ARunStandsStillAndGoesOnWhenThereIsRoom) {
  const TempDir folder;
  Bench bench(folder.path());
  {
    const FullDisk full(8 << 10);
    bench.open(kLines);
    until([&] { return !bench.run().waiting_for().empty(); });
    EXPECT_FALSE(bench.run().finished());
    EXPECT_THAT(bench.run().waiting_for(), HasSubstr(folder.path()));
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    EXPECT_FALSE(bench.run().finished());
  }
  bench.run().wait();
  EXPECT_EQ(bench.run().waiting_for(), "");
  EXPECT_EQ(bench.log(), lines_log());
}

TEST(FullDisk, ARunThatStoodStillGoesOnAfterARestart) {
  const TempDir folder;
  {
    const FullDisk full(8 << 10);
    Bench bench(folder.path());
    bench.open(kLines);
    until([&] { return !bench.run().waiting_for().empty(); });
  }
  Bench again(folder.path());
  EXPECT_EQ(again.finish(kLines), lines_log());
}

TEST(FullDisk, WhatArrivesMeanwhileIsNotLost) {
  const TempDir folder;
  Bench bench(folder.path());
  bench.open(
      "echo 'x' * 6000\necho input(id: 'Go', message: 'ok?', parameters: [string(name: 'v')])");
  until([&] { return bench.run().paused(); });
  {
    const FullDisk full(1 << 10);
    ASSERT_TRUE(
        bench.run()
            .answer("Go", {.proceed = true, .by = "ada", .parameters_json = R"({"v": "seven"})"})
            .ok());
    until([&] { return !bench.run().waiting_for().empty(); });
  }
  bench.run().wait();
  EXPECT_THAT(bench.log(), HasSubstr("Approved by ada\n[Pipeline] echo\nseven\n"));
}

TEST(FullDisk, ANewRunIsRefusedAndTheNextTryIsThatRun) {
  const TempDir folder;
  const auto engine = Engine::open({.data_dir = folder.path()}).value();
  ASSERT_TRUE(engine->put_folder("demo").ok());
  const JobName job{"demo", "web"};
  ASSERT_TRUE(engine
                  ->put_job(job,
                            "<flow-definition><definition class=\"org.jenkinsci.plugins."
                            "workflow.cps.CpsFlowDefinition\"><script>echo 'hi'</script>"
                            "</definition></flow-definition>")
                  .ok());
  {
    const FullDisk full(4);
    const auto started = engine->start(job, {.values = {}, .causes = {}, .key = "uid"});
    ASSERT_FALSE(started.ok());
    EXPECT_THAT(started.error().message, HasSubstr(folder.path()));
  }
  EXPECT_EQ(engine->start(job, {.values = {}, .causes = {}, .key = "uid"}).value(), 1u);
  until([&] { return engine->run(job, 1, false).value().finished(); });
  EXPECT_THAT(engine->log(job, 1, 0, 1 << 20).value().text, HasSubstr("\nhi\n"));
}

TEST(ReadOnlyData, IsToldByItsPath) {
  const auto opened = Engine::open({.data_dir = "/proc/ks-engine"});
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, HasSubstr("/proc/ks-engine"));
}

TEST(DamagedJournal, IsCutAtTheLastWholeRecord) {
  std::string journal;
  {
    const TempDir whole;
    Bench bench(whole.path());
    bench.finish(kLines);
    journal = read_file(whole / "journal").value();
  }
  for (int i = 0; i < 20; i++) {
    const TempDir folder;
    // The log of a crash holds more than the journal knows of.
    ASSERT_TRUE(write_file_atomic(folder / "log", lines_log()).ok());
    std::string cut =
        journal.substr(0, journal.size() / 4 + random_uint64() % (journal.size() / 2));
    if (i % 2 == 1) cut += std::string(1 + random_uint64() % 40, static_cast<char>(i));
    ASSERT_TRUE(write_file_atomic(folder / "journal", cut).ok());
    Bench again(folder.path());
    ASSERT_EQ(again.finish(""), lines_log()) << cut.size();
  }
}

/// A clock that somebody sets back by an hour each time that it is asked.
class BackwardsClock final : public Clock {
 public:
  WallTime now() const override {
    return system_clock().now() - std::chrono::hours(asked_.fetch_add(1));
  }
  SteadyTime steady_now() const override { return system_clock().steady_now(); }

 private:
  mutable std::atomic<int> asked_{0};
};

TEST(ClockSetBack, DelaysNothingAndNoTimeIsNegative) {
  const TempDir folder;
  const BackwardsClock clock;
  Bench bench(folder.path(), clock);
  const auto start = std::chrono::steady_clock::now();
  bench.finish(
      "stage('a') { timeout(time: 5, unit: 'MINUTES') { sleep(time: 20, unit: 'MILLISECONDS') } }\n"
      "retry(2) { timeout(time: 20, unit: 'MILLISECONDS') { sleep 600 } }");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(bench.run().result(), BuildResult::aborted);
  EXPECT_GE(bench.run().ended(), bench.run().started());
  for (const RunNode& node : bench.run().nodes()) EXPECT_GE(node.ended, node.started) << node.name;
}

// ----- too much -----

TEST(TooMuch, StepsOfARunAreCounted) {
  const TempDir folder;
  Bench bench(folder.path());
  EXPECT_THAT(bench.finish("while (true) { echo 'x' }", {.steps = 50}),
              HasSubstr("the run has had its limit of 50 steps, --max-steps"));
  EXPECT_EQ(bench.run().nodes().size(), 50u);
}

TEST(TooMuch, MoreBranchesThanAProcessHoldsFailTheRunAlone) {
  const TempDir folder;
  Bench bench(folder.path());
  const std::string script =
      fmt::format("def b = [:]\nfor (int i = 0; i < {}; i++) {{ b['b' + i] = {{ }} }}\nparallel b",
                  Fiber::kMost);
  EXPECT_THAT(bench.finish(script, {.branches = 100'000}),
              HasSubstr("there is no room for 28000 more parallel branches"));
  EXPECT_EQ(bench.run().result(), BuildResult::failure);
  EXPECT_TRUE(Fiber::room_for(Fiber::kMost));
}

TEST(TooMuch, TenThousandBranchesRun) {
  const TempDir folder;
  Bench bench(folder.path());
  const std::string log = bench.finish(
      "int n = 0\ndef b = [:]\nfor (int i = 0; i < 10000; i++) { b['b' + i] = { sleep 0; n++ } }\n"
      "parallel b\necho \"all ${n}\"");
  EXPECT_THAT(log, HasSubstr("\nall 10000\n"));
}

TEST(TooMuch, TextOutsideOfTheHeapIsBounded) {
  const TempDir folder;
  Bench bench(folder.path());
  const std::string log = bench.finish(R"(
    def big = 'x' * 10000000
    for (int i = 0; i < 20; i++) { catchError { error big } }
    stage(big) { echo 'in it' }
    for (int i = 0; i < 20; i++) { env."V${i}" = big }
  )");
  size_t bytes = 0;
  for (const RunNode& node : bench.run().nodes())
    bytes += node.name.size() + node.label.size() + node.error.size();
  EXPECT_LT(bytes, 1u << 20);
  EXPECT_THAT(log, HasSubstr("env.V1: the environment of a run is over its limit"));
}

TEST(TooMuch, ALogThatIsFullStillTellsHowTheRunEnded) {
  const TempDir folder;
  {
    Bench bench(folder.path());
    const std::string log = bench.finish(kLines, {.log_bytes = 1000});
    EXPECT_THAT(log, HasSubstr("[cut: the log has reached its limit of 1000 bytes, --max-log]\n"));
    EXPECT_TRUE(log.ends_with("Finished: SUCCESS\n"));
    EXPECT_LT(log.size(), 1200u);
  }
}

TEST(TooMuch, RunsUnderWayWaitForEachOtherAndTheRestIsRefused) {
  const TempDir folder;
  const auto engine =
      Engine::open({.data_dir = folder.path(), .max_live = 2, .max_waiting = 3}).value();
  ASSERT_TRUE(engine->put_folder("demo").ok());
  constexpr std::string_view kConfig =
      "<flow-definition><definition class=\"org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition\">"
      "<script>input id: 'Go', message: 'ok?'</script></definition></flow-definition>";
  const JobName a{"demo", "a"}, b{"demo", "b"};
  ASSERT_TRUE(engine->put_job(a, std::string(kConfig)).ok());
  ASSERT_TRUE(engine->put_job(b, std::string(kConfig)).ok());
  for (int i = 0; i < 3; i++) ASSERT_TRUE(engine->start(a, {}).ok());
  for (int i = 0; i < 2; i++) ASSERT_TRUE(engine->start(b, {}).ok());
  const auto refused = engine->start(b, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_THAT(refused.error().message, HasSubstr("--max-waiting-runs"));
  auto state = [&](const JobName& job, uint64_t number) {
    return engine->run(job, number, false).value().state;
  };
  auto end = [&](const JobName& job, uint64_t number) {
    until([&] { return state(job, number) == RunState::paused; });
    ASSERT_TRUE(
        engine->answer(job, number, "Go", {.proceed = true, .by = "ada", .parameters_json = {}})
            .ok());
    until([&] { return state(job, number) == RunState::finished; });
  };
  EXPECT_EQ(state(a, 3), RunState::queued);
  EXPECT_EQ(state(b, 1), RunState::queued);
  end(a, 1);
  end(a, 3);
  end(b, 1);
  end(b, 2);
  end(a, 2);
}

TEST(HalfBegunRun, IsForgottenAndTheSameKeyBeginsOne) {
  const TempDir folder;
  const JobName job{"demo", "web"};
  {
    const auto engine = Engine::open({.data_dir = folder.path()}).value();
    ASSERT_TRUE(engine->put_folder("demo").ok());
    ASSERT_TRUE(engine
                    ->put_job(job,
                              "<flow-definition><definition class=\"org.jenkinsci.plugins."
                              "workflow.cps.CpsFlowDefinition\"><script>echo 'hi'</script>"
                              "</definition></flow-definition>")
                    .ok());
  }
  // Killed between the journal's first bytes and its first record.
  const std::string home = folder / "folders/demo/jobs/web";
  ASSERT_TRUE(make_dirs(home + "/builds/1").ok());
  ASSERT_TRUE(write_file_atomic(home + "/keys", "1 uid\n").ok());
  ASSERT_TRUE(write_file_atomic(home + "/builds/1/journal", "ksjrnl1\n\x20").ok());
  const auto engine = Engine::open({.data_dir = folder.path()}).value();
  EXPECT_THAT(engine->runs(job).value(), testing::IsEmpty());
  const uint64_t number = engine->start(job, {.values = {}, .causes = {}, .key = "uid"}).value();
  until([&] { return engine->run(job, number, false).value().finished(); });
  EXPECT_THAT(engine->log(job, number, 0, 1 << 20).value().text, HasSubstr("\nhi\n"));
}

}  // namespace
}  // namespace ks::engine
