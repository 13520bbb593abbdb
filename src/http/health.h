#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "http/router.h"

namespace ks::http {

/// Something that must be well. `run` is called on a worker, for each who asks, and must come back
/// within a second.
struct HealthCheck {
  std::string name;  ///< `store`; also the path below: `/readyz/store`.
  std::function<Result<>()> run;
};

struct HealthOptions {
  std::vector<HealthCheck> live;  ///< Failing means: restart the process.
  std::vector<HealthCheck>
      ready;                   ///< Failing means: send no requests now. The live ones count too.
  Metrics* metrics = nullptr;  ///< Null: no `/metrics`.
};

/// Adds `/livez`, `/readyz`, `/healthz` (live and ready, the old name), `/version` and `/metrics`.
///
/// The first three answer as a Kubernetes API server does: `ok`, or 500 and the list of checks;
/// `?verbose` lists always, `?exclude=NAME` leaves one out. Why a check fails is logged, not told:
/// these paths need no user.
void add_health(Router& router, HealthOptions options);

/// Counts every request by method and status and measures the time until its answer.
Router::Filter measure_requests(Metrics& metrics);

}  // namespace ks::http
