#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "devops/controllers/archive_controller.h"
#include "devops/controllers/keys.h"
#include "devops/controllers/run_status.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/run_objects.h"
#include "s3/client.h"

// PipelineRuns (devops-api, sections 7.4, 7.5 and 12.4).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kStages = "devops.kubesphere.io/jenkins-pipelinerun-stages-status";

kube::Key run_key(const Request& request) {
  return {std::string(request.param("namespace")), std::string(request.param("pipelinerun"))};
}

/// What the run's annotation says of its build; an empty object when it says nothing.
std::string_view summary_of(const json::value& run) {
  const std::string_view text = kube::annotation(run, run::kStatus);
  const Result<json::value> parsed = parse_json(text);
  return parsed && parsed->is_object() ? text : "{}";
}

std::string_view started(const json::value& run) {
  const std::string_view start = text_at(run, {"status", "startTime"});
  return start.empty() ? text_at(run, {"metadata", "creationTimestamp"}) : start;
}

/// Newest start first, ties by name.
void sort_by_start(std::vector<kube::ObjectRef>& runs, bool ascending) {
  std::ranges::sort(runs, [&](const kube::ObjectRef& a, const kube::ObjectRef& b) {
    if (started(*a) != started(*b)) {
      return ascending ? started(*a) < started(*b) : started(*a) > started(*b);
    }
    return ascending ? kube::name_of(*a) > kube::name_of(*b)
                     : kube::name_of(*a) < kube::name_of(*b);
  });
}

Result<std::vector<kube::ObjectRef>> candidates(Api& api, const Request& request) {
  const std::string space(request.param("namespace")), name(request.param("pipeline"));
  TRY(api.objects.get_by_kind(pipelines(), {space, name}));
  std::vector<kube::ObjectRef> runs = TRY(api.objects.runs_of(space, name));
  const Result<kube::LabelSelector> selector =
      kube::LabelSelector::parse(request.query.get("labelSelector"));
  const std::string_view branch = request.query.get("branch");
  std::erase_if(runs, [&](const kube::ObjectRef& run) {
    if (kube::label(*run, run::kPipeline) != name) return true;
    if (selector && !selector->matches(kube::labels_of(*run))) return true;
    return !branch.empty() && text_at(*run, {"spec", "scm", "refName"}) != branch;
  });
  return runs;
}

/// Items are the builds as their annotations tell, put into the answer as they are.
Response summaries(std::vector<kube::ObjectRef> runs, const Request& request,
                   Generation generation) {
  std::erase_if(runs, [&](const kube::ObjectRef& run) {
    return !passes_filters(*run, request.query, generation) ||
           // A run without a build is left out, when the query has any condition at all.
           (has_filter(request.query) && !kube::has_annotation(*run, run::kStatus));
  });
  sort_objects(runs, request.query);
  const Page page = page_of(request.query, generation);
  const size_t from = std::min(page.offset, runs.size());
  const size_t to = from + std::min(page.limit, runs.size() - from);
  std::string body = "{\n \"items\": [";
  for (size_t i = from; i < to; ++i) {
    body += i == from ? "\n  " : ",\n  ";
    body += summary_of(*runs[i]);
  }
  body += fmt::format("],\n \"totalItems\": {}\n}}", runs.size());
  return Response::json(200, std::move(body));
}

Response list_runs(Api& api, Request& request, Generation generation) {
  Result<std::vector<kube::ObjectRef>> runs = candidates(api, request);
  if (!runs) return error_reply(runs.error());
  const bool backward = parse_go_bool(request.query.get("backward")).value_or(true);
  if (backward && generation == Generation::v3) {
    return summaries(std::move(*runs), request, generation);
  }
  std::erase_if(*runs, [&](const kube::ObjectRef& run) {
    return !passes_filters(*run, request.query, generation) ||
           (backward && has_filter(request.query) && !kube::has_annotation(*run, run::kStatus));
  });
  sort_by_start(*runs, parse_go_bool(request.query.get("ascending")).value_or(false));
  const Page page = page_of(request.query, generation);
  const size_t from = std::min(page.offset, runs->size());
  const size_t to = from + std::min(page.limit, runs->size() - from);
  json::array items;
  for (size_t i = from; i < to; ++i) items.push_back(*(*runs)[i]);
  return json_reply(json::object{{"items", std::move(items)}, {"totalItems", runs->size()}});
}

