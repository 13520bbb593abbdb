#include "http/server/worker_pool.h"

#include <algorithm>
#include <optional>

namespace ks::http {

WorkerPool::WorkerPool(int max_threads, size_t max_queue, std::chrono::milliseconds idle_limit)
    : max_threads_(static_cast<size_t>(max_threads)),
      max_queue_(max_queue),
      idle_limit_(idle_limit) {}

WorkerPool::~WorkerPool() {
  std::vector<std::jthread> ended;
  std::vector<std::jthread> threads = state_.with([&](State& state) {
    state.ending = true;
    ended.swap(state.ended);
    return std::exchange(state.threads, {});
  });
  wake_.notify_all();
}

bool WorkerPool::submit(Work work) {
  std::vector<std::jthread> ended;  // joined outside the lock; they have nothing left to do
  const bool taken = state_.with([&](State& state) {
    ended.swap(state.ended);
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

size_t WorkerPool::thread_count() const {
  return state_.with([](const State& state) { return state.threads.size(); });
}

void WorkerPool::run() {
  while (true) {
    std::optional<Work> work;
    state_.with([](State& state) { state.idle++; });
    state_.wait_for(
        wake_, idle_limit_, [](const State& state) { return state.ending || !state.queue.empty(); },
        [&](State& state) {
          state.idle--;
          if (state.queue.empty()) return retire(state);
          work = std::move(state.queue.front());
          state.queue.pop_front();
        });
    if (!work) return;
    (*work)();
  }
}

void WorkerPool::retire(State& state) {
  const auto self = std::ranges::find(state.threads, std::this_thread::get_id(),
                                      [](const std::jthread& thread) { return thread.get_id(); });
  if (self == state.threads.end()) return;  // the pool ends and has taken them all
  state.ended.push_back(std::move(*self));
  state.threads.erase(self);
}

}  // namespace ks::http
