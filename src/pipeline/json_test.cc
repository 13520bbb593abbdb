#include "pipeline/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "pipeline/compile.h"

namespace ks::pipeline {
namespace {

constexpr std::string_view kAll = R"(pipeline {
  agent { node { label 'a' ; customWorkspace "w-${x}" } }
  libraries { lib('l@1') }
  environment { A = 'it\'s' ; B = "b ${A}" ; C = credentials('id') ; D = sh(script: 'x', returnStdout: true).trim() }
  options { timeout(time: 5, unit: 'HOURS') ; buildDiscarder(logRotator(numToKeepStr: '3')) }
  parameters { string(name: 'p', defaultValue: '') ; choice(name: 'c', choices: ['a', 'b']) }
  triggers { cron('@daily') }
  tools { maven 'm3' }
  stages {
    stage('one') {
      when { beforeAgent true ; allOf { branch 'main' ; not { environment name: 'A', value: 'b' } ; expression { return A == 'x' } } }
      input { message 'go?' ; parameters { booleanParam(name: 'sure') } }
      steps {
        echo 'hello'
        sh(script: "run ${x}", label: 'r')
        timeout(5) { retry(2) { sh 'x' } }
        script {
          if (a) {
            echo 'b'
          }
        }
        step([$class: 'X', a: 1])
      }
      post { always { echo '''two
lines''' } }
    }
    stage('two') { failFast true ; parallel { stage('a') { agent any ; steps { echo 'a' } } ; stage('b') { stages { stage('c') { steps { sleep 1 } } } } } }
    stage('three') { matrix { axes { axis { name 'OS' ; values 'l', 'w' } } ; excludes { exclude { axis { name 'OS' ; notValues 'l' } } }
      stages { stage('x') { steps { echo "$OS" } } } } }
    stage('four') { steps { parallel('a b': { echo 'a' }, c: { echo 'c' }, failFast: true) } }
  }
  post { failure { echo 'bad' } }
})";

json::value json_of(std::string_view jenkinsfile) {
  Checked checked = check_pipeline(jenkinsfile);
  EXPECT_TRUE(checked.errors.empty())
      << groovy::format_errors(jenkinsfile, "WorkflowScript", checked.errors);
  return checked.pipelines.empty() ? json::value()
                                   : to_json(*checked.pipelines[0], standard_catalog());
}

std::vector<std::string> errors_of(std::string_view text) {
  std::vector<std::string> messages;
  for (JsonError& error : pipeline_from_json(parse_json(text).value(), standard_catalog()).errors)
    messages.push_back(std::move(error.message));
  return messages;
}

TEST(PipelineJson, EverythingSurvivesTheWayThereAndBack) {
  json::value tree = json_of(kAll);
  JsonPipeline read = pipeline_from_json(tree, standard_catalog());
  EXPECT_THAT(read.errors, testing::IsEmpty());
  ASSERT_TRUE(read.pipeline);
  EXPECT_EQ(to_pretty_json(to_json(*read.pipeline, standard_catalog())), to_pretty_json(tree));
  std::string printed = to_jenkinsfile(*read.pipeline, standard_catalog());
  EXPECT_EQ(to_pretty_json(json_of(printed)), to_pretty_json(tree)) << printed;
}

TEST(PipelineJson, ValuesKeepTheirKind) {
  json::value tree = json_of(
      "pipeline { agent none ; stages { stage('a') { steps { foo a: 'x', b: \"${y}\", c: [z: 1], "
      "d: [1], e: 2, f: 1.5, g: true } } } }");
  EXPECT_EQ(
      ks::to_json(tree.at("pipeline")
                      .at("stages")
                      .at(0)
                      .at("branches")
                      .at(0)
                      .at("steps")
                      .at(0)
                      .at("arguments")),
      R"([{"key":"a","value":{"isLiteral":true,"value":"x"}},{"key":"b","value":{"isLiteral":false,"value":"\"${y}\""}},)"
      R"({"key":"c","value":{"isLiteral":false,"value":"[z: 1]"}},{"key":"d","value":{"isLiteral":false,"value":"${[1]}"}},)"
      R"({"key":"e","value":{"isLiteral":true,"value":2}},{"key":"f","value":{"isLiteral":true,"value":1.5E0}},)"
      R"({"key":"g","value":{"isLiteral":true,"value":true}}])");
}

TEST(PipelineJson, ASoleArgumentOfAKnownStepGetsItsName) {
  auto first_step = [](std::string_view steps) {
    json::value tree = json_of("pipeline { agent none ; stages { stage('a') { steps { " +
                               std::string(steps) + " } } } }");
    return ks::to_json(
        tree.at("pipeline").at("stages").at(0).at("branches").at(0).at("steps").at(0));
  };
  EXPECT_EQ(
      first_step("echo 'x'"),
      R"({"name":"echo","arguments":[{"key":"message","value":{"isLiteral":true,"value":"x"}}]})");
  EXPECT_EQ(first_step("unknown 'x'"),
            R"({"name":"unknown","arguments":{"isLiteral":true,"value":"x"}})");
  EXPECT_EQ(first_step("deleteDir()"), R"({"name":"deleteDir","arguments":[]})");
  EXPECT_EQ(
      first_step("script {\n  a()\n    b()\n}"),
      R"x({"name":"script","arguments":[{"key":"scriptBlock","value":{"isLiteral":true,"value":"a()\n    b()"}}]})x");
}

