#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "base/text.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"
#include "kube/names.h"

// GitOps applications (devops-api, sections 8 and 12.9).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kSyncLabel = "gitops.kubesphere.io/sync-status";
constexpr std::string_view kHealthLabel = "gitops.kubesphere.io/health-status";
constexpr std::string_view kLocation = "gitops.kubesphere.io/argocd-location";
constexpr std::string_view kCascade = "resources-finalizer.argocd.argoproj.io";

kube::Resource applications() {
  return {"gitops.kubesphere.io", "v1alpha1", "applications", "Application", true};
}

std::string space_of(const Request& request) { return std::string(request.param("namespace")); }
kube::Key key_of(const Request& request) {
  return {space_of(request), std::string(request.param("application"))};
}

Response list_applications(Api& api, Request& request, Generation generation) {
  std::vector<std::string> terms;
  for (const auto& [name, key] :
       {std::pair{"syncStatus", kSyncLabel}, {"healthStatus", kHealthLabel}}) {
    const std::string_view wanted = request.query.get(name);
    if (wanted.empty()) continue;
    if (const kube::Complaints wrong = kube::check_label_value(wanted); !wrong.empty()) {
      return text_error(400,
                        fmt::format("{}: invalid value \"{}\": {}", name, wanted, wrong.front()));
    }
    terms.push_back(fmt::format("{}={}", key, wanted));
  }
  Result<std::vector<kube::ObjectRef>> all =
      api.objects.list(applications(), space_of(request), join(terms, ","));
  if (!all) return error_reply(all.error());
  return json_reply(list_of(std::move(*all), request.query, generation));
}

json::object counts(const std::map<std::string, int, std::less<>>& by_value) {
  json::object out;
  for (const auto& [value, count] : by_value) out[value] = count;
  return out;
}

Response summarize(Api& api, Request& request, Generation) {
  const Result<std::vector<kube::ObjectRef>> all =
      api.objects.list(applications(), space_of(request));
  if (!all) return error_reply(all.error());
  std::map<std::string, int, std::less<>> health, sync;
  for (const kube::ObjectRef& application : *all) {
    if (const auto value = kube::label(*application, kHealthLabel); !value.empty()) {
      ++health[std::string(value)];
    }
    if (const auto value = kube::label(*application, kSyncLabel); !value.empty()) {
      ++sync[std::string(value)];
    }
  }
  return json_reply(json::object{
      {"total", all->size()}, {"healthStatus", counts(health)}, {"syncStatus", counts(sync)}});
}

Response create_application(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  set_at(*body, {"metadata", "namespace"}, json::value(space_of(request)));
  kube::set_label(*body, kLocation, api.options.argocd_namespace);
  const Result<Written> made =
      api.objects.create(applications(), space_of(request), *body, is_strict(request));
  return made ? written_reply(*made, false) : error_reply(made.error());
}

Response get_application(Api& api, Request& request, Generation) {
  return reply(api.objects.get_by_kind(applications(), key_of(request)));
}

Response update_application(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const Result<Written> written =
      api.objects.replace(applications(), key_of(request), *body, is_strict(request));
  return written ? written_reply(*written, false) : error_reply(written.error());
}

Response delete_application(Api& api, Request& request, Generation) {
  Result<json::value> stored = api.objects.get_by_kind(applications(), key_of(request));
  if (!stored) return error_reply(stored.error());
  if (request.query.get("cascade") == "true") {
    stored = api.objects.client().modify(applications(), key_of(request), [](json::value& object) {
      return kube::add_finalizer(object, kCascade);
    });
    if (!stored) return error_reply(stored.error());
  }
  const Result<> removed = api.objects.client().remove(applications(), key_of(request));
  return removed ? json_reply(*stored) : error_reply(removed.error());
}

