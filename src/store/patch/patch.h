#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/result.h"
#include "store/schema/schema.h"

/// The patches that change an object given by the caller. None of them looks at metadata in a
/// special way: that is the API's business.

namespace ks::store {

namespace json = boost::json;

/// RFC 6902. `invalid` with what failed, where. Bounded: at most 10,000 operations.
Result<json::value> json_patch(const json::value& object, const json::value& patch);

/// RFC 7396.
json::value merge_patch(json::value object, const json::value& patch);

/// Kubernetes' strategic merge: lists by merge key, `$patch`, `$deleteFromPrimitiveList/`,
/// `$setElementOrder/`, `$retainKeys`.
Result<json::value> strategic_merge_patch(const json::value& object, const json::value& patch,
                                          const Schema& schema);

}  // namespace ks::store
