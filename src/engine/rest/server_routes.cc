#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "base/version.h"
#include "engine/rest/core_view.h"
#include "engine/rest/routes.h"
#include "engine/rest/views.h"
#include "jenkins/types.h"

// The server itself as Jenkins' core API shows it: its folders, who is asking, its machines; and
// the calls that are kept for clients that insist on them (engine-rest, section 1).

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

json::object folder_link(const std::string& folder, const std::string& base) {
  return {{"_class", "com.cloudbees.hudson.plugins.folder.Folder"},
          {"name", folder},
          {"url", fmt::format("{}/job/{}/", base, percent_encode(folder))}};
}

Response show_server(const Routes& routes, const Request& request) {
  const std::string base = base_url(request);
  json::array jobs;
  const size_t levels = levels_of(request);
  for (const std::string& folder : routes.engine.folders()) {
    jobs.push_back(levels == 0 ? folder_link(folder, base)
                               : folder_json(routes, folder, base, levels - 1));
  }
  size_t executors = 0;
  for (const Machine& machine : routes.engine.machines()) executors += machine.executors;
  const json::array views = view_links(routes.state, base, "");
  return api_reply(request, json::object{{"_class", "hudson.model.Hudson"},
                                         {"assignedLabels", json::array()},
                                         {"mode", "NORMAL"},
                                         {"nodeDescription", "the engine"},
                                         {"nodeName", ""},
                                         {"numExecutors", executors},
                                         {"description", nullptr},
                                         {"jobs", std::move(jobs)},
                                         {"primaryView", views.front()},
                                         {"quietingDown", false},
                                         {"slaveAgentPort", -1},
                                         {"unlabeledLoad", json::object()},
                                         {"url", base + "/"},
                                         {"useCrumbs", true},
                                         {"useSecurity", true},
                                         {"views", views}});
}

Response who_am_i(const Request& request) {
  const std::string name = caller(request);
  json::array groups{json::value("authenticated")};
  for (const std::string& group : request.user.groups) groups.emplace_back(group);
  return api_reply(request, json::object{{"_class", "hudson.security.WhoAmI"},
                                         {"anonymous", request.user.name.empty()},
                                         {"authenticated", !request.user.name.empty()},
                                         {"authorities", std::move(groups)},
                                         {"name", name}});
}

Response show_user(const Request& request, const std::string& name) {
  return api_reply(
      request, json::object{{"_class", "hudson.model.User"},
                            {"absoluteUrl",
                             fmt::format("{}/user/{}", base_url(request), percent_encode(name))},
                            {"description", nullptr},
                            {"fullName", name},
                            {"id", name},
                            {"property", json::array()}});
}

/// Jenkins' own answer to a person without the right to run scripts on the controller.
Response no_scripts(Request&) {
  return core_error(
      {Code::forbidden,
       "scripts on the controller are not offered: they would have all of its rights"});
}

Response fine(Request&) { return Response::text(200, ""); }

/// What the engine does is built in; this says it to clients that look for plugins.
Response show_plugins(const Request& request) {
  json::array plugins;
  for (const char* name : {"ant",
                           "blueocean",
                           "branch-api",
                           "build-timeout",
                           "cloudbees-folder",
                           "credentials",
                           "credentials-binding",
                           "generic-webhook-trigger",
                           "git",
                           "junit",
                           "lockable-resources",
                           "mailer",
                           "email-ext",
                           "matrix-auth",
                           "pipeline-build-step",
                           "pipeline-input-step",
                           "pipeline-milestone-step",
                           "pipeline-model-definition",
                           "pipeline-rest-api",
                           "pipeline-stage-step",
                           "pipeline-utility-steps",
                           "plain-credentials",
                           "role-strategy",
                           "script-security",
                           "ssh-agent",
                           "ssh-credentials",
                           "timestamper",
                           "workflow-aggregator",
                           "workflow-cps",
                           "workflow-job",
                           "workflow-multibranch",
                           "ws-cleanup"}) {
    plugins.push_back(json::object{{"active", true},
                                   {"bundled", true},
                                   {"deleted", false},
                                   {"enabled", true},
                                   {"hasUpdate", false},
                                   {"longName", name},
                                   {"pinned", false},
                                   {"shortName", name},
                                   {"version", kVersion}});
  }
  return api_reply(request, json::object{{"_class", "hudson.LocalPluginManager"},
                                         {"plugins", std::move(plugins)}});
}

/// What of the configuration there is to export: the rest is the engine's flags.
Response export_configuration(Engine& engine) {
  size_t executors = 0;
  for (const Machine& machine : engine.machines()) executors += machine.executors;
  const json::value content =
      json::object{{"jenkins", json::object{{"mode", "NORMAL"}, {"numExecutors", executors}}}};
  Response out = Response::text(200, to_yaml(content));
  out.headers.set("Content-Type", "application/x-yaml;charset=utf-8");
  return out;
}

Response configuration_schema(Request&) {
  const json::object number{{"type", "integer"}};
  const json::object jenkins{
      {"type", "object"},
      {"properties",
       json::object{{"numExecutors", number}, {"mode", json::object{{"type", "string"}}}}}};
  return Response::json(200,
                        to_json(json::object{{"$schema", "http://json-schema.org/draft-07/schema#"},
                                             {"type", "object"},
                                             {"properties", json::object{{"jenkins", jenkins}}}}));
}

/// For probes, which look whether it answers and for `X-Jenkins`.
Response login_page(Request&) {
  Response out = Response::text(200,
                                "<!DOCTYPE html><html><head><title>Sign in</title></head><body>"
                                "This server takes a user and a password, or a token, with each "
                                "request.</body></html>\n");
  out.headers.set("Content-Type", "text/html;charset=utf-8");
  return out;
}

}  // namespace

void add_server_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  add_api(router, "", [routes](Request& r) { return show_server(routes, r); });
  add_api(router, "/whoAmI", who_am_i);
  add_api(router, "/me", [](Request& r) { return show_user(r, caller(r)); });
  add_api(router, "/user/{user}",
          [](Request& r) { return show_user(r, std::string(r.param("user"))); });
  add_api(router, "/pluginManager", show_plugins);
  add_both(router, Method::get, "/login", login_page);
  router.add(Method::get, "/", [](Request&) { return Response::text(200, "ks\n"); });
  for (const char* path : {"/scriptText", "/script"}) router.add(Method::post, path, no_scripts);
  // Authorisation is KubeSphere's; the engine reads its configuration itself.
  router.add(Method::post, "/role-strategy/strategy/{call...}", fine);
  add_both(router, Method::get, "/role-strategy/strategy/getAllRoles",
           [](Request&) { return Response::json(200, "{}"); });
  add_both(router, Method::get, "/role-strategy/strategy/getRole", [](Request&) {
    return Response::json(
        200, to_json(json::object{{"permissionIds", json::object()}, {"sids", json::array()}}));
  });
  for (const char* call : {"reload", "checkNewSource", "replace", "apply"}) {
    add_both(router, Method::post, fmt::format("/configuration-as-code/{}", call), fine);
  }
  add_both(router, Method::post, "/configuration-as-code/export",
           [&](Request&) { return export_configuration(engine); });
  for (Method method : {Method::get, Method::post}) {
    add_both(router, method, "/configuration-as-code/schema", configuration_schema);
  }
}

}  // namespace ks::engine
