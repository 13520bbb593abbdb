#pragma once

#include <boost/json/fwd.hpp>
#include <pugixml.hpp>

#include "base/json.h"

namespace ks::jenkins {

/// A new `<flow-definition>` for a spec.pipeline.
void write_plain(pugi::xml_document& document, const json::value& pipeline);
/// Changes an existing one (section 6.4).
void patch_plain(pugi::xml_node root, const json::value& pipeline);
/// spec.pipeline without its name.
json::value read_plain(pugi::xml_node root, bool with_secrets);

}  // namespace ks::jenkins
