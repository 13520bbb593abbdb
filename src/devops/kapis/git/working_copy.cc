#include "devops/kapis/git/working_copy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"

namespace ks::devops::kapis {
namespace {

/// Fields and records apart by NUL, which nothing of git's contains.
constexpr std::string_view kCommitFormat =
    "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B";
constexpr size_t kCommitFields = 10;
constexpr size_t kMostPath = 4096;
constexpr size_t kMostSteps = 64;

std::string text_of(std::string_view field) { return to_utf8_lossy(field); }

Result<std::vector<GitCommit>> parse_commits(std::string_view output) {
  std::vector<std::string_view> fields = split(output, '\0');
  if (!fields.empty() && fields.back().empty()) fields.pop_back();
  if (fields.size() % kCommitFields != 0) {
    return Error{Code::internal, "git log: what it printed cannot be read"};
  }
  std::vector<GitCommit> out;
  for (size_t i = 0; i < fields.size(); i += kCommitFields) {
    GitCommit& one = out.emplace_back();
    one.hash = trim(fields[i]);
    one.tree = fields[i + 1];
    for (std::string_view parent : split(fields[i + 2], ' ')) one.parents.emplace_back(parent);
    one.author = {text_of(fields[i + 3]), text_of(fields[i + 4]), text_of(fields[i + 5])};
    one.committer = {text_of(fields[i + 6]), text_of(fields[i + 7]), text_of(fields[i + 8])};
    one.message = text_of(fields[i + 9]);
  }
  return out;
}

/// `MODE TYPE HASH    SIZE\tPATH`
std::optional<GitFile> parse_entry(std::string_view entry) {
  const size_t tab = entry.find('\t');
  if (tab == entry.npos) return std::nullopt;
  std::vector<std::string_view> head;
  for (std::string_view word : split(entry.substr(0, tab), ' ')) {
    if (!word.empty()) head.push_back(word);
  }
  if (head.size() != 4) return std::nullopt;
  GitFile out;
  out.mode = head[0];
  out.hash = head[2];
  out.size = static_cast<uint64_t>(parse_int(head[3]).value_or(0));
  out.path = entry.substr(tab + 1);
  out.kind = head[1] == "tree"     ? GitFile::Kind::folder
             : head[1] == "commit" ? GitFile::Kind::module
             : head[0] == "120000" ? GitFile::Kind::link
                                   : GitFile::Kind::file;
  return out;
}

std::string short_name(std::string_view ref) {
  for (std::string_view prefix : {"refs/heads/", "refs/tags/", "refs/"}) {
    if (ref.starts_with(prefix)) return std::string(ref.substr(prefix.size()));
  }
  return std::string(ref);
}

/// `HASH\tREF` lines. Of a tag that is an object of its own, the line `REF^{}` has the commit.
std::vector<GitRef> parse_refs(std::string_view output, bool with_head) {
  std::vector<GitRef> out;
  for (std::string_view line : split(output, '\n')) {
    const size_t tab = line.find('\t');
    if (tab == line.npos) continue;
    const std::string hash(line.substr(0, tab));
    std::string_view ref = line.substr(tab + 1);
    if (ref.ends_with("^{}")) {
      ref.remove_suffix(3);
      if (!out.empty() && out.back().ref == ref) out.back().hash = hash;
    } else if (ref != "HEAD" || with_head) {
      out.push_back({text_of(ref), text_of(short_name(ref)), hash});
    }
  }
  return out;
}

bool is_git_folder(std::string_view step) {
  // Also as file systems without case, and those with short names, would find it.
  const std::string low = to_lower(step);
  return low == ".git" || low == "git~1" || low.starts_with(".git ") || low.starts_with(".git.");
}

}  // namespace

Result<> check_branch(std::string_view name) {
  const Error wrong{Code::invalid, fmt::format("\"{}\" is no name of a branch", name)};
  if (name.empty() || name.size() > 255 || name.front() == '-' || name.front() == '/' ||
      name.back() == '/' || name.back() == '.' || name == "@" || !is_utf8(name)) {
    return wrong;
  }
  for (std::string_view no : {"..", "//", "@{", "/.", ".lock/"}) {
    if (name.find(no) != name.npos) return wrong;
  }
  if (name.front() == '.' || name.ends_with(".lock")) return wrong;
  for (unsigned char c : name) {
    if (c <= ' ' || c == 0x7f || std::string_view("~^:?*[\\").contains(static_cast<char>(c))) {
      return wrong;
    }
  }
  return {};
}

Result<std::string> clean_git_path(std::string_view path) {
  const Error wrong{Code::invalid,
                    fmt::format("\"{}\" is no path in a repository", to_utf8_lossy(path))};
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return std::string();
  if (path.size() > kMostPath || !is_utf8(path)) return wrong;
  for (unsigned char c : path) {
    if (c < ' ' || c == 0x7f || c == '\\') return wrong;
  }
  const std::vector<std::string_view> steps = split(path, '/');
  if (steps.size() > kMostSteps) return wrong;
  for (std::string_view step : steps) {
    if (step.empty() || step == "." || step == ".." || is_git_folder(step)) return wrong;
  }
  return std::string(path);
}

bool is_commit_hash(std::string_view text) {
  return text.size() >= 4 && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

Result<WorkingCopy> WorkingCopy::open(std::string folder) {
  WorkingCopy out{Git(std::move(folder))};
  if (!file_exists(out.git_.folder() + "/HEAD")) {
    TRY(make_dirs(out.git_.folder(), 0700));
    TRY(out.git_.output({"init", "-q", "--bare"}));
  }
  return out;
}

Result<std::vector<GitRef>> WorkingCopy::remote_refs(const GitAccess& access,
                                                     bool with_head) const {
  const Git::Ran ran = TRY(git_.run_remote(access, {"ls-remote", "origin"}));
  if (ran.code != 0) return remote_error(ran);
  return parse_refs(ran.out, with_head);
}

Result<> WorkingCopy::fetch(const GitAccess& access, const std::string& branch) const {
  TRY(check_branch(branch));
  const Git::Ran ran = TRY(git_.run_remote(
      access, {"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
               "origin", fmt::format("+refs/heads/{0}:refs/heads/{0}", branch)}));
  if (ran.code == 0) return {};
  Error error = remote_error(ran);
  // What the remote has taken away is gone here too.
  if (error.code == Code::not_found && error.message == "branch not found") {
    TRY(git_.run({"update-ref", "-d", "refs/heads/" + branch}));
  }
  return error;
}

Result<> WorkingCopy::push(const GitAccess& access, const std::string& branch,
                           const std::string& commit, const std::string& parent) const {
  TRY(check_branch(branch));
  const Git::Ran ran = TRY(
      git_.run_remote(access, {"push", "--quiet", "--porcelain", "--no-verify",
                               // Empty: the branch must not be there yet.
                               fmt::format("--force-with-lease=refs/heads/{}:{}", branch, parent),
                               "origin", fmt::format("{}:refs/heads/{}", commit, branch)}));
  if (ran.code != 0) {
    // What was refused stands in the output.
    return remote_error({ran.code, {}, ran.out + ran.err});
  }
  TRY(git_.output({"update-ref", "refs/heads/" + branch, commit}));
  return {};
}

std::optional<std::string> WorkingCopy::head_of(const std::string& branch) const {
  if (!check_branch(branch)) return std::nullopt;
  const Result<Git::Ran> ran =
      git_.run({"rev-parse", "--quiet", "--verify", "refs/heads/" + branch + "^{commit}"});
  if (!ran || ran->code != 0) return std::nullopt;
  return std::string(trim(ran->out));
}

bool WorkingCopy::has_commit(const std::string& hash) const {
  if (!is_commit_hash(hash)) return false;
  const Result<Git::Ran> ran = git_.run({"cat-file", "-e", hash + "^{commit}"});
  return ran && ran->code == 0;
}

Result<GitCommit> WorkingCopy::commit(const std::string& hash) const {
  if (!has_commit(hash)) {
    return Error{Code::not_found, fmt::format("commit \"{}\" not found", hash)};
  }
  const std::string out =
      TRY(git_.output({"log", "-z", "-1", std::string(kCommitFormat), hash, "--"}));
  std::vector<GitCommit> commits = TRY(parse_commits(out));
  if (commits.empty()) return Error{Code::internal, "git log printed nothing"};
  return std::move(commits.front());
}

Result<WorkingCopy::Log> WorkingCopy::log(const std::string& hash, const std::string& path,
                                          uint64_t skip, uint64_t count) const {
  std::vector<std::string> tail = {hash, "--"};
  if (!path.empty()) tail.push_back(path);
  std::vector<std::string> counting = {"rev-list", "--count"};
  counting.insert(counting.end(), tail.begin(), tail.end());
  std::vector<std::string> showing = {"log", "-z", std::string(kCommitFormat),
                                      fmt::format("--skip={}", skip),
                                      fmt::format("--max-count={}", count)};
  showing.insert(showing.end(), tail.begin(), tail.end());
  Log out;
  out.total =
      static_cast<uint64_t>(parse_int(trim(TRY(git_.output(std::move(counting))))).value_or(0));
  if (count > 0) out.commits = TRY(parse_commits(TRY(git_.output(std::move(showing)))));
  return out;
}

Result<std::vector<GitFile>> WorkingCopy::tree(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"ls-tree", "-z", "-l", "--full-tree"});
  const std::string out = TRY(git_.output(std::move(arguments)));
  std::vector<GitFile> files;
  for (std::string_view entry : split(out, '\0')) {
    if (entry.empty()) continue;
    std::optional<GitFile> one = parse_entry(entry);
    if (!one) return Error{Code::internal, "git ls-tree: what it printed cannot be read"};
    files.push_back(std::move(*one));
  }
  return files;
}

