#include "engine/git_source.h"

#include <boost/json.hpp>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"

namespace ks::engine {
namespace {

namespace json = boost::json;

constexpr size_t kMaxHeadBytes = 4096;

/// The folder of git's own files; a linked work tree names it in a file.
std::string git_folder(const std::string& top) {
  std::string path = top + "/.git";
  constexpr std::string_view kLink = "gitdir: ";
  const Result<std::string> link = read_file(path, kMaxHeadBytes);
  if (!link || !link->starts_with(kLink)) return path;
  std::string target(trim(std::string_view(*link).substr(kLink.size())));
  return target.starts_with('/') ? target : top + "/" + target;
}

}  // namespace

bool is_local_url(std::string_view url) {
  if (url.starts_with("file:") || url.starts_with('/') || url.starts_with('.')) return true;
  if (url.contains("://")) return false;
  // `host:path` of ssh; git too asks whether a slash comes first.
  const size_t colon = url.find(':');
  return colon == url.npos || url.find('/') < colon;
}

json::object git_description(std::string_view url, std::string_view branch,
                             std::string_view credentials_id) {
  json::object remote{{"url", url}};
  if (!credentials_id.empty()) remote["credentialsId"] = credentials_id;
  if (branch.empty()) {
    remote["refspec"] = "+refs/heads/*:refs/remotes/origin/* +HEAD:refs/remotes/origin/HEAD";
    branch = "refs/remotes/origin/HEAD";
  }
  return {{"$class", "GitSCM"},
          {"branches", json::array{json::object{{"name", branch}}}},
          {"userRemoteConfigs", json::array{std::move(remote)}},
          {"extensions", json::array{}}};
}

std::optional<EnclosingRepository> enclosing_repository(const std::string& file) {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::canonical(file, error).parent_path();
  if (error) return std::nullopt;
  while (!file_exists((folder / ".git").string())) {
    if (folder == folder.parent_path()) return std::nullopt;
    folder = folder.parent_path();
  }
  EnclosingRepository out{.folder = folder.string(), .branch = {}};
  const Result<std::string> head = read_file(git_folder(out.folder) + "/HEAD", kMaxHeadBytes);
  if (!head) return std::nullopt;
  constexpr std::string_view kBranch = "ref: refs/heads/";
  if (head->starts_with(kBranch)) out.branch = trim(std::string_view(*head).substr(kBranch.size()));
  return out;
}

}  // namespace ks::engine
