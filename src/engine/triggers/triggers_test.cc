#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "base/file.h"
#include "engine/branches.h"
#include "engine/engine.h"
#include "engine/testing/test_repository.h"
#include "engine/triggers/job_triggers.h"
#include "engine/triggers/timetable.h"
#include "jenkins/config_xml.h"

// What starts runs by itself.

namespace ks::engine {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < deadline) {
    if (holds()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return holds();
}

TEST(Timetable, CallsWhenDueAndDoesNotMakeUpForWhatWasMissed) {
  ManualClock clock;
  Loop loop(1);
  Timetable times(clock, loop);
  std::atomic<int> calls{0};
  times.set("a", *Cron::parse("* * * * *", "a"), [&] { ++calls; });
  const WallTime first = times.next("a").value();
  EXPECT_GT(first, clock.now());
  EXPECT_LE(first - clock.now(), 60s);
  times.tick();
  EXPECT_EQ(calls, 0);
  clock.advance(1min);
  times.tick();
  EXPECT_EQ(calls, 1);
  clock.advance(72h);  // as after a night without power
  times.tick();
  EXPECT_EQ(calls, 2);
  times.remove("a");
  clock.advance(1h);
  times.tick();
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(times.next("a"));
  loop.stop();
}

TEST(Timetable, ItsTimerFollowsTheEarliest) {
  // Shortly before a full minute, so that the machine's timer has little to wait for.
  ManualClock clock{WallTime{1'700'000'039'990ms}};
  Loop loop(1);
  Timetable times(clock, loop);
  std::atomic<int> calls{0};
  times.set("late", *Cron::parse("0 0 1 1 *", "late"), [&] { calls += 100; });
  times.set("soon", *Cron::parse("* * * * *", "soon"), [&] { ++calls; });
  clock.advance(20ms);
  EXPECT_TRUE(eventually([&] { return calls == 1; }));
  loop.stop();
}

TEST(Timetable, StopWaitsForACallAndLetsNoOtherCome) {
  ManualClock clock;
  Loop loop(1);
  Timetable times(clock, loop);
  std::atomic<bool> entered{false}, left{false}, may_leave{false};
  times.set("a", *Cron::parse("* * * * *", "a"), [&] {
    entered = true;
    entered.notify_all();
    may_leave.wait(false);
    left = true;
  });
  clock.advance(1min);
  std::jthread ticking([&] { times.tick(); });
  entered.wait(false);
  std::jthread letting([&] {
    may_leave = true;
    may_leave.notify_all();
  });
  times.stop();
  EXPECT_TRUE(left);
  std::atomic<int> calls{0};
  times.set("b", *Cron::parse("* * * * *", "b"), [&] { ++calls; });
  clock.advance(2min);
  times.tick();
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(times.next("b"));
  loop.stop();
}

TEST(JobTriggers, AreThoseOfTheConfigurationAndOfTheJenkinsfile) {
  const std::string config =
      "<flow-definition><properties>"
      "<org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty><triggers>"
      "<hudson.triggers.TimerTrigger><spec>H * * * *</spec></hudson.triggers.TimerTrigger>"
      "<jenkins.triggers.ReverseBuildTrigger><upstreamProjects>a, ../other/b</upstreamProjects>"
      "<threshold><name>UNSTABLE</name></threshold></jenkins.triggers.ReverseBuildTrigger>"
      "</triggers></org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>"
      "</properties></flow-definition>";
  const JobTriggers configured = triggers_of_config(config, "demo/web");
  EXPECT_EQ(configured.cron, "H * * * *");
  ASSERT_EQ(configured.upstream.size(), 2u);
  EXPECT_EQ(configured.upstream[0].job, "demo/a");
  EXPECT_EQ(configured.upstream[1].job, "other/b");
  EXPECT_EQ(configured.upstream[1].threshold, BuildResult::unstable);
  JobProperties declared;
  declared.triggers = {json::object{{"type", "cron"}, {"spec", "@daily"}},
                       json::object{{"type", "cron"}, {"spec", "no schedule"}},
                       json::object{{"type", "pollSCM"}, {"scmpoll_spec", "@hourly"}}};
  const JobTriggers both = with_declared(configured, declared, "demo/web");
  EXPECT_EQ(both.cron, "H * * * *\n@daily");
  EXPECT_EQ(both.poll, "@hourly");
  EXPECT_EQ(both.upstream.size(), 2u);
  declared.all = true;  // `properties`: instead of what was set by hand
  EXPECT_EQ(with_declared(configured, declared, "demo/web").cron, "@daily");
  EXPECT_TRUE(with_declared(configured, declared, "demo/web").upstream.empty());
}

struct Triggers : ::testing::Test {
  TempDir dir;
  // A hundredth of a second before a full minute.
  ManualClock clock{WallTime{1'700'000'039'990ms}};
  std::unique_ptr<Engine> engine;

