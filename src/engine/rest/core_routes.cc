#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/core_view.h"
#include "engine/rest/queue.h"
#include "engine/rest/routes.h"
#include "engine/rest/views.h"
#include "jenkins/config_xml.h"
#include "jenkins/types.h"

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kFolderClass = "com.cloudbees.hudson.plugins.folder.Folder";
constexpr size_t kLatest = 20;         // runs that tell of health and of `lastFailedBuild`
constexpr size_t kMostExpanded = 100;  // runs that a job shows with all there is of them
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

/// XML, or nothing said: other types are a mistake that would be told of less clearly later.
Result<> check_xml_type(const Request& request) {
  const std::string type = to_lower(request.headers.get("Content-Type"));
  if (type.empty() || type.contains("xml") || type.starts_with("application/x-www-form") ||
      type.starts_with("text/plain")) {
    return {};
  }
  return Error{Code::invalid,
               fmt::format("content type \"{}\": a job is made of application/xml", type)};
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
  if (Result<> fits = check_item_name(name); !fits) return core_error(fits.error());
  return done(engine.put_folder(name), fmt::format("/job/{}/", percent_encode(name)));
}

Response show_folder(const Routes& routes, const Request& request) {
  const std::string folder(request.param("p"));
  if (!routes.engine.has_folder(folder)) {
    return core_error({Code::not_found, fmt::format("folder \"{}\" does not exist", folder)});
  }
  return api_reply(request, folder_json(routes, folder, base_url(request), levels_of(request)));
}

/// An XML body, or the form of a job without configuration.
Response create_job(Engine& engine, const Request& request) {
  const JobName job{std::string(request.param("p")), field(request, "name")};
  if (Result<> fits = check_item_name(job.name); !fits) return core_error(fits.error());
  if (engine.job_config(job)) {
    return core_error(
        {Code::invalid, fmt::format("A job already exists with the name ‘{}’", job.name)});
  }
  std::string config(request.body.view());
  const std::string mode = field(request, "mode");
  if (mode == "copy") {
    std::string from = field(request, "from");
    // Its full name or path is taken too, as long as it lies in the same folder.
    if (from.starts_with('/')) from.erase(0, 1);
    if (from.starts_with(job.folder + "/")) from.erase(0, job.folder.size() + 1);
    Result<std::string> source = engine.job_config({job.folder, from});
    if (!source) {
      return core_error({Code::invalid, fmt::format("No such job: {}", from)});
    }
    config = std::move(*source);
  } else if (!mode.empty()) {
    if (jenkins::kind_of_class(mode) != jenkins::JobKind::pipeline) {
      return core_error(
          {Code::invalid, fmt::format("jobs of class \"{}\" are not supported", mode)});
    }
    config = "<?xml version='1.1' encoding='UTF-8'?>\n<flow-definition plugin=\"workflow-job\"/>\n";
  } else if (Result<> type = check_xml_type(request); !type) {
    return Response::text(415, type.error().message + "\n");
  }
  const Result<> made = engine.put_job(job, config);
  if (!made) return core_error(made.error());
  if (mode.empty()) return Response::text(200, "");
  // A form goes on to the page of what it made.
  return see(job_path(job));
}

/// Its latest runs, as far as they can be read.
std::vector<RunInfo> latest_of(Engine& engine, const JobName& job,
                               const std::vector<uint64_t>& numbers, size_t most) {
  std::vector<RunInfo> out;
  for (uint64_t number : numbers) {
    if (out.size() == most) break;
    if (Result<RunInfo> info = engine.run(job, number, false)) out.push_back(std::move(*info));
  }
  return out;
}

