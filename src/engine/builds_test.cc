#include "engine/builds.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "engine/engine.h"
#include "jenkins/config_xml.h"

// Runs that start, see and wait for others, and what they say of their jobs.

namespace ks::engine {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string config(std::string_view script, json::array parameters = {}) {
  const json::value spec =
      json::object{{"type", "pipeline"},
                   {"pipeline", json::object{{"name", "x"},
                                             {"jenkinsfile", script},
                                             {"parameters", std::move(parameters)}}}};
  return *jenkins::config_of(spec);
}

struct Jobs : ::testing::Test {
  TempDir dir;
  std::unique_ptr<Engine> engine;

  void SetUp() override { open(); }
  void open() {
    engine.reset();
    auto opened = Engine::open({.data_dir = dir.path()});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine = std::move(*opened);
    ASSERT_TRUE(engine->put_folder("demo").ok());
  }
  void job(const std::string& name, std::string_view script, json::array parameters = {}) {
    const Result<> put = engine->put_job({"demo", name}, config(script, std::move(parameters)));
    ASSERT_TRUE(put.ok()) << put.error().message;
  }
  uint64_t start(const std::string& name, StartRequest request = {}) {
    if (request.causes.empty()) request.causes = {"Started by user ada"};
    return engine->start({"demo", name}, std::move(request)).value();
  }
  RunInfo until(const std::string& name, uint64_t number,
                const std::function<bool(const RunInfo&)>& met) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto info = engine->run({"demo", name}, number, true);
      if (info && met(*info)) return *info;
      std::this_thread::sleep_for(2ms);
    }
    ADD_FAILURE() << name << " #" << number << " does not get there\n" << log(name, number);
    return {};
  }
  RunInfo finish(const std::string& name, uint64_t number) {
    return until(name, number, [](const RunInfo& info) { return info.finished(); });
  }
  std::string log(const std::string& name, uint64_t number) {
    const auto piece = engine->log({"demo", name}, number, 0, 1 << 20);
    return piece ? piece->text : piece.error().message;
  }
  std::string run(const std::string& name) {
    const uint64_t number = start(name);
    finish(name, number);
    return log(name, number);
  }
};

TEST(JobPaths, AreRelativeToTheFolderOrAbsolute) {
  EXPECT_EQ(resolve_job("demo/web", "other"), "demo/other");
  EXPECT_EQ(resolve_job("demo/web", "/shop/cart"), "shop/cart");
  EXPECT_EQ(resolve_job("demo/web", "../shop/./cart"), "shop/cart");
  EXPECT_EQ(resolve_job("demo/web", "../../x"), "");
  EXPECT_EQ(shown_job("demo/web"), "demo » web");
}

TEST(Causes, AreReadFromTheirTexts) {
  EXPECT_EQ(text_at(cause_facts("Started by user ada"), {"userId"}), std::string_view("ada"));
  const json::value up =
      cause_facts(upstream_cause("demo/a \"b\"", 7, {"Started by user ada", "Started by timer"}));
  EXPECT_EQ(text_at(up, {"upstreamProject"}), "demo/a \"b\"");
  EXPECT_EQ(int_at(up, {"upstreamBuild"}), 7);
  EXPECT_EQ(text_at(up, {"shortDescription"}),
            "Started by upstream project \"demo/a \"b\"\" build number 7");
  EXPECT_EQ(upstream_cause("p", 3,
                           {"Started by upstream project \"q\" build number 1\n"
                            "originally caused by:\n Started by timer"}),
            "Started by upstream project \"p\" build number 3\noriginally caused by:\n"
            " Started by upstream project \"q\" build number 1\n originally caused by:\n"
            "  Started by timer");
  const json::value restarted = cause_facts("Restarted from build #4, stage Deploy it");
  EXPECT_EQ(text_at(restarted, {"originStage"}), "Deploy it");
  EXPECT_EQ(int_at(restarted, {"originRunNumber"}), 4);
}

TEST_F(Jobs, TheKeyOfARunThatHasEndedGoesAtTheNextStart) {
  job("one", "echo 'x'");
  run("one");
  const std::string folder = dir / "folders/demo/jobs/one/builds/1";
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!file_exists(folder + "/result.json") && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(2ms);
  engine.reset();
  // As after a crash between the two.
  ASSERT_TRUE(write_file_atomic(folder + "/journal.key", "secret", 0600));
  open();
  EXPECT_FALSE(file_exists(folder + "/journal.key"));
  EXPECT_TRUE(engine->run({"demo", "one"}, 1, false).ok());
}

