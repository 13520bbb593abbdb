#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/blue_view.h"
#include "engine/rest/core_view.h"
#include "engine/rest/routes.h"

// Multi-branch pipelines and their branches (engine-rest, sections 1, 3 and 5).

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kProjectClass =
    "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject";
constexpr std::string_view kBlue = "io.jenkins.blueocean.rest.impl.pipeline.";
constexpr size_t kDefaultPage = 100;
constexpr size_t kLatest = 5;
/// Between a multi-branch pipeline and its project in the first part of a path.
constexpr std::string_view kSlash = "%2F";

WallTime now() { return system_clock().now(); }

std::string blue_path(const JobName& job) { return job_ref(job).blue_path() + "/"; }

size_t number_param(const Request& request, std::string_view name, size_t otherwise) {
  const std::optional<int64_t> number = parse_int(request.query.get(name));
  return number && *number >= 0 ? static_cast<size_t>(*number) : otherwise;
}

std::vector<RunInfo> latest_of(Engine& engine, const JobName& job, size_t most) {
  std::vector<RunInfo> latest;
  for (uint64_t number : engine.runs(job).value_or(std::vector<uint64_t>())) {
    if (latest.size() == most) break;
    if (Result<RunInfo> info = engine.run(job, number, false)) latest.push_back(std::move(*info));
  }
  return latest;
}

json::object branch_facts(const Branches::Branch& branch) {
  return {{"_class", "io.jenkins.blueocean.rest.impl.pipeline.BranchImpl$Branch"},
          {"isPrimary", branch.primary},
          {"issues", json::array()},
          {"url", branch.head.kind == HeadKind::request ? json::value(nullptr)
                                                        : json::value(branch.head.url)}};
}

json::value request_facts(const Head& head) {
  if (head.kind != HeadKind::request) return nullptr;
  return json::object{{"_class", "io.jenkins.blueocean.rest.impl.pipeline.BranchImpl$PullRequest"},
                      {"author", head.author},
                      {"id", head.id},
                      {"title", head.title},
                      {"url", head.url}};
}

/// How many branches, or pull requests, ended well and badly.
struct Tally {
  int64_t total = 0, good = 0, bad = 0;
};

Result<json::object> project_blue(Engine& engine, const JobName& name) {
  const Branches::Project project = TRY(engine.branches().project(name));
  Tally branches, requests;
  int64_t weather = 100, estimated = -1;
  json::array names;
  for (const Branches::Branch& branch : project.branches) {
    const JobName job{name.text(), branch.head.job()};
    Tally& tally = branch.head.kind == HeadKind::request ? requests : branches;
    ++tally.total;
    names.push_back(json::value(job.name));
    const std::vector<RunInfo> latest = latest_of(engine, job, kLatest);
    const jenkins::Pipeline shown = blue_pipeline(job, {}, latest, now());
    // As the worst of its branches; but the primary one counts for the whole.
    weather = std::min(weather, shown.weather_score);
    if (branch.primary) estimated = shown.estimated_ms;
    const auto ended = std::ranges::find_if(latest, &RunInfo::finished);
    if (ended == latest.end()) continue;
    ++(ended->result == BuildResult::success ? tally.good : tally.bad);
  }
  jenkins::Pipeline pipeline;
  pipeline.job = job_ref(name);
  pipeline.display_name = name.name;
  pipeline.weather_score = weather;
  pipeline.estimated_ms = estimated;
  pipeline.disabled = project.disabled;
  json::object out = to_blue(pipeline, blue_path(name));
  out["_class"] = std::string(kBlue) + "MultiBranchPipelineImpl";
  out.erase("latestRun");
  out["_links"].as_object()["branches"] = json::object{
      {"_class", "io.jenkins.blueocean.rest.hal.Link"}, {"href", blue_path(name) + "branches/"}};
  out["branchNames"] = std::move(names);
  out["numberOfFailingBranches"] = branches.bad;
  out["numberOfSuccessfulBranches"] = branches.good;
  out["totalNumberOfBranches"] = branches.total;
  out["numberOfFailingPullRequests"] = requests.bad;
  out["numberOfSuccessfulPullRequests"] = requests.good;
  out["totalNumberOfPullRequests"] = requests.total;
  out["numberOfFolders"] = 0;
  out["numberOfPipelines"] = branches.total + requests.total;
  out["pipelineFolderNames"] = json::array();
  out["scmSource"] = json::object{{"id", project.source_type}, {"apiUrl", project.url}};
  out["scriptPath"] = project.script_path;
  // Ours: how the last scan ended, for who shows it.
  if (project.scan.state == Branches::ScanState::failed) out["scanError"] = project.scan.error;
  return out;
}

