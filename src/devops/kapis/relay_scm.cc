#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "devops/kapis/own_scm.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/relay_shapes.h"
#include "devops/kapis/reply.h"

// SCM providers through Jenkins, and the generic webhook on its way to it (devops-api,
// sections 6.11 and 6.12).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

std::string scm_path(const Request& request) {
  return fmt::format("{}/scm/{}", kBlue, percent_encode(request.param("scm")));
}

std::string_view without_slash(std::string_view url) {
  if (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

/// As relay(); an engine without that part of Blue Ocean is stood in for.
Response relay_or(Api& api, const Request& request, Relayed relayed, std::string_view shape,
                  Response (*own)(Api&, const Request&)) {
  Result<Response> answer = ask_jenkins(api, request, std::move(relayed));
  if (!answer) return error_reply(answer.error());
  if (answer->status == 404) return own(api, request);
  if (answer->status >= 400) return relay_error(*answer);
  Result<json::value> value = answer_json(*answer);
  if (value) value = relay_shapes().get(shape).apply(*value);
  return value ? json_reply(*value) : text_error(502, value.error().message);
}

Response verify(Api& api, Request& request, Generation) {
  Relayed relayed{.method = Method::put, .path = scm_path(request) + "/validate"};
  if (trim(request.body.view()).empty()) relayed.body = "{}";
  return relay_or(api, request, std::move(relayed), "Validates", own_scm_verify);
}

Response list_servers(Api& api, Request& request, Generation) {
  return relay_or(api, request, {.path = scm_path(request) + "/servers/"}, "ScmServers",
                  own_scm_servers);
}

/// One with the same address is there already: that one is the answer.
Response create_server(Api& api, Request& request, Generation) {
  const Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const Result<Response> answer =
      ask_jenkins(api, request, {.path = scm_path(request) + "/servers/", .keep_query = false});
  if (!answer) return error_reply(answer.error());
  if (answer->status == 404) return own_scm_add_server(api, request);
  if (answer->status >= 400) return relay_error(*answer);
  Result<json::value> servers = answer_json(*answer);
  if (servers) servers = relay_shapes().get("ScmServers").apply(*servers);
  if (!servers) return text_error(502, servers.error().message);
  for (const json::value& server : servers->get_array()) {
    if (without_slash(text_at(server, {"apiUrl"})) == without_slash(text_at(*body, {"apiUrl"}))) {
      return json_reply(server);
    }
  }
  return relay(api, request, {.method = Method::post, .path = scm_path(request) + "/servers/"},
               "ScmServer");
}

Response list_organizations(Api& api, Request& request, Generation) {
  return relay_or(api, request, {.path = scm_path(request) + "/organizations/"}, "JScmOrgs",
                  own_scm_organizations);
}

Response list_repositories(Api& api, Request& request, Generation) {
  return relay_or(api, request,
                  {.path = fmt::format("{}/organizations/{}/repositories/", scm_path(request),
                                       percent_encode(request.param("organization")))},
                  "JOrgRepo", own_scm_repositories);
}

// ----- webhooks -----

Response bytes_reply(Api& api, const Request& request, Relayed relayed) {
  Result<Response> answer = ask_jenkins(api, request, std::move(relayed));
  if (!answer) return error_reply(answer.error());
  if (answer->status >= 400) return relay_error(*answer);
  Response out;
  out.body = std::move(answer->body);
  const std::string_view type = answer->headers.get("Content-Type");
  out.headers.set("Content-Type", type.find("json") != type.npos ? "application/json"
                                                                 : "text/plain; charset=utf-8");
  return out;
}

Response generic_webhook(Api& api, Request& request, Generation) {
  return bytes_reply(api, request,
                     {.method = Method::post, .path = "/generic-webhook-trigger/invoke"});
}

}  // namespace

void add_relay_scm(RouteTable& table, Api& api) {
  const std::string scm = "/scms/{scm}";
  add_route(table, api, Method::post, scm + "/verify", "Check the access to an SCM provider",
            verify);
  add_route(table, api, Method::get, scm + "/servers", "List the servers of an SCM provider",
            list_servers);
  add_route(table, api, Method::post, scm + "/servers", "Add a server of an SCM provider",
            create_server);
  add_route(table, api, Method::get, scm + "/organizations", "List organizations",
            list_organizations);
  add_route(table, api, Method::get, scm + "/organizations/{organization}/repositories",
            "List the repositories of an organization", list_repositories);
  const auto webhook = [&](Method method, const char* name, const char* consumes, Handle handle) {
    table.add({.method = method,
               .pattern = fmt::format("/webhook/{}", name),
               .summary = "Take a webhook",
               .handler = [&api, handle](Request& r) { return handle(api, r, api.generation()); },
               .produces = "text/plain",
               .consumes = consumes});
  };
  const char* form_or_json = "application/x-www-form-urlencoded,application/json";
  webhook(Method::post, "generic-trigger", form_or_json, generic_webhook);
}

}  // namespace ks::devops::kapis
