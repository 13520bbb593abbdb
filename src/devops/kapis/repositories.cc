#include <boost/json.hpp>

#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"

// GitRepositories (devops-api, section 7.8).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

kube::Resource git_repositories() {
  return {"devops.kubesphere.io", "v1alpha3", "gitrepositories", "GitRepository", true};
}

std::string space_of(const Request& request) { return std::string(request.param("namespace")); }
kube::Key key_of(const Request& request) {
  return {space_of(request), std::string(request.param("gitrepository"))};
}

Response list_repositories(Api& api, Request& request, Generation generation) {
  Result<std::vector<kube::ObjectRef>> all =
      api.objects.list(git_repositories(), space_of(request));
  if (!all) return error_reply(all.error());
  return json_reply(list_of(std::move(*all), request.query, generation));
}

Response create_repository(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  set_at(*body, {"metadata", "namespace"}, json::value(space_of(request)));
  const Result<Written> made =
      api.objects.create(git_repositories(), space_of(request), *body, is_strict(request));
  return made ? written_reply(*made, false) : error_reply(made.error());
}

Response get_repository(Api& api, Request& request, Generation) {
  return reply(api.objects.get_by_kind(git_repositories(), key_of(request)));
}

/// The path tells whose version is refreshed; what is written is the body's object.
Response update_repository(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const Result<Written> written =
      api.objects.replace(git_repositories(), key_of(request), *body, is_strict(request));
  return written ? written_reply(*written, false) : error_reply(written.error());
}

Response delete_repository(Api& api, Request& request, Generation) {
  const Result<json::value> stored = api.objects.get_by_kind(git_repositories(), key_of(request));
  if (!stored) return error_reply(stored.error());
  const Result<> removed = api.objects.client().remove(git_repositories(), key_of(request));
  return removed ? json_reply(*stored) : error_reply(removed.error());
}

}  // namespace

void add_repositories(RouteTable& table, Api& api) {
  const std::string all = "/namespaces/{namespace}/gitrepositories", one = all + "/{gitrepository}";
  add_route(table, api, Method::get, all, "List git repositories", list_repositories);
  add_route(table, api, Method::post, all, "Add a git repository", create_repository);
  add_route(table, api, Method::get, one, "Get a git repository", get_repository);
  add_route(table, api, Method::put, one, "Replace a git repository", update_repository);
  add_route(table, api, Method::delete_, one, "Remove a git repository", delete_repository);
}

}  // namespace ks::devops::kapis