Result<json::object> branch_blue(Engine& engine, const JobName& job) {
  const JobFacts facts = TRY(facts_of(engine, job));
  jenkins::Pipeline pipeline =
      blue_pipeline(job, facts.parameters, latest_of(engine, job, kLatest), now());
  pipeline.disabled = facts.disabled;
  const std::optional<Branches::Branch> branch = engine.branches().branch(job);
  if (branch) {
    pipeline.disabled = branch->dead;
    pipeline.display_name = branch->head.name;
    if (pipeline.latest) {
      pipeline.latest->branch = branch_facts(*branch);
      pipeline.latest->pull_request = request_facts(branch->head);
    }
  }
  json::object out = to_blue(pipeline, blue_path(job));
  if (!branch) return out;
  out["_class"] = std::string(kBlue) + "BranchImpl";
  out["branch"] = branch_facts(*branch);
  out["pullRequest"] = request_facts(branch->head);
  return out;
}

Response list_branches(Engine& engine, const Request& request) {
  const JobName name = job_of(request);
  const Result<Branches::Project> project = engine.branches().project(name);
  if (!project) return blue_error(project.error());
  const std::string_view filter = request.query.get("filter");
  std::vector<JobName> jobs;
  for (const Branches::Branch& branch : project->branches) {
    const bool of_request = branch.head.kind == HeadKind::request;
    if ((filter == "pull-requests" && !of_request) || (filter == "origin" && of_request)) continue;
    jobs.push_back({name.text(), branch.head.job()});
  }
  const size_t from = std::min(number_param(request, "start", 0), jobs.size());
  const size_t to =
      from + std::min(number_param(request, "limit", kDefaultPage), jobs.size() - from);
  json::array out;
  for (size_t i = from; i < to; ++i) {
    if (Result<json::object> shown = branch_blue(engine, jobs[i])) out.push_back(std::move(*shown));
  }
  Response response = Response::json(200, to_json(out));
  if (to < jobs.size()) {
    response.headers.set("Link", fmt::format("<{}branches/?start={}&limit={}>; rel=\"next\"",
                                             blue_path(name), to, to - from));
  }
  return response;
}

Response indexing_log(Engine& engine, const Request& request, bool progressive) {
  const Result<Branches::Log> log = engine.branches().indexing_log(job_of(request));
  if (!log) return core_error(log.error());
  const size_t start = progressive ? number_param(request, "start", 0) : 0;
  Response out = Response::text(200, log->text.substr(std::min(start, log->text.size())));
  out.headers.set("Content-Type", "text/plain;charset=utf-8");
  out.headers.set("X-Text-Size", std::to_string(log->text.size()));
  if (!log->complete) out.headers.set("X-More-Data", "true");
  return out;
}

/// `/git/notifyCommit?url=U`: projects of that repository look at it.
Response notify_commit(Engine& engine, const Request& request) {
  const std::string url = field(request, "url");
  if (url.empty()) return Response::text(400, "Missing or malformed parameter: url\n");
  std::string out;
  const std::string cause = "Push event: commit notification for " + url;
  for (const JobName& project : engine.branches().scan_repository(url, cause)) {
    out += fmt::format("Git SCM API plugin: scheduled indexing of {}\n", shown_name(project));
  }
  if (out.empty()) {
    const std::string branches = field(request, "branches");
    out = fmt::format("No git jobs using repository: {} and branches: {}\n", url, branches);
  }
  return Response::text(200, out);
}

/// Puts the path of a branch's job in the form of any other: `/job/p/job/j/job/b/...` as
/// `/job/p%2Fj/job/b/...`, which job_of() reads.
Response serve_branch(const http::Router& jobs, Request& request, std::string_view before,
                      std::string_view between) {
  const std::string project = fmt::format("{}{}{}", request.param("p"), kSlash, request.param("j"));
  request.path = fmt::format("{}{}{}{}", before, project, between, request.param("rest"));
  return jobs.handle(request);
}

}  // namespace

JobName job_of(const Request& request) {
  std::string folder(request.param("p"));
  std::string job(request.param("j"));
  if (const size_t slash = folder.find(kSlash); slash != folder.npos)
    return job_name(jenkins::JobRef{folder.substr(0, slash), folder.substr(slash + kSlash.size()),
                                    std::move(job)});
  return {std::move(folder), std::move(job)};
}

