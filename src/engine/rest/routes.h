#pragma once

#include "engine/engine.h"
#include "engine/rest/streams.h"
#include "http/router.h"

namespace ks::engine {

/// What handlers share.
struct Routes {
  http::Router& router;
  Engine& engine;
  Streams& streams;
};

void add_core_routes(const Routes& routes);        // folders, jobs, builds
void add_credential_routes(const Routes& routes);  // of folders
void add_blue_routes(const Routes& routes);        // runs, nodes, steps
void add_build_routes(const Routes& routes);       // one build: files, questions, stages
void add_server_routes(const Routes& routes);      // the server itself, users
void add_log_routes(const Routes& routes);         // consoles, events
void add_converter_routes(const Routes& routes);   // Declarative as JSON
void add_check_routes(const Routes& routes);       // of scripts and schedules; crumbs
void add_webhook_routes(const Routes& routes);     // of SonarQube
/// Multi-branch pipelines; and the paths of their branches, which `jobs` serves as those of a job.
void add_branch_routes(const Routes& routes, const http::Router& jobs);

// ----- for the handlers -----

/// Jenkins' core answers with text, Blue Ocean with `{message, code}`.
http::Response core_error(const Error& error);
http::Response blue_error(const Error& error);
/// `{p}` and `{j}` of the path; also a branch.
JobName job_of(const http::Request& request);
/// `{n}` of the path; `not_found` when it is no number.
Result<uint64_t> number_of(const http::Request& request);
/// A field of the form, or of the query.
std::string field(const http::Request& request, std::string_view name);
/// Who calls, for causes: `user` of ours when it says for whom, else the authenticated one.
std::string caller(const http::Request& request);
/// The build of `{n}`: a number or `lastBuild`, `lastSuccessfulBuild`, ...
Result<RunInfo> build_of(Engine& engine, const http::Request& request, bool with_nodes);
/// What addresses begin with: `https://host:port` as the caller named it.
std::string base_url(const http::Request& request);
/// JSON of the core API: cut down by `tree`, indented with `pretty=true`.
http::Response api_reply(const http::Request& request, const json::value& value);
/// A multi-branch pipeline in the core API.
json::object project_json(Engine& engine, const JobName& project, const std::string& base);
/// A run in Blue Ocean, with the branch that it is of.
json::object run_json(Engine& engine, const RunInfo& info);
/// A job in Blue Ocean, with the branch that it is; `not_found` when it is none.
Result<json::object> blue_job_json(Engine& engine, const JobName& job);
/// The runs of all branches of a multi-branch pipeline, newest first.
http::Response list_branch_runs(Engine& engine, const http::Request& request);
/// With and without the slash at the end, as clients send both.
void add_both(http::Router& router, http::Method method, const std::string& pattern,
              http::Handler handler);

}  // namespace ks::engine
