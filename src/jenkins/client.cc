#include "jenkins/client.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "base/text.h"

namespace ks::jenkins {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kXmlType = "application/xml;charset=utf-8";

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  http::Query query;
  for (const auto& [name, value] : fields) query.add(std::string(name), std::string(value));
  return query.encode();
}

/// What the server says about a failure, in one line.
std::string reason_of(const http::Response& response) {
  if (Result<json::value> body = parse_json(response.body.view(), {.max_depth = 32})) {
    if (std::string_view message = text_at(*body, {"message"}); !message.empty()) {
      return std::string(message);
    }
  }
  const std::string_view text = trim(response.body.view());
  if (text.empty() || text.starts_with('<')) return {};
  return std::string(trim(text.substr(0, std::min(text.find('\n'), size_t{300}))));
}

Error error_of(const http::Response& response) {
  const int status = response.status;
  Error error;
  switch (status) {
    case 400: error = {Code::invalid, "bad request, code 400"}; break;
    case 401:
      error = {Code::unauthenticated, "the engine does not know this user, code 401"};
      break;
    case 403: error = {Code::forbidden, "the current user has not permission, code 403"}; break;
    case 404: error = {Code::not_found, "not found resources"}; break;
    case 409: error = {Code::conflict, "conflict, code 409"}; break;
    case 503: error = {Code::unavailable, "the engine is not ready, code 503"}; break;
    default: error = {Code::internal, fmt::format("unexpected status code: {}", status)}; break;
  }
  if (std::string reason = reason_of(response); !reason.empty()) error.message += ": " + reason;
  return error;
}

bool is_success(int status) { return (status >= 200 && status < 300) || status == 302; }

json::array parameters_json(const std::vector<Parameter>& parameters) {
  json::array out;
  for (const Parameter& parameter : parameters) {
    out.push_back(json::object{{"name", parameter.name}, {"value", parameter.value}});
  }
  return out;
}

std::string credential_path(const std::string& folder, const std::string& id) {
  return fmt::format("/job/{}/credentials/store/folder/domain/_/credential/{}",
                     percent_encode(folder), percent_encode(id));
}

std::string run_path(const JobRef& job, std::string_view id) {
  return fmt::format("{}/runs/{}/", job.blue_path(), percent_encode(id));
}
std::string steps_path(const JobRef& job, std::string_view id, std::string_view node) {
  if (node.empty()) return run_path(job, id) + "steps/";
  return fmt::format("{}nodes/{}/steps/", run_path(job, id), percent_encode(node));
}

/// One that asks only, or that does the same however often it is done.
bool may_be_repeated(http::Method method) {
  return method == http::Method::get || method == http::Method::head;
}

/// Nobody answered, or somebody in front of a server that is not there yet.
bool is_passing(const Result<http::Response>& response) {
  if (!response) return response.error().code == Code::unavailable;
  return response->status == 502 || response->status == 503 || response->status == 504;
}

bool is_page(const http::Response& response) { return trim(response.body.view()).starts_with('<'); }

}  // namespace

/// A call that changes something is made once: whether it was done when no answer came, nobody
/// knows. One that asks is made again a little later, as a server that is being restarted needs.
Result<http::Response> Client::send(http::Request request) {
  constexpr std::array kPauses = {std::chrono::milliseconds(50), std::chrono::milliseconds(250)};
  const bool repeated = may_be_repeated(request.method);
  const std::string path = request.path;
  for (size_t tried = 0;; ++tried) {
    Result<http::Response> response = transport_.send(repeated ? request : std::move(request));
    if (repeated && tried < kPauses.size() && is_passing(response)) {
      std::this_thread::sleep_for(kPauses[tried]);
      continue;
    }
    if (!response) return std::move(response).error().in("the engine does not answer");
    if (is_success(response->status)) return response;
    // Its API answers in JSON; a page says that nobody is there to.
    if (response->status == 404 && path.starts_with("/blue/") && is_page(*response)) {
      return Error{Code::unavailable,
                   "the engine has no Blue Ocean API: it is missing, or still being installed"};
    }
    return error_of(*response);
  }
}

Result<Client::Crumb> Client::crumb(bool fresh) {
  {
    std::lock_guard lock(crumb_mutex_);
    if (crumb_ && !fresh) return *crumb_;
  }
  http::Response response =
      TRY(transport_.send(http::make_request(http::Method::get, "/crumbIssuer/api/json")));
  Crumb out;
  if (response.status == 200) {
    const json::value body = TRY(parse_json(response.body.view()));
    out = {std::string(text_at(body, {"crumbRequestField"})),
           std::string(text_at(body, {"crumb"}))};
  } else if (response.status != 404) {
    return error_of(response).in("crumb");
  }
  std::lock_guard lock(crumb_mutex_);
  crumb_ = out;
  return out;
}

