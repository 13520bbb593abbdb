#pragma once

#include <boost/json/fwd.hpp>
#include <vector>

#include "kube/status.h"
#include "store/schema/schema.h"

namespace ks::store {

/// What Kubernetes asks of its own kinds that no single field says: selectors that match their
/// template, names that are declared, specs that may not change. `old` null: the object is new.
void check_built_in(const json::value& value, const json::value* old, const Schema& schema,
                    std::vector<kube::FieldError>& errors);

}  // namespace ks::store
