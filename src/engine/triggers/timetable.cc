#include "engine/triggers/timetable.h"

#include <algorithm>
#include <vector>

namespace ks::engine {
namespace {

/// The wall clock may be set: it is looked at again at least that often.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::minutes(10);
constexpr std::chrono::milliseconds kSame{5};

}  // namespace

void Timetable::drop(State& state, const std::string& name) {
  const auto found = state.entries.find(name);
  if (found == state.entries.end()) return;
  if (found->second.next) state.due.erase({*found->second.next, name});
  state.entries.erase(found);
}

void Timetable::set(const std::string& name, Cron schedule, std::function<void()> call) {
  const std::optional<WallTime> next = schedule.next(clock_.now());
  state_.with([&](State& state) {
    if (state.stopped) return;
    drop(state, name);
    state.entries.emplace(
        name, Entry{.schedule = std::move(schedule),
                    .call = std::make_shared<const std::function<void()>>(std::move(call)),
                    .next = next});
    if (next) state.due.emplace(*next, name);
  });
  arm();
}

void Timetable::remove(const std::string& name) {
  state_.with([&](State& state) { drop(state, name); });
}

std::optional<WallTime> Timetable::next(const std::string& name) const {
  return state_.with([&](const State& state) {
    const auto found = state.entries.find(name);
    return found == state.entries.end() ? std::nullopt : found->second.next;
  });
}

void Timetable::arm() {
  const WallTime now = clock_.now();
  state_.with([&](State& state) {
    if (state.due.empty()) {
      state.timer.reset();
      state.armed.reset();
      return;
    }
    const auto left = std::clamp<std::chrono::milliseconds>(
        state.due.begin()->first - now, std::chrono::milliseconds(0), kLongestWait);
    // One that comes too early looks again; a clock that was set makes it earlier.
    const SteadyTime due = std::chrono::steady_clock::now() + left;
    if (state.armed && *state.armed <= due + kSame) return;
    state.armed = due;
    state.timer = loop_.timer(left, [this] { tick(); });
  });
}

void Timetable::tick() {
  const WallTime now = clock_.now();
  std::vector<std::shared_ptr<const std::function<void()>>> calls;
  state_.with([&](State& state) {
    ++state.ticking;
    state.armed.reset();
    while (!state.due.empty() && state.due.begin()->first <= now) {
      const std::string name = state.due.begin()->second;
      state.due.erase(state.due.begin());
      Entry& entry = state.entries.at(name);
      calls.push_back(entry.call);
      // From now on, not from when it was due: what was missed is not made up for.
      entry.next = entry.schedule.next(now);
      if (entry.next) state.due.emplace(*entry.next, name);
    }
  });
  for (const auto& call : calls) {
    if (state_.with([](const State& state) { return state.stopped; })) break;
    (*call)();
  }
  arm();
  state_.with([&](State& state) {
    --state.ticking;
    // Under the lock: who waits may take the timetable away right after.
    ticked_.notify_all();
  });
}

void Timetable::stop() {
  state_.with([](State& state) {
    state.stopped = true;
    state.entries.clear();
    state.due.clear();
    state.timer.reset();
  });
  state_.wait(ticked_, [](const State& state) { return state.ticking == 0; }, [](State&) {});
}

}  // namespace ks::engine
