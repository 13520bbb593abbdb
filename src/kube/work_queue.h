#pragma once

#include <chrono>
#include <compare>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>

#include "base/clock.h"
#include "kube/object.h"

namespace ks::kube {

/// Keys that wait for a worker. A key waits at most once, however often it is added, and is with at
/// most one worker at a time: what is added meanwhile comes again after done(). So its size is
/// bounded by the number of objects. Thread-safe.
///
///   while (std::optional<Key> key = queue.take(stop)) { work(*key); queue.done(*key); }
class WorkQueue {
 public:
  struct BackOff {
    std::chrono::milliseconds first{5};
    std::chrono::milliseconds most{1'000'000};
  };

  WorkQueue() : WorkQueue(system_clock(), BackOff{}) {}
  WorkQueue(const Clock& clock, BackOff back_off) : clock_(clock), back_off_(back_off) {}

  void add(const Key& key);
  void add_after(const Key& key, std::chrono::milliseconds delay);
  /// After `first` x 2^n for the n-th failure in a row.
  void add_failed(const Key& key);
  /// Its next failure counts as the first again.
  void forget(const Key& key);
  int failures(const Key& key) const;

  /// Waits for a key; nothing once `stop` fires.
  std::optional<Key> take(std::stop_token stop);
  /// The same without waiting.
  std::optional<Key> try_take();
  void done(const Key& key);

  size_t size() const;

 private:
  struct Delayed {
    SteadyTime due;
    uint64_t number;  // keeps the order of equal times
    Key key;
    auto operator<=>(const Delayed&) const = default;
  };
  struct State {
    std::deque<Key> order;
    std::set<Key> waiting;
    std::set<Key> working;
    std::set<Key> again;  // added while with a worker
    std::set<Delayed> delayed;
    std::map<Key, Delayed> due;  // finds what is in `delayed`
    std::map<Key, int> failures;
    uint64_t next_number = 0;
  };
  static void add_now(State& state, const Key& key);
  static void delay(State& state, const Key& key, SteadyTime due);
  void release_due(State& state) const;
  std::optional<Key> pop(State& state) const;

  const Clock& clock_;
  BackOff back_off_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  State state_;
};

}  // namespace ks::kube