Result<json::object> deep_job(Engine& engine, const JobName& job, const std::string& base,
                              size_t levels, size_t most) {
  const std::vector<uint64_t> numbers = TRY(engine.runs(job));
  const JobFacts facts = TRY(facts_of(engine, job));
  const std::vector<RunInfo> latest = latest_of(engine, job, numbers, levels > 0 ? most : kLatest);
  json::object out = job_json(job, facts, numbers, latest, base);
  if (levels == 0) return out;
  // In the place of links, the builds that they lead to.
  const WallTime now = system_clock().now();
  const auto expand = [&](json::value& link) {
    if (!link.is_object()) return;
    const auto number = static_cast<uint64_t>(int_at(link, {"number"}));
    for (size_t i = 0; i < latest.size(); ++i) {
      if (latest[i].number == number) {
        link = build_json(latest[i], base, now, i == 0 ? 0 : latest[i - 1].number);
        return;
      }
    }
  };
  for (json::value& build : out["builds"].get_array()) expand(build);
  for (std::string_view name :
       {"firstBuild", "lastBuild", "lastCompletedBuild", "lastFailedBuild", "lastStableBuild",
        "lastSuccessfulBuild", "lastUnstableBuild", "lastUnsuccessfulBuild"}) {
    expand(out[name]);
  }
  return out;
}

Response show_job(Engine& engine, const Request& request) {
  const JobName job = job_of(request);
  if (engine.branches().has(job)) {
    return api_reply(request, project_json(engine, job, base_url(request)));
  }
  const Result<json::object> shown =
      deep_job(engine, job, base_url(request), levels_of(request), kMostExpanded);
  return shown ? api_reply(request, *shown) : core_error(shown.error());
}

Response write_config(Engine& engine, const Request& request) {
  const JobName job = job_of(request);
  if (Result<> type = check_xml_type(request); !type) {
    return Response::text(415, type.error().message + "\n");
  }
  if (const Result<std::string> present = engine.job_config(job); !present) {
    return core_error(present.error());
  }
  const Result<> written = engine.put_job(job, std::string(request.body.view()));
  return written ? Response::text(200, "") : core_error(written.error());
}

/// The parameter whose file came as that part.
std::string file_parameter(const json::value& form, const std::string& part) {
  const json::value* list = find(form, {"parameter"});
  const json::array one{list == nullptr ? json::value() : *list};
  const json::array& all = list != nullptr && list->is_array() ? list->get_array() : one;
  for (const json::value& parameter : all) {
    if (text_at(parameter, {"file"}) == part) return std::string(text_at(parameter, {"name"}));
  }
  return part;
}

/// What a build is given: `json={"parameter": [...]}`, or each parameter a field of its own; files
/// of a form with files by the name of their part.
Result<StartRequest> build_request(const Request& request) {
  StartRequest out;
  constexpr auto kOwn =
      std::to_array<std::string_view>({"token", "cause", "delay", "json", "job", "Submit",
                                       "Jenkins-Crumb", "statusCode", "redirectTo"});
  const auto take = [&](std::string_view name, std::string_view value) {
    if (std::ranges::find(kOwn, name) == kOwn.end()) out.values[name] = value;
  };
  for (const auto& [name, value] : request.query) take(name, value);
  std::string form = field(request, "json");
  if (is_multipart(request)) {
    const std::vector<http::FormPart> parts = TRY(parts_of(request));
    const json::value parsed = form.empty() ? json::value() : TRY(parse_json(form));
    for (const http::FormPart& part : parts) {
      if (!part.is_file) {
        if (form.empty()) take(part.name, part.content);
        continue;
      }
      const std::string parameter = file_parameter(parsed, part.name);
      // Only the name itself, whatever folders the client has.
      const size_t slash = part.filename.find_last_of("/\\");
      out.values[parameter] = part.filename.substr(slash == std::string::npos ? 0 : slash + 1);
      out.uploads.push_back({parameter, std::string(part.content)});
    }
  } else if (form.empty() && is_form(request)) {
    const std::string body = replace_all(std::string(request.body.view()), "+", "%20");
    for (const auto& [name, value] : http::Query::parse(body)) take(name, value);
  }
  for (auto& [name, value] : TRY(form_values(form))) {
    if (!value.is_object()) out.values[name] = std::move(value);
  }
  return out;
}

