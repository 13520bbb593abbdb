#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ks::engine {

/// The threads that runs live on, and a timer. Thread-safe. The destructor drops what has not
/// begun.
class Loop {
 public:
  explicit Loop(int threads = 2);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void post(std::function<void()> work);
  /// Calls once on one of the threads, unless the token is dropped before.
  std::shared_ptr<void> timer(std::chrono::milliseconds after, std::function<void()> work);
  /// Ends the threads after what they are at; post() does nothing from then on.
  void stop();

 private:
  struct Timer {
    std::weak_ptr<void> token;
    std::function<void()> work;
  };
  void work();
  void tick();

  std::mutex mutex_;
  std::condition_variable wake_workers_;
  std::condition_variable wake_timer_;
  std::deque<std::function<void()>> queue_;
  std::multimap<std::chrono::steady_clock::time_point, Timer> timers_;
  bool ending_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace ks::engine
