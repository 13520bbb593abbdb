#include "pipeline/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "groovy/native_closure.h"
#include "pipeline/compile.h"

namespace ks::pipeline {
namespace {

using groovy::Args;
using groovy::Task;
using groovy::Thrown;
using groovy::Value;

/// An engine of one thread that writes down what happens: branches of `parallel` run one after
/// another.
class Engine : public groovy::Host, public Runtime {
 public:
  std::vector<std::string> lines;
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::shared_ptr<const Pipeline>> pipelines;
  std::optional<RunResult> result_now;
  std::optional<RunResult> before;
  std::optional<std::string> restart;
  std::vector<Change> changed;
  std::vector<Cause> started_by;
  JobProperties job;
  Value input_answer;

  // ----- Host -----
  std::optional<Value> call_step(Task& task, std::string_view name, Args args) override {
    groovy::Interpreter& interpreter = task.interpreter();
    if (name == "pipeline") {
      auto number = static_cast<size_t>(args[0].as_long());
      run_declarative(*pipelines.at(number), groovy::list_items(task, args[1]), *this, task);
      return Value();
    }
    if (name == "echo") {
      lines.push_back(interpreter.to_string(task, args[0]));
    } else if (name == "error") {
      interpreter.raise(task, "hudson.AbortException", interpreter.to_string(task, args[0]));
    } else if (name == "unstable") {
      worsen(RunResult::unstable);
    } else if (name == "needsNode") {
      interpreter.raise(
          task, "org.jenkinsci.plugins.workflow.steps.MissingContextVariableException", "no node");
    } else if (name == "script" || name == "retry") {
      return interpreter.call(task, args[args.size() - 1]);
    } else if (name == "parallel") {
      return step(task, name, groovy::map_entries(task, args[0]), nullptr);
    } else {
      return std::nullopt;
    }
    return Value();
  }
  std::optional<Value> global(Task& task, std::string_view name) override {
    if (std::optional<std::string> found = env(task, name))
      return task.interpreter().make_string(*found);
    return std::nullopt;
  }
  void print(Task&, std::string_view text) override { lines.emplace_back(text); }
  int64_t now_millis(Task&) override { return 0; }
  int64_t nano_time(Task&) override { return 0; }
  uint64_t random_bits(Task&) override { return 0; }

