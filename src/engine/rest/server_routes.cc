#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/rest/core_view.h"
#include "engine/rest/routes.h"
#include "jenkins/types.h"

// The server itself as Jenkins' core API shows it: its folders, who is asking, its machines; and
// the calls that are kept for clients that insist on them (engine-rest, section 1).

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

Response show_server(Engine& engine, const Request& request) {
  json::array jobs;
  for (const std::string& folder : engine.folders()) {
    jobs.push_back(json::object{
        {"_class", "com.cloudbees.hudson.plugins.folder.Folder"},
        {"name", folder},
        {"url", fmt::format("{}/job/{}/", base_url(request), percent_encode(folder))}});
  }
  const json::object view{
      {"_class", "hudson.model.AllView"}, {"name", "all"}, {"url", base_url(request) + "/"}};
  return api_reply(request, json::object{{"_class", "hudson.model.Hudson"},
                                         {"assignedLabels", json::array()},
                                         {"mode", "NORMAL"},
                                         {"nodeDescription", "the engine"},
                                         {"nodeName", ""},
                                         {"numExecutors", 0},
                                         {"description", nullptr},
                                         {"jobs", std::move(jobs)},
                                         {"primaryView", view},
                                         {"quietingDown", false},
                                         {"slaveAgentPort", -1},
                                         {"unlabeledLoad", json::object()},
                                         {"url", base_url(request) + "/"},
                                         {"useCrumbs", false},
                                         {"useSecurity", true},
                                         {"views", json::array{json::value(view)}}});
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

}  // namespace

void add_server_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  add_both(router, Method::get, "/api/json", [&](Request& r) { return show_server(engine, r); });
  add_both(router, Method::get, "/whoAmI/api/json", who_am_i);
  add_both(router, Method::get, "/me/api/json", [](Request& r) { return show_user(r, caller(r)); });
  add_both(router, Method::get, "/user/{user}/api/json",
           [](Request& r) { return show_user(r, std::string(r.param("user"))); });
  add_both(router, Method::get, "/pluginManager/api/json", [](Request& r) {
    return api_reply(
        r, json::object{{"_class", "hudson.LocalPluginManager"}, {"plugins", json::array()}});
  });
  for (const char* path : {"/scriptText", "/script"}) router.add(Method::post, path, no_scripts);
  // Authorisation is KubeSphere's; the engine reads its configuration itself.
  router.add(Method::post, "/role-strategy/strategy/{call...}", fine);
  for (const char* call : {"reload", "checkNewSource", "replace", "apply"}) {
    router.add(Method::post, fmt::format("/configuration-as-code/{}", call), fine);
  }
}

}  // namespace ks::engine
