#pragma once

#include <optional>
#include <vector>

#include "devops/controllers/context.h"
#include "devops/controllers/project_retention.h"

namespace ks::devops {

/// How many runs of a pipeline are kept and how long; a negative or unreadable number is no bound.
struct Discarder {
  std::optional<int64_t> runs;
  std::optional<int64_t> days;
};
Discarder discarder_of(const json::value& pipeline);

struct Retention {
  std::vector<Key> expired;
  /// When the next one expires by its age.
  std::optional<WallTime> next;
};
/// Which finished runs a discarder does not keep (section 12). The last run that was completed and
/// the last one that succeeded outlive the bound on the number, not the one on the age.
Retention runs_to_delete(const std::vector<ObjectRef>& runs, const Discarder& discarder,
                         WallTime now);

/// The finished ones that go.
Retention runs_to_delete(const std::vector<ObjectRef>& runs, const ProjectRetention& bounds,
                         WallTime now);
/// Unfinished runs that are to be stopped.
Retention runs_to_stop(const std::vector<ObjectRef>& runs, const ProjectRetention& bounds,
                       WallTime now);

/// Deletes PipelineRuns that their pipeline's discarder does not keep, when a run ends, when the
/// discarder changes, and when one gets too old. Their builds go with them by the finalizer.
class RetentionController {
 public:
  explicit RetentionController(Context& context);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

 private:
  Result<Outcome> reconcile(const Key& key);

  Context& context_;
  kube::Controller controller_;
};

/// The same for the bounds that hold for all pipelines of each project together.
class ProjectRetentionController {
 public:
  ProjectRetentionController(Context& context, const ProjectRetention& bounds);
  void start() { controller_.start(); }
  void stop() { controller_.stop(); }

 private:
  Result<Outcome> reconcile(const Key& key);

  Context& context_;
  const ProjectRetention bounds_;
  kube::Controller controller_;
};

}  // namespace ks::devops
