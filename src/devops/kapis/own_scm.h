#pragma once

#include "devops/kapis/api.h"

namespace ks::devops::kapis {

/// What Blue Ocean's `/scm/{scm}` answers, for an engine that has none: tokens of users and servers
/// of a provider are kept as Secrets and a ConfigMap in the system's namespace, and the provider is
/// asked by us (devops-api, section 6.11). `{scm}` is of the path.
http::Response own_scm_verify(Api& api, const http::Request& request);
http::Response own_scm_servers(Api& api, const http::Request& request);
http::Response own_scm_add_server(Api& api, const http::Request& request);
http::Response own_scm_organizations(Api& api, const http::Request& request);
http::Response own_scm_repositories(Api& api, const http::Request& request);

}  // namespace ks::devops::kapis
