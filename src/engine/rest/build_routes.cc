#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/archive.h"
#include "engine/fence.h"
#include "engine/rest/api_format.h"
#include "engine/rest/blue_view.h"
#include "engine/rest/change_sets.h"
#include "engine/rest/core_view.h"
#include "engine/rest/routes.h"
#include "engine/rest/tree.h"
#include "engine/sonar_record.h"
#include "engine/test_report.h"
#include "http/range.h"

// One build in Jenkins' core API: its page, its files, its questions, its stages (engine-rest,
// sections 1 and 4).

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr size_t kMostArtifactBytes = size_t{1} << 30;

WallTime now() { return system_clock().now(); }

/// Whether a build is the one that a word such as `lastSuccessfulBuild` means.
bool fits(const RunInfo& info, std::string_view word) {
  if (word == "lastBuild") return true;
  if (!info.finished()) return false;
  if (word == "lastCompletedBuild") return true;
  if (word == "lastFailedBuild") return info.result == BuildResult::failure;
  if (word == "lastUnstableBuild") return info.result == BuildResult::unstable;
  if (word == "lastStableBuild") return info.result == BuildResult::success;
  if (word == "lastUnsuccessfulBuild") return info.result != BuildResult::success;
  return word == "lastSuccessfulBuild" &&
         (info.result == BuildResult::success || info.result == BuildResult::unstable);
}

}  // namespace

Result<RunInfo> build_of(Engine& engine, const Request& request, bool with_nodes) {
  const JobName job = job_of(request);
  const std::string_view word = request.param("n");
  if (!word.starts_with("last")) return engine.run(job, TRY(number_of(request)), with_nodes);
  for (uint64_t number : TRY(engine.runs(job))) {
    const RunInfo info = TRY(engine.run(job, number, false));
    if (fits(info, word)) return engine.run(job, number, with_nodes);
  }
  return Error{Code::not_found, fmt::format("{} has no {}", job.text(), word)};
}

std::string base_url(const Request& request) {
  const std::string_view host = request.headers.get("Host");
  if (host.empty()) return {};
  return fmt::format("{}://{}", request.secure ? "https" : "http", host);
}

Response api_reply(const Request& request, const json::value& value) {
  json::value shown = value;
  if (const std::string_view tree = request.query.get("tree"); !tree.empty()) {
    Result<json::value> kept = keep_tree(value, tree);
    if (!kept) return core_error(kept.error());
    shown = std::move(*kept);
  }
  std::string_view path = request.path;
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with("/api/xml")) return xml_reply(to_api_xml(shown));
  if (path.ends_with("/api/python")) {
    Response out = Response::text(200, to_api_python(shown));
    out.headers.set("Content-Type", "text/x-python;charset=utf-8");
    return out;
  }
  const bool pretty = request.query.get("pretty") == "true";
  return Response::json(200, pretty ? to_pretty_json(shown) : to_json(shown));
}

Response blue_reply(const Request& request, const json::value& value) {
  const std::string_view tree = request.query.get("tree");
  if (tree.empty()) return Response::json(200, to_json(value));
  const Result<json::value> kept = keep_tree(value, tree);
  return kept ? Response::json(200, to_json(*kept)) : blue_error(kept.error());
}

