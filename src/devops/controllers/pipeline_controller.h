#pragma once

#include "devops/controllers/context.h"

namespace ks::devops {

/// Whether the engine's job is what the Pipeline says.
bool is_synced(const json::value& pipeline);

/// Keeps a job in the engine for each Pipeline (section 5): makes it with its whole configuration,
/// changes it when the spec changed, removes it with the Pipeline.
class PipelineController {
 public:
  explicit PipelineController(Context& context);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

 private:
  Result<Outcome> reconcile(const Key& key);
  Result<Outcome> remove(const json::value& pipeline);
  Result<> push(const json::value& pipeline);
  bool has_ready_project(const std::string& space) const;
  std::vector<Key> unsynced_of_project(const Key& project) const;

  Context& context_;
  kube::EventRecorder events_;
  kube::Controller controller_;
};

}  // namespace ks::devops
