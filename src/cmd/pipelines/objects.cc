#include "cmd/pipelines/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "cmd/follow/wait.h"

namespace ks::cmd {
namespace {

constexpr std::string_view kId = "devops.kubesphere.io/jenkins-pipelinerun-id";
constexpr std::string_view kRunStatus = "devops.kubesphere.io/jenkins-pipelinerun-status";
constexpr std::string_view kPipelineLabel = "devops.kubesphere.io/pipeline";
constexpr std::string_view kSyncStatus = "pipeline.devops.kubesphere.io/syncstatus";
constexpr std::string_view kSpecHash = "pipeline.devops.kubesphere.io/spechash";
constexpr std::chrono::seconds kPatience{30};

json::object object_of(const kube::Resource& resource, json::object metadata, json::object spec) {
  return {{"apiVersion", resource.api_version()},
          {"kind", resource.kind},
          {"metadata", std::move(metadata)},
          {"spec", std::move(spec)}};
}

std::optional<WallTime> time_at(const json::value& object, std::string_view field) {
  const Result<WallTime> time = parse_rfc3339(text_at(object, {"status", field}));
  return time ? std::optional(*time) : std::nullopt;
}

RunRow row_of(const json::value& run) {
  RunRow row{.name = std::string(kube::name_of(run)),
             .id = std::string(kube::annotation(run, kId)),
             .phase = std::string(text_at(run, {"status", "phase"})),
             .result = {},
             .created = kube::created_at(run),
             .started = time_at(run, "startTime"),
             .ended = time_at(run, "completionTime")};
  if (const Result<json::value> build = parse_json(kube::annotation(run, kRunStatus))) {
    const std::string_view result = text_at(*build, {"result"});
    row.result = row.finished() && !result.empty() ? result : text_at(*build, {"state"});
  }
  return row;
}

/// Newest first: by number, and those that have none yet before all others.
bool is_newer(const RunRow& a, const RunRow& b) {
  const int64_t x = a.id.empty() ? INT64_MAX : parse_int(a.id).value_or(0);
  const int64_t y = b.id.empty() ? INT64_MAX : parse_int(b.id).value_or(0);
  return x != y ? x > y : a.created > b.created;
}

Error no_pipeline(const PipelineName& name) {
  return {Code::not_found,
          fmt::format("there is no pipeline {}; `ks pipeline list` shows those there are",
                      name.text())};
}

}  // namespace

kube::Resource devops_projects() {
  return {"devops.kubesphere.io", "v1alpha3", "devopsprojects", "DevOpsProject", false};
}
kube::Resource pipelines() {
  return {"devops.kubesphere.io", "v1alpha3", "pipelines", "Pipeline", true};
}
kube::Resource pipeline_runs() {
  return {"devops.kubesphere.io", "v1alpha3", "pipelineruns", "PipelineRun", true};
}

Result<bool> ensure_project(kube::Client& client, const std::string& project,
                            const std::stop_token& stop) {
  const kube::Resource resource = devops_projects();
  const Result<json::value> made =
      client.create(resource, object_of(resource, {{"name", project}}, {}));
  if (!made && made.error().code != Code::already_exists) return made.error();
  TRY(wait_for(
      client, resource, {"", project},
      [](const json::value& now) { return !text_at(now, {"status", "adminNamespace"}).empty(); },
      kPatience, stop));
  return made.ok();
}

Result<json::value> put_pipeline(kube::Client& client, const NewPipeline& pipeline,
                                 const std::stop_token& stop) {
  const kube::Resource resource = pipelines();
  const kube::Key key{pipeline.name.project, pipeline.name.name};
  const json::object spec{{"type", "pipeline"},
                          {"pipeline", json::object{{"name", key.name},
                                                    {"description", pipeline.description},
                                                    {"jenkinsfile", pipeline.jenkinsfile}}}};
  Result<json::value> made = client.create(
      resource, object_of(resource, {{"name", key.name}, {"namespace", key.space}}, spec));
  if (!made && made.error().code == Code::already_exists && pipeline.replace) {
    made = client.modify(resource, key, [&](json::value& object) {
      set_at(object, {"spec", "type"}, "pipeline");
      set_at(object, {"spec", "pipeline", "name"}, json::value(key.name));
      set_at(object, {"spec", "pipeline", "jenkinsfile"}, json::value(pipeline.jenkinsfile));
      if (!pipeline.description.empty()) {
        set_at(object, {"spec", "pipeline", "description"}, json::value(pipeline.description));
      }
      return true;
    });
  }
  if (!made && made.error().code == Code::already_exists) {
    return Error{Code::already_exists,
                 fmt::format("the pipeline {} exists; --replace gives it this Jenkinsfile",
                             pipeline.name.text())};
  }
  if (!made) return made.error();
  return wait_for(
      client, resource, key,
      [](const json::value& now) {
        return kube::annotation(now, kSyncStatus) == "successful" &&
               kube::has_annotation(now, kSpecHash);
      },
      kPatience, stop);
}

Result<json::value> create_run(kube::Client& client, const NewRun& run) {
  const Result<json::value> pipeline =
      client.get(pipelines(), {run.pipeline.project, run.pipeline.name});
  if (!pipeline && pipeline.error().code == Code::not_found) return no_pipeline(run.pipeline);
  if (!pipeline) return pipeline.error();
  json::array parameters;
  for (const auto& [name, value] : run.parameters) {
    parameters.push_back(json::object{{"name", name}, {"value", value}});
  }
  const kube::Resource resource = pipeline_runs();
  return client.create(resource,
                       object_of(resource,
                                 {{"generateName", run.pipeline.name + "-"},
                                  {"namespace", run.pipeline.project},
                                  {"labels", json::object{{kPipelineLabel, run.pipeline.name}}}},
                                 {{"pipelineRef", json::object{{"name", run.pipeline.name}}},
                                  {"parameters", std::move(parameters)}}));
}

Result<std::string> wait_for_build(kube::Client& client, const json::value& run,
                                   const std::stop_token& stop) {
  const json::value begun = TRY(wait_for(
      client, pipeline_runs(), kube::key_of(run),
      [](const json::value& now) {
        return kube::has_annotation(now, kId) ||
               !text_at(now, {"status", "completionTime"}).empty();
      },
      kPatience, stop));
  std::string id(kube::annotation(begun, kId));
  if (id.empty()) {
    return Error{Code::invalid, fmt::format("the run {} ended before it began; see `kubectl "
                                            "describe pipelinerun`",
                                            kube::key_of(run).text())};
  }
  return id;
}

Result<std::vector<RunRow>> runs_of(kube::Client& client, const PipelineName& pipeline) {
  const Result<json::value> found = client.get(pipelines(), {pipeline.project, pipeline.name});
  if (!found && found.error().code == Code::not_found) return no_pipeline(pipeline);
  if (!found) return found.error();
  const kube::ObjectList list =
      TRY(client.list(pipeline_runs(), pipeline.project,
                      {.label_selector = fmt::format("{}={}", kPipelineLabel, pipeline.name)}));
  std::vector<RunRow> out;
  out.reserve(list.items.size());
  for (const json::value& run : list.items) out.push_back(row_of(run));
  std::ranges::sort(out, is_newer);
  return out;
}

Result<RunRow> find_run(kube::Client& client, const PipelineName& pipeline,
                        const std::string& which) {
  const std::vector<RunRow> runs = TRY(runs_of(client, pipeline));
  if (runs.empty()) {
    return Error{Code::not_found, fmt::format("{} has no runs; start one with `ks pipeline run {}`",
                                              pipeline.text(), pipeline.text())};
  }
  if (which.empty()) return runs.front();
  const std::string number = which.starts_with('#') ? which.substr(1) : which;
  for (const RunRow& run : runs) {
    if (run.id == number || run.name == which) return run;
  }
  return Error{Code::not_found, fmt::format("{} has no run {}; `ks pipeline history {}` shows them",
                                            pipeline.text(), which, pipeline.text())};
}

}  // namespace ks::cmd