  // ----- Runtime -----
  Value step(Task& task, std::string_view name, NamedValues named, Body body) override {
    groovy::Interpreter& interpreter = task.interpreter();
    std::string shown;
    for (const auto& [key, value] : named) {
      if (!groovy::is_closure(value)) shown += " " + interpreter.to_string(task, value);
    }
    if (name == "parallel") return branches(task, named);
    if (name == "input") {
      lines.push_back("input" + shown);
      return input_answer;
    }
    if (name == "withEnv") {
      size_t mark = variables.size();
      for (const Value& pair : groovy::list_items(task, named[0].second)) {
        std::string text = interpreter.to_string(task, pair);
        variables.emplace_back(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
      }
      return scoped(body, task, [&] { variables.resize(mark); });
    }
    if (name == "retry") {
      for (int attempt = 1;; ++attempt) {
        try {
          return body(task);
        } catch (const Thrown&) {
          if (attempt == 2) throw;
          lines.push_back("retrying");
        }
      }
    }
    lines.push_back(fmt::format("{}{} {{", name, shown));
    if (!body) return Value();
    return scoped(body, task, [&] { lines.push_back(fmt::format("}} {}", name)); });
  }
  void console(Task&, std::string_view line) override { lines.emplace_back(line); }
  void report(Task& task, const Thrown& thrown) override {
    lines.push_back("ERROR: " + task.interpreter().describe(task, thrown).message.value_or(""));
  }
  std::optional<std::string> env(Task&, std::string_view name) override {
    for (size_t i = variables.size(); i-- > 0;) {
      if (variables[i].first == name) return variables[i].second;
    }
    return std::nullopt;
  }
  std::optional<RunResult> result() override { return result_now; }
  void worsen(RunResult worse) override {
    result_now = std::max(result_now.value_or(RunResult::success), worse);
  }
  std::optional<RunResult> previous_result(Task&) override { return before; }
  RunResult result_of(Task&, const Thrown&) override { return RunResult::failure; }
  void mark_stage(Task&, StageStatus status) override {
    lines.push_back(std::string(to_string(status)));
  }
  void apply(Task&, const JobProperties& properties) override { job = properties; }
  Value with_credentials(Task& task, std::vector<std::pair<std::string, std::string>> bindings,
                         Body body) override {
    for (const auto& [variable, id] : bindings) variables.emplace_back(variable, "secret of " + id);
    return scoped(body, task, [&] { variables.resize(variables.size() - bindings.size()); });
  }
  Value with_agent(Task& task, const AgentRequest& request, Body body) override {
    lines.push_back(request.type + " {");
    return scoped(body, task, [&] { lines.push_back("} " + request.type); });
  }
  std::vector<std::string> tool_environment(Task&, std::string_view type,
                                            std::string_view version) override {
    return {fmt::format("TOOL_{}={}", type, version)};
  }
  std::vector<Change> changes() override { return changed; }
  std::vector<Cause> causes() override { return started_by; }
  std::optional<std::string> restart_stage() override { return restart; }

 private:
  template <class End>
  static Value scoped(const Body& body, Task& task, End end) {
    struct Guard {
      End end;
      ~Guard() { end(); }
    } guard{end};
    return body(task);
  }

  Value branches(Task& task, const NamedValues& named) {
    std::optional<Thrown> first;
    for (const auto& [name, body] : named) {
      if (!groovy::is_closure(body)) {
        lines.push_back("failFast");
        continue;
      }
      lines.push_back("branch " + name);
      try {
        task.interpreter().call(task, body);
      } catch (const Thrown& thrown) {
        if (!first) first = thrown;
      }
    }
    if (first) throw *first;
    return Value();
  }
};

/// Runs the text; `lines` of the engine say what happened, the last one how it ended.
void run(Engine& engine, std::string_view text) {
  CompiledPipeline compiled = compile_pipeline(text, {.script_name = "WorkflowScript"});
  ASSERT_TRUE(compiled) << groovy::format_errors(text, "WorkflowScript", compiled.errors);
  engine.pipelines = compiled.pipelines;
  groovy::Interpreter interpreter(engine);
  Task task(interpreter);
  groovy::Outcome outcome = interpreter.run_script(task, compiled.program);
  engine.lines.push_back(outcome.failure ? "failed: " + outcome.failure->message.value_or("")
                                         : "done");
  // Values end with their interpreter; what they belong to stays for the test to see.
  engine.input_answer = Value();
  for (std::vector<EvaluatedCall>* calls :
       {&engine.job.options, &engine.job.triggers, &engine.job.parameters}) {
    for (EvaluatedCall& call : *calls) {
      call.positional.clear();
      for (auto& [name, value] : call.named) value = Value();
    }
  }
}

std::vector<std::string> run(std::string_view text) {
  Engine engine;
  run(engine, text);
  return engine.lines;
}

using Lines = std::vector<std::string>;

TEST(Executor, RunsStagesInOrderInsideOfTheAgent) {
  EXPECT_EQ(run(R"(pipeline { agent { label 'x' }
    stages { stage('a') { steps { echo 'one' } } ; stage('b') { stages { stage('c') { steps { script { def x = 2 ; echo "n $x" } } } } } } })"),
            (Lines{"node x {", "stage a {", "one", "} stage", "stage b {", "stage c {", "n 2",
                   "} stage", "} stage", "} node", "done"}));
}

TEST(Executor, AFailedStageSkipsThoseBehindItAndEndsTheRun) {
  EXPECT_EQ(run(R"(pipeline { agent none
    stages { stage('a') { steps { error 'bad' } } ; stage('b') { stages { stage('c') { steps { echo 'x' } } } } } })"),
            (Lines{"stage a {", "FAILED_AND_CONTINUED", "} stage", "stage b {",
                   "Stage \"b\" skipped due to earlier failure(s)", "SKIPPED_FOR_FAILURE",
                   "stage c {", "Stage \"c\" skipped due to earlier failure(s)",
                   "SKIPPED_FOR_FAILURE", "} stage", "} stage", "failed: bad"}));
}

TEST(Executor, VariablesAroundThePipelineAreSeenInside) {
  EXPECT_THAT(run(R"(def who = 'me'
    def greet(x) { "hi $x" }
    pipeline { agent { label "l-$who" } ; stages { stage('a') { steps { echo greet(who) } } } })"),
              testing::IsSupersetOf({"node l-me {", "hi me"}));
}

TEST(Executor, EnvironmentEntriesReferToEachOtherInAnyOrder) {
  EXPECT_THAT(run(R"(pipeline { agent none
    environment { A = "${B}a" ; B = 'b' ; C = "${env.A}-${A}" ; D = credentials('id') ; E = "${D}!" ; N = 1 ; U = "${nothing}" }
    stages { stage('s') { environment { A = "${A}+" ; F = "${A}f" }
      steps { echo "${A} ${C} ${E} ${F} ${N} ${U}" } } } })"),
              testing::Contains("ba+ ba-ba secret of id! ba+f 1 null"));
}

