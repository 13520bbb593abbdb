#include "store/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <thread>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "kube/object.h"
#include "store/api/request_metrics.h"
#include "store/api/respond.h"
#include "store/api/reviews.h"
#include "store/api/server.h"

namespace ks::store {
namespace {

/// A list of more objects than this is put together by a worker.
constexpr size_t kReactorObjects = 20'000;
constexpr size_t kInstalledAtOnce = 32;

kube::Status no_method(const Call& call, std::string_view verb) {
  return kube::method_not_supported(call.resource(), verb);
}

bool is_watch(const http::Request& request, const kube::ResourcePath& path) {
  return path.watch || query_flag(request, "watch");
}

Answer read(ApiServer& server, Call& call) {
  if (is_watch(call.request, call.path)) {
    if (!call.kind->has_verb("watch")) return no_method(call, "watch");
    return watch_objects(server, call);
  }
  if (!call.path.name.empty()) {
    if (!call.kind->has_verb("get")) return no_method(call, "get");
    return get_object(server, call);
  }
  if (!call.kind->has_verb("list")) return no_method(call, "list");
  return list_objects(server, call);
}

/// Which verb a method is on a collection or on an object.
Answer serve_resource(ApiServer& server, Call& call) {
  const bool named = !call.path.name.empty();
  const bool everywhere = call.kind->resource.namespaced && call.path.space.empty();
  switch (call.request.method) {
    case http::Method::get:
    case http::Method::head: return read(server, call);
    case http::Method::post:
      if (named || everywhere || !call.kind->has_verb("create")) return no_method(call, "create");
      return create_object(server, call);
    case http::Method::put:
      if (!named || !call.kind->has_verb("update")) return no_method(call, "update");
      return update_object(server, call);
    case http::Method::patch:
      if (!named || !call.kind->has_verb("patch")) return no_method(call, "patch");
      return patch_object(server, call);
    case http::Method::delete_:
      if (named && call.kind->has_verb("delete")) return remove_object(server, call);
      if (!named && !everywhere && call.kind->has_verb("deletecollection")) {
        return remove_collection(server, call);
      }
      return no_method(call, named ? "delete" : "deletecollection");
    default: return no_method(call, to_lower(to_string(call.request.method)));
  }
}

Answer serve_path(ApiServer& server, http::Request& request, const kube::ResourcePath& path) {
  const CatalogRef catalog = server.registry.catalog();
  const KindRef kind = catalog->find(path.group, path.version, path.resource);
  if (kind == nullptr) return kube::path_not_found();
  if (!path.space.empty() && !kind->resource.namespaced) return kube::path_not_found();
  if (kind->resource.namespaced && path.space.empty() && !path.name.empty()) {
    return kube::path_not_found();
  }
  const Kind::Subresource* sub = nullptr;
  if (!path.subresource.empty()) {
    sub = kind->subresource(path.subresource);
    if (sub == nullptr || !path.rest.empty()) return kube::path_not_found();
  }
  const Format format = TRY(negotiate(request));
  Call call{.request = request,
            .catalog = catalog,
            .kind = kind,
            .sub = sub,
            .path = path,
            .format = format};
  if (!kind->deprecation_warning.empty()) call.warnings.push_back(kind->deprecation_warning);
  return sub == nullptr ? serve_resource(server, call) : subresource(server, call);
}

http::Runs runs_where(const ApiServer& server, const http::Request& request) {
  const bool reads = request.method == http::Method::get || request.method == http::Method::head;
  if (!reads) return http::Runs::on_worker;
  if (request.headers.get("Accept").find("as=") != std::string_view::npos) {
    return http::Runs::on_worker;
  }
  return server.store.size() <= kReactorObjects ? http::Runs::on_reactor : http::Runs::on_worker;
}

}  // namespace

struct KubeApi::State {
  State(Store& store, Registry& registry, KubeApiOptions options)
      : server(store, registry, std::move(options)), metrics(server.options.metrics) {}

  http::Response handle(http::Request& request) {
    const std::optional<kube::ResourcePath> path = kube::parse_path(request.path);
    if (!path) return server.discovery.answer(*server.registry.catalog(), request);
    Answer answer = serve_path(server, request, *path);
    http::Response response = answer ? std::move(*answer) : respond(answer.error());
    metrics.count(request, *path, response.status);
    return response;
  }

