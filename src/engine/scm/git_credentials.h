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

/// The variables of one remote's credential, for the remote of that number; `not_found` when there
/// is no such credential, `invalid` when it is of a type that the address does not take.
Result<std::vector<std::pair<std::string, std::string>>> remote_secrets(
    const GitRemote& remote, size_t number, const CredentialSource* credentials);

/// The password that is part of an address; empty when there is none.
std::string password_in(const std::string& url);
/// Masks passwords that are part of a URL: `https://user:secret@host/`.
void mask_url_password(Run& run, const std::string& url);

}  // namespace ks::engine
