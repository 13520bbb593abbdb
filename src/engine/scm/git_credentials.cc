#include "engine/scm/git_credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "engine/credentials.h"

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

/// What the run was given.
class OneCredential final : public CredentialSource {
 public:
  explicit OneCredential(std::optional<Credential> one) : one_(std::move(one)) {}
  std::optional<Credential> find(std::string_view) const override { return one_; }

 private:
  const std::optional<Credential> one_;
};

}  // namespace

std::string password_in(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == url.npos) return {};
  const std::string host = url.substr(scheme + 3, url.find('/', scheme + 3) - scheme - 3);
  const size_t at = host.rfind('@'), colon = host.find(':');
  if (at == host.npos || colon == host.npos || colon > at) return {};
  return host.substr(colon + 1, at - colon - 1);
}

void mask_url_password(Run& run, const std::string& url) {
  const std::string secret = password_in(url);
  if (secret.empty()) return;
  run.mask(secret);
  run.mask(percent_decode(secret));
}

Result<std::vector<std::pair<std::string, std::string>>> remote_secrets(
    const GitRemote& remote, size_t number, const CredentialSource* credentials) {
  std::vector<std::pair<std::string, std::string>> env;
  if (remote.credentials_id.empty()) return env;
  const auto found =
      credentials == nullptr ? std::nullopt : credentials->find(remote.credentials_id);
  if (!found) {
    return Error{Code::not_found, fmt::format("Could not find credentials entry with ID '{}'",
                                              remote.credentials_id)};
  }
  auto add = [&](std::string_view name, const std::string& value) {
    env.emplace_back(fmt::format("KS_GIT_{}_{}", name, number), value);
  };
  switch (found->kind) {
    case CredentialKind::username_password:
    case CredentialKind::secret_text:
      if (!is_http(remote.url)) {
        return Error{Code::invalid,
                     fmt::format("Credentials '{}' are a password or token, which only http and "
                                 "https take; give an SSH key for {}",
                                 remote.credentials_id, remote.url)};
      }
      // A token alone: the forges take any name with it.
      add("USERNAME",
          found->kind == CredentialKind::secret_text ? "x-access-token" : found->username);
      add("PASSWORD", found->secret);
      return env;
    case CredentialKind::ssh_key:
      if (is_http(remote.url)) {
        return Error{Code::invalid,
                     fmt::format("Credentials '{}' are an SSH key; give a user name with password "
                                 "or a token for {}",
                                 remote.credentials_id, remote.url)};
      }
      if (!names_user(remote.url) && is_plain_user(found->username))
        add("USERNAME", found->username);
      add("KEY", found->secret);
      add("PASSWORD", found->passphrase);
      return env;
    default:
      return Error{Code::invalid,
                   fmt::format("Credentials '{}' are of no type that git can use; give a user name "
                               "with password, a token or an SSH key",
                               remote.credentials_id)};
  }
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
    const OneCredential source(try_credential(run, task, remote.credentials_id));
    Result<std::vector<std::pair<std::string, std::string>>> secrets =
        remote_secrets(remote, i, &source);
    if (!secrets) {
      if (secrets.error().code != Code::not_found)
        run.print_line("using credential " + remote.credentials_id);
      run.fail(task, secrets.error().message);
    }
    any = true;
    run.print_line("using credential " + remote.credentials_id);
    for (auto& [name, value] : *secrets) {
      if (!name.starts_with("KS_GIT_USERNAME")) {
        run.mask(value);
        run.mask(percent_encode(value));
      }
      env.emplace_back(name, std::move(value));
    }
  }
  if (!any) run.print_line("No credentials specified");
  env.emplace_back("KS_GIT_KEYS", keys_folder);
  return env;
}

}  // namespace ks::engine
