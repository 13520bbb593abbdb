#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/status.h"
#include "store/schema/schema.h"

/// Who set which field: server-side apply and the bookkeeping of every other write
/// (metadata.managedFields, `FieldsV1`).

namespace ks::store {

namespace json = boost::json;

/// One writer of one request.
struct FieldManager {
  std::string name;         ///< `kubectl`, `kubectl-client-side-apply`, ...; at most 128 characters
  std::string api_version;  ///< that the request spoke
  std::string subresource;  ///< `status`; empty: none
  WallTime now{};
};

/// Notes in `next` that the manager's write (create, update or a patch that is no apply) made what
/// differs from `before` (null: everything) its own. Takes managedFields from `before` unless the
/// writer changed them: an empty list resets them. The time moves only when something changed.
void track_update(json::value& next, const json::value& before, const FieldManager& manager,
                  const Schema& schema);

/// The outcome of an apply: the merged object with its managedFields, or the conflicts with other
/// managers, as the Status that tells of them (409, causes `FieldManagerConflict`).
using Applied = std::variant<json::value, kube::Status>;

/// Server-side apply. `live` is null when there is no object yet. Fields that the manager applied
/// before and leaves out now go, unless another manager has them.
Applied apply(const json::value& live, const json::value& configuration,
              const FieldManager& manager, bool force, const Schema& schema);

}  // namespace ks::store
