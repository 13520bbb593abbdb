#pragma once

#include <vector>

#include "devops/kapis/route_table.h"

namespace ks::devops::kapis {

/// `/apidocs.json` and its declarations, `/openapi.json` (OpenAPI 3), and a page to try the API at
/// `/apidocs/` and `/swagger-ui/` (devops-api, section 10). The tables must outlive the router.
void add_docs(http::Router& router, const std::vector<const RouteTable*>& tables);

}  // namespace ks::devops::kapis
