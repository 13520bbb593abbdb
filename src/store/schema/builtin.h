#pragma once

#include <memory>
#include <vector>

#include "store/schema/catalog.h"
#include "store/schema/schema.h"

/// The built-in kinds and their types, read from the tables that the binary carries (builtin.inc,
/// which scripts/schema/derive.py writes; rules.inc; descriptions.inc). They are read once, when
/// first asked for.

namespace ks::store {

/// All types of Kubernetes' own that are served, by their full names. Besides those of the kinds
/// there are `Scale`, `DeleteOptions`, `Status` and what else clients exchange.
const std::shared_ptr<const SchemaPool>& built_in_types();

/// In the order in which discovery lists their groups.
const std::vector<KindRef>& built_in_kinds();

/// `io.k8s.api.core.v1.Pod` for the short form that the tables use, `core.v1.Pod`.
std::string full_type_name(std::string_view brief);

}  // namespace ks::store
