#pragma once

#include <functional>
#include <string>

#include "devops/kapis/kapis.h"
#include "devops/kapis/listing.h"
#include "devops/kapis/objects.h"
#include "devops/kapis/route_table.h"

/// What the handlers of the DevOps API share. Each file of routes adds its own to a table.

namespace ks::devops::kapis {

struct Api {
  Objects& objects;
  http::Client& jenkins;
  const KapisOptions& options;

  /// For paths that both generations have.
  Generation generation() const { return options.compat; }
};

/// Handlers that also need to know which generation's path was taken.
using Handle = http::Response (*)(Api& api, http::Request& request, Generation generation);

/// Adds one handler below `/devops/{devops}` for 3.3 and below `/namespaces/{devops}` for 4.x.
void add_project_route(RouteTable& table, Api& api, http::Method method, const std::string& below,
                       const std::string& summary, const Handle& handle);
/// Adds a handler whose path is the same in both.
void add_route(RouteTable& table, Api& api, http::Method method, std::string pattern,
               std::string summary, Handle handle);

// v1alpha3
void add_projects(RouteTable& table, Api& api);
void add_pipelines(RouteTable& table, Api& api);
void add_credentials(RouteTable& table, Api& api);
void add_runs(RouteTable& table, Api& api);
void add_branches(RouteTable& table, Api& api);
void add_templates(RouteTable& table, Api& api);
void add_repositories(RouteTable& table, Api& api);
void add_scm(RouteTable& table, Api& api);
void add_jenkins_events(RouteTable& table, Api& api);
// gitops
void add_applications(RouteTable& table, Api& api);
// v1alpha2
void add_relay(RouteTable& table, Api& api);

/// The namespace of the DevOps project of the path; `not_found` when there is no such project.
Result<std::string> project_space(Api& api, const http::Request& request);
/// The user of the request as annotations name it.
std::string user_name(const http::Request& request);
/// Go's text of a time, as the sync annotations have it.
std::string go_time(WallTime time);

}  // namespace ks::devops::kapis
