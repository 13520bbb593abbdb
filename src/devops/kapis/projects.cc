#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "devops/controllers/keys.h"
#include "devops/kapis/api.h"
#include "devops/kapis/reply.h"

// DevOpsProjects: `/workspaces/{workspace}/devops` of 3.3, `/workspaces/{workspace}/namespaces` of
// 4.x (devops-api, sections 7.1 and 12.2).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kWorkspace = "kubesphere.io/workspace";
constexpr std::string_view kSyncTime = "devopsproject.devops.kubesphere.io/synctime";

/// `limit=10,page=2`
std::optional<Page> paging(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ',');
  if (parts.size() != 2 || !parts[0].starts_with("limit=") || !parts[1].starts_with("page=")) {
    return std::nullopt;
  }
  const auto limit = parse_int(parts[0].substr(6));
  const auto page = parse_int(parts[1].substr(5));
  if (!limit || !page || *page < 0) return std::nullopt;
  Page out;
  out.limit = *limit < 0 ? SIZE_MAX : static_cast<size_t>(*limit);
  if (*page > 1 && *limit > 0) out.offset = static_cast<size_t>(*page - 1) * out.limit;
  return out;
}

/// Unlike the other lists, `limit=-1` is all, and `start` wins over `page`.
Page page_of_projects(const http::Query& query) {
  if (const std::optional<Page> page = paging(query.get("paging"))) return *page;
  Page out = page_of(query, Generation::v3);
  if (parse_int(query.get("limit")) == -1) out = {.offset = 0, .limit = SIZE_MAX};
  if (const auto start = parse_int(query.get("start")); start && *start >= 0) {
    out.offset = static_cast<size_t>(*start);
  }
  return out;
}

std::string in_workspace(const Request& request) {
  return fmt::format("{}={}", kWorkspace, request.param("workspace"));
}

Response list_projects(Api& api, Request& request, Generation generation) {
  if (generation == Generation::v4) {
    Result<std::vector<kube::ObjectRef>> all =
        api.objects.list(devops_projects(), {}, in_workspace(request));
    if (!all) return error_reply(all.error());
    return json_reply(list_of(std::move(*all), request.query, generation));
  }
  const Result<std::vector<kube::ObjectRef>> all = api.objects.list(devops_projects(), {});
  if (!all) return error_reply(all.error());
  json::array items;
  for (const kube::ObjectRef& project : *all) items.push_back(*project);
  return json_reply(envelope(std::move(items), page_of_projects(request.query)));
}

/// The project of the workspace that was made with this generateName.
Result<json::value> find_by_base(Api& api, const Request& request, std::string_view base) {
  const std::vector<kube::ObjectRef> all =
      TRY(api.objects.list(devops_projects(), {}, in_workspace(request)));
  for (const kube::ObjectRef& project : all) {
    if (text_at(*project, {"metadata", "generateName"}) == base) return *project;
  }
  return Error{Code::invalid,
               fmt::format("not found DevOpsProject by workspace: {} and projectName: {}",
                           request.param("workspace"), base)};
}

void mark_pending(Api& api, json::value& project) {
  kube::set_annotation(project, project::kSyncStatus, "pending");
  kube::set_annotation(project, kSyncTime, go_time(api.objects.clock().now()));
}

Response create_project(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  const std::string base(text_at(*body, {"metadata", "generateName"}));
  if (base.empty()) {
    return text_error(400,
                      "DevOpsProject.devops.kubesphere.io \"\" is invalid: metadata.generateName: "
                      "Required value: generateName is required");
  }
  if (find_by_base(api, request, base)) {
    return text_error(409,
                      fmt::format("Operation cannot be fulfilled on "
                                  "devopsproject.devops.kubesphere.io \"{}\": a devops project "
                                  "named {} already exists in the workspace",
                                  base, base));
  }
  (*body).at("metadata").get_object().erase("name");
  kube::set_label(*body, kWorkspace, request.param("workspace"));
  if (!kube::has_annotation(*body, kCreator) && !user_name(request).empty()) {
    kube::set_annotation(*body, kCreator, user_name(request));
  }
  mark_pending(api, *body);
  const Result<Written> made = api.objects.create(devops_projects(), {}, *body, is_strict(request));
  return made ? written_reply(*made, false) : error_reply_400(made.error());
}

Response get_project(Api& api, Request& request, Generation generation) {
  const std::string name(request.param("devops"));
  const bool by_base = parse_go_bool(request.query.get("generateName")).value_or(false);
  if (generation == Generation::v4 && parse_go_bool(request.query.get("check")).value_or(false)) {
    if (!by_base) return text_error(400, "generateNameFlag can not be false");
    return json_reply(json::object{{"exist", find_by_base(api, request, name).ok()}});
  }
  const Result<json::value> found =
      by_base ? find_by_base(api, request, name) : api.objects.get(devops_projects(), {"", name});
  return found ? json_reply(without_kind(*found)) : error_reply_400(found.error());
}

Response update_project(Api& api, Request& request, Generation) {
  Result<json::value> body = body_of(request);
  if (!body) return error_reply(body.error());
  mark_pending(api, *body);
  const Result<Written> written = api.objects.update(devops_projects(), *body, is_strict(request));
  return written ? written_reply(*written, false) : error_reply_400(written.error());
}

Response delete_project(Api& api, Request& request, Generation) {
  const Result<> removed =
      api.objects.client().remove(devops_projects(), {"", std::string(request.param("devops"))});
  return removed ? success_reply() : error_reply_400(removed.error());
}

}  // namespace

void add_projects(RouteTable& table, Api& api) {
  const auto add = [&](Method method, const std::string& below, const std::string& summary,
                       Handle handle) {
    for (const auto& [word, generation] :
         {std::pair{"devops", Generation::v3}, std::pair{"namespaces", Generation::v4}}) {
      table.add({.method = method,
                 .pattern = fmt::format("/workspaces/{{workspace}}/{}{}", word, below),
                 .summary = summary,
                 .handler = [&api, handle, generation](Request& request) {
                   return handle(api, request, generation);
                 }});
    }
  };
  add(Method::get, "", "List the DevOps projects of a workspace", list_projects);
  add(Method::post, "", "Create a DevOps project", create_project);
  add(Method::get, "/{devops}", "Get a DevOps project", get_project);
  add(Method::put, "/{devops}", "Replace a DevOps project", update_project);
  add(Method::delete_, "/{devops}", "Delete a DevOps project", delete_project);
  table.add({.method = Method::get,
             .pattern = "/workspaces/{workspace}/workspacemembers/{workspacemember}/namespaces",
             .summary = "List the DevOps projects that a member of the workspace may see",
             .handler = [&api](Request& request) {
               return list_projects(api, request, Generation::v4);
             }});
}

Result<std::string> project_space(Api& api, const Request& request) {
  const std::string name(request.param("devops"));
  const json::value project = TRY(api.objects.get(devops_projects(), {"", name}));
  const std::string_view space = text_at(project, {"status", "adminNamespace"});
  return std::string(space.empty() ? std::string_view(name) : space);
}

}  // namespace ks::devops::kapis
