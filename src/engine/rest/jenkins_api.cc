#include "engine/rest/jenkins_api.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/rest/hook_routes.h"
#include "engine/rest/routes.h"

namespace ks::engine {
namespace {

constexpr std::string_view kJenkinsVersion = "2.319.3";
constexpr std::string_view kBluePipelines = "/blue/rest/organizations/jenkins/pipelines/";

/// `pipelines/p/j/...` as `pipelines/p/pipelines/j/...`.
http::Response spelled_out(const http::Router& routes, http::Request& request) {
  const std::string rest(request.param("rest"));
  if (rest.starts_with("pipelines/") || rest == "pipelines") {
    return blue_error({Code::not_found, "there is nothing at this path"});
  }
  request.path.insert(kBluePipelines.size() + request.param("p").size(), "/pipelines");
  return routes.handle(request);
}

}  // namespace

struct JenkinsApi::State {
  State(Engine& the_engine, std::string state_file)
      : engine(the_engine), streams(the_engine), gateway(the_engine), kept(std::move(state_file)) {}
  Engine& engine;
  Streams streams;
  SseGateway gateway;
  RestState kept;
  /// The same routes, for paths that are spelled another way and for jobs that are branches.
  http::Router other_paths;
};

JenkinsApi::JenkinsApi(Engine& engine, std::string state_file)
    : state_(std::make_unique<State>(engine, std::move(state_file))) {}
JenkinsApi::~JenkinsApi() = default;

void JenkinsApi::add_routes(http::Router& router) {
  for (http::Router* to : {&router, &state_->other_paths}) {
    const Routes routes{*to, state_->engine, state_->streams, state_->kept};
    add_core_routes(routes);
    add_credential_routes(routes);
    add_blue_routes(routes);
    add_blue_server_routes(routes);
    add_blue_run_routes(routes);
    add_build_routes(routes);
    add_queue_routes(routes);
    add_view_routes(routes);
    add_computer_routes(routes);
    add_trigger_routes(routes);
    add_server_routes(routes);
    add_log_routes(routes);
    add_converter_routes(routes);
    add_check_routes(routes);
    add_hook_routes(routes);
    add_sse_routes(routes, state_->gateway);
  }
  const Routes routes{router, state_->engine, state_->streams, state_->kept};
  add_branch_routes(routes, state_->other_paths);
  add_webhook_routes(routes);
  // Some clients leave the second `pipelines` out.
  for (http::Method method : {http::Method::get, http::Method::post, http::Method::put}) {
    router.add(
        method, std::string(kBluePipelines) + "{p}/{rest...}",
        [this](http::Request& request) { return spelled_out(state_->other_paths, request); });
  }
}

http::Response core_error(const Error& error) { return http::error_response(error); }

http::Response blue_error(const Error& error) {
  const int status = http::status_of(error.code);
  return http::Response::json(
      status, to_json(json::object{
                  {"message", error.message}, {"code", status}, {"errors", json::array()}}));
}

Result<uint64_t> number_of(const http::Request& request) {
  const std::optional<int64_t> number = parse_int(request.param("n"));
  if (number && *number > 0) return static_cast<uint64_t>(*number);
  return Error{Code::not_found, fmt::format("run \"{}\" does not exist", request.param("n"))};
}

bool is_jenkins_path(std::string_view path) {
  if (path == "/" || path == "/login") return true;
  path.remove_prefix(std::min<size_t>(path.size(), 1));
  const std::string_view first = path.substr(0, path.find('/'));
  if (first == "api")
    return path.starts_with("api/json") || path.starts_with("api/xml") ||
           path.starts_with("api/python");
  for (std::string_view one : {"job",
                               "blue",
                               "view",
                               "queue",
                               "computer",
                               "crumbIssuer",
                               "createItem",
                               "createView",
                               "user",
                               "me",
                               "whoAmI",
                               "credentials",
                               "pluginManager",
                               "configuration-as-code",
                               "role-strategy",
                               "pipeline-model-converter",
                               "pipeline-model-schema",
                               "descriptorByName",
                               "script",
                               "scriptText",
                               "git",
                               "github-webhook",
                               "generic-webhook-trigger",
                               "multibranch-webhook-trigger",
                               "gitlab-webhook",
                               "bitbucket-scmsource-hook",
                               "sonarqube-webhook",
                               "buildByToken",
                               "sse-gateway",
                               "jwt-auth"}) {
    if (first == one) return true;
  }
  return false;
}

http::Router::Filter jenkins_headers() {
  return
      [session = hex_encode(random_bytes(4))](http::Request& request, const http::Handler& next) {
        http::Response response = next(request);
        if (is_jenkins_path(request.path)) {
          response.headers.set("X-Jenkins", std::string(kJenkinsVersion));
          response.headers.set("X-Hudson", "1.395");
          response.headers.set("X-Jenkins-Session", session);
        }
        return response;
      };
}

Result<Page> page_of(const http::Request& request, size_t otherwise) {
  Page out{.start = 0, .limit = otherwise};
  for (const auto& [name, into] :
       {std::pair<std::string_view, size_t*>{"start", &out.start}, {"limit", &out.limit}}) {
    const std::string_view text = request.query.get(name);
    if (text.empty()) continue;
    const std::optional<int64_t> number = parse_int(text);
    if (!number || *number < 0) {
      return Error{Code::invalid, fmt::format("{}: \"{}\" is no number", name, text)};
    }
    *into = static_cast<size_t>(*number);
  }
  return out;
}

Result<> check_item_name(std::string_view name) {
  constexpr std::string_view kUnsafe = "?*/\\%!@#$^&|<>[]:;";
  if (trim(name).empty()) return Error{Code::invalid, "No name is specified"};
  if (name == "." || name == ".." || name.ends_with('.')) {
    return Error{Code::invalid, fmt::format("‘{}’ is not an allowed name", name)};
  }
  if (name.size() > 200 || !is_utf8(name)) {
    return Error{Code::invalid, "a name has at most 200 bytes of UTF-8"};
  }
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return Error{Code::invalid, "no control characters are allowed in a name"};
    }
    if (kUnsafe.contains(c)) {
      return Error{Code::invalid, fmt::format("‘{}’ is an unsafe character", c)};
    }
  }
  return {};
}

