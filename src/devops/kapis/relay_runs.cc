#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/run_objects.h"

// Runs of a pipeline or a branch, their artifacts and logs (devops-api, sections 6.4 and 6.5).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr size_t kMostRuns = 10'000;

std::string run_path(const Request& request) {
  return fmt::format("{}/runs/{}", blue_pipeline_path(request),
                     percent_encode(request.param("run")));
}

/// Jenkins is asked for all of them, and the page is cut here. Its rules are the original's: when
/// at most one run would be behind `start`, all are given, and without `limit` none.
Response list_runs(Api& api, Request& request, Generation) {
  http::Query query;
  for (const auto& [name, value] : request.query) {
    if (name != "start" && name != "limit") query.add(name, value);
  }
  query.add("start", "0");
  query.add("limit", std::to_string(kMostRuns));
  Answer answer =
      fetch(api, request,
            {.path = blue_pipeline_path(request) + "/runs/?" + query.encode(), .keep_query = false},
            "JRuns");
  if (answer.failure) return std::move(*answer.failure);
  const json::array& all = answer.value.get_array();
  const int64_t total = static_cast<int64_t>(all.size());
  const int64_t start = std::max<int64_t>(parse_int(request.query.get("start")).value_or(0), 0);
  const int64_t limit = std::max<int64_t>(parse_int(request.query.get("limit")).value_or(0), 0);
  json::array items;
  if (start + 1 >= total) {
    items = all;
  } else {
    const int64_t end = std::min(total, start + std::min(limit, total));
    for (int64_t i = start; i < end; ++i) items.push_back(all[static_cast<size_t>(i)]);
  }
  return json_reply(json::object{{"items", std::move(items)}, {"totalItems", total}});
}

Response start_run(Api& api, Request& request, Generation) {
  Relayed relayed{.method = Method::post, .path = blue_pipeline_path(request) + "/runs/"};
  // Parameters are texts: what was written counts.
  relayed.body = keep_decimals(trim(request.body.view()));
  if (relayed.body.empty()) relayed.body = "{}";
  return relay(api, request, std::move(relayed), "JRunCreated");
}

Response get_run(Api& api, Request& request, Generation) {
  return relay(api, request, {.path = run_path(request) + "/"}, "JRun");
}

Response stop_run(Api& api, Request& request, Generation) {
  return relay(api, request,
               {.method = Method::put, .path = run_path(request) + "/stop/", .body = "{}"},
               "JStop");
}

Response replay_run(Api& api, Request& request, Generation) {
  Relayed relayed{.method = Method::post, .path = run_path(request) + "/replay/"};
  if (trim(request.body.view()).empty()) relayed.body = "{}";
  return relay(api, request, std::move(relayed), "JRunCreated");
}

Response list_artifacts(Api& api, Request& request, Generation) {
  return relay(api, request, {.path = run_path(request) + "/artifacts/"}, "JArtifacts");
}

/// The text of a log, with the `X-` headers that say where to go on.
Response log_reply(Api& api, const Request& request, std::string path) {
  Result<Response> answer = ask_jenkins(api, request, {.path = std::move(path)});
  if (!answer) return error_reply(answer.error());
  if (answer->status >= 400) return relay_error(*answer);
  Response out;
  for (const auto& [name, value] : answer->headers) {
    if (name.starts_with("X-") && !out.headers.has(name)) out.headers.add(name, value);
  }
  // The original lets the bytes decide, so a log could be a page; ours never is.
  out.headers.set("Content-Type", "text/plain; charset=utf-8");
  out.headers.set("X-Content-Type-Options", "nosniff");
  out.body = std::move(answer->body);
  out.stream = std::move(answer->stream);
  return out;
}

Response run_log(Api& api, Request& request, Generation) {
  return log_reply(api, request, run_path(request) + "/log/");
}

Response step_log(Api& api, Request& request, Generation) {
  return log_reply(
      api, request,
      fmt::format("{}/nodes/{}/steps/{}/log/", run_path(request),
                  percent_encode(request.param("node")), percent_encode(request.param("step"))));
}

}  // namespace

void add_relay_runs(RouteTable& table, Api& api) {
  const auto add = [&](Method method, const std::string& below, const std::string& summary,
                       Handle handle, const std::string& produces = "application/json") {
    add_pipeline_and_branch(table, api, method, "/runs" + below, summary, handle, produces);
  };
  add(Method::post, "", "Run a pipeline", start_run);
  add(Method::get, "/{run}", "Get a run", get_run);
  add(Method::post, "/{run}/stop", "Stop a run", stop_run);
  add(Method::post, "/{run}/replay", "Run again what a run did", replay_run);
  add(Method::get, "/{run}/artifacts", "List the artifacts of a run", list_artifacts);
  add(Method::get, "/{run}/log", "Read the log of a run", run_log, "text/plain");
  add(Method::get, "/{run}/nodes/{node}/steps/{step}/log", "Read the log of a step", step_log,
      "text/plain");
  add_project_route(table, api, Method::get, "/pipelines/{pipeline}/runs",
                    "List the runs of a pipeline", list_runs);
}

}  // namespace ks::devops::kapis
