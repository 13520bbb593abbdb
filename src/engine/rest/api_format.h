#pragma once

#include <boost/json/fwd.hpp>
#include <string>

/// The other two forms of Jenkins' `api/json`.

namespace ks::engine {

/// `api/xml`: the root is named after the `_class`, the members of a list after the list.
std::string to_api_xml(const boost::json::value& value);
/// `api/python`: a literal for `ast.literal_eval`.
std::string to_api_python(const boost::json::value& value);

}  // namespace ks::engine
