#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/cron.h"
#include "base/guarded.h"
#include "engine/loop.h"

namespace ks::engine {

/// Calls at the times of schedules: one timer for all of them, set for the earliest.
///
///   Timetable times(clock, loop);
///   times.set("demo/build", TRY(Cron::parse("H * * * *", "demo/build")), [] { start(); });
///
/// What came due while nobody looked - the machine slept, the clock was set forward - is called
/// once. Thread-safe; must not outlive the loop.
class Timetable {
 public:
  Timetable(const Clock& clock, Loop& loop) : clock_(clock), loop_(loop) {}

  /// In place of what the name had. Called on a thread of the loop, which it may block for a while.
  void set(const std::string& name, Cron schedule, std::function<void()> call);
  void remove(const std::string& name);
  /// When a name is due; nothing: never, or there is none.
  std::optional<WallTime> next(const std::string& name) const;
  /// Calls nothing any more, and waits for the calls that are under way. Not from one of them.
  void stop();
  /// Calls what is due. The timer does; a test with a clock of its own may.
  void tick();

 private:
  struct Entry {
    Cron schedule;
    std::shared_ptr<const std::function<void()>> call;
    std::optional<WallTime> next;
  };
  struct State {
    std::map<std::string, Entry> entries;
    std::set<std::pair<WallTime, std::string>> due;
    std::optional<SteadyTime> armed;  ///< when the timer is due
    std::shared_ptr<void> timer;
    size_t ticking = 0;  ///< threads that are in tick()
    bool stopped = false;
  };
  static void drop(State& state, const std::string& name);
  void arm();

  const Clock& clock_;
  Loop& loop_;
  Guarded<State> state_;
  std::condition_variable ticked_;
};

}  // namespace ks::engine