Result<json::object> form_values(std::string_view text) {
  json::object out;
  if (text.empty()) return out;
  const json::value parsed = TRY(parse_json(text));
  const json::value* list = find(parsed, {"parameter"});
  if (list == nullptr) return out;
  // Of a single one the form sends no list.
  const json::array one{*list};
  for (const json::value& parameter : list->is_array() ? list->get_array() : one) {
    if (const json::value* value = find(parameter, {"value"})) {
      out[text_at(parameter, {"name"})] = *value;
    }
  }
  return out;
}

bool is_multipart(const http::Request& request) {
  return to_lower(request.headers.get("Content-Type")).starts_with("multipart/form-data");
}

Result<std::vector<http::FormPart>> parts_of(const http::Request& request) {
  return http::parse_multipart(request.headers.get("Content-Type"), request.body.view());
}

bool is_form(const http::Request& request) {
  return is_multipart(request) ||
         request.headers.get("Content-Type").starts_with("application/x-www-form-urlencoded");
}

std::string field(const http::Request& request, std::string_view name) {
  if (request.query.has(name)) return std::string(request.query.get(name));
  if (is_multipart(request)) {
    const Result<std::vector<http::FormPart>> parts = parts_of(request);
    for (const http::FormPart& part : parts.value_or(std::vector<http::FormPart>())) {
      if (part.name == name) return std::string(part.content);
    }
    return {};
  }
  if (!request.headers.get("Content-Type").starts_with("application/x-www-form-urlencoded")) {
    return {};
  }
  std::string body = replace_all(std::string(request.body.view()), "+", "%20");
  return std::string(http::Query::parse(body).get(name));
}

std::string caller(const http::Request& request) {
  return request.user.name.empty() ? "anonymous" : request.user.name;
}

void add_api(http::Router& router, const std::string& path, const http::Handler& handler) {
  for (const char* form : {"/api/json", "/api/xml", "/api/python"}) {
    add_both(router, http::Method::get, path + form, handler);
  }
}

http::Response xml_reply(std::string text) {
  http::Response out = http::Response::text(200, std::move(text));
  out.headers.set("Content-Type", "application/xml;charset=utf-8");
  return out;
}

void add_both(http::Router& router, http::Method method, const std::string& pattern,
              http::Handler handler) {
  router.add(method, pattern + "/", handler);
  router.add(method, pattern, std::move(handler));
}

}  // namespace ks::engine
