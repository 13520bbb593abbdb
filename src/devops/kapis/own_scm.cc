#include "devops/kapis/own_scm.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/random.h"
#include "base/text.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/scm/provider.h"

namespace ks::devops::kapis {
namespace {

using http::Request;
using http::Response;

constexpr size_t kMostServers = 100;
constexpr int kAttempts = 5;
constexpr std::string_view kClass = "io.jenkins.blueocean.rest.impl.pipeline.scm.";

std::string scm_of(const Request& request) { return std::string(request.param("scm")); }

std::string without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

/// Blue Ocean's form of an error: 428 for a token that does not do.
Response scm_error(const Error& error) {
  const bool refused = error.code == Code::unauthenticated || error.code == Code::forbidden ||
                       error.code == Code::not_found;
  const bool provider = error.code == Code::unavailable || error.code == Code::timeout;
  const int status = refused ? 428 : provider ? 502 : http::status_of(error.code);
  return json_reply(
      json::object{{"message", error.message}, {"code", status}, {"errors", json::array()}},
      status);
}

/// The kind that open_scm() knows; empty for one without organizations.
std::string kind_of(const std::string& scm) {
  if (scm == "github" || scm == "github-enterprise") return "github";
  if (scm == "bitbucket-cloud") return "bitbucketcloud";
  if (scm == "bitbucket-server") return "bitbucketserver";
  return {};
}

// ----- what is kept -----

/// The id by which a validated token is named; servers of one's own have their own.
std::string credential_id(const std::string& scm, const std::string& server) {
  if (server.empty()) return scm;
  return fmt::format("{}:{}", scm, hex_encode(sha256(server)).substr(0, 16));
}

/// A Secret for each user and id: nobody lists with the token of somebody else.
kube::Key token_key(const Api& api, const Request& request, const std::string& id) {
  const std::string digest = hex_encode(sha256(user_name(request) + "\n" + id)).substr(0, 20);
  return {api.options.system_namespace, "scm-token-" + digest};
}

Result<> ensure_namespace(Api& api) {
  const Result<json::value> made = api.objects.client().create(
      kube::namespaces(),
      json::object{{"apiVersion", "v1"},
                   {"kind", "Namespace"},
                   {"metadata", json::object{{"name", api.options.system_namespace}}}});
  if (!made && made.error().code != Code::already_exists) return made.error();
  return {};
}

/// Writes an object whether it is there or not.
Result<> put(Api& api, const kube::Resource& resource, const kube::Key& key, json::object fields) {
  TRY(ensure_namespace(api));
  fields["apiVersion"] = resource.api_version();
  fields["kind"] = resource.kind;
  fields["metadata"] = json::object{{"name", key.name}, {"namespace", key.space}};
  const Result<json::value> made = api.objects.client().create(resource, fields);
  if (made) return {};
  if (made.error().code != Code::already_exists) return made.error();
  TRY(api.objects.replace(resource, key, fields, false));
  return {};
}

ScmAccess access_from(const Api& api, const std::string& scm, const std::string& server,
                      std::string username, std::string token) {
  return {.kind = kind_of(scm),
          .server = scm == "github" || scm == "bitbucket-cloud" ? std::string() : server,
          .username = std::move(username),
          .token = std::move(token),
          .allow_private = api.options.allow_private_addresses};
}

/// The provider, with the token that `credentialId` names.
Result<std::unique_ptr<ScmProvider>> provider_of(Api& api, const Request& request) {
  const std::string scm = scm_of(request);
  if (kind_of(scm).empty()) {
    return Error{Code::invalid,
                 fmt::format("\"{}\" has no organizations; use github, "
                             "github-enterprise, bitbucket-cloud or bitbucket-server",
                             scm)};
  }
  const std::string id(request.query.get("credentialId"));
  const Result<json::value> secret = api.objects.get(kube::secrets(), token_key(api, request, id));
  if (!secret) {
    return Error{
        secret.error().code == Code::not_found ? Code::unauthenticated : secret.error().code,
        fmt::format("no credential \"{}\" was verified; POST scms/{}/verify first", id, scm)};
  }
  const auto data = [&](std::string_view key) {
    return base64_decode(text_at(*secret, {"data", key})).value_or(std::string());
  };
  return open_scm(access_from(api, scm, data("server"), data("username"), data("token")));
}

std::string servers_name(const std::string& scm) {
  return "scm-servers-" + hex_encode(sha256(scm)).substr(0, 12);
}

json::object server_json(const std::string& scm, const std::string& id, const json::value& server) {
  return {{"_class", fmt::format("{}ScmServerEndpoint", kClass)},
          {"_links",
           json::object{{"self", json::object{{"href", fmt::format("{}/scm/{}/servers/{}/", kBlue,
                                                                   percent_encode(scm), id)}}}}},
          {"id", id},
          {"name", text_at(server, {"name"})},
          {"apiUrl", text_at(server, {"apiUrl"})}};
}

Result<json::object> servers_of(Api& api, const std::string& scm) {
  const Result<json::value> map =
      api.objects.get(kube::config_maps(), {api.options.system_namespace, servers_name(scm)});
  if (!map && map.error().code == Code::not_found) return json::object();
  if (!map) return map.error();
  json::object out;
  const json::value* data = find(*map, {"data"});
  if (data == nullptr || !data->is_object()) return out;
  for (const auto& [id, text] : data->get_object()) {
    if (text.is_string()) out[id] = parse_json(text.get_string()).value_or(json::value());
  }
  return out;
}

int64_t page_field(const Request& request, std::string_view name, int64_t otherwise) {
  const auto value = parse_int(request.query.get(name));
  return value && *value > 0 && *value <= 1000 ? *value : otherwise;
}

}  // namespace

Response own_scm_verify(Api& api, const Request& request) {
  const std::string scm = scm_of(request);
  if (kind_of(scm).empty()) {
    return scm_error(
        {Code::invalid, fmt::format("there is no way to verify tokens of \"{}\"", scm)});
  }
  const Result<json::value> body = body_of(request);
  if (!body) return scm_error(body.error());
  const std::string server = without_slash(text_at(*body, {"apiUrl"}));
  std::string username(text_at(*body, {"userName"}));
  std::string token(text_at(*body, {"accessToken"}));
  if (token.empty()) token = text_at(*body, {"password"});
  if (token.empty()) {
    return scm_error(
        {Code::invalid, "accessToken: is missing; bitbucket takes userName and password"});
  }
  const Result<std::unique_ptr<ScmProvider>> provider =
      open_scm(access_from(api, scm, server, username, token));
  if (!provider) return scm_error(provider.error());
  if (const auto listed = (*provider)->organizations({.number = 1, .size = 1}); !listed) {
    return scm_error(listed.error());
  }
  const std::string id = credential_id(scm, server);
  const Result<> kept = put(
      api, kube::secrets(), token_key(api, request, id),
      {{"type", "Opaque"},
       {"stringData", json::object{{"token", token}, {"username", username}, {"server", server}}}});
  return kept ? json_reply(json::object{{"credentialId", id}}) : error_reply(kept.error());
}

Response own_scm_servers(Api& api, const Request& request) {
  const std::string scm = scm_of(request);
  const Result<json::object> servers = servers_of(api, scm);
  if (!servers) return error_reply(servers.error());
  json::array out;
  for (const auto& [id, server] : *servers)
    out.push_back(server_json(scm, std::string(id), server));
  return json_reply(out);
}

Response own_scm_add_server(Api& api, const Request& request) {
  const std::string scm = scm_of(request);
  const Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const std::string url = without_slash(text_at(*body, {"apiUrl"}));
  const json::object server{{"name", text_at(*body, {"name"})}, {"apiUrl", url}};
  if (text_at(*body, {"name"}).empty() ||
      (!url.starts_with("https://") && !url.starts_with("http://"))) {
    return scm_error({Code::invalid, "name and apiUrl: are needed; apiUrl begins with https://"});
  }
  const std::string id = hex_encode(sha256(url)).substr(0, 32);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Result<json::object> servers = servers_of(api, scm);
    if (!servers) return error_reply(servers.error());
    // One address, one server: that one is the answer.
    if (const json::value* there = servers->if_contains(id)) {
      return json_reply(server_json(scm, id, *there));
    }
    if (servers->size() >= kMostServers) {
      return scm_error(
          {Code::exhausted, fmt::format("there are {} servers already", kMostServers)});
    }
    // A merge touches this key alone, whoever adds another one meanwhile.
    const kube::Key key{api.options.system_namespace, servers_name(scm)};
    const json::object data{{"data", json::object{{id, to_json(server)}}}};
    if (api.objects.client().patch(kube::config_maps(), key, kube::PatchType::merge,
                                   to_json(data))) {
      return json_reply(server_json(scm, id, server));
    }
    if (const Result<> made = ensure_namespace(api); !made) return error_reply(made.error());
    json::object map = data;
    map["apiVersion"] = "v1";
    map["kind"] = "ConfigMap";
    map["metadata"] = json::object{{"name", key.name}, {"namespace", key.space}};
    if (api.objects.client().create(kube::config_maps(), map)) {
      return json_reply(server_json(scm, id, server));
    }
  }
  return error_reply({Code::unavailable, "the list of servers could not be written; try again"});
}

