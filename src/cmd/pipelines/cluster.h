#pragma once

#include "engine/cluster.h"

namespace ks::cmd {

/// The engine's way to a cluster: a kubeconfig, by the Kubernetes part.
Result<engine::Cluster> connect_cluster(const std::string& kubeconfig, const std::string& context);

}  // namespace ks::cmd
