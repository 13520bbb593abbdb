#pragma once

#include <boost/json/fwd.hpp>
#include <pugixml.hpp>

#include "base/json.h"

namespace ks::jenkins {

/// `<parameterDefinitions>` from a spec's parameters. Those of unknown type are left out.
void write_parameters(pugi::xml_node property, const json::value& parameters);
json::array read_parameters(pugi::xml_node property, bool with_secrets);

}  // namespace ks::jenkins
