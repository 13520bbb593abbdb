#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/scm/branch_spec.h"
#include "engine/scm/git_spec.h"

namespace ks::engine {

/// Git as one shell script a piece of work: one process to start, and one thing to pick up after a
/// restart. Everything it says for people goes to standard error, what the engine reads to standard
/// output.
///
/// Secrets come by the environment, KS_GIT_USERNAME_0 and so on for each remote, never on a command
/// line: see credential_env() (git_credentials.h).

/// A text as one word of a shell.
std::string shell_word(std::string_view text);

/// Fetches all remotes into the working folder, which becomes a repository when it is none.
///
/// `names` are tried in order; the first that is a commit is checked out at once. Without any, the
/// output is a list of `SHA REF` lines, newest commit first, to choose from; then checkout_script()
/// goes on.
///
/// Ends with 3 when no name is a commit.
std::string fetch_script(const GitSpec& spec, const std::vector<std::string>& names,
                         std::string_view previous);
/// Checks a fetched commit out. `previous` is the commit that the changelog begins after; may be
/// empty.
std::string checkout_script(const GitSpec& spec, std::string_view commit, std::string_view ref,
                            std::string_view previous);

/// Only says what is checked out in the working folder.
std::string facts_script();

/// What a checkout printed for the engine.
struct CheckedOut {
  std::string failure;  ///< `cloning remote repo 'origin'`; empty for none
  std::string commit;
  std::string ref;
  std::string local_branch;
  std::string author_name, author_email, committer_name, committer_email;
  std::string changes;  ///< of `git log`, for parse_changes(); empty for none
  bool has_changes = false;
};
CheckedOut parse_checked_out(std::string_view output);

// ----- the engine's own copies, for Jenkinsfiles and libraries -----

/// What a script with the credentials of one remote begins with: from here on `as 0 COMMAND...`
/// runs a command with them. The second also takes the lock of the copy and goes to its repository,
/// for `fetch_all URL`.
std::string remote_prelude(const GitRemote& remote);
std::string cache_prelude(const GitRemote& remote);
/// Fetches into a bare repository that runs share, resolves `names` there and prints `ref SHA REF`.
/// A commit that is known already is not fetched for. The log of the commits after `previous` may
/// follow. Ends with 3 when no name is a commit.
std::string cache_script(const GitRemote& remote, const std::vector<std::string>& names,
                         std::string_view previous);
/// Prints files of a commit as base64 of `git cat-file --batch`, after a line with the list. Paths
/// are a file or folders. Ends with 4 when there are none, with 5 when they are too much.
std::string files_script(std::string_view commit, const std::vector<std::string>& paths,
                         uint64_t max_bytes, size_t max_files);
struct RepositoryFile {
  std::string path;
  std::string content;
};
Result<std::vector<RepositoryFile>> parse_files(std::string_view output);

}  // namespace ks::engine