  void SetUp() override {
    open();
    ASSERT_TRUE(engine->put_folder("demo").ok());
  }
  void open() {
    engine.reset();
    auto opened =
        Engine::open({.data_dir = dir / "data", .local_repositories = true, .clock = &clock});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine = std::move(*opened);
  }
  void job(const std::string& name, std::string_view script, json::object more = {}) {
    more["name"] = name;
    more["jenkinsfile"] = script;
    const json::value spec = json::object{{"type", "pipeline"}, {"pipeline", std::move(more)}};
    ASSERT_TRUE(engine->put_job({"demo", name}, *jenkins::config_of(spec)).ok());
  }
  /// On to the next full minute: to shortly before it, where whoever sets a timer sets it for the
  /// little that is left, then beyond.
  void pass_minute() {
    const WallTime minute = std::chrono::floor<std::chrono::minutes>(clock.now()) + 1min;
    clock.set_wall(minute - 10ms);
    job("clock", "echo 1", {{"timer_trigger", json::object{{"cron", "0 0 1 1 *"}}}});
    clock.advance(20ms);
  }
  size_t runs(const std::string& name) {
    return engine->runs({"demo", name}).value_or(std::vector<uint64_t>()).size();
  }
  std::string console(const std::string& name, uint64_t number) {
    eventually([&] {
      const auto info = engine->run({"demo", name}, number, false);
      return info && info->finished();
    });
    const auto piece = engine->log({"demo", name}, number, 0, 1 << 20);
    return piece ? piece->text : piece.error().message;
  }
};

TEST_F(Triggers, AScheduleStartsRuns) {
  job("timed", "echo 'tick'", {{"timer_trigger", json::object{{"cron", "* * * * *"}}}});
  clock.advance(20ms);
  ASSERT_TRUE(eventually([&] { return runs("timed") == 1; }));
  EXPECT_THAT(console("timed", 1), HasSubstr("Started by timer\n"));
  // Hours later, after a restart: what was missed is not made up for, the next one comes.
  clock.advance(5h);
  open();
  EXPECT_EQ(runs("timed"), 1u);
  pass_minute();
  EXPECT_TRUE(eventually([&] { return runs("timed") == 2; }));
  // Without its schedule it is not started any more.
  job("timed", "echo 'tick'");
  job("other", "echo 'tick'", {{"timer_trigger", json::object{{"cron", "* * * * *"}}}});
  pass_minute();
  EXPECT_TRUE(eventually([&] { return runs("other") >= 1; }));
  EXPECT_EQ(runs("timed"), 2u);
}

TEST_F(Triggers, AJenkinsfileDeclaresItsSchedule) {
  job("declared",
      "pipeline { agent none\n triggers { cron('* * * * *') }\n stages { stage('a') { steps { echo "
      "'x' } } } }");
  ASSERT_TRUE(engine->start({"demo", "declared"}, {.causes = {"Started by user ada"}}).ok());
  console("declared", 1);
  clock.advance(20ms);
  EXPECT_TRUE(eventually([&] { return runs("declared") == 2; }));
}

TEST_F(Triggers, ASlowJobIsNotQueuedOnceAMinute) {
  job("slow", "input 'wait'",
      {{"timer_trigger", json::object{{"cron", "* * * * *"}}}, {"disable_concurrent", true}});
  clock.advance(20ms);
  ASSERT_TRUE(eventually([&] { return runs("slow") == 1; }));
  pass_minute();
  ASSERT_TRUE(eventually([&] { return runs("slow") == 2; }));
  job("fast", "echo 1", {{"timer_trigger", json::object{{"cron", "* * * * *"}}}});
  for (int i = 1; i <= 3; ++i) {
    pass_minute();
    ASSERT_TRUE(eventually([&] { return runs("fast") == static_cast<size_t>(i); }));
  }
  EXPECT_EQ(runs("slow"), 2u);
}

TEST_F(Triggers, TheEndOfARunStartsWhoWaitsForIt) {
  job("down",
      "properties([pipelineTriggers([upstream(upstreamProjects: 'up', threshold: "
      "'UNSTABLE')])])\necho 'down'");
  ASSERT_TRUE(engine->start({"demo", "down"}, {.causes = {"Started by user ada"}}).ok());
  console("down", 1);
  for (const char* script : {"error 'no'", "unstable 'so so'", "echo 'good'"}) {
    job("up", script);
    const auto number = engine->start({"demo", "up"}, {.causes = {"Started by user ada"}});
    ASSERT_TRUE(number.ok());
    console("up", *number);
  }
  EXPECT_THAT(console("down", 1), HasSubstr("Finished: SUCCESS"));
  ASSERT_TRUE(eventually([&] { return runs("down") == 3; })) << console("down", 1);
  EXPECT_THAT(console("down", 3),
              HasSubstr("Started by upstream project \"demo/up\" build number 3\n"));
}

TEST_F(Triggers, AJobThatIsMadeAgainStartsWhoWaitsForItAgain) {
  job("down",
      "properties([pipelineTriggers([upstream(upstreamProjects: 'up', threshold: 'SUCCESS')])])");
  ASSERT_TRUE(engine->start({"demo", "down"}, {.causes = {"Started by user ada"}}).ok());
  console("down", 1);
  for (const size_t expected : {2, 3}) {
    job("up", "echo 'good'");
    const auto number = engine->start({"demo", "up"}, {.causes = {"Started by user ada"}});
    ASSERT_TRUE(number.ok()) << number.error().message;
    EXPECT_EQ(*number, 1u);
    ASSERT_TRUE(eventually([&] { return runs("down") == expected; }));
    console("down", expected);
    const std::string folder = dir / "data/folders/demo/jobs/up";
    ASSERT_TRUE(eventually([&] { return file_exists(folder + "/builds/1/result.json"); }));
    ASSERT_TRUE(engine->remove_job({"demo", "up"}).ok());
    // A run that is still on its way out keeps the name for a moment.
    ASSERT_TRUE(eventually([&] { return !file_exists(folder); }));
    clock.advance(1s);
  }
}

TEST_F(Triggers, PollingStartsARunForANewCommit) {
  TestRepository repository(dir / "repository");
  repository.commit("first", {{"Jenkinsfile", "echo 'one'"}});
  const std::string config = fmt::format(
      "<flow-definition><triggers><hudson.triggers.SCMTrigger><spec>* * * * *</spec>"
      "</hudson.triggers.SCMTrigger></triggers>"
      "<definition class='org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition'>"
      "<scm class='hudson.plugins.git.GitSCM'><userRemoteConfigs>"
      "<hudson.plugins.git.UserRemoteConfig><url>{}</url></hudson.plugins.git.UserRemoteConfig>"
      "</userRemoteConfigs><branches><hudson.plugins.git.BranchSpec><name>*/main</name>"
      "</hudson.plugins.git.BranchSpec></branches></scm><scriptPath>Jenkinsfile</scriptPath>"
      "</definition></flow-definition>",
      repository.path());
  ASSERT_TRUE(engine->put_job({"demo", "polled"}, config).ok());
  clock.advance(20ms);
  ASSERT_TRUE(eventually([&] { return runs("polled") == 1; }));
  EXPECT_THAT(console("polled", 1), HasSubstr("Started by an SCM change\n"));
  ASSERT_TRUE(
      eventually([&] { return file_exists(dir / "data/folders/demo/jobs/polled/poll.json"); }));
  repository.commit("second", {{"Jenkinsfile", "echo 'two'"}});
  pass_minute();
  ASSERT_TRUE(eventually([&] { return runs("polled") == 2; }));
  EXPECT_THAT(console("polled", 2), HasSubstr("two\n"));
}

}  // namespace
}  // namespace ks::engine
