#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

/// Child processes by posix_spawn (never fork: its cost grows with our memory), waited for on a
/// pidfd.

namespace ks {

struct SpawnOptions {
  std::vector<std::string> argv = {};  ///< argv[0] is looked up in PATH when it has no slash.
  std::vector<std::string> env = {};   ///< `K=V`; the child gets exactly these.
  std::string cwd = {};                ///< Empty: ours.
  int stdin_fd = -1;                   ///< -1: /dev/null.
  int stdout_fd = -1;                  ///< -1: /dev/null.
  int stderr_fd = -1;                  ///< -1: /dev/null.
  bool new_session =
      false;  ///< setsid: the child survives us and can be signalled as a group by -pid.
  bool new_group = false;  ///< setpgid: a group by -pid in our session; it shares our terminal.
};

/// A started child. Destroying it neither waits nor kills.
class Process {
 public:
  static Result<Process> spawn(const SpawnOptions& options);

  pid_t pid() const { return pid_; }
  /// Readable once the child has ended; for an event loop.
  int pidfd() const { return pidfd_.get(); }
  /// Blocks; the exit code, or 128 + signal as a shell counts.
  Result<int> wait();
  Result<> signal(int number) const;
  /// The whole process group of a child with new_session or new_group.
  Result<> signal_group(int number) const;

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
};

struct Output {
  int exit_code = 0;
  std::string out;
  std::string err;
};
/// Runs a program to its end and collects what it printed, at most `max_bytes` of each.
Result<Output> run_process(SpawnOptions options, size_t max_bytes = 64u << 20);

/// Our own environment as `K=V`.
std::vector<std::string> current_environment();

}  // namespace ks