TEST(Executor, AnEnvironmentValueThatCallsSomethingOfNullNamesItsVariable) {
  for (std::string_view value : {"\"${BAR?.contains('x') ? 'y' : 'n'}\"", "\"${BAR.trim()}\""}) {
    EXPECT_THAT(run(fmt::format("pipeline {{ agent none ; environment {{ FOO = {} }} ; stages {{ "
                                "stage('s') {{ steps {{ echo 'x' }} }} }} }}",
                                value)),
                testing::Contains(testing::HasSubstr(
                    "One or more variables have some issues with their values: FOO")));
  }
}

TEST(Executor, PostRunsByTheCombinedResult) {
  EXPECT_EQ(run(R"(pipeline { agent none
    stages { stage('a') { steps { error 'bad' } ; post { cleanup { echo 'cleanup' } ; success { echo 'no' } ; failure { echo 'stage failure' } } } }
    post { always { echo 'always' } ; success { echo 'no' } ; failure { echo 'failure' } ; unsuccessful { echo 'unsuccessful' } } })"),
            (Lines{"stage a {", "Post stage", "stage failure", "cleanup", "FAILED_AND_CONTINUED",
                   "} stage", "stage Declarative: Post Actions {", "always", "unsuccessful",
                   "failure", "} stage", "failed: bad"}));
}

TEST(Executor, AnErrorInPostFailsTheRunAndMakesFailureTrue) {
  EXPECT_EQ(run(R"(pipeline { agent none ; stages { stage('a') { steps { echo 'x' } } }
    post { always { error 'oops' } ; failure { echo 'failure' } ; success { echo 'no' } } })"),
            (Lines{"stage a {", "x", "} stage", "stage Declarative: Post Actions {",
                   "Error when executing always post condition:", "ERROR: oops", "failure",
                   "} stage", "failed: oops"}));
}

TEST(Executor, ChangedFixedAndRegressionLookAtThePreviousRun) {
  std::string_view text = R"(pipeline { agent none ; stages { stage('a') { steps { echo 'x' } } }
    post { changed { echo 'changed' } ; fixed { echo 'fixed' } ; regression { echo 'regression' } } })";
  Engine fixed;
  fixed.before = RunResult::failure;
  run(fixed, text);
  EXPECT_THAT(fixed.lines, testing::IsSupersetOf({"changed", "fixed"}));
  Engine same;
  same.before = RunResult::success;
  run(same, text);
  EXPECT_EQ(same.lines, (Lines{"stage a {", "x", "} stage", "done"}))
      << "no condition applies: no stage for post";
}

TEST(Executor, WhenSkipsAndIsAskedAtTheRightTime) {
  EXPECT_EQ(run(R"(pipeline { agent none ; stages {
    stage('a') { when { expression { false } } ; agent { label 'x' } ; steps { echo 'no' } }
    stage('b') { when { beforeAgent true ; equals expected: 1, actual: 2 } ; agent { label 'x' } ; steps { echo 'no' } }
    stage('c') { when { not { equals expected: 1, actual: 2 } ; anyOf { expression { false } ; expression { 'yes' } } } ; steps { echo 'c' } } } })"),
            (Lines{"stage a {", "node x {", "Stage \"a\" skipped due to when conditional",
                   "SKIPPED_FOR_CONDITIONAL", "} node", "} stage", "stage b {",
                   "Stage \"b\" skipped due to when conditional", "SKIPPED_FOR_CONDITIONAL",
                   "} stage", "stage c {", "c", "} stage", "done"}));
}

