#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/model.h"
#include "engine/secret_files.h"
#include "engine/step.h"

namespace ks::engine {

/// What credentials give to a block: its environment, and what of that is secret. The secrets are
/// masked from the moment that they are bound.
struct BoundCredentials {
  BoundCredentials(Run& run, groovy::Task& task) : files(run, task) {}
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<std::string> secret_names;
  std::vector<std::string> ids;  ///< of the credentials
  SecretFiles files;
};

/// What `X = credentials('id')` of an environment block puts into the environment, by the kind of
/// the credential.
void bind_credential(Run& run, groovy::Task& task, const std::string& id,
                     const std::string& variable, BoundCredentials& bound);

/// Runs the body with what was bound; the files go at its end, unless the run is only put aside.
/// When a restart finds one of the credentials deleted, the body is ended with an error.
groovy::Value with_bound(Run& run, groovy::Task& task, BoundCredentials& bound,
                         const std::function<groovy::Value()>& body);
/// The bound variables as a level of the context.
void enter_bound(const BoundCredentials& bound, StepContext& inner);

/// A credential of the run's folder, or of what is around it; fails the step when there is none.
///
/// The journal keeps it, sealed with a key in the file credential_key(): a replay gives the same,
/// also when it was changed or deleted meanwhile. That file goes with the end of the run.
Credential find_credential(Run& run, groovy::Task& task, const std::string& id);
/// The same; nothing when there is none.
std::optional<Credential> try_credential(Run& run, groovy::Task& task, const std::string& id);
/// Only of a run with a journal.
std::string credential_key(const Run& run);

/// Credentials from a YAML of Kubernetes Secrets of the credential types.
Result<std::shared_ptr<CredentialSource>> credentials_from_yaml(std::string_view yaml);

/// One Secret as a credential; nothing when its type is no credential's. `data` values are base64.
Result<std::optional<Credential>> credential_from_secret(const json::value& secret);

}  // namespace ks::engine
