#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"

namespace ks::kube {

/// How to reach a cluster, from a kubeconfig file.
struct ClusterAccess {
  http::ClientOptions transport;
  std::string context;
  std::string space;  ///< The context's namespace; `default` when it names none.
};

/// Reads the text of a kubeconfig: the context of that name, or its current one. Certificates,
/// keys and tokens may be inline or files; relative paths start at `folder`. What we do not do -
/// exec and auth-provider plugins - is an error that says so.
Result<ClusterAccess> parse_kubeconfig(std::string_view text, std::string_view folder,
                                       std::string_view context = {});
/// Reads the file.
Result<ClusterAccess> load_kubeconfig(const std::string& path, std::string_view context = {});

}  // namespace ks::kube