Response own_scm_organizations(Api& api, const Request& request) {
  const Result<std::unique_ptr<ScmProvider>> provider = provider_of(api, request);
  if (!provider) return scm_error(provider.error());
  const auto found = (*provider)->organizations({.number = 1, .size = 100});
  if (!found) return scm_error(found.error());
  std::vector<ScmOrganization> all;
  // As Blue Ocean has it: who asks comes first, as an organization of one.
  if (const Result<std::string> user = (*provider)->user(); user && !user->empty()) {
    all.push_back({*user, {}});
  }
  all.insert(all.end(), found->begin(), found->end());
  const std::string base =
      fmt::format("{}/scm/{}/organizations", kBlue, percent_encode(scm_of(request)));
  json::array out;
  for (const ScmOrganization& one : all) {
    const std::string href = fmt::format("{}/{}/", base, percent_encode(one.name));
    out.push_back(json::object{
        {"_class", fmt::format("{}ScmOrganization", kClass)},
        {"_links", json::object{{"repositories", json::object{{"href", href + "repositories/"}}},
                                {"self", json::object{{"href", href}}}}},
        {"avatar", one.avatar},
        {"jenkinsOrganizationPipeline", false},
        {"name", one.name},
        {"key", one.name}});
  }
  return json_reply(out);
}

