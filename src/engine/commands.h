#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "engine/node.h"

struct epoll_event;

namespace ks::engine {

/// The names that files of the command of a key may have in the folder of commands.
std::vector<std::string> files_of_command(std::string_view key);

/// Who runs commands: this process, or an agent.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  /// As Workspace::run() and kill().
  virtual void run(Command command, uint64_t offset, CommandEvents events) = 0;
  virtual void kill(const std::string& key) = 0;
};

/// The running commands of this machine, watched by one thread. Thread-safe.
class Commands final : public CommandRunner {
 public:
  /// `folder` holds the files of each command: its output, its process id and exit code; its script
  /// only where it is a file.
  static Result<std::unique_ptr<Commands>> open(std::string folder);
  ~Commands() override;
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  void run(Command command, uint64_t offset, CommandEvents events) override;
  void kill(const std::string& key) override;

  /// Whether none runs.
  bool idle();
  /// Calls, from any thread, each time the last one has ended. Set before the first.
  void when_idle(std::function<void()> call) { when_idle_ = std::move(call); }
  /// Looks again whether the listeners of commands are gone.
  void sweep();

 private:
  struct Running;
  explicit Commands(std::string folder) : folder_(std::move(folder)) {}
  Result<> start(Running& running, const Command& command);
  Result<> attach(Running& running);
  bool hand_over(Running& running);
  void watch_end(const std::shared_ptr<Running>& running);
  std::vector<int> read_events(std::span<const epoll_event> events);
  void watch();
  void wake();
  int kill_late();
  void pump(const std::shared_ptr<Running>& running);
  void finish(const std::shared_ptr<Running>& running);
  void conclude(Running& running);
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
  std::function<void()> when_idle_;
  std::jthread thread_;
};

}  // namespace ks::engine