/// Of a choice only what is among them.
Result<> check_choices(const json::array& declared, const json::object& values) {
  for (const json::value& parameter : declared) {
    if (text_at(parameter, {"type"}) != "choice") continue;
    const json::value* given = values.if_contains(text_at(parameter, {"name"}));
    if (given == nullptr || !given->is_string()) continue;
    const auto choices = split(text_at(parameter, {"default_value"}), '\n');
    if (std::ranges::find(choices, std::string_view(given->get_string())) == choices.end()) {
      return Error{Code::invalid,
                   fmt::format("Illegal choice for parameter {}: {}", text_at(parameter, {"name"}),
                               std::string_view(given->get_string()))};
    }
  }
  return {};
}

/// `delay=5sec`, or the seconds alone.
std::optional<int64_t> delay_of(const Request& request) {
  std::string text = field(request, "delay");
  if (text.ends_with("sec")) text.resize(text.size() - 3);
  const std::optional<int64_t> seconds = parse_int(text);
  return seconds && *seconds >= 0 ? seconds : std::nullopt;
}

Response build(Engine& engine, const Request& request) {
  const JobName job = job_of(request);
  if (request.user.name.empty() && !token_fits(engine, job, field(request, "token"))) {
    return core_error({Code::forbidden, "invalid token, or no such job"});
  }
  if (engine.branches().has(job)) {
    const Result<> asked = engine.branches().scan(job, "Started by user " + caller(request));
    if (!asked) return core_error(asked.error());
    Response scheduled = Response::text(201, "");
    scheduled.headers.set("Location", job_path(job) + "indexing/");
    return scheduled;
  }
  return start_build(engine, request, job);
}

/// A name that is free, in the same folder.
Response rename(Engine& engine, const Request& request) {
  const std::string name = field(request, "newName");
  if (Result<> fits = check_item_name(name); !fits) return core_error(fits.error());
  const JobName job = job_of(request);
  const Result<> done = engine.rename_job(job, name);
  if (!done && done.error().code == Code::already_exists) {
    return core_error({Code::invalid, fmt::format("The name “{}” is already in use.", name)});
  }
  return done ? see(job_path({job.folder, name})) : core_error(done.error());
}

Response set_disabled(Engine& engine, const Request& request, bool disabled) {
  const JobName job = job_of(request);
  const Result<std::string> config = engine.job_config(job);
  if (!config) return core_error(config.error());
  const Result<std::string> changed = jenkins::with_disabled(*config, disabled);
  if (!changed) return core_error(changed.error());
  return done(engine.put_job(job, *changed), job_path(job));
}

}  // namespace

Response start_build(Engine& engine, const Request& request, const JobName& job) {
  Result<StartRequest> wanted = build_request(request);
  if (!wanted) return core_error(wanted.error());
  const Result<json::array> declared = engine.job_parameters(job);
  if (!declared) return core_error(declared.error());
  if (Result<> fits = check_choices(*declared, wanted->values); !fits) {
    return core_error(fits.error());
  }
  const std::string note = field(request, "cause");
  if (request.user.name.empty()) {
    const std::string host = request.peer.substr(0, request.peer.rfind(':'));
    wanted->causes = {fmt::format("Started by remote host {}{}{}", host,
                                  note.empty() ? "" : " with note: ", note)};
  } else {
    wanted->causes = {"Started by user " + caller(request)};
    if (!note.empty()) wanted->causes.push_back(note);
  }
  wanted->quiet_seconds = delay_of(request);
  const Result<uint64_t> number = engine.start(job, std::move(*wanted));
  if (!number) return core_error(number.error());
  Response out = Response::text(201, "");
  out.headers.set("Location",
                  fmt::format("{}/queue/item/{}/", base_url(request), queue_id(job, *number)));
  return out;
}

size_t levels_of(const Request& request) {
  constexpr size_t kMost = 4;
  const std::string_view tree = request.query.get("tree");
  size_t open = 0, deepest = 0;
  for (const char c : tree) {
    if (c == '[') deepest = std::max(deepest, ++open);
    if (c == ']' && open > 0) --open;
  }
  // The first brackets only choose from what is shown anyway.
  if (deepest > 0) return std::min(deepest, kMost);
  const std::optional<int64_t> depth = parse_int(request.query.get("depth"));
  return depth && *depth > 0 ? std::min(static_cast<size_t>(*depth), kMost) : 0;
}

