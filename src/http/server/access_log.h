#pragma once

#include <condition_variable>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/guarded.h"
#include "http/message.h"

namespace ks::http {

/// One JSON object a request, appended to a file by a thread of its own, so that no request waits
/// for a disk.
///
/// At `kMaxFileBytes` the file moves to `NAME.1` and a new one begins. Lines that come faster than
/// the disk takes them are dropped and counted. Thread-safe.
class AccessLog {
 public:
  static constexpr size_t kMaxFileBytes = 64u << 20;

  static Result<std::unique_ptr<AccessLog>> open(std::string path);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void add(const Request& request, int status, size_t bytes, std::chrono::microseconds took);

 private:
  struct State {
    std::string lines;
    uint64_t dropped = 0;
    bool ending = false;
  };
  AccessLog(std::string path, Fd file, size_t size);
  void run();
  void append(std::string_view lines);

  std::string path_;
  Fd file_;
  size_t size_;
  Guarded<State> state_;
  std::condition_variable wake_;
  std::jthread thread_;
};

}  // namespace ks::http
