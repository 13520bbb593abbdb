#include "devops/kapis/git/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <memory>

#include "devops/kapis/git/working_copy.h"

namespace ks::devops::kapis {
namespace {

struct CloseArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};
using Reader = std::unique_ptr<archive, CloseArchive>;

Error broken(archive* reader) {
  const char* why = archive_error_string(reader);
  return {Code::invalid, fmt::format("the archive is no tar.gz that can be read: {}",
                                     why == nullptr ? "it is cut off" : why)};
}

Result<std::string> read_content(archive* reader, uint64_t room) {
  std::string out;
  char buffer[1 << 16];
  for (;;) {
    const la_ssize_t got = archive_read_data(reader, buffer, sizeof buffer);
    if (got < 0) return broken(reader);
    if (got == 0) return out;
    out.append(buffer, static_cast<size_t>(got));
    if (out.size() > room) {
      return Error{Code::too_large, "the archive unpacks to more than 64 MiB"};
    }
  }
}

}  // namespace

Result<std::vector<UnpackedFile>> unpack_tar_gz(std::string_view archive_bytes) {
  const Reader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), archive_bytes.data(), archive_bytes.size()) !=
      ARCHIVE_OK) {
    return broken(reader.get());
  }
  std::vector<UnpackedFile> files;
  uint64_t bytes = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int got = archive_read_next_header(reader.get(), &entry);
    if (got == ARCHIVE_EOF) return files;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return broken(reader.get());
    const char* name = archive_entry_pathname(entry);
    std::string_view path = name == nullptr ? "" : name;
    while (path.starts_with("./")) path.remove_prefix(2);
    if (archive_entry_filetype(entry) == AE_IFDIR) continue;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) {
      return Error{Code::invalid,
                   fmt::format("the archive has \"{}\", which is no plain file", path)};
    }
    std::string clean = TRY(clean_git_path(path));
    if (clean.empty()) return Error{Code::invalid, "the archive has a file without a name"};
    if (files.size() >= WorkingCopy::kMostFiles) {
      return Error{Code::too_large, "the archive has more than 10000 files"};
    }
    std::string content = TRY(read_content(reader.get(), WorkingCopy::kMostContent - bytes));
    bytes += content.size();
    files.push_back({std::move(clean), std::move(content)});
  }
}

}  // namespace ks::devops::kapis
