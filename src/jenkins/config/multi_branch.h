#pragma once

#include <boost/json/fwd.hpp>
#include <pugixml.hpp>

#include "base/json.h"
#include "base/result.h"

namespace ks::jenkins {

/// A whole `<...WorkflowMultiBranchProject>` for a spec.multi_branch_pipeline (devops-controllers,
/// section 6.5). `invalid` for a source of unknown type.
Result<> write_multi_branch(pugi::xml_document& document, const json::value& pipeline);
/// spec.multi_branch_pipeline without its name. `invalid` for a source of unknown class.
Result<json::value> read_multi_branch(pugi::xml_node root);

}  // namespace ks::jenkins
