#include "engine/fence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "engine/node.h"
#include "engine/step.h"

namespace ks::engine {
namespace {

int open_at(int folder, const std::string& relative, int flags, unsigned mode, uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  if ((flags & O_CREAT) != 0) how.mode = mode;
  how.resolve = resolve;
  return static_cast<int>(syscall(SYS_openat2, folder, relative.c_str(), &how, sizeof how));
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

/// Where a path really is; of one that does not exist yet, by its folder.
std::string real_path(const std::string& path) {
  char real[PATH_MAX];
  if (realpath(path.c_str(), real) != nullptr) return real;
  if (realpath(parent_of(path).c_str(), real) == nullptr) return {};
  return std::string(real) + path.substr(path.rfind('/'));
}

/// The path from a folder to what lies in it; nothing when it does not.
std::optional<std::string> relative_to(const std::string& folder, const std::string& path) {
  if (path == folder) return ".";
  const std::string prefix = folder == "/" ? folder : folder + "/";
  if (!path.starts_with(prefix)) return std::nullopt;
  return path.substr(prefix.size());
}

}  // namespace

Result<Fd> Fence::open_inside(const std::string& path, int flags, unsigned mode) const {
  const std::optional<std::string> relative = relative_to(folder_, path);
  const Error outside{Code::forbidden, fmt::format("'{}' leads out of {}", path, folder_)};
  if (!relative) return outside;
  const Fd root = TRY(open_file(folder_, O_PATH | O_DIRECTORY));
  int fd = open_at(root.get(), *relative, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  if (fd < 0 && errno == EXDEV) {
    // An absolute link, or one with `..`, may still end inside: go there without links.
    const std::optional<std::string> real = relative_to(real_path(folder_), real_path(path));
    if (!real) return outside;
    fd = open_at(root.get(), *real, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd < 0 && (errno == EXDEV || errno == ELOOP)) return outside;
  }
  if (fd < 0 && errno == ENOENT) return Error{Code::not_found, path};
  if (fd < 0) return errno_error("open", path, errno);
  return Fd(fd);
}

Result<Fd> Fence::open(const std::string& path, int flags, unsigned mode) const {
  // Not to hang on a pipe that nobody writes to.
  const bool only_path = (flags & O_PATH) != 0;
  Fd fd = TRY(open_inside(plain_path(path), only_path ? flags : flags | O_NONBLOCK, mode));
  if (only_path) return fd;
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return errno_error("read", path, errno);
  if (S_ISDIR(info.st_mode)) return Error{Code::invalid, path + " is a directory."};
  if (!S_ISREG(info.st_mode)) return Error{Code::invalid, path + " is no regular file"};
  return fd;
}

Result<std::string> Fence::read(const std::string& path, size_t max_bytes) const {
  const Fd fd = TRY(open(path, O_RDONLY));
  std::string content;
  char piece[64 << 10];
  while (true) {
    const ssize_t got = ::read(fd.get(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", path, errno);
    if (got == 0) return content;
    if (content.size() + static_cast<size_t>(got) > max_bytes) {
      return Error{Code::too_large, fmt::format("{} has more than {} bytes, the limit of a text "
                                                "in a pipeline (--max-string)",
                                                path, max_bytes)};
    }
    content.append(piece, static_cast<size_t>(got));
  }
}

Result<> Fence::write(const std::string& path, std::string_view content) const {
  TRY(make_dirs(parent_of(plain_path(path))));
  const Fd fd = TRY(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return write_all(fd.get(), content);
}

Result<> Fence::make_dirs(const std::string& path) const {
  const std::string plain = plain_path(path);
  if (open_inside(plain, O_PATH | O_DIRECTORY, 0)) return {};
  if (!relative_to(folder_, plain)) return ks::make_dirs(plain);
  if (plain == folder_) return ks::make_dirs(plain);
  const std::string parent = parent_of(plain);
  TRY(make_dirs(parent));
  const Fd folder = TRY(open_inside(parent, O_PATH | O_DIRECTORY, 0));
  const std::string name = plain.substr(plain.rfind('/') + 1);
  if (mkdirat(folder.get(), name.c_str(), 0777) != 0 && errno != EEXIST)
    return errno_error("make the folder", plain, errno);
  (void)TRY(open_inside(plain, O_PATH | O_DIRECTORY, 0));
  return {};
}

Result<std::optional<struct stat>> Fence::look(const std::string& path) const {
  const Result<Fd> fd = open_inside(plain_path(path), O_PATH, 0);
  if (!fd && fd.error().code == Code::not_found) return std::optional<struct stat>();
  if (!fd) return fd.error();
  struct stat info{};
  if (fstat(fd->get(), &info) != 0) return errno_error("read", path, errno);
  return std::optional(info);
}

Fence fence_of(const StepCall& call, const std::string& path) {
  const ContextRef context = call.context();
  if (context->workspace == nullptr) return Fence("/");
  const std::string& workspace = context->workspace->path();
  return Fence(relative_to(workspace, plain_path(path)) ? workspace : "/");
}

std::string plain_path(std::string_view path) {
  std::string plain = std::filesystem::path(path).lexically_normal().string();
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  return plain;
}

}  // namespace ks::engine
