#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

extern char** environ;

namespace ks {
namespace {

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void redirect(int from, int to, int flags) {
    if (from < 0) {
      posix_spawn_file_actions_addopen(&actions_, to, "/dev/null", flags, 0);
    } else {
      // Also when from == to: dup2 in the child clears close-on-exec.
      posix_spawn_file_actions_adddup2(&actions_, from, to);
    }
  }
  void chdir(const std::string& path) {
    if (!path.empty()) posix_spawn_file_actions_addchdir_np(&actions_, path.c_str());
  }
  /// Libraries open sockets without close-on-exec: a child that outlives us would hold our port.
  void close_others() { posix_spawn_file_actions_addclosefrom_np(&actions_, 3); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class SpawnAttributes {
 public:
  explicit SpawnAttributes(const SpawnOptions& options) {
    posix_spawnattr_init(&attributes_);
    // A child must not inherit what we block or ignore (SIGPIPE, SIGINT in a server).
    sigset_t none, defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    sigdelset(&defaults, SIGKILL);
    sigdelset(&defaults, SIGSTOP);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (options.new_session) flags = static_cast<short>(flags | POSIX_SPAWN_SETSID);
    if (options.new_group) flags = static_cast<short>(flags | POSIX_SPAWN_SETPGROUP);  // 0: its own
    posix_spawnattr_setflags(&attributes_, flags);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

Result<std::pair<Fd, Fd>> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("make", "a pipe", errno);
  return std::pair{Fd(ends[0]), Fd(ends[1])};
}

/// Reads what is there into `out`; false at the end. What is over the bound is read and dropped.
bool drain(int fd, std::string& out, size_t max_bytes) {
  char buffer[1 << 16];
  const ssize_t got = read(fd, buffer, sizeof buffer);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  out.append(buffer,
             std::min(static_cast<size_t>(got), max_bytes - std::min(max_bytes, out.size())));
  return true;
}

}  // namespace

Result<Process> Process::spawn(const SpawnOptions& options) {
  if (options.argv.empty()) return Error{Code::invalid, "no program to start"};
  SpawnActions actions;
  actions.redirect(options.stdin_fd, STDIN_FILENO, O_RDONLY);
  actions.redirect(options.stdout_fd, STDOUT_FILENO, O_WRONLY);
  actions.redirect(options.stderr_fd, STDERR_FILENO, O_WRONLY);
  actions.chdir(options.cwd);
  actions.close_others();
  const SpawnAttributes attributes(options);
  std::vector<char*> argv = pointers(options.argv), env = pointers(options.env);
  Process child;
  const int error =
      posix_spawnp(&child.pid_, argv[0], actions.get(), attributes.get(), argv.data(), env.data());
  if (error != 0) return errno_error("start", options.argv[0], error);
  child.pidfd_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0)));
  return child;
}

Result<int> Process::wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return errno_error("wait for", fmt::format("process {}", pid_), errno);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<> Process::signal(int number) const {
  if (kill(pid_, number) != 0 && errno != ESRCH) {
    return errno_error("signal", fmt::format("process {}", pid_), errno);
  }
  return {};
}

Result<> Process::signal_group(int number) const {
  if (kill(-pid_, number) != 0 && errno != ESRCH) {
    return errno_error("signal", fmt::format("process group {}", pid_), errno);
  }
  return {};
}

Result<Output> run_process(SpawnOptions options, size_t max_bytes) {
  auto [out_read, out_write] = TRY(make_pipe());
  auto [err_read, err_write] = TRY(make_pipe());
  options.stdout_fd = out_write.get();
  options.stderr_fd = err_write.get();
  Process child = TRY(Process::spawn(options));
  out_write.reset();
  err_write.reset();
  Output output;
  pollfd polled[2] = {{out_read.get(), POLLIN, 0}, {err_read.get(), POLLIN, 0}};
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    if (poll(polled, 2, -1) < 0 && errno != EINTR)
      return errno_error("wait for", options.argv[0], errno);
    if (polled[0].revents != 0 && !drain(polled[0].fd, output.out, max_bytes)) polled[0].fd = -1;
    if (polled[1].revents != 0 && !drain(polled[1].fd, output.err, max_bytes)) polled[1].fd = -1;
  }
  output.exit_code = TRY(child.wait());
  return output;
}

std::vector<std::string> current_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; entry++)
    out.emplace_back(*entry);
  return out;
}

}  // namespace ks