json::object project_json(Engine& engine, const JobName& name, const std::string& base) {
  json::array jobs;
  const Result<Branches::Project> project = engine.branches().project(name);
  if (project) {
    for (const Branches::Branch& branch : project->branches) {
      const JobName job{name.text(), branch.head.job()};
      const std::vector<RunInfo> latest = latest_of(engine, job, 1);
      jobs.push_back(json::object{
          {"_class", "org.jenkinsci.plugins.workflow.job.WorkflowJob"},
          {"name", job.name},
          {"url", base + job_path(job)},
          {"color", branch.dead ? "disabled" : color_of(latest.empty() ? nullptr : &latest[0])}});
    }
  }
  return {{"_class", kProjectClass},
          {"actions", json::array()},
          {"description", project ? project->description : ""},
          {"displayName", name.name},
          {"displayNameOrNull", nullptr},
          {"fullDisplayName", shown_name(name)},
          {"fullName", name.text()},
          {"name", name.name},
          {"url", base + job_path(name)},
          {"healthReport", json::array()},
          {"jobs", std::move(jobs)},
          {"primaryView", json::object{{"name", "default"}, {"url", base + job_path(name)}}},
          {"views", json::array()},
          {"sources", json::array{json::object{}}}};
}

json::object run_json(Engine& engine, const RunInfo& info) {
  jenkins::Run run = blue_run(info, now());
  if (const auto branch = engine.branches().branch(info.job)) {
    run.branch = branch_facts(*branch);
    run.pull_request = request_facts(branch->head);
  }
  if (const uint64_t next = next_build(engine, info.job, info.number); next > 0) {
    run.next_id = std::to_string(next);
  }
  return to_blue(run, fmt::format("{}runs/{}/", blue_path(info.job), info.number));
}

Result<json::object> blue_job_json(Engine& engine, const JobName& job) {
  return engine.branches().has(job) ? project_blue(engine, job) : branch_blue(engine, job);
}

Response list_branch_runs(Engine& engine, const Request& request) {
  const JobName name = job_of(request);
  const Result<Branches::Project> project = engine.branches().project(name);
  if (!project) return blue_error(project.error());
  const size_t start = number_param(request, "start", 0);
  const size_t limit = number_param(request, "limit", kDefaultPage);
  // Of each branch as many as may be shown.
  std::vector<RunInfo> all;
  for (const Branches::Branch& branch : project->branches) {
    for (RunInfo& info :
         latest_of(engine, {name.text(), branch.head.job()}, std::min<size_t>(start + limit, 1000)))
      all.push_back(std::move(info));
  }
  std::ranges::stable_sort(all, std::greater<>(), &RunInfo::queued);
  const size_t from = std::min(start, all.size());
  const size_t to = from + std::min(limit, all.size() - from);
  json::array out;
  for (size_t i = from; i < to; ++i) out.push_back(run_json(engine, all[i]));
  Response response = Response::json(200, to_json(out));
  if (to < all.size()) {
    response.headers.set("Link", fmt::format("<{}runs/?start={}&limit={}>; rel=\"next\"",
                                             blue_path(name), to, to - from));
  }
  return response;
}

void add_branch_routes(const Routes& routes, const http::Router& jobs) {
  http::Router& router = routes.router;
  Engine& engine = routes.engine;
  const std::string blue = "/blue/rest/organizations/jenkins/pipelines/";
  const std::string project = blue + "{p}/pipelines/{j}";
  add_both(router, Method::get, project + "/branches",
           [&](Request& r) { return list_branches(engine, r); });
  for (const char* name : {"/indexing", "/computation"}) {
    const std::string log = std::string("/job/{p}/job/{j}") + name;
    for (const char* whole : {"/consoleText", "/console"}) {
      router.add(Method::get, log + whole,
                 [&](Request& r) { return indexing_log(engine, r, false); });
    }
    router.add(Method::get, log + "/logText/progressiveText",
               [&](Request& r) { return indexing_log(engine, r, true); });
  }
  for (const Method method : {Method::get, Method::post}) {
    add_both(router, method, "/git/notifyCommit",
             [&](Request& r) { return notify_commit(engine, r); });
  }
  for (const Method method : {Method::get, Method::post, Method::put, Method::delete_}) {
    router.add(method, "/job/{p}/job/{j}/job/{rest...}",
               [&](Request& r) { return serve_branch(jobs, r, "/job/", "/job/"); });
    router.add(method, project + "/branches/{rest...}",
               [&, blue](Request& r) { return serve_branch(jobs, r, blue, "/pipelines/"); });
  }
}

}  // namespace ks::engine
