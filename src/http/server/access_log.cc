#include "http/server/access_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace ks::http {
namespace {

constexpr size_t kMaxWaitingBytes = 4u << 20;
constexpr size_t kMaxPathBytes = 1024;

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(std::string path) {
  Fd file = TRY(open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0640));
  struct stat info{};
  const size_t size = fstat(file.get(), &info) == 0 ? static_cast<size_t>(info.st_size) : 0;
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(path), std::move(file), size));
}

AccessLog::AccessLog(std::string path, Fd file, size_t size)
    : path_(std::move(path)), file_(std::move(file)), size_(size), thread_([this] { run(); }) {}

AccessLog::~AccessLog() {
  state_.with([](State& state) { state.ending = true; });
  wake_.notify_one();
}

void AccessLog::add(const Request& request, int status, size_t bytes,
                    std::chrono::microseconds took) {
  // Queries may carry tokens; the path alone says what was asked.
  std::string line = fmt::format(R"({{"time":"{}","status":{},"method":"{}","path":)",
                                 format_rfc3339_fraction(system_clock().now(), 3), status,
                                 to_string(request.method));
  append_json_string(line, to_utf8_lossy(std::string_view(request.path).substr(0, kMaxPathBytes)));
  line += fmt::format(R"(,"bytes":{},"us":{},"user":)", bytes, took.count());
  append_json_string(line, request.user.name);
  line += fmt::format(R"(,"peer":"{}","id":)", request.peer);
  append_json_string(line, request.id);
  line += ",\"agent\":";
  append_json_string(line,
                     to_utf8_lossy(request.headers.get("User-Agent").substr(0, kMaxPathBytes)));
  line += "}\n";
  const bool wake = state_.with([&](State& state) {
    if (state.lines.size() + line.size() > kMaxWaitingBytes) {
      state.dropped++;
      return false;
    }
    state.lines += line;
    return state.lines.size() == line.size();
  });
  if (wake) wake_.notify_one();
}

void AccessLog::run() {
  bool ending = false;
  while (!ending) {
    std::string lines;
    uint64_t dropped = 0;
    state_.wait(
        wake_, [](const State& state) { return state.ending || !state.lines.empty(); },
        [&](State& state) {
          lines.swap(state.lines);
          dropped = std::exchange(state.dropped, 0);
          ending = state.ending;
        });
    if (!lines.empty()) append(lines);
    if (dropped > 0)
      LOG(warn, "access log lines dropped: the disk is too slow", {"lines", dropped});
  }
}

void AccessLog::append(std::string_view lines) {
  if (size_ + lines.size() > kMaxFileBytes) {
    const std::string old = path_ + ".1";
    if (std::rename(path_.c_str(), old.c_str()) == 0) {
      if (Result<Fd> fresh = open_file(path_, O_WRONLY | O_CREAT | O_APPEND, 0640)) {
        file_ = std::move(*fresh);
        size_ = 0;
      }
    }
  }
  // A full disk must not stop the server: the lines are lost, the requests are not.
  if (write_all(file_.get(), lines)) size_ += lines.size();
}

}  // namespace ks::http
