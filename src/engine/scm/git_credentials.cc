#include "engine/scm/git_credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace ks::engine {
namespace {

/// A user name that a shell and ssh take as one word.
bool is_plain_user(std::string_view name) {
  return !name.empty() && !name.starts_with('-') && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '@';
  });
}

/// Whether the address names a user of its own: `git@host:x`, `ssh://git@host/x`.
bool names_user(std::string_view url) {
  if (const size_t scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/')).contains('@');
}

bool is_http(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

}  // namespace

void mask_url_password(Run& run, const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return;
  const std::string host = url.substr(scheme + 3, url.find('/', scheme + 3) - scheme - 3);
  const size_t at = host.rfind('@'), colon = host.find(':');
  if (at == host.npos || colon == host.npos || colon > at) return;
  const std::string secret = host.substr(colon + 1, at - colon - 1);
  run.mask(secret);
  run.mask(percent_decode(secret));
}

std::vector<std::pair<std::string, std::string>> credential_env(
    Run& run, groovy::Task& task, const std::vector<GitRemote>& remotes,
    const std::string& keys_folder) {
  std::vector<std::pair<std::string, std::string>> env;
  bool any = false;
  for (size_t i = 0; i < remotes.size(); i++) {
    const GitRemote& remote = remotes[i];
    mask_url_password(run, remote.url);
    if (remote.credentials_id.empty()) continue;
    const auto found = run.services().credentials == nullptr
                           ? std::nullopt
                           : run.services().credentials->find(remote.credentials_id);
    if (!found) {
      run.fail(task,
               fmt::format("Could not find credentials entry with ID '{}'", remote.credentials_id));
    }
    any = true;
    run.print_line("using credential " + remote.credentials_id);
    run.mask(found->secret);
    run.mask(found->passphrase);
    run.mask(percent_encode(found->secret));
    auto add = [&](std::string_view name, const std::string& value) {
      env.emplace_back(fmt::format("KS_GIT_{}_{}", name, i), value);
    };
    switch (found->kind) {
      case CredentialKind::username_password:
      case CredentialKind::secret_text:
        if (!is_http(remote.url)) {
          run.fail(task,
                   fmt::format("Credentials '{}' are a password or token, which only http and "
                               "https take; give an SSH key for {}",
                               remote.credentials_id, remote.url));
        }
        // A token alone: the forges take any name with it.
        add("USERNAME",
            found->kind == CredentialKind::secret_text ? "x-access-token" : found->username);
        add("PASSWORD", found->secret);
        break;
      case CredentialKind::ssh_key:
        if (is_http(remote.url)) {
          run.fail(task, fmt::format("Credentials '{}' are an SSH key; give a user name with "
                                     "password or a token for {}",
                                     remote.credentials_id, remote.url));
        }
        if (!names_user(remote.url) && is_plain_user(found->username))
          add("USERNAME", found->username);
        add("KEY", found->secret);
        add("PASSWORD", found->passphrase);
        break;
      default:
        run.fail(task, fmt::format("Credentials '{}' are of no type that git can use; give a user "
                                   "name with password, a token or an SSH key",
                                   remote.credentials_id));
    }
  }
  if (!any) run.print_line("No credentials specified");
  env.emplace_back("KS_GIT_KEYS", keys_folder);
  return env;
}

}  // namespace ks::engine
