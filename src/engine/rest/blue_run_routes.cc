#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/blue_view.h"
#include "engine/rest/change_sets.h"
#include "engine/rest/core_view.h"
#include "engine/rest/queue.h"
#include "engine/rest/routes.h"
#include "engine/test_report.h"

// What Blue Ocean shows of a run beside its stages: changes, tests, actions; and the queue of a
// pipeline.

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kBlue = "io.jenkins.blueocean.";

std::string run_path(const RunInfo& info) {
  return fmt::format("{}/runs/{}/", job_ref(info.job).blue_path(), info.number);
}

json::object self_link(std::string href) {
  return {{"self", json::object{{"_class", "io.jenkins.blueocean.rest.hal.Link"},
                                {"href", std::move(href)}}}};
}

/// Jenkins' statuses say two things: how a test ended, and whether that is news.
struct TestWords {
  std::string_view status, state;
};
TestWords words_of(std::string_view status) {
  if (status == "REGRESSION") return {"FAILED", "REGRESSION"};
  if (status == "FIXED") return {"PASSED", "FIXED"};
  return {status, "UNKNOWN"};
}

json::object test_json(const json::value& test, size_t id, const std::string& run) {
  const auto member = [&](std::string_view name) {
    const json::value* found = find(test, {name});
    return found == nullptr ? json::value() : *found;
  };
  const TestWords words = words_of(text_at(test, {"status"}));
  const std::string key = fmt::format("{}:{}", id, percent_encode(text_at(test, {"name"})));
  return {{"_class", fmt::format("{}service.embedded.rest.junit.BlueJUnitTestResult", kBlue)},
          {"_links", self_link(fmt::format("{}tests/{}/", run, key))},
          {"age", member("age")},
          {"duration", member("duration")},
          {"errorDetails", member("errorDetails")},
          {"errorStackTrace", member("errorStackTrace")},
          {"hasStdLog", !text_at(test, {"stdout"}).empty() || !text_at(test, {"stderr"}).empty()},
          {"id", key},
          {"name", fmt::format("{} – {}", text_at(test, {"name"}), text_at(test, {"className"}))},
          {"state", words.state},
          {"status", words.status},
          {"testState", words.state}};
}

/// All cases of a report, with its suites left out.
template <class Each>
void for_cases(const json::object& report, Each each) {
  const json::value whole(report);
  const json::value* suites = find(whole, {"suites"});
  if (suites == nullptr || !suites->is_array()) return;
  for (const json::value& suite : suites->get_array()) {
    const json::value* cases = find(suite, {"cases"});
    if (cases == nullptr || !cases->is_array()) continue;
    for (const json::value& test : cases->get_array()) each(test);
  }
}

Response list_tests(Engine& engine, const Request& request, const RunInfo& info) {
  const Result<Page> page = page_of(request, 100);
  if (!page) return blue_error(page.error());
  const Result<std::string> folder = tests_folder(engine, info);
  if (!folder) return blue_error(folder.error());
  const Result<std::optional<json::object>> report = read_test_report(*folder);
  if (!report) return blue_error(report.error());
  const std::string wanted = to_upper(request.query.get("status"));
  json::array out;
  size_t seen = 0, id = 0;
  for_cases(report->value_or(json::object()), [&](const json::value& test) {
    ++id;
    if (!wanted.empty() && wanted != words_of(text_at(test, {"status"})).status) return;
    if (seen++ < page->start || out.size() >= page->limit) return;
    out.push_back(test_json(test, id, run_path(info)));
  });
  return blue_reply(request, out);
}

Response show_test_summary(const Request& request, const RunInfo& info) {
  const TestSummary tests = info.tests.value_or(TestSummary{});
  return blue_reply(request,
                    json::object{{"_class", fmt::format("{}rest.model.BlueTestSummary", kBlue)},
                                 {"_links", self_link(run_path(info) + "blueTestSummary/")},
                                 {"existingFailed", tests.failed},
                                 {"failed", tests.failed},
                                 {"fixed", 0},
                                 {"passed", tests.total - tests.failed - tests.skipped},
                                 {"regressions", 0},
                                 {"skipped", tests.skipped},
                                 {"total", tests.total}});
}

