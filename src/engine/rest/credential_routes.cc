#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/rest/routes.h"
#include "jenkins/types.h"

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

CredentialKind kind_of(jenkins::CredentialType type) {
  switch (type) {
    case jenkins::CredentialType::username_password: return CredentialKind::username_password;
    case jenkins::CredentialType::ssh_key: return CredentialKind::ssh_key;
    case jenkins::CredentialType::secret_text: return CredentialKind::secret_text;
    case jenkins::CredentialType::kubeconfig: return CredentialKind::kubeconfig;
  }
  return CredentialKind::secret_text;
}

jenkins::CredentialType type_of(CredentialKind kind) {
  switch (kind) {
    case CredentialKind::username_password: return jenkins::CredentialType::username_password;
    case CredentialKind::ssh_key: return jenkins::CredentialType::ssh_key;
    case CredentialKind::secret_text: return jenkins::CredentialType::secret_text;
    case CredentialKind::kubeconfig: return jenkins::CredentialType::kubeconfig;
    case CredentialKind::secret_file:
    case CredentialKind::certificate:
    case CredentialKind::docker_cert: break;  // no client makes those
  }
  return jenkins::CredentialType::secret_text;
}

/// Never the secret.
json::object shown(const Engine::CredentialInfo& info, const std::string& folder) {
  const std::string_view type = jenkins::type_name(type_of(info.kind));
  return {{"id", info.id},
          {"typeName", type},
          {"displayName", info.id},
          {"description", info.description},
          {"fullName", fmt::format("{}/_/{}", folder, info.id)},
          {"fingerprint", json::object()}};
}

Result<> put(Engine& engine, const Request& request, const json::value& form, bool must_exist) {
  const std::string folder(request.param("p"));
  jenkins::Credential given = TRY(jenkins::credential_from_form(form));
  if (must_exist && given.id != request.param("id")) {
    return Error{Code::invalid, fmt::format("credential: the id \"{}\" cannot become \"{}\"",
                                            request.param("id"), given.id)};
  }
  const std::vector<Engine::CredentialInfo> held = TRY(engine.credentials(folder));
  const bool exists =
      std::ranges::any_of(held, [&](const auto& one) { return one.id == given.id; });
  if (exists != must_exist) {
    return exists
               ? Error{Code::already_exists,
                       fmt::format("credential \"{}\" already exists", given.id)}
               : Error{Code::not_found, fmt::format("credential \"{}\" does not exist", given.id)};
  }
  return engine.put_credential(folder,
                               {.id = given.id,
                                .kind = kind_of(given.type),
                                .username = given.username,
                                .secret = given.secret,
                                .passphrase = given.passphrase},
                               given.description);
}

Response answer(const Result<>& result) {
  if (!result) return core_error(result.error());
  Response out = Response::text(302, "");
  out.headers.set("Location", "../");
  return out;
}

Response submit(Engine& engine, const Request& request, bool must_exist) {
  const Result<json::value> form = parse_json(field(request, "json"));
  if (!form) return core_error(Error(form.error()).in("form field json"));
  if (must_exist) return answer(put(engine, request, *form, true));
  const json::value* credential = find(*form, {"credentials"});
  if (credential == nullptr) {
    return core_error({Code::invalid, "form field json: \"credentials\" is missing"});
  }
  return answer(put(engine, request, *credential, false));
}

}  // namespace

void add_credential_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  const std::string store = "/job/{p}/credentials/store/folder/domain/_";
  router.add(Method::post, store + "/createCredentials",
             [&](Request& r) { return submit(engine, r, false); });
  router.add(Method::post, store + "/credential/{id}/updateSubmit",
             [&](Request& r) { return submit(engine, r, true); });
  router.add(Method::post, store + "/credential/{id}/doDelete", [&](Request& r) {
    return answer(engine.remove_credential(std::string(r.param("p")), std::string(r.param("id"))));
  });
  router.add(Method::get, store + "/credential/{id}/api/json", [&](Request& r) {
    const std::string folder(r.param("p"));
    const auto held = engine.credentials(folder);
    if (!held) return core_error(held.error());
    for (const auto& one : *held) {
      if (one.id == r.param("id")) return Response::json(200, to_json(shown(one, folder)));
    }
    return core_error(
        {Code::not_found, fmt::format("credential \"{}\" does not exist", r.param("id"))});
  });
  router.add(Method::get, store + "/api/json", [&](Request& r) {
    const std::string folder(r.param("p"));
    const auto held = engine.credentials(folder);
    if (!held) return core_error(held.error());
    json::array list;
    for (const auto& one : *held) list.push_back(shown(one, folder));
    return Response::json(200, to_json(json::object{{"credentials", std::move(list)}}));
  });
}

}  // namespace ks::engine
