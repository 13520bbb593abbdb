#pragma once

#include "http/message.h"
#include "store/schema/catalog.h"

namespace ks::store {

/// Answers `/api`, `/apis`, `/api/v1`, `/apis/{group}`, `/apis/{group}/{version}`, and the
/// aggregated form (`as=APIGroupDiscoveryList`) where the client accepts it. 404 for what is not
/// served. Runs on the reactor; answers are cached until the catalog changes.
http::Response discovery(const Catalog& catalog, const http::Request& request);

/// Answers `/openapi/v2` (JSON, or gnostic protobuf when asked), `/openapi/v3` (the index) and
/// `/openapi/v3/api/v1`, `/openapi/v3/apis/{group}/{version}`, with ETag and `?hash=`.
http::Response openapi(const Catalog& catalog, const http::Request& request);

}  // namespace ks::store
