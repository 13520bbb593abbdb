#include "base/text.h"
#include "engine/rest/routes.h"

// What other servers tell the engine.

namespace ks::engine {
namespace {

constexpr size_t kMaxBodyBytes = 1u << 20;

/// Anybody may call it: without the right signature it only makes a run that waits ask its
/// SonarQube.
http::Response heard_of_sonar(Engine& engine, const http::Request& request) {
  if (request.body.size() > kMaxBodyBytes)
    return core_error({Code::too_large, "a webhook of SonarQube is no longer than 1 MiB"});
  const Result<> heard = engine.sonar_webhook(
      request.body.view(), trim(request.headers.get("X-Sonar-Webhook-HMAC-SHA256")));
  return heard ? http::Response::json(200, "{}") : core_error(heard.error());
}

}  // namespace

void add_webhook_routes(const Routes& routes) {
  add_both(routes.router, http::Method::post, "/sonarqube-webhook",
           [&engine = routes.engine](http::Request& request) {
             return heard_of_sonar(engine, request);
           });
}

}  // namespace ks::engine
