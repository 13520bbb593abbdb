#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "devops/kapis/api.h"
#include "devops/kapis/git/git.h"

namespace ks::devops::kapis {

/// A GitRepository with its secret: how it is reached, and in whose name commits are made.
struct RepositoryAccess {
  GitAccess git;
  std::string author_name, author_email;  ///< empty: nobody is named
  std::string identity;                   ///< which working copy belongs to it
};

/// `invalid` when the address or the secret cannot be used; `not_found` when the secret is missing.
/// The secret must be in the namespace of the GitRepository: the server may read all of them, who
/// calls may not.
Result<RepositoryAccess> access_of(Api& api, const json::value& repository);

}  // namespace ks::devops::kapis
