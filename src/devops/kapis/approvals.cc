#include "devops/kapis/approvals.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "devops/controllers/approval.h"
#include "devops/controllers/keys.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/reply.h"
#include "jenkins/types.h"

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr size_t kLongestName = 128;
constexpr size_t kLongestComment = 4096;

struct Decision {
  bool approved = false;
  std::string by, comment;
  json::array parameters;
};

/// `{"approved": true, "by": "alice", "parameters": {"ENV": "prod"}, "comment": "..."}`
Result<Decision> decision_of(const Request& request) {
  const json::value body = TRY(body_of(request));
  const json::value* approved = find(body, {"approved"});
  if (approved == nullptr || !approved->is_bool()) {
    return Error{Code::invalid, "approved: must be true or false"};
  }
  Decision out{.approved = approved->get_bool(),
               .by = std::string(trim(text_at(body, {"by"}))),
               .comment = std::string(text_at(body, {"comment"})),
               .parameters = {}};
  if (out.by.empty()) out.by = "approval";
  for (unsigned char c : out.by) {
    if (c < ' ' || c == 0x7f) return Error{Code::invalid, "by: must be a name"};
  }
  if (out.by.size() > kLongestName || out.comment.size() > kLongestComment) {
    return Error{Code::invalid, fmt::format("by: is longer than {} bytes, or comment than {}",
                                            kLongestName, kLongestComment)};
  }
  const json::value* parameters = find(body, {"parameters"});
  if (parameters == nullptr || parameters->is_null()) return out;
  if (!parameters->is_object()) {
    return Error{Code::invalid, "parameters: must be an object of names and values"};
  }
  for (const auto& [name, value] : parameters->get_object()) {
    out.parameters.push_back(json::object{{"name", name}, {"value", value}});
  }
  return out;
}

struct Question {
  std::string path;  ///< of its step in Blue Ocean
  std::string input;
  std::vector<std::string> submitters;  ///< who may answer; none: everybody
};

/// The question of the step; `gone` when it waits no more.
Result<Question> question_of(Api& api, const json::value& run, const std::string& step) {
  const jenkins::JobRef job{std::string(kube::space_of(run)),
                            std::string(text_at(run, {"spec", "pipelineRef", "name"})),
                            std::string(text_at(run, {"spec", "scm", "refName"}))};
  const std::string path = fmt::format("{}/runs/{}/steps/", job.blue_path(),
                                       percent_encode(kube::annotation(run, run::kId)));
  const Response answer = TRY(api.jenkins.send(http::make_request(Method::get, path)));
  const Error gone{Code::gone, "this question was answered, or its run has ended"};
  if (answer.status == 404) return gone;
  const json::value steps = TRY(answer_json(answer));
  if (answer.status >= 400 || !steps.is_array()) {
    return Error{Code::unavailable, fmt::format("the engine answered {}", answer.status)};
  }
  for (const json::value& one : steps.get_array()) {
    const std::string_view input = text_at(one, {"input", "id"});
    if (text_at(one, {"id"}) == step && !input.empty() && text_at(one, {"state"}) == "PAUSED") {
      Question found{path + percent_encode(step) + "/", std::string(input), {}};
      for (std::string_view name : split(text_at(one, {"input", "submitter"}), ',')) {
        if (!trim(name).empty()) found.submitters.emplace_back(trim(name));
      }
      return found;
    }
  }
  return gone;
}

/// The engine lets its administrator answer everything. Who answers from outside only says a name,
/// so that no name may stand above the list.
Result<> allowed(const Question& question, const std::string& by) {
  if (question.submitters.empty() ||
      std::ranges::find(question.submitters, by) != question.submitters.end()) {
    return {};
  }
  return Error{Code::forbidden,
               fmt::format("You need to be {} to submit this.", join(question.submitters, ","))};
}

Result<> give(Api& api, const Question& question, const Decision& decision) {
  json::object body{{"id", question.input}};
  if (decision.approved) {
    body["parameters"] = decision.parameters;
  } else {
    body["abort"] = true;
  }
  Request request = http::make_request(Method::post, question.path, to_json(body),
                                       {{"Content-Type", "application/json"}});
  request.user = {.name = decision.by, .uid = {}, .groups = {"system:authenticated"}};
  const Response answer = TRY(api.jenkins.send(std::move(request)));
  if (answer.status < 400) return {};
  const std::string said(answer.body.view());
  const Result<json::value> parsed = parse_json(said);
  const std::string message(parsed ? text_at(*parsed, {"message"}) : std::string_view(said));
  if (message.contains("already given")) {
    return Error{Code::gone, "this question was answered, or its run has ended"};
  }
  return Error{message.starts_with("You need to be") ? Code::forbidden : Code::invalid, message};
}

/// The run goes on by now: what cannot be written here stands in its log all the same.
void record(Api& api, const kube::Key& run, const std::string& step, const Decision& decision) {
  const json::object answered{{"approved", decision.approved},
                              {"by", decision.by},
                              {"at", format_rfc3339(api.objects.clock().now())},
                              {"comment", decision.comment}};
  const json::object patch{
      {"metadata",
       json::object{{"annotations", json::object{{fmt::format("{}{}", approval::kAnswered, step),
                                                  to_json(answered)}}}}}};
  const Result<json::value> written =
      api.objects.client().patch(pipeline_runs(), run, kube::PatchType::merge, to_json(patch));
  if (!written) {
    LOG(warn, "an approval is not in its run's annotations", {"run", run.text()},
        {"by", decision.by}, {"error", written.error().message});
  }
}

Result<json::value> answer(Api& api, const Request& request) {
  const kube::Key key{std::string(request.param("namespace")),
                      std::string(request.param("pipelinerun"))};
  const std::string step(request.param("step"));
  const Error wrong{Code::unauthenticated, "the token is not that of this question"};
  if (api.options.approval_key.empty()) return wrong;
  const Result<json::value> run = api.objects.client().get(pipeline_runs(), key);
  // Who has no token learns nothing about what runs there are.
  const std::string token =
      approval_token(api.options.approval_key, run ? kube::uid_of(*run) : std::string_view(), step);
  if (!equal_in_constant_time(sha256(request.query.get("token")), sha256(token)) || !run) {
    return wrong;
  }
  const Decision decision = TRY(decision_of(request));
  const Question question = TRY(question_of(api, *run, step));
  TRY(allowed(question, decision.by));
  TRY(give(api, question, decision));
  LOG(info, "an approval was answered", {"run", key.text()}, {"step", step},
      {"approved", decision.approved}, {"by", decision.by});
  record(api, key, step, decision);
  return json::value(json::object{{"message", "success"}});
}

}  // namespace

void add_approvals(RouteTable& table, Api& api) {
  table.add({.method = Method::post,
             .pattern = std::string(approval::kPath) + "/{namespace}/{pipelinerun}/{step}",
             .summary = "Answer a question of a run that was sent out for approval",
             .handler = [&api](Request& request) { return reply(answer(api, request)); },
             .produces = "application/json",
             .consumes = "application/json"});
}

}  // namespace ks::devops::kapis
