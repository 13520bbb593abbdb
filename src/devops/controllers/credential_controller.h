#pragma once

#include "devops/controllers/context.h"

namespace ks::devops {

/// Gives the engine the credentials that Secrets of the four types hold (section 13). A changed
/// Secret is sent again only when it carries the annotation `autosync`.
class CredentialController {
 public:
  explicit CredentialController(Context& context);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

 private:
  Result<Outcome> reconcile(const Key& key);
  Result<Outcome> remove(const json::value& secret, bool in_project);
  Result<> push(const json::value& secret);
  bool is_project_namespace(const std::string& space) const;

  Context& context_;
  kube::Controller controller_;
};

/// The credential that a Secret holds; `invalid` for an unknown type or data that is not base64.
Result<jenkins::Credential> credential_of(const json::value& secret);

}  // namespace ks::devops
