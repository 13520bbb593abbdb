#include "engine/secret_files.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <memory>

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/node.h"

namespace ks::engine {
namespace {

constexpr size_t kMaxEntries = 10'000;
constexpr size_t kMaxUnpackedBytes = 256u << 20;

std::string below_tmp(const std::string& workspace) { return workspace + "@tmp/secretFiles"; }

/// The same for the same run and place, different from all others.
std::string uuid_of(std::string_view text) {
  const std::string hex = hex_encode(md5(text));
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

/// The name that a file may have: what the credential says may be hostile.
std::string file_name_of(std::string_view name) {
  if (const size_t slash = name.find_last_of("/\\"); slash != name.npos)
    name = name.substr(slash + 1);
  std::string kept;
  for (char c : name.substr(0, 200)) kept += static_cast<unsigned char>(c) < 0x20 ? '_' : c;
  return kept.empty() || kept == "." || kept == ".." ? "secret" : kept;
}

bool leads_out(std::string_view path) {
  if (path.starts_with('/') || path.contains('\\')) return true;
  for (std::string_view part : split(path, '/')) {
    if (part == "..") return true;
  }
  return false;
}

Result<> unpack_zip(std::string_view zip, const std::string& folder) {
  const std::unique_ptr<archive, int (*)(archive*)> in(archive_read_new(), archive_read_free);
  archive_read_support_format_zip(in.get());
  auto failed = [&] {
    const char* why = archive_error_string(in.get());
    return Error{Code::invalid, fmt::format("the secret is no zip archive: {}",
                                            why == nullptr ? "it cannot be read" : why)};
  };
  if (archive_read_open_memory(in.get(), zip.data(), zip.size()) != ARCHIVE_OK) return failed();
  size_t entries = 0, bytes = 0;
  archive_entry* entry = nullptr;
  while (true) {
    const int next = archive_read_next_header(in.get(), &entry);
    if (next == ARCHIVE_EOF) return {};
    if (next != ARCHIVE_OK) return failed();
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr || leads_out(name))
      return Error{Code::forbidden, "the zip archive has an entry that leads out of its folder"};
    if (++entries > kMaxEntries)
      return Error{Code::too_large,
                   fmt::format("the zip archive has more than {} entries", kMaxEntries)};
    const std::string path = folder + "/" + name;
    if (archive_entry_filetype(entry) == AE_IFDIR) {
      TRY(make_dirs(path, 0700));
      continue;
    }
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    std::string content;
    char piece[16384];
    for (la_ssize_t got = 0; (got = archive_read_data(in.get(), piece, sizeof piece)) != 0;) {
      if (got < 0) return failed();
      bytes += static_cast<size_t>(got);
      if (bytes > kMaxUnpackedBytes)
        return Error{Code::too_large, fmt::format("the zip archive unpacks to more than {} bytes",
                                                  kMaxUnpackedBytes)};
      content.append(piece, static_cast<size_t>(got));
    }
    TRY(make_dirs(path.substr(0, path.rfind('/')), 0700));
    TRY(write_file_atomic(path, content, 0600));
  }
}

}  // namespace

std::string SecretFiles::new_folder() {
  const ContextRef context = run_.context(task_);
  const uint64_t number = run_.next_secret_folder();
  if (context->workspace == nullptr) {
    run_.raise(task_, "org.jenkinsci.plugins.workflow.steps.MissingContextVariableException",
               "Required context class hudson.FilePath is missing\nPerhaps you forgot to surround "
               "the step with a step that provides this, such as: node");
  }
  const std::string folder =
      below_tmp(context->workspace->path()) + "/" +
      uuid_of(fmt::format("{}#{}/{}", run_.spec().job, run_.spec().number, number));
  folders_.push_back(folder);
  if (Result<> made = make_dirs(folder, 0700); !made) run_.fail(task_, made.error().message);
  run_.mask(folder);
  return folder;
}

void SecretFiles::write(const std::string& path, std::string_view content) {
  if (Result<> written = write_file_atomic(path, content, 0600); !written)
    run_.fail(task_, written.error().message);
}

std::string SecretFiles::add(std::string_view name, std::string_view content) {
  const std::string path = new_folder() + "/" + file_name_of(name);
  run_.mask(path);
  write(path, content);
  return path;
}

std::string SecretFiles::add_folder(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string folder = new_folder();
  for (const auto& [name, content] : files) write(folder + "/" + file_name_of(name), content);
  return folder;
}

std::string SecretFiles::unpack(std::string_view zip) {
  std::string folder = new_folder();
  if (Result<> unpacked = unpack_zip(zip, folder); !unpacked)
    run_.fail(task_, unpacked.error().message);
  return folder;
}

void SecretFiles::remove() {
  for (const std::string& folder : folders_) (void)remove_tree(folder);
  folders_.clear();
}

void remove_stale_secret_files(const std::string& workspace) {
  (void)remove_tree(below_tmp(workspace));
}

}  // namespace ks::engine
