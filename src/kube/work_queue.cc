#include "kube/work_queue.h"

#include <algorithm>

namespace ks::kube {

void WorkQueue::add(const Key& key) {
  {
    std::lock_guard lock(mutex_);
    add_now(state_, key);
  }
  changed_.notify_one();
}

void WorkQueue::add_after(const Key& key, std::chrono::milliseconds wait) {
  if (wait.count() <= 0) return add(key);
  {
    std::lock_guard lock(mutex_);
    delay(state_, key, clock_.steady_now() + wait);
  }
  changed_.notify_one();
}

void WorkQueue::add_failed(const Key& key) {
  {
    std::lock_guard lock(mutex_);
    const int before = state_.failures[key]++;
    // Past 2^30 the bound has long been reached; shifting further would overflow.
    const auto wait =
        std::min(back_off_.most, back_off_.first * (int64_t{1} << std::min(before, 30)));
    delay(state_, key, clock_.steady_now() + wait);
  }
  changed_.notify_one();
}

void WorkQueue::forget(const Key& key) {
  std::lock_guard lock(mutex_);
  state_.failures.erase(key);
}

int WorkQueue::failures(const Key& key) const {
  std::lock_guard lock(mutex_);
  const auto found = state_.failures.find(key);
  return found == state_.failures.end() ? 0 : found->second;
}

std::optional<Key> WorkQueue::take(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    release_due(state_);
    if (std::optional<Key> key = pop(state_)) return key;
    if (state_.delayed.empty()) {
      // Wakes for the first delayed key as well: its delay bounds the next wait.
      changed_.wait(lock, stop, [&] { return !state_.order.empty() || !state_.delayed.empty(); });
    } else {
      const SteadyTime first = state_.delayed.begin()->due;
      changed_.wait_for(lock, stop, first - clock_.steady_now(), [&] {
        return !state_.order.empty() ||
               (!state_.delayed.empty() && state_.delayed.begin()->due < first);
      });
    }
  }
  return std::nullopt;
}

std::optional<Key> WorkQueue::try_take() {
  std::lock_guard lock(mutex_);
  release_due(state_);
  return pop(state_);
}

void WorkQueue::done(const Key& key) {
  {
    std::lock_guard lock(mutex_);
    state_.working.erase(key);
    if (state_.again.erase(key) > 0) add_now(state_, key);
  }
  changed_.notify_one();
}

size_t WorkQueue::size() const {
  std::lock_guard lock(mutex_);
  return state_.order.size() + state_.again.size();
}

void WorkQueue::add_now(State& state, const Key& key) {
  if (state.working.contains(key)) {
    state.again.insert(key);
  } else if (state.waiting.insert(key).second) {
    state.order.push_back(key);
  }
}

/// The earlier of two delays counts.
void WorkQueue::delay(State& state, const Key& key, SteadyTime due) {
  if (const auto found = state.due.find(key); found != state.due.end()) {
    if (found->second.due <= due) return;
    state.delayed.erase(found->second);
  }
  const Delayed entry{due, state.next_number++, key};
  state.due.insert_or_assign(key, entry);
  state.delayed.insert(entry);
}

void WorkQueue::release_due(State& state) const {
  const SteadyTime now = clock_.steady_now();
  while (!state.delayed.empty() && state.delayed.begin()->due <= now) {
    const Key key = state.delayed.begin()->key;
    state.delayed.erase(state.delayed.begin());
    state.due.erase(key);
    add_now(state, key);
  }
}

std::optional<Key> WorkQueue::pop(State& state) const {
  if (state.order.empty()) return std::nullopt;
  Key key = std::move(state.order.front());
  state.order.pop_front();
  state.waiting.erase(key);
  state.working.insert(key);
  return key;
}

}  // namespace ks::kube
