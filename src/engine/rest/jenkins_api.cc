#include "engine/rest/jenkins_api.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/rest/routes.h"

namespace ks::engine {

struct JenkinsApi::State {
  explicit State(Engine& the_engine) : engine(the_engine), streams(the_engine) {}
  Engine& engine;
  Streams streams;
  http::Router branch_paths;  ///< the same routes, for jobs that are branches
};

JenkinsApi::JenkinsApi(Engine& engine) : state_(std::make_unique<State>(engine)) {}
JenkinsApi::~JenkinsApi() = default;

void JenkinsApi::add_routes(http::Router& router) {
  for (http::Router* to : {&router, &state_->branch_paths}) {
    const Routes routes{*to, state_->engine, state_->streams};
    add_core_routes(routes);
    add_credential_routes(routes);
    add_blue_routes(routes);
    add_build_routes(routes);
    add_server_routes(routes);
    add_log_routes(routes);
    add_converter_routes(routes);
    add_check_routes(routes);
  }
  add_branch_routes({router, state_->engine, state_->streams}, state_->branch_paths);
  add_webhook_routes({router, state_->engine, state_->streams});
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

std::string field(const http::Request& request, std::string_view name) {
  if (request.query.has(name)) return std::string(request.query.get(name));
  if (!request.headers.get("Content-Type").starts_with("application/x-www-form-urlencoded")) {
    return {};
  }
  std::string body = replace_all(std::string(request.body.view()), "+", "%20");
  return std::string(http::Query::parse(body).get(name));
}

std::string caller(const http::Request& request) {
  return request.user.name.empty() ? "anonymous" : request.user.name;
}

void add_both(http::Router& router, http::Method method, const std::string& pattern,
              http::Handler handler) {
  router.add(method, pattern + "/", handler);
  router.add(method, pattern, std::move(handler));
}

}  // namespace ks::engine
