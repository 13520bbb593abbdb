#include "base/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace ks {

LogFile::LogFile(std::string path, Limits limits, Fd before)
    : path_(std::move(path)), limits_(limits), before_(std::move(before)) {}

Result<std::unique_ptr<LogFile>> LogFile::open(std::string path, Limits limits) {
  std::unique_ptr<LogFile> log(
      new LogFile(std::move(path), limits, Fd(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3))));
  TRY(log->take());
  set_log_writer(log.get());
  return log;
}

LogFile::~LogFile() {
  set_log_writer(nullptr);
  if (before_) dup2(before_.get(), STDERR_FILENO);
}

/// The file becomes stderr, so that what others write there is not lost.
Result<> LogFile::take() {
  const Fd file = TRY(open_file(path_, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  struct stat info{};
  size_ = fstat(file.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
  if (dup2(file.get(), STDERR_FILENO) < 0) return errno_error("log to", path_, errno);
  return {};
}

void LogFile::write(std::string_view line) {
  if (size_ > 0 && size_ + line.size() > limits_.max_bytes) turn_over();
  const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  if (written > 0) size_ += static_cast<uint64_t>(written);
}

/// When it cannot be done, the log goes on where it is.
void LogFile::turn_over() {
  for (int i = limits_.keep; i > 1; --i) {
    (void)std::rename(fmt::format("{}.{}", path_, i - 1).c_str(),
                      fmt::format("{}.{}", path_, i).c_str());
  }
  if (limits_.keep > 0) (void)std::rename(path_.c_str(), (path_ + ".1").c_str());
  if (limits_.keep == 0) (void)std::remove(path_.c_str());
  if (!take()) size_ = 0;  // not at each line again
}

}  // namespace ks
