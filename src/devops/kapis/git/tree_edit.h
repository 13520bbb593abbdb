#pragma once

#include <optional>
#include <string>
#include <vector>

#include "devops/kapis/git/working_copy.h"

namespace ks::devops::kapis {

/// One change of a commit that is being made.
struct GitChange {
  std::string path;
  std::optional<std::string> content;  ///< nothing: the file goes away, or moves with `from`
  std::string from;                    ///< the file's path until now, when it is renamed
};

struct NewCommit {
  std::string message;
  GitSignature author;    ///< its time is now
  bool overwrite = true;  ///< else files that are there stay as they are
};

/// Makes a commit over `parent` (empty: the first one) without a work tree, and answers its hash.
///
/// `conflict` when a path leads through a file or link, or to a folder; `not_found` when a file to
/// remove or rename is not there; `invalid` when nothing changes.
Result<std::string> make_commit(const WorkingCopy& copy, const std::string& parent,
                                const std::vector<GitChange>& changes, const NewCommit& commit);

}  // namespace ks::devops::kapis
