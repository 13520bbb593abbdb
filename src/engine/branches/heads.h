#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/branches/settings.h"

/// Which heads of a repository a multi-branch pipeline is made of.

namespace ks::engine {

struct RemoteRef {
  std::string name;  ///< `refs/heads/main`
  std::string commit;
};
struct RemoteRefs {
  std::string primary;  ///< the branch that HEAD names: `main`
  std::vector<RemoteRef> refs;
};
/// Reads what `git ls-remote --symref` printed. An annotated tag has the commit it stands for.
/// Names that are no UTF-8 are left out, counted in `unreadable`.
RemoteRefs parse_remote_refs(std::string_view output, size_t& unreadable);

/// The heads that the settings discover, ordered by name. `requests`: the open pull requests that a
/// forge told of; their commits are taken from the refs where those have them. `invalid` for a
/// filter that is no regular expression.
Result<std::vector<Head>> discover_heads(const BranchSettings& settings, const RemoteRefs& remote,
                                         const std::vector<Head>& requests);

}  // namespace ks::engine
