#include "cmd/pipelines/cluster.h"

#include "http/client.h"
#include "kube/kubeconfig.h"

namespace ks::cmd {

Result<engine::Cluster> connect_cluster(const std::string& kubeconfig, const std::string& context) {
  kube::ClusterAccess access = TRY(kube::parse_kubeconfig(kubeconfig, "/", context));
  return engine::Cluster{.client = TRY(http::socket_client(std::move(access.transport))),
                         .space = std::move(access.space)};
}

}  // namespace ks::cmd
