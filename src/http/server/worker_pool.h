#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/guarded.h"

namespace ks::http {

/// Threads for handlers that block. They start on demand up to a bound and live until the pool
/// ends.
///
/// Thread-safe. The destructor runs what is queued, then joins.
class WorkerPool {
 public:
  using Work = std::move_only_function<void()>;

  WorkerPool(int max_threads, size_t max_queue);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the queue is full.
  bool submit(Work work);

 private:
  struct State {
    std::deque<Work> queue;
    std::vector<std::jthread> threads;
    size_t idle = 0;
    bool ending = false;
  };
  void run();

  const size_t max_threads_;
  const size_t max_queue_;
  Guarded<State> state_;
  std::condition_variable wake_;
};

}  // namespace ks::http
