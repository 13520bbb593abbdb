#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string_view>

#include "store/api/openapi_types.h"

namespace ks::store {

/// Calls `visit` with each path below which a kind is served, and its operations: what generators
/// of clients read, and what kubectl reads to know which options a server takes.
void each_path(const Kind& kind, OpenApiForm form, OpenApiTypes& types,
               const std::function<void(std::string_view path, const json::object& item)>& visit);

}  // namespace ks::store
