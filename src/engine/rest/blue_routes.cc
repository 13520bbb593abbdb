#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <span>

#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/blue_view.h"
#include "engine/rest/core_view.h"
#include "engine/rest/routes.h"

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr size_t kDefaultPage = 100;

WallTime now() { return system_clock().now(); }

std::string blue_path(const JobName& job) { return job_ref(job).blue_path() + "/"; }
std::string run_path(const JobName& job, uint64_t number) {
  return fmt::format("{}runs/{}/", blue_path(job), number);
}

/// The run that the path names.
Result<RunInfo> info_of(Engine& engine, const Request& request, bool with_nodes) {
  return engine.run(job_of(request), TRY(number_of(request)), with_nodes);
}

Response show_pipeline(Engine& engine, const Request& request) {
  const Result<json::object> shown = blue_job_json(engine, job_of(request));
  return shown ? blue_reply(request, *shown) : blue_error(shown.error());
}

Response list_runs(Engine& engine, const Request& request) {
  const JobName job = job_of(request);
  if (engine.branches().has(job)) return list_branch_runs(engine, request);
  const Result<std::vector<uint64_t>> numbers = engine.runs(job);
  if (!numbers) return blue_error(numbers.error());
  const Result<Page> page = page_of(request, kDefaultPage);
  if (!page) return blue_error(page.error());
  const size_t from = std::min(page->start, numbers->size());
  const size_t to = from + std::min(page->limit, numbers->size() - from);
  json::array out;
  for (size_t i = from; i < to; ++i) {
    const Result<RunInfo> info = engine.run(job, (*numbers)[i], false);
    if (!info && info.error().code == Code::unavailable) return blue_error(info.error());
    if (info) out.push_back(run_json(engine, *info));
  }
  Response response = blue_reply(request, out);
  if (to < numbers->size()) {
    response.headers.set("Link", fmt::format("<{}runs/?start={}&limit={}>; rel=\"next\"",
                                             blue_path(job), to, to - from));
  }
  return response;
}

/// `{"parameters": [{"name", "value"}], "key", "user"}`; an empty body has no parameters. The last
/// two are ours: see jenkins::Client::start.
Result<StartRequest> start_request(const Request& request) {
  StartRequest out;
  json::value body = json::object();
  if (!trim(request.body.view()).empty()) body = TRY(parse_json(request.body.view()));
  if (!body.is_object()) return Error{Code::invalid, "the body must be a JSON object"};
  if (const json::value* list = find(body, {"parameters"}); list != nullptr && list->is_array()) {
    for (const json::value& parameter : list->get_array()) {
      const std::string_view name = text_at(parameter, {"name"});
      const json::value* value = find(parameter, {"value"});
      if (name.empty() || value == nullptr) {
        return Error{Code::invalid, "parameters.name and parameters.value are required elements"};
      }
      out.values[name] = *value;
    }
  }
  const std::string_view user = text_at(body, {"user"});
  out.causes.push_back("Started by user " + (user.empty() ? caller(request) : std::string(user)));
  out.key = text_at(body, {"key"});
  return out;
}

Response start_run(Engine& engine, const Request& request) {
  const JobName job = job_of(request);
  if (engine.branches().has(job)) {
    return blue_error({Code::invalid, fmt::format("\"{}\" is a multi-branch pipeline: start a run "
                                                  "of one of its branches",
                                                  job.text())});
  }
  Result<StartRequest> wanted = start_request(request);
  if (!wanted) return blue_error(wanted.error());
  const Result<uint64_t> number = engine.start(job, std::move(*wanted));
  if (!number) return blue_error(number.error());
  const Result<RunInfo> info = engine.run(job, *number, false);
  if (!info) return blue_error(info.error());
  return Response::json(200, to_json(run_json(engine, *info)));
}

Response show_run(Engine& engine, const Request& request) {
  const Result<RunInfo> info = info_of(engine, request, false);
  if (!info) return blue_error(info.error());
  return blue_reply(request, run_json(engine, *info));
}

