#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace ks::http {
class Client;
}

namespace ks::engine {

/// A Kubernetes API server that steps talk to.
struct Cluster {
  std::shared_ptr<http::Client> client;
  std::string space;  ///< the namespace of objects that name none
};

/// Reads the text of a kubeconfig and makes the client. The engine stands beside the Kubernetes
/// part, not on it: who builds both hands this in.
using ConnectCluster =
    std::function<Result<Cluster>(const std::string& kubeconfig, const std::string& context)>;

}  // namespace ks::engine
