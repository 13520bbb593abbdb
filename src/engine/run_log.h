#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/guarded.h"
#include "base/result.h"

namespace ks::engine {

/// The console of one run: a file that grows, and those who follow it.
///
/// Written by the run's thread only; read and followed from any.
class RunLog {
 public:
  struct Limits {
    size_t line_bytes = 1u << 20;  ///< a longer line is cut and marked
    uint64_t bytes = 10ull << 30;  ///< more is dropped, with a last line that says so
  };

  /// An empty path: kept in no file, `tee` alone gets it.
  static Result<std::unique_ptr<RunLog>> open(const std::string& path, Limits limits);
  static Result<std::unique_ptr<RunLog>> open(const std::string& path) {
    return open(path, Limits{});
  }

  /// Text that need not end at a line. Buffered until flush(), which must come before a journal
  /// record that counts on it.
  void append(std::string_view text);
  /// Whether the next text begins a line.
  bool at_line_start() const { return line_length_ == 0; }
  /// As append(), also when the log is full: the line that tells how the run ended.
  void append_last(std::string_view line);
  Result<> flush();
  /// Bytes appended so far, buffered ones included.
  uint64_t size() const { return size_.load(); }
  /// Drops what is beyond: it will be written again.
  Result<> truncate(uint64_t size);

  /// Also hands each flushed piece to this; for a terminal.
  void set_tee(std::function<void(std::string_view)> tee) { tee_ = std::move(tee); }

  /// At most `max_bytes` from `offset` on; empty at the end.
  Result<std::string> read(uint64_t offset, size_t max_bytes) const;

  /// Calls `grown` after each flush, and at the end of the run, until the token is dropped. It must
  /// not block.
  using Follower = std::shared_ptr<void>;
  Follower follow(std::function<void()> grown);
  /// Nothing more will be written.
  void finish();
  bool finished() const { return finished_.load(); }

 private:
  RunLog(std::string path, Fd file, uint64_t size, Limits limits);
  void add_limited(std::string_view text);

  std::string path_;
  Fd file_;
  Limits limits_;
  std::atomic<uint64_t> size_;
  std::atomic<uint64_t> written_;
  std::string buffer_;
  size_t shown_ = 0;  // bytes of the buffer that the tee has
  size_t line_length_ = 0;
  bool cutting_ = false;
  bool full_;
  std::atomic<bool> finished_{false};
  std::function<void(std::string_view)> tee_;
  struct Followers {
    std::map<uint64_t, std::function<void()>> all;
    uint64_t next = 1;
  };
  std::shared_ptr<Guarded<Followers>> followers_ = std::make_shared<Guarded<Followers>>();
  void tell();
};

}  // namespace ks::engine