Response replay_run(Engine& engine, const Request& request) {
  const JobName job = job_of(request);
  const Result<uint64_t> number = number_of(request);
  if (!number) return blue_error(number.error());
  const Result<uint64_t> begun = engine.replay(job, *number, caller(request), std::nullopt);
  if (!begun) return blue_error(begun.error());
  const Result<RunInfo> info = engine.run(job, *begun, false);
  if (!info) return blue_error(info.error());
  return Response::json(200, to_json(run_json(engine, *info)));
}

/// Until the run is over, as its log tells, or for that long.
void wait_for_end(Engine& engine, const JobName& job, uint64_t number,
                  std::chrono::seconds at_most) {
  struct Wake {
    std::mutex mutex;
    std::condition_variable changed;
    uint64_t events = 0;
  };
  const auto wake = std::make_shared<Wake>();
  const Result<std::shared_ptr<void>> token =
      engine.subscribe(engine.last_event(), [wake, job, number](const EngineEvent& event) {
        if (event.job != job || event.number != number) return;
        std::lock_guard lock(wake->mutex);
        ++wake->events;
        wake->changed.notify_all();
      });
  const auto end = std::chrono::steady_clock::now() + at_most;
  std::unique_lock lock(wake->mutex);
  while (token) {
    const uint64_t seen = wake->events;
    lock.unlock();
    const Result<RunInfo> info = engine.run(job, number, false);
    lock.lock();
    if (!info || info->finished()) return;
    if (!wake->changed.wait_until(lock, end, [&] { return wake->events != seen; })) return;
  }
}

Response stop_run(Engine& engine, const Request& request) {
  const Result<uint64_t> number = number_of(request);
  if (!number) return blue_error(number.error());
  if (Result<> stopped = engine.stop(job_of(request), *number, caller(request)); !stopped) {
    return blue_error(stopped.error());
  }
  if (request.query.get("blocking") == "true") {
    const std::optional<int64_t> seconds = parse_int(request.query.get("timeOutInSecs"));
    wait_for_end(engine, job_of(request), *number,
                 std::chrono::seconds(std::clamp<int64_t>(seconds.value_or(10), 0, 60)));
  }
  return show_run(engine, request);
}

/// Ours: Jenkins has only a switch without a state.
Response hold_run(Engine& engine, const Request& request, bool hold) {
  const Result<uint64_t> number = number_of(request);
  if (!number) return blue_error(number.error());
  if (Result<> done = engine.hold(job_of(request), *number, hold, caller(request)); !done) {
    return blue_error(done.error());
  }
  return show_run(engine, request);
}

json::object step_json(const jenkins::Step& step, std::string_view node_path) {
  return to_blue(step, fmt::format("{}steps/{}/", node_path, step.id));
}

json::array steps_json(const jenkins::Node& node, std::string_view node_path) {
  json::array out;
  for (const jenkins::Step& step : node.steps) out.push_back(step_json(step, node_path));
  return out;
}

/// `steps=true` is ours: the steps within their nodes, so that one call tells all of a run.
Response list_nodes(Engine& engine, const Request& request) {
  const Result<RunInfo> info = info_of(engine, request, true);
  if (!info) return blue_error(info.error());
  const bool with_steps = request.query.get("steps") == "true";
  json::array out;
  for (const jenkins::Node& node : blue_nodes(*info, now())) {
    const std::string path = fmt::format("{}nodes/{}/", run_path(info->job, info->number), node.id);
    json::object one = to_blue(node, path);
    if (with_steps) one["steps"] = steps_json(node, path);
    out.push_back(std::move(one));
  }
  return Response::json(200, to_json(out));
}

