#pragma once

#include <boost/json/array.hpp>
#include <string_view>

/// What is new since the last build.

namespace ks::engine {

/// Reads the log that the scripts of git print. Each change: {commitId, timestamp, msg, comment,
/// author: {fullName, displayName, id}, authorEmail, affectedPaths, affectedFiles: [{path,
/// editType: {name}}]}, newest first, as `currentBuild.changeSets` shows them.
boost::json::array parse_changes(std::string_view log);

}  // namespace ks::engine
