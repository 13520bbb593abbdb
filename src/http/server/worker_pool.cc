#include "http/server/worker_pool.h"

#include <optional>

namespace ks::http {

WorkerPool::WorkerPool(int max_threads, size_t max_queue)
    : max_threads_(static_cast<size_t>(max_threads)), max_queue_(max_queue) {}

WorkerPool::~WorkerPool() {
  std::vector<std::jthread> threads = state_.with([](State& state) {
    state.ending = true;
    return std::move(state.threads);
  });
  wake_.notify_all();
}

bool WorkerPool::submit(Work work) {
  const bool taken = state_.with([&](State& state) {
    if (state.ending || state.queue.size() >= max_queue_) return false;
    state.queue.push_back(std::move(work));
    if (state.idle < state.queue.size() && state.threads.size() < max_threads_) {
      state.threads.emplace_back([this] { run(); });
    }
    return true;
  });
  if (taken) wake_.notify_one();
  return taken;
}

void WorkerPool::run() {
  while (true) {
    std::optional<Work> work;
    state_.with([](State& state) { state.idle++; });
    state_.wait(
        wake_, [](const State& state) { return state.ending || !state.queue.empty(); },
        [&](State& state) {
          state.idle--;
          if (state.queue.empty()) return;
          work = std::move(state.queue.front());
          state.queue.pop_front();
        });
    if (!work) return;
    (*work)();
  }
}

}  // namespace ks::http