TEST_F(Jobs, BuildWaitsForTheOtherRunAndSeesHowItEnded) {
  job("down",
      "echo \"got ${params.WHO} ${params.LOUD} ${params.LOUD.getClass().simpleName}\"\n"
      "currentBuild.description = 'done it'\nunstable 'so so'");
  job("up", R"(
def b = build job: 'down', propagate: false, parameters: [string(name: 'WHO', value: 'ada'), booleanParam(name: 'LOUD', value: true)]
echo "result ${b.result} ${b.currentResult} number ${b.number} ${b.fullDisplayName} ${b.description} ${b.fullProjectName}"
echo "worse ${b.resultIsWorseOrEqualTo('UNSTABLE')} better ${b.resultIsBetterOrEqualTo('SUCCESS')}"
echo "vars ${b.buildVariables.WHO} up ${b.upstreamBuilds[0].fullDisplayName} ${b.durationString.endsWith('counting')}"
)");
  const std::string text = run("up");
  EXPECT_THAT(text, HasSubstr("[Pipeline] build\nScheduling project: demo » down\n"
                              "Starting building: demo » down #1\n"
                              "Build demo » down #1 completed: UNSTABLE\n"));
  EXPECT_THAT(text,
              HasSubstr("result UNSTABLE UNSTABLE number 1 demo » down #1 done it demo/down\n"));
  EXPECT_THAT(text, HasSubstr("worse true better false\n"));
  EXPECT_THAT(text, HasSubstr("vars ada up demo » up #1 false\n"));
  EXPECT_THAT(text, HasSubstr("Finished: SUCCESS\n"));
  const std::string down = log("down", 1);
  EXPECT_THAT(down, testing::StartsWith("Started by upstream project \"demo/up\" build number 1\n"
                                        "originally caused by:\n Started by user ada\n"));
  EXPECT_THAT(down, HasSubstr("got ada true Boolean\n"));
}

TEST_F(Jobs, ABadResultOfTheOtherRunIsTakenOver) {
  job("down", "error 'planned'");
  job("up",
      "try { build 'down' } catch (e) { echo \"caught ${e.result} ${e.causes[0]}\" ; throw e }");
  const uint64_t number = start("up");
  EXPECT_EQ(finish("up", number).result, BuildResult::failure);
  const std::string text = log("up", number);
  EXPECT_THAT(text, HasSubstr("Build demo » down #1 completed: FAILURE\n"));
  EXPECT_THAT(text, HasSubstr("caught FAILURE demo » down #1 completed with status FAILURE "
                              "(propagate: false to ignore)\n"));
  EXPECT_THAT(text, HasSubstr("[Pipeline] End of Pipeline\ndemo » down #1 completed with status "
                              "FAILURE (propagate: false to ignore)\nFinished: FAILURE\n"));
  job("unstable", "unstable 'x'");
  job("up2", "retry(2) { build 'unstable' }");
  EXPECT_EQ(finish("up2", start("up2")).result, BuildResult::unstable);
  EXPECT_THAT(log("up2", 1), HasSubstr("Retrying\n"));
  EXPECT_EQ(engine->runs({"demo", "unstable"})->size(), 2u);
}

TEST_F(Jobs, BuildNeedNotWait) {
  job("down", "input id: 'Go', message: 'ok?'");
  job("up",
      "def b = build job: 'down', wait: false\necho \"b $b\"\n"
      "def c = build job: '/demo/down', wait: false, waitForStart: true\n"
      "echo \"c ${c.number} ${c.result} ${c.currentResult}\"");
  const std::string text = run("up");
  EXPECT_THAT(text, HasSubstr("Scheduling project: demo » down\n[Pipeline] echo\nb null\n"));
  EXPECT_THAT(text,
              HasSubstr("Starting building: demo » down #2\n[Pipeline] echo\nc 2 null SUCCESS\n"));
}

TEST_F(Jobs, AnUnknownJobIsSaid) {
  job("up", "build 'nowhere'");
  EXPECT_THAT(run("up"), HasSubstr("ERROR: No item named nowhere found\nFinished: FAILURE\n"));
}