/// All steps of the run, also those outside of any stage.
Response list_all_steps(Engine& engine, const Request& request) {
  const Result<RunInfo> info = info_of(engine, request, true);
  if (!info) return blue_error(info.error());
  const std::string path = run_path(info->job, info->number);
  json::array out;
  for (const jenkins::Step& step : blue_steps(*info, now())) {
    out.push_back(to_blue(step, fmt::format("{}steps/{}/", path, step.id)));
  }
  return Response::json(200, to_json(out));
}

/// The steps of the node of the path, or one of them.
Response list_steps(Engine& engine, const Request& request, bool one_step) {
  const Result<RunInfo> info = info_of(engine, request, true);
  if (!info) return blue_error(info.error());
  json::array out;
  bool found = false;
  for (const jenkins::Node& node : blue_nodes(*info, now())) {
    if (node.id != request.param("node")) continue;
    found = true;
    const std::string path = fmt::format("{}nodes/{}/", run_path(info->job, info->number), node.id);
    for (const jenkins::Step& step : node.steps) {
      if (!one_step) {
        out.push_back(step_json(step, path));
      } else if (step.id == request.param("step")) {
        return Response::json(200, to_json(step_json(step, path)));
      }
    }
  }
  if (!found || one_step) return blue_error({Code::not_found, "no such node or step"});
  return Response::json(200, to_json(out));
}

Response show_node(Engine& engine, const Request& request) {
  const Result<RunInfo> info = info_of(engine, request, true);
  if (!info) return blue_error(info.error());
  for (const jenkins::Node& node : blue_nodes(*info, now())) {
    if (node.id != request.param("node")) continue;
    const std::string path = fmt::format("{}nodes/{}/", run_path(info->job, info->number), node.id);
    return Response::json(200, to_json(to_blue(node, path)));
  }
  return blue_error({Code::not_found, "no such node"});
}

/// `{"id", "parameters": [{"name", "value"}]}` or `{"id", "abort": true}`.
Result<> answer_input(Engine& engine, const Request& request) {
  const json::value body = TRY(parse_json(request.body.view()));
  const std::string id(text_at(body, {"id"}));
  if (id.empty()) return Error{Code::invalid, "id is required"};
  const bool abort = bool_at(body, {"abort"});
  const json::value* parameters = find(body, {"parameters"});
  if (!abort && (parameters == nullptr || !parameters->is_array())) {
    return Error{Code::invalid, "parameters is required"};
  }
  const RunInfo info = TRY(info_of(engine, request, false));
  if (info.inputs.empty()) {
    return Error{Code::invalid,
                 "Error processing Input Submit request. This Run instance does not have an "
                 "InputAction."};
  }
  const auto input = std::ranges::find(info.inputs, id, &PendingInput::id);
  if (input == info.inputs.end()) {
    return Error{Code::invalid,
                 fmt::format("Error processing Input Submit request. This Run instance "
                             "does not have an Input with an id of '{}'.",
                             id)};
  }
  const std::string by = caller(request);
  const bool may = input->submitters.empty() || by == "admin" ||
                   std::ranges::find(input->submitters, by) != input->submitters.end();
  if (!may) {
    return Error{Code::invalid,
                 fmt::format("You need to be {} to submit this.", join(input->submitters, ","))};
  }
  json::object values;
  if (!abort) {
    for (const json::value& one : parameters->get_array()) {
      if (const json::value* value = find(one, {"value"})) values[text_at(one, {"name"})] = *value;
    }
  }
  return engine.answer(info.job, info.number, id,
                       {.proceed = !abort, .by = by, .parameters_json = to_json(values)});
}

/// `{"restart": true}`: the run begins again at that stage.
Response restart_at(Engine& engine, const Request& request) {
  const Result<json::value> body = parse_json(request.body.view());
  if (!body) return blue_error(body.error());
  if (!bool_at(*body, {"restart"})) return blue_error({Code::invalid, "restart must be true"});
  const Result<RunInfo> info = info_of(engine, request, true);
  if (!info) return blue_error(info.error());
  const auto node = std::ranges::find(info->nodes, std::string(request.param("node")),
                                      [](const RunNode& one) { return std::to_string(one.id); });
  if (node == info->nodes.end()) return blue_error({Code::not_found, "no such node"});
  const Result<uint64_t> number =
      engine.restart(info->job, info->number, node->name, caller(request));
  if (!number) return blue_error(number.error());
  const Result<RunInfo> begun = engine.run(info->job, *number, false);
  if (!begun) return blue_error(begun.error());
  return Response::json(200, to_json(run_json(engine, *begun)));
}

