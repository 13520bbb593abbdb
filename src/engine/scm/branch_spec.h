#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/scm/git_spec.h"

namespace ks::engine {

/// A branch of a GitSpec, as what git can be asked for.
///
///   *  `main`, `*/main`, `origin/main`, `refs/heads/main`, `refs/tags/v1`, a commit: `names`, to
///   be
///      tried in this order.
///   *  `release-*`, `**`, `:regex`: a pattern, held against each branch that was fetched.
struct BranchSpec {
  std::vector<std::string> names;
  std::string wildcard;  ///< over `origin/main`; `*` stays within a segment
  std::string regex;     ///< in Java's syntax, over the whole of `origin/main` or `refs/...`

  bool is_pattern() const { return names.empty(); }
};
Result<BranchSpec> parse_branch(std::string_view branch, const std::vector<GitRemote>& remotes);

/// Whether a wildcard takes a ref: `refs/remotes/origin/main` is known as `origin/main` too.
bool wildcard_takes(std::string_view wildcard, std::string_view ref);

/// `refs/remotes/origin/main` as scripts know it: `origin/main`; a tag keeps `refs/tags/`.
std::string branch_of_ref(std::string_view ref);
/// The same without the remote's name: `main`.
std::string local_name_of_ref(std::string_view ref);

}  // namespace ks::engine
