#include "engine/rest/hook_routes.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/branches.h"
#include "jenkins/xml.h"

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

/// The JSON of a delivery: the body, or the form field `payload`.
Result<json::value> payload_of(const Request& request) {
  if (is_form(request)) return parse_json(field(request, "payload"));
  return parse_json(request.body.view());
}

/// Where the three servers write the addresses of the repository.
std::vector<std::string> addresses_of(const json::value& payload) {
  std::vector<std::string> out;
  const auto take = [&](std::string_view url) {
    if (!url.empty()) out.emplace_back(url);
  };
  for (std::string_view name : {"clone_url", "ssh_url", "html_url", "git_url"}) {
    take(text_at(payload, {"repository", name}));
  }
  for (std::string_view name : {"git_http_url", "git_ssh_url", "web_url", "http_url"}) {
    take(text_at(payload, {"project", name}));
  }
  take(text_at(payload, {"repository", "links", "html", "href"}));
  if (const json::value* clones = find(payload, {"repository", "links", "clone"});
      clones != nullptr && clones->is_array()) {
    for (const json::value& clone : clones->get_array()) take(text_at(clone, {"href"}));
  }
  return out;
}

/// Only somebody who is known gets here: whoever checks signatures stands before this.
Response pushed(Engine& engine, const Request& request, std::string_view server) {
  const Result<json::value> payload = payload_of(request);
  if (!payload) return core_error(Error(payload.error()).in("payload"));
  for (const std::string& url : addresses_of(*payload)) {
    engine.branches().scan_repository(url, fmt::format("Push event of {}", server));
  }
  return Response::text(200, "");
}

constexpr const char* kFolderTrigger =
    "com.igalg.jenkins.plugins.mswt.trigger.ComputedFolderWebHookTrigger";

/// Projects whose own trigger has that token.
Response scan_by_token(Engine& engine, const Request& request) {
  const std::string token(request.query.get("token"));
  json::object results;
  for (const std::string& folder : engine.folders()) {
    for (const JobName& project : engine.branches().projects(folder)) {
      const Result<std::string> config = engine.job_config(project);
      if (token.empty() || !config || !config->contains("WebHookTrigger")) continue;
      const Result<pugi::xml_document> document = jenkins::parse_xml(*config);
      if (!document) continue;
      const pugi::xml_node trigger =
          document->document_element().child("triggers").child(kFolderTrigger);
      if (!trigger || !equal_in_constant_time(jenkins::child_text(trigger, "token"), token)) {
        continue;
      }
      const Result<> asked = engine.branches().scan(project, "Triggered by a webhook");
      results[project.text()] = json::object{{"triggered", asked.ok()}, {"id", 0}, {"url", ""}};
    }
  }
  return Response::json(
      200, to_json(json::object{{"status", "ok"},
                                {"data", json::object{{"triggerResults", std::move(results)}}}}));
}

// ----- the model's schema -----

json::object list_of(json::value items) { return {{"type", "array"}, {"items", std::move(items)}}; }
json::object reference(std::string_view name) {
  return {{"$ref", fmt::format("#/definitions/{}", name)}};
}
json::object object_with(json::object properties,
                         std::initializer_list<std::string_view> required) {
  json::array names;
  for (std::string_view name : required) names.push_back(json::value(name));
  json::object out{{"type", "object"}, {"properties", std::move(properties)}};
  if (!names.empty()) out["required"] = std::move(names);
  return out;
}

/// What `toJson` gives and `toJenkinsfile` takes.
json::object model_schema() {
  const json::object text{{"type", "string"}};
  const json::object value =
      object_with({{"isLiteral", json::object{{"type", "boolean"}}}, {"value", json::object()}},
                  {"isLiteral", "value"});
  const json::object named =
      object_with({{"key", text}, {"value", reference("value")}}, {"key", "value"});
  const json::object arguments{{"anyOf", json::array{json::value(reference("value")),
                                                     json::value(list_of(reference("argument"))),
                                                     json::value(list_of(reference("value")))}}};
  const json::object step = object_with(
      {{"name", text}, {"arguments", arguments}, {"children", list_of(reference("step"))}},
      {"name"});
  const json::object branch =
      object_with({{"name", text}, {"steps", list_of(reference("step"))}}, {"name", "steps"});
  const json::object conditions = object_with(
      {{"conditions", list_of(object_with({{"condition", text}, {"branch", reference("branch")}},
                                          {"condition", "branch"}))}},
      {"conditions"});
  const json::object agent = object_with({{"type", text},
                                          {"arguments", list_of(reference("argument"))},
                                          {"argument", reference("value")}},
                                         {"type"});
  const json::object stage = object_with({{"name", text},
                                          {"agent", reference("agent")},
                                          {"branches", list_of(reference("branch"))},
                                          {"parallel", list_of(reference("stage"))},
                                          {"stages", list_of(reference("stage"))},
                                          {"environment", list_of(reference("argument"))},
                                          {"tools", list_of(reference("argument"))},
                                          {"when", json::object{{"type", "object"}}},
                                          {"input", json::object{{"type", "object"}}},
                                          {"options", json::object{{"type", "object"}}},
                                          {"matrix", json::object{{"type", "object"}}},
                                          {"failFast", json::object{{"type", "boolean"}}},
                                          {"post", reference("post")}},
                                         {"name"});
  const json::object pipeline = object_with({{"agent", reference("agent")},
                                             {"stages", list_of(reference("stage"))},
                                             {"environment", list_of(reference("argument"))},
                                             {"tools", list_of(reference("argument"))},
                                             {"options", json::object{{"type", "object"}}},
                                             {"parameters", json::object{{"type", "object"}}},
                                             {"triggers", json::object{{"type", "object"}}},
                                             {"libraries", json::object{{"type", "object"}}},
                                             {"post", reference("post")}},
                                            {"stages", "agent"});
  json::object out = object_with({{"pipeline", pipeline}}, {"pipeline"});
  out["$schema"] = "http://json-schema.org/draft-04/schema#";
  out["definitions"] =
      json::object{{"value", value},     {"argument", named}, {"step", step},  {"branch", branch},
                   {"post", conditions}, {"agent", agent},    {"stage", stage}};
  return out;
}

}  // namespace

void add_hook_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  for (const auto& [path, server] : {std::pair{"/github-webhook", "GitHub"},
                                     {"/gitlab-webhook/post", "GitLab"},
                                     {"/bitbucket-scmsource-hook/notify", "Bitbucket"}}) {
    add_both(router, Method::post, path,
             [&engine, server](Request& r) { return pushed(engine, r, server); });
  }
  for (const Method method : {Method::get, Method::post}) {
    add_both(router, method, "/multibranch-webhook-trigger/invoke",
             [&](Request& r) { return scan_by_token(engine, r); });
  }
  add_both(router, Method::get, "/pipeline-model-schema/json",
           [](Request&) { return Response::json(200, to_json(model_schema())); });
}

}  // namespace ks::engine