TEST_F(Jobs, AQuietPeriodIsWaitedFor) {
  job("down", "echo 'ran'");
  job("up", "build job: 'down', quietPeriod: 1");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(run("up"), HasSubstr("Build demo » down #1 completed: SUCCESS\n"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 950ms);
}

TEST_F(Jobs, AbortGoesDown) {
  job("down", "echo 'on'\nsleep 60");
  job("up", "build 'down'");
  const uint64_t number = start("up");
  until("down", 1, [&](const RunInfo&) { return log("down", 1).contains("on\n"); });
  ASSERT_TRUE(engine->stop({"demo", "up"}, number, "ada").ok());
  EXPECT_EQ(finish("up", number).result, BuildResult::aborted);
  EXPECT_EQ(finish("down", 1).result, BuildResult::aborted);
  EXPECT_THAT(log("down", 1), HasSubstr("Calling Pipeline was cancelled\n"));
}

TEST_F(Jobs, AWaitForAnotherRunSurvivesARestart) {
  job("down", "input id: 'Go', message: 'ok?'\ncurrentBuild.description = 'after'");
  job("up", "def b = build 'down'\necho \"it was ${b.description}\"");
  const uint64_t number = start("up");
  until("down", 1, [](const RunInfo& info) { return !info.inputs.empty(); });
  for (int i = 0; i < 2; i++) {
    open();
    until("down", 1, [](const RunInfo& info) { return !info.inputs.empty(); });
  }
  ASSERT_TRUE(engine->answer({"demo", "down"}, 1, "Go", {.proceed = true, .by = "ada"}).ok());
  EXPECT_EQ(finish("up", number).result, BuildResult::success);
  EXPECT_THAT(log("up", number), HasSubstr("it was after\n"));
  EXPECT_EQ(engine->runs({"demo", "down"})->size(), 1u);
}

TEST_F(Jobs, EarlierRunsAreSeen) {
  job("web", R"(
def n = currentBuild.number
if (n == 2) { currentBuild.displayName = 'two'; currentBuild.keepLog = true; error 'planned' }
if (n == 3) { unstable 'x' }
if (n == 4) {
  for (name in ['previousBuild', 'previousFailedBuild', 'previousNotFailedBuild', 'previousSuccessfulBuild', 'previousCompletedBuild', 'previousBuiltBuild']) {
    def b = currentBuild."$name"
    echo "$name ${b?.number} ${b?.result} ${b?.displayName}"
  }
  echo "before that ${currentBuild.previousBuild.previousBuild.previousBuild.number} ${currentBuild.previousBuild.previousBuild.keepLog}"
  echo "next ${currentBuild.nextBuild} in progress ${currentBuild.previousBuildInProgress}"
  echo "next of first ${currentBuild.previousBuild.previousBuild.nextBuild.number}"
}
)");
  for (int i = 0; i < 3; i++) run("web");
  const std::string text = run("web");
  EXPECT_THAT(text, HasSubstr("previousBuild 3 UNSTABLE #3\n"));
  EXPECT_THAT(text, HasSubstr("previousFailedBuild 2 FAILURE two\n"));
  EXPECT_THAT(text, HasSubstr("previousNotFailedBuild 3 UNSTABLE #3\n"));
  EXPECT_THAT(text, HasSubstr("previousSuccessfulBuild 3 UNSTABLE #3\n"));
  EXPECT_THAT(text, HasSubstr("previousCompletedBuild 3 UNSTABLE #3\n"));
  EXPECT_THAT(text, HasSubstr("previousBuiltBuild 3 UNSTABLE #3\n"));
  EXPECT_THAT(text, HasSubstr("before that 1 true\n"));
  EXPECT_THAT(text, HasSubstr("next null in progress null\n"));
  EXPECT_THAT(text, HasSubstr("next of first 3\n"));
}

TEST_F(Jobs, AnotherBuildCannotBeChanged) {
  job("web", "if (currentBuild.number == 2) { currentBuild.previousBuild.description = 'x' }");
  run("web");
  EXPECT_THAT(run("web"), HasSubstr("java.lang.SecurityException: can only set the description "
                                    "property on the current build"));
}

std::vector<std::string> parameter_names(const Engine& engine, const std::string& name) {
  std::vector<std::string> names;
  const json::array parameters = engine.job_parameters({"demo", name}).value();
  for (const json::value& one : parameters) names.emplace_back(text_at(one, {"name"}));
  return names;
}

TEST_F(Jobs, DeclarativeParametersBecomeTheJobs) {
  auto with = [](std::string_view parameters) {
    return fmt::format(
        "pipeline {{ agent none\n {}\n stages {{ stage('a') {{ steps {{ "
        "echo \"P ${{params.P}} HAND ${{params.HAND}}\" }} }} }} }}",
        parameters);
  };
  const json::array by_hand = {
      json::object{{"name", "HAND"}, {"type", "string"}, {"default_value", "h"}}};
  job("web",
      with("parameters { string(name: 'P', defaultValue: 'one')\n choice(name: 'C', choices: "
           "['a', 'b'])\n booleanParam(name: 'B', defaultValue: true) }"),
      by_hand);
  EXPECT_THAT(run("web"), HasSubstr("P one HAND h\n"));
  EXPECT_EQ(parameter_names(*engine, "web"), (std::vector<std::string>{"HAND", "P", "C", "B"}));
  // The next run is typed by them before it begins.
  const uint64_t number = start("web", {.values = {{"B", "false"}}});
  const RunInfo info = finish("web", number);
  EXPECT_EQ(info.values.at("B"), json::value(false));
  EXPECT_EQ(info.values.at("C"), json::value("a"));
  open();
  EXPECT_EQ(parameter_names(*engine, "web").size(), 4u);
  // Declared before but no longer: removed. Set by hand: kept.
  job("web", with(""), by_hand);
  run("web");
  EXPECT_EQ(parameter_names(*engine, "web"), std::vector<std::string>{"HAND"});
}

TEST_F(Jobs, ScriptedPropertiesReplaceAll) {
  job("web",
      "properties([parameters([string(name: 'P', defaultValue: 'one'), [$class: "
      "'BooleanParameterDefinition', name: 'B', defaultValue: true]]), "
      "disableConcurrentBuilds(), pipelineTriggers([cron('@daily')])])\n"
      "echo \"P ${params.P} B ${params.B}\"",
      {json::object{{"name", "HAND"}, {"type", "string"}, {"default_value", "h"}}});
  // Empty in the very first run that defines them.
  EXPECT_THAT(run("web"), HasSubstr("P null B null\n"));
  EXPECT_THAT(run("web"), HasSubstr("P one B true\n"));
  EXPECT_EQ(parameter_names(*engine, "web"), (std::vector<std::string>{"P", "B"}));
}

TEST_F(Jobs, WhatIsNoPropertyIsSaid) {
  job("web", "properties([string(name: 'P')])");
  EXPECT_THAT(run("web"),
              HasSubstr("java.lang.IllegalArgumentException: properties: 'string' is no "
                        "job property; known are buildDiscarder, "));
}

TEST_F(Jobs, RunsOneAtATimeWhenDeclared) {
  job("web",
      "properties([disableConcurrentBuilds()])\nif (currentBuild.number > 1) input id: 'Go', "
      "message: 'ok?'");
  run("web");
  const uint64_t second = start("web");
  until("web", second, [](const RunInfo& info) { return !info.inputs.empty(); });
  const uint64_t third = start("web");
  EXPECT_EQ(engine->run({"demo", "web"}, third, false)->state, RunState::queued);
  ASSERT_TRUE(engine->answer({"demo", "web"}, second, "Go", {.proceed = true, .by = "ada"}).ok());
  until("web", third, [](const RunInfo& info) { return !info.inputs.empty(); });
  ASSERT_TRUE(engine->stop({"demo", "web"}, third, "ada").ok());
  finish("web", third);
}

TEST_F(Jobs, ANewRunEndsTheOneUnderWayWhenDeclared) {
  job("web",
      "pipeline { agent none\n options { disableConcurrentBuilds(abortPrevious: true) }\n"
      "stages { stage('a') { steps { script { if (currentBuild.number == 2) { input id: "
      "'Go', message: 'ok?' } } } } } }");
  run("web");
  const uint64_t second = start("web");
  until("web", second, [](const RunInfo& info) { return !info.inputs.empty(); });
  const uint64_t third = start("web");
  EXPECT_EQ(finish("web", second).result, BuildResult::not_built);
  EXPECT_THAT(log("web", second), HasSubstr("Superseded by #3\n"));
  EXPECT_EQ(finish("web", third).result, BuildResult::success);
}

TEST_F(Jobs, OldRunsAreDiscardedButTheLastGoodOne) {
  job("web",
      "properties([buildDiscarder(logRotator(numToKeepStr: '2'))])\n"
      "if (currentBuild.number > 1) { error 'planned' }");
  for (int i = 0; i < 5; i++) run("web");
  until("web", 5, [&](const RunInfo&) { return engine->runs({"demo", "web"})->size() == 3; });
  EXPECT_EQ(*engine->runs({"demo", "web"}), (std::vector<uint64_t>{5, 4, 1}));
}

TEST_F(Jobs, CausesAreObjects) {
  job("web", R"(
def c = currentBuild.getBuildCauses()
echo "${c.size()} ${c[0]._class} ${c[0].userId} ${c[0].userName} ${c[0].shortDescription}"
echo "${currentBuild.getBuildCauses('hudson.model.Cause$UserIdCause').size()} ${currentBuild.getBuildCauses('hudson.triggers.TimerTrigger$TimerTriggerCause').size()}"
)");
  const std::string text = run("web");
  EXPECT_THAT(text, HasSubstr("1 hudson.model.Cause$UserIdCause ada ada Started by user ada\n"));
  EXPECT_THAT(text, HasSubstr("1 0\n"));
}

constexpr std::string_view kStages = R"(pipeline { agent any
  parameters { string(name: 'P', defaultValue: 'one') }
  options { preserveStashes(buildCount: 2) }
  stages {
    stage('build') { steps { writeFile file: 'f', text: 'made'; stash 's'; echo 'building' } }
    stage('test') { steps { deleteDir(); unstash 's'; echo "testing ${readFile 'f'} ${params.P}" } }
    stage('again') { when { isRestartedRun() }; steps { echo 'only then' } }
    stage('fail') { steps { error 'planned' } }
    stage('late') { steps { echo 'late' } }
  }
})";

