#include <fmt/format.h>

#include <boost/json.hpp>

#include "devops/controllers/keys.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"

// Pipelines of a DevOps project (devops-api, sections 7.2 and 12.3).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kEditMode = "pipeline.devops.kubesphere.io/jenkinsfile.edit.mode";
constexpr std::string_view kJenkinsfileJson = "pipeline.devops.kubesphere.io/jenkinsfile";

Response list_pipelines(Api& api, Request& request, Generation generation) {
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  Result<std::vector<kube::ObjectRef>> all =
      api.objects.list(pipelines(), *space, request.query.get("labelSelector"));
  if (!all) return error_reply_400(all.error());
  return json_reply(list_of(std::move(*all), request.query, generation));
}

Response create_pipeline(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  if (const std::string_view named = kube::space_of(*body); !named.empty() && named != *space) {
    return text_error(400,
                      fmt::format("metadata.namespace \"{}\" is not the namespace of the project, "
                                  "\"{}\"; leave it out or correct it",
                                  named, *space));
  }
  set_at(*body, {"metadata", "namespace"}, json::value(*space));
  if (!kube::has_annotation(*body, kCreator) && !user_name(request).empty()) {
    kube::set_annotation(*body, kCreator, user_name(request));
  }
  const Result<Written> made = api.objects.create(pipelines(), *space, *body, is_strict(request));
  return made ? written_reply(*made, false) : error_reply_400(made.error());
}

Response get_pipeline(Api& api, Request& request, Generation) {
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  const Result<json::value> found =
      api.objects.get(pipelines(), {*space, std::string(request.param("pipeline"))});
  return found ? json_reply(without_kind(*found)) : error_reply_400(found.error());
}

/// The name is the body's; the version is refreshed, so that the last write wins.
Response update_pipeline(Api& api, Request& request, Generation generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  const std::string name(kube::name_of(*body));
  set_at(*body, {"metadata", "namespace"}, json::value(*space));
  const Result<Written> written = api.objects.replace(
      pipelines(), {*space, name}, *body, is_strict(request),
      [generation](const json::value& stored, json::value& object) {
        const json::value* script = find(stored, {"spec", "pipeline", "jenkinsfile"});
        if (generation == Generation::v4 && script != nullptr &&
            find(object, {"spec", "pipeline"}) != nullptr) {
          set_at(object, {"spec", "pipeline", "jenkinsfile"}, *script);
        }
      });
  if (!written && written.error().code == Code::not_found) {
    return text_error(400, fmt::format("cannot found pipeline {}/{}, error: "
                                       "pipelines.devops.kubesphere.io \"{}\" not found",
                                       *space, name, name));
  }
  return written ? written_reply(*written, false) : error_reply_400(written.error());
}

Response delete_pipeline(Api& api, Request& request, Generation) {
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  const Result<> removed =
      api.objects.client().remove(pipelines(), {*space, std::string(request.param("pipeline"))});
  return removed ? success_reply() : error_reply_400(removed.error());
}

/// `?mode=raw|json`, `{"data": "..."}`
Response write_jenkinsfile(Api& api, Request& request) {
  const std::string mode(request.query.get("mode"));
  if (mode != "raw" && mode != "json") {
    return text_error(400, fmt::format("invalid edit mode: {}", mode));
  }
  const Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const json::value* data = find(*body, {"data"});
  if (data == nullptr || !data->is_string()) {
    return text_error(400, "data: required: the Jenkinsfile as a text");
  }
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  const Result<json::value> changed = api.objects.client().modify(
      pipelines(), {*space, std::string(request.param("pipeline"))}, [&](json::value& pipeline) {
        kube::set_annotation(pipeline, kEditMode, mode);
        if (mode == "raw") {
          set_at(pipeline, {"spec", "pipeline", "jenkinsfile"}, *data);
        } else {
          kube::set_annotation(pipeline, kJenkinsfileJson, data->get_string());
        }
        return true;
      });
  if (!changed) return error_reply_400(changed.error());
  return json_reply(json::object{{"result", "success"}});
}

/// The labels of agents that the configuration offers.
Response node_labels(Api& api, Request&, Generation) {
  const Result<json::value> config =
      api.objects.get(kube::config_maps(), {api.options.system_namespace, "jenkins-agent-config"});
  if (!config) return text_error(400, config.error().message);
  json::array labels;
  const std::string_view text = text_at(*config, {"data", "agent.labels"});
  size_t from = 0;
  for (size_t comma = text.find(','); comma != text.npos; comma = text.find(',', from)) {
    labels.emplace_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  labels.emplace_back(text.substr(from));
  return json_reply(
      json::object{{"status", "success"}, {"data", std::move(labels)}, {"message", ""}});
}

}  // namespace

void add_pipelines(RouteTable& table, Api& api) {
  const std::string one = "/pipelines/{pipeline}";
  add_project_route(table, api, Method::get, "/pipelines", "List pipelines", list_pipelines);
  add_project_route(table, api, Method::post, "/pipelines", "Create a pipeline", create_pipeline);
  add_project_route(table, api, Method::get, one, "Get a pipeline", get_pipeline);
  add_project_route(table, api, Method::put, one, "Replace a pipeline", update_pipeline);
  add_project_route(table, api, Method::delete_, one, "Delete a pipeline", delete_pipeline);
  add_project_route(table, api, Method::put, one + "/jenkinsfile",
                    "Replace a pipeline's Jenkinsfile",
                    [](Api& the_api, Request& request, Generation) {
                      return write_jenkinsfile(the_api, request);
                    });
  add_route(table, api, Method::get, "/ci/nodelabels", "List the labels of agents", node_labels);
}

}  // namespace ks::devops::kapis
