#include <fmt/format.h>

#include <boost/json.hpp>

#include "devops/controllers/keys.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/run_objects.h"

// Branches of multi-branch pipelines, as the Pipeline's annotation lists them (devops-api, section
// 7.6).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kBranches = "pipeline.devops.kubesphere.io/jenkins-branches";

Result<json::array> branches_of(Api& api, const Request& request) {
  const json::value pipeline =
      TRY(api.objects.get_by_kind(pipelines(), {std::string(request.param("namespace")),
                                                std::string(request.param("pipeline"))}));
  if (!is_multi_branch(pipeline)) {
    return Error{Code::invalid, "invalid multi-branch Pipeline provided"};
  }
  Result<json::value> all = parse_json(kube::annotation(pipeline, kBranches));
  if (!all || !all->is_array()) return json::array();
  return std::move(all->get_array());
}

Response list_branches(Api& api, Request& request, Generation) {
  Result<json::array> all = branches_of(api, request);
  if (!all) return error_reply(all.error());
  const std::string_view filter = request.query.get("filter");
  json::array kept;
  for (json::value& branch : *all) {
    const bool pull_request = !text_at(branch, {"pullRequest", "id"}).empty();
    if ((filter == "pull-requests" && !pull_request) || (filter == "origin" && pull_request))
      continue;
    kept.push_back(std::move(branch));
  }
  return json_reply(envelope(std::move(kept), page_of(request.query, Generation::v3)));
}

Response get_branch(Api& api, Request& request, Generation) {
  const Result<json::array> all = branches_of(api, request);
  if (!all) return error_reply(all.error());
  for (const json::value& branch : *all) {
    if (text_at(branch, {"name"}) == request.param("branch")) return json_reply(branch);
  }
  return text_error(404, fmt::format("Branch {} was not found", request.param("branch")));
}

}  // namespace

void add_branches(RouteTable& table, Api& api) {
  const std::string all = "/namespaces/{namespace}/pipelines/{pipeline}/branches";
  add_route(table, api, Method::get, all, "List the branches of a pipeline", list_branches);
  add_route(table, api, Method::get, all + "/{branch}", "Get a branch of a pipeline", get_branch);
}

}  // namespace ks::devops::kapis