TEST_F(Jobs, ARunCanBeBegunAgainAtAStage) {
  job("web", kStages);
  const uint64_t first = start("web", {.values = {{"P", "two"}}});
  EXPECT_EQ(finish("web", first).result, BuildResult::failure);
  // The script of that run is used, not that of today.
  job("web", "echo 'other'");
  const Result<uint64_t> again = engine->restart({"demo", "web"}, first, "test", "ada");
  ASSERT_TRUE(again.ok()) << again.error().message;
  finish("web", *again);
  const std::string text = log("web", *again);
  EXPECT_THAT(text,
              testing::StartsWith("Started by user ada\nRestarted from build #1, stage test\n"));
  EXPECT_THAT(
      text, HasSubstr("Stage \"build\" skipped due to this build restarting at stage \"test\"\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nbuilding\n")));
  EXPECT_THAT(text, HasSubstr("\ntesting made two\n"));
  EXPECT_THAT(text, HasSubstr("\nonly then\n"));
}

TEST_F(Jobs, WhatCannotBeRestartedIsSaid) {
  job("web", kStages);
  const uint64_t first = start("web");
  finish("web", first);
  auto refusal = [&](const std::string& name, uint64_t number, const std::string& stage) {
    const Result<uint64_t> again = engine->restart({"demo", name}, number, stage, "ada");
    return again ? "it began" : again.error().message;
  };
  EXPECT_EQ(refusal("web", first, ""), "Stage name cannot be null or an empty string.");
  for (const std::string stage : {"nothing", "late"}) {
    EXPECT_EQ(refusal("web", first, stage),
              "Stage " + stage +
                  " is not present in the top-level stages for demo » web #1, so "
                  "cannot be restarted.");
  }
  job("script", "stage('a') { echo 'x' }");
  run("script");
  EXPECT_EQ(refusal("script", 1, "a"),
            "demo » script #1 was not a Declarative Pipeline, and cannot be restarted.");
  job("waits",
      "pipeline { agent none\n stages { stage('a') { steps { input id: 'Go', message: "
      "'ok?' } } } }");
  start("waits");
  until("waits", 1, [](const RunInfo& info) { return !info.inputs.empty(); });
  EXPECT_EQ(refusal("waits", 1, "a"),
            "The origin build demo » waits #1 is not complete, so cannot be restarted.");
  job("broken", "pipeline { }");
  run("broken");
  EXPECT_EQ(refusal("broken", 1, "a"),
            "The origin build demo » broken #1 did not execute its Pipeline, so cannot be "
            "restarted.");
}

