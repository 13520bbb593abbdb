#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/file.h"
#include "engine/node.h"

namespace ks::engine {

/// The running commands of this machine, watched by one thread. Thread-safe.
class Commands {
 public:
  /// `folder` holds one folder a command: script, output, exit code, process id.
  static Result<std::unique_ptr<Commands>> open(std::string folder);
  ~Commands();
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  void run(Command command, uint64_t offset, CommandEvents events);
  void kill(const std::string& key);
  void forget(const std::string& key);

 private:
  struct Running;
  explicit Commands(std::string folder) : folder_(std::move(folder)) {}
  Result<> start(Running& running, const Command& command);
  Result<> attach(Running& running);
  bool hand_over(Running& running);
  void watch_end(const std::shared_ptr<Running>& running);
  void watch();
  void wake();
  int kill_late();
  void pump(const std::shared_ptr<Running>& running);
  void finish(const std::shared_ptr<Running>& running);
  void reap(Running& running);

  std::string folder_;
  Fd epoll_;
  Fd inotify_;
  Fd wake_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Running>> running_;
  std::map<int, std::shared_ptr<Running>> by_watch_;
  std::map<int, std::shared_ptr<Running>> by_pidfd_;
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace ks::engine