/// The operation that Argo CD is to do, of what the caller asks and the application's policy.
json::object sync_operation(const json::value& asked, const json::value& application,
                            const std::string& user) {
  const auto take = [&](std::string_view field) {
    const json::value* value = find(asked, {field});
    return value == nullptr ? json::value() : *value;
  };
  json::object sync;
  for (std::string_view field :
       {"revision", "prune", "dryRun", "syncOptions", "resources", "manifests"}) {
    if (json::value value = take(field); !value.is_null()) sync[field] = std::move(value);
  }
  if (json::value strategy = take("strategy"); !strategy.is_null()) {
    sync["syncStrategy"] = std::move(strategy);
  }
  json::value retry = take("retryStrategy");
  if (const json::value* policy = find(application, {"spec", "argoApp", "spec", "syncPolicy"})) {
    const json::value* options = find(*policy, {"syncOptions"});
    if (!sync.contains("syncOptions") && options != nullptr) sync["syncOptions"] = *options;
    const json::value* own = find(*policy, {"retry"});
    if (retry.is_null() && own != nullptr) retry = *own;
  }
  json::object out{{"sync", std::move(sync)}, {"initiatedBy", json::object{{"username", user}}}};
  if (json::value infos = take("infos"); !infos.is_null()) out["info"] = std::move(infos);
  if (!retry.is_null()) out["retry"] = std::move(retry);
  return out;
}

Response sync_application(Api& api, Request& request, Generation) {
  if (user_name(request).empty()) {
    return text_error(401, "[ServiceError:401] unauthenticated request");
  }
  const Result<json::value> body = body_of(request);
  if (!body) return text_error(400, "[ServiceError:400] invalid application sync request");
  std::string refused;
  const Result<json::value> changed =
      api.objects.client().modify(applications(), key_of(request), [&](json::value& application) {
        if (find(application, {"spec", "argoApp"}) == nullptr) {
          refused = "application is not initialized, please confirm you have already configured it";
        } else if (find(application, {"spec", "argoApp", "operation"}) != nullptr) {
          refused = "another operation is already in progress";
        }
        if (!refused.empty()) return false;
        set_at(application, {"spec", "argoApp", "operation"},
               sync_operation(*body, application, user_name(request)));
        return true;
      });
  if (!refused.empty()) return text_error(400, "[ServiceError:400] " + refused);
  if (!changed && changed.error().code == Code::not_found) {
    return error_reply(
        {Code::not_found, fmt::format("Application.gitops.kubesphere.io \"{}\" not found",
                                      request.param("application"))});
  }
  return changed ? json_reply(without_kind(*changed)) : error_reply(changed.error());
}

/// The cluster itself, and those that Argo CD has Secrets for.
Response list_clusters(Api& api, Request&, Generation) {
  json::array out;
  out.push_back(json::object{{"server", "https://kubernetes.default.svc"}, {"name", "in-cluster"}});
  const Result<std::vector<kube::ObjectRef>> secrets =
      api.objects.list(kube::secrets(), {}, "argocd.argoproj.io/secret-type=cluster");
  if (!secrets) return error_reply(secrets.error());
  for (const kube::ObjectRef& secret : *secrets) {
    const auto field = [&](std::string_view name) {
      return base64_decode(text_at(*secret, {"data", name})).value_or(std::string());
    };
    const std::string name = field("name"), server = field("server");
    if (!name.empty() && !server.empty()) {
      out.push_back(json::object{{"server", server}, {"name", name}});
    }
  }
  return json_reply(out);
}

}  // namespace

void add_applications(RouteTable& table, Api& api) {
  const std::string space = "/namespaces/{namespace}";
  const std::string all = space + "/applications", one = all + "/{application}";
  add_route(table, api, Method::get, all, "List applications", list_applications);
  add_route(table, api, Method::get, space + "/application-summary",
            "Count applications by health and sync status", summarize);
  add_route(table, api, Method::post, all, "Create an application", create_application);
  add_route(table, api, Method::get, one, "Get an application", get_application);
  add_route(table, api, Method::put, one, "Replace an application", update_application);
  add_route(table, api, Method::delete_, one, "Delete an application", delete_application);
  add_route(table, api, Method::post, one + "/sync", "Sync an application", sync_application);
  add_route(table, api, Method::get, "/clusters", "List the clusters to deploy to", list_clusters);
}

}  // namespace ks::devops::kapis