TEST_F(Jobs, StashesGoWithTheirRun) {
  job("web", "node { writeFile file: 'f', text: 'x'; stash 's' }");
  run("web");
  const std::string stash = dir.path() + "/folders/demo/jobs/web/builds/1/files/stash";
  until("web", 1, [&](const RunInfo&) { return !file_exists(stash); });
}

TEST_F(Jobs, TheRawBuildIsRefused) {
  job("web", "currentBuild.rawBuild");
  EXPECT_THAT(
      run("web"),
      HasSubstr("org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException: "
                "Scripts not permitted to use method "
                "org.jenkinsci.plugins.workflow.support.steps.build.RunWrapper getRawBuild"));
}

/// A report of three cases; each letter says how one did.
std::string report_script(std::string_view how) {
  std::string cases;
  for (size_t i = 0; i < how.size(); i++) {
    cases += fmt::format("<testcase classname=\"a.B\" name=\"t{}\" time=\"0.5\">{}</testcase>", i,
                         how[i] == 'f'   ? "<failure message=\"m\">trace</failure>"
                         : how[i] == 's' ? "<skipped message=\"later\"/>"
                                         : "<system-out>said</system-out>");
  }
  return fmt::format(
      "node {{ writeFile file: 'r.xml', text: '<testsuite name=\"s\">{}</testsuite>'\n junit "
      "'r.xml' }}",
      cases);
}