TEST(Executor, WhenConditionsOverTheEnvironment) {
  auto runs = [](std::string_view condition) {
    Engine engine;
    engine.variables = {{"BRANCH_NAME", "feature/one"},
                        {"TAG_NAME", "v1.2"},
                        {"CHANGE_ID", "7"},
                        {"CHANGE_TARGET", "main"},
                        {"X", "y"}};
    engine.changed = {{"Fix the bug\n\ndetails", {"src/deep/a.cc"}}};
    engine.started_by = {{"BuildUpstreamCause", ""}, {"UserIdCause", "ada"}};
    run(engine, fmt::format("pipeline {{ agent none ; stages {{ stage('a') {{ when {{ {} }} ; "
                            "steps {{ echo 'ran' }} }} }} }}",
                            condition));
    return std::ranges::find(engine.lines, "ran") != engine.lines.end();
  };
  EXPECT_TRUE(runs("branch 'feature/*'"));
  EXPECT_TRUE(runs("branch 'FEATURE/**'"));
  EXPECT_FALSE(runs("branch 'main'"));
  EXPECT_TRUE(runs("branch pattern: 'fea.*', comparator: 'REGEXP'"));
  EXPECT_FALSE(runs("branch pattern: 'fea', comparator: 'REGEXP'"));
  EXPECT_TRUE(runs("tag 'v*'"));
  EXPECT_TRUE(runs("buildingTag()"));
  EXPECT_TRUE(runs("changeRequest()"));
  EXPECT_TRUE(runs("changeRequest target: 'main'"));
  EXPECT_FALSE(runs("changeRequest target: 'dev'"));
  EXPECT_TRUE(runs("environment name: 'X', value: 'Y', ignoreCase: true"));
  EXPECT_FALSE(runs("environment name: 'X', value: 'Y'"));
  EXPECT_TRUE(runs("changeset '**/*.cc'"));
  EXPECT_FALSE(runs("changeset '*.cc'"));
  EXPECT_TRUE(runs("changelog 'Fix.*'"));
  EXPECT_TRUE(runs("changelog 'the (bug|fault)'"));
  EXPECT_TRUE(runs("changelog '^details$'"));
  EXPECT_FALSE(runs("changelog 'bug.*details'"));
  EXPECT_TRUE(runs("triggeredBy 'upstream'"));
  EXPECT_TRUE(runs("triggeredBy 'BuildUpstreamCause'"));
  EXPECT_FALSE(runs("triggeredBy 'IdCause'"));
  EXPECT_TRUE(runs("triggeredBy cause: 'UserIdCause', detail: 'ada'"));
  EXPECT_FALSE(runs("triggeredBy cause: 'UserIdCause', detail: 'eve'"));
  EXPECT_FALSE(runs("isRestartedRun()"));
}

TEST(Executor, ParallelStagesAreBranchesWithAStageEach) {
  EXPECT_EQ(run(R"(pipeline { agent none ; stages { stage('p') { failFast true ; parallel {
    stage('a') { steps { error 'bad' } } ; stage('b') { steps { echo 'b' } } } ; post { always { echo 'post of p' } } } } })"),
            (Lines{"stage p {", "branch a", "stage a {", "FAILED_AND_CONTINUED", "} stage",
                   "branch b", "stage b {", "b", "} stage", "failFast", "Post stage", "post of p",
                   "FAILED_AND_CONTINUED", "} stage", "failed: bad"}));
}

TEST(Executor, MatrixCellsAreTheProductWithoutExcludes) {
  EXPECT_EQ(run(R"(pipeline { agent none ; stages { stage('m') { matrix {
    axes { axis { name 'OS' ; values 'l', 'w' } ; axis { name 'N' ; values '1', '2' } }
    excludes { exclude { axis { name 'OS' ; values 'w' } ; axis { name 'N' ; notValues '1' } } }
    stages { stage('x') { steps { echo "$OS$N" } } } } } } })"),
            (Lines{"stage m {",
                   "branch Matrix - OS = 'l', N = '1'",
                   "stage Matrix - OS = 'l', N = '1' {",
                   "stage x {",
                   "l1",
                   "} stage",
                   "} stage",
                   "branch Matrix - OS = 'w', N = '1'",
                   "stage Matrix - OS = 'w', N = '1' {",
                   "stage x {",
                   "w1",
                   "} stage",
                   "} stage",
                   "branch Matrix - OS = 'l', N = '2'",
                   "stage Matrix - OS = 'l', N = '2' {",
                   "stage x {",
                   "l2",
                   "} stage",
                   "} stage",
                   "} stage",
                   "done"}));
}

