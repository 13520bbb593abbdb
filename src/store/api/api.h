#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/router.h"
#include "store/api/reviews.h"
#include "store/schema/catalog.h"
#include "store/store.h"

namespace ks::store {

struct KubeApiOptions {
  const Clock* clock = nullptr;  ///< Null: the machine's.
  size_t max_object_bytes = 1'536u << 10;
  size_t max_json_depth = 512;
  size_t max_watchers = 10'000;
  Metrics* metrics = nullptr;
  Identity identity;  ///< whom the review kinds ask
};

/// Serves a store as a Kubernetes API server does: discovery, OpenAPI, every verb of every kind.
///
///   Registry registry;
///   KubeApi api(store, registry, {});
///   TRY(api.start());
///   api.add_routes(router);
///
/// Who may call is the business of the router's filters, which set Request::user. All of it must
/// outlive the router's use.
class KubeApi {
 public:
  KubeApi(Store& store, Registry& registry, KubeApiOptions options);
  ~KubeApi();
  KubeApi(const KubeApi&) = delete;
  KubeApi& operator=(const KubeApi&) = delete;

  /// Takes up the definitions that the store has, and makes what every cluster has: the namespaces
  /// `default`, `kube-system`, `kube-public` and `kube-node-lease`, and the `kubernetes` Service.
  Result<> start();
  /// Creates the object, or brings an existing one to this state: for what the server installs at
  /// its start (CRDs, the demo). Waits until a definition is served.
  Result<> install(const json::value& object);
  /// Many that do not need each other: they wait for the disk together.
  Result<> install_all(const std::vector<json::value>& objects);

  /// Below `/api`, `/apis` and `/openapi`.
  void add_routes(http::Router& router);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::store
