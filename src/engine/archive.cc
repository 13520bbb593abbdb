#include "engine/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/file.h"
#include "base/text.h"
#include "engine/fence.h"

namespace ks::engine {
namespace {

constexpr size_t kBlock = 128 << 10;

struct FreeArchive {
  void operator()(archive* a) const { archive_free(a); }
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};
using Archive = std::unique_ptr<archive, FreeArchive>;
using Entry = std::unique_ptr<archive_entry, FreeArchive>;

Error archive_error(std::string_view what, archive* a) {
  const char* why = archive_error_string(a);
  return {Code::invalid, fmt::format("{}: {}", what, why == nullptr ? "unknown error" : why)};
}

const Error& stopped() {
  static const Error error{Code::unavailable, "the run was stopped"};
  return error;
}

// ----- writing -----

Result<> add_content(archive* out, const std::string& path, const Fd& file, int64_t size,
                     const std::stop_token& stop) {
  std::string piece(kBlock, '\0');
  while (size > 0) {
    if (stop.stop_requested()) return stopped();
    const size_t want = std::min<size_t>(piece.size(), static_cast<size_t>(size));
    const ssize_t got = read(file.get(), piece.data(), want);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", path, errno);
    // It shrank meanwhile; the archive promised so many bytes.
    if (got == 0) return Error{Code::conflict, path + " changed while it was packed"};
    if (archive_write_data(out, piece.data(), static_cast<size_t>(got)) < 0)
      return archive_error("cannot pack " + path, out);
    size -= got;
  }
  return {};
}

Result<> add_file(archive* out, const Fence& fence, const std::string& folder,
                  const std::string& relative, const std::stop_token& stop) {
  const std::string path = folder + "/" + relative;
  struct stat info{};
  if (lstat(path.c_str(), &info) != 0) return errno_error("read", path, errno);
  const Entry entry(archive_entry_new());
  archive_entry_update_pathname_utf8(entry.get(), relative.c_str());
  archive_entry_set_perm(entry.get(), info.st_mode & 0777);
  archive_entry_set_mtime(entry.get(), info.st_mtim.tv_sec, 0);
  Fd file;
  if (S_ISLNK(info.st_mode)) {
    char target[4096];
    const ssize_t size = readlink(path.c_str(), target, sizeof target - 1);
    if (size < 0) return errno_error("read the link", path, errno);
    target[size] = '\0';
    archive_entry_set_filetype(entry.get(), AE_IFLNK);
    archive_entry_update_symlink_utf8(entry.get(), target);
  } else if (S_ISREG(info.st_mode)) {
    file = TRY(fence.open(path, O_RDONLY | O_NOFOLLOW));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_size(entry.get(), info.st_size);
  } else {
    return {};
  }
  if (archive_write_header(out, entry.get()) < ARCHIVE_WARN)
    return archive_error("cannot pack " + relative, out);
  return file ? add_content(out, path, file, info.st_size, stop) : Result<>();
}

Result<Archive> new_writer(ArchiveFormat format, const Fd& file) {
  Archive out(archive_write_new());
  if (format == ArchiveFormat::zip) {
    archive_write_set_format_zip(out.get());
    archive_write_set_options(out.get(), "hdrcharset=UTF-8");
  } else {
    archive_write_set_format_pax_restricted(out.get());
    if (format == ArchiveFormat::tar_gz) archive_write_add_filter_gzip(out.get());
  }
  if (archive_write_open_fd(out.get(), file.get()) != ARCHIVE_OK)
    return archive_error("cannot begin the archive", out.get());
  return out;
}

// ----- reading -----

std::string path_of(archive_entry* entry) {
  const char* name = archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = archive_entry_pathname(entry);
  std::string path = name == nullptr ? "" : name;
  while (path.starts_with("./")) path.erase(0, 2);
  return path;
}

bool leads_out(std::string_view path) {
  if (path.starts_with('/') || path.contains('\0')) return true;
  int depth = 0;
  for (std::string_view piece : split(path, '/')) {
    if (piece == "..") depth--;
    if (piece != ".." && piece != "." && !piece.empty()) depth++;
    if (depth < 0) return true;
  }
  return false;
}

/// Unpacked bytes so far, against the limits.
class Meter {
 public:
  Meter(const ArchiveLimits& limits, uint64_t packed) : limits_(limits), packed_(packed) {}
  Result<> entry() {
    if (++entries_ <= limits_.entries) return {};
    return Error{Code::too_large,
                 fmt::format("the archive has more than {} entries", limits_.entries)};
  }
  Result<> bytes(size_t more) {
    bytes_ += more;
    if (bytes_ > limits_.bytes) {
      return Error{Code::too_large,
                   fmt::format("the archive unpacks to more than {}", human_size(limits_.bytes))};
    }
    if (bytes_ > limits_.free_bytes && bytes_ / limits_.ratio > packed_) {
      return Error{
          Code::too_large,
          fmt::format("the archive unpacks to more than {} times its size: refused, it may "
                      "be made to fill the disk",
                      limits_.ratio)};
    }
    return {};
  }

