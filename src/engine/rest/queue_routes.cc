#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/rest/core_view.h"
#include "engine/rest/queue.h"
#include "engine/rest/routes.h"

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

Response show_queue(Engine& engine, const Request& request) {
  json::array items;
  for (const auto& [job, number] : engine.waiting()) {
    const Result<RunInfo> info = engine.run(job, number, false);
    if (info && info->state == RunState::queued) {
      items.push_back(queue_item_json(*info, base_url(request)));
    }
  }
  return api_reply(request, json::object{{"_class", "hudson.model.Queue"},
                                         {"discoverableItems", json::array()},
                                         {"items", std::move(items)}});
}

Result<RunInfo> item_of(Engine& engine, std::string_view id) {
  const std::optional<int64_t> number = parse_int(id);
  const auto found =
      number && *number > 0 ? find_queued(engine, static_cast<uint64_t>(*number)) : std::nullopt;
  if (!found) return Error{Code::not_found, fmt::format("the queue has no item \"{}\"", id)};
  return engine.run(found->first, found->second, false);
}

Response show_item(Engine& engine, const Request& request) {
  const Result<RunInfo> info = item_of(engine, request.param("id"));
  if (!info) return core_error(info.error());
  return api_reply(request, queue_item_json(*info, base_url(request)));
}

/// One that has begun is left alone, as Jenkins does.
Response cancel(Engine& engine, const Request& request, std::string_view id) {
  if (id.empty()) return core_error({Code::invalid, "which item? the parameter id is missing"});
  const Result<RunInfo> info = item_of(engine, id);
  if (!info) return core_error(info.error());
  if (info->state == RunState::queued) {
    if (Result<> stopped = engine.stop(info->job, info->number, caller(request)); !stopped) {
      return core_error(stopped.error());
    }
  }
  return Response::text(204, "");
}

}  // namespace

uint64_t queue_id(const JobName& job, uint64_t number) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : fmt::format("{}#{}", job.text(), number)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return (hash ^ (hash >> 48)) & 0xffffffffffff;
}

std::optional<std::pair<JobName, uint64_t>> find_queued(const Engine& engine, uint64_t id) {
  for (const auto& [job, number] : engine.waiting()) {
    if (queue_id(job, number) == id) return std::pair(job, number);
  }
  // Numbers alone are compared, no run is read: a million in a fraction of a second.
  for (const std::string& folder : engine.folders()) {
    for (const JobName& job : engine.jobs(folder)) {
      for (uint64_t number : engine.runs(job).value_or(std::vector<uint64_t>())) {
        if (queue_id(job, number) == id) return std::pair(job, number);
      }
    }
  }
  return std::nullopt;
}

json::object queue_item_json(const RunInfo& info, const std::string& base) {
  const uint64_t id = queue_id(info.job, info.number);
  const bool waits = info.state == RunState::queued;
  const bool cancelled = info.finished() && info.started == WallTime{};
  std::string parameters;
  for (const auto& [name, value] : info.values) {
    parameters += fmt::format("\n{}={}", std::string_view(name),
                              value.is_string() ? std::string(value.get_string()) : to_json(value));
  }
  json::object out{
      {"_class", waits ? "hudson.model.Queue$BlockedItem" : "hudson.model.Queue$LeftItem"},
      {"actions", build_actions(info)},
      {"blocked", waits},
      {"buildable", false},
      {"id", id},
      {"inQueueSince", info.queued.time_since_epoch().count()},
      {"params", parameters},
      {"stuck", false},
      {"task", json::object{{"_class", "org.jenkinsci.plugins.workflow.job.WorkflowJob"},
                            {"name", info.job.name},
                            {"url", base + job_path(info.job)},
                            {"color", color_of(&info)}}},
      {"url", fmt::format("queue/item/{}/", id)},
      {"why", waits ? json::value(info.waiting_for) : json::value()}};
  if (waits) {
    out["buildableStartMilliseconds"] = info.queued.time_since_epoch().count();
    return out;
  }
  out["cancelled"] = cancelled;
  out["executable"] =
      cancelled
          ? json::value()
          : json::object{{"_class", "org.jenkinsci.plugins.workflow.job.WorkflowRun"},
                         {"number", info.number},
                         {"url", fmt::format("{}{}{}/", base, job_path(info.job), info.number)}};
  return out;
}

void add_queue_routes(const Routes& routes) {
  Engine& engine = routes.engine;
  add_api(routes.router, "/queue", [&](Request& r) { return show_queue(engine, r); });
  add_api(routes.router, "/queue/item/{id}", [&](Request& r) { return show_item(engine, r); });
  add_both(routes.router, Method::post, "/queue/cancelItem",
           [&](Request& r) { return cancel(engine, r, field(r, "id")); });
  add_both(routes.router, Method::post, "/queue/item/{id}/cancelQueue", [&](Request& r) {
    Response out = cancel(engine, r, r.param("id"));
    if (out.status != 204) return out;
    // The page's button goes back to the queue.
    out = Response::text(302, "");
    out.headers.set("Location", "/queue/");
    return out;
  });
}

}  // namespace ks::engine
