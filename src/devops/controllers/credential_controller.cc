#include "devops/controllers/credential_controller.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "devops/controllers/hash.h"
#include "devops/controllers/keys.h"

namespace ks::devops {
namespace {

bool is_credential(const json::value& secret) {
  return text_at(secret, {"type"}).starts_with(credential::kTypePrefix);
}

std::string hash_of_data(const json::value& secret) {
  const json::value* data = find(secret, {"data"});
  return hash_of(data == nullptr ? json::value(json::object()) : *data);
}

Result<std::string> datum(const json::value& secret, std::string_view name) {
  Result<std::string> decoded = base64_decode(text_at(secret, {"data", name}));
  if (!decoded) {
    return Error{Code::invalid,
                 fmt::format("secret \"{}\": data.{} is not base64", kube::name_of(secret), name)};
  }
  return decoded;
}

bool is_up_to_date(const json::value& secret) {
  return kube::annotation(secret, credential::kSyncStatus) == kSuccessful &&
         kube::annotation(secret, credential::kDataHash) == hash_of_data(secret);
}

}  // namespace

Result<jenkins::Credential> credential_of(const json::value& secret) {
  using jenkins::CredentialType;
  jenkins::Credential out;
  out.id = kube::name_of(secret);
  std::string_view type = text_at(secret, {"type"});
  type.remove_prefix(std::min(type.size(), credential::kTypePrefix.size()));
  if (type == "basic-auth") {
    out.type = CredentialType::username_password;
    out.username = TRY(datum(secret, "username"));
    out.secret = TRY(datum(secret, "password"));
  } else if (type == "ssh-auth") {
    out.type = CredentialType::ssh_key;
    out.username = TRY(datum(secret, "username"));
    out.passphrase = TRY(datum(secret, "passphrase"));
    out.secret = TRY(datum(secret, "private_key"));
  } else if (type == "secret-text") {
    out.type = CredentialType::secret_text;
    out.secret = TRY(datum(secret, "secret"));
  } else if (type == "kubeconfig") {
    out.type = CredentialType::kubeconfig;
    out.secret = TRY(datum(secret, "content"));
  } else {
    return Error{Code::invalid, fmt::format("secret \"{}\": unsupported credential type \"{}\"",
                                            out.id, text_at(secret, {"type"}))};
  }
  return out;
}

CredentialController::CredentialController(Context& context)
    : context_(context),
      controller_(
          {.name = "devopscredential", .workers = 1, .back_off = {}, .clock = &context.clock},
          [this](const Key& key) { return reconcile(key); }) {
  controller_.follow(context.secrets, [&context](const Key& key) {
    const ObjectRef secret = context.secrets.get(key);
    return secret && is_credential(*secret) ? std::vector<Key>{key} : std::vector<Key>{};
  });
  // A Secret may be there before its namespace belongs to a project.
  controller_.follow(context.namespaces, [&context](const Key& space) {
    std::vector<Key> out;
    for (const ObjectRef& secret : context.secrets.list(space.name)) {
      if (is_credential(*secret) && !is_up_to_date(*secret)) out.push_back(kube::key_of(*secret));
    }
    return out;
  });
}

bool CredentialController::is_project_namespace(const std::string& space) const {
  const ObjectRef found = context_.namespaces.get({"", space});
  return found && !kube::label(*found, project::kLabel).empty();
}

Result<Outcome> CredentialController::reconcile(const Key& key) {
  const ObjectRef cached = context_.secrets.get(key);
  if (!cached || !is_credential(*cached)) return Outcome{};
  const bool in_project = is_project_namespace(key.space);
  if (kube::is_being_deleted(*cached)) return remove(*cached, in_project);
  if (!in_project || is_up_to_date(*cached)) return Outcome{};

  const json::value secret =
      TRY(context_.kube.modify(kube::secrets(), key, [](json::value& object) {
        return !kube::is_being_deleted(object) &&
               kube::add_finalizer(object, credential::kFinalizer);
      }));
  if (kube::is_being_deleted(secret)) return remove(secret, in_project);
  TRY(push(secret));
  const std::string hash = hash_of_data(secret);
  TRY(context_.kube.modify(kube::secrets(), key, [&](json::value& object) {
    kube::set_annotation(object, credential::kSyncStatus, kSuccessful);
    kube::set_annotation(object, credential::kDataHash, hash);
    return true;
  }));
  return Outcome{};
}

Result<> CredentialController::push(const json::value& secret) {
  const jenkins::Credential wanted = TRY(credential_of(secret));
  const std::string folder(kube::space_of(secret));
  if (!TRY(context_.jenkins.credential_exists(folder, wanted.id))) {
    return context_.jenkins.create_credential(folder, wanted);
  }
  if (!kube::has_annotation(secret, credential::kAutoSync)) return {};
  return context_.jenkins.update_credential(folder, wanted);
}

Result<Outcome> CredentialController::remove(const json::value& secret, bool in_project) {
  if (!kube::has_finalizer(secret, credential::kFinalizer)) return Outcome{};
  // The folder of a namespace that is no project (any more) is gone, and the credential with it.
  if (in_project) {
    const Result<> removed = context_.jenkins.remove_credential(std::string(kube::space_of(secret)),
                                                                std::string(kube::name_of(secret)));
    if (!removed && removed.error().code != Code::not_found) {
      return Error(removed.error())
          .in("failed to remove devops credential finalizer due to bad communication with Jenkins");
    }
  }
  const Result<json::value> freed = context_.kube.modify(
      kube::secrets(), kube::key_of(secret),
      [](json::value& object) { return kube::remove_finalizer(object, credential::kFinalizer); });
  if (!freed && freed.error().code != Code::not_found) return freed.error();
  return Outcome{};
}

}  // namespace ks::devops