Result<GitFile> WorkingCopy::file(const std::string& hash, const std::string& path) const {
  if (path.empty()) {
    GitFile root;
    root.kind = GitFile::Kind::folder;
    root.mode = "040000";
    return root;
  }
  std::vector<GitFile> found = TRY(tree({hash, "--", path}));
  if (found.size() != 1) {
    return Error{Code::not_found, fmt::format("file \"{}\" not found", path)};
  }
  return std::move(found.front());
}

Result<std::vector<GitFile>> WorkingCopy::folder(const std::string& hash,
                                                 const std::string& path) const {
  std::vector<GitFile> found =
      path.empty() ? TRY(tree({hash})) : TRY(tree({hash, "--", path + "/"}));
  if (found.size() > kMostFiles) {
    return Error{Code::too_large, fmt::format("\"{}\" has more than {} files", path, kMostFiles)};
  }
  return found;
}

Result<std::vector<GitFile>> WorkingCopy::files_below(const std::string& hash,
                                                      const std::string& path) const {
  return tree({"-r", hash, "--", path});
}

Result<std::vector<std::string>> WorkingCopy::contents(const std::vector<GitFile>& files) const {
  uint64_t bytes = 0;
  std::string asked;
  for (const GitFile& one : files) {
    bytes += one.size;
    asked += one.hash + "\n";
  }
  if (bytes > kMostContent) {
    return Error{Code::too_large, fmt::format("the content is larger than {}; clone the repository",
                                              human_size(kMostContent))};
  }
  std::vector<std::string> out;
  if (files.empty()) return out;
  const std::string text = TRY(git_.output(
      {"cat-file", "--batch"},
      {.stdin_text = std::move(asked), .env = {}, .max_output = kMostContent + (8u << 20)}));
  // `HASH blob BYTES`, the content, a line break
  size_t at = 0;
  for (const GitFile& one : files) {
    const size_t line = text.find('\n', at);
    if (line == text.npos || line + 2 + one.size > text.size()) {
      return Error{Code::internal, "git cat-file: what it printed cannot be read"};
    }
    out.push_back(text.substr(line + 1, one.size));
    at = line + 2 + one.size;
  }
  return out;
}

}  // namespace ks::devops::kapis
