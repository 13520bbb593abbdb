#include "engine/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"

namespace ks::engine {
namespace {

constexpr size_t kMaxFound = 1'000'000;

constexpr std::string_view kDefaultExcludes[] = {
    "**/.git",        "**/.git/**",   "**/.svn",    "**/.svn/**",    "**/.hg",
    "**/.hg/**",      "**/CVS",       "**/CVS/**",  "**/.gitignore", "**/.gitattributes",
    "**/.gitmodules", "**/*~",        "**/#*#",     "**/.#*",        "**/%*%",
    "**/._*",         "**/.DS_Store", "**/.bzr/**", "**/SCCS/**",    "**/vssver.scc"};

std::vector<std::string> patterns_of(std::string_view list, bool case_sensitive) {
  std::vector<std::string> patterns;
  for (std::string_view piece : split(list, ',')) {
    std::string pattern(trim(piece));
    while (pattern.starts_with("./")) pattern.erase(0, 2);
    if (pattern.empty()) continue;
    // A folder stands for all in it.
    if (pattern.ends_with('/')) pattern += "**";
    patterns.push_back(case_sensitive ? pattern : to_lower(pattern));
  }
  return patterns;
}

/// As matches_wildcard() over whole segments: `**` takes any number of them. When what follows one
/// does not fit, it takes one more; an earlier one need not be tried again, since the later one can
/// take whatever that would have.
bool segments_match(std::span<const std::string_view> path,
                    std::span<const std::string_view> pattern) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t at = 0, wanted = 0, stars = kNone, retry = 0;
  while (at < path.size()) {
    if (wanted < pattern.size() && pattern[wanted] == "**") {
      stars = wanted++;
      retry = at;
    } else if (wanted < pattern.size() && matches_wildcard(path[at], pattern[wanted])) {
      at++;
      wanted++;
    } else if (stars != kNone) {
      wanted = stars + 1;
      at = ++retry;
    } else {
      return false;
    }
  }
  while (wanted < pattern.size() && pattern[wanted] == "**") wanted++;
  return wanted == pattern.size();
}

}  // namespace

json::value outside(StepCall& call, std::string what,
                    const std::function<Result<json::value>()>& act) {
  Run& run = call.run;
  const uint64_t id = run.next_await();
  json::value result = run.await(
      call.task, {.what = std::move(what),
                  .start =
                      [&run, &act, id](bool) {
                        Result<json::value> done = act();
                        run.complete(id, done ? json::object{{"ok", std::move(*done)}}
                                              : json::object{{"error", done.error().message},
                                                             {"missing", done.error().code ==
                                                                             Code::not_found}});
                      },
                  .interrupt = {}});
  json::object& object = result.as_object();
  if (const json::value* error = object.if_contains("error")) {
    if (object.at("missing").as_bool())
      call.run.raise(call.task, "java.nio.file.NoSuchFileException", error->as_string());
    call.fail(error->as_string());
  }
  return std::move(object.at("ok"));
}

std::string read_text(StepCall& call, const std::string& path) {
  const json::value text = outside(call, "read", [&]() -> Result<json::value> {
    const Result<std::string> content = read_file(path, call.run.limits().string_bytes);
    if (!content && content.error().code == Code::not_found) return Error{Code::not_found, path};
    if (!content) return content.error();
    return json::value(json::string(to_utf8_lossy(*content)));
  });
  return std::string(text.as_string());
}

std::string resolve(const StepCall& call, std::string_view path) {
  return path.starts_with('/') ? std::string(path) : call.directory() + "/" + std::string(path);
}

std::string base_path() {
  const char* path = std::getenv("PATH");
  return path != nullptr && *path != '\0'
             ? path
             : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

std::string home_folder() {
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? home : "/";
}

bool matches_ant(std::string_view path, std::string_view pattern) {
  const auto path_parts = split(path, '/'), pattern_parts = split(pattern, '/');
  return segments_match(path_parts, pattern_parts);
}

bool matches_globs(std::string_view path, std::string_view globs) {
  return std::ranges::any_of(patterns_of(globs, true),
                             [&](const std::string& p) { return matches_ant(path, p); });
}

Result<std::vector<std::string>> find_files(const std::string& folder, std::string_view includes,
                                            std::string_view excludes, bool default_excludes,
                                            bool case_sensitive) {
  const auto wanted = patterns_of(includes, case_sensitive),
             refused = patterns_of(excludes, case_sensitive);
  auto takes = [&](std::string_view relative) {
    const std::string name = case_sensitive ? std::string(relative) : to_lower(relative);
    auto any = [&](const auto& patterns) {
      return std::ranges::any_of(patterns, [&](const auto& p) { return matches_ant(name, p); });
    };
    return any(wanted) && !any(refused) && !(default_excludes && any(kDefaultExcludes));
  };
  std::vector<std::string> found;
  std::error_code error;
  namespace fs = std::filesystem;
  for (fs::recursive_directory_iterator
           at(folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored) && !at->is_symlink(ignored)) continue;
    std::string relative = at->path().lexically_relative(folder).string();
    if (takes(relative)) found.push_back(std::move(relative));
    if (found.size() > kMaxFound)
      return Error{Code::too_large,
                   fmt::format("more than {} files match '{}'", kMaxFound, includes)};
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return Error{Code::internal, fmt::format("cannot read {}: {}", folder, error.message())};
  std::ranges::sort(found);
  return found;
}

Result<> check_inside(const std::string& folder, std::string_view relative) {
  auto leads_out = [&] {
    return Error{Code::forbidden, fmt::format("'{}' leads out of the folder", relative)};
  };
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path root = fs::weakly_canonical(folder, error);
  if (error) return Error{Code::internal, fmt::format("{}: {}", folder, error.message())};
  const auto parts = split(relative, '/');
  fs::path at = folder;
  for (size_t i = 0; i < parts.size(); i++) {
    if (parts[i] == "..") return leads_out();
    at /= parts[i];
    if (i + 1 == parts.size() || !fs::is_symlink(at, error)) continue;
    const fs::path real = fs::weakly_canonical(at, error);
    const auto [end, ignored] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
    if (error || end != root.end()) return leads_out();
  }
  return {};
}

Result<uint64_t> copy_file(const std::string& from_folder, const std::string& relative,
                           const std::string& to_folder) {
  TRY(check_inside(from_folder, relative));
  TRY(check_inside(to_folder, relative));
  return copy_as(from_folder + "/" + relative, to_folder + "/" + relative);
}

Result<uint64_t> copy_as(const std::string& from, const std::string& to) {
  TRY(make_dirs(to.substr(0, to.rfind('/'))));
  struct stat info{};
  if (lstat(from.c_str(), &info) != 0) return errno_error("read", from, errno);
  unlink(to.c_str());
  if (S_ISLNK(info.st_mode)) {
    char target[4096];
    const ssize_t size = readlink(from.c_str(), target, sizeof target - 1);
    if (size < 0) return errno_error("read the link", from, errno);
    target[size] = '\0';
    if (symlink(target, to.c_str()) != 0) return errno_error("make the link", to, errno);
    return uint64_t{0};
  }
  if (!S_ISREG(info.st_mode)) return uint64_t{0};
  Fd in = TRY(open_file(from, O_RDONLY | O_NOFOLLOW));
  Fd out = TRY(open_file(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, info.st_mode & 0777));
  uint64_t copied = 0;
  while (true) {
    const ssize_t sent = sendfile(out.get(), in.get(), nullptr, size_t{16} << 20);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno_error("copy", from, errno);
    if (sent == 0) return copied;
    copied += static_cast<uint64_t>(sent);
  }
}

}  // namespace ks::engine
