#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ks::engine {

/// Removes the files of commands that nobody needs any more, a while later and in bulk: file
/// systems avoid what was removed in the last seconds, and a new file that has to find its way
/// round it costs ten times as much. Thread-safe.
class Forgotten {
 public:
  /// `folder` holds the files of commands. What an earlier process left to be removed is removed.
  explicit Forgotten(std::string folder);
  /// Removes the rest.
  ~Forgotten();
  Forgotten(const Forgotten&) = delete;
  Forgotten& operator=(const Forgotten&) = delete;

  /// Files, or folders, of these names are gone from their place when this returns; some may be
  /// none.
  void add(const std::vector<std::string>& names);

 private:
  using Time = std::chrono::steady_clock;
  void remove_when_due(const std::stop_token& stop);

  const std::string folder_;
  const std::string grave_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::pair<Time::time_point, std::string>> due_;
  uint64_t next_ = 0;
  std::jthread thread_;
};

}  // namespace ks::engine
