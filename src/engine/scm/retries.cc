#include "engine/scm/retries.h"

#include <chrono>

#include "engine/interruption.h"

namespace ks::engine {
namespace {

constexpr std::chrono::seconds kPause{10};

void pause(Run& run, groovy::Task& task) {
  auto token = std::make_shared<std::shared_ptr<void>>();
  const uint64_t id = run.next_await();
  run.await(task, {.what = "sleep",
                   .start =
                       [&run, token, id](bool) {
                         *token = run.services().timer(kPause,
                                                       [&run, id] { run.complete(id, nullptr); });
                       },
                   .interrupt = {}});
}

}  // namespace

void with_checkout_retries(Run& run, groovy::Task& task, const std::function<void()>& act) {
  const int retries = run.services().checkout_retries;
  for (int left = retries;; left--) {
    try {
      return act();
    } catch (const groovy::Thrown& thrown) {
      const groovy::Failure failure = run.interpreter().describe(task, thrown);
      if (retries == 0 || !thrown.catchable || is_interruption(failure)) throw;
      print_failure(run, task, thrown, "ERROR: Checkout failed");
    }
    if (left == 0) run.fail(task, "Maximum checkout retry attempts reached, aborting");
    run.print_line("Retrying after 10 seconds");
    pause(run, task);
  }
}

}  // namespace ks::engine