Result<http::Response> Client::send_with_crumb(http::Method method, const std::string& path,
                                               const std::string& body,
                                               std::string_view content_type) {
  for (bool again : {false, true}) {
    const Crumb with = TRY(crumb(again));
    http::Request request = http::make_request(method, path, body);
    if (!with.field.empty()) request.headers.set(with.field, with.value);
    if (!content_type.empty()) request.headers.set("Content-Type", std::string(content_type));
    Result<http::Response> response = send(std::move(request));
    // A crumb dies with the session that it belongs to.
    if (response || again || response.error().code != Code::forbidden) return response;
  }
  return Error{Code::internal, "not reached"};
}

Result<http::Response> Client::post(const std::string& path, const std::string& body,
                                    std::string_view content_type) {
  return send_with_crumb(http::Method::post, path, body, content_type);
}

Result<json::value> Client::get_json(const std::string& path) {
  http::Response response = TRY(send(http::make_request(http::Method::get, path)));
  Result<json::value> value = parse_json(response.body.view());
  if (value) return value;
  if (is_page(response)) {
    return Error{Code::unavailable,
                 fmt::format("the engine answers {} with a page in the place of JSON: it is "
                             "starting, being upgraded, or another server",
                             path)};
  }
  return std::move(value).error().in("the engine's answer to " + path);
}

Result<bool> Client::exists(const std::string& path) {
  const Result<http::Response> response = send(http::make_request(http::Method::get, path));
  if (response) return true;
  if (response.error().code == Code::not_found) return false;
  return response.error();
}

Result<bool> Client::folder_exists(const std::string& folder) {
  return exists(fmt::format("/job/{}/api/json", percent_encode(folder)));
}

Result<> Client::create_folder(const std::string& folder) {
  const std::string mode = "com.cloudbees.hudson.plugins.folder.Folder";
  const std::string options =
      to_json(json::object{{"name", folder}, {"mode", mode}, {"description", ""}});
  const Result<http::Response> made =
      post("/createItem?" +
               form({{"name", folder}, {"mode", mode}, {"Submit", "OK"}, {"json", options}}),
           {}, kFormType);
  if (made) return {};
  // The answer to a folder that is there is a plain 400: see what it means.
  if (made.error().code == Code::invalid && folder_exists(folder).value_or(false)) return {};
  return made.error();
}

Result<> Client::remove_folder(const std::string& folder) {
  TRY(post(fmt::format("/job/{}/doDelete", percent_encode(folder)), {}, kFormType));
  return {};
}

Result<bool> Client::job_exists(const JobRef& job) { return exists(job.core_path() + "/api/json"); }

Result<> Client::create_job(const JobRef& job, const std::string& config_xml) {
  TRY(post(
      fmt::format("/job/{}/createItem?{}", percent_encode(job.folder), form({{"name", job.name}})),
      config_xml, kXmlType));
  return {};
}

Result<std::string> Client::read_config(const JobRef& job) {
  http::Response response =
      TRY(send(http::make_request(http::Method::get, job.core_path() + "/config.xml")));
  return std::move(response.body).take();
}

Result<> Client::write_config(const JobRef& job, const std::string& config_xml) {
  TRY(post(job.core_path() + "/config.xml", config_xml, kXmlType));
  return {};
}

Result<> Client::remove_job(const JobRef& job) {
  TRY(post(job.core_path() + "/doDelete", {}, kFormType));
  return {};
}

Result<Pipeline> Client::pipeline(const JobRef& job) {
  return pipeline_from_blue(TRY(get_json(job.blue_path() + "/")), job);
}

Result<json::array> Client::branches(const JobRef& job) {
  json::value list = TRY(get_json(job.blue_path() + "/branches/?limit=100000"));
  if (!list.is_array()) return Error{Code::internal, "branches: the engine's answer is no array"};
  return std::move(list.get_array());
}

Result<Run> Client::start(const JobRef& job, const std::vector<Parameter>& parameters,
                          const StartOptions& options) {
  json::object body{{"parameters", parameters_json(parameters)}};
  if (!options.key.empty()) body["key"] = options.key;
  if (!options.user.empty()) body["user"] = options.user;
  http::Response response = TRY(post(job.blue_path() + "/runs/", to_json(body), kJsonType));
  Run run = run_from_blue(TRY(parse_json(response.body.view())));
  if (run.id.empty()) return Error{Code::internal, "the engine started a run without an id"};
  return run;
}

Result<Run> Client::run(const JobRef& job, std::string_view id) {
  return run_from_blue(TRY(get_json(run_path(job, id))));
}

Result<std::vector<Run>> Client::runs(const JobRef& job) {
  const json::value list = TRY(get_json(job.blue_path() + "/runs/"));
  std::vector<Run> out;
  if (const json::array* all = list.if_array()) {
    for (const json::value& one : *all) out.push_back(run_from_blue(one));
  }
  return out;
}