Response own_scm_repositories(Api& api, const Request& request) {
  const Result<std::unique_ptr<ScmProvider>> provider = provider_of(api, request);
  if (!provider) return scm_error(provider.error());
  const ScmPage page{.number = page_field(request, "pageNumber", 1),
                     .size = std::min<int64_t>(page_field(request, "pageSize", 100), 100)};
  const std::string organization(request.param("organization"));
  const auto found = (*provider)->repositories(organization, page);
  if (!found) return scm_error(found.error());
  const std::string base =
      fmt::format("{}/scm/{}/organizations/{}/repositories/", kBlue,
                  percent_encode(scm_of(request)), percent_encode(organization));
  json::array items;
  for (const ScmRepository& one : *found) {
    items.push_back(json::object{
        {"_class", fmt::format("{}ScmRepository", kClass)},
        {"_links",
         json::object{{"self", json::object{{"href", base + percent_encode(one.name) + "/"}}}}},
        {"defaultBranch", one.default_branch},
        {"name", one.name},
        {"permissions", json::object()},
        {"fullName", fmt::format("{}/{}", organization, one.name)}});
  }
  const bool more = static_cast<int64_t>(found->size()) == page.size;
  const json::value next = more ? json::value(page.number + 1) : json::value();
  const json::object links{{"self", json::object{{"href", base}}}};
  return json_reply(json::object{
      {"_class", fmt::format("{}ScmRepositoryContainer", kClass)},
      {"_links", links},
      {"repositories", json::object{{"_class", fmt::format("{}ScmRepositories", kClass)},
                                    {"_links", links},
                                    {"items", std::move(items)},
                                    {"lastPage", nullptr},
                                    {"nextPage", next},
                                    {"pageSize", page.size}}}});
}

}  // namespace ks::devops::kapis
