#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/routes.h"
#include "jenkins/types.h"

// Blue Ocean's organization, users, favourites, classes and search (engine-rest, section 3).

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr const char* kOrganization = "/blue/rest/organizations/jenkins";
constexpr std::string_view kRest = "io.jenkins.blueocean.service.embedded.rest.";
constexpr size_t kMostFavorites = 1000;  // of one user
constexpr size_t kMostServers = 100;     // of one SCM

json::object self_link(std::string href) {
  return {{"self", json::object{{"_class", "io.jenkins.blueocean.rest.hal.Link"},
                                {"href", std::move(href)}}}};
}

/// Of both kinds, by name.
std::vector<JobName> pipelines_in(Engine& engine, const std::string& folder) {
  std::vector<JobName> out = engine.jobs(folder);
  const std::vector<JobName> projects = engine.branches().projects(folder);
  out.insert(out.end(), projects.begin(), projects.end());
  std::ranges::sort(out);
  return out;
}

json::object organization() {
  return {{"_class", "io.jenkins.blueocean.service.embedded.OrganizationImpl"},
          {"_links", self_link(std::string(kOrganization) + "/")},
          {"displayName", "Jenkins"},
          {"name", "jenkins"}};
}

json::object user_json(std::string_view name, bool own) {
  json::object out{{"_class", fmt::format("{}UserImpl", kRest)},
                   {"_links", self_link(fmt::format("/blue/rest/users/{}/", percent_encode(name)))},
                   {"avatar", nullptr},
                   {"email", nullptr},
                   {"fullName", name},
                   {"id", name}};
  if (own) {
    const json::object all{{"create", true}, {"delete", true}, {"update", true}, {"view", true}};
    out["permission"] = json::object{{"administrator", true},
                                     {"credential", json::object{{"CredentialsStoreAction", all}}},
                                     {"pipeline", json::object{{"configure", true},
                                                               {"create", true},
                                                               {"read", true},
                                                               {"start", true},
                                                               {"stop", true}}}};
  }
  return out;
}

// ----- search -----

/// `a:b;c:d` as pairs.
std::string term(std::string_view query, std::string_view name) {
  for (std::string_view part : split(query, ';')) {
    const size_t colon = part.find(':');
    if (colon != part.npos && trim(part.substr(0, colon)) == name) {
      return std::string(trim(part.substr(colon + 1)));
    }
  }
  return {};
}

Response search(Engine& engine, const Request& request) {
  const std::string_view query = request.query.get("q");
  if (const std::string type = term(query, "type"); type != "pipeline") {
    return blue_error({Code::invalid,
                       fmt::format("search for type \"{}\" is not supported: use pipeline", type)});
  }
  const std::string wanted = term(query, "pipeline");
  const Result<Page> page = page_of(request, 100);
  if (!page) return blue_error(page.error());
  json::array out;
  size_t seen = 0;
  for (const std::string& folder : engine.folders()) {
    // Most patterns name the folder: the others' jobs need not be looked at.
    const std::string_view of_folder = std::string_view(wanted).substr(0, wanted.find('/'));
    if (wanted.contains('/') && !matches_wildcard(folder, of_folder)) continue;
    for (const JobName& job : pipelines_in(engine, folder)) {
      if (!wanted.empty() && !matches_wildcard(job.text(), wanted) &&
          !matches_wildcard(job.name, wanted)) {
        continue;
      }
      if (seen++ < page->start || out.size() >= page->limit) continue;
      if (Result<json::object> one = blue_job_json(engine, job)) out.push_back(std::move(*one));
    }
  }
  return blue_reply(request, out);
}

Response list_pipelines(Engine& engine, const Request& request) {
  const std::string folder(request.param("p"));
  if (!engine.has_folder(folder)) {
    return blue_error({Code::not_found, fmt::format("folder \"{}\" does not exist", folder)});
  }
  const Result<Page> page = page_of(request, 100);
  if (!page) return blue_error(page.error());
  json::array out;
  size_t seen = 0;
  for (const JobName& job : pipelines_in(engine, folder)) {
    if (seen++ < page->start || out.size() >= page->limit) continue;
    if (Result<json::object> one = blue_job_json(engine, job)) out.push_back(std::move(*one));
  }
  return blue_reply(request, out);
}

json::object folder_json(Engine& engine, const std::string& folder) {
  return {
      {"_class", fmt::format("{}PipelineFolderImpl", kRest)},
      {"_links", self_link(fmt::format("{}/pipelines/{}/", kOrganization, percent_encode(folder)))},
      {"actions", json::array()},
      {"disabled", nullptr},
      {"displayName", folder},
      {"fullDisplayName", folder},
      {"fullName", folder},
      {"name", folder},
      {"numberOfFolders", 0},
      {"numberOfPipelines", pipelines_in(engine, folder).size()},
      {"organization", "jenkins"},
      {"pipelineFolderNames", json::array()}};
}

