#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "devops/controllers/approval.h"
#include "devops/controllers/project_retention.h"
#include "jenkins/client.h"
#include "kube/client.h"
#include "kube/informer.h"

namespace ks::s3 {
class Client;
}

namespace ks::devops {

/// The controllers of KubeSphere DevOps: DevOpsProject, Pipeline and its metadata, PipelineRun,
/// credentials, retention.
///
///   Controllers controllers(kube_client, jenkins_client, {});
///   TRY(controllers.start());
///
/// They keep nothing that a restart would lose. Thread-safe.
class Controllers {
 public:
  struct Options {
    int run_workers = 2;                           ///< PipelineRuns that are worked on at once
    std::chrono::milliseconds sync_limit{30'000};  ///< for the first lists
    const Clock* clock = nullptr;                  ///< Null: the machine's.
    s3::Client* archive = nullptr;     ///< where logs and artifacts of runs go too; null: nowhere
    std::string archive_installation;  ///< archive::installation_id(); needed with `archive`
    ProjectRetention retention;        ///< of all runs of a project together
    ApprovalOptions approval;          ///< who is asked when a run waits for an answer
  };

  /// Both clients must outlive this.
  Controllers(kube::Client& kube, jenkins::Client& jenkins, Options options);
  /// Stops.
  ~Controllers();
  Controllers(const Controllers&) = delete;
  Controllers& operator=(const Controllers&) = delete;

  /// Blocks until all that exists was listed; `timeout` when the API server does not answer.
  Result<> start();
  /// Waits for reconciles in flight.
  void stop();

  /// All PipelineRuns, with the indexes of run_indexes(), for whoever lists them.
  const kube::Informer& runs() const;
  /// All Pipelines.
  const kube::Informer& pipelines() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ks::devops
