#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/run.h"
#include "engine/scm/git_spec.h"

namespace ks::engine {

/// The credentials of a checkout's remotes as variables for its script, which takes them out of the
/// environment at once. From here on the secrets are masked. `keys_folder` is where private keys
/// may lie while the script runs. Throws when a credential is unknown or of another type.
///
/// Prints `using credential x` for each, or `No credentials specified`.
std::vector<std::pair<std::string, std::string>> credential_env(
    Run& run, groovy::Task& task, const std::vector<GitRemote>& remotes,
    const std::string& keys_folder);

/// Masks passwords that are part of a URL: `https://user:secret@host/`.
void mask_url_password(Run& run, const std::string& url);

}  // namespace ks::engine
