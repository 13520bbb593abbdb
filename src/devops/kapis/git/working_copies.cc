#include "devops/kapis/git/working_copies.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"

namespace ks::devops::kapis {
namespace {

struct Entry {
  std::string name;
  WallTime changed;
};

std::vector<Entry> entries_of(const std::string& folder) {
  std::vector<Entry> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), &closedir);
  while (dir != nullptr) {
    const dirent* one = readdir(dir.get());
    if (one == nullptr) break;
    if (one->d_name[0] == '.') continue;
    struct stat status{};
    if (stat((folder + "/" + one->d_name).c_str(), &status) != 0) continue;
    out.push_back({one->d_name, WallTime(std::chrono::seconds(status.st_mtime))});
  }
  return out;
}

std::string uploads_of(const WorkingCopy& copy) { return copy.git().folder() + "/ks-uploads"; }
std::string upload_name(const std::string& path) { return hex_encode(sha256(path)); }

}  // namespace

Result<WorkingCopy> WorkingCopies::open(std::string_view identity) {
  if (folder_.empty()) {
    return Error{Code::unavailable, "this server has no folder for working copies"};
  }
  const std::string folder = folder_ + "/" + hex_encode(sha256(identity)).substr(0, 40);
  if (!file_exists(folder + "/HEAD")) {
    // Two at once would both make it a repository.
    const Turns::Turn turn = TRY(turns_.take(folder));
    make_room();
    return WorkingCopy::open(folder);
  }
  // Says when it was used last.
  utimensat(AT_FDCWD, folder.c_str(), nullptr, 0);
  return WorkingCopy::open(folder);
}

void WorkingCopies::make_room() {
  std::vector<Entry> copies = entries_of(folder_);
  if (copies.size() < kMostCopies) return;
  const auto oldest = std::ranges::min_element(copies, {}, &Entry::changed);
  const std::string folder = folder_ + "/" + oldest->name;
  // One that is in use stays.
  const Result<Turns::Turn> turn = turns_.take(folder, std::chrono::seconds(0));
  if (!turn) return;
  if (const Result<> removed = remove_tree(folder); !removed) {
    LOG(warn, "a working copy stays", {"folder", folder}, {"error", removed.error().message});
  }
}

void WorkingCopies::drop_old_uploads(const std::string& folder) {
  for (const Entry& one : entries_of(folder)) {
    if (clock_.now() - one.changed < kUploadsStay) continue;
    if (const Result<> removed = remove_tree(folder + "/" + one.name); !removed) {
      LOG(warn, "an uploaded file stays", {"folder", folder}, {"error", removed.error().message});
    }
  }
}

Result<> WorkingCopies::keep_upload(const WorkingCopy& copy, const std::string& path,
                                    std::string_view content) {
  if (content.size() > kMostUploadBytes) {
    return Error{Code::invalid, fmt::format("file \"{}\" is larger than 10 MiB", path)};
  }
  const std::string folder = uploads_of(copy);
  TRY(make_dirs(folder, 0700));
  drop_old_uploads(folder);
  if (entries_of(folder).size() >= kMostUploads) {
    return Error{Code::exhausted, "too many uploaded files wait for a commit"};
  }
  return write_file_atomic(folder + "/" + upload_name(path), content, 0600);
}

Result<std::string> WorkingCopies::upload(const WorkingCopy& copy, const std::string& path) {
  drop_old_uploads(uploads_of(copy));
  Result<std::string> content =
      read_file(uploads_of(copy) + "/" + upload_name(path), kMostUploadBytes);
  if (!content && content.error().code == Code::not_found) {
    return Error{Code::not_found,
                 fmt::format("file \"{}\" was not uploaded within the last hour", path)};
  }
  return content;
}

void WorkingCopies::drop_upload(const WorkingCopy& copy, const std::string& path) {
  if (const Result<> removed = remove_tree(uploads_of(copy) + "/" + upload_name(path)); !removed) {
    LOG(warn, "an uploaded file stays", {"path", path}, {"error", removed.error().message});
  }
}

}  // namespace ks::devops::kapis
