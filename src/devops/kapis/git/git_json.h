#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "base/json.h"
#include "devops/kapis/git/working_copy.h"

/// Commits, branches and files as the API prints them (devops-api, section 12.8).

namespace ks::devops::kapis {

json::object commit_json(const GitCommit& commit);
/// `commit` is null when it was not fetched yet.
json::object branch_json(const GitRef& ref, const std::optional<GitCommit>& commit);
/// `content`: the bytes where they were read; they are printed when `with_content`.
json::object file_json(const GitFile& file, const std::string& name,
                       const std::optional<std::string>& content, bool with_content);

}  // namespace ks::devops::kapis
