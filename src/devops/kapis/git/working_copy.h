#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "devops/kapis/git/git.h"

namespace ks::devops::kapis {

/// Who did something, when; the time as RFC 3339.
struct GitSignature {
  std::string name, email, when;
};

struct GitCommit {
  std::string hash, tree;
  std::vector<std::string> parents;
  GitSignature author, committer;
  std::string message;
};

/// A reference of the remote.
struct GitRef {
  std::string ref;   ///< `refs/heads/main`
  std::string name;  ///< `main`
  std::string hash;  ///< of its commit
};

/// One file or folder of a commit.
struct GitFile {
  enum class Kind : uint8_t { file, link, folder, module };
  std::string path;  ///< from the root, without slashes around it
  Kind kind = Kind::file;
  std::string mode;  ///< `100644`
  std::string hash;
  uint64_t size = 0;
};

/// One repository of somebody else, kept here as a bare clone: what was fetched can be read without
/// the network. There is no work tree, so that no link, hook or filter of the repository can reach
/// anything.
///
/// Reading is safe from any thread; fetching and pushing one at a time, which is the caller's
/// business (WorkingCopies).
class WorkingCopy {
 public:
  static constexpr uint64_t kMostContent = 64u << 20;
  static constexpr size_t kMostFiles = 10'000;

  /// `folder` is made a repository when it is none.
  static Result<WorkingCopy> open(std::string folder);

  const Git& git() const { return git_; }

  // ----- the remote -----

  /// Branches, tags and other references; `HEAD` too when `with_head`.
  Result<std::vector<GitRef>> remote_refs(const GitAccess& access, bool with_head) const;
  /// The branch as the remote has it now; `not_found` when it has none of that name.
  Result<> fetch(const GitAccess& access, const std::string& branch) const;
  /// `conflict` when the branch has moved meanwhile or takes no pushes. The local branch follows.
  Result<> push(const GitAccess& access, const std::string& branch, const std::string& commit,
                const std::string& parent) const;

  // ----- what was fetched -----

  /// The commit of a branch; nothing when it was not fetched.
  std::optional<std::string> head_of(const std::string& branch) const;
  bool has_commit(const std::string& hash) const;
  Result<GitCommit> commit(const std::string& hash) const;
  struct Log {
    std::vector<GitCommit> commits;  ///< newest first
    uint64_t total = 0;
  };
  /// Commits from `hash` on that changed `path` (empty: all), a part of them.
  Result<Log> log(const std::string& hash, const std::string& path, uint64_t skip,
                  uint64_t count) const;
  /// What lies at a path; `not_found` when nothing does. The root is a folder.
  Result<GitFile> file(const std::string& hash, const std::string& path) const;
  /// What lies directly in a folder; `too_large` when it is more than kMostFiles.
  Result<std::vector<GitFile>> folder(const std::string& hash, const std::string& path) const;
  /// All files below a path, or the file itself.
  Result<std::vector<GitFile>> files_below(const std::string& hash, const std::string& path) const;
  /// The bytes of files, in order; all together at most kMostContent.
  Result<std::vector<std::string>> contents(const std::vector<GitFile>& files) const;

 private:
  explicit WorkingCopy(Git git) : git_(std::move(git)) {}
  Result<std::vector<GitFile>> tree(std::vector<std::string> arguments) const;

  Git git_;
};

/// Names that git takes for branches, and that are no options or patterns.
Result<> check_branch(std::string_view name);
/// A path in a repository, without the slashes around it: no `..`, `.git`, empty steps or control
/// characters. The root is empty.
Result<std::string> clean_git_path(std::string_view path);
/// 4 to 64 hexadecimal digits.
bool is_commit_hash(std::string_view text);

}  // namespace ks::devops::kapis
