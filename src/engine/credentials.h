#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/model.h"
#include "engine/step.h"

namespace ks::engine {

/// What `X = credentials('id')` of an environment block puts into the environment, by the kind of
/// the credential. From then on the secret is masked.
std::vector<std::pair<std::string, std::string>> bind_credential(Run& run, groovy::Task& task,
                                                                 const std::string& id,
                                                                 const std::string& variable);

/// Credentials from a YAML of Kubernetes Secrets of the four credential types.
Result<std::shared_ptr<CredentialSource>> credentials_from_yaml(std::string_view yaml);

/// One Secret as a credential; nothing when its type is no credential's. `data` values are base64.
Result<std::optional<Credential>> credential_from_secret(const json::value& secret);

}  // namespace ks::engine