TEST_F(Jobs, ATestReportKeepsEachCaseAndHowItDidBefore) {
  auto report = [&](std::string_view how) {
    job("tests", report_script(how));
    const uint64_t number = start("tests");
    finish("tests", number);
    return json::value(engine->test_report({"demo", "tests"}, number).value());
  };
  auto states = [](const json::value& of) {
    std::string text;
    for (const json::value& one : of.at("suites").at(0).at("cases").as_array())
      text += fmt::format("{} {} {} ", text_at(one, {"status"}), int_at(one, {"age"}),
                          int_at(one, {"failedSince"}));
    return text;
  };
  const json::value first = report("pfs");
  EXPECT_EQ(states(first), "PASSED 0 0 FAILED 1 1 SKIPPED 0 0 ");
  EXPECT_EQ(int_at(first, {"totalCount"}), 3);
  EXPECT_EQ(int_at(first, {"failCount"}), 1);
  EXPECT_EQ(int_at(first, {"skipCount"}), 1);
  const json::value& failed = first.at("suites").at(0).at("cases").at(1);
  EXPECT_EQ(text_at(failed, {"className"}), "a.B");
  EXPECT_EQ(text_at(failed, {"errorDetails"}), "m");
  EXPECT_EQ(text_at(failed, {"errorStackTrace"}), "trace");
  EXPECT_EQ(text_at(first, {"suites"}), "");
  EXPECT_EQ(text_at(first.at("suites").at(0).at("cases").at(2), {"skippedMessage"}), "later");
  EXPECT_EQ(text_at(first.at("suites").at(0).at("cases").at(0), {"stdout"}), "said");

  EXPECT_EQ(states(report("ffp")), "REGRESSION 1 2 FAILED 2 1 FIXED 0 0 ");
  EXPECT_EQ(states(report("fpp")), "FAILED 2 2 FIXED 0 0 PASSED 0 0 ");
  // A run without tests in between does not break the row.
  job("tests", "echo 'no tests'");
  finish("tests", start("tests"));
  EXPECT_EQ(engine->test_report({"demo", "tests"}, 4).error().code, Code::not_found);
  EXPECT_EQ(states(report("fpf")), "FAILED 4 2 PASSED 0 0 REGRESSION 1 5 ");
}

