#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "engine/step.h"

namespace ks::engine {

/// Does something outside of the script and journals its result, so that a replay does not do it
/// again. An error ends the step with `ERROR: message`.
json::value outside(StepCall& call, std::string what,
                    const std::function<Result<json::value>()>& act);

/// A file's text, journaled.
std::string read_text(StepCall& call, const std::string& path);

/// A path of the script, in the step's folder.
std::string resolve(const StepCall& call, std::string_view path);

/// PATH and HOME of this machine, for commands.
std::string base_path();
std::string home_folder();

/// Files below `folder` that a comma list of Ant globs takes and another does not: `**/*.xml,
/// out/`. Relative paths, in order; links are listed, not followed. `default_excludes` leaves out
/// what version control keeps for itself.
Result<std::vector<std::string>> find_files(const std::string& folder, std::string_view includes,
                                            std::string_view excludes, bool default_excludes,
                                            bool case_sensitive = true);

/// Nothing when a relative path stays below `folder` also through links on the way; the last part
/// itself may be a link.
Result<> check_inside(const std::string& folder, std::string_view relative);

/// Whether one Ant glob takes a relative path.
bool matches_ant(std::string_view path, std::string_view pattern);

/// Whether a comma list of Ant globs takes a relative path.
bool matches_globs(std::string_view path, std::string_view globs);

/// Copies a file, or a link as a link, with its mode; folders on the way are made. The target must
/// not lead out of `to_folder`.
Result<uint64_t> copy_file(const std::string& from_folder, const std::string& relative,
                           const std::string& to_folder);

/// The same under another name.
Result<uint64_t> copy_as(const std::string& from, const std::string& to);

}  // namespace ks::engine
