#pragma once

#include <boost/json/fwd.hpp>

#include "store/object.h"
#include "store/schema/catalog.h"

/// Objects are stored in one version of their kind and asked for in any. Custom kinds differ in
/// apiVersion alone; events.k8s.io names the fields of an Event anew, and a HorizontalPodAutoscaler
/// has one measure in v1 and many in v2.

namespace ks::store {

namespace json = boost::json;

/// Whether the stored bytes are what a client of this version of the kind is to get.
bool speaks(const Object& object, const Kind& kind);

/// Puts the object into another version of its kind.
void convert(json::value& object, const Kind& to);

/// The stored object as a value in the version of `kind`.
json::value value_of(const Object& object, const Kind& kind);

}  // namespace ks::store
