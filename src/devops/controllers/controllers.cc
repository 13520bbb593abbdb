#include "devops/controllers/controllers.h"

#include <atomic>
#include <boost/json.hpp>

#include "base/log.h"
#include "devops/controllers/approval_controller.h"
#include "devops/controllers/archive_controller.h"
#include "devops/controllers/context.h"
#include "devops/controllers/credential_controller.h"
#include "devops/controllers/keys.h"
#include "devops/controllers/metadata_controller.h"
#include "devops/controllers/pipeline_controller.h"
#include "devops/controllers/project_controller.h"
#include "devops/controllers/retention.h"
#include "devops/controllers/run_controller.h"

namespace ks::devops {
namespace {

kube::Informer::Options with_indexes(std::map<std::string, kube::Informer::IndexFunction> indexes) {
  kube::Informer::Options options;
  options.indexes = std::move(indexes);
  return options;
}

}  // namespace

struct Controllers::State {
  State(kube::Client& kube, jenkins::Client& the_jenkins, const Options& the_options)
      : options(the_options),
        projects(kube, devops_projects()),
        namespaces(kube, kube::namespaces()),
        pipelines(kube, devops::pipelines()),
        runs(kube, pipeline_runs(), with_indexes(run_indexes())),
        secrets(kube, kube::secrets()),
        context{kube,     the_jenkins, options.clock == nullptr ? system_clock() : *options.clock,
                projects, namespaces,  pipelines,
                runs,     secrets,     [this] { return pushes.load(); }},
        project(context),
        pipeline(context),
        metadata(context),
        run(context, options.run_workers),
        credential(context),
        retention(context) {
    if (!options.retention.none()) project_retention.emplace(context, options.retention);
    if (!options.approval.url.empty()) approval.emplace(context, options.approval);
    if (options.archive != nullptr) {
      archive.emplace(context, *options.archive, options.archive_installation);
    }
  }

  std::array<kube::Informer*, 5> informers() {
    return {&projects, &namespaces, &pipelines, &runs, &secrets};
  }

  void subscribe() {
    subscription = context.jenkins.subscribe(
        {.on_event =
             [this](const jenkins::Event& event) {
               run.on_event(event);
               metadata.on_event(event);
             },
         .on_unsupported =
             [this] {
               LOG(info, "the engine does not push events and is asked instead");
               pushes = false;
               run.look_at_all();
             },
         .after = {}});
  }

  const Options options;
  std::atomic<bool> pushes{true};
  kube::Informer projects, namespaces, pipelines, runs, secrets;
  Context context;
  ProjectController project;
  PipelineController pipeline;
  MetadataController metadata;
  RunController run;
  CredentialController credential;
  RetentionController retention;
  std::optional<ProjectRetentionController> project_retention;
  std::optional<ArchiveController> archive;
  std::optional<ApprovalController> approval;  ///< nothing: nobody is asked
  std::unique_ptr<jenkins::Subscription> subscription;
  bool started = false;
};

Controllers::Controllers(kube::Client& kube, jenkins::Client& jenkins, Options options)
    : state_(std::make_unique<State>(kube, jenkins, options)) {}

Controllers::~Controllers() { stop(); }

Result<> Controllers::start() {
  State& s = *state_;
  CHECK_MSG(!std::exchange(s.started, true), "Controllers can be started once");
  for (kube::Informer* informer : s.informers()) informer->start();
  for (kube::Informer* informer : s.informers()) {
    if (informer->wait_until_synced(s.options.sync_limit)) continue;
    stop();
    return Error{Code::timeout, "controllers: the API server did not list its objects in time"};
  }
  s.project.start();
  s.pipeline.start();
  s.metadata.start();
  s.run.start();
  s.credential.start();
  s.retention.start();
  if (s.project_retention) s.project_retention->start();
  if (s.approval) s.approval->start();
  if (s.archive) s.archive->start();
  s.subscribe();
  return {};
}

const kube::Informer& Controllers::runs() const { return state_->runs; }
const kube::Informer& Controllers::pipelines() const { return state_->pipelines; }

void Controllers::stop() {
  State& s = *state_;
  s.subscription.reset();
  for (kube::Informer* informer : s.informers()) informer->stop();
  s.run.stop();
  s.retention.stop();
  if (s.project_retention) s.project_retention->stop();
  if (s.approval) s.approval->stop();
  if (s.archive) s.archive->stop();
  s.metadata.stop();
  s.pipeline.stop();
  s.credential.stop();
  s.project.stop();
}

}  // namespace ks::devops
