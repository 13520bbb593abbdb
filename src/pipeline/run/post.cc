#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/run/executor.h"

namespace ks::pipeline {

/// Worst of the run's result, the error of this stage or pipeline, and, in a stage, what its steps
/// warned of.
RunResult Executor::combined(Task& task, const std::optional<Thrown>& error, bool of_stage,
                             bool with_warnings) {
  RunResult worst = runtime_.result().value_or(RunResult::success);
  if (error) worst = std::max(worst, runtime_.result_of(task, *error));
  if (of_stage && with_warnings) worst = std::max(worst, runtime_.stage_warning(task));
  return worst;
}

bool Executor::applies(Task& task, std::string_view condition, const std::optional<Thrown>& error,
                       bool of_stage) {
  RunResult now = combined(task, error, of_stage, true);
  if (condition == "always" || condition == "cleanup") return true;
  std::optional<RunResult> before;
  if (condition == "changed" || condition == "fixed" || condition == "regression")
    before = runtime_.previous_result(task);
  if (condition == "changed") return !before || combined(task, error, of_stage, false) != *before;
  if (condition == "fixed") {
    return before && (*before == RunResult::failure || *before == RunResult::unstable) &&
           now == RunResult::success;
  }
  if (condition == "regression") return before && now > *before;
  if (condition == "aborted") return now == RunResult::aborted;
  if (condition == "success") return now == RunResult::success;
  if (condition == "unsuccessful") return now != RunResult::success;
  if (condition == "unstable") return now == RunResult::unstable;
  if (condition == "failure") return now == RunResult::failure;
  return condition == "notBuilt" && now == RunResult::not_built;
}

/// Each condition is looked at when its turn comes: an error in `always` makes a later `failure`
/// true.
void Executor::post(Task& task, const std::optional<Post>& post, std::optional<Thrown>& first_error,
                    bool of_stage, Surroundings around) {
  if (!post) return;
  bool announced = false;
  auto all = [&](Task& own) {
    for (const std::string& name : post_condition_names()) {
      auto found = std::ranges::find(post->conditions, name, &PostCondition::name);
      if (found == post->conditions.end() || !applies(own, name, first_error, of_stage)) continue;
      if (of_stage && !std::exchange(announced, true)) runtime_.console(own, "Post stage");
      runtime_.show_result(combined(own, first_error, of_stage, true));
      try {
        steps(own, found->steps, around);
      } catch (const Thrown& thrown) {
        if (!thrown.catchable) throw;
        runtime_.console(own, fmt::format("Error when executing {} post condition:", name));
        runtime_.report(own, thrown);
        if (!first_error) first_error = thrown;
      }
      runtime_.show_result(std::nullopt);
    }
  };
  if (of_stage) return all(task);
  // Without a condition that applies there is no stage for it either.
  bool any = std::ranges::any_of(post->conditions, [&](const PostCondition& condition) {
    return applies(task, condition.name, first_error, false);
  });
  if (!any) return;
  block(task, "stage", {{"name", string(task, "Declarative: Post Actions")}}, [&](Task& own) {
    runtime_.mark_synthetic(own, false);
    all(own);
  });
}

}  // namespace ks::pipeline
