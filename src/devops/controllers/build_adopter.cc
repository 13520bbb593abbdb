#include "devops/controllers/build_adopter.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/random.h"
#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/controllers/pipeline_controller.h"
#include "devops/controllers/run_controller.h"

namespace ks::devops {
namespace {

/// The keys of builds that PipelineRuns start are their uids.
bool is_uid(std::string_view key) {
  return key.size() == 36 && key[8] == '-' && key[13] == '-' && key[18] == '-' && key[23] == '-';
}

/// A build as the key of a queue: `pipeline/branch/id`, without an id for all of a pipeline.
Key queue_key(const jenkins::JobRef& job, std::string_view id) {
  return {job.folder, fmt::format("{}/{}/{}", job.name, job.branch, id)};
}

std::string name_of_run(const json::value& pipeline, const jenkins::JobRef& job,
                        std::string_view id) {
  const std::string build = fmt::format("{}/{}/{}", kube::uid_of(pipeline), job.branch, id);
  return fmt::format("{}-{}", job.name, hex_encode(sha256(build)).substr(0, 10));
}

}  // namespace

BuildAdopter::BuildAdopter(Context& context, std::function<void(const Key& run)> adopted)
    : context_(context),
      adopted_(std::move(adopted)),
      controller_({.name = "build-adopter", .workers = 1, .back_off = {}, .clock = &context.clock},
                  [this](const Key& key) { return reconcile(key); }) {}

void BuildAdopter::on_event(const jenkins::Event& event) {
  if (event.type != jenkins::Event::Type::run || is_uid(event.key)) return;
  // One that ends without ever having been seen is over: who deleted its object deleted it.
  if (text_at(event.data, {"state"}) == "FINISHED") return;
  controller_.enqueue(queue_key(event.job, event.run));
}

void BuildAdopter::look_at_all() {
  if (!context_.engine_pushes()) return;
  for (const ObjectRef& pipeline : context_.pipelines.list()) {
    controller_.enqueue(queue_key(
        {std::string(kube::space_of(*pipeline)), std::string(kube::name_of(*pipeline)), ""}, ""));
  }
}

Result<Outcome> BuildAdopter::reconcile(const Key& key) {
  const std::vector<std::string_view> parts = split(key.name, '/');
  if (parts.size() != 3) return Outcome{};
  const jenkins::JobRef job{key.space, std::string(parts[0]), std::string(parts[1])};
  const ObjectRef pipeline = context_.pipelines.get({key.space, job.name});
  if (!pipeline || kube::is_being_deleted(*pipeline)) return Outcome{};
  const Result<> done =
      parts[2].empty() ? look_at(job, *pipeline) : adopt(job, std::string(parts[2]), *pipeline);
  if (!done && done.error().code != Code::not_found) return done.error();
  return Outcome{};
}

/// The builds of a pipeline, of all its branches, that are under way.
Result<> BuildAdopter::look_at(const jenkins::JobRef& job, const json::value& pipeline) {
  for (const jenkins::Run& build : TRY(context_.jenkins.runs(job))) {
    if (build.is_finished()) continue;
    jenkins::JobRef of = job;
    if (text_at(pipeline, {"spec", "type"}) == "multi-branch-pipeline") of.branch = build.pipeline;
    // One that was started for a PipelineRun whose controller did not come to write its id down
    // will be found by that.
    if (!awaits_build(of)) TRY(adopt(of, build.id, pipeline));
  }
  return {};
}

bool BuildAdopter::awaits_build(const jenkins::JobRef& job) const {
  return std::ranges::any_of(
      context_.runs.by_index(kRunsByPipeline, fmt::format("{}/{}", job.folder, job.name)),
      [&](const ObjectRef& run) {
        return kube::annotation(*run, run::kId).empty() &&
               jenkins::branch_job_name(text_at(*run, {"spec", "scm", "refName"})) == job.branch &&
               text_at(*run, {"status", "completionTime"}).empty();
      });
}

Result<> BuildAdopter::adopt(const jenkins::JobRef& job, const std::string& id,
                             const json::value& pipeline) {
  if (!context_.runs.by_index(kRunsByBuild, build_name(job, id)).empty()) return {};
  TRY(context_.jenkins.run(job, id));  // it may be gone by now
  json::array parameters;
  for (const jenkins::Parameter& one : TRY(context_.jenkins.parameters(job, id))) {
    parameters.push_back(
        json::object{{"name", one.name},
                     {"value", one.value.is_string() ? json::value(one.value)
                                                     : json::value(to_json(one.value))}});
  }
  json::object spec{
      {"pipelineRef",
       json::object{{"kind", "Pipeline"}, {"namespace", job.folder}, {"name", job.name}}}};
  if (!parameters.empty()) spec["parameters"] = std::move(parameters);
  if (!job.branch.empty()) spec["scm"] = json::object{{"refType", ""}, {"refName", job.branch}};
  json::value run = json::object{{"apiVersion", pipeline_runs().api_version()},
                                 {"kind", pipeline_runs().kind},
                                 {"metadata", json::object{{"name", name_of_run(pipeline, job, id)},
                                                           {"namespace", job.folder}}},
                                 {"spec", std::move(spec)}};
  complete_run(run, pipeline);
  kube::set_annotation(run, run::kId, id);
  const Result<json::value> made = context_.kube.create(pipeline_runs(), run);
  if (!made && made.error().code != Code::already_exists) return made.error();
  adopted_({job.folder, name_of_run(pipeline, job, id)});
  return {};
}

}  // namespace ks::devops
