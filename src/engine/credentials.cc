#include "engine/credentials.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace ks::engine {
namespace {

constexpr std::string_view kTypePrefix = "credential.devops.kubesphere.io/";
/// The user name is masked too.
constexpr std::string_view kUsernameSecret = "credential.devops.kubesphere.io/username-secret";

Result<std::string> secret_value(const json::value& secret, std::string_view name) {
  if (const json::value* plain = find(secret, {"stringData", name});
      plain != nullptr && plain->is_string())
    return std::string(plain->get_string());
  Result<std::string> decoded = base64_decode(text_at(secret, {"data", name}));
  if (!decoded)
    return std::move(decoded).error().in(
        fmt::format("secret \"{}\": data.{}", text_at(secret, {"metadata", "name"}), name));
  return decoded;
}

class ListedCredentials final : public CredentialSource {
 public:
  std::optional<Credential> find(std::string_view id) const override {
    const auto found = credentials.find(id);
    return found == credentials.end() ? std::nullopt : std::optional(found->second);
  }
  std::map<std::string, Credential, std::less<>> credentials;
};

}  // namespace

Result<std::optional<Credential>> credential_from_secret(const json::value& secret) {
  const std::string_view type = text_at(secret, {"type"});
  if (!type.starts_with(kTypePrefix)) return std::optional<Credential>();
  const std::string_view kind = type.substr(kTypePrefix.size());
  Credential credential;
  credential.id = text_at(secret, {"metadata", "name"});
  if (kind == "basic-auth") {
    credential.kind = CredentialKind::username_password;
    credential.username = TRY(secret_value(secret, "username"));
    credential.secret = TRY(secret_value(secret, "password"));
  } else if (kind == "ssh-auth") {
    credential.kind = CredentialKind::ssh_key;
    credential.username = TRY(secret_value(secret, "username"));
    credential.secret = TRY(secret_value(secret, "private_key"));
    credential.passphrase = TRY(secret_value(secret, "passphrase"));
  } else if (kind == "secret-text") {
    credential.kind = CredentialKind::secret_text;
    credential.secret = TRY(secret_value(secret, "secret"));
  } else if (kind == "kubeconfig") {
    credential.kind = CredentialKind::kubeconfig;
    credential.secret = TRY(secret_value(secret, "content"));
  } else if (kind == "secret-file") {
    credential.kind = CredentialKind::secret_file;
    credential.file_name = TRY(secret_value(secret, "filename"));
    credential.secret = TRY(secret_value(secret, "content"));
  } else if (kind == "certificate") {
    credential.kind = CredentialKind::certificate;
    credential.secret = TRY(secret_value(secret, "keystore"));
    credential.passphrase = TRY(secret_value(secret, "password"));
    credential.username = TRY(secret_value(secret, "alias"));
  } else if (kind == "docker-cert") {
    credential.kind = CredentialKind::docker_cert;
    credential.secret = TRY(secret_value(secret, "key.pem"));
    credential.certificate = TRY(secret_value(secret, "cert.pem"));
    credential.ca = TRY(secret_value(secret, "ca.pem"));
  } else {
    return Error{Code::invalid,
                 fmt::format("secret \"{}\": type: '{}' is none of basic-auth, ssh-auth, "
                             "secret-text, kubeconfig, secret-file, certificate, docker-cert",
                             credential.id, type)};
  }
  credential.username_secret =
      text_at(secret, {"metadata", "annotations", kUsernameSecret}) == "true";
  return std::optional(std::move(credential));
}

Result<std::shared_ptr<CredentialSource>> credentials_from_yaml(std::string_view yaml) {
  auto source = std::make_shared<ListedCredentials>();
  for (const json::value& document : TRY(parse_yaml_documents(yaml))) {
    std::optional<Credential> credential = TRY(credential_from_secret(document));
    if (!credential) {
      return Error{Code::invalid,
                   fmt::format("\"{}\" is no Secret of a type {}*",
                               text_at(document, {"metadata", "name"}), kTypePrefix)};
    }
    source->credentials[credential->id] = *credential;
  }
  return std::shared_ptr<CredentialSource>(std::move(source));
}

}  // namespace ks::engine
