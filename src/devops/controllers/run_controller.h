#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <set>

#include "base/guarded.h"
#include "base/json.h"

#include "devops/controllers/build_adopter.h"
#include "devops/controllers/context.h"

namespace ks::devops {

/// Names of the indexes of the informer of PipelineRuns.
inline constexpr std::string_view kRunsByUid = "uid";
inline constexpr std::string_view kRunsByBuild = "build";        ///< `namespace/pipeline/branch/id`
inline constexpr std::string_view kRunsByPipeline = "pipeline";  ///< `namespace/name`
std::map<std::string, kube::Informer::IndexFunction> run_indexes();
/// A build in kRunsByBuild.
std::string build_name(const jenkins::JobRef& job, std::string_view id);
/// What the API adds when it creates a run, for one that came without: label, owner, the pipeline's
/// spec as it is now. And the finalizer, which must be there before the build is. Whether it
/// changed anything.
bool complete_run(json::value& run, const json::value& pipeline);

/// Starts a build for each PipelineRun and carries what it does into the run's status (section 9).
///
/// The engine's events name the run that changed; then its present state is read and written: first
/// the stages (ConfigMap), then the run JSON (annotation), last the status, so that whoever sees
/// the status finds the rest. A build is started with the run's uid as its key, so that a retry
/// after a crash finds the build that was started.
class RunController {
 public:
  explicit RunController(Context& context, int workers);
  void start() {
    controller_.start();
    adopter_.start();
  }
  void stop() {
    adopter_.stop();
    controller_.stop();
  }

  /// A build changed.
  void on_event(const jenkins::Event& event);
  /// Events may have been missed: every unfinished run is looked at.
  void look_at_all();

 private:
  /// What was last written, so that only changes are.
  struct Written {
    std::string uid;
    std::string stages;
    std::string summary;
    std::string state;
    json::value status;
  };
  struct State {
    std::set<Key> changed;  ///< runs whose build must be looked at
    /// Of those: made for a build, and not heard of by the informer yet.
    std::set<Key> adopted;
    std::map<Key, Written> written;
    std::map<Key, std::string> told;  ///< `uid/action` that the build was told last
  };

  Result<Outcome> reconcile(const Key& key);
  Result<Outcome> remove(const json::value& run);
  Result<Outcome> orphan(const json::value& run);
  Result<Outcome> begin(const Key& key, const json::value& pipeline);
  Result<jenkins::Run> start_build(const json::value& run);
  /// `spec.action`: the build is told to stop, pause or resume, once. A run without one is
  /// cancelled by Stop, and gets none as long as Pause is said.
  Result<> tell_action(const json::value& run);
  Result<Outcome> cancel(const json::value& run);
  Result<Outcome> follow_build(const json::value& run);
  Result<Outcome> lost(const json::value& run);
  Result<> write_changes(const json::value& run, const jenkins::Run& build,
                         const std::vector<jenkins::Node>& nodes);
  Result<> store(const json::value& run, const std::string& stages, const std::string& summary);
  Result<bool> is_duplicate(const json::value& run, const std::string& id);
  /// The newest status that we know of: the informer may not have our own last write yet.
  json::value known_status(const json::value& run);
  Result<> write_status(const json::value& run, json::object status);
  void mark_changed(const Key& key);

  Context& context_;
  kube::EventRecorder events_;
  Guarded<State> state_;
  kube::Controller controller_;
  BuildAdopter adopter_;
};

}  // namespace ks::devops