TEST(PipelineJson, OddFormsSurvive) {
  for (std::string_view steps :
       {"foo('two words': 1)", "dir('x') { }", "warnError(message: 'x') { echo 'y' }",
        "echo('a' + \"${b}\")", "foo 1.0", "foo null", "foo([])"}) {
    json::value tree = json_of(
        "pipeline { agent none ; environment { A = \"x\" + \"${y}\" } ; stages { stage('it\\'s') { "
        "steps { " +
        std::string(steps) + " } } } }");
    JsonPipeline read = pipeline_from_json(tree, standard_catalog());
    EXPECT_THAT(read.errors, testing::IsEmpty()) << steps;
    ASSERT_TRUE(read.pipeline);
    EXPECT_EQ(to_pretty_json(json_of(to_jenkinsfile(*read.pipeline, standard_catalog()))),
              to_pretty_json(tree))
        << steps;
  }
}

TEST(PipelineJson, WhatIsWrongIsNamed) {
  EXPECT_THAT(errors_of(R"({"pipeline": {"agent": {"type": "any"}}})"),
              testing::Contains("Missing one or more required properties: 'stages'"));
  EXPECT_THAT(errors_of(R"({"pipeline": {"agent": {"type": "any"}, "stages": []}})"),
              testing::Contains("Array has 0 entries, requires minimum of 1"));
  EXPECT_THAT(errors_of(R"({"pipeline": {"agent": {"type": "any"}, "stages": [], "banana": 1}})"),
              testing::Contains(testing::HasSubstr("not allowed by the schema: [\"banana\"]")));
  EXPECT_THAT(
      errors_of(
          R"({"pipeline": {"agent": {"type": "any"}, "stages": [{"name": "a", "branches": [{"name": "default", "steps":
                [{"name": "script", "arguments": [{"key": "scriptBlock", "value": {"isLiteral": true, "value": "if ("}}]}]}]}]}})"),
      testing::Contains(testing::HasSubstr("Groovy compilation error(s) in script. Error(s): \"")));
  EXPECT_THAT(
      errors_of(
          R"({"pipeline": {"agent": {"type": "any"}, "stages": [{"name": "a", "branches": [{"name": "default", "steps":
                [{"name": "sh", "arguments": {"isLiteral": false, "value": "${${X}}"}}]}]}]}})"),
      testing::Contains(
          "${X} cannot be used as a value directly. Did you mean \"${X}\"? (add quotes)"));
  EXPECT_THAT(errors_of("[1]"), testing::Not(testing::IsEmpty()));
}

TEST(PipelineJson, ErrorsSayWhereTheyAre) {
  auto located = [](std::string_view text) {
    std::vector<std::string> found;
    for (const JsonError& error : pipeline_from_json(*parse_json(text), standard_catalog()).errors)
      found.push_back(join(error.location, "/") + ": " + error.message);
    return found;
  };
  EXPECT_THAT(
      located(
          R"({"pipeline": {"agent": {"type": "any"}, "stages": [
            {"name": "a", "branches": [{"name": "default", "steps": [{"name": "deleteDir", "arguments": []}]}]},
            {"name": "b", "branches": [{"name": "default", "steps": [
              {"name": "sleep", "arguments": [{"key": "time", "value": {"isLiteral": true, "value": "x"}}]}]}]}]}})"),
      testing::ElementsAre("pipeline/stages/1/branches/0/steps/0/arguments/0/value: Expecting "
                           "\"long\" for parameter \"time\" but got \"x\" of type class "
                           "java.lang.String instead"));
  // What does not fit the schema is all that is said.
  EXPECT_THAT(
      located(
          R"({"pipeline": {"agent": {"type": "nope"}, "stages": [{"name": "a", "banana": 1}]}})"),
      testing::ElementsAre(
          "pipeline/stages/0: object instance has properties which are not allowed "
          "by the schema: [\"banana\"]"));
}

TEST(PipelineJson, DeepJsonIsAnError) {
  std::string text = R"({"pipeline": {"agent": {"type": "any"}, "stages": )";
  std::string end = "}}";
  for (int i = 0; i < 220; ++i) {
    text += R"([{"name": "a", "stages": )";
    end = "}]" + end;
  }
  auto tree = parse_json(text + "[]" + end, {.max_depth = 2000});
  ASSERT_TRUE(tree);
  EXPECT_THAT(pipeline_from_json(*tree, standard_catalog()).errors,
              testing::Contains(testing::Field(&JsonError::message, testing::HasSubstr("deep"))));
}

TEST(PipelineJson, StepsAlone) {
  auto tree = parse_json(
      R"([{"name": "echo", "arguments": [{"key": "message", "value": {"isLiteral": true, "value": "it's"}}]},
      {"name": "retry", "arguments": {"isLiteral": true, "value": 2}, "children": [{"name": "deleteDir", "arguments": []}]}])");
  JsonSteps read = steps_from_json(*tree, standard_catalog());
  EXPECT_THAT(read.errors, testing::IsEmpty());
  EXPECT_EQ(steps_to_jenkinsfile(read.steps, standard_catalog()),
            "echo 'it\\'s'\nretry(2) {\n  deleteDir()\n}");
}

}  // namespace
}  // namespace ks::pipeline
