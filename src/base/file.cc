#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/random.h"

namespace ks {
namespace {

Code code_of_errno(int value) {
  switch (value) {
    case ENOENT: return Code::not_found;
    case EEXIST: return Code::already_exists;
    case EACCES:
    case EPERM:
    case EROFS: return Code::forbidden;
    case ENOSPC:
    case EDQUOT: return Code::exhausted;
    default: return Code::internal;
  }
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Removes what is below the open folder. Works by descriptors, so that a link swapped in cannot
/// lead outside.
Result<> remove_below(int dir_fd, const std::string& path) {
  DIR* dir = fdopendir(dir_fd);
  if (dir == nullptr) {
    const int error = errno;
    close(dir_fd);
    return errno_error("read the folder", path, error);
  }
  struct Closer {
    DIR* dir;
    ~Closer() { closedir(dir); }
  } closer{dir};
  while (dirent* entry = readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (unlinkat(dirfd(dir), entry->d_name, 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR && errno != EPERM)
      return errno_error("remove", path + "/" + entry->d_name, errno);
    const int child =
        openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child < 0) return errno_error("open the folder", path + "/" + entry->d_name, errno);
    TRY(remove_below(child, path + "/" + entry->d_name));
    if (unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
      return errno_error("remove the folder", path + "/" + entry->d_name, errno);
    }
  }
  return {};
}

}  // namespace

void Fd::reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

Error errno_error(std::string_view what, std::string_view path, int errno_value) {
  return {code_of_errno(errno_value),
          fmt::format("cannot {} {}: {}", what, path, std::strerror(errno_value))};
}

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
  Fd fd(open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return errno_error("open", path, errno);
  return fd;
}

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
  Fd fd = TRY(open_file(path, O_RDONLY));
  std::string content;
  struct stat info{};
  if (fstat(fd.get(), &info) == 0 && info.st_size > 0) {
    content.reserve(std::min(static_cast<size_t>(info.st_size), max_bytes) + 1);
  }
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", path, errno);
    if (got == 0) return content;
    if (content.size() + static_cast<size_t>(got) > max_bytes) {
      return Error{Code::too_large, fmt::format("{} is larger than {} bytes", path, max_bytes)};
    }
    content.append(buffer, static_cast<size_t>(got));
  }
}

Result<> write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("write to", "the file", errno);
    data.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<> write_file_atomic(const std::string& path, std::string_view content, unsigned mode) {
  const std::string temporary = path + ".tmp-" + random_text(8);
  auto write_it = [&]() -> Result<> {
    Fd fd = TRY(open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode));
    if (fchmod(fd.get(), mode) != 0) return errno_error("set the mode of", temporary, errno);
    TRY(write_all(fd.get(), content));
    if (fsync(fd.get()) != 0) return errno_error("sync", temporary, errno);
    if (rename(temporary.c_str(), path.c_str()) != 0) return errno_error("rename to", path, errno);
    return {};
  };
  Result<> written = write_it();
  if (!written) {
    unlink(temporary.c_str());
    return std::move(written).error().in(path);
  }
  Fd folder = TRY(open_file(parent_of(path), O_RDONLY | O_DIRECTORY));
  if (fsync(folder.get()) != 0) return errno_error("sync the folder of", path, errno);
  return {};
}

Result<> make_dirs(const std::string& path, unsigned mode) {
  if (path.empty() || mkdir(path.c_str(), mode) == 0) return {};
  if (errno == ENOENT) {
    TRY(make_dirs(parent_of(path), mode));
    if (mkdir(path.c_str(), mode) == 0) return {};
  }
  if (errno != EEXIST) return errno_error("create the folder", path, errno);
  struct stat info{};
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return Error{Code::already_exists,
               fmt::format("cannot create the folder {}: a file is in its place", path)};
}

bool file_exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result<> remove_tree(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  if (errno != EISDIR && errno != EPERM) return errno_error("remove", path, errno);
  Fd fd = TRY(open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY(remove_below(fd.release(), path));
  if (rmdir(path.c_str()) != 0 && errno != ENOENT)
    return errno_error("remove the folder", path, errno);
  return {};
}

TempDir::TempDir() {
  const char* base = std::getenv("TMPDIR");
  path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/ks-XXXXXX";
  CHECK_MSG(mkdtemp(path_.data()) != nullptr, path_);
}

TempDir::~TempDir() { (void)remove_tree(path_); }

}  // namespace ks
