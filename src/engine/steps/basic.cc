#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "engine/interruption.h"
#include "engine/step.h"
#include "engine/time_words.h"

// echo, error, sleep, timeout, retry, waitUntil, isUnix.

namespace ks::engine {
namespace {

groovy::Value echo(StepCall& call) {
  call.run.print_line(call.text("message", "null"));
  return {};
}

groovy::Value error(StepCall& call) { call.fail(call.text("message")); }

std::chrono::milliseconds duration_of(StepCall& call, std::string_view default_unit) {
  struct Unit {
    std::string_view name;
    double milliseconds;
  };
  constexpr double kLongestMillis = 100.0 * 365 * 864e5;
  static constexpr Unit kUnits[] = {
      {"NANOSECONDS", 1e-6}, {"MICROSECONDS", 1e-3}, {"MILLISECONDS", 1}, {"SECONDS", 1e3},
      {"MINUTES", 6e4},      {"HOURS", 36e5},        {"DAYS", 864e5}};
  const std::string unit = call.text("unit", default_unit);
  for (const Unit& known : kUnits) {
    if (known.name != unit) continue;
    const double time = static_cast<double>(call.number("time")) * known.milliseconds;
    return std::chrono::milliseconds(static_cast<int64_t>(std::clamp(time, 0.0, kLongestMillis)));
  }
  call.run.raise(call.task, "java.lang.IllegalArgumentException",
                 fmt::format("No enum constant java.util.concurrent.TimeUnit.{}", unit));
}

/// What is left of a time until a moment: never more than all of it, also when the clock was set
/// back.
std::chrono::milliseconds left_of(Run& run, int64_t deadline_millis,
                                  std::chrono::milliseconds time) {
  const int64_t left = deadline_millis - run.services().clock->now().time_since_epoch().count();
  return std::clamp(std::chrono::milliseconds(left), std::chrono::milliseconds(0), time);
}

/// Waits until a moment that is fixed when the wait begins, so that a restart does not begin it
/// anew.
void wait_until(Run& run, groovy::Task& task, std::chrono::milliseconds time) {
  const int64_t deadline_millis = run.now_millis(task) + time.count();
  auto token = std::make_shared<std::shared_ptr<void>>();
  const uint64_t id = run.next_await();
  run.await(task, {.what = "sleep",
                   .start =
                       [&run, token, id, deadline_millis, time](bool) {
                         *token = run.services().timer(left_of(run, deadline_millis, time),
                                                       [&run, id] { run.complete(id, nullptr); });
                       },
                   .interrupt = {}});
}

groovy::Value sleep(StepCall& call) {
  const auto time = duration_of(call, "SECONDS");
  call.run.print_line("Sleeping for " + time_span(time));
  wait_until(call.run, call.task, time);
  return {};
}

/// A timeout that begins anew whenever its block prints something.
class Inactivity : public std::enable_shared_from_this<Inactivity> {
 public:
  Inactivity(std::weak_ptr<Run> run, uint64_t scope, std::chrono::milliseconds time)
      : run_(std::move(run)), scope_(scope), time_(time) {}
  void begin(Run& run) {
    touch(run);
    wait(run, time_);
  }
  void touch(Run& run) { last_ = run.services().clock->steady_now().time_since_epoch().count(); }
  void stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    token_.reset();
  }

 private:
  void wait(Run& run, std::chrono::milliseconds time) {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    token_ = run.services().timer(time, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->look();
    });
  }
  void look() {
    const std::shared_ptr<Run> run = run_.lock();
    if (!run) return;
    const std::chrono::nanoseconds quiet =
        run->services().clock->steady_now().time_since_epoch() -
        decltype(run->services().clock->steady_now())::duration(last_.load());
    if (quiet >= time_)
      return run->interrupt_scope(scope_, BuildResult::aborted, "Timeout has been exceeded");
    wait(*run, std::chrono::duration_cast<std::chrono::milliseconds>(time_ - quiet) +
                   std::chrono::milliseconds(1));
  }

  const std::weak_ptr<Run> run_;
  const uint64_t scope_;
  const std::chrono::milliseconds time_;
  std::atomic<int64_t> last_{0};
  std::mutex mutex_;
  std::shared_ptr<void> token_;
  bool stopped_ = false;
};

