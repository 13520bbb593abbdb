#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/guarded.h"

namespace ks::http {

/// Threads for handlers that block. They start on demand up to a bound and end when nothing came
/// for a while.
///
/// Thread-safe. The destructor runs what is queued, then joins.
class WorkerPool {
 public:
  using Work = std::move_only_function<void()>;

  WorkerPool(int max_threads, size_t max_queue,
             std::chrono::milliseconds idle_limit = std::chrono::seconds(10));
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the queue is full.
  bool submit(Work work);
  size_t thread_count() const;

 private:
  struct State {
    std::deque<Work> queue;
    std::vector<std::jthread> threads;
    std::vector<std::jthread> ended;  // to be joined by whoever comes next
    size_t idle = 0;
    bool ending = false;
  };
  void run();
  /// The calling thread leaves; another joins it.
  static void retire(State& state);

  const size_t max_threads_;
  const size_t max_queue_;
  const std::chrono::milliseconds idle_limit_;
  Guarded<State> state_;
  std::condition_variable wake_;
};

}  // namespace ks::http
