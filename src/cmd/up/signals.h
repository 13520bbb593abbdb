#pragma once

#include <stop_token>
#include <thread>

namespace ks::cmd {

/// Turns SIGINT, SIGTERM and SIGHUP into a stop. The second one ends the process at once. Make it
/// before any other thread: they must not get the signals.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token stop_token() const { return stop_.get_token(); }
  /// Blocks until one came.
  void wait() const;

 private:
  void run(const std::stop_token& end);

  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace ks::cmd
