#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "devops/controllers/keys.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"

// Credentials of a DevOps project: Secrets of four types, never readable back (devops-api, section
// 7.3).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kSyncTime = "credential.devops.kubesphere.io/synctime";

struct Type {
  std::string_view name;
  std::array<std::string_view, 2> secret_keys;
};
constexpr std::array<Type, 4> kTypes = {{{"basic-auth", {"password", ""}},
                                         {"ssh-auth", {"passphrase", "private_key"}},
                                         {"secret-text", {"secret", ""}},
                                         {"kubeconfig", {"content", ""}}}};

const Type* type_of(const json::value& secret) {
  std::string_view type = text_at(secret, {"type"});
  if (!type.starts_with(credential::kTypePrefix)) return nullptr;
  type.remove_prefix(credential::kTypePrefix.size());
  for (const Type& one : kTypes) {
    if (one.name == type) return &one;
  }
  return nullptr;
}

/// The secret entries are there, and empty. What kubectl keeps of a Secret in its annotation goes
/// too.
json::value masked(json::value secret) {
  if (const Type* type = type_of(secret)) {
    json::value* data = find(secret, {"data"});
    if (data != nullptr && data->is_object() && !data->get_object().empty()) {
      for (std::string_view key : type->secret_keys) {
        if (!key.empty()) data->get_object()[key] = "";
      }
    }
  }
  if (secret.is_object()) secret.get_object().erase("stringData");
  kube::remove_annotation(secret, "kubectl.kubernetes.io/last-applied-configuration");
  return without_kind(std::move(secret));
}

Response masked_reply(const Written& written) {
  return written_reply({.object = masked(written.object), .warnings = written.warnings}, false);
}

Error no_credential(std::string_view name) {
  return {Code::not_found, fmt::format("secrets \"{}\" not found", name)};
}

/// The Secret of the path, when it is a credential: other Secrets of the namespace are nobody's
/// business here.
Result<json::value> find_credential(Api& api, const std::string& space, const std::string& name) {
  json::value secret = TRY(api.objects.get(kube::secrets(), {space, name}));
  if (type_of(secret) == nullptr) return no_credential(name);
  return secret;
}

Result<> check_type(const json::value& secret) {
  if (type_of(secret) != nullptr) return {};
  return Error{Code::invalid,
               fmt::format("type: unsupported value \"{}\"; a credential is of type {}basic-auth, "
                           "ssh-auth, secret-text or kubeconfig",
                           text_at(secret, {"type"}), credential::kTypePrefix)};
}

void mark_pending(Api& api, json::value& secret) {
  kube::set_annotation(secret, credential::kAutoSync, "true");
  kube::set_annotation(secret, credential::kSyncStatus, "pending");
  kube::set_annotation(secret, kSyncTime, go_time(api.objects.clock().now()));
}

Response list_credentials(Api& api, Request& request, Generation generation) {
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  const std::string_view selector = request.query.get("labelSelector");
  Result<std::vector<kube::ObjectRef>> all =
      api.objects.list(kube::secrets(), *space,
                       kube::LabelSelector::parse(selector) ? selector : std::string_view());
  if (!all) return error_reply_400(all.error());
  std::erase_if(*all, [](const kube::ObjectRef& secret) { return type_of(*secret) == nullptr; });
  return json_reply(list_of(std::move(*all), request.query, generation, masked));
}

Response create_credential(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  if (const Result<> right = check_type(*body); !right) return error_reply(right.error());
  set_at(*body, {"metadata", "namespace"}, json::value(*space));
  if (!kube::has_annotation(*body, kCreator) && !user_name(request).empty()) {
    kube::set_annotation(*body, kCreator, user_name(request));
  }
  mark_pending(api, *body);
  const Result<Written> made =
      api.objects.create(kube::secrets(), *space, *body, is_strict(request));
  return made ? masked_reply(*made) : error_reply_400(made.error());
}

Response get_credential(Api& api, Request& request, Generation) {
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  const Result<json::value> found =
      find_credential(api, *space, std::string(request.param("credential")));
  return found ? json_reply(masked(*found)) : error_reply_400(found.error());
}

Response update_credential(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  const Result<json::value> stored =
      find_credential(api, *space, std::string(kube::name_of(*body)));
  if (!stored) return error_reply_400(stored.error());
  set_at(*body, {"metadata", "namespace"}, json::value(*space));
  if (text_at(*body, {"type"}).empty())
    set_at(*body, {"type"}, json::value(text_at(*stored, {"type"})));
  mark_pending(api, *body);
  const Result<Written> written = api.objects.update(kube::secrets(), *body, is_strict(request));
  return written ? masked_reply(*written) : error_reply_400(written.error());
}

Response delete_credential(Api& api, Request& request, Generation) {
  const Result<std::string> space = project_space(api, request);
  if (!space) return error_reply_400(space.error());
  const std::string name(request.param("credential"));
  if (const Result<json::value> found = find_credential(api, *space, name); !found) {
    return error_reply_400(found.error());
  }
  const Result<> removed = api.objects.client().remove(kube::secrets(), {*space, name});
  return removed ? success_reply() : error_reply_400(removed.error());
}

}  // namespace

void add_credentials(RouteTable& table, Api& api) {
  const std::string all = "/credentials", one = "/credentials/{credential}";
  add_project_route(table, api, Method::get, all, "List credentials", list_credentials);
  add_project_route(table, api, Method::post, all, "Create a credential", create_credential);
  add_project_route(table, api, Method::get, one, "Get a credential", get_credential);
  add_project_route(table, api, Method::put, one, "Replace a credential", update_credential);
  add_project_route(table, api, Method::delete_, one, "Delete a credential", delete_credential);
}

}  // namespace ks::devops::kapis
