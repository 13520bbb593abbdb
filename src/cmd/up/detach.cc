#include "cmd/up/detach.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/process.h"
#include "base/text.h"

namespace ks::cmd {
namespace {

// What the server prints ends with one of these; after the second comes why it failed.
constexpr char kReady = '\0';
constexpr char kFailed = '\1';
constexpr int kStopSeconds = 30;

Result<Fd> open_log(const std::string& data_dir) {
  TRY(make_dirs(data_dir, 0700));
  return open_file(data_dir + "/ks.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

std::string own_program() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string("/proc/self/exe");
}

/// Copies what comes to our own output, up to a mark or the end; gives what follows the failure
/// mark, nothing when the server is ready.
std::optional<std::string> show_until_ready(int fd) {
  std::string failure;
  bool failed = false;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failure;
    std::string_view text(buffer, static_cast<size_t>(got));
    if (failed) {
      failure += text;
      continue;
    }
    const size_t mark = text.find_first_of(std::string_view("\0\1", 2));
    (void)write_all(STDOUT_FILENO, text.substr(0, mark));
    if (mark == text.npos) continue;
    if (text[mark] == kReady) return std::nullopt;
    failed = true;
    failure = text.substr(mark + 1);
  }
}

/// Whether a process holds the lock of the folder: a pid file alone may be of one that was killed.
bool is_locked(const std::string& data_dir) {
  const Result<Fd> lock = open_file(data_dir + "/lock", O_RDONLY | O_CLOEXEC);
  return lock && flock(lock->get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

Result<int> start_detached(const std::vector<std::string>& arguments, const std::string& data_dir) {
  const Fd log = TRY(open_log(data_dir));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("make", "a pipe", errno);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  std::vector<std::string> argv = {own_program()};
  for (const std::string& argument : arguments) {
    if (argument != "--detach") argv.push_back(argument);
  }
  argv.emplace_back("--detached");
  Process server = TRY(Process::spawn({.argv = std::move(argv),
                                       .env = current_environment(),
                                       .stdout_fd = writing.get(),
                                       .stderr_fd = log.get(),
                                       .new_session = true}));
  writing.reset();
  const std::optional<std::string> failure = show_until_ready(reading.get());
  if (!failure) return 0;
  const int code = TRY(server.wait());
  if (failure->empty()) {
    return Error{
        Code::internal,
        fmt::format("the server ended at its start, with {}; see {}/ks.log", code, data_dir)};
  }
  fmt::print(stderr, "ks: {}\n", *failure);
  return code;
}

void tell_ready() {
  std::fputc(kReady, stdout);
  std::fflush(stdout);
  const Fd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (nowhere) dup2(nowhere.get(), STDOUT_FILENO);
}

void tell_failed(const Error& error) {
  std::fputc(kFailed, stdout);
  fmt::print("{}", error.message);
  std::fflush(stdout);
}

Result<int> stop_server(const std::string& data_dir) {
  const std::string none = fmt::format("no server runs on {}", data_dir);
  const std::optional<int64_t> pid =
      parse_int(trim(read_file(data_dir + "/ks.pid", 64).value_or(std::string())));
  if (!pid || *pid <= 1 || !is_locked(data_dir)) return Error{Code::not_found, none};
  const auto id = static_cast<pid_t>(*pid);
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, id, 0)));
  if (!process) return Error{Code::not_found, none};
  if (syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0) != 0) {
    return errno_error("stop", fmt::format("process {}", id), errno);
  }
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  while ((ready = poll(&ended, 1, kStopSeconds * 1000)) < 0 && errno == EINTR) continue;
  if (ready > 0) return static_cast<int>(id);
  return Error{Code::timeout, fmt::format("process {} has not ended after {} s; look at {}/ks.log",
                                          id, kStopSeconds, data_dir)};
}

Result<PidFile> PidFile::write(const std::string& data_dir) {
  std::string path = data_dir + "/ks.pid";
  TRY(remove_tree(path));
  const Fd file = TRY(open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  TRY(write_all(file.get(), fmt::format("{}\n", getpid())));
  return PidFile(std::move(path));
}

PidFile::~PidFile() {
  if (!path_.empty()) (void)remove_tree(path_);
}

}  // namespace ks::cmd