 private:
  const ArchiveLimits& limits_;
  uint64_t packed_, bytes_ = 0;
  size_t entries_ = 0;
};

class Reader {
 public:
  Reader(const Fence& fence, archive* in, const Unpack& how, uint64_t packed,
         const std::stop_token& stop)
      : fence_(fence), in_(in), how_(how), meter_(how.limits, packed), stop_(stop) {}

  Result<Unpacked> all() {
    archive_entry* entry = nullptr;
    while (true) {
      const int status = archive_read_next_header(in_, &entry);
      if (status == ARCHIVE_EOF) return std::move(done_);
      if (status == ARCHIVE_RETRY) continue;
      if (status < ARCHIVE_WARN) return archive_error("the archive is damaged", in_);
      if (stop_.stop_requested()) return stopped();
      TRY(meter_.entry());
      TRY(one(entry));
    }
  }

 private:
  Result<> one(archive_entry* entry) {
    const std::string path = path_of(entry);
    const auto type = archive_entry_filetype(entry);
    const bool linked = archive_entry_hardlink(entry) != nullptr;
    if (path.empty() || path == ".") return {};
    if (leads_out(path)) {
      return Error{Code::forbidden,
                   fmt::format("the entry '{}' leads out of the folder: refused", path)};
    }
    const bool folder = type == AE_IFDIR;
    if (how_.takes && !how_.takes(path)) return {};
    if (folder) {
      const bool writes = !how_.only_test && !how_.to_memory;
      return writes && !how_.takes ? fence_.make_dirs(target(path)) : Result<>();
    }
    if (type == AE_IFLNK) return link(entry, path);
    if (linked) return copy_linked(entry, path);
    if (type != AE_IFREG) return {};
    done_.files.push_back(path);
    return content(entry, path);
  }

  std::string target(const std::string& path) const { return plain_path(how_.folder + "/" + path); }

  Result<> content(archive_entry* entry, const std::string& path) {
    Fd out;
    const bool writes = !how_.only_test && !how_.to_memory;
    if (writes) out = TRY(create(path, archive_entry_perm(entry)));
    std::string kept, piece(kBlock, '\0');
    while (true) {
      if (stop_.stop_requested()) return stopped();
      const la_ssize_t got = archive_read_data(in_, piece.data(), piece.size());
      if (got == ARCHIVE_RETRY) continue;
      if (got < 0) return archive_error(fmt::format("the entry '{}' is damaged", path), in_);
      if (got == 0) break;
      TRY(meter_.bytes(static_cast<size_t>(got)));
      const std::string_view bytes(piece.data(), static_cast<size_t>(got));
      if (writes) TRY(write_all(out.get(), bytes));
      if (!how_.to_memory) continue;
      memory_ += bytes.size();
      if (memory_ > how_.memory_bytes) {
        return Error{Code::too_large, fmt::format("the texts are larger than the limit of {} bytes "
                                                  "(--max-string): extract the files instead",
                                                  how_.memory_bytes)};
      }
      kept += bytes;
    }
    if (how_.to_memory) done_.contents.push_back(std::move(kept));
    return {};
  }

  Result<Fd> create(const std::string& path, unsigned permissions) {
    const std::string to = target(path);
    TRY(fence_.make_dirs(to.substr(0, to.rfind('/'))));
    const unsigned mode = how_.keep_permissions ? permissions & 0777 : 0644;
    TRY(unlink_old(to));
    Fd out = TRY(fence_.open(to, O_WRONLY | O_CREAT | O_TRUNC, mode));
    if (how_.keep_permissions) fchmod(out.get(), mode);
    return out;
  }

  /// A link that is there already is replaced, not written through.
  Result<> unlink_old(const std::string& to) {
    const size_t slash = to.rfind('/');
    const Fd folder = TRY(fence_.open(to.substr(0, slash), O_PATH | O_DIRECTORY));
    if (unlinkat(folder.get(), to.c_str() + slash + 1, 0) != 0 && errno != ENOENT)
      return errno_error("replace", to, errno);
    return {};
  }