groovy::Value timeout_of_inactivity(StepCall& call, std::chrono::milliseconds time) {
  Run& run = call.run;
  run.print_line(fmt::format("Timeout set to expire after {} without activity", time_span(time)));
  return run.interruptible(call.task, [&](uint64_t scope) {
    auto inactivity = std::make_shared<Inactivity>(run.weak_from_this(), scope, time);
    run.watch_activity(scope, [inactivity, &run] { inactivity->touch(run); });
    struct Stop {
      Run& run;
      uint64_t scope;
      Inactivity& inactivity;
      ~Stop() {
        run.watch_activity(scope, nullptr);
        inactivity.stop();
      }
    } stop{run, scope, *inactivity};
    inactivity->begin(run);
    return call.call_body();
  });
}

groovy::Value timeout(StepCall& call) {
  const auto time = duration_of(call, "MINUTES");
  Run& run = call.run;
  if (call.flag("activity")) return timeout_of_inactivity(call, time);
  run.print_line("Timeout set to expire in " + time_span(time));
  const int64_t deadline = run.now_millis(call.task) + time.count();
  return run.interruptible(call.task, [&](uint64_t scope) {
    // In a replay too: the block may turn out to be still running when the journal ends.
    const std::weak_ptr<Run> weak = run.weak_from_this();
    auto token = run.services().timer(left_of(run, deadline, time), [weak, scope] {
      if (auto alive = weak.lock())
        alive->interrupt_scope(scope, BuildResult::aborted, "Timeout has been exceeded");
    });
    return call.call_body();
  });
}

/// Whether a `conditions` list of retry allows another attempt. The conditions tell of lost agents
/// and of steps that cannot be resumed; an error of the script itself is neither.
bool may_retry(StepCall& call, const groovy::Failure& failure) {
  return !call.has("conditions") || failure.class_name.ends_with("AgentOfflineException");
}

groovy::Value retry(StepCall& call) {
  const int64_t count = call.number("count");
  if (count < 1)
    call.run.raise(call.task, "java.lang.IllegalArgumentException", "count must be at least 1");
  for (int64_t attempt = 1;; attempt++) {
    try {
      return call.call_body();
    } catch (const groovy::Thrown& thrown) {
      const groovy::Failure failure = call.run.interpreter().describe(call.task, thrown);
      // What ends the block from outside (a user, an outer timeout) is not tried again.
      const bool interrupted = is_interruption(failure) &&
                               call.run.interrupted_from_outside(call.task, thrown.exception);
      if (!thrown.catchable || interrupted || attempt >= count || !may_retry(call, failure)) throw;
      print_failure(call.run, call.task, thrown, "ERROR: Execution failed");
      call.run.print_line("Retrying");
    }
  }
}

groovy::Value wait_until_true(StepCall& call) {
  constexpr double kGrowth = 1.2;
  constexpr int64_t kMaxMillis = 15'000;
  auto pause = static_cast<double>(call.number("initialRecurrencePeriod", 250));
  while (true) {
    if (call.run.interpreter().truth(call.task, call.call_body())) return {};
    if (!call.flag("quiet"))
      call.run.print_line(
          fmt::format("Will try again after {}",
                      time_span(std::chrono::milliseconds(static_cast<int64_t>(pause)))));
    wait_until(call.run, call.task, std::chrono::milliseconds(static_cast<int64_t>(pause)));
    pause = std::min<double>(pause * kGrowth, kMaxMillis);
  }
}

groovy::Value is_unix(StepCall&) { return groovy::Value::of_bool(true); }

}  // namespace

void add_basic_steps(StepRegistry& registry) {
  registry.add({.name = "echo", .parameters = {"message"}, .sole = "message", .function = echo});
  registry.add({.name = "error", .parameters = {"message"}, .sole = "message", .function = error});
  registry.add(
      {.name = "sleep", .parameters = {"time", "unit"}, .sole = "time", .function = sleep});
  registry.add({.name = "timeout",
                .parameters = {"time", "unit", "activity"},
                .sole = "time",
                .block = true,
                .function = timeout});
  registry.add({.name = "retry",
                .parameters = {"count", "conditions"},
                .sole = "count",
                .block = true,
                .function = retry});
  registry.add({.name = "waitUntil",
                .parameters = {"initialRecurrencePeriod", "quiet"},
                .sole = {},
                .block = true,
                .function = wait_until_true});
  registry.add(
      {.name = "isUnix", .parameters = {}, .sole = {}, .needs = Needs::node, .function = is_unix});
}

}  // namespace ks::engine
