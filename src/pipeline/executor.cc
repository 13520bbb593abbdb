#include "pipeline/executor.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "pipeline/catalog.h"
#include "pipeline/run/executor.h"

/// The frame of a run: properties, agent, environment, stages, post.

namespace ks::pipeline {

std::string_view to_string(StageStatus status) {
  switch (status) {
    case StageStatus::failed_and_continued: return "FAILED_AND_CONTINUED";
    case StageStatus::skipped_for_failure: return "SKIPPED_FOR_FAILURE";
    case StageStatus::skipped_for_unstable: return "SKIPPED_FOR_UNSTABLE";
    case StageStatus::skipped_for_conditional: return "SKIPPED_FOR_CONDITIONAL";
    case StageStatus::skipped_for_restart: return "SKIPPED_FOR_RESTART";
  }
  return "";
}

void run_declarative(const Pipeline& pipeline, std::vector<groovy::Value> closures,
                     Runtime& runtime, groovy::Task& task) {
  Executor(pipeline, std::move(closures), runtime).run(task);
}

/// The first error decides. Post runs where the stages ran, or, when something around them failed,
/// outside of it.
void Executor::run(Task& task) {
  libraries(task);
  properties(task);
  std::optional<Thrown> first_error;
  bool post_done = false;
  try {
    with_agent(task, pipeline_.agent, pipeline_.options, true, {},
               [&](Task& on_agent, Surroundings around) {
                 with_environment(on_agent, pipeline_.environment, [&](Task& in_environment) {
                   with_options(in_environment, pipeline_.options, [&](Task& wrapped) {
                     // `retry` comes here again: the error of the last attempt counts no more.
                     first_error.reset();
                     with_tools(wrapped, pipeline_.tools, around, true, [&](Task& inner) {
                       post_done = true;
                       stages_and_post(inner, around, first_error);
                     });
                   });
                 });
               });
  } catch (const Thrown& thrown) {
    if (!first_error) first_error = thrown;
  }
  if (!post_done) post(task, pipeline_.post, first_error, false, {});
  if (first_error) throw *first_error;
}

/// Throws the first error, so that the wrappers around see it.
void Executor::stages_and_post(Task& task, Surroundings around,
                               std::optional<Thrown>& first_error) {
  if (pipeline_.stages) first_error = sequence(task, *pipeline_.stages, around, true);
  post(task, pipeline_.post, first_error, false, around);
  if (first_error) throw *first_error;
}

void Executor::libraries(Task& task) {
  if (!pipeline_.libraries) return;
  for (const Expression& library : *pipeline_.libraries) {
    step(task, "library", {{"identifier", value(task, library)}});
  }
}

/// Options that wrap steps are not the job's; the rest is, and so are triggers and parameters.
void Executor::properties(Task& task) {
  skip_after_unstable_ = option_set(task, pipeline_.options, "skipStagesAfterUnstable");
  all_fail_fast_ = option_set(task, pipeline_.options, "parallelsAlwaysFailFast");
  JobProperties job;
  auto all = [&](const std::optional<Calls>& from, std::vector<EvaluatedCall>& into) {
    if (!from) return;
    for (const Call& call : from->list) {
      if (&into != &job.options || !is_wrapper(call.name)) into.push_back(evaluate(task, call));
    }
  };
  all(pipeline_.options, job.options);
  all(pipeline_.triggers, job.triggers);
  all(pipeline_.parameters, job.parameters);
  for (const EvaluatedCall& option : job.options) {
    if (option.name != "preserveStashes") continue;
    std::string count = argument(task, option, "buildCount");
    std::optional<int64_t> number = parse_int(count);
    if (!count.empty() && (!number || *number < 1 || *number > 50)) {
      task.interpreter().raise(task, "java.lang.IllegalArgumentException",
                               "The number of builds to preserve must be between 1 and 50.");
    }
  }
  // Also when it says nothing: what an earlier run declared is taken back.
  runtime_.apply(task, job);
}

}  // namespace ks::pipeline
