#include "pipeline/lint.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/step_guide.h"

namespace ks::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// `line:column rule: message (hint)`
std::vector<std::string> found_in(std::string_view source, const LintOptions& options = {}) {
  std::vector<std::string> found;
  for (const Finding& one : lint(source, options).findings) {
    found.push_back(fmt::format("{}:{} {}: {}{}", one.line, one.column, to_string(one.rule),
                                one.message, one.hint.empty() ? "" : " (" + one.hint + ")"));
  }
  return found;
}

std::string declarative(std::string_view steps) {
  return fmt::format("pipeline {{ agent any\nstages {{ stage('a') {{ steps {{\n{}\n}} }} }} }}",
                     steps);
}

TEST(Lint, UnknownStepsNameTheNearest) {
  EXPECT_THAT(found_in("node {\n  ech 'x'\n}"),
              ElementsAre("2:3 unknown-step: there is no step or method 'ech' (did you mean "
                          "'echo'?)"));
  EXPECT_THAT(found_in("def deploy() { }\ndeploi()"),
              ElementsAre("2:1 unknown-step: there is no step or method 'deploi' (did you mean "
                          "'deploy'?)"));
  EXPECT_THAT(found_in(declarative("shh 'make'")),
              ElementsAre(HasSubstr("3:1 unknown-step: there is no step or method 'shh'")));
}

TEST(Lint, StepsOfPluginsThatDoNotRunHereSayWhatDoes) {
  EXPECT_THAT(found_in("slackSend channel: '#a', message: 'b'"),
              ElementsAre("1:1 unsupported-step: step 'slackSend' of plugin 'slack' does not run "
                          "here (what works: sh with curl and a web hook)"));
  EXPECT_THAT(found_in(declarative("script { def json = httpRequest(url: 'a')\necho json.b }")),
              ElementsAre("3:21 unsupported-step: step 'httpRequest' of plugin 'http_request' does "
                          "not run here (what works: sh with curl)"));
  EXPECT_THAT(found_in("echo 'x'", {.runs = [](std::string_view) { return false; }}),
              ElementsAre("1:1 unsupported-step: step 'echo' of plugin 'workflow-basic-steps' does "
                          "not run here"));
}

TEST(Lint, UnknownStepsAreWarningsWhenALibraryMayHaveThem) {
  const Linted linted = lint("@Library('shared') _\nbuildIt()");
  ASSERT_EQ(linted.findings.size(), 1u);
  EXPECT_EQ(linted.findings[0].severity, Severity::warning);
  EXPECT_FALSE(linted.has_errors());
  EXPECT_TRUE(lint("buildIt()").has_errors());
  EXPECT_THAT(found_in("buildIt()", {.library_steps = {"buildIt"}}), IsEmpty());
}

TEST(Lint, WhatIsNoStepIsLeftAlone) {
  EXPECT_THAT(found_in(R"(
import static java.lang.Math.max
def build(String what) { sh "make ${what}" }
def work = { n -> echo "$n" }
work(1)
x = { echo 'in the binding' }
x()
println max(1, 2)
class Helper { def a() { b() } ; def b() { 1 } }
echo new Helper().a().toString()
def more = [disableConcurrentBuilds(), pipelineTriggers([cron('@daily')])]
properties(more)
properties([parameters([string(name: 'V', defaultValue: '1')]), pipelineTriggers([cron('@daily')])])
node('linux') {
  checkout([$class: 'GitSCM', branches: [[name: '*/main']]])
  withCredentials([usernamePassword(credentialsId: 'c', usernameVariable: 'U', passwordVariable: 'P')]) { build('all') }
  docker.image('maven').inside { sh 'mvn package' }
  [1, 2].each { sh "echo ${it}" }
  parallel a: { build('a') }, b: { build('b') }, failFast: true
  timeout(time: 5, unit: 'MINUTES') { retry(2) { sh script: 'make', returnStatus: true } }
  try { build('x') } catch (e) { echo e.message } finally { deleteDir() }
})"),
              IsEmpty());
}