Response create_run(Api& api, Request& request, Generation) {
  const std::string space(request.param("namespace")), name(request.param("pipeline"));
  const Result<json::value> pipeline = api.objects.get_by_kind(pipelines(), {space, name});
  if (!pipeline) return error_reply(pipeline.error());
  request.body = keep_decimals(request.body.view());
  const Result<json::value> body = body_of(request, true);
  if (!body) return error_reply(body.error());
  Result<json::array> parameters = run_parameters(*body);
  if (!parameters) return error_reply(parameters.error());
  std::string branch(request.query.get("branch"));
  if (branch.starts_with("refs/heads/")) branch.erase(0, 11);
  if (is_multi_branch(*pipeline) && branch.empty()) {
    return text_error(400, "missing branch name for running a multi-branch Pipeline");
  }
  json::value run = new_run(*pipeline, std::move(*parameters), branch);
  if (!user_name(request).empty()) kube::set_annotation(run, run::kCreator, user_name(request));
  const Result<Written> made = api.objects.create(pipeline_runs(), space, run, is_strict(request));
  return made ? written_reply(*made, false) : error_reply(made.error());
}

/// The ConfigMap of a run, where 4.x keeps what 3.3 has in annotations; null when there is none.
json::value details_of(Api& api, const kube::Key& run) {
  return api.objects.get(kube::config_maps(), run).value_or(json::value());
}

Response get_run(Api& api, Request& request, Generation generation) {
  Result<json::value> run = api.objects.get_by_kind(pipeline_runs(), run_key(request));
  if (!run) return error_reply(run.error());
  if (generation == Generation::v4 && !kube::has_annotation(*run, run::kStatus)) {
    const json::value details = details_of(api, run_key(request));
    const std::string_view status = text_at(details, {"data", "status"});
    const std::string_view stages = text_at(details, {"data", "stage"});
    if (!status.empty()) kube::set_annotation(*run, run::kStatus, status);
    if (!stages.empty()) kube::set_annotation(*run, kStages, stages);
  }
  return json_reply(*run);
}

Response delete_run(Api& api, Request& request, Generation) {
  const kube::Key key = run_key(request);
  const Result<json::value> run = api.objects.get_by_kind(pipeline_runs(), key);
  if (!run) return error_reply(run.error());
  const std::string_view phase = text_at(*run, {"status", "phase"});
  if (phase != "Succeeded" && phase != "Failed" && phase != "Cancelled") {
    return text_error(400, fmt::format("cannot delete a running PipelineRun, please stop it first, "
                                       "current status is {}",
                                       phase.empty() ? "Pending" : phase));
  }
  if (parse_go_bool(request.query.get("keepJenkinsRecord")).value_or(false)) {
    const Result<json::value> kept =
        api.objects.client().modify(pipeline_runs(), key, [](json::value& object) {
          kube::set_annotation(object, run::kKeepRecord, "true");
          return true;
        });
    if (!kept) return error_reply(kept.error());
  }
  const Result<> removed = api.objects.client().remove(pipeline_runs(), key);
  return removed ? Response::text(200, "") : error_reply(removed.error());
}

/// Stages with their steps, each of which anybody may approve as far as this answer goes.
Response node_details(Api& api, Request& request, Generation) {
  const Result<json::value> run = api.objects.get_by_kind(pipeline_runs(), run_key(request));
  if (!run) return error_reply(run.error());
  std::string text(kube::annotation(*run, kStages));
  if (text.empty()) text = text_at(details_of(api, run_key(request)), {"data", "stage"});
  // A run that has just begun has no stages yet; the original answers 500.
  if (text.empty()) text = "[]";
  Result<json::value> stages = parse_json(text);
  if (!stages || !stages->is_array()) {
    return text_error(500, fmt::format("the stages of PipelineRun \"{}\" are no JSON list",
                                       request.param("pipelinerun")));
  }
  for (json::value& stage : stages->get_array()) {
    json::value* steps = find(stage, {"steps"});
    if (steps == nullptr || !steps->is_array()) continue;
    for (json::value& step : steps->get_array()) {
      if (step.is_object()) step.get_object()["approvable"] = true;
    }
  }
  return json_reply(*stages);
}

