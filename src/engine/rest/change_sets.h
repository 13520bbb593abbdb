#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "engine/engine.h"

/// What a build's checkouts brought, in the three forms that clients know.

namespace ks::engine {

/// `changeSets` of a build: one for each repository with changes.
json::array core_change_sets(const RunInfo& info, const std::string& base);
/// Their authors, once each.
json::array culprits(const RunInfo& info, const std::string& base);
/// `hudson.plugins.git.util.BuildData` of each repository.
json::array build_data(const RunInfo& info);
/// Blue Ocean's: all commits in one list. `self` is the path of the run.
json::array blue_changes(const RunInfo& info, const std::string& self);
/// `wfapi/changesets`.
json::array wf_changes(const RunInfo& info);
/// Of the first repository; empty when there is none.
std::string commit_of(const RunInfo& info);

}  // namespace ks::engine
