#pragma once

#include "devops/controllers/context.h"

namespace ks::devops {

/// Gives each DevOpsProject its namespace and its folder in the engine, and takes the folder away
/// with it (section 4). Not checked again once `syncstatus` says `successful`.
class ProjectController {
 public:
  explicit ProjectController(Context& context);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

 private:
  Result<Outcome> reconcile(const Key& key);
  Result<Outcome> remove(const json::value& project);
  Result<std::string> ensure_namespace(const json::value& project);
  Result<> adopt(const json::value& project, const json::value& space);

  Context& context_;
  kube::EventRecorder events_;
  kube::Controller controller_;
};

}  // namespace ks::devops
