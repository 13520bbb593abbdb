#pragma once

#include <boost/json/fwd.hpp>

#include "store/api/call.h"
#include "store/watch_hub.h"

namespace ks::store {

namespace json = boost::json;

/// The objects that a list, a watch or a deletion of a collection is about: namespace and name of
/// the path, labelSelector and fieldSelector of the query. 400 for a selector that does not parse
/// or a field that the kind cannot be selected by.
struct Selection {
  Filter filter;
  bool selective = false;  ///< more than a namespace: what is left over cannot be counted
};
Outcome<Selection> selection(const Call& call);

/// What field selectors may ask of this object, metadata.* apart: kept beside it in the store.
Pairs selectable(const Kind& kind, const json::value& object);

}  // namespace ks::store
