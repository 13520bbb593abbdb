#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "jenkins/types.h"

namespace ks::jenkins {
namespace {

struct TypeInfo {
  CredentialType type;
  std::string_view java_class;
  std::string_view name;
};
constexpr std::array<TypeInfo, 4> kTypes{{
    {CredentialType::username_password,
     "com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl",
     "Username with password"},
    {CredentialType::ssh_key,
     "com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey",
     "SSH Username with private key"},
    {CredentialType::secret_text,
     "org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl", "Secret text"},
    {CredentialType::kubeconfig,
     "com.microsoft.jenkins.kubernetes.credentials.KubeconfigCredentials",
     "Kubernetes configuration (kubeconfig)"},
}};

const TypeInfo& info_of(CredentialType type) {
  return *std::ranges::find(kTypes, type, &TypeInfo::type);
}

}  // namespace

std::string_view type_name(CredentialType type) { return info_of(type).name; }

json::object to_form(const Credential& credential) {
  const std::string_view java_class = info_of(credential.type).java_class;
  json::object out{{"scope", "GLOBAL"}, {"id", credential.id}};
  switch (credential.type) {
    case CredentialType::username_password:
      out["username"] = credential.username;
      out["password"] = credential.secret;
      break;
    case CredentialType::ssh_key:
      out["username"] = credential.username;
      out["passphrase"] = credential.passphrase;
      out["privateKeySource"] =
          json::object{{"stapler-class", fmt::format("{}$DirectEntryPrivateKeySource", java_class)},
                       {"privateKey", credential.secret}};
      break;
    case CredentialType::secret_text: out["secret"] = credential.secret; break;
    case CredentialType::kubeconfig:
      out["kubeconfigSource"] =
          json::object{{"stapler-class", fmt::format("{}$DirectEntryKubeconfigSource", java_class)},
                       {"content", credential.secret}};
      break;
  }
  out["description"] = credential.description;
  out["stapler-class"] = java_class;
  return out;
}

Result<Credential> credential_from_form(const json::value& form) {
  std::string_view java_class = text_at(form, {"stapler-class"});
  if (java_class.empty()) java_class = text_at(form, {"$class"});
  const auto* info = std::ranges::find(kTypes, java_class, &TypeInfo::java_class);
  if (info == kTypes.end()) {
    return Error{Code::invalid, fmt::format("credential: unknown class \"{}\"", java_class)};
  }
  Credential out;
  out.type = info->type;
  out.id = text_at(form, {"id"});
  out.description = text_at(form, {"description"});
  out.username = text_at(form, {"username"});
  out.passphrase = text_at(form, {"passphrase"});
  switch (out.type) {
    case CredentialType::username_password: out.secret = text_at(form, {"password"}); break;
    case CredentialType::ssh_key:
      out.secret = text_at(form, {"privateKeySource", "privateKey"});
      break;
    case CredentialType::secret_text: out.secret = text_at(form, {"secret"}); break;
    case CredentialType::kubeconfig:
      out.secret = text_at(form, {"kubeconfigSource", "content"});
      break;
  }
  if (out.id.empty()) return Error{Code::invalid, "credential: it needs an id"};
  return out;
}

}  // namespace ks::jenkins
