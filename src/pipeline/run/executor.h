#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/executor.h"

/// The inside of run_declarative(), shared by the files of this folder.

namespace ks::pipeline {

using groovy::Task;
using groovy::Thrown;
using groovy::Value;

/// What surrounds a stage.
struct Surroundings {
  bool node = false;                ///< inside of an agent that has a workspace
  std::optional<StageStatus> skip;  ///< everything in here is skipped, and why
  bool checkout_done = false;
};

class Executor {
 public:
  Executor(const Pipeline& pipeline, std::vector<Value> closures, Runtime& runtime)
      : pipeline_(pipeline), closures_(std::move(closures)), runtime_(runtime) {}

  void run(Task& task);

 private:
  using Inside = std::function<void(Task&, Surroundings)>;

  // ----- executor.cc -----
  void properties(Task& task);
  void libraries(Task& task);
  void stages_and_post(Task& task, Surroundings around, std::optional<Thrown>& first_error);

  // ----- values.cc -----
  Value closure(int number) const { return closures_.at(static_cast<size_t>(number)); }
  Value value(Task& task, const Expression& from);
  std::string text(Task& task, const Expression& from);
  EvaluatedCall evaluate(Task& task, const Call& call);
  NamedValues settings(Task& task, const std::vector<AgentSetting>& settings);
  Value step(Task& task, std::string_view name, NamedValues named, Body body = nullptr) {
    return runtime_.step(task, name, std::move(named), std::move(body));
  }
  Value string(Task& task, std::string_view text) const {
    return task.interpreter().make_string(text);
  }
  void block(Task& task, std::string_view name, NamedValues named,
             const std::function<void(Task&)>& inside);
  const Call* option(const std::optional<Calls>& options, std::string_view name) const;
  bool option_set(Task& task, const std::optional<Calls>& options, std::string_view name);

  // ----- directives.cc -----
  void with_agent(Task& task, const std::optional<Agent>& agent,
                  const std::optional<Calls>& options, bool of_pipeline, Surroundings around,
                  const Inside& inside);
  void on_node(Task& task, const Agent& agent, const std::optional<Calls>& options,
               bool of_pipeline, Surroundings around, const Inside& inside);
  void checked_out(Task& task, const std::optional<Calls>& options, bool of_pipeline,
                   Surroundings around, const Inside& inside);
  void with_environment(Task& task, const std::optional<Environment>& environment,
                        const std::function<void(Task&)>& inside);
  void with_variables(Task& task, const Environment& environment,
                      const std::function<void(Task&)>& inside);
  void with_options(Task& task, const std::optional<Calls>& options,
                    const std::function<void(Task&)>& inside);
  void with_option(Task& task, const std::vector<const Call*>& wrappers, size_t index,
                   const std::function<void(Task&)>& inside);
  void with_tools(Task& task, const std::optional<Tools>& tools, Surroundings around,
                  bool of_pipeline, const std::function<void(Task&)>& inside);
  void with_input(Task& task, const Stage& stage, const std::string& name,
                  const std::function<void(Task&)>& inside);
  void with_env(Task& task, const std::vector<std::string>& pairs,
                const std::function<void(Task&)>& inside);

  // ----- stages.cc -----
  using Pairs = std::vector<std::string>;
  std::optional<Thrown> sequence(Task& task, const Stages& stages, Surroundings around,
                                 bool top_level = false);
  std::optional<Thrown> one_stage(Task& task, const Stage& stage, const std::string& name,
                                  const Pairs& axes, Surroundings around);
  void run_stage(Task& task, const Stage& stage, const std::string& name, Surroundings around);
  void stage_content(Task& task, const Stage& stage, Surroundings around);
  void side_by_side(Task& task, const Stage& stage, const std::string& name, Surroundings around);
  void skip(Task& task, const Stage& stage, const std::string& name, StageStatus why, bool say);
  void steps(Task& task, const Steps& steps, Surroundings around);
  bool fail_fast(const Stage& stage) const;
  struct Cell {
    std::string name;
    Pairs axes;
  };
  std::vector<Cell> cells(const Matrix& matrix) const;
  bool excluded(const Matrix& matrix,
                const std::vector<std::pair<std::string, std::string>>& values) const;

  // ----- when.cc -----
  bool holds(Task& task, const When& when);
  bool holds(Task& task, const Condition& condition);
  bool plain_condition(Task& task, const Condition& condition);
  bool change_request(Task& task, const EvaluatedCall& call);
  bool triggered_by(Task& task, const EvaluatedCall& call);
  bool changed(Task& task, const EvaluatedCall& call, bool paths);
  std::string argument(Task& task, const EvaluatedCall& call, std::string_view name,
                       bool sole = false);

  // ----- post.cc -----
  void post(Task& task, const std::optional<Post>& post, std::optional<Thrown>& first_error,
            bool of_stage, Surroundings around);
  RunResult combined(Task& task, const std::optional<Thrown>& error, bool of_stage,
                     bool with_warnings);
  bool applies(Task& task, std::string_view condition, const std::optional<Thrown>& error,
               bool of_stage);

  const Pipeline& pipeline_;
  std::vector<Value> closures_;
  Runtime& runtime_;
  bool skip_after_unstable_ = false;
  bool all_fail_fast_ = false;
};

// ----- patterns.cc -----

/// Ant's path patterns with `/` between parts: `*`, `?`, `**`.
bool matches_path(std::string_view pattern, std::string_view path, bool case_sensitive);
/// comparator: GLOB, REGEXP or EQUALS; others stand for `otherwise`.
bool matches(Task& task, std::string_view comparator, std::string_view otherwise,
             std::string_view pattern, std::string_view text, bool case_sensitive = false);

}  // namespace ks::pipeline
