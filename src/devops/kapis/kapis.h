#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "http/client.h"
#include "http/router.h"
#include "kube/informer.h"

namespace ks::s3 {
class Client;
}

namespace ks::devops {

namespace kapis {
enum class Generation : uint8_t;
}

struct KapisOptions {
  /// What paths that 3.3 and 4.x share answer with: `--api-compat`.
  kapis::Generation compat{};
  /// HS256 key of the tokens that `/oauth/authenticate` reviews; empty: none is valid.
  std::string jwt_secret;
  std::string system_namespace = "kubesphere-devops-system";
  std::string argocd_namespace = "argocd";
  /// SCM servers may be at private addresses: `--allow-private-addresses`.
  bool allow_private_addresses = false;
  /// GitRepositories may name folders of this machine: `--allow-local-repositories`.
  bool local_repositories = false;
  /// Where the working copies of GitRepositories are kept; empty: their routes answer 503.
  std::string git_folder;
  /// PipelineRuns that somebody else follows already; null: each list asks the API server. It must
  /// have the indexes of run_indexes().
  const kube::Informer* runs = nullptr;
  /// The same of Pipelines.
  const kube::Informer* pipelines = nullptr;
  /// What senders of webhooks sign with, when a pipeline names no Secret of its own; empty: none.
  std::string webhook_secret;
  /// SonarQube, for `sonarstatus`; empty: those routes answer 404.
  std::string sonar_url, sonar_token;
  /// What tokens of questions that are sent out for approval are made with; empty: none is right.
  std::string approval_key;
  /// The bucket of S2iBinaries; null: their routes answer 404.
  s3::Client* s3 = nullptr;
  const Clock* clock = nullptr;  ///< Null: the machine's.
};

/// The DevOps API: `/kapis/devops.kubesphere.io/v1alpha2` and `v1alpha3`,
/// `/kapis/gitops.kubesphere.io/v1alpha1`, their short roots, `/oauth/authenticate`
/// (devops-api; 3.3 and 4.x at once).
///
///   Kapis kapis(kube_transport, jenkins_transport, {});
///   kapis.add_routes(router);
///
/// Objects live with the API server, builds with the engine: nothing is kept here. Thread-safe.
class Kapis {
 public:
  /// Both transports must outlive this.
  Kapis(http::Client& kube, http::Client& jenkins, KapisOptions options);
  ~Kapis();
  Kapis(const Kapis&) = delete;
  Kapis& operator=(const Kapis&) = delete;

  void add_routes(http::Router& router);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::devops
