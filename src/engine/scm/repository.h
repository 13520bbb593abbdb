#pragma once

#include <string>
#include <vector>

#include "engine/run.h"
#include "engine/scm/git_script.h"

namespace ks::engine {

/// A commit of a repository that the engine reads by itself, without a node: the Jenkinsfile's, or
/// a library's. Its files are read from a copy on the engine's machine that all runs share.
struct RepositoryCommit {
  GitRemote remote;
  std::string commit;
  std::string ref;      ///< that it was found by
  json::array changes;  ///< after the commit that was asked for
};

/// The name of the engine's copy of a repository, for Node::own_folder(). `job`: of who reads it.
std::string copy_name(const GitRemote& remote, std::string_view job);

/// Fetches, and finds the first of `names` that is a commit; nothing when none is. Throws
/// hudson.AbortException when the repository cannot be read. Journaled. `trusted`: the address is
/// the operator's, so that it may be a folder of this machine.
std::optional<RepositoryCommit> fetch_commit(Run& run, groovy::Task& task, const GitRemote& remote,
                                             const std::vector<std::string>& names,
                                             const std::string& previous, bool trusted);
/// Throws when the address is a folder of this machine, and may not be read.
void check_local(Run& run, groovy::Task& task, const std::string& url, bool trusted);

struct FileBounds {
  uint64_t bytes = 32u << 20;
  size_t files = 5000;
};
/// Files at a commit: each path is a file, or a folder for all in it. None is an empty list; links
/// are left out. Journaled.
std::vector<RepositoryFile> read_files(Run& run, groovy::Task& task, const RepositoryCommit& at,
                                       const std::vector<std::string>& paths,
                                       const FileBounds& bounds = {});

}  // namespace ks::engine
