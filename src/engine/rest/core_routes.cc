#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/core_view.h"
#include "engine/rest/routes.h"
#include "jenkins/config_xml.h"
#include "jenkins/types.h"

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kFolderClass = "com.cloudbees.hudson.plugins.folder.Folder";
constexpr size_t kLatest = 20;  // runs that tell of health and of `lastFailedBuild`
constexpr std::string_view kProjectClass =
    "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject";
constexpr std::string_view kJobClass = "org.jenkinsci.plugins.workflow.job.WorkflowJob";

Response see(std::string location) {
  Response out = Response::text(302, "");
  out.headers.set("Location", std::move(location));
  return out;
}

Response done(const Result<>& result, std::string location) {
  return result ? see(std::move(location)) : core_error(result.error());
}

Response xml(std::string text) {
  Response out = Response::text(200, std::move(text));
  out.headers.set("Content-Type", "application/xml;charset=utf-8");
  return out;
}

Response create_folder(Engine& engine, const Request& request) {
  const std::string name = field(request, "name");
  if (field(request, "mode") != kFolderClass) {
    return core_error(
        {Code::invalid, "only folders can be created at the top: pipelines live in one"});
  }
  if (engine.has_folder(name)) {
    return core_error(
        {Code::invalid, fmt::format("A job already exists with the name ‘{}’", name)});
  }
  return done(engine.put_folder(name), fmt::format("/job/{}/", percent_encode(name)));
}

Response show_folder(Engine& engine, const Request& request) {
  const std::string folder(request.param("p"));
  if (!engine.has_folder(folder)) {
    return core_error({Code::not_found, fmt::format("folder \"{}\" does not exist", folder)});
  }
  json::array jobs;
  for (const JobName& job : engine.jobs(folder)) {
    const std::vector<uint64_t> numbers = engine.runs(job).value_or(std::vector<uint64_t>());
    const Result<RunInfo> latest =
        numbers.empty() ? Error{Code::not_found, ""} : engine.run(job, numbers.front(), false);
    jobs.push_back(json::object{{"_class", kJobClass},
                                {"name", job.name},
                                {"url", base_url(request) + job_path(job)},
                                {"color", color_of(latest ? &*latest : nullptr)}});
  }
  for (const JobName& project : engine.branches().projects(folder)) {
    jobs.push_back(json::object{{"_class", kProjectClass},
                                {"name", project.name},
                                {"url", base_url(request) + job_path(project)}});
  }
  return api_reply(
      request,
      json::object{{"_class", kFolderClass},
                   {"name", folder},
                   {"fullName", folder},
                   {"displayName", folder},
                   {"fullDisplayName", folder},
                   {"description", nullptr},
                   {"url", fmt::format("{}/job/{}/", base_url(request), percent_encode(folder))},
                   {"healthReport", json::array()},
                   {"views", json::array()},
                   {"jobs", std::move(jobs)}});
}

/// An XML body, or the form of a job without configuration.
Response create_job(Engine& engine, const Request& request) {
  const JobName job{std::string(request.param("p")), field(request, "name")};
  if (engine.job_config(job)) {
    return core_error(
        {Code::invalid, fmt::format("A job already exists with the name ‘{}’", job.name)});
  }
  std::string config(request.body.view());
  if (!field(request, "mode").empty()) {
    if (jenkins::kind_of_class(field(request, "mode")) != jenkins::JobKind::pipeline) {
      return core_error({Code::invalid, fmt::format("jobs of class \"{}\" are not supported",
                                                    field(request, "mode"))});
    }
    config = "<?xml version='1.1' encoding='UTF-8'?>\n<flow-definition plugin=\"workflow-job\"/>\n";
  }
  const Result<> made = engine.put_job(job, config);
  return made ? Response::text(200, "") : core_error(made.error());
}

Response show_job(Engine& engine, const Request& request) {
  const JobName job = job_of(request);
  if (engine.branches().has(job))
    return api_reply(request, project_json(engine, job, base_url(request)));
  const Result<std::vector<uint64_t>> numbers = engine.runs(job);
  if (!numbers) return core_error(numbers.error());
  const Result<json::array> parameters = engine.job_parameters(job);
  if (!parameters) return core_error(parameters.error());
  std::vector<RunInfo> latest;
  for (uint64_t number : *numbers) {
    if (latest.size() == kLatest) break;
    if (Result<RunInfo> info = engine.run(job, number, false)) latest.push_back(std::move(*info));
  }
  return api_reply(request, job_json(job, *parameters, *numbers, latest, base_url(request)));
}