Response list_artifacts(Engine& engine, const Request& request) {
  const Result<RunInfo> info = info_of(engine, request, false);
  if (!info) return blue_error(info.error());
  const Result<Page> page = page_of(request, kDefaultPage);
  if (!page) return blue_error(page.error());
  const size_t from = std::min(page->start, info->artifacts.size());
  const size_t count = std::min(page->limit, info->artifacts.size() - from);
  json::array out;
  for (const Artifact& one : std::span(info->artifacts).subspan(from, count)) {
    const std::string self = fmt::format("{}artifacts/{}/", run_path(info->job, info->number),
                                         percent_encode(percent_encode(one.path)));
    out.push_back(json::object{
        {"_class", "io.jenkins.blueocean.service.embedded.rest.ArtifactImpl"},
        {"_links",
         json::object{{"self", json::object{{"_class", "io.jenkins.blueocean.rest.hal.Link"},
                                            {"href", self}}}}},
        {"downloadable", true},
        {"id", "io.jenkins.blueocean.service.embedded.rest.ArtifactImpl:" +
                   percent_encode(percent_encode(one.path))},
        {"name", one.path.substr(one.path.rfind('/') + 1)},
        {"path", one.path},
        {"size", one.bytes},
        {"url", fmt::format("{}/{}/artifact/{}", job_ref(info->job).core_path(), info->number,
                            percent_encode(one.path, "/"))}});
  }
  return Response::json(200, to_json(out));
}

}  // namespace

void add_blue_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  // Some clients leave the second `pipelines` out; its `runs` would be a job's name there.
  const std::string job = "/blue/rest/organizations/jenkins/pipelines/{p}/pipelines/{j}";
  const std::string run = job + "/runs/{n}";
  auto get = [&](const std::string& path, auto handler) {
    add_both(router, Method::get, path,
             [&engine, handler](Request& r) { return handler(engine, r); });
  };
  get(job, show_pipeline);
  get(job + "/runs", list_runs);
  add_both(router, Method::post, job + "/runs", [&](Request& r) { return start_run(engine, r); });
  get(run, show_run);
  for (Method method : {Method::put, Method::post}) {
    add_both(router, method, run + "/stop", [&](Request& r) { return stop_run(engine, r); });
    add_both(router, method, run + "/pause", [&](Request& r) { return hold_run(engine, r, true); });
    add_both(router, method, run + "/resume",
             [&](Request& r) { return hold_run(engine, r, false); });
  }
  add_both(router, Method::post, run + "/replay",
           [&](Request& r) { return replay_run(engine, r); });
  get(run + "/nodes", list_nodes);
  get(run + "/nodes/{node}", show_node);
  add_both(router, Method::post, run + "/nodes/{node}/restart",
           [&](Request& r) { return restart_at(engine, r); });
  get(run + "/nodes/{node}/steps", [](Engine& e, Request& r) { return list_steps(e, r, false); });
  get(run + "/nodes/{node}/steps/{step}",
      [](Engine& e, Request& r) { return list_steps(e, r, true); });
  get(run + "/steps", list_all_steps);
  for (const std::string& step : {run + "/nodes/{node}/steps/{step}", run + "/steps/{step}"}) {
    add_both(router, Method::post, step, [&](Request& r) {
      const Result<> answered = answer_input(engine, r);
      return answered ? Response::json(200, "") : blue_error(answered.error());
    });
  }
  get(run + "/artifacts", list_artifacts);
}

}  // namespace ks::engine
