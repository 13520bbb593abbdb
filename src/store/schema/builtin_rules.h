#pragma once

#include "store/schema/schema.h"

/// What is written by hand about the built-in types.

namespace ks::store {

/// Defaults, allowed values, bounds and what may not change: rules.inc.
void add_rules(SchemaPool& types);
/// What `kubectl explain` says: descriptions.inc.
void add_descriptions(SchemaPool& types);

}  // namespace ks::store