  ApiServer server;
  RequestMetrics metrics;
};

KubeApi::KubeApi(Store& store, Registry& registry, KubeApiOptions options)
    : state_(std::make_unique<State>(store, registry, std::move(options))) {}

KubeApi::~KubeApi() = default;

void KubeApi::add_routes(http::Router& router) {
  State& state = *state_;
  const auto handle = [&state](http::Request& request) { return state.handle(request); };
  const auto where = [&state](const http::Request& request) {
    return runs_where(state.server, request);
  };
  router.add_prefix("/api", handle, where);
  router.add_prefix("/apis", handle, where);
  router.add_prefix("/openapi", [&state](http::Request& request) {
    return state.server.openapi.answer(*state.server.registry.catalog(), request);
  });
}

namespace {

/// Sends a request of our own through the same code as everybody's.
Outcome<http::Response> call_self(ApiServer& server, http::Method method, const std::string& path,
                                  const json::value& body) {
  http::Request request = http::make_request(
      method, path, to_json(body),
      {{"Content-Type",
        method == http::Method::patch ? "application/apply-patch+yaml" : "application/json"}});
  request.peer = "in-process";
  const std::optional<kube::ResourcePath> parsed = kube::parse_path(request.path);
  CHECK_MSG(parsed.has_value(), path);
  return serve_path(server, request, *parsed);
}

/// What every cluster has, and what a restart finds again.
std::vector<json::value> cluster_objects() {
  std::vector<json::value> objects;
  for (std::string_view name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    objects.push_back(
        json::object{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
  }
  objects.push_back(json::object{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata",
       {{"name", "kubernetes"},
        {"namespace", "default"},
        {"labels", {{"component", "apiserver"}, {"provider", "kubernetes"}}}}},
      {"spec",
       {{"type", "ClusterIP"},
        {"clusterIP", "10.96.0.1"},
        {"ports",
         json::array{json::object{
             {"name", "https"}, {"port", 443}, {"protocol", "TCP"}, {"targetPort", 6443}}}}}}});
  return objects;
}

}  // namespace

Result<> KubeApi::start() {
  ApiServer& server = state_->server;
  TRY(server.definitions.start(
      [&server](const std::string& resource) { server.watches.end_resource(resource); }));
  std::vector<json::value> spaces, services;
  for (json::value& object : cluster_objects()) {
    const bool is_service = kube::kind_of(object) == "Service";
    const Key key{is_service ? "services" : "namespaces", std::string(kube::space_of(object)),
                  std::string(kube::name_of(object))};
    if (server.store.get(key) != nullptr) continue;
    (is_service ? services : spaces).push_back(std::move(object));
  }
  TRY(install_all(spaces));
  return install_all(services);
}

Result<> KubeApi::install_all(const std::vector<json::value>& objects) {
  if (objects.size() == 1) return install(objects.front());
  std::vector<Result<>> outcomes(objects.size());
  std::atomic<size_t> next{0};
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < std::min(kInstalledAtOnce, objects.size()); i++) {
      threads.emplace_back([&] {
        for (size_t at = next++; at < objects.size(); at = next++) {
          outcomes[at] = install(objects[at]);
        }
      });
    }
  }
  for (Result<>& outcome : outcomes) TRY(std::move(outcome));
  return {};
}

Result<> KubeApi::install(const json::value& object) {
  ApiServer& server = state_->server;
  const auto [group, version] = kube::split_api_version(kube::api_version_of(object));
  const KindRef kind = server.registry.catalog()->find_kind(group, version, kube::kind_of(object));
  if (kind == nullptr) {
    return Error{
        Code::invalid,
        fmt::format("{} {} \"{}\" cannot be installed: no such kind is served",
                    kube::api_version_of(object), kube::kind_of(object), kube::name_of(object))};
  }
  const std::string path =
      kind->resource.path(kube::space_of(object), kube::name_of(object)).text() +
      "?fieldManager=ks&force=true";
  Outcome<http::Response> answer = call_self(server, http::Method::patch, path, object);
  if (answer) return {};
  return std::move(answer.error().to_error())
      .in(fmt::format("{} \"{}\"", kube::kind_of(object), kube::name_of(object)));
}

}  // namespace ks::store
