#pragma once

#include <string>
#include <string_view>

#include "devops/kapis/api.h"

/// v1alpha2 asks Jenkins and passes on what it says (devops-api, section 6.1).

namespace ks::devops::kapis {

/// `/blue/rest/organizations/jenkins`
inline constexpr std::string_view kBlue = "/blue/rest/organizations/jenkins";

/// The pipeline of the path in Blue Ocean, with `/branches/{branch}` when the path has a branch.
/// Branch names keep the encoding that they have here: `feat%2Flogin`.
std::string blue_pipeline_path(const http::Request& request);
/// `/job/{devops}/job/{pipeline}[/job/{branch}]`
std::string core_pipeline_path(const http::Request& request);

struct Relayed {
  http::Method method = http::Method::get;
  std::string path;        ///< without the query
  bool keep_query = true;  ///< the caller's query goes along
  std::string body;
  std::string content_type;  ///< empty: the caller's, when it is the caller's body
};
/// Asks Jenkins; the answer whatever its status. The caller's headers go along, its identity as the
/// user of causes and approvals.
Result<http::Response> ask_jenkins(Api& api, const http::Request& request, Relayed relayed);

/// A failure of Jenkins: its status (the original says 500 whatever it was) and its text.
http::Response relay_error(const http::Response& answer);
/// The JSON of an answer; an empty body is an empty object.
Result<json::value> answer_json(const http::Response& answer);

/// Asks, and answers with the shape of that name.
http::Response relay(Api& api, const http::Request& request, Relayed relayed,
                     std::string_view shape);
/// As relay(); the JSON as it came for the caller to work on.
struct Answer {
  json::value value;
  std::optional<http::Response> failure;
};
Answer fetch(Api& api, const http::Request& request, Relayed relayed, std::string_view shape);

// Routes of v1alpha2 by what they are about.
void add_relay_runs(RouteTable& table, Api& api);
void add_relay_nodes(RouteTable& table, Api& api);
void add_relay_pipelines(RouteTable& table, Api& api);
void add_relay_scm(RouteTable& table, Api& api);
void add_relay_tools(RouteTable& table, Api& api);
void add_relay_sonar(RouteTable& table, Api& api);

/// Adds a handler below `.../pipelines/{pipeline}` and below its `branches/{branch}`, of 3.3 and of
/// 4.x.
void add_pipeline_and_branch(RouteTable& table, Api& api, http::Method method,
                             const std::string& below, const std::string& summary, Handle handle,
                             const std::string& produces = "application/json");

}  // namespace ks::devops::kapis
