#pragma once

#include <boost/json/fwd.hpp>

#include "store/api/call.h"
#include "store/api/strategy/strategy.h"

/// What every kind has in common: the rules of ObjectMeta.

namespace ks::store {

/// Sets the namespace of the path, and holds it and the name against those that the body has. 400.
Outcome<> place_object(const Call& call, json::value& object, bool name_in_path);

/// Names, labels, annotations, owners, finalizers. The name is only checked when `create`.
void check_metadata(const Kind& kind, const Strategy& strategy, const json::value& object,
                    bool create, FieldErrors& errors);
/// What a change of metadata may not do.
void check_metadata_change(const json::value& next, const json::value& before, FieldErrors& errors);

}  // namespace ks::store
