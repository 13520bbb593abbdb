#include "engine/declarative.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "engine/run_once.h"

namespace ks::engine {
namespace {

struct Ran {
  BuildResult result;
  std::string console;
};

Ran run(std::string_view script, OnceOptions options = {}) {
  Ran ran{};
  options.script = script;
  options.console = [&](std::string_view text) { ran.console += text; };
  Result<OnceResult> done = run_once(std::move(options));
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message);
  if (done) ran.result = done->result;
  return ran;
}

TEST(Declarative, PrintsWhatJenkinsPrints) {
  Ran ran = run(R"(pipeline { agent none
    stages { stage('Build') { steps { echo 'hi' } } }
    post { always { echo 'done' } } })");
  EXPECT_EQ(ran.result, BuildResult::success);
  EXPECT_EQ(ran.console,
            "[Pipeline] Start of Pipeline\n"
            "[Pipeline] stage\n"
            "[Pipeline] { (Build)\n"
            "[Pipeline] echo\n"
            "hi\n"
            "[Pipeline] }\n"
            "[Pipeline] // stage\n"
            "[Pipeline] stage\n"
            "[Pipeline] { (Declarative: Post Actions)\n"
            "[Pipeline] echo\n"
            "done\n"
            "[Pipeline] }\n"
            "[Pipeline] // stage\n"
            "[Pipeline] End of Pipeline\n"
            "Finished: SUCCESS\n");
}

TEST(Declarative, ParametersHaveTheirDefaultsAndTypes) {
  OnceOptions options;
  options.parameters = {{"flag", "true"}};
  Ran ran = run(R"(pipeline { agent none
    parameters { string(name: 'who', defaultValue: 'rick') ; booleanParam(name: 'flag') ; choice(name: 'c', choices: ['x', 'y']) }
    stages { stage('a') { when { equals expected: true, actual: params.flag } ; steps { echo "${params.who} ${params.c} ${who}" } } } })",
                std::move(options));
  EXPECT_THAT(ran.console, testing::HasSubstr("rick x rick\n"));
}

TEST(Declarative, AnErrorOfFormStopsTheRunBeforeItBegins) {
  Ran ran = run("pipeline {\n  agent any\n}\n");
  EXPECT_EQ(ran.result, BuildResult::failure);
  EXPECT_THAT(ran.console,
              testing::HasSubstr("startup failed:\nWorkflowScript: 1: Missing required section "
                                 "\"stages\" @ line 1, column 1.\n   pipeline {\n   ^\n"));
  EXPECT_THAT(ran.console, testing::Not(testing::HasSubstr("Start of Pipeline")));
}

TEST(Declarative, OnlyOnePipelineRuns) {
  Ran ran =
      run("def go() { evaluate(\"pipeline { agent none ; stages { stage('a') { steps { echo 'once' "
          "} } } }\") }\n"
          "go()\ngo()\n");
  EXPECT_EQ(ran.result, BuildResult::failure);
  EXPECT_THAT(ran.console, testing::HasSubstr("once\n"));
  EXPECT_THAT(ran.console, testing::HasSubstr(
                               "Only one pipeline { ... } block can be executed in a single run."));
}

TEST(Declarative, FailFastAbortsTheOtherBranches) {
  Ran ran = run(R"(pipeline { agent none ; stages { stage('p') { failFast true ; parallel {
    stage('a') { steps { error 'bad' } }
    stage('b') { steps { sleep 30 ; echo 'too late' } ; post { aborted { echo 'was aborted' } } } } } } })");
  EXPECT_EQ(ran.result, BuildResult::failure);
  EXPECT_THAT(ran.console, testing::HasSubstr("was aborted\n"));
  EXPECT_THAT(ran.console, testing::Not(testing::HasSubstr("too late")));
}

TEST(Declarative, PostSeesTheResultThatItWasChosenBy) {
  Ran ran = run(R"(pipeline { agent none ; stages { stage('a') { steps { error 'bad' } } }
    post { failure { echo "result ${currentBuild.result}" } } })");
  EXPECT_THAT(ran.console, testing::HasSubstr("result FAILURE\n"));
}

TEST(Declarative, StepsWithoutANodeSayWhatIsMissing) {
  Ran ran = run("pipeline { agent none ; stages { stage('a') { steps { sh 'true' } } } }");
  EXPECT_THAT(ran.console, testing::HasSubstr("ERROR: Attempted to execute a step that requires a "
                                              "node context while ‘agent none’ was specified."));
}

}  // namespace
}  // namespace ks::engine