TEST(Lint, Parameters) {
  EXPECT_THAT(found_in("node { sh(script: 'x', returnStdot: true) }"),
              ElementsAre("1:24 unknown-parameter: step 'sh' has no parameter 'returnStdot' (did "
                          "you mean 'returnStdout'?)"));
  EXPECT_THAT(found_in("node { sh(returnStdout: true) }"),
              ElementsAre("1:8 missing-parameter: step 'sh': parameter 'script' is missing (it "
                          "takes: script, returnStdout, returnStatus, encoding, label)"));
  EXPECT_THAT(found_in("node { sh script: 'x', returnStatus: 'true' }"),
              ElementsAre("1:38 parameter-type: step 'sh': parameter 'returnStatus' wants a "
                          "boolean, not a string (without quotes: true)"));
  EXPECT_THAT(found_in("sleep '5'"),
              ElementsAre("1:7 parameter-type: step 'sleep': parameter 'time' wants an integer, "
                          "not a string (without quotes: 5)"));
  EXPECT_THAT(found_in("node { writeFile 'a', 'b' }"),
              ElementsAre("1:23 unknown-parameter: step 'writeFile' takes one unnamed argument at "
                          "most (it takes: file, text, encoding)"));
  EXPECT_THAT(found_in("timeout(5)"),
              ElementsAre("1:1 missing-parameter: step 'timeout' must be "
                          "called with a body (write timeout(...) { ... })"));
  EXPECT_THAT(found_in("echo('x') { }"),
              ElementsAre("1:11 unknown-parameter: step 'echo' takes no body"));
  EXPECT_THAT(found_in("node { steps.sh 5 }"),
              ElementsAre("1:17 parameter-type: step 'sh': parameter 'script' wants a string, not "
                          "an integer (quote it: '5')"));
  // What is known only when it runs is not judged.
  EXPECT_THAT(found_in("def args = [script: 'x']\nnode { sh(args) ; sh(*: args) ; sleep env.N }"),
              IsEmpty());
}

TEST(Lint, CodeThatIsNeverReached) {
  EXPECT_THAT(found_in("def f() {\n  return 1\n  echo 'x'\n}\nf()"),
              ElementsAre("3:3 unreachable-code: this is never reached: the return in line 2 ends "
                          "the block (remove it, or move it in front)"));
  EXPECT_THAT(found_in("error 'no'\necho 'x'\necho 'y'"),
              ElementsAre("2:1 unreachable-code: this is never reached: the error step in line 1 "
                          "ends the block (remove it, or move it in front)"));
  EXPECT_THAT(found_in("if (env.A) { error 'a' } else { throw new Exception('b') }\necho 'x'"),
              ElementsAre(HasSubstr("2:1 unreachable-code")));
  EXPECT_THAT(found_in("for (a in [1]) { if (a) { break }\necho 'x' }\n"
                       "while (true) { if (env.B) break }\necho 'y'\n"
                       "try { error 'a' } catch (e) { echo e.message }\necho 'z'"),
              IsEmpty());
}

TEST(Lint, VariablesThatAreNeverRead) {
  EXPECT_THAT(
      found_in("def a = 1\ndef b = 2\necho \"${b}\""),
      ElementsAre("1:5 unused-variable: variable 'a' is never read (remove it, or begin its "
                  "name with _)"));
  EXPECT_THAT(found_in("def a = 1\na = 2"), ElementsAre(HasSubstr("'a' is never read")));
  EXPECT_THAT(found_in("def a = 1\ndef f() { echo a }\nf()"),
              ElementsAre(HasSubstr("1:5 unused-variable")));
  EXPECT_THAT(found_in("@groovy.transform.Field def a = 1\ndef (x, y) = [1, 2]\necho y.toString()\n"
                       "def _ = 3\ndef go = { echo 'x' }\ngo()\n"
                       "for (int i = 0; i < 2; i++) { echo 'x' }"),
              IsEmpty());
}

TEST(Lint, WhatDoesNotParseOrValidateIsSyntax) {
  EXPECT_THAT(found_in("if ("), ElementsAre(HasSubstr("syntax: ")));
  EXPECT_THAT(found_in("pipeline { stages { stage('a') { steps { echo 'x' } } } }"),
              ElementsAre("1:1 syntax: Missing required section \"agent\""));
  EXPECT_TRUE(lint(declarative("echo 'x'")).declarative);
}

TEST(Lint, FindingsHaveAnEnd) {
  const Linted linted = lint("node {\n  sh(script: 'x', returnStdot: true)\n}");
  ASSERT_EQ(linted.findings.size(), 1u);
  EXPECT_EQ(linted.findings[0].end_line, 2u);
  EXPECT_EQ(linted.findings[0].column, 19u);
  EXPECT_EQ(linted.findings[0].end_column, 36u);
}

TEST(Lint, HugeTextsAreBounded) {
  std::string calls, variables, again;
  for (int i = 0; i < 15'000; i++) {
    calls += fmt::format("nosuchstep{}()\n", i);
    variables += fmt::format("def variable{} = 1\n", i);
    again += "def a = 1\n";
  }
  for (const std::string& text : {calls, variables, again, variables + calls})
    EXPECT_EQ(lint(text).findings.size(), 10'000u);
}

TEST(StepGuide, EveryKnownStepHasOne) {
  for (const auto& [name, signature] : standard_catalog().steps)
    EXPECT_NE(step_guide(name), nullptr) << name;
}

}  // namespace
}  // namespace ks::pipeline
