#include "engine/branches/bounded_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace ks::engine {
namespace {

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("make", "a pipe", errno);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> file_of(std::string_view input) {
  Fd file(memfd_create("input", MFD_CLOEXEC));
  if (file.get() < 0) return errno_error("make", "a file in memory", errno);
  TRY(write_all(file.get(), input));
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// What there is to read now; false at the end.
bool read_some(int fd, const std::function<void(std::string_view)>& take) {
  std::array<char, 64u << 10> buffer;
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got > 0) take({buffer.data(), static_cast<size_t>(got)});
  return got > 0;
}

enum class End : uint8_t { closed, late, stopped, too_much };

/// Reads both until they are closed, or there is a reason to end it.
End read_both(Fd& out_pipe, Fd& error_pipe, int wake, const ProcessBounds& bounds, std::string& out,
              const std::function<void(std::string_view)>& on_error) {
  const auto deadline = std::chrono::steady_clock::now() + bounds.time;
  bool out_open = true, error_open = true;
  while (out_open || error_open) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return End::late;
    pollfd fds[] = {{out_open ? out_pipe.get() : -1, POLLIN, 0},
                    {error_open ? error_pipe.get() : -1, POLLIN, 0},
                    {wake, POLLIN, 0}};
    const int ready =
        poll(fds, std::size(fds), static_cast<int>(std::min<int64_t>(left.count(), 3'600'000)));
    if (ready < 0 && errno != EINTR) return End::late;
    if (ready <= 0) continue;
    if (fds[2].revents != 0) return End::stopped;
    if (fds[0].revents != 0)
      out_open = read_some(out_pipe.get(), [&](std::string_view text) { out += text; });
    if (fds[1].revents != 0) error_open = read_some(error_pipe.get(), on_error);
    if (out.size() > bounds.stdout_bytes) return End::too_much;
  }
  return End::closed;
}

}  // namespace

Result<Output> run_bounded(SpawnOptions options, std::string_view input,
                           const ProcessBounds& bounds,
                           const std::function<void(std::string_view)>& on_error) {
  Pipe out = TRY(make_pipe()), errors = TRY(make_pipe());
  const Fd in = TRY(file_of(input));
  const Fd wake(eventfd(0, EFD_CLOEXEC));
  if (wake.get() < 0) return errno_error("make", "an event", errno);
  options.stdin_fd = in.get();
  options.stdout_fd = out.write.get();
  options.stderr_fd = errors.write.get();
  options.new_group = true;
  Process process = TRY(Process::spawn(options));
  out.write = Fd();
  errors.write = Fd();
  Output done;
  End end = End::closed;
  {
    const std::stop_callback on_stop(bounds.stop, [&] {
      const uint64_t one = 1;
      (void)!write(wake.get(), &one, sizeof one);
    });
    end = read_both(out.read, errors.read, wake.get(), bounds, done.out, on_error);
  }
  if (end != End::closed) (void)process.signal_group(SIGKILL);
  done.exit_code = TRY(process.wait());
  switch (end) {
    case End::closed: return done;
    case End::late:
      return Error{Code::timeout,
                   fmt::format("no answer within {} s",
                               std::chrono::ceil<std::chrono::seconds>(bounds.time).count())};
    case End::stopped: return Error{Code::unavailable, "it was stopped"};
    case End::too_much:
      return Error{Code::too_large,
                   fmt::format("it printed more than {} bytes", bounds.stdout_bytes)};
  }
  return done;
}

}  // namespace ks::engine