Result<std::vector<Parameter>> Client::parameters(const JobRef& job, std::string_view id) {
  const json::value build = TRY(get_json(fmt::format(
      "{}/{}/api/json?tree=actions[parameters[name,value]]", job.core_path(), percent_encode(id))));
  std::vector<Parameter> out;
  const json::value* actions = find(build, {"actions"});
  if (actions == nullptr || !actions->is_array()) return out;
  for (const json::value& action : actions->get_array()) {
    const json::value* list = find(action, {"parameters"});
    if (list == nullptr || !list->is_array()) continue;
    for (const json::value& one : list->get_array()) {
      const json::value* value = find(one, {"value"});
      out.push_back(
          {std::string(text_at(one, {"name"})), value == nullptr ? json::value() : *value});
    }
  }
  return out;
}

Result<std::vector<Node>> Client::nodes(const JobRef& job, std::string_view id, bool with_steps) {
  const json::value list = TRY(get_json(
      fmt::format("{}nodes/?limit=10000{}", run_path(job, id), with_steps ? "&steps=true" : "")));
  std::vector<Node> out;
  const json::array* all = list.if_array();
  if (all == nullptr) return Error{Code::internal, "nodes: the engine's answer is no array"};
  for (const json::value& one : *all) {
    Node node = node_from_blue(one);
    if (with_steps && find(one, {"steps"}) == nullptr) node.steps = TRY(steps(job, id, node.id));
    out.push_back(std::move(node));
  }
  return out;
}

Result<std::vector<Step>> Client::steps(const JobRef& job, std::string_view id,
                                        std::string_view node) {
  const json::value list = TRY(get_json(steps_path(job, id, node)));
  std::vector<Step> out;
  if (const json::array* all = list.if_array()) {
    for (const json::value& one : *all) out.push_back(step_from_blue(one));
  }
  return out;
}

Result<Client::LogPiece> Client::log(const JobRef& job, std::string_view id, uint64_t start) {
  http::Response response = TRY(send(http::make_request(
      http::Method::get, fmt::format("{}log/?start={}", run_path(job, id), start))));
  LogPiece out;
  out.more = response.headers.get("X-More-Data") == "true";
  const std::optional<int64_t> size = parse_int(response.headers.get("X-Text-Size"));
  out.text = std::move(response.body).take();
  out.next = size && *size >= 0 ? static_cast<uint64_t>(*size) : start + out.text.size();
  return out;
}

Result<std::vector<Client::Artifact>> Client::artifacts(const JobRef& job, std::string_view id) {
  const json::value list = TRY(get_json(run_path(job, id) + "artifacts/"));
  std::vector<Artifact> out;
  if (!list.is_array()) return out;
  for (const json::value& one : list.get_array()) {
    const std::string_view path = text_at(one, {"path"});
    const int64_t size = int_at(one, {"size"});
    if (!path.empty()) {
      out.push_back({std::string(path), size > 0 ? static_cast<uint64_t>(size) : 0});
    }
  }
  return out;
}

Result<std::string> Client::artifact(const JobRef& job, std::string_view id,
                                     std::string_view path) {
  http::Response response = TRY(send(http::make_request(
      http::Method::get, fmt::format("{}/{}/artifact/{}", job.core_path(), percent_encode(id),
                                     percent_encode(path, "/")))));
  return std::move(response.body).take();
}

Result<> Client::stop(const JobRef& job, std::string_view id) {
  TRY(send_with_crumb(http::Method::put, run_path(job, id) + "stop/", {}, {}));
  return {};
}

Result<> Client::hold(const JobRef& job, std::string_view id, bool hold) {
  const char* action = hold ? "pause/" : "resume/";
  TRY(send_with_crumb(http::Method::put, run_path(job, id) + action, {}, {}));
  return {};
}

Result<> Client::answer(const JobRef& job, std::string_view id, std::string_view node,
                        std::string_view step, const InputAnswer& answer) {
  json::object body{{"id", answer.id}};
  if (answer.proceed) {
    body["parameters"] = parameters_json(answer.parameters);
  } else {
    body["abort"] = true;
  }
  TRY(post(fmt::format("{}{}/", steps_path(job, id, node), percent_encode(step)), to_json(body),
           kJsonType));
  return {};
}

Result<> Client::remove_run(const JobRef& job, std::string_view id) {
  TRY(post(fmt::format("{}/{}/doDelete", job.core_path(), percent_encode(id)), {}, kFormType));
  return {};
}

Result<bool> Client::credential_exists(const std::string& folder, const std::string& id) {
  return exists(credential_path(folder, id) + "/api/json?depth=2");
}

Result<> Client::create_credential(const std::string& folder, const Credential& credential) {
  const std::string object = to_json(json::object{{"credentials", to_form(credential)}});
  TRY(post(fmt::format("/job/{}/credentials/store/folder/domain/_/createCredentials",
                       percent_encode(folder)),
           form({{"json", object}}), kFormType));
  return {};
}

Result<> Client::update_credential(const std::string& folder, const Credential& credential) {
  TRY(post(credential_path(folder, credential.id) + "/updateSubmit",
           form({{"json", to_json(to_form(credential))}}), kFormType));
  return {};
}

Result<> Client::remove_credential(const std::string& folder, const std::string& id) {
  TRY(post(credential_path(folder, id) + "/doDelete", {}, kFormType));
  return {};
}

}  // namespace ks::jenkins