json::object queued_json(const RunInfo& info) {
  const uint64_t id = queue_id(info.job, info.number);
  const std::string job = job_ref(info.job).blue_path();
  return {{"_class", fmt::format("{}service.embedded.rest.QueueItemImpl", kBlue)},
          {"_links", self_link(fmt::format("{}/queue/{}/", job, id))},
          {"causeOfBlockage", info.waiting_for},
          {"causes", blue_run(info, info.queued).causes},
          {"expectedBuildNumber", info.number},
          {"id", std::to_string(id)},
          {"organization", "jenkins"},
          {"pipeline", info.job.name},
          {"queuedTime", jenkins::format_blue_time(info.queued)}};
}

/// The runs of a job that wait, the oldest first.
Result<std::vector<RunInfo>> waiting_of(Engine& engine, const JobName& job) {
  TRY(engine.job_config(job));
  std::vector<RunInfo> out;
  for (const auto& [name, number] : engine.waiting()) {
    if (name != job) continue;
    Result<RunInfo> info = engine.run(job, number, false);
    if (info && info->state == RunState::queued) out.push_back(std::move(*info));
  }
  return out;
}

Response show_queue(Engine& engine, const Request& request) {
  const Result<std::vector<RunInfo>> waiting = waiting_of(engine, job_of(request));
  if (!waiting) return blue_error(waiting.error());
  json::array out;
  for (const RunInfo& info : *waiting) out.push_back(queued_json(info));
  return blue_reply(request, out);
}

Response leave_queue(Engine& engine, const Request& request) {
  const Result<std::vector<RunInfo>> waiting = waiting_of(engine, job_of(request));
  if (!waiting) return blue_error(waiting.error());
  const std::optional<int64_t> id = parse_int(request.param("id"));
  for (const RunInfo& info : *waiting) {
    if (!id || queue_id(info.job, info.number) != static_cast<uint64_t>(*id)) continue;
    const Result<> stopped = engine.stop(info.job, info.number, caller(request));
    return stopped ? Response::text(204, "") : blue_error(stopped.error());
  }
  return blue_error(
      {Code::not_found, fmt::format("the queue has no item \"{}\"", request.param("id"))});
}

}  // namespace

Result<std::string> tests_folder(const Engine& engine, const RunInfo& info) {
  return TRY(engine.artifacts_folder(info.job, info.number)) + "/../" + std::string(kTestReports);
}

void add_blue_run_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  const std::string job = "/blue/rest/organizations/jenkins/pipelines/{p}/pipelines/{j}";
  const auto get = [&](const std::string& name, auto show) {
    add_both(router, Method::get, job + "/runs/{n}" + name, [&engine, show](Request& r) {
      const Result<uint64_t> number = number_of(r);
      if (!number) return blue_error(number.error());
      const Result<RunInfo> info = engine.run(job_of(r), *number, false);
      return info ? show(engine, r, *info) : blue_error(info.error());
    });
  };
  get("/changeSet", [](Engine&, Request& r, const RunInfo& info) {
    return blue_reply(r, blue_changes(info, run_path(info)));
  });
  get("/tests", [](Engine& e, Request& r, const RunInfo& info) { return list_tests(e, r, info); });
  get("/blueTestSummary",
      [](Engine&, Request& r, const RunInfo& info) { return show_test_summary(r, info); });
  get("/actions",
      [](Engine&, Request& r, const RunInfo& info) { return blue_reply(r, build_actions(info)); });
  add_both(router, Method::get, job + "/queue", [&](Request& r) { return show_queue(engine, r); });
  add_both(router, Method::delete_, job + "/queue/{id}",
           [&](Request& r) { return leave_queue(engine, r); });
}

}  // namespace ks::engine
