#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "base/json.h"

namespace ks::engine {

/// Jenkins' `tree` query: which fields of an answer somebody wants.
///
///   keep_tree(answer, "jobs[name,builds[number]{0,5}],views[name]")
///
/// `_class` always stays; `*` keeps all. `invalid` when the query does not parse.
Result<json::value> keep_tree(const json::value& value, std::string_view tree);

}  // namespace ks::engine
