#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/rest/generic_trigger.h"
#include "engine/rest/jenkins_api.h"
#include "engine/rest/pattern.h"
#include "engine/rest/queue.h"
#include "engine/rest/routes.h"
#include "jenkins/config_xml.h"

// Calls from outside that start runs, by a token of the job instead of a user.

namespace ks::engine {
namespace {

using http::Method;
using http::Request;
using http::Response;

/// The token that a webhook's caller shows, by any of the three ways that are known.
std::string shown_token(const Request& request) {
  if (const std::string_view token = request.query.get("token"); !token.empty()) {
    return std::string(token);
  }
  return std::string(request.headers.get("token"));
}

Result<json::object> trigger(Engine& engine, const Request& request, const JobName& job,
                             const GenericTrigger& trigger) {
  const Variables variables = TRY(resolve(trigger, request));
  const std::string text = substitute(trigger.filter_text, variables);
  const bool fires = trigger.filter_expression.empty() || trigger.filter_text.empty() ||
                     TRY(pattern_found(trigger.filter_expression, text));
  json::object resolved;
  for (const auto& [name, value] : variables) resolved[name] = value;
  json::object out{{"regexpFilterExpression", trigger.filter_expression},
                   {"triggered", fires},
                   {"resolvedVariables", resolved},
                   {"regexpFilterText", text},
                   {"id", 0},
                   {"url", ""}};
  if (!fires) return out;
  StartRequest wanted;
  const json::array declared = TRY(engine.job_parameters(job));
  for (const auto& [name, value] : variables) {
    wanted.env.emplace_back(name, value);
    for (const json::value& parameter : declared) {
      if (text_at(parameter, {"name"}) == name) wanted.values[name] = value;
    }
  }
  const std::string cause = substitute(trigger.cause, variables);
  wanted.causes = {cause.empty() ? "Generic Cause" : cause};
  const uint64_t number = TRY(engine.start(job, std::move(wanted)));
  out["id"] = queue_id(job, number);
  out["url"] = fmt::format("queue/item/{}/", queue_id(job, number));
  return out;
}

Response invoke(Engine& engine, const Request& request) {
  const std::string token = shown_token(request);
  const bool known_user = !request.user.name.empty();
  json::object jobs;
  bool taken = false, too_large = false;
  for (const std::string& folder : engine.folders()) {
    for (const JobName& job : engine.jobs(folder)) {
      const Result<std::string> config = engine.job_config(job);
      // Most have none: only those that do are read as XML.
      if (!config || !config->contains("GenericTrigger")) continue;
      const auto found = generic_trigger_of(*config);
      // Without a token of its own a job is only for those who are known.
      if (!found || (found->token.empty() && !known_user)) continue;
      if (!equal_in_constant_time(found->token, token)) continue;
      Result<json::object> done = trigger(engine, request, job, *found);
      taken = taken || done.ok();
      too_large = too_large || (!done && done.error().code == Code::too_large);
      if (done) {
        jobs[job.text()] = std::move(*done);
      } else {
        jobs[job.text()] = json::object{{"triggered", false}, {"errors", done.error().message}};
      }
    }
  }
  const bool none = jobs.empty();
  return Response::json(
      none                  ? 404
      : too_large && !taken ? 413
                            : 200,
      to_json(json::object{
          {"jobs", none ? json::value() : json::value(std::move(jobs))},
          {"message",
           none ? "Did not find any jobs with GenericTrigger configured! Check that the "
                  "token is that of a job, or that a job without one is asked for by a known user."
           : too_large && !taken
               ? "The request gives more variables than a run may have: see errors."
               : "Triggered jobs."}}));
}

Response build_by_token(Engine& engine, const Request& request) {
  const std::string full = field(request, "job");
  const size_t slash = full.rfind('/');
  const JobName job{slash == full.npos ? "" : full.substr(0, slash),
                    slash == full.npos ? full : full.substr(slash + 1)};
  // The same answer whether there is no such job or the token is wrong.
  if (!token_fits(engine, job, field(request, "token"))) {
    return core_error({Code::forbidden, "invalid token, or no such job"});
  }
  return start_build(engine, request, job);
}

}  // namespace

bool token_fits(const Engine& engine, const JobName& job, std::string_view token) {
  const Result<std::string> config = engine.job_config(job);
  if (!config || token.empty()) return false;
  const Result<json::value> spec = jenkins::spec_of(*config);
  if (!spec) return false;
  const std::string_view wanted = text_at(*spec, {"pipeline", "remote_trigger", "token"});
  return !wanted.empty() && equal_in_constant_time(wanted, token);
}

bool carries_job_token(const http::Request& request) {
  std::string_view path = request.path;
  if (path.ends_with('/')) path.remove_suffix(1);
  if (request.method != Method::post && request.method != Method::get) return false;
  if (path == "/generic-webhook-trigger/invoke" || path == "/buildByToken/build" ||
      path == "/buildByToken/buildWithParameters")
    return true;
  if (request.method != Method::post || request.query.get("token").empty()) return false;
  // `/job/A/job/B/build`, of a job itself and no other thing of this name, such as an artifact:
  // only the handler of that looks at the token.
  size_t names = 0;
  for (; path.starts_with("/job/"); names++) {
    const size_t next = path.find('/', std::string_view("/job/").size());
    if (next == path.npos) return false;
    path.remove_prefix(next);
  }
  return names >= 2 && (path == "/build" || path == "/buildWithParameters");
}

void add_trigger_routes(const Routes& routes) {
  Engine& engine = routes.engine;
  for (Method method : {Method::get, Method::post, Method::put}) {
    add_both(routes.router, method, "/generic-webhook-trigger/invoke",
             [&](Request& r) { return invoke(engine, r); });
  }
  for (const char* name : {"/buildByToken/build", "/buildByToken/buildWithParameters"}) {
    for (Method method : {Method::get, Method::post}) {
      add_both(routes.router, method, name, [&](Request& r) { return build_by_token(engine, r); });
    }
  }
}

}  // namespace ks::engine