// ----- favourites -----

Response set_favorite(const Routes& routes, const Request& request) {
  const JobName job = job_of(request);
  Result<json::object> pipeline = blue_job_json(routes.engine, job);
  if (!pipeline) return blue_error(pipeline.error());
  const Result<json::value> body = parse_json(request.body.view());
  if (!body) return blue_error(body.error());
  const json::value* wanted = find(*body, {"favorite"});
  if (wanted == nullptr || !wanted->is_bool()) {
    return blue_error({Code::invalid, "favorite must be true or false"});
  }
  const std::string user = caller(request);
  const Result<> kept = routes.state.change("favorites", [&](json::object& all) -> Result<> {
    if (!all[user].is_object()) all[user] = json::object();
    json::object& own = all[user].get_object();
    if (!wanted->get_bool()) {
      own.erase(job.text());
      return {};
    }
    if (own.size() >= kMostFavorites) return Error{Code::exhausted, "more than 1,000 favourites"};
    own[job.text()] = json::object{{"folder", job.folder}, {"name", job.name}};
    return {};
  });
  if (!kept) return blue_error(kept.error());
  return Response::json(200, to_json(json::object{{"item", std::move(*pipeline)}}));
}

Response favorites(const Routes& routes, const Request& request) {
  const std::string user(request.param("user"));
  if (user != caller(request)) {
    return blue_error({Code::forbidden, "favourites are for their own user alone"});
  }
  json::array out;
  const json::value all = routes.state.read("favorites");
  if (const json::value* own = find(all, {user}); own != nullptr && own->is_object()) {
    for (const auto& [name, job] : own->get_object()) {
      Result<json::object> item = blue_job_json(
          routes.engine,
          {std::string(text_at(job, {"folder"})), std::string(text_at(job, {"name"}))});
      if (!item) continue;  // it was removed meanwhile
      out.push_back(json::object{
          {"_class", fmt::format("{}FavoriteImpl", kRest)},
          {"_links", self_link(fmt::format("/blue/rest/users/{}/favorites/{}/",
                                           percent_encode(user), percent_encode(name)))},
          {"item", std::move(*item)}});
    }
  }
  return blue_reply(request, out);
}

// ----- classes -----

/// What a class of Blue Ocean is a kind of, which tells its pages what they can do with it.
json::array kinds_of(std::string_view java_class) {
  static constexpr std::string_view kModel = "io.jenkins.blueocean.rest.model.";
  struct Kind {
    std::string_view ending;
    std::array<std::string_view, 3> of;
  };
  static constexpr std::array<Kind, 9> kKinds{{
      {"PipelineImpl", {"BluePipeline", "BlueRunnableItem", "BluePipelineItem"}},
      {"MultiBranchPipelineImpl",
       {"BlueMultiBranchPipeline", "BluePipelineFolder", "BluePipelineItem"}},
      {"BranchImpl", {"BlueBranch", "BluePipeline", "BlueRunnableItem"}},
      {"PipelineFolderImpl", {"BluePipelineFolder", "BluePipelineItem", ""}},
      {"PipelineRunImpl", {"BlueRun", "", ""}},
      {"QueuedBlueRun", {"BlueRun", "", ""}},
      {"PipelineNodeImpl", {"BluePipelineNode", "BluePipelineStep", ""}},
      {"PipelineStepImpl", {"BluePipelineStep", "", ""}},
      {"OrganizationImpl", {"BlueOrganization", "", ""}},
  }};
  json::array out;
  const std::string_view name = java_class.substr(java_class.find_last_of(".$") + 1);
  for (const Kind& kind : kKinds) {
    if (kind.ending != name) continue;
    for (std::string_view one : kind.of) {
      if (!one.empty()) out.push_back(json::value(fmt::format("{}{}", kModel, one)));
    }
  }
  out.push_back(json::value(java_class));
  return out;
}

Response show_class(const Request& request) {
  return blue_reply(
      request, json::object{{"_class", "io.jenkins.blueocean.service.embedded.ExtensionClassImpl"},
                            {"classes", kinds_of(request.param("class"))}});
}

Response show_classes(const Request& request) {
  json::object map;
  std::string_view names = request.query.get("q");
  if (names.empty()) names = request.query.get("value");
  for (std::string_view name : split(names, ',')) {
    if (!trim(name).empty()) map[trim(name)] = json::object{{"classes", kinds_of(trim(name))}};
  }
  return blue_reply(request, json::object{{"map", std::move(map)}});
}

// ----- servers of forges -----

bool has_servers(std::string_view scm) {
  return scm == "github-enterprise" || scm == "bitbucket-server" || scm == "github" ||
         scm == "gitlab" || scm == "gitea";
}

