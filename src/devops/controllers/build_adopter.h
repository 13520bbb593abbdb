#pragma once

#include <functional>

#include "devops/controllers/context.h"

namespace ks::devops {

/// Gives builds that nobody made a PipelineRun for theirs: scans of repositories start them,
/// timers, other builds, clients of Jenkins (section 11.1). Its name comes from the build, so that
/// a second look finds the first one's object.
class BuildAdopter {
 public:
  BuildAdopter(Context& context, std::function<void(const Key& run)> adopted);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

  /// Of a build that no PipelineRun is known for.
  void on_event(const jenkins::Event& event);
  /// Events may have been missed: the builds under way of every pipeline are looked at.
  void look_at_all();

 private:
  Result<Outcome> reconcile(const Key& key);
  Result<> look_at(const jenkins::JobRef& job, const json::value& pipeline);
  /// Whether a PipelineRun of the job has no build yet.
  bool awaits_build(const jenkins::JobRef& job) const;
  Result<> adopt(const jenkins::JobRef& job, const std::string& id, const json::value& pipeline);

  Context& context_;
  std::function<void(const Key& run)> adopted_;
  kube::Controller controller_;
};

}  // namespace ks::devops