/// Where an artifact that is in S3 may be read from for a while; nothing when it is not there.
std::optional<Response> archived_artifact(Api& api, const json::value& run,
                                          const std::string& file) {
  constexpr std::chrono::minutes kLinkLives{5};
  if (api.options.s3 == nullptr) return std::nullopt;
  const std::optional<std::string> prefix = archive::stored_prefix(run);
  if (!prefix) return std::nullopt;
  const std::string key = *prefix + "artifacts/" + file;
  const Result<std::vector<s3::Object>> found = api.options.s3->list(key, 1);
  if (!found || found->empty() || found->front().key != key) return std::nullopt;
  Response response = Response::text(302, "");
  response.headers.set("Location", api.options.s3->presign(key, kLinkLives));
  return response;
}

/// `filename` is decoded once more than the query was.
Response download_artifact(Api& api, Request& request, Generation) {
  const Result<json::value> run = api.objects.get_by_kind(pipeline_runs(), run_key(request));
  if (!run) return error_reply(run.error());
  const std::string_view id = kube::annotation(*run, run::kId);
  if (id.empty()) {
    return text_error(409, "unable to get PipelineRun nodes due to not found run ID");
  }
  if (!parse_int(id)) return text_error(409, fmt::format("runId error, not a number: {}", id));
  const std::string file = percent_decode(request.query.get("filename"), true);
  if (file.empty()) return text_error(400, "filename: required: the artifact's path");
  for (std::string_view segment : split(file, '/')) {
    if (segment == "..") return text_error(400, "filename: \"..\" is not allowed in it");
  }
  const jenkins::JobRef job{std::string(request.param("namespace")),
                            std::string(kube::label(*run, run::kPipeline)),
                            jenkins::branch_job_name(text_at(*run, {"spec", "scm", "refName"}))};
  http::Request get = http::make_request(
      Method::get,
      fmt::format("{}/{}/artifact/{}", job.core_path(), id, percent_encode(file, "/")));
  Result<Response> found = api.jenkins.send(std::move(get));
  if (!found) return error_reply(found.error());
  if (found->status == 404) {
    // The engine's disk may have been cleared: what was archived is handed out by the store.
    if (std::optional<Response> archived = archived_artifact(api, *run, file)) {
      return std::move(*archived);
    }
  }
  if (found->status != 200) {
    return text_error(found->status == 404 ? 404 : 502,
                      fmt::format("artifact \"{}\" of run {} not found", file, id));
  }
  Response response;
  response.body = std::move(found->body);
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set("Content-Disposition",
                       fmt::format("attachment; filename=\"{}\"",
                                   replace_all(replace_all(file, "\\", "_"), "\"", "_")));
  response.headers.set("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace

void add_runs(RouteTable& table, Api& api) {
  const std::string all = "/namespaces/{namespace}/pipelines/{pipeline}/pipelineruns";
  const std::string one = "/namespaces/{namespace}/pipelineruns/{pipelinerun}";
  add_route(table, api, Method::get, all, "List the runs of a pipeline", list_runs);
  add_route(table, api, Method::post, all, "Run a pipeline", create_run);
  add_route(table, api, Method::get, one, "Get a run", get_run);
  add_route(table, api, Method::delete_, one, "Delete a run", delete_run);
  add_route(table, api, Method::get, one + "/nodedetails", "List the stages and steps of a run",
            node_details);
  table.add(
      {.method = Method::get,
       .pattern = one + "/artifacts/download",
       .summary = "Download an artifact of a run",
       .handler =
           [&api](Request& request) { return download_artifact(api, request, api.generation()); },
       .produces = "*/*",
       .consumes = {}});
}

}  // namespace ks::devops::kapis
