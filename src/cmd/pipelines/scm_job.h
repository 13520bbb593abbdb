#pragma once

#include <pugixml.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

/// What an import reads of a job's config.xml beyond what a Pipeline's spec says.

namespace ks::cmd {

/// "Pipeline script from SCM".
bool is_scm_job(pugi::xml_node root);

struct ScmJob {
  json::object spec;   ///< a multi-branch pipeline that has that one branch
  std::string branch;  ///< empty: all of them
};
/// A Pipeline has no script from SCM. A multi-branch one of a single branch does what such a job
/// does. `invalid` says why where that cannot be.
Result<ScmJob> read_scm_job(pugi::xml_node root);

/// The ids of the credentials that a config.xml names, in its settings and in its script, as far as
/// they stand there as literals; sorted.
std::vector<std::string> credentials_named_in(pugi::xml_node root);

}  // namespace ks::cmd