namespace {

Response show_build(Engine& engine, const Request& request) {
  const Result<RunInfo> info = build_of(engine, request, false);
  if (!info) return core_error(info.error());
  json::object build =
      build_json(*info, base_url(request), now(), next_build(engine, info->job, info->number));
  // Beside the artifacts of the run.
  if (const auto archive = engine.artifacts_folder(info->job, info->number)) {
    for (const SonarTask& task : sonar_tasks(archive->substr(0, archive->rfind('/')))) {
      build["actions"].get_array().push_back(
          json::object{{"_class", "hudson.plugins.sonar.action.SonarAnalysisAction"},
                       {"ceTaskId", task.id},
                       {"installationName", task.server},
                       {"serverUrl", task.url}});
    }
  }
  return api_reply(request, build);
}

// ----- files -----

/// What browsers may show; all else is handed over as a download.
std::string_view type_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTypes = {
      {{".txt", "text/plain; charset=utf-8"},
       {".log", "text/plain; charset=utf-8"},
       {".json", "application/json"},
       {".xml", "application/xml"},
       {".png", "image/png"},
       {".jpg", "image/jpeg"},
       {".gif", "image/gif"},
       {".pdf", "application/pdf"}}};
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

Response show_artifact(Engine& engine, const Request& request) {
  const Result<RunInfo> info = build_of(engine, request, false);
  if (!info) return core_error(info.error());
  const std::string path(request.param("path"));
  // Only what was archived by this name: no path can lead elsewhere.
  const auto found = std::ranges::find(info->artifacts, path, &Artifact::path);
  if (found == info->artifacts.end()) {
    return core_error({Code::not_found, fmt::format("no artifact \"{}\" in this build", path)});
  }
  const Result<std::string> folder = engine.artifacts_folder(info->job, info->number);
  if (!folder) return core_error(folder.error());
  Result<std::string> content = Fence(*folder).read(*folder + "/" + path, kMostArtifactBytes);
  if (!content) return core_error(content.error());
  Response out;
  const std::string_view type = type_of(path);
  out.headers.set("Content-Type", std::string(type));
  out.headers.set("X-Content-Type-Options", "nosniff");
  out.headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  // Nothing that a build made is shown as a page of this server, but pictures and plain text.
  if (!type.starts_with("text/plain") && !type.starts_with("image/")) {
    const std::string name = replace_all(path.substr(path.rfind('/') + 1), "\"", "_");
    out.headers.set("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
  }
  out.body = std::move(*content);
  return http::ranged(request, std::move(out));
}

/// All of them, packed anew for each who asks.
Response show_archive(Engine& engine, const Request& request) {
  const Result<RunInfo> info = build_of(engine, request, false);
  if (!info) return core_error(info.error());
  if (info->artifacts.empty()) {
    return core_error({Code::not_found, "this build has no artifacts"});
  }
  const Result<std::string> folder = engine.artifacts_folder(info->job, info->number);
  if (!folder) return core_error(folder.error());
  // `archive/` stands before each path in it, as Jenkins packs them.
  const std::string around = folder->substr(0, folder->rfind('/'));
  std::vector<std::string> files;
  for (const Artifact& one : info->artifacts) files.push_back("archive/" + one.path);
  // The archive's writer stays inside of the folder, so it is packed there.
  const std::string path = fmt::format("{}/{}.zip", around, random_text(12));
  const Result<size_t> packed =
      write_archive(Fence(around), path, ArchiveFormat::zip, around, files, request.stop);
  if (!packed) return core_error(packed.error());
  Result<std::string> content = read_file(path, kMostArtifactBytes);
  if (Result<> gone = remove_tree(path); !gone) return core_error(gone.error());
  if (!content) return core_error(content.error());
  Response out;
  out.headers.set("Content-Type", "application/zip");
  out.headers.set("X-Content-Type-Options", "nosniff");
  out.headers.set("Content-Disposition", "attachment; filename=\"archive.zip\"");
  out.body = std::move(*content);
  return http::ranged(request, std::move(out));
}

Response show_tests(Engine& engine, const Request& request) {
  const Result<RunInfo> info = build_of(engine, request, false);
  if (!info) return core_error(info.error());
  if (!info->tests) return core_error({Code::not_found, "this build has no test report"});
  const Result<std::string> folder = tests_folder(engine, *info);
  if (!folder) return core_error(folder.error());
  Result<std::optional<json::object>> report = read_test_report(*folder);
  if (!report) return core_error(report.error());
  json::object out{{"_class", "hudson.tasks.junit.TestResult"}};
  if (!*report) return core_error({Code::not_found, "the report of this build is gone"});
  for (auto& [name, member] : **report) out[name] = std::move(member);
  out["empty"] = info->tests->total == 0;
  return api_reply(request, out);
}

// ----- questions -----

Result<> answer(Engine& engine, const Request& request, const std::string& id, bool proceed) {
  const RunInfo info = TRY(build_of(engine, request, false));
  const auto input = std::ranges::find(info.inputs, id, &PendingInput::id);
  if (input == info.inputs.end()) {
    return Error{Code::not_found, fmt::format("this build asks no question \"{}\"", id)};
  }
  const std::string by = caller(request);
  const bool may = input->submitters.empty() || by == "admin" ||
                   std::ranges::find(input->submitters, by) != input->submitters.end();
  if (!may) {
    return Error{Code::forbidden,
                 fmt::format("You need to be {} to submit this.", join(input->submitters, ","))};
  }
  const json::object values = TRY(form_values(field(request, "json")));
  return engine.answer(info.job, info.number, id,
                       {.proceed = proceed, .by = by, .parameters_json = to_json(values)});
}

Response answered(const Result<>& result) {
  return result ? Response::text(200, "") : core_error(result.error());
}

// ----- begun again -----

Response begun(const Result<uint64_t>& number) {
  if (!number) return core_error(number.error());
  Response out = Response::text(302, "");
  out.headers.set("Location", fmt::format("../../{}/", *number));
  return out;
}

/// `json={"mainScript": ...}`.
Response replay(Engine& engine, const Request& request) {
  const Result<RunInfo> info = build_of(engine, request, false);
  if (!info) return core_error(info.error());
  std::string script = field(request, "mainScript");
  if (const std::string form = field(request, "json"); !form.empty()) {
    const Result<json::value> parsed = parse_json(form);
    if (!parsed) return core_error(Error(parsed.error()).in("form field json"));
    if (const std::string_view text = text_at(*parsed, {"mainScript"}); !text.empty())
      script = text;
  }
  return begun(engine.replay(info->job, info->number, caller(request),
                             script.empty() ? std::nullopt : std::optional(script)));
}

Response restart(Engine& engine, const Request& request) {
  const Result<RunInfo> info = build_of(engine, request, false);
  if (!info) return core_error(info.error());
  std::string stage = field(request, "stageName");
  if (const std::string form = field(request, "json"); stage.empty() && !form.empty()) {
    const Result<json::value> parsed = parse_json(form);
    if (parsed) stage = text_at(*parsed, {"stageName"});
  }
  if (stage.empty()) return core_error({Code::invalid, "which stage? stageName is missing"});
  return begun(engine.restart(info->job, info->number, stage, caller(request)));
}

// ----- stages: wfapi -----

std::string_view wf_status(const RunInfo& info) {
  if (info.state == RunState::paused) return "PAUSED_PENDING_INPUT";
  if (!info.finished()) return info.state == RunState::queued ? "NOT_EXECUTED" : "IN_PROGRESS";
  switch (info.result) {
    case BuildResult::success: return "SUCCESS";
    case BuildResult::unstable: return "UNSTABLE";
    case BuildResult::failure: return "FAILED";
    case BuildResult::not_built: return "NOT_EXECUTED";
    case BuildResult::aborted: return "ABORTED";
  }
  return "FAILED";
}

std::string_view wf_status(const jenkins::Node& node) {
  if (node.state == "PAUSED") return "PAUSED_PENDING_INPUT";
  if (node.state == "RUNNING" || node.state == "QUEUED") return "IN_PROGRESS";
  if (node.state != "FINISHED") return "NOT_EXECUTED";
  if (node.result == "FAILURE") return "FAILED";
  return node.result == "NOT_BUILT" ? "NOT_EXECUTED" : std::string_view(node.result);
}

std::string build_path(const RunInfo& info) {
  return fmt::format("{}{}", job_path(info.job), info.number);
}

json::object link(std::string href) { return {{"href", std::move(href)}}; }

/// Blue Ocean's word for a result as this API has it.
std::string_view wf_word(std::string_view result) {
  return result == "FAILURE" ? "FAILED" : result == "NOT_BUILT" ? "NOT_EXECUTED" : result;
}

json::object wf_step(const RunInfo& info, const jenkins::Step& step, const std::string& before) {
  const std::string self = fmt::format("{}/execution/node/{}", build_path(info), step.id);
  json::array parents;
  if (!before.empty()) parents.push_back(json::value(before));
  return {{"_links", json::object{{"self", link(self + "/wfapi/describe")},
                                  {"log", link(self + "/wfapi/log")},
                                  {"console", link(self + "/log")}}},
          {"id", step.id},
          {"name", step.name},
          {"execNode", ""},
          {"status", step.state == "FINISHED" ? wf_word(step.result)
                     : step.state == "PAUSED" ? "PAUSED_PENDING_INPUT"
                                              : "IN_PROGRESS"},
          {"parameterDescription", step.description},
          {"startTimeMillis", step.started ? step.started->time_since_epoch().count() : 0},
          {"durationMillis", step.duration_ms},
          {"pauseDurationMillis", 0},
          {"parentNodes", std::move(parents)}};
}

json::array wf_steps(const RunInfo& info, const jenkins::Node& node) {
  json::array out;
  std::string before = node.id;
  for (const jenkins::Step& step : node.steps) {
    out.push_back(wf_step(info, step, before));
    before = step.id;
  }
  return out;
}

json::object wf_stage(const RunInfo& info, const jenkins::Node& node) {
  return {{"_links", json::object{{"self", link(fmt::format("{}/execution/node/{}/wfapi/describe",
                                                            build_path(info), node.id))}}},
          {"id", node.id},
          {"name", node.name},
          {"execNode", ""},
          {"status", wf_status(node)},
          {"startTimeMillis", node.started ? node.started->time_since_epoch().count() : 0},
          {"durationMillis", node.duration_ms},
          {"pauseDurationMillis", 0}};
}

json::array wf_stages(const RunInfo& info, bool with_steps) {
  json::array out;
  for (const jenkins::Node& node : blue_nodes(info, now())) {
    json::object stage = wf_stage(info, node);
    if (with_steps) stage["stageFlowNodes"] = wf_steps(info, node);
    out.push_back(std::move(stage));
  }
  return out;
}

json::object wf_run(const RunInfo& info, bool with_steps) {
  const std::string path = build_path(info);
  const WallTime began = info.started == WallTime{} ? info.queued : info.started;
  const WallTime end = info.finished() ? info.ended : now();
  return {
      {"_links", json::object{{"self", link(path + "/wfapi/describe")},
                              {"pendingInputActions", link(path + "/wfapi/pendingInputActions")},
                              {"artifacts", link(path + "/wfapi/artifacts")}}},
      {"id", std::to_string(info.number)},
      {"name", fmt::format("#{}", info.number)},
      {"status", wf_status(info)},
      {"startTimeMillis", began.time_since_epoch().count()},
      {"endTimeMillis", end.time_since_epoch().count()},
      {"durationMillis", (end - began).count()},
      {"queueDurationMillis", (began - info.queued).count()},
      {"pauseDurationMillis", 0},
      {"stages", wf_stages(info, with_steps)}};
}

json::array wf_inputs(const RunInfo& info) {
  json::array out;
  for (const PendingInput& input : info.inputs) {
    json::array fields;
    const json::value parameters =
        parse_json(input.parameters_json).value_or(json::value(json::array()));
    if (parameters.is_array()) {
      for (const json::value& one : parameters.get_array()) {
        const json::value* value = find(one, {"defaultValue"});
        fields.push_back(json::object{
            {"type", text_at(one, {"type"})},
            {"name", text_at(one, {"name"})},
            {"description", text_at(one, {"description"})},
            {"definition",
             json::object{{"defaultVal", value == nullptr ? json::value("") : *value}}}});
      }
    }
    const std::string path = build_path(info);
    out.push_back(json::object{
        {"id", input.id},
        {"proceedText", input.ok},
        {"message", input.message},
        {"inputs", std::move(fields)},
        {"proceedUrl",
         fmt::format("{}/wfapi/inputSubmit?inputId={}", path, percent_encode(input.id))},
        {"abortUrl", fmt::format("{}/input/{}/abort", path, percent_encode(input.id))},
        {"redirectApprovalUrl", path + "/input/"}});
  }
  return out;
}

json::array wf_artifacts(const RunInfo& info) {
  json::array out;
  for (const Artifact& one : info.artifacts) {
    out.push_back(json::object{
        {"id", fmt::format("n{}", out.size() + 1)},
        {"name", one.path.substr(one.path.rfind('/') + 1)},
        {"path", one.path},
        {"url", fmt::format("{}/artifact/{}", build_path(info), percent_encode(one.path, "/"))},
        {"size", one.bytes}});
  }
  return out;
}

Response wf_node(Engine& engine, const Request& request) {
  const Result<RunInfo> info = build_of(engine, request, true);
  if (!info) return core_error(info.error());
  for (const jenkins::Node& node : blue_nodes(*info, now())) {
    if (node.id != request.param("node")) continue;
    json::object stage = wf_stage(*info, node);
    stage["stageFlowNodes"] = wf_steps(*info, node);
    return Response::json(200, to_json(stage));
  }
  for (const jenkins::Step& step : blue_steps(*info, now())) {
    if (step.id == request.param("node")) {
      return Response::json(200, to_json(wf_step(*info, step, "")));
    }
  }
  return core_error({Code::not_found, "no such stage or step"});
}

/// What a stage or step wrote, at most so much of its end.
Response wf_log(Engine& engine, const Request& request) {
  constexpr uint64_t kMostBytes = 64u << 10;
  const Result<RunInfo> info = build_of(engine, request, true);
  if (!info) return core_error(info.error());
  const auto node = std::ranges::find(info->nodes, std::string(request.param("node")),
                                      [](const RunNode& one) { return std::to_string(one.id); });
  if (node == info->nodes.end()) return core_error({Code::not_found, "no such stage or step"});
  const bool more = node->ended == WallTime{};
  const uint64_t to = more ? info->log_bytes : node->log_end;
  const uint64_t from =
      std::max(std::min(node->log_begin, to), to > kMostBytes ? to - kMostBytes : 0);
  const Result<Engine::LogPiece> piece = engine.log(info->job, info->number, from, to - from);
  if (!piece) return core_error(piece.error());
  const std::string self =
      fmt::format("{}/execution/node/{}", build_path(*info), request.param("node"));
  return Response::json(
      200,
      to_json(json::object{{"nodeId", std::to_string(node->id)},
                           {"nodeStatus", more ? "IN_PROGRESS" : wf_word(to_string(node->result))},
                           {"length", to - std::min(node->log_begin, to)},
                           {"hasMore", from > node->log_begin},
                           {"text", piece->text},
                           {"consoleUrl", self + "/log"}}));
}

Response wf_job(Engine& engine, const Request& request, bool runs_only) {
  const JobName job = job_of(request);
  const Result<std::vector<uint64_t>> numbers = engine.runs(job);
  if (!numbers) return core_error(numbers.error());
  if (!runs_only) {
    return Response::json(
        200, to_json(json::object{
                 {"_links", json::object{{"self", link(job_path(job) + "wfapi/describe")},
                                         {"runs", link(job_path(job) + "wfapi/runs")}}},
                 {"name", job.name},
                 {"runCount", numbers->size()}}));
  }
  constexpr size_t kMost = 50;
  std::string_view since = request.query.get("since");
  if (since.starts_with('#')) since.remove_prefix(1);
  const auto oldest = static_cast<uint64_t>(std::max<int64_t>(parse_int(since).value_or(0), 0));
  const bool full = request.query.get("fullStages") == "true";
  json::array out;
  for (uint64_t number : *numbers) {
    if (out.size() == kMost || number < oldest) break;
    if (const Result<RunInfo> info = engine.run(job, number, true))
      out.push_back(wf_run(*info, full));
  }
  return Response::json(200, to_json(out));
}

}  // namespace

void add_build_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  const std::string job = "/job/{p}/job/{j}", build = job + "/{n}";
  add_api(router, build, [&](Request& r) { return show_build(engine, r); });
  router.add(Method::get, build + "/artifact/*zip*/{name}",
             [&](Request& r) { return show_archive(engine, r); });
  router.add(Method::get, build + "/artifact/{path...}",
             [&](Request& r) { return show_artifact(engine, r); });
  add_api(router, build + "/testReport", [&](Request& r) { return show_tests(engine, r); });
  for (const auto& [word, proceed] :
       {std::pair{"proceedEmpty", true}, std::pair{"proceed", true}, std::pair{"abort", false}}) {
    add_both(router, Method::post, fmt::format("{}/input/{{id}}/{}", build, word),
             [&, proceed](Request& r) {
               return answered(answer(engine, r, std::string(r.param("id")), proceed));
             });
  }
  add_both(router, Method::post, build + "/wfapi/inputSubmit", [&](Request& r) {
    return answered(answer(engine, r, std::string(r.query.get("inputId")), true));
  });
  const auto wf = [&](const std::string& name, auto view) {
    add_both(router, Method::get, build + "/wfapi" + name, [&, view](Request& r) {
      const Result<RunInfo> info = build_of(engine, r, true);
      return info ? Response::json(200, to_json(view(*info))) : core_error(info.error());
    });
  };
  for (const char* name : {"", "/describe"}) {
    wf(name, [](const RunInfo& info) { return wf_run(info, false); });
  }
  wf("/pendingInputActions", wf_inputs);
  wf("/nextPendingInputAction", [](const RunInfo& info) -> json::value {
    json::array all = wf_inputs(info);
    return all.empty() ? json::value() : all.front();
  });
  wf("/artifacts", wf_artifacts);
  wf("/changesets", wf_changes);
  add_both(router, Method::get, build + "/execution/node/{node}/wfapi/describe",
           [&](Request& r) { return wf_node(engine, r); });
  add_both(router, Method::get, build + "/execution/node/{node}/wfapi/log",
           [&](Request& r) { return wf_log(engine, r); });
  add_both(router, Method::post, build + "/replay/run",
           [&](Request& r) { return replay(engine, r); });
  add_both(router, Method::post, build + "/restart/restart",
           [&](Request& r) { return restart(engine, r); });
  for (const char* name : {"/wfapi", "/wfapi/describe"}) {
    add_both(router, Method::get, job + name, [&](Request& r) { return wf_job(engine, r, false); });
  }
  add_both(router, Method::get, job + "/wfapi/runs",
           [&](Request& r) { return wf_job(engine, r, true); });
}

}  // namespace ks::engine