TEST(Executor, OptionsWrapAndAreNotTheJobs) {
  Engine engine;
  run(engine, R"(def count = 0
    pipeline { agent none
    options { buildDiscarder('x') ; retry(2) ; skipStagesAfterUnstable() } ; parameters { string(name: 'p', defaultValue: 'd') }
    stages { stage('a') { steps { script { count++ ; if (count == 1) { error 'first' } ; echo "attempt $count" } } } }
    post { success { echo 'good' } ; always { echo 'always' } } })");
  EXPECT_THAT(engine.lines, testing::Contains("retrying"));
  EXPECT_THAT(engine.lines, testing::Contains("attempt 2"));
  EXPECT_EQ(engine.lines.back(), "done");
  ASSERT_EQ(engine.job.options.size(), 2U);
  EXPECT_EQ(engine.job.options[0].name, "buildDiscarder");
  ASSERT_EQ(engine.job.parameters.size(), 1U);
  EXPECT_EQ(engine.job.parameters[0].named[0].first, "name");
}

TEST(Executor, UnstableSkipsOnlyWhenAsked) {
  std::string_view stages =
      "stages { stage('a') { steps { unstable 'x' } } ; stage('b') { steps { echo 'b' } } } }";
  EXPECT_THAT(run("pipeline { agent none ; " + std::string(stages)), testing::Contains("b"));
  EXPECT_THAT(
      run("pipeline { agent none ; options { skipStagesAfterUnstable() } ; " + std::string(stages)),
      testing::Contains(
          "Stage \"b\" skipped due to earlier stage(s) marking the build as unstable"));
}

TEST(Executor, InputAnswersAreVariablesOfTheStage) {
  Engine engine;
  groovy::Interpreter interpreter(engine);
  engine.input_answer = interpreter.make_string("me");
  run(engine,
      R"(pipeline { agent none ; stages { stage('a') { input { message 'go?' ; id 'i' ; parameters { string(name: 'WHO') } }
    steps { echo "for $WHO" } } } })");
  EXPECT_THAT(engine.lines, testing::Contains("for me"));
  EXPECT_THAT(engine.lines, testing::Contains(testing::StartsWith("input go? i")));
}

TEST(Executor, ToolsNeedANode) {
  EXPECT_THAT(run("pipeline { agent any ; tools { maven 'm3' } ; stages { stage('a') { steps { "
                  "echo \"$TOOL_maven\" } } } }"),
              testing::IsSupersetOf({"stage Declarative: Tool Install {", "m3"}));
}

TEST(Executor, StepsThatNeedANodeSayWhy) {
  EXPECT_THAT(
      run("pipeline { agent none ; stages { stage('a') { steps { needsNode() } } } }").back(),
      testing::HasSubstr("Attempted to execute a step that requires a node context while ‘agent "
                         "none’ was specified."));
}

TEST(Executor, ARestartedRunSkipsWhatCameBefore) {
  Engine engine;
  engine.restart = "b";
  run(engine,
      "pipeline { agent none ; stages { stage('a') { steps { echo 'a' } } ; stage('b') { steps { "
      "echo 'b ran' } } } }");
  EXPECT_THAT(engine.lines,
              testing::Contains("Stage \"a\" skipped due to this build restarting at stage \"b\""));
  EXPECT_THAT(engine.lines, testing::Contains("b ran"));
}

TEST(Executor, LegacyParallelStepRunsItsBranches) {
  EXPECT_THAT(run("pipeline { agent none ; stages { stage('a') { steps { parallel(x: { echo 'in x' "
                  "}, y: { echo 'in y' }) } } } }"),
              testing::IsSupersetOf({"branch x", "in x", "branch y", "in y"}));
}

}  // namespace
}  // namespace ks::pipeline
