#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// What the API asks SCM providers: GitHub, GitLab, Bitbucket Cloud and Server, Gitea, Gogs
/// (devops-api, section 7.8).

namespace ks::devops::kapis {

/// How a provider is reached.
struct ScmAccess {
  std::string kind;    ///< `github`, `gitlab`, `bitbucketcloud`, ...
  std::string server;  ///< empty: the provider's own
  std::string username;
  std::string token;           ///< empty: anonymous calls
  bool allow_private = false;  ///< also servers at private addresses
};

struct ScmOrganization {
  std::string name;
  std::string avatar;
};
struct ScmRepository {
  std::string name;
  std::string default_branch;
};
struct ScmPage {
  int64_t number = 1;
  int64_t size = 10;
};

/// One provider. Calls block. Errors: `unauthenticated` and `forbidden` when it refuses the token,
/// `unavailable` when it cannot be reached.
class ScmProvider {
 public:
  virtual ~ScmProvider() = default;
  /// Login name of the token's user.
  virtual Result<std::string> user() = 0;
  virtual Result<std::vector<ScmOrganization>> organizations(ScmPage page) = 0;
  virtual Result<std::vector<ScmRepository>> repositories(const std::string& organization,
                                                          ScmPage page) = 0;
};

/// `invalid` for a kind that there is none of, and for an address that is none.
Result<std::unique_ptr<ScmProvider>> open_scm(const ScmAccess& access);

}  // namespace ks::devops::kapis
