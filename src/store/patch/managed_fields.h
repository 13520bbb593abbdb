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
/// differs from `before` (null: everything) its own. As in Kubernetes: managedFields come from
/// `before` unless the writer gave others; `[{}]` forgets all managers, an empty list or one that
/// cannot be read changes nothing, and neither does a writer of a subresource. The time moves only
/// when something was taken. What the writer may not change (`status` outside of the subresource,
/// all else inside) must be as in `before` already.
void track_update(json::value& next, const json::value& before, const FieldManager& manager,
                  const Schema& schema);

/// The outcome of an apply: the merged object with its managedFields, or the conflicts with other
/// managers, as the Status that tells of them (409, causes `FieldManagerConflict`).
using Applied = std::variant<json::value, kube::Status>;

/// Server-side apply. `live` is null when there is no object yet. Fields that the manager applied
/// before and leaves out now go, unless another manager has them. An apply that changes nothing
/// gives `live` as it is. The caller leaves out of the configuration what the writer may not
/// change, and holds its metadata.uid and resourceVersion, which are preconditions, against the
/// live ones. A configuration that is not of the type is a Status of 400.
Applied apply(const json::value& live, const json::value& configuration,
              const FieldManager& manager, bool force, const Schema& schema);

}  // namespace ks::store
