#pragma once

#include "engine/engine.h"
#include "engine/rest/sse_gateway.h"
#include "engine/rest/state.h"
#include "engine/rest/streams.h"
#include "http/multipart.h"
#include "http/router.h"

namespace ks::engine {

/// What handlers share.
struct Routes {
  http::Router& router;
  Engine& engine;
  Streams& streams;
  RestState& state;
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
void add_queue_routes(const Routes& routes);
void add_view_routes(const Routes& routes);
void add_computer_routes(const Routes& routes);
void add_trigger_routes(const Routes& routes);      // by a token of the job
void add_blue_server_routes(const Routes& routes);  // organization, users, search
void add_blue_run_routes(const Routes& routes);     // changes, tests, the queue of a pipeline
void add_sse_routes(const Routes& routes, SseGateway& gateway);

// ----- for the handlers -----

/// Jenkins' core answers with text, Blue Ocean with `{message, code}`.
http::Response core_error(const Error& error);
http::Response blue_error(const Error& error);
/// `{p}` and `{j}` of the path; also a branch.
JobName job_of(const http::Request& request);
/// `{n}` of the path; `not_found` when it is no number.
Result<uint64_t> number_of(const http::Request& request);
/// Whether the body is a form with files.
bool is_multipart(const http::Request& request);
/// Its parts; `invalid`.
Result<std::vector<http::FormPart>> parts_of(const http::Request& request);
/// Whether the body is a form, with or without files.
bool is_form(const http::Request& request);
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
http::Response xml_reply(std::string text);
/// The same of Blue Ocean, which has one form.
http::Response blue_reply(const http::Request& request, const json::value& value);
/// `api/json`, `api/xml` and `api/python` below a path: the handler answers with api_reply().
void add_api(http::Router& router, const std::string& path, const http::Handler& handler);
/// `start` and `limit` of a list; `invalid` when they are no numbers.
struct Page {
  size_t start = 0;
  size_t limit = 0;
};
Result<Page> page_of(const http::Request& request, size_t otherwise);
/// What Jenkins takes as the name of a new thing; the error is its own text.
Result<> check_item_name(std::string_view name);
/// The values of `{"parameter": [{name, value}]}`, as Jenkins' forms send them.
Result<json::object> form_values(std::string_view text);

/// Starts a build with the values of the form or the query: 201 with its place in the queue.
http::Response start_build(Engine& engine, const http::Request& request, const JobName& job);
/// Whether that is the job's own token, which stands for a user.
bool token_fits(const Engine& engine, const JobName& job, std::string_view token);
/// How deep things within things are shown: by `depth`, or as deep as `tree` asks.
size_t levels_of(const http::Request& request);
json::object folder_json(const Routes& routes, const std::string& folder, const std::string& base,
                         size_t levels);
/// A job as lists show it.
json::object job_link(Engine& engine, const JobName& job, const std::string& base);
/// Where the tests of a run are kept (test_report.h).
Result<std::string> tests_folder(const Engine& engine, const RunInfo& info);

/// With and without the slash at the end, as clients send both.
void add_both(http::Router& router, http::Method method, const std::string& pattern,
              http::Handler handler);

}  // namespace ks::engine