json::object server_json(std::string_view scm, std::string_view id, const json::value& server) {
  return {{"_class",
           "io.jenkins.blueocean.blueocean_bitbucket_pipeline.server.BitbucketServerEndpoint"},
          {"_links", self_link(fmt::format("{}/scm/{}/servers/{}/", kOrganization, scm, id))},
          {"id", id},
          {"name", text_at(server, {"name"})},
          {"apiUrl", text_at(server, {"apiUrl"})}};
}

Response list_servers(const Routes& routes, const Request& request) {
  const std::string scm(request.param("scm"));
  if (!has_servers(scm)) {
    return blue_error({Code::not_found, fmt::format("there is no SCM \"{}\" with servers", scm)});
  }
  json::array out;
  const json::value all = routes.state.read("servers");
  if (const json::value* here = find(all, {scm}); here != nullptr && here->is_object()) {
    for (const auto& [id, server] : here->get_object()) out.push_back(server_json(scm, id, server));
  }
  return blue_reply(request, out);
}

Response add_server(const Routes& routes, const Request& request) {
  const std::string scm(request.param("scm"));
  if (!has_servers(scm)) {
    return blue_error({Code::not_found, fmt::format("there is no SCM \"{}\" with servers", scm)});
  }
  const Result<json::value> body = parse_json(request.body.view());
  if (!body) return blue_error(body.error());
  const std::string_view name = text_at(*body, {"name"});
  std::string_view url = text_at(*body, {"apiUrl"});
  if (url.ends_with('/')) url.remove_suffix(1);
  if (name.empty() || !(url.starts_with("https://") || url.starts_with("http://"))) {
    return blue_error({Code::invalid, "name and apiUrl (http or https) are required"});
  }
  // As Blue Ocean names them: by their address, so that one is not there twice.
  const std::string id = hex_encode(sha256(url)).substr(0, 40);
  const json::object server{{"name", name}, {"apiUrl", url}};
  const Result<> kept = routes.state.change("servers", [&](json::object& all) -> Result<> {
    if (!all[scm].is_object()) all[scm] = json::object();
    json::object& here = all[scm].get_object();
    if (here.size() >= kMostServers) return Error{Code::exhausted, "more than 100 servers"};
    here[id] = server;
    return {};
  });
  if (!kept) return blue_error(kept.error());
  return Response::json(200, to_json(server_json(scm, id, server)));
}

}  // namespace

void add_blue_server_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  const auto get = [&](const std::string& path, http::Handler handler) {
    add_both(router, Method::get, path, std::move(handler));
  };
  const std::string organization_path = kOrganization;
  get("/blue/rest/organizations",
      [](Request& r) { return blue_reply(r, json::array{json::value(organization())}); });
  get(organization_path, [](Request& r) { return blue_reply(r, organization()); });
  get(organization_path + "/user",
      [](Request& r) { return blue_reply(r, user_json(caller(r), true)); });
  for (const std::string& users : {std::string("/blue/rest/users"), organization_path + "/users"}) {
    get(users, [](Request& r) {
      return blue_reply(r, json::array{json::value(user_json(caller(r), false))});
    });
    get(users + "/{user}",
        [](Request& r) { return blue_reply(r, user_json(r.param("user"), false)); });
    get(users + "/{user}/favorites", [routes](Request& r) { return favorites(routes, r); });
  }
  get("/blue/rest/classes", show_classes);
  add_both(router, Method::post, "/blue/rest/classes", show_classes);
  get("/blue/rest/classes/{class}", show_class);
  get("/blue/rest/search", [&](Request& r) { return search(engine, r); });
  const std::string pipelines = organization_path + "/pipelines";
  get(pipelines, [&](Request& r) {
    json::array out;
    for (const std::string& folder : engine.folders()) out.push_back(folder_json(engine, folder));
    return blue_reply(r, out);
  });
  get(pipelines + "/{p}", [&](Request& r) {
    const std::string folder(r.param("p"));
    if (engine.has_folder(folder)) return blue_reply(r, folder_json(engine, folder));
    return blue_error({Code::not_found, fmt::format("folder \"{}\" does not exist", folder)});
  });
  get(pipelines + "/{p}/pipelines", [&](Request& r) { return list_pipelines(engine, r); });
  add_both(router, Method::put, pipelines + "/{p}/pipelines/{j}/favorite",
           [routes](Request& r) { return set_favorite(routes, r); });
  const std::string servers = organization_path + "/scm/{scm}/servers";
  get(servers, [routes](Request& r) { return list_servers(routes, r); });
  add_both(router, Method::post, servers, [routes](Request& r) { return add_server(routes, r); });
}

}  // namespace ks::engine
