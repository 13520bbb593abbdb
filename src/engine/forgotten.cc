#include "engine/forgotten.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.h"

namespace ks::engine {
namespace {

/// Longer than the five seconds for which ext4 avoids an inode.
constexpr auto kDelay = std::chrono::seconds(10);
/// Those above it are removed at once, so that a fast run does not fill the disk.
constexpr size_t kMostWaiting = 10'000;

}  // namespace

Forgotten::Forgotten(std::string folder)
    : folder_(std::move(folder)),
      grave_(folder_ + "/.forgotten"),
      thread_([this](const std::stop_token& stop) { remove_when_due(stop); }) {}

Forgotten::~Forgotten() {
  thread_.request_stop();
  thread_.join();
  (void)remove_tree(grave_);
}

void Forgotten::add(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::string path;
    {
      std::lock_guard lock(mutex_);
      // An engine on the same folder before us, or beside us for a moment, counts for itself.
      path = fmt::format("{}/{}-{}", grave_, getpid(), next_++);
    }
    const std::string from = folder_ + "/" + name;
    const auto move = [&] { return rename(from.c_str(), path.c_str()) == 0; };
    if (!move()) {
      if (!file_exists(from)) continue;
      if (!make_dirs(grave_, 0700) || !move()) {
        (void)remove_tree(from);
        continue;
      }
    }
    std::lock_guard lock(mutex_);
    due_.emplace_back(Time::now() + kDelay, std::move(path));
    changed_.notify_one();
  }
}

void Forgotten::remove_when_due(const std::stop_token& stop) {
  (void)remove_tree(grave_);
  std::unique_lock lock(mutex_);
  while (true) {
    if (!changed_.wait(lock, stop, [this] { return !due_.empty(); })) return;
    const Time::time_point first = due_.front().first;
    (void)changed_.wait_until(lock, stop, first, [this] { return due_.size() > kMostWaiting; });
    if (stop.stop_requested()) return;
    while (!due_.empty() && (due_.front().first <= Time::now() || due_.size() > kMostWaiting)) {
      const std::string path = std::move(due_.front().second);
      due_.pop_front();
      lock.unlock();
      (void)remove_tree(path);
      lock.lock();
    }
  }
}

}  // namespace ks::engine