TEST_F(Jobs, FingerprintsAreKept) {
  job("prints", R"(
node {
  writeFile file: 'out/a.txt', text: 'a'
  writeFile file: 'out/b.bin', text: 'b'
  archiveArtifacts artifacts: 'out/*.txt', fingerprint: true
  fingerprint 'out/*.bin'
}
)");
  const uint64_t number = start("prints");
  EXPECT_EQ(finish("prints", number).result, BuildResult::success);
  const json::value sums(engine->fingerprints({"demo", "prints"}, number).value());
  EXPECT_EQ(sums, json::value({{"out/a.txt", "0cc175b9c0f1b6a831c399e269772661"},
                               {"out/b.bin", "92eb5ffee6ae2fec3ad71c777531578f"}}));
}

TEST_F(Jobs, ARateOfRunsIsKept) {
  auto limited = [](std::string_view throttle) {
    return fmt::format("properties([rateLimitBuilds(throttle: [{}])])\necho 'ran'", throttle);
  };
  job("often", limited("count: 2, durationName: 'second', userBoost: false"));
  std::vector<WallTime> begun;
  for (int i = 0; i < 3; i++) {
    // What limits the next one is declared by the run.
    begun.push_back(finish("often", start("often")).started);
  }
  EXPECT_GE(begun[1] - begun[0], 500ms);
  EXPECT_GE(begun[2] - begun[1], 500ms);

  job("seldom", limited("count: 1, durationName: 'day', userBoost: true"));
  finish("seldom", start("seldom"));
  const uint64_t waits = start("seldom", {.values = {}, .causes = {"Started by timer"}, .key = {}});
  EXPECT_EQ(engine->run({"demo", "seldom"}, waits, false)->state, RunState::queued);
  const uint64_t by_user = start("seldom");
  EXPECT_EQ(finish("seldom", by_user).result, BuildResult::success);
  open();
  EXPECT_EQ(engine->run({"demo", "seldom"}, waits, false)->state, RunState::queued);
  EXPECT_TRUE(engine->stop({"demo", "seldom"}, waits, "ada"));

  job("wrong", limited("count: 1, durationName: 'eon'"));
  EXPECT_THAT(run("wrong"),
              HasSubstr("ERROR: rateLimitBuilds: throttle wants a count of at least 1 and a "
                        "durationName of second, minute, hour"));
}

TEST_F(Jobs, ARunThatMustNotBeResumedEndsAtTheRestart) {
  job("once",
      "properties([disableResume()])\nnode { input id: 'Go', message: 'on?' }\necho 'never'");
  const uint64_t number = start("once");
  until("once", number, [](const RunInfo& info) { return !info.inputs.empty(); });
  open();
  EXPECT_EQ(finish("once", number).result, BuildResult::aborted);
  const std::string text = log("once", number);
  EXPECT_THAT(text,
              HasSubstr("\nFailing build: shutting down controller and build is marked to not "
                        "resume\n"));
  EXPECT_THAT(text, Not(HasSubstr("never")));
}

TEST_F(Jobs, ADurabilityHintIsOneOfThree) {
  job("hint", "properties([durabilityHint('PERFORMANCE_OPTIMIZED')])");
  EXPECT_THAT(run("hint"), HasSubstr("Finished: SUCCESS"));
  job("wrong", "properties([durabilityHint('FASTER')])");
  EXPECT_THAT(run("wrong"),
              HasSubstr("ERROR: durabilityHint: 'FASTER' is none of MAX_SURVIVABILITY, "
                        "SURVIVABLE_NONATOMIC, PERFORMANCE_OPTIMIZED"));
}

TEST_F(Jobs, ALostAgentIsAReasonToTryAgain) {
  engine.reset();
  engine = Engine::open({.data_dir = dir.path(), .agent = {"/bin/false"}}).value();
  job("lost", R"(
try {
  retry(count: 2, conditions: [agent()]) { node { echo 'a try'; sh 'true' } }
} catch (e) { echo "caught ${e.class.simpleName}" }
retry(count: 2, conditions: [agent()]) { echo 'once'; error 'of the script' }
)");
  const std::string text = run("lost");
  EXPECT_THAT(text, HasSubstr("caught AgentOfflineException"));
  EXPECT_THAT(text, HasSubstr("built-in seems to be removed or offline: "));
  auto count = [&](std::string_view what) {
    size_t found = 0;
    for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) found++;
    return found;
  };
  EXPECT_EQ(count("\na try\n"), 2u) << text;
  EXPECT_EQ(count("\nonce\n"), 1u) << text;
}

}  // namespace
}  // namespace ks::engine
