#include "devops/controllers/approval_controller.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "devops/controllers/keys.h"

namespace ks::devops {
namespace {

constexpr std::chrono::milliseconds kTimeout{15'000};
constexpr size_t kMostAnswerBytes = 64u << 10;

bool waits_for_somebody(const json::value& run) {
  if (!text_at(run, {"status", "completionTime"}).empty()) return false;
  const Result<json::value> status = parse_json(kube::annotation(run, run::kStatus));
  return status && text_at(*status, {"state"}) == "PAUSED";
}

jenkins::JobRef job_of(const json::value& run) {
  return {std::string(kube::space_of(run)),
          std::string(text_at(run, {"spec", "pipelineRef", "name"})),
          std::string(text_at(run, {"spec", "scm", "refName"}))};
}

/// `https://host` and the rest.
std::pair<std::string, std::string> split_url(const std::string& url) {
  const size_t begin = url.find("://");
  const size_t slash = begin == url.npos ? url.npos : url.find('/', begin + 3);
  if (slash == url.npos) return {url, "/"};
  return {url.substr(0, slash), url.substr(slash)};
}

}  // namespace

std::string approval_token(std::string_view token_key, std::string_view run_uid,
                           std::string_view step) {
  return hex_encode(hmac_sha256(token_key, fmt::format("approval\n{}\n{}", run_uid, step)));
}

ApprovalController::ApprovalController(Context& context, ApprovalOptions options)
    : context_(context),
      options_(std::move(options)),
      events_(context.kube, "approval-controller", context.clock),
      controller_({.name = "approval",
                   .workers = 1,
                   .back_off = {.first = options_.first_retry, .most = options_.most_retry},
                   .clock = &context.clock},
                  [this](const Key& key) { return reconcile(key); }) {
  controller_.follow(context.runs);
}

Result<Outcome> ApprovalController::reconcile(const Key& key) {
  const ObjectRef run = context_.runs.get(key);
  if (run == nullptr || kube::is_being_deleted(*run) || !waits_for_somebody(*run)) return Outcome{};
  const std::string_view id = kube::annotation(*run, run::kId);
  if (id.empty()) return Outcome{};
  Result<> done;
  for (const jenkins::Step& step : TRY(context_.jenkins.steps(job_of(*run), id, ""))) {
    if (!step.input.is_object() || step.state != "PAUSED") continue;
    if (kube::has_annotation(*run, fmt::format("{}{}", approval::kAsked, step.id))) continue;
    // One that cannot be sent must not hold up the others.
    if (Result<> asked = ask(*run, step); !asked) done = std::move(asked);
  }
  if (!done) return done.error();
  return Outcome{};
}

Result<> ApprovalController::ask(const json::value& run, const jenkins::Step& step) {
  const jenkins::JobRef job = job_of(run);
  const std::string name(kube::name_of(run)), now = format_rfc3339(context_.clock.now());
  const std::string delivery = fmt::format("{}-{}", kube::uid_of(run), step.id);
  const auto field = [&](std::string_view from) {
    const json::value* value = find(step.input, {from});
    return value == nullptr ? json::value() : *value;
  };
  json::array submitters;
  for (std::string_view one : split(text_at(step.input, {"submitter"}), ',')) {
    if (!trim(one).empty()) submitters.push_back(json::value(trim(one)));
  }
  json::value parameters = field("parameters");
  if (!parameters.is_array()) parameters = json::array();
  const json::object body{
      {"delivery", delivery},
      {"project", job.folder},
      {"pipeline", job.name},
      {"branch", job.branch},
      {"run", kube::annotation(run, run::kId)},
      {"pipelineRun", name},
      {"startedBy", kube::annotation(run, run::kCreator)},
      {"input", field("id")},
      {"message", field("message")},
      {"ok", field("ok")},
      {"submitters", std::move(submitters)},
      {"parameters", std::move(parameters)},
      {"sentAt", now},
      {"callback", fmt::format("{}/kapis/devops.kubesphere.io/v1alpha3{}/{}/{}/{}?token={}",
                               options_.server_url, approval::kPath, percent_encode(job.folder),
                               percent_encode(name), percent_encode(step.id),
                               approval_token(options_.token_key, kube::uid_of(run), step.id))}};
  Result<> sent = send(delivery, to_json(body));
  if (!sent) {
    events_.warning(run, "ApprovalNotAsked", sent.error().message);
    return std::move(sent).error().in(fmt::format("approval of {}/{}", job.folder, name));
  }
  LOG(info, "an approval is asked for", {"run", kube::key_of(run).text()}, {"step", step.id});
  const json::object asked{{"at", now}, {"message", field("message")}, {"input", field("id")}};
  const json::object patch{
      {"metadata",
       json::object{{"annotations", json::object{{fmt::format("{}{}", approval::kAsked, step.id),
                                                  to_json(asked)}}}}}};
  TRY(context_.kube.patch(pipeline_runs(), kube::key_of(run), kube::PatchType::merge,
                          to_json(patch)));
  events_.normal(run, "ApprovalAsked", fmt::format("asked: {}", text_at(step.input, {"message"})));
  return {};
}

Result<> ApprovalController::send(const std::string& delivery, std::string body) {
  const auto [base, target] = split_url(options_.url);
  http::ClientOptions client;
  client.base_url = base;
  client.ca_file = options_.ca_file;
  client.timeout = kTimeout;
  client.max_response_bytes = kMostAnswerBytes;
  http::Request request = http::make_request(http::Method::post, target);
  request.headers.set("Content-Type", "application/json");
  request.headers.set("User-Agent", "ks");
  request.headers.set("X-KS-Event", "approval");
  request.headers.set("X-KS-Delivery", delivery);
  request.headers.set("X-Hub-Signature-256",
                      "sha256=" + hex_encode(hmac_sha256(options_.secret, body)));
  request.body = std::move(body);
  const http::Response answer =
      TRY(TRY(http::socket_client(std::move(client)))->send(std::move(request)));
  if (answer.status >= 200 && answer.status < 300) return {};
  return Error{Code::unavailable, fmt::format("{} answered {} to a question", base, answer.status)};
}

}  // namespace ks::devops
