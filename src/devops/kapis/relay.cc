#include "devops/kapis/relay.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "base/text.h"
#include "devops/kapis/relay_shapes.h"
#include "devops/kapis/reply.h"

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

/// Of the connection, or set by whoever sends the request on.
constexpr std::array<std::string_view, 10> kOwnHeaders = {
    "host",    "connection",       "content-length",  "transfer-encoding", "authorization",
    "upgrade", "proxy-connection", "accept-encoding", "content-type",      "expect"};

bool is_own(std::string_view name) {
  for (std::string_view own : kOwnHeaders) {
    if (equals_ignoring_case(own, name)) return true;
  }
  return false;
}

}  // namespace

std::string blue_pipeline_path(const Request& request) {
  std::string out =
      fmt::format("{}/pipelines/{}/pipelines/{}", kBlue, percent_encode(request.param("devops")),
                  percent_encode(request.param("pipeline")));
  if (const std::string_view branch = request.param("branch"); !branch.empty()) {
    // Its `%2F` stands for a slash in the name: encoded once more it travels as it is.
    out += "/branches/" + percent_encode(trim(branch));
  }
  return out;
}

std::string core_pipeline_path(const Request& request) {
  std::string out = fmt::format("/job/{}/job/{}", percent_encode(request.param("devops")),
                                percent_encode(request.param("pipeline")));
  if (const std::string_view branch = request.param("branch"); !branch.empty()) {
    out += "/job/" + percent_encode(trim(branch));
  }
  return out;
}

Result<Response> ask_jenkins(Api& api, const Request& request, Relayed relayed) {
  std::string target = relayed.path;
  if (relayed.keep_query) {
    if (const std::string query = request.query.encode(); !query.empty()) {
      target += (target.find('?') == target.npos ? "?" : "&") + query;
    }
  }
  const bool own_body = !relayed.body.empty();
  Request out = http::make_request(relayed.method, target);
  for (const auto& [name, value] : request.headers) {
    if (!is_own(name)) out.headers.add(name, value);
  }
  if (own_body) {
    out.body = std::move(relayed.body);
    out.headers.set("Content-Type",
                    relayed.content_type.empty() ? "application/json" : relayed.content_type);
  } else if (relayed.method != Method::get) {
    out.body = std::string(request.body.view());
    if (const std::string_view type = request.headers.get("Content-Type"); !type.empty()) {
      out.headers.set("Content-Type", std::string(type));
    }
  }
  // Jenkins' own Accept rules are not the caller's business.
  out.headers.set("Accept", "*/*");
  out.user = request.user;
  out.stop = request.stop;
  return api.jenkins.send(std::move(out));
}

Response relay_error(const Response& answer) {
  const bool callers_fault = answer.status >= 400 && answer.status < 500;
  std::string text(answer.body.view());
  if (text.empty()) text = fmt::format("the engine answered {}", answer.status);
  Response out = Response::text(callers_fault ? answer.status : 500, text);
  const std::string_view type = answer.headers.get("Content-Type");
  const bool is_json = type.find("json") != type.npos;
  out.headers.set("Content-Type", is_json ? "application/json" : "text/plain; charset=utf-8");
  out.headers.set("X-Content-Type-Options", "nosniff");
  return out;
}

Result<json::value> answer_json(const Response& answer) {
  if (trim(answer.body.view()).empty()) return json::value(json::object());
  Result<json::value> value = parse_json(answer.body.view());
  if (!value) return std::move(value).error().in("the engine's answer is no JSON");
  return value;
}

Answer fetch(Api& api, const Request& request, Relayed relayed, std::string_view shape) {
  Answer out;
  const Result<Response> answer = ask_jenkins(api, request, std::move(relayed));
  if (!answer) {
    out.failure = error_reply(answer.error());
    return out;
  }
  if (answer->status >= 400) {
    out.failure = relay_error(*answer);
    return out;
  }
  Result<json::value> value = answer_json(*answer);
  if (value && !shape.empty()) value = relay_shapes().get(shape).apply(*value);
  if (!value) {
    out.failure = text_error(502, value.error().message);
    return out;
  }
  out.value = std::move(*value);
  return out;
}

Response relay(Api& api, const Request& request, Relayed relayed, std::string_view shape) {
  Answer answer = fetch(api, request, std::move(relayed), shape);
  return answer.failure ? std::move(*answer.failure) : json_reply(answer.value);
}

void add_pipeline_and_branch(RouteTable& table, Api& api, Method method, const std::string& below,
                             const std::string& summary, Handle handle,
                             const std::string& produces) {
  for (const auto& [word, generation] :
       {std::pair{"devops", Generation::v3}, std::pair{"namespaces", Generation::v4}}) {
    for (const char* branch : {"", "/branches/{branch}"}) {
      table.add(
          {.method = method,
           .pattern = fmt::format("/{}/{{devops}}/pipelines/{{pipeline}}{}{}", word, branch, below),
           .summary = summary,
           .handler = [&api, handle,
                       generation](Request& request) { return handle(api, request, generation); },
           .produces = produces,
           .consumes = {}});
    }
  }
}

void add_relay(RouteTable& table, Api& api) {
  add_relay_pipelines(table, api);
  add_relay_runs(table, api);
  add_relay_nodes(table, api);
  add_relay_scm(table, api);
  add_relay_tools(table, api);
  add_relay_sonar(table, api);
}

}  // namespace ks::devops::kapis
