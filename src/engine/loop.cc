#include "engine/loop.h"

namespace ks::engine {

Loop::Loop(int threads) {
  for (int i = 0; i < threads; i++) threads_.emplace_back([this] { work(); });
  threads_.emplace_back([this] { tick(); });
}

Loop::~Loop() { stop(); }

void Loop::stop() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_workers_.notify_all();
  wake_timer_.notify_all();
  threads_.clear();
  queue_.clear();
}

void Loop::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (ending_) return;
    queue_.push_back(std::move(work));
  }
  wake_workers_.notify_one();
}

std::shared_ptr<void> Loop::timer(std::chrono::milliseconds after, std::function<void()> work) {
  auto token = std::make_shared<int>(0);
  const auto at = std::chrono::steady_clock::now() + after;
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    const auto added = timers_.emplace(at, Timer{token, std::move(work)});
    first = added == timers_.begin();
  }
  if (first) wake_timer_.notify_one();
  return token;
}

void Loop::work() {
  while (true) {
    std::function<void()> next;
    {
      std::unique_lock lock(mutex_);
      wake_workers_.wait(lock, [&] { return ending_ || !queue_.empty(); });
      if (ending_) return;
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    next();
  }
}

void Loop::tick() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (timers_.empty()) {
      wake_timer_.wait(lock);
      continue;
    }
    const auto due = timers_.begin()->first;
    if (std::chrono::steady_clock::now() < due) {
      wake_timer_.wait_until(lock, due);
      continue;
    }
    Timer timer = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    if (timer.token.expired()) continue;
    queue_.push_back([token = timer.token, work = std::move(timer.work)] {
      if (token.lock()) work();
    });
    wake_workers_.notify_one();
  }
}

}  // namespace ks::engine
