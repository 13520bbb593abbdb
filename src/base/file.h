#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// Files as values: descriptors that close themselves, whole-file reads and writes.

namespace ks {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// An error that says what failed on which path and what errno means. ENOENT is not_found, EEXIST
/// already_exists, EACCES/EPERM/EROFS forbidden, ENOSPC/EDQUOT exhausted, all else internal.
Error errno_error(std::string_view what, std::string_view path, int errno_value);

Result<Fd> open_file(const std::string& path, int flags, unsigned mode = 0666);
Result<std::string> read_file(const std::string& path, size_t max_bytes = SIZE_MAX);
/// Replaces the file as one step: a temporary beside it, fsync, rename, fsync of the folder.
Result<> write_file_atomic(const std::string& path, std::string_view content, unsigned mode = 0644);
/// Writes it all, going on after short writes and interrupts.
Result<> write_all(int fd, std::string_view data);
Result<> make_dirs(const std::string& path, unsigned mode = 0777);
bool file_exists(const std::string& path);
/// A file or a whole tree; links are removed, not followed. Absent is fine.
Result<> remove_tree(const std::string& path);

/// A fresh folder that is removed with all in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

}  // namespace ks
