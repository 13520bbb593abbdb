#include "engine/run_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace ks::engine {

RunLog::RunLog(std::string path, Fd file, uint64_t size, Limits limits)
    : path_(std::move(path)),
      file_(std::move(file)),
      limits_(limits),
      size_(size),
      written_(size),
      full_(size > limits.bytes) {}

Result<std::unique_ptr<RunLog>> RunLog::open(const std::string& path, Limits limits) {
  if (path.empty()) return std::unique_ptr<RunLog>(new RunLog({}, Fd(), 0, limits));
  Fd file = TRY(open_file(path, O_RDWR | O_CREAT, 0600));
  struct stat info{};
  if (fstat(file.get(), &info) != 0) return errno_error("read", path, errno);
  return std::unique_ptr<RunLog>(
      new RunLog(path, std::move(file), static_cast<uint64_t>(info.st_size), limits));
}

void RunLog::append(std::string_view text) {
  while (!text.empty() && !full_) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end == text.npos ? text.npos : end + 1);
    const bool whole = end != text.npos;
    const size_t room = limits_.line_bytes - std::min(line_length_, limits_.line_bytes);
    if (cutting_) {
      if (whole) add_limited("\n");
    } else if (line.size() > room + (whole ? 1 : 0)) {
      add_limited(line.substr(0, room));
      add_limited(fmt::format(" [cut: the line is longer than {} bytes, --max-log-line]",
                              limits_.line_bytes));
      if (whole) add_limited("\n");
      cutting_ = !whole;
    } else {
      add_limited(line);
    }
    line_length_ = whole ? 0 : line_length_ + line.size();
    if (whole) cutting_ = false;
    text.remove_prefix(line.size());
  }
}

void RunLog::add_limited(std::string_view text) {
  if (full_) return;
  const uint64_t room = limits_.bytes - std::min<uint64_t>(size_, limits_.bytes);
  std::string mark;
  if (text.size() > room) {
    full_ = true;
    text = text.substr(0, room);
    mark = fmt::format("\n[cut: the log has reached its limit of {} bytes, --max-log]\n",
                       limits_.bytes);
  }
  buffer_ += text;
  buffer_ += mark;
  size_ += text.size() + mark.size();
}

void RunLog::append_last(std::string_view line) {
  buffer_ += line;
  size_ += line.size();
}

Result<> RunLog::flush() {
  if (buffer_.empty()) return {};
  if (tee_) tee_(std::string_view(buffer_).substr(std::exchange(shown_, buffer_.size())));
  std::string_view rest = buffer_;
  uint64_t at = written_;
  while (file_ && !rest.empty()) {
    const ssize_t wrote = pwrite(file_.get(), rest.data(), rest.size(), static_cast<off_t>(at));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno_error("write the log", path_, errno);
    rest.remove_prefix(static_cast<size_t>(wrote));
    at += static_cast<uint64_t>(wrote);
  }
  written_ = size_.load();
  buffer_.clear();
  shown_ = 0;
  if (buffer_.capacity() > (64u << 10)) buffer_.shrink_to_fit();
  tell();
  return {};
}

Result<> RunLog::truncate(uint64_t size) {
  if (file_ && ftruncate(file_.get(), static_cast<off_t>(size)) != 0)
    return errno_error("cut the log", path_, errno);
  size_ = size;
  written_ = size;
  buffer_.clear();
  shown_ = 0;
  line_length_ = 0;
  cutting_ = false;
  full_ = size > limits_.bytes;
  return {};
}

Result<std::string> RunLog::read(uint64_t offset, size_t max_bytes) const {
  const uint64_t end = written_;
  if (!file_ || offset >= end) return std::string();
  std::string out(std::min<uint64_t>(max_bytes, end - offset), '\0');
  const ssize_t got = pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
  if (got < 0) return errno_error("read the log", path_, errno);
  out.resize(static_cast<size_t>(got));
  return out;
}

RunLog::Follower RunLog::follow(std::function<void()> grown) {
  const uint64_t id = followers_->with([&](Followers& f) {
    f.all.emplace(f.next, std::move(grown));
    return f.next++;
  });
  // Not null, so that who holds it can tell it from no token.
  return {followers_.get(),
          [all = followers_, id](void*) { all->with([&](Followers& f) { f.all.erase(id); }); }};
}

void RunLog::tell() {
  std::vector<std::function<void()>> calls = followers_->with([](Followers& f) {
    std::vector<std::function<void()>> copies;
    copies.reserve(f.all.size());
    for (const auto& [id, call] : f.all) copies.push_back(call);
    return copies;
  });
  for (auto& call : calls) call();
}

void RunLog::finish() {
  finished_ = true;
  tell();
}

}  // namespace ks::engine
