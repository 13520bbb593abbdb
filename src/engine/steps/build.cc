#include <fmt/format.h>

#include <atomic>

#include "base/json.h"
#include "engine/build_object.h"
#include "engine/builds.h"
#include "engine/interruption.h"
#include "engine/job_properties.h"
#include "engine/step.h"

// build: a run that starts another one and, unless told otherwise, waits for it.

namespace ks::engine {
namespace {

/// Values by name, of what `string(name:, value:)` and its like described.
json::object values_of(StepCall& call) {
  json::object values;
  const json::value given = from_groovy(call.task, call.value("parameters"));
  const json::array* list = given.if_array();
  if (list == nullptr) return values;
  for (const json::value& parameter : *list) {
    const std::string name(text_at(parameter, {"name"}));
    if (name.empty() || symbol_of(parameter).empty()) {
      call.fail(fmt::format("build: '{}' is no parameter; write string(name: 'X', value: 'x')",
                            to_json(parameter).substr(0, 100)));
    }
    const json::value* value = find(parameter, {"value"});
    if (value == nullptr) value = find(parameter, {"runId"});
    values[name] = value == nullptr ? json::value("") : *value;
    if (symbol_of(parameter) == "booleanParam" && values[name].is_string())
      values[name] = values[name].get_string() == "true";
  }
  return values;
}

constexpr const char* kCancelled = "Calling Pipeline was cancelled";

struct Downstream {
  std::string job;
  uint64_t number = 0;
  std::string shown() const { return fmt::format("{} #{}", shown_job(job), number); }
};

/// Starts it; once, also when the server dies meanwhile: the key is the same after a restart.
uint64_t start(StepCall& call, Builds& builds, const std::string& job) {
  Run& run = call.run;
  const uint64_t id = run.next_await();
  Builds::Start asked{
      .values = values_of(call),
      .causes = {upstream_cause(run.spec().job, run.spec().number, run.spec().causes)},
      .key = fmt::format("upstream {}#{}-{}", run.spec().job, run.spec().number, id),
      .quiet_seconds = std::nullopt};
  if (call.has("quietPeriod")) asked.quiet_seconds = call.number("quietPeriod");
  // Ended early in the middle of that: what was started is ended too.
  struct Begun {
    std::atomic<bool> unwanted{false};
    std::atomic<uint64_t> number{0};
  };
  auto begun = std::make_shared<Begun>();
  const std::weak_ptr<Run> weak = run.weak_from_this();
  auto begin = [&run, &builds, begun, weak, id, job, asked](bool) {
    run.services().post([&builds, begun, weak, id, job, asked] {
      const Result<uint64_t> number = builds.start(job, asked);
      begun->number = number ? *number : 0;
      if (number && begun->unwanted) builds.cancel(job, *number, kCancelled);
      if (auto alive = weak.lock()) {
        alive->complete(id, number ? json::object{{"number", *number}}
                                   : json::object{{"error", number.error().message}});
      }
    });
  };
  auto interrupt = [&run, &builds, begun, job] {
    begun->unwanted = true;
    if (const uint64_t number = begun->number; number != 0)
      run.services().post([&builds, job, number] { builds.cancel(job, number, kCancelled); });
  };
  const json::value started = run.await(
      call.task,
      {.what = "build", .sync = AwaitSpec::Sync::now, .start = begin, .interrupt = interrupt});
  if (const json::value* error = find(started, {"error"})) {
    run.print_line(std::string_view(error->as_string()));
    call.fail(fmt::format("Failed to trigger build of {}", shown_job(job)));
  }
  return static_cast<uint64_t>(int_at(started, {"number"}));
}

/// Waits for a moment of the other run; when this one is ended early, so is that.
void wait_for(StepCall& call, Builds& builds, const Downstream& other, Builds::Moment moment) {
  Run& run = call.run;
  const uint64_t id = run.next_await();
  const std::weak_ptr<Run> weak = run.weak_from_this();
  run.await(call.task, {.what = moment == Builds::Moment::begun ? "build begins" : "build ends",
                        .sync = AwaitSpec::Sync::soon,
                        .start =
                            [&builds, other, moment, weak, id](bool) {
                              builds.when(other.job, other.number, moment, [weak, id] {
                                if (auto alive = weak.lock()) alive->complete(id, json::object());
                              });
                            },
                        .interrupt =
                            [&run, &builds, other] {
                              run.services().post([&builds, other] {
                                builds.cancel(other.job, other.number, kCancelled);
                              });
                            }});
}

groovy::Value build(StepCall& call) {
  Run& run = call.run;
  const std::string path = call.text("job");
  if (path.empty()) call.fail("build: job is missing");
  Builds& builds = builds_of(run);
  const json::value found = run.draw(call.task, "the job to build", [&] {
    for (const std::string& name : {resolve_job(run.spec().job, path), resolve_job({}, path)}) {
      if (builds.has_job(name)) return json::value(name);
    }
    return json::value("");
  });
  const std::string job(found.as_string());
  if (job.empty()) call.fail(fmt::format("No item named {} found", path));
  const bool wait = call.flag("wait", true);
  if (wait && job == run.spec().job) run.print_line("Warning: the job waits for a run of itself");
  run.print_line("Scheduling project: " + shown_job(job));
  const Downstream other{job, start(call, builds, job)};
  if (!wait && !call.flag("waitForStart")) return {};
  wait_for(call, builds, other, Builds::Moment::begun);
  run.print_line("Starting building: " + other.shown());
  if (!wait) return build_object(run, call.task, other.job, other.number);
  wait_for(call, builds, other, Builds::Moment::ended);
  const groovy::Value ended = build_object(run, call.task, other.job, other.number);
  const groovy::Value named = ended.is_null()
                                  ? groovy::Value()
                                  : run.interpreter().get_property(call.task, ended, "result");
  const BuildResult result = named.is_null()
                                 ? BuildResult::aborted
                                 : parse_result(run.interpreter().to_string(call.task, named))
                                       .value_or(BuildResult::failure);
  run.print_line(fmt::format("Build {} completed: {}", other.shown(), to_string(result)));
  if (result != BuildResult::success && call.flag("propagate", true)) {
    throw groovy::Thrown(make_interruption(
        run, call.task,
        {.result = result,
         .cause = fmt::format("{} completed with status {} (propagate: false to ignore)",
                              other.shown(), to_string(result)),
         .actual = false}));
  }
  return ended;
}

groovy::Value properties(StepCall& call) {
  Run& run = call.run;
  const Result<JobProperties> given =
      properties_of(from_groovy(call.task, call.value("properties")));
  if (!given) run.raise(call.task, "java.lang.IllegalArgumentException", given.error().message);
  // Without a server there is no next run: the defaults count at once.
  if (run.services().builds == nullptr && !given->parameters.empty())
    run.declare_parameters(given->parameters);
  declare_properties(run, call.task, *given);
  return {};
}

}  // namespace

void declare_properties(Run& run, groovy::Task& task, const JobProperties& properties) {
  if (const Result<> checked = check_options(properties.options); !checked)
    run.fail(task, checked.error().message);
  Builds& builds = builds_of(run);
  const json::value done = run.draw(task, "the job's properties", [&] {
    const Result<> declared = builds.declare(run.spec().job, properties.to_json());
    return declared ? json::value(nullptr) : json::value(declared.error().message);
  });
  if (done.is_string())
    run.fail(task, fmt::format("the job's properties cannot be set: {}",
                               std::string_view(done.get_string())));
}

void add_build_steps(StepRegistry& registry) {
  registry.add(
      {.name = "build",
       .parameters = {"job", "parameters", "wait", "propagate", "quietPeriod", "waitForStart"},
       .sole = "job",
       .function = build});
  registry.add({.name = "properties",
                .parameters = {"properties"},
                .sole = "properties",
                .function = properties});
}

}  // namespace ks::engine
