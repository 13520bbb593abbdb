#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/scm/provider.h"

// SCM providers, asked with a Secret of the caller's (devops-api, section 7.8).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

struct Token {
  std::string username, secret;
};

/// The user name and token of a Secret; those of another type give none: calls are anonymous.
Result<Token> token_of(Api& api, const Request& request) {
  const std::string name(request.query.get("secret"));
  if (name.empty()) return Token{};
  const Result<json::value> secret =
      api.objects.get(kube::secrets(), {std::string(request.query.get("secretNamespace")), name});
  if (!secret) {
    return Error{secret.error().code,
                 fmt::format("cannot get secret, error is: {}", secret.error().message)};
  }
  const auto data = [&](std::string_view key) {
    return base64_decode(text_at(*secret, {"data", key})).value_or(std::string());
  };
  const std::string_view type = text_at(*secret, {"type"});
  if (type == "kubernetes.io/basic-auth" || type == "credential.devops.kubesphere.io/basic-auth") {
    return Token{data("username"), data("password")};
  }
  if (type == "credential.devops.kubesphere.io/secret-text") return Token{"", data("secret")};
  return Token{"", type == "Opaque" ? data("token") : std::string()};
}

Result<std::unique_ptr<ScmProvider>> provider_of(Api& api, const Request& request) {
  const Token token = TRY(token_of(api, request));
  return open_scm({.kind = std::string(request.param("scm")),
                   .server = std::string(request.query.get("server")),
                   .username = token.username,
                   .token = token.secret,
                   .allow_private = api.options.allow_private_addresses});
}

ScmPage scm_page(const http::Query& query) {
  const auto number = [&](std::string_view name, std::string_view other, int64_t otherwise) {
    const std::string_view text = query.has(name) ? query.get(name) : query.get(other);
    const auto value = parse_int(text);
    return value && *value > 0 && *value < 1'000'000 ? *value : otherwise;
  };
  return {.number = number("pageNumber", "page", 1), .size = number("pageSize", "limit", 10)};
}

/// The provider refusing, or not being there, is not the caller's fault alone, but its answer.
Response provider_error(const Error& error) {
  const bool provider = error.code == Code::unavailable || error.code == Code::timeout;
  return text_error(provider ? 502 : http::status_of(error.code), error.message);
}

Response verify(Api& api, Request& request, Generation) {
  const std::string_view secret = request.query.get("secret");
  json::object out{{"message", "ok"}, {"code", 0}};
  const Result<std::unique_ptr<ScmProvider>> provider = provider_of(api, request);
  if (!provider) {
    out = {{"message", provider.error().message}, {"code", 100}};
  } else if (const auto listed = (*provider)->organizations({.number = 1, .size = 1}); !listed) {
    out = {{"message", listed.error().message}, {"code", 101}};
  }
  if (!secret.empty()) out["credentialId"] = secret;
  return json_reply(out);
}

Response list_organizations(Api& api, Request& request, Generation) {
  const Result<std::unique_ptr<ScmProvider>> provider = provider_of(api, request);
  if (!provider) return provider_error(provider.error());
  const auto found = (*provider)->organizations(scm_page(request.query));
  if (!found) return provider_error(found.error());
  json::array out;
  for (const ScmOrganization& one : *found) {
    out.push_back(json::object{{"name", one.name}, {"avatar", one.avatar}});
  }
  if (request.query.get("includeUser") == "true") {
    const Result<std::string> user = (*provider)->user();
    if (!user) return provider_error(user.error());
    out.push_back(json::object{{"name", *user},
                               {"avatar", "https://avatars.githubusercontent.com/" + *user}});
  }
  return json_reply(out);
}

Response list_repositories(Api& api, Request& request, Generation) {
  const Result<std::unique_ptr<ScmProvider>> provider = provider_of(api, request);
  if (!provider) return provider_error(provider.error());
  const auto found = (*provider)->repositories(std::string(request.param("organization")),
                                               scm_page(request.query));
  if (!found) return provider_error(found.error());
  json::array items;
  for (const ScmRepository& one : *found) {
    items.push_back(json::object{{"defaultBranch", one.default_branch}, {"name", one.name}});
  }
  return json_reply(json::object{{"repositories", json::object{{"items", std::move(items)}}}});
}

}  // namespace

void add_scm(RouteTable& table, Api& api) {
  const std::string scm = "/scms/{scm}";
  add_route(table, api, Method::post, scm + "/verify", "Check the access to an SCM provider",
            verify);
  add_route(table, api, Method::get, scm + "/organizations", "List organizations",
            list_organizations);
  add_route(table, api, Method::get, scm + "/organizations/{organization}/repositories",
            "List the repositories of an organization", list_repositories);
}

}  // namespace ks::devops::kapis