json::object job_link(Engine& engine, const JobName& job, const std::string& base) {
  const std::vector<uint64_t> numbers = engine.runs(job).value_or(std::vector<uint64_t>());
  const Result<RunInfo> latest =
      numbers.empty() ? Error{Code::not_found, ""} : engine.run(job, numbers.front(), false);
  const bool disabled = jenkins::is_disabled(engine.job_config(job).value_or(std::string()));
  return {{"_class", kJobClass},
          {"name", job.name},
          {"url", base + job_path(job)},
          {"color", disabled ? "disabled" : color_of(latest ? &*latest : nullptr)}};
}

json::object folder_json(const Routes& routes, const std::string& folder, const std::string& base,
                         size_t levels) {
  json::array jobs;
  for (const JobName& job : routes.engine.jobs(folder)) {
    if (levels == 0) {
      jobs.push_back(job_link(routes.engine, job, base));
    } else if (Result<json::object> deep =
                   deep_job(routes.engine, job, base, levels - 1, kLatest)) {
      jobs.push_back(std::move(*deep));
    }
  }
  for (const JobName& project : routes.engine.branches().projects(folder)) {
    jobs.push_back(levels == 0 ? json::object{{"_class", kProjectClass},
                                              {"name", project.name},
                                              {"url", base + job_path(project)}}
                               : project_json(routes.engine, project, base));
  }
  const json::array views = view_links(routes.state, base, folder);
  return {{"_class", kFolderClass},
          {"actions", json::array()},
          {"name", folder},
          {"fullName", folder},
          {"displayName", folder},
          {"displayNameOrNull", nullptr},
          {"fullDisplayName", folder},
          {"description", nullptr},
          {"url", fmt::format("{}/job/{}/", base, percent_encode(folder))},
          {"healthReport", json::array()},
          {"primaryView", views.front()},
          {"views", views},
          {"jobs", std::move(jobs)}};
}

void add_core_routes(const Routes& routes) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  const std::string job = "/job/{p}/job/{j}";
  router.add(Method::post, "/createItem", [&](Request& r) { return create_folder(engine, r); });
  add_api(router, "/job/{p}", [routes](Request& r) { return show_folder(routes, r); });
  router.add(Method::post, "/job/{p}/doDelete", [&](Request& r) {
    return done(engine.remove_folder(std::string(r.param("p"))), "/");
  });
  for (const char* path : {"/job/{p}/createItem", "/view/all/job/{p}/createItem"}) {
    router.add(Method::post, path, [&](Request& r) { return create_job(engine, r); });
  }
  add_api(router, job, [&](Request& r) { return show_job(engine, r); });
  add_both(router, Method::get, job + "/config.xml", [&](Request& r) {
    Result<std::string> config = engine.job_config(job_of(r));
    return config ? xml_reply(std::move(*config)) : core_error(config.error());
  });
  add_both(router, Method::post, job + "/config.xml",
           [&](Request& r) { return write_config(engine, r); });
  router.add(Method::post, job + "/doDelete", [&](Request& r) {
    return done(engine.remove_job(job_of(r)),
                fmt::format("/job/{}/", percent_encode(r.param("p"))));
  });
  for (const auto& [method, path] :
       {std::pair{Method::delete_, "/job/{p}"}, {Method::delete_, "/job/{p}/job/{j}"}}) {
    const bool folder = path == std::string_view("/job/{p}");
    add_both(router, method, path, [&, folder](Request& r) {
      const std::string name(r.param("p"));
      const Result<> gone = folder ? engine.remove_folder(name) : engine.remove_job(job_of(r));
      return gone ? Response::text(204, "") : core_error(gone.error());
    });
  }
  for (const auto& [name, disabled] : {std::pair{"/disable", true}, {"/enable", false}}) {
    add_both(router, Method::post, job + name,
             [&, disabled](Request& r) { return set_disabled(engine, r, disabled); });
  }
  for (const char* name : {"/confirmRename", "/doRename"}) {
    add_both(router, Method::post, job + name, [&](Request& r) { return rename(engine, r); });
  }
  for (const char* name : {"/build", "/buildWithParameters"}) {
    add_both(router, Method::post, job + name, [&](Request& r) { return build(engine, r); });
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
