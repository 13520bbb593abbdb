#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "groovy/native_closure.h"
#include "pipeline/run/executor.h"

/// Stages one after another, side by side, and skipped.

namespace ks::pipeline {
namespace {

constexpr std::string_view kNoNode =
    "Attempted to execute a step that requires a node context while ‘agent none’ was specified. Be "
    "sure to specify your own "
    "‘node { ... }’ blocks when using ‘agent none’.";

std::string_view reason(StageStatus why) {
  switch (why) {
    case StageStatus::skipped_for_failure: return "earlier failure(s)";
    case StageStatus::skipped_for_unstable: return "earlier stage(s) marking the build as unstable";
    case StageStatus::skipped_for_restart: return "this build restarting at stage";
    default: return "when conditional";
  }
}

}  // namespace

/// Gives the first error; the stages after it are entered and skipped.
std::optional<Thrown> Executor::sequence(Task& task, const Stages& stages, Surroundings around,
                                         bool top_level) {
  std::optional<Thrown> first_error;
  std::optional<std::string> restart = top_level ? runtime_.restart_stage() : std::nullopt;
  for (const Stage& stage : stages.list) {
    if (restart && stage.name == *restart) restart.reset();
    Surroundings here = around;
    if (!here.skip) {
      if (first_error) {
        here.skip = StageStatus::skipped_for_failure;
      } else if (restart) {
        here.skip = StageStatus::skipped_for_restart;
      } else if (skip_after_unstable_ && runtime_.result() == RunResult::unstable) {
        here.skip = StageStatus::skipped_for_unstable;
      }
    }
    std::optional<Thrown> error = one_stage(task, stage, stage.name, {}, here);
    if (!first_error) first_error = std::move(error);
  }
  return first_error;
}

/// A stage with its block. Its error is given back, not thrown, so that the block ends as blocks
/// do.
std::optional<Thrown> Executor::one_stage(Task& task, const Stage& stage, const std::string& name,
                                          const Pairs& axes, Surroundings around) {
  std::optional<Thrown> error;
  block(task, "stage", {{"name", string(task, name)}}, [&](Task& own) {
    if (around.skip) return skip(own, stage, name, *around.skip, true);
    try {
      with_env(own, axes, [&](Task& inner) { run_stage(inner, stage, name, around); });
    } catch (const Thrown& thrown) {
      if (!thrown.catchable) throw;
      runtime_.mark_stage(own, StageStatus::failed_and_continued);
      error = thrown;
    }
  });
  return error;
}

/// Section 3, "for one stage". `when` is asked once, at the first of the points that its flags
/// name.
void Executor::run_stage(Task& task, const Stage& stage, const std::string& name,
                         Surroundings around) {
  bool asked = !stage.when;
  auto go_on = [&](Task& own) {
    if (std::exchange(asked, true)) return true;
    if (holds(own, *stage.when)) return true;
    skip(own, stage, name, StageStatus::skipped_for_conditional, true);
    return false;
  };
  auto flag = [&](std::optional<bool> When::* which) {
    return stage.when && ((*stage.when).*which).value_or(false);
  };

  std::optional<Thrown> error;
  bool post_due = false;  // the stage ran, so that its post is due
  auto content = [&](Task& own, Surroundings inner) {
    with_environment(own, stage.environment, [&](Task& in_environment) {
      with_tools(in_environment, stage.tools, inner, false, [&](Task& ready) {
        try {
          stage_content(ready, stage, inner);
        } catch (const Thrown& thrown) {
          if (!thrown.catchable) throw;
          error = thrown;
        }
        post_due = false;
        post(ready, stage.post, error, true, inner);
        if (error) throw *error;
      });
    });
  };

  if (flag(&When::before_options) && !go_on(task)) return;
  try {
    with_options(task, stage.options, [&](Task& wrapped) {
      error.reset();
      if (flag(&When::before_input) && !go_on(wrapped)) return;
      with_input(wrapped, stage, name, [&](Task& answered) {
        if (stage.parallel || stage.matrix != nullptr) {
          if (!go_on(answered)) return;
          post_due = true;
          with_environment(answered, stage.environment,
                           [&](Task& own) { side_by_side(own, stage, name, around); });
          return;
        }
        if (flag(&When::before_agent) && !go_on(answered)) return;
        with_agent(answered, stage.agent, stage.options, false, around,
                   [&](Task& on_agent, Surroundings inner) {
                     if (!go_on(on_agent)) return;
                     post_due = true;
                     content(on_agent, inner);
                   });
      });
    });
  } catch (const Thrown& thrown) {
    if (!thrown.catchable || !post_due) throw;
    error = thrown;
  }
  if (!post_due) return;
  // Branches ran side by side, or something around the steps failed: post runs outside of it.
  post(task, stage.post, error, true, around);
  if (error) throw *error;
}

void Executor::stage_content(Task& task, const Stage& stage, Surroundings around) {
  if (stage.stages) {
    if (std::optional<Thrown> error = sequence(task, *stage.stages, around)) throw *error;
  } else if (stage.steps) {
    steps(task, *stage.steps, around);
  }
}

/// A step that needs a node, where there is none, is explained in Declarative's words.
void Executor::steps(Task& task, const Steps& steps, Surroundings around) {
  if (steps.closure == kNoClosure) return;
  try {
    task.interpreter().call(task, closure(steps.closure));
  } catch (const Thrown& thrown) {
    if (around.node || !thrown.catchable) throw;
    groovy::Failure failure = task.interpreter().describe(task, thrown);
    if (!failure.class_name.ends_with("MissingContextVariableException")) throw;
    task.interpreter().raise(task, "hudson.AbortException", kNoNode);
  }
}

bool Executor::fail_fast(const Stage& stage) const {
  return stage.fail_fast.value_or(false) || all_fail_fast_;
}

/// Parallel stages and matrix cells: a branch each, with a stage of the same name in it.
void Executor::side_by_side(Task& task, const Stage& stage, const std::string&,
                            Surroundings around) {
  NamedValues branches;
  auto branch = [&](const Stage& inner, std::string name, Pairs axes) {
    Value body = groovy::native_closure(
        task,
        [this, &inner, name, axes = std::move(axes), around](Task& own, groovy::Args) -> Value {
          if (std::optional<Thrown> error = one_stage(own, inner, name, axes, around)) throw *error;
          return nullptr;
        });
    branches.emplace_back(std::move(name), std::move(body));
  };
  if (stage.parallel) {
    for (const Stage& inner : stage.parallel->list) branch(inner, inner.name, {});
  } else {
    for (Cell& cell : cells(*stage.matrix))
      branch(stage.matrix->cell, std::move(cell.name), std::move(cell.axes));
  }
  if (fail_fast(stage)) branches.emplace_back("failFast", Value::of_bool(true));
  step(task, "parallel", std::move(branches));
}

/// What is skipped is still entered, down to its last stage, so that the tree of every run has the
/// same form.
void Executor::skip(Task& task, const Stage& stage, const std::string& name, StageStatus why,
                    bool say) {
  if (say) {
    std::string line = fmt::format("Stage \"{}\" skipped due to {}", name, reason(why));
    if (why == StageStatus::skipped_for_restart)
      line += fmt::format(" \"{}\"", runtime_.restart_stage().value_or(""));
    runtime_.console(task, line);
  }
  runtime_.mark_stage(task, why);
  Surroundings skipped{.node = false, .skip = why};
  if (stage.stages) {
    sequence(task, *stage.stages, skipped);
  } else if (stage.parallel || stage.matrix != nullptr) {
    side_by_side(task, stage, name, skipped);
  }
}

// ----- matrix -----

/// The product of the axes without what is excluded; the first axis varies fastest.
std::vector<Executor::Cell> Executor::cells(const Matrix& matrix) const {
  std::vector<Cell> made;
  if (!matrix.axes || matrix.axes->empty()) return made;
  const std::vector<Axis>& axes = *matrix.axes;
  std::vector<size_t> at(axes.size(), 0);
  for (;;) {
    Cell cell{.name = "Matrix - ", .axes = {}};
    std::vector<std::pair<std::string, std::string>> values;
    for (size_t i = 0; i < axes.size(); ++i) {
      if (axes[i].values.empty()) return made;
      std::string text = literal_text(axes[i].values[at[i]]);
      std::string axis = axes[i].name_text();
      cell.name += fmt::format("{}{} = '{}'", i == 0 ? "" : ", ", axis, text);
      cell.axes.push_back(axis + "=" + text);
      values.emplace_back(std::move(axis), std::move(text));
    }
    if (!excluded(matrix, values)) made.push_back(std::move(cell));
    size_t i = 0;
    while (i < axes.size() && ++at[i] == axes[i].values.size()) at[i++] = 0;
    if (i == axes.size()) return made;
  }
}

bool Executor::excluded(const Matrix& matrix,
                        const std::vector<std::pair<std::string, std::string>>& values) const {
  if (!matrix.excludes) return false;
  return std::ranges::any_of(*matrix.excludes, [&](const std::vector<Axis>& exclude) {
    return std::ranges::all_of(exclude, [&](const Axis& axis) {
      auto value =
          std::ranges::find(values, axis.name_text(), &std::pair<std::string, std::string>::first);
      if (value == values.end()) return false;
      bool listed = std::ranges::any_of(
          axis.values, [&](const Expression& one) { return literal_text(one) == value->second; });
      return listed != axis.inverse;
    });
  });
}

}  // namespace ks::pipeline
