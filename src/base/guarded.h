#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace ks {

/// A value inside its lock: there is no other way in.
///
///   Guarded<Queue> queue_;
///   queue_.with([&](Queue& q) { q.push(std::move(item)); });
///
/// Inside: no I/O, no callback, no second lock.
template <class T>
class Guarded {
 public:
  Guarded() = default;
  template <class... Args>
  explicit Guarded(std::in_place_t, Args&&... args) : value_(std::forward<Args>(args)...) {}

  template <class F>
  decltype(auto) with(F&& function) {
    std::lock_guard lock(mutex_);
    return std::forward<F>(function)(value_);
  }
  template <class F>
  decltype(auto) with(F&& function) const {
    std::lock_guard lock(mutex_);
    return std::forward<F>(function)(value_);
  }

  /// Waits on `condition` until `ready(value)`, then calls `function(value)` under the same lock.
  template <class Ready, class F>
  decltype(auto) wait(std::condition_variable& condition, Ready&& ready, F&& function) {
    std::unique_lock lock(mutex_);
    condition.wait(lock, [&] { return ready(value_); });
    return std::forward<F>(function)(value_);
  }
  /// The same with a deadline; `function` is called either way and must look again.
  template <class Duration, class Ready, class F>
  decltype(auto) wait_for(std::condition_variable& condition, Duration limit, Ready&& ready,
                          F&& function) {
    std::unique_lock lock(mutex_);
    condition.wait_for(lock, limit, [&] { return ready(value_); });
    return std::forward<F>(function)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace ks
