#include "pipeline/validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/compile.h"

namespace ks::pipeline {
namespace {

/// A pipeline with `inside` between its agent and its stages.
std::string with_section(std::string_view inside) {
  return "pipeline {\nagent any\n" + std::string(inside) +
         "\nstages { stage('a') { steps { echo 'x' } } }\n}\n";
}

std::string with_stage(std::string_view inside) {
  return "pipeline {\nagent none\nstages { stage('a') {\n" + std::string(inside) + "\n} }\n}\n";
}

std::string with_steps(std::string_view steps) {
  return with_stage("steps {\n" + std::string(steps) + "\n}");
}

std::vector<std::string> messages(const std::string& source) {
  std::vector<std::string> found;
  for (const groovy::CompileError& error : check_pipeline(source).errors)
    found.push_back(error.message);
  return found;
}

struct Wrong {
  std::string source;
  std::string message;
};

void expect_all(const std::vector<Wrong>& cases) {
  for (const Wrong& wrong : cases) {
    EXPECT_THAT(messages(wrong.source), testing::Contains(testing::HasSubstr(wrong.message)))
        << wrong.source;
  }
}

TEST(Validator, AcceptsEachFormOfEachSection) {
  EXPECT_EQ(messages(R"(
@Library('shared') _
def helper() { 'x' }
pipeline {
  agent { node { label 'maven' } }
  libraries { lib('a@b') }
  environment { A = 'a' ; B = "${A}b" + 'c' ; C = credentials('id') ; D = sh(returnStdout: true, script: 'x').trim() ; E = 1 }
  options { timeout(time: 1, unit: 'HOURS') ; buildDiscarder(logRotator(numToKeepStr: '5')) ; skipDefaultCheckout() ; retry(3) }
  parameters { string(name: 'a', defaultValue: 'b') ; choice name: 'c', choices: ['d', 'e'] ; booleanParam(name: 'f') }
  triggers { cron('@daily') ; upstream(upstreamProjects: 'a,b', threshold: hudson.model.Result.SUCCESS) }
  tools { maven 'm3' }
  stages {
    stage('one') {
      when { beforeAgent true ; anyOf { branch 'main' ; expression { return params.a == 'b' } ; not { tag 'x' } } }
      input { message 'go?' ; ok 'yes' ; parameters { string(name: 'who') } }
      steps { echo "hi ${helper()}" ; timeout(5) { sh 'x' } ; script { if (true) { echo 'y' } } ; unknownStep foo: 1 }
      post { always { echo 'done' } ; cleanup { deleteDir() } }
    }
    stage('two') { failFast true ; parallel { stage('a') { steps { echo 'a' } } ; stage('b') { stages { stage('c') { steps { echo 'c' } } } } } }
    stage('three') { matrix { axes { axis { name 'OS' ; values 'l', 'w' } } ; excludes { exclude { axis { name 'OS' ; notValues 'l' } } }
      stages { stage('x') { steps { echo "${OS}" } } } } }
    stage('four') { steps { parallel(a: { echo 'a' }, b: { echo 'b' }, failFast: true) } }
  }
  post { failure { echo 'bad' } }
})"),
            std::vector<std::string>{});
}

TEST(Validator, SectionsThatAreMissingDoubledOrUnknown) {
  expect_all({
      {"pipeline { stages { stage('a') { steps { echo 'x' } } } }",
       "Missing required section \"agent\""},
      {"pipeline { agent any }", "Missing required section \"stages\""},
      {"pipeline { agent any\nstages { } }", "No stages specified"},
      {"pipeline { agent\nstages { } }",
       "Not a valid section definition: \"agent\". Some extra configuration is required."},
      {with_section("node { }"), "Undefined section \"node\""},
      {with_section("tools { maven 'a' }\ntools { maven 'b' }"),
       "Multiple occurrences of the tools section"},
      {with_section("postBuild { }"),
       "The ‘postBuild’ section has been renamed as of version 0.6."},
      {with_section("environment 'x'"), "Expected a block for environment"},
      {"pipeline 'x'", "Expected a block with the \"pipeline\" step"},
      {"node { pipeline { agent any } }",
       "pipeline block must be at the top-level, not within another block."},
  });
}

TEST(Validator, Stages) {
  expect_all({
      {with_stage(""), "Expected one of \"steps\", \"stages\", or \"parallel\" for stage \"a\""},
      {with_stage("steps { echo 'x' }\nparallel { stage('b') { steps { echo 'x' } } }"),
       "Only one of \"matrix\", \"parallel\", \"stages\", or \"steps\" allowed for stage \"a\""},
      {with_stage("echo 'x'"), "Unknown stage section \"echo\". Starting with version 0.5"},
      {with_stage("agent\nsteps { echo 'x' }"), "Not a valid stage section definition: \"agent\"."},
      {with_stage("agent any\nparallel { stage('b') { steps { echo 'x' } } }"),
       "\"agent\" is not allowed in stage \"a\" as it contains parallel or matrix stages"},
      {with_stage("parallel { stage('b') { parallel { stage('c') { steps { echo 'x' } } } } }"),
       "cannot be nested"},
      {"pipeline { agent none\nstages { stage(\"${x}\") { steps { echo 'x' } } } }",
       "Expected string literal"},
      {"pipeline { agent none\nstages { stage('x') } }", "Stage does not have a block"},
      {"pipeline { agent none\nstages { foo('x') } }", "Expected a stage"},
      {"pipeline { agent none\nstages { stage('x') { steps { echo 'x' } }\nstage('x') { steps { "
       "echo 'x' } } } }",
       "Duplicate stage name: \"x\""},
      {with_stage("failFast 'x'\nsteps { echo 'x' }"), "Expected a boolean with failFast"},
      {with_stage("matrix { stages { } }"), "Missing required section \"axes\""},
  });
}

TEST(Validator, Steps) {
  expect_all({
      {with_steps(""), "No steps specified for branch"},
      {with_steps("def x = 1"), "Expected a step"},
      {with_steps("foo.bar()"), "Method calls on objects not allowed outside \"script\" blocks."},
      {with_steps("stage('x') { echo 'y' }"),
       "The stage step cannot be used in Declarative Pipelines"},
      {with_steps("echo 'x'\nparallel(a: { echo 'y' })"),
       "The parallel step can only be used as the only top-level step"},
      {with_steps("script 'x'"), "Script step without a block"},
      {with_steps("sh ${FOO}"),
       "${FOO} cannot be used as a value directly. Did you mean \"${FOO}\"? (add quotes)"},
      {with_steps("timeout(time: 'x', unit: 'DAYS') { echo 'y' }"),
       "Expecting \"int\" for parameter \"time\" but got \"x\" of type class java.lang.String "
       "instead"},
      {with_steps("timeout(time: 1, banana: 'DAYS') { echo 'y' }"),
       "Invalid parameter \"banana\", did you mean"},
      {with_steps("timeout(unit: 'DAYS') { echo 'y' }"), "Missing required parameter: \"time\""},
      {with_steps("sh 'a', 'b'"), "Arguments to \"sh\" must be explicitly named."},
      {with_steps("parallel(a: 'x')"), "Expected closure or failFast"},
      {with_steps("sleep 99999999999999999999"),
       "BigIntegers cannot be used as constants in Declarative."},
  });
}

TEST(Validator, Directives) {
  expect_all({
      {with_section("environment { }"), "No variables specified for environment"},
      {with_section("environment { A = 'x' - 'y' }"), "can only be joined together with ‘+’s."},
      {with_section("environment { A = 'x' + 1 }"),
       "to be concatenated together must be single or double quoted."},
      {with_section("environment { A = [1] }"),
       "must either be single quoted, double quoted, or function calls."},
      {with_section("environment { A = 'x'\nA = 'y' }"),
       "Duplicate environment variable name: \"A\""},
      {with_section("environment { echo('x') }"),
       "\"echo('x')\" is not a valid environment expression."},
      {with_section("environment { A = credentials(1) }"),
       "Internal function call parameters must be strings."},
      {with_section("options { }"), "options can not be empty"},
      {with_section("options { echo('x') }"),
       "Invalid option type \"echo\". Valid option types: [ansiColor, "},
      {with_section("options { retry(2)\nretry(3) }"), "Duplicate option name: \"retry\""},
      {with_section("options { timeout(1) { } }"), "Options definitions cannot have blocks"},
      {with_stage("options { buildDiscarder(logRotator()) }\nsteps { echo 'x' }"),
       "Invalid option type \"buildDiscarder\"."},
      {with_section("triggers { [a: 1] }"), "Triggers cannot be defined as maps"},
      {with_section("parameters { banana(name: 'x') }"),
       "Invalid parameter type \"banana\". Valid parameter types:"},
      {with_section("parameters { string(namd: 'x') }"),
       "Invalid parameter \"namd\", did you mean \"name\"?"},
      {with_section("tools { banana 'x' }"), "Invalid tool type \"banana\". Valid tool types:"},
      {with_section("post { banana { echo 'x' } }"),
       "Invalid condition \"banana\" - valid conditions are [always, changed,"},
      {with_section("post { always 'x' }"),
       "The ‘post’ section can only contain build condition names"},
      {"pipeline { agent { }\nstages { stage('a') { steps { echo 'x' } } } }",
       "No agent type specified. Must be one of [any, docker,"},
      {"pipeline { agent { banana 'x' }\nstages { stage('a') { steps { echo 'x' } } } }",
       "Invalid agent type \"banana\" specified."},
      {"pipeline { agent foo\nstages { stage('a') { steps { echo 'x' } } } }",
       "Only \"agent none\", \"agent any\""},
      {with_stage("when { }\nsteps { echo 'x' }"), "Empty when closure"},
      {with_stage("when { banana 'x' }\nsteps { echo 'x' }"),
       "Unknown conditional banana. Valid conditionals are: allOf, anyOf,"},
      {with_stage("when { expression true }\nsteps { echo 'x' }"),
       "Expected a block for expression"},
      {with_stage("when { branch('x') { } }\nsteps { echo 'x' }"),
       "No children when conditions are allowed for when condition \"branch\"."},
      {with_stage("when { allOf { } }\nsteps { echo 'x' }"),
       "requires at least one child condition."},
      {with_stage("when { branch 4 }\nsteps { echo 'x' }"),
       "Expecting \"class java.lang.String\" but got \"4\" of type class java.lang.Integer "
       "instead"},
      {with_stage("when { beforeAgent 'x'\nbranch 'y' }\nsteps { echo 'x' }"),
       "Expected a boolean with beforeAgent"},
      {with_stage("input { ok 'x' }\nsteps { echo 'x' }"), "No message specified for input"},
      {with_stage("input { message 'x'\nbanana 'y' }\nsteps { echo 'x' }"),
       "Not a valid field for input: \"banana\""},
  });
}

TEST(Validator, ErrorsComeInSourceOrderWithTheirPlaces) {
  std::string source =
      "pipeline {\n  agent any\n  environment {\n  }\n  stages {\n    stage('a') {\n    }\n  "
      "}\n}\n";
  Checked checked = check_pipeline(source);
  EXPECT_EQ(groovy::format_errors(source, "WorkflowScript", checked.errors),
            "startup failed:\n"
            "WorkflowScript: 3: No variables specified for environment @ line 3, column 3.\n"
            "     environment {\n"
            "     ^\n"
            "\n"
            "WorkflowScript: 6: Expected one of \"steps\", \"stages\", or \"parallel\" for stage "
            "\"a\" @ line 6, column 5.\n"
            "       stage('a') {\n"
            "       ^\n"
            "\n"
            "2 errors\n");
}

TEST(Validator, ScriptedTextIsNoPipeline) {
  Checked checked = check_pipeline("node { echo 'x' }");
  EXPECT_TRUE(checked.pipelines.empty());
  EXPECT_TRUE(checked.errors.empty());
}

TEST(Validator, AMethodCalledCallMayHoldSeveralPipelines) {
  Checked checked = check_pipeline(
      "def call(x) {\n if (x) {\n pipeline { agent any\nstages { stage('a') { steps { echo 'x' } } "
      "} }\n } else {\n"
      "pipeline { agent none\nstages { stage('b') { steps { echo 'x' } } } }\n }\n}");
  EXPECT_EQ(checked.pipelines.size(), 2U);
  EXPECT_TRUE(checked.errors.empty());
}

TEST(Compile, GivesAProgramAndNumbersForWhatIsEvaluatedLater) {
  CompiledPipeline compiled = compile_pipeline(
      "def x = 1\npipeline { agent { label \"a${x}\" }\nenvironment { A = \"${x}\" ; B = 'c' }\n"
      "stages { stage('a') { steps { echo 'x' } } } }",
      {.script_name = "WorkflowScript"});
  ASSERT_TRUE(compiled);
  ASSERT_EQ(compiled.pipelines.size(), 1U);
  const Pipeline& pipeline = *compiled.pipelines[0];
  EXPECT_EQ(pipeline.agent->argument->closure, 0);
  EXPECT_EQ(pipeline.environment->entries[0].value.closure, 1);
  EXPECT_EQ(pipeline.environment->entries[1].value.closure, kNoClosure);
  EXPECT_EQ(pipeline.stages->list[0].steps->closure, 2);
}

TEST(Validator, SaysWhatIsWrongWithRareForms) {
  expect_all({
      {with_section("agent { docker { label 'x' } }"), "Multiple occurrences of the agent section"},
      {"pipeline { agent { docker { label 'x' } }\nstages { stage('a') { steps { echo 'x' } } } }",
       "Missing required parameter for agent type \"docker\": image"},
      {"pipeline { agent { docker { } }\nstages { stage('a') { steps { echo 'x' } } } }",
       "Missing required parameter for agent type \"docker\": image"},
      {"pipeline { agent { none 'x' }\nstages { stage('a') { steps { echo 'x' } } } }",
       "Invalid argument for agent - \"none\" - must be map of config options or bare [any, "
       "none]."},
      {with_section("environment { if (true) { } }"), "Expected name=value pairs"},
      {with_section("libraries { lib(name()) }"), "Expected a \"lib(...)\" but got lib(name())"},
      {with_stage("when { branch { tag 'x' } }\nsteps { echo 'x' }"),
       "No children when conditions are allowed for when condition \"branch\"."},
      {with_steps("retry(3000000000) { echo 'x' }"),
       "Expecting \"int\" but got \"3000000000\" of type class java.lang.Long instead"},
      {with_stage(
           "matrix { axes { axis { name 'A'\nvalues 1, '1' } }\nstages { stage('s') { steps { "
           "echo 'x' } } } }"),
       "Duplicate axis value: \"1\""},
      {with_stage(
           "matrix { axes { axis { name 'A'\nvalues 1\nnope } }\nstages { stage('s') { steps "
           "{ echo 'x' } } } }"),
       "Not a valid section definition: \"nope\". Some extra configuration is required."},
  });
  EXPECT_EQ(messages(with_section("options { overrideIndexTriggers() }")),
            std::vector<std::string>{});
}

TEST(Validator, NamesTheNearestToolThatIsInstalled) {
  Catalog catalog = standard_catalog();
  catalog.installs["maven"] = {"apache-maven-3.0.1", "other"};
  auto first = [&](std::string_view tool) {
    const Checked checked =
        check_pipeline(with_section("tools { maven " + std::string(tool) + " }"), catalog);
    return checked.errors.empty() ? "" : checked.errors[0].message;
  };
  EXPECT_EQ(first("'apache-maven-3.0.2'"),
            "Tool type \"maven\" does not have an install of \"apache-maven-3.0.2\" configured - "
            "did you mean \"apache-maven-3.0.1\"?");
  EXPECT_EQ(first("'x'"),
            "Tool type \"maven\" does not have an install of \"x\" configured - did "
            "you mean \"null\"?");
  EXPECT_EQ(first("'other'"), "");
  EXPECT_EQ(first("\"${params.maven}\""), "");
}

}  // namespace
}  // namespace ks::pipeline