Response write_config(Engine& engine, const Request& request) {
  const JobName job = job_of(request);
  if (const Result<std::string> present = engine.job_config(job); !present) {
    return core_error(present.error());
  }
  const Result<> written = engine.put_job(job, std::string(request.body.view()));
  return written ? Response::text(200, "") : core_error(written.error());
}

/// `json={"parameter":[{"name","value"}]}`, or each parameter a field.
Result<json::object> build_values(const Request& request) {
  json::object values;
  if (const std::string form = field(request, "json"); !form.empty()) {
    const json::value parsed = TRY(parse_json(form));
    const json::value* list = find(parsed, {"parameter"});
    if (list == nullptr) return values;
    const json::array one{*list};
    for (const json::value& parameter : list->is_array() ? list->get_array() : one) {
      if (const json::value* value = find(parameter, {"value"})) {
        values[text_at(parameter, {"name"})] = *value;
      }
    }
    return values;
  }
  for (const auto& [name, value] : request.query) {
    if (name != "token" && name != "cause" && name != "delay") values[name] = value;
  }
  return values;
}

Response build(Engine& engine, const Request& request) {
  Result<json::object> values = build_values(request);
  if (!values) return core_error(values.error());
  const JobName job = job_of(request);
  if (engine.branches().has(job)) {
    const Result<> asked = engine.branches().scan(job, "Started by user " + caller(request));
    if (!asked) return core_error(asked.error());
    Response scheduled = Response::text(201, "");
    scheduled.headers.set("Location", job_path(job) + "indexing/");
    return scheduled;
  }
  const Result<uint64_t> number = engine.start(
      job,
      {.values = std::move(*values), .causes = {"Started by user " + caller(request)}, .key = {}});
  if (!number) return core_error(number.error());
  Response out = Response::text(201, "");
  out.headers.set("Location", fmt::format("{}{}/", job_path(job), *number));
  return out;
}

}  // namespace

void add_core_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  const std::string job = "/job/{p}/job/{j}";
  router.add(Method::post, "/createItem", [&](Request& r) { return create_folder(engine, r); });
  router.add(Method::get, "/job/{p}/api/json", [&](Request& r) { return show_folder(engine, r); });
  router.add(Method::post, "/job/{p}/doDelete", [&](Request& r) {
    return done(engine.remove_folder(std::string(r.param("p"))), "/");
  });
  for (const char* path : {"/job/{p}/createItem", "/view/all/job/{p}/createItem"}) {
    router.add(Method::post, path, [&](Request& r) { return create_job(engine, r); });
  }
  router.add(Method::get, job + "/api/json", [&](Request& r) { return show_job(engine, r); });
  add_both(router, Method::get, job + "/config.xml", [&](Request& r) {
    Result<std::string> config = engine.job_config(job_of(r));
    return config ? xml(std::move(*config)) : core_error(config.error());
  });
  add_both(router, Method::post, job + "/config.xml",
           [&](Request& r) { return write_config(engine, r); });
  router.add(Method::post, job + "/doDelete", [&](Request& r) {
    return done(engine.remove_job(job_of(r)),
                fmt::format("/job/{}/", percent_encode(r.param("p"))));
  });
  for (const char* name : {"/build", "/buildWithParameters"}) {
    router.add(Method::post, job + name, [&](Request& r) { return build(engine, r); });
  }
  router.add(Method::post, job + "/{n}/doDelete", [&](Request& r) {
    const Result<uint64_t> number = number_of(r);
    if (!number) return core_error(number.error());
    return done(engine.remove_run(job_of(r), *number), "../");
  });
  for (const char* how : {"/stop", "/term", "/kill"}) {
    router.add(Method::post, job + "/{n}" + how, [&](Request& r) {
      const Result<uint64_t> number = number_of(r);
      if (!number) return core_error(number.error());
      return done(engine.stop(job_of(r), *number, caller(r)), "./");
    });
  }
}

}  // namespace ks::engine
