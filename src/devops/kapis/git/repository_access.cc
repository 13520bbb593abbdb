#include "devops/kapis/git/repository_access.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"

namespace ks::devops::kapis {
namespace {

constexpr std::string_view kInsecure = "devops.kubesphere.io/insecure-skip-tls";
constexpr std::string_view kCertificates = "devops.kubesphere.io/tls-certs";
constexpr std::string_view kCertificatesSpace = "devops.kubesphere.io/tls-certs-namespace";
constexpr std::string_view kAuthorName = "devops.kubesphere.io/git-author-name";
constexpr std::string_view kAuthorEmail = "devops.kubesphere.io/git-author-email";

std::string data_of(const json::value& secret, std::string_view key) {
  return base64_decode(text_at(secret, {"data", key})).value_or(std::string());
}

Result<> add_secret(const json::value& secret, RepositoryAccess& out) {
  const std::string_view type = text_at(secret, {"type"});
  GitAccess& git = out.git;
  if (type == "kubernetes.io/basic-auth" || type == "credential.devops.kubesphere.io/basic-auth") {
    git.username = data_of(secret, "username");
    git.password = data_of(secret, "password");
  } else if (type == "credential.devops.kubesphere.io/secret-text") {
    git.password = data_of(secret, "secret");
  } else if (type == "credential.devops.kubesphere.io/ssh-auth") {
    git.private_key = data_of(secret, "private_key");
    git.passphrase = data_of(secret, "passphrase");
  } else if (type == "kubernetes.io/ssh-auth") {
    git.private_key = data_of(secret, "ssh-privatekey");
  } else if (type == "Opaque") {
    git.password = data_of(secret, "token");
  } else {
    return Error{Code::invalid,
                 fmt::format("the secret \"{}\" is of type \"{}\", which git cannot use; give a "
                             "user name with password, a token or an SSH key",
                             text_at(secret, {"metadata", "name"}), type)};
  }
  const bool over_ssh = git.address.scheme == GitAddress::Scheme::ssh;
  if (over_ssh != !git.private_key.empty()) {
    return Error{Code::invalid,
                 fmt::format("the secret \"{}\" does not fit the address \"{}\": ssh takes an SSH "
                             "key, http and https a password or token",
                             text_at(secret, {"metadata", "name"}), git.address.url)};
  }
  const std::string_view name = kube::annotation(secret, kAuthorName);
  out.author_name = name.empty() ? git.username : std::string(name);
  out.author_email = kube::annotation(secret, kAuthorEmail);
  return {};
}

Result<> add_certificates(Api& api, const json::value& repository, const std::string& space,
                          GitAccess& git) {
  git.insecure = kube::annotation(repository, kInsecure) == "true";
  const std::string_view name = kube::annotation(repository, kCertificates);
  if (name.empty()) return {};
  const std::string_view other = kube::annotation(repository, kCertificatesSpace);
  const json::value map = TRY(api.objects.get(
      kube::config_maps(), {other.empty() ? space : std::string(other), std::string(name)}));
  git.ca_pem = text_at(map, {"data", "ca.crt"});
  if (git.ca_pem.empty()) {
    return Error{Code::not_found, fmt::format("ConfigMap \"{}\" has no key ca.crt", name)};
  }
  return {};
}

/// Names go into headers of commits: what would end such a line is left out.
std::string plain_name(std::string text) {
  std::erase_if(text, [](unsigned char c) { return c < ' ' || c == '<' || c == '>'; });
  return std::string(trim(text));
}

}  // namespace

Result<RepositoryAccess> access_of(Api& api, const json::value& repository) {
  const std::string space(text_at(repository, {"metadata", "namespace"}));
  const std::string name(text_at(repository, {"metadata", "name"}));
  const std::string url(text_at(repository, {"spec", "url"}));
  if (url.empty()) {
    return Error{Code::invalid, fmt::format("GitRepository \"{}\": spec.url is empty", name)};
  }
  RepositoryAccess out;
  GitAccess& git = out.git;
  git.address = TRY(parse_git_address(url, api.options.local_repositories));
  git.allow_private = api.options.allow_private_addresses;
  git.username = git.address.username;
  git.password = git.address.password;
  if (git.address.scheme == GitAddress::Scheme::ssh) git.username.clear(), git.password.clear();
  const std::string secret_name(text_at(repository, {"spec", "secret", "name"}));
  const std::string_view secret_space = text_at(repository, {"spec", "secret", "namespace"});
  if (!secret_name.empty()) {
    if (!secret_space.empty() && secret_space != space) {
      return Error{
          Code::forbidden,
          fmt::format("GitRepository \"{}\": spec.secret is in another namespace; make one "
                      "in \"{}\"",
                      name, space)};
    }
    const Result<json::value> secret = api.objects.get(kube::secrets(), {space, secret_name});
    if (!secret) {
      return Error{secret.error().code,
                   fmt::format("cannot get secret, error is: {}", secret.error().message)};
    }
    TRY(add_secret(*secret, out));
  }
  TRY(add_certificates(api, repository, space, git));
  out.author_name = plain_name(std::move(out.author_name));
  out.author_email = plain_name(std::move(out.author_email));
  out.identity = fmt::format("{}\n{}\n{}\n{}", space, name, url, secret_name);
  return out;
}

}  // namespace ks::devops::kapis
