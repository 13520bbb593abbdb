#include "devops/controllers/run_controller.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/controllers/pipeline_controller.h"
#include "devops/controllers/run_status.h"

namespace ks::devops {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kAskAgain{3'000};  // of an engine that does not push
constexpr milliseconds kAskAgainMissing{5'000};
/// Steps that end within this time are written together. Well below what a watcher may notice.
constexpr milliseconds kGather{4};

std::string_view pipeline_of(const json::value& run) {
  return text_at(run, {"spec", "pipelineRef", "name"});
}

bool is_complete(const json::value& run) {
  return !text_at(run, {"status", "completionTime"}).empty();
}

std::string_view action_of(const json::value& run) { return text_at(run, {"spec", "action"}); }

jenkins::JobRef job_of(const json::value& run) {
  return {std::string(kube::space_of(run)), std::string(pipeline_of(run)),
          jenkins::branch_job_name(text_at(run, {"spec", "scm", "refName"}))};
}

std::vector<jenkins::Parameter> parameters_of(const json::value& run) {
  std::vector<jenkins::Parameter> out;
  const json::value* list = find(run, {"spec", "parameters"});
  if (list == nullptr || !list->is_array()) return out;
  for (const json::value& one : list->get_array()) {
    const json::value* value = find(one, {"value"});
    if (text_at(one, {"name"}).empty()) continue;
    out.push_back(
        {std::string(text_at(one, {"name"})), value == nullptr ? json::value("") : *value});
  }
  return out;
}

/// A run's summary without what moves by itself while it runs.
std::string comparable(json::object summary, bool finished) {
  if (!finished) summary.erase("durationInMillis");
  return to_json(summary);
}

}  // namespace

std::string build_name(const jenkins::JobRef& job, std::string_view id) {
  return fmt::format("{}/{}/{}/{}", job.folder, job.name, job.branch, id);
}

/// What the API adds when it creates a run, for one that came without: label, owner, the pipeline's
/// spec as it is now. And the finalizer, which must be there before the build is.
bool complete_run(json::value& run, const json::value& pipeline) {
  bool changed = kube::add_finalizer(run, run::kFinalizer);
  if (kube::label(run, run::kPipeline) != kube::name_of(pipeline)) {
    kube::set_label(run, run::kPipeline, kube::name_of(pipeline));
    changed = true;
  }
  if (kube::controller_of(run) == nullptr) {
    kube::add_owner(run, kube::owner_reference(pipeline, true));
    changed = true;
  }
  const json::value* spec = find(pipeline, {"spec"});
  if (find(run, {"spec", "pipelineSpec"}) == nullptr && spec != nullptr) {
    set_at(run, {"spec", "pipelineSpec"}, *spec);
    changed = true;
  }
  return changed;
}

std::map<std::string, kube::Informer::IndexFunction> run_indexes() {
  using Names = std::vector<std::string>;
  std::map<std::string, kube::Informer::IndexFunction> out;
  out[std::string(kRunsByUid)] = [](const json::value& run) {
    return Names{std::string(kube::uid_of(run))};
  };
  out[std::string(kRunsByBuild)] = [](const json::value& run) {
    const std::string_view id = kube::annotation(run, run::kId);
    return id.empty() ? Names{} : Names{build_name(job_of(run), id)};
  };
  out[std::string(kRunsByPipeline)] = [](const json::value& run) {
    return Names{fmt::format("{}/{}", kube::space_of(run), pipeline_of(run))};
  };
  return out;
}

RunController::RunController(Context& context, int workers)
    : context_(context),
      events_(context.kube, "pipelinerun-controller", context.clock),
      controller_(
          {.name = "pipelinerun", .workers = workers, .back_off = {}, .clock = &context.clock},
          [this](const Key& key) { return reconcile(key); }),
      adopter_(context, [this](const Key& run) {
        state_.with([&](State& state) {
          state.changed.insert(run);
          state.adopted.insert(run);
        });
        controller_.enqueue(run);
      }) {
  controller_.follow(context.runs);
  // A run may be there before its pipeline is, or is in the engine.
  controller_.follow(context.pipelines, [&context](const Key& key) {
    std::vector<Key> out;
    for (const ObjectRef& run : context.runs.by_index(kRunsByPipeline, key.text())) {
      if (!is_complete(*run) && !kube::has_annotation(*run, run::kId)) {
        out.push_back(kube::key_of(*run));
      }
    }
    return out;
  });
}

void RunController::mark_changed(const Key& key) {
  state_.with([&](State& state) { state.changed.insert(key); });
}

void RunController::on_event(const jenkins::Event& event) {
  if (event.type == jenkins::Event::Type::reset) return look_at_all();
  if (event.type == jenkins::Event::Type::log || event.type == jenkins::Event::Type::job) return;
  std::vector<ObjectRef> runs;
  if (!event.key.empty()) runs = context_.runs.by_index(kRunsByUid, event.key);
  if (runs.empty()) runs = context_.runs.by_index(kRunsByBuild, build_name(event.job, event.run));
  if (runs.empty()) adopter_.on_event(event);
  for (const ObjectRef& run : runs) {
    const Key key = kube::key_of(*run);
    mark_changed(key);
    if (event.type == jenkins::Event::Type::run) {
      controller_.enqueue(key);
    } else {
      controller_.enqueue_after(key, kGather);
    }
  }
}

void RunController::look_at_all() {
  for (const ObjectRef& run : context_.runs.list()) {
    if (is_complete(*run)) continue;
    mark_changed(kube::key_of(*run));
    controller_.enqueue(kube::key_of(*run));
  }
  adopter_.look_at_all();
}

Result<Outcome> RunController::reconcile(const Key& key) {
  const ObjectRef run = context_.runs.get(key);
  if (!run) {
    state_.with([&](State& state) {
      if (!state.adopted.contains(key)) state.changed.erase(key);
      state.written.erase(key);
      state.told.erase(key);
    });
    return Outcome{};
  }
  state_.with([&](State& state) { state.adopted.erase(key); });
  if (kube::is_being_deleted(*run)) return remove(*run);
  if (is_complete(*run) || kube::label(*run, run::kOrphan) == "true") return Outcome{};
  if (pipeline_of(*run).empty()) return orphan(*run);
  if (kube::has_annotation(*run, run::kId)) {
    TRY(tell_action(*run));
    return follow_build(*run);
  }
  if (action_of(*run) == "Stop") return cancel(*run);
  if (action_of(*run) == "Pause") return Outcome{};  // the change of its spec brings it here again

  const ObjectRef pipeline = context_.pipelines.get({key.space, std::string(pipeline_of(*run))});
  // It waits: the pipeline's next change brings it here again.
  if (!pipeline || kube::is_being_deleted(*pipeline) || !is_synced(*pipeline)) return Outcome{};
  return begin(key, *pipeline);
}

Result<Outcome> RunController::begin(const Key& key, const json::value& pipeline) {
  // What the informer has may be older than our own last write; the build must not start twice.
  const json::value run = TRY(context_.kube.modify(pipeline_runs(), key, [&](json::value& object) {
    return !kube::is_being_deleted(object) && complete_run(object, pipeline);
  }));
  if (kube::is_being_deleted(run)) return remove(run);
  if (kube::has_annotation(run, run::kId)) return follow_build(run);
  const Result<jenkins::Run> build = start_build(run);
  if (!build) {
    events_.warning(run, "TriggerFailed",
                    fmt::format("Failed to trigger PipelineRun {}, and error was {}", key.text(),
                                build.error().message));
    return build.error();
  }
  if (TRY(is_duplicate(run, build->id))) {
    TRY(context_.kube.remove(
        pipeline_runs(), key,
        {.propagation = {}, .uid = std::string(kube::uid_of(run)), .resource_version = {}}));
    return Outcome{};
  }
  mark_changed(key);
  const json::value with_id = TRY(context_.kube.patch(
      pipeline_runs(), key, kube::PatchType::merge,
      to_json(json::object{
          {"metadata", json::object{{"annotations", json::object{{run::kId, build->id}}}}}})));
  const std::string now = format_rfc3339(context_.clock.now());
  // One that ended at once is told of as begun: its end comes with its stages and summary, since
  // nobody looks at a complete run again.
  jenkins::Run begun = *build;
  if (begun.is_finished()) {
    begun.state = "RUNNING";
    begun.result = "UNKNOWN";
  }
  json::object status = status_of_run(json::value(), begun, context_.clock.now());
  if (!status.contains("startTime")) status["startTime"] = now;
  state_.with([&](State& state) {
    state.written[key] = {.uid = std::string(kube::uid_of(run)),
                          .stages = {},
                          .summary = {},
                          .state = begun.state + "/" + begun.result,
                          .status = status};
  });
  TRY(write_status(with_id, std::move(status)));
  events_.normal(run, "Started",
                 fmt::format("Started PipelineRun {} as build {}", key.text(), build->id));
  // Whatever happened meanwhile was told before the run had its id.
  controller_.enqueue(key);
  return Outcome{};
}

Result<jenkins::Run> RunController::start_build(const json::value& run) {
  const jenkins::JobRef job = job_of(run);
  if (job.branch.empty() &&
      text_at(run, {"spec", "pipelineSpec", "type"}) == "multi-branch-pipeline") {
    return Error{Code::invalid,
                 "failed to obtain SCM reference name for multi-branch Pipeline: set "
                 "spec.scm.refName"};
  }
  return context_.jenkins.start(job, parameters_of(run),
                                {.key = std::string(kube::uid_of(run)),
                                 .user = std::string(kube::annotation(run, run::kCreator))});
}

/// A stock Jenkins answers two equal requests in its queue with one build (section 9.3, step 4).
Result<bool> RunController::is_duplicate(const json::value& run, const std::string& id) {
  for (const ObjectRef& other : context_.runs.by_index(kRunsByBuild, build_name(job_of(run), id))) {
    if (kube::uid_of(*other) == kube::uid_of(run)) continue;
    // The other may be of a pipeline of the same name that was deleted: then the number is reused.
    if (!is_complete(*other) && !kube::is_being_deleted(*other)) return true;
  }
  return false;
}

Result<> RunController::tell_action(const json::value& run) {
  const Key key = kube::key_of(run);
  const std::string action(action_of(run));
  const std::string wanted = std::string(kube::uid_of(run)) + "/" + action;
  const bool known = state_.with([&](State& state) {
    if (action.empty()) state.told.erase(key);
    return action.empty() || state.told[key] == wanted;
  });
  if (known) return {};
  const jenkins::JobRef job = job_of(run);
  const std::string_view id = kube::annotation(run, run::kId);
  Result<> done;
  if (action == "Stop") done = context_.jenkins.stop(job, id);
  if (action == "Pause") done = context_.jenkins.hold(job, id, true);
  if (action == "Resume") done = context_.jenkins.hold(job, id, false);
  // What has ended or is gone cannot be told; what it became is seen soon.
  const bool over =
      !done && (done.error().code == Code::not_found || done.error().code == Code::conflict);
  if (!done && !over) return done.error();
  state_.with([&](State& state) { state.told[key] = wanted; });
  if (over) {
    events_.warning(run, "ActionFailed",
                    fmt::format("PipelineRun {} cannot be told to {}: {}", key.text(),
                                to_lower(action), done.error().message));
  } else if (action == "Stop") {
    events_.normal(run, "Stopped", fmt::format("Asked to stop PipelineRun {}", key.text()));
  } else if (action == "Pause") {
    events_.normal(run, "Paused", fmt::format("Paused PipelineRun {}", key.text()));
  } else if (action == "Resume") {
    events_.normal(run, "Resumed", fmt::format("PipelineRun {} goes on", key.text()));
  }
  return {};
}

Result<Outcome> RunController::cancel(const json::value& run) {
  // A start that was not answered may be written down by now.
  const json::value present = TRY(context_.kube.get(pipeline_runs(), kube::key_of(run)));
  if (kube::has_annotation(present, run::kId) || is_complete(present)) return Outcome{};
  TRY(write_status(run, status_of_cancelled(known_status(run), context_.clock.now())));
  events_.normal(
      run, "Stopped",
      fmt::format("PipelineRun {} was stopped before it began", kube::key_of(run).text()));
  return Outcome{};
}

Result<Outcome> RunController::follow_build(const json::value& run) {
  const Key key = kube::key_of(run);
  const bool pushes = context_.engine_pushes();
  const bool changed = state_.with([&](State& state) { return state.changed.erase(key) > 0; });
  if (pushes && !changed) return Outcome{};
  auto failed = [&](const Error& error, std::string_view what) -> Error {
    mark_changed(key);
    events_.warning(
        run, "RetrieveFailed",
        fmt::format("Failed to retrieve {} from Jenkins, and error was {}", what, error.message));
    return error;
  };

  const jenkins::JobRef job = job_of(run);
  const std::string id(kube::annotation(run, run::kId));
  const Result<jenkins::Run> build = context_.jenkins.run(job, id);
  if (!build && build.error().code == Code::not_found) {
    if (pushes) return lost(run);
    return Outcome{.again_after = kAskAgainMissing};
  }
  if (!build) return failed(build.error(), "running data");
  const Result<std::vector<jenkins::Node>> nodes = context_.jenkins.nodes(job, id, true);
  if (!nodes) return failed(nodes.error(), "nodes detail");
  if (Result<> written = write_changes(run, *build, *nodes); !written) {
    mark_changed(key);
    return written.error();
  }
  if (!pushes && !build->is_finished()) return Outcome{.again_after = kAskAgain};
  return Outcome{};
}

Result<> RunController::write_changes(const json::value& run, const jenkins::Run& build,
                                      const std::vector<jenkins::Node>& nodes) {
  const Key key = kube::key_of(run);
  const std::string uid(kube::uid_of(run));
  Written before = state_.with([&](State& state) { return state.written[key]; });
  if (before.uid != uid) before = {};
  Written now{.uid = uid,
              .stages = stages_text(nodes),
              .summary = comparable(run_summary(build), build.is_finished()),
              .state = build.state + "/" + build.result,
              .status = status_of_run(known_status(run), build, context_.clock.now())};
  if (now.stages == before.stages && now.summary == before.summary) return {};
  const std::string summary = to_json(run_summary(build));
  TRY(store(run, now.stages, summary));
  if (now.summary != before.summary) {
    TRY(context_.kube.patch(
        pipeline_runs(), key, kube::PatchType::merge,
        to_json(json::object{
            {"metadata", json::object{{"annotations", json::object{{run::kStatus, summary}}}}}})));
  }
  TRY(write_status(run, now.status.get_object()));
  if (now.state != before.state) {
    events_.normal(run, "Updated",
                   fmt::format("Updated running data for PipelineRun {}", key.text()));
  }
  state_.with([&](State& state) {
    if (build.is_finished()) {
      state.written.erase(key);
    } else {
      state.written[key] = std::move(now);
    }
  });
  return {};
}

/// The ConfigMap of the run: changed, or made when it is not there yet.
Result<> RunController::store(const json::value& run, const std::string& stages,
                              const std::string& summary) {
  const json::object data{{"stage", stages}, {"status", summary}};
  const Result<json::value> changed =
      context_.kube.patch(kube::config_maps(), kube::key_of(run), kube::PatchType::merge,
                          to_json(json::object{{"data", data}}));
  if (changed) return {};
  if (changed.error().code != Code::not_found) return changed.error();
  json::value made = json::object{
      {"metadata", json::object{{"name", kube::name_of(run)}, {"namespace", kube::space_of(run)}}},
      {"data", data}};
  kube::add_owner(made, kube::owner_reference(run, false));
  TRY(context_.kube.create(kube::config_maps(), made));
  return {};
}

json::value RunController::known_status(const json::value& run) {
  json::value written = state_.with([&](State& state) {
    const auto found = state.written.find(kube::key_of(run));
    return found != state.written.end() && found->second.uid == kube::uid_of(run)
               ? found->second.status
               : json::value();
  });
  if (!written.is_null()) return written;
  const json::value* status = find(run, {"status"});
  return status == nullptr ? json::value() : *status;
}

Result<> RunController::write_status(const json::value& run, json::object status) {
  TRY(context_.kube.patch(pipeline_runs(), kube::key_of(run), kube::PatchType::merge,
                          to_json(json::object{{"status", std::move(status)}}),
                          {.subresource = "status", .field_manager = {}}));
  return {};
}

Result<Outcome> RunController::orphan(const json::value& run) {
  const Key key = kube::key_of(run);
  TRY(context_.kube.modify(pipeline_runs(), key, [](json::value& object) {
    kube::set_label(object, run::kOrphan, "true");
    kube::add_finalizer(object, run::kFinalizer);
    return true;
  }));
  TRY(write_status(run, status_of_orphan(known_status(run), context_.clock.now())));
  return Outcome{};
}

Result<Outcome> RunController::lost(const json::value& run) {
  events_.warning(
      run, "BuildGone",
      fmt::format("Build {} is not in the engine any more", kube::annotation(run, run::kId)));
  TRY(write_status(run, status_of_lost(known_status(run), context_.clock.now())));
  return Outcome{};
}

Result<Outcome> RunController::remove(const json::value& run) {
  if (!kube::has_finalizer(run, run::kFinalizer)) return Outcome{};
  const Key key = kube::key_of(run);
  const std::string id(kube::annotation(run, run::kId));
  if (!id.empty() && kube::annotation(run, run::kKeepRecord) != "true") {
    const Result<> removed = context_.jenkins.remove_run(job_of(run), id);
    if (!removed && removed.error().code != Code::not_found) {
      return Error{removed.error().code,
                   fmt::format("failed to delete Jenkins job: {}, build: {}, error: {}",
                               job_of(run).core_path(), id, removed.error().message)};
    }
  }
  const Result<json::value> freed = context_.kube.modify(
      pipeline_runs(), key,
      [](json::value& object) { return kube::remove_finalizer(object, run::kFinalizer); });
  if (!freed && freed.error().code != Code::not_found) return freed.error();
  return Outcome{};
}

}  // namespace ks::devops