  Result<> link(archive_entry* entry, const std::string& path) {
    const char* raw = archive_entry_symlink_utf8(entry);
    if (raw == nullptr) raw = archive_entry_symlink(entry);
    const std::string to = raw == nullptr ? "" : raw;
    const size_t slash = path.rfind('/');
    const std::string from = slash == path.npos ? "" : path.substr(0, slash + 1);
    if (to.starts_with('/') || leads_out(from + to)) {
      return Error{
          Code::forbidden,
          fmt::format("the link '{}' leads out of the folder, to '{}': refused", path, to)};
    }
    done_.files.push_back(path);
    if (how_.to_memory) done_.contents.emplace_back();
    if (how_.only_test || how_.to_memory) return {};
    const std::string at = target(path);
    const size_t last = at.rfind('/');
    TRY(fence_.make_dirs(at.substr(0, last)));
    TRY(unlink_old(at));
    const Fd folder = TRY(fence_.open(at.substr(0, last), O_PATH | O_DIRECTORY));
    if (symlinkat(to.c_str(), folder.get(), at.c_str() + last + 1) != 0)
      return errno_error("make the link", at, errno);
    return {};
  }

  /// A second name for an earlier entry: a copy of it, which needs no trust in what it names.
  Result<> copy_linked(archive_entry* entry, const std::string& path) {
    const char* raw = archive_entry_hardlink_utf8(entry);
    if (raw == nullptr) raw = archive_entry_hardlink(entry);
    std::string to = raw == nullptr ? "" : raw;
    while (to.starts_with("./")) to.erase(0, 2);
    if (to.empty() || leads_out(to)) {
      return Error{
          Code::forbidden,
          fmt::format("the link '{}' leads out of the folder, to '{}': refused", path, to)};
    }
    done_.files.push_back(path);
    if (how_.to_memory) done_.contents.emplace_back();
    if (how_.only_test || how_.to_memory) return {};
    const Fd in = TRY(fence_.open(target(to), O_RDONLY | O_NOFOLLOW));
    const Fd out = TRY(create(path, archive_entry_perm(entry)));
    std::string piece(kBlock, '\0');
    while (true) {
      const ssize_t got = read(in.get(), piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno_error("read", target(to), errno);
      if (got == 0) return {};
      TRY(meter_.bytes(static_cast<size_t>(got)));
      TRY(write_all(out.get(), std::string_view(piece.data(), static_cast<size_t>(got))));
    }
  }

  const Fence& fence_;
  archive* in_;
  const Unpack& how_;
  Meter meter_;
  const std::stop_token& stop_;
  Unpacked done_;
  size_t memory_ = 0;
};

}  // namespace

Result<size_t> write_archive(const Fence& fence, const std::string& path, ArchiveFormat format,
                             const std::string& folder, const std::vector<std::string>& files,
                             const std::stop_token& stop) {
  const size_t slash = path.rfind('/');
  TRY(fence.make_dirs(path.substr(0, slash)));
  // One name, so that the next try replaces what a dead one left.
  const std::string part = path.substr(0, slash) + "/." + path.substr(slash + 1) + ".part";
  const Fd file = TRY(fence.open(part, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW));
  struct Remove {
    const std::string& part;
    ~Remove() { unlink(part.c_str()); }
  } remove{part};
  const Archive out = TRY(new_writer(format, file));
  for (const std::string& relative : files) {
    if (stop.stop_requested()) return stopped();
    TRY(add_file(out.get(), fence, folder, relative, stop));
  }
  if (archive_write_close(out.get()) != ARCHIVE_OK)
    return archive_error("cannot finish the archive", out.get());
  const Fd parent = TRY(fence.open(path.substr(0, slash), O_PATH | O_DIRECTORY));
  if (renameat(parent.get(), part.c_str() + slash + 1, parent.get(), path.c_str() + slash + 1) != 0)
    return errno_error("name the archive", path, errno);
  return files.size();
}

Result<Unpacked> read_archive(const Fence& source, const std::string& path, bool zip,
                              const Fence& target, const Unpack& how, const std::stop_token& stop) {
  const Fd file = TRY(source.open(path, O_RDONLY));
  struct stat info{};
  if (fstat(file.get(), &info) != 0) return errno_error("read", path, errno);
  const Archive in(archive_read_new());
  if (zip) {
    archive_read_support_format_zip(in.get());
  } else {
    archive_read_support_format_tar(in.get());
    archive_read_support_filter_gzip(in.get());
    archive_read_support_filter_bzip2(in.get());
    archive_read_support_filter_xz(in.get());
    archive_read_support_filter_zstd(in.get());
  }
  if (archive_read_open_fd(in.get(), file.get(), kBlock) != ARCHIVE_OK)
    return archive_error("cannot read " + path, in.get());
  return Reader(target, in.get(), how, static_cast<uint64_t>(info.st_size), stop).all();
}

}  // namespace ks::engine
