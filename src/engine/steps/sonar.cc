#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "engine/aside.h"
#include "engine/credentials.h"
#include "engine/fence.h"
#include "engine/files.h"
#include "engine/node.h"
#include "engine/quality_gates.h"
#include "engine/sonar.h"
#include "engine/sonar_record.h"
#include "engine/values.h"
#include "http/client.h"

// withSonarQubeEnv, waitForQualityGate.

namespace ks::engine {
namespace {

constexpr size_t kMaxReportBytes = 64 << 10;
constexpr int64_t kFirstPauseMillis = 500, kMostPauseMillis = 10'000;

const SonarServer& installation(StepCall& call, const std::string& name) {
  const std::vector<SonarServer>* servers = call.run.services().sonar;
  const size_t count = servers == nullptr ? 0 : servers->size();
  if (count == 1 && name.empty()) return servers->front();
  for (size_t i = 0; i < count; i++) {
    if ((*servers)[i].name == name) return (*servers)[i];
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < count; i++) names.push_back((*servers)[i].name);
  call.fail(fmt::format(
      "SonarQube installation defined in this job ({}) does not match any "
      "configured installation. Number of installations that can be configured: "
      "{}{}",
      name.empty() ? "(Default)" : name, count,
      count == 0 ? "; set sonar.url and sonar.token of the server" : ": " + join(names, ", ")));
}

/// The token: of a credential when the script names one, else the server's.
std::string token_of(StepCall& call, const std::string& credential, const std::string& otherwise) {
  std::string token = otherwise;
  if (!credential.empty()) token = find_credential(call.run, call.task, credential).secret;
  call.run.mask(token);
  return token;
}

std::string task_id_of(std::string_view report) {
  for (std::string_view line : split(report, '\n')) {
    if (line.starts_with("ceTaskId=")) return std::string(trim(line.substr(9)));
  }
  return {};
}

/// What the scanner left behind: report-task.txt, wherever the build tool puts it.
void remember_task(StepCall& call, const SonarServer& server, const std::string& credential) {
  const std::string folder = call.directory(), kept = call.run.files().artifacts;
  SonarTask task{.id = {}, .url = server.url, .server = server.name, .credential = credential};
  const json::value report = outside(call, "sonar report", [&]() -> Result<json::value> {
    std::vector<std::string> files =
        TRY(find_files(folder, "**/report-task.txt", "**/node_modules/**", true));
    if (files.empty()) return json::value(nullptr);
    const std::string path = folder + "/" + files.front();
    const std::string text = TRY(fence_of(call, path).read(path, kMaxReportBytes));
    SonarTask found = task;
    found.id = task_id_of(text);
    if (!found.id.empty()) TRY(record_sonar_task(kept, found));
    return json::value(json::string(text));
  });
  if (report.is_null()) return;
  task.id = task_id_of(report.get_string());
  if (!task.id.empty()) call.run.sonar_task = std::move(task);
}

groovy::Value with_sonar_env(StepCall& call) {
  const SonarServer& server = installation(call, call.text("installationName"));
  const std::string credential = call.text("credentialsId"),
                    token = token_of(call, credential, server.token);
  call.run.print_line("Injecting SonarQube environment variables using the configuration: " +
                      server.name);
  json::object parameters{{"sonar.host.url", server.url}};
  if (!token.empty()) parameters["sonar.token"] = token;
  groovy::Value value = call.call_body([&](StepContext& inner) {
    inner.env = {
        {"SONAR_CONFIG_NAME", server.name}, {"SONAR_HOST_URL", server.url},
        {"SONAR_AUTH_TOKEN", token},        {"SONAR_MAVEN_GOAL", "sonar:sonar"},
        {"SONAR_EXTRA_PROPS", ""},          {"SONARQUBE_SCANNER_PARAMS", to_json(parameters)}};
  });
  remember_task(call, server, credential);
  return value;
}

/// One answer of the server's API.
json::value ask(StepCall& call, const SonarTask& task, const std::string& token,
                const std::string& path) {
  return aside(call,
               {.what = "sonar", .act = [=](bool, const std::stop_token&) -> Result<json::value> {
                  const auto client = TRY(http::socket_client(
                      {.base_url = task.url, .username = token, .max_response_bytes = 1 << 20}));
                  const http::Response answer =
                      TRY(client->send(http::make_request(http::Method::get, path)));
                  if (answer.status != 200) {
                    return Error{Code::unavailable, fmt::format("SonarQube at {} answered {} to {}",
                                                                task.url, answer.status, path)};
                  }
                  return parse_json(answer.body.view());
                }});
}

/// Waits that long, or until the server's webhook tells of the task. What it told, when that is
/// signed.
std::optional<AnalysisEnd> pause(StepCall& call, const SonarTask& task, const std::string& secret,
                                 int64_t millis) {
  Run& run = call.run;
  struct Waiting {
    std::shared_ptr<void> timer;
    uint64_t heard = 0;
  };
  auto waiting = std::make_shared<Waiting>();
  const uint64_t id = run.next_await();
  QualityGates* gates = run.services().quality_gates;
  auto start = [&run, waiting, gates, id, millis, task = task.id, secret](bool) {
    waiting->timer = run.services().timer(std::chrono::milliseconds(millis),
                                          [&run, id] { run.complete(id, nullptr); });
    if (gates == nullptr) return;
    waiting->heard =
        gates->wait({.task = task,
                     .secret = secret,
                     .heard = [weak = run.weak_from_this(), id](const AnalysisEnd& end) {
                       const auto alive = weak.lock();
                       if (alive == nullptr) return;
                       alive->complete(id, end.signed_right ? json::value{{"status", end.status},
                                                                          {"gate", end.gate}}
                                                            : json::value(nullptr));
                     }});
  };
  // Also when the run is only put aside: it asks again after a restart.
  struct Leave {
    QualityGates* gates;
    const Waiting& waiting;
    ~Leave() {
      if (gates != nullptr) gates->leave(waiting.heard);
    }
  } leave{gates, *waiting};
  const json::value told =
      run.await(call.task, {.what = "sleep", .start = std::move(start), .interrupt = {}});
  if (!told.is_object()) return std::nullopt;
  return AnalysisEnd{.status = std::string(text_at(told, {"status"})),
                     .gate = std::string(text_at(told, {"gate"})),
                     .signed_right = true};
}

/// Waits until the server has worked the report up; the state of its quality gate.
std::string wait_for_gate(StepCall& call, const SonarTask& task, const std::string& token,
                          const std::string& secret) {
  std::string shown;
  auto ended = [&](const std::string& status) {
    if (status != shown) {
      call.run.print_line(fmt::format("SonarQube task '{}' status is '{}'", task.id, status));
      shown = status;
    }
    if (status == "SUCCESS") return true;
    if (status == "PENDING" || status == "IN_PROGRESS") return false;
    call.fail(fmt::format("SonarQube analysis '{}' failed: {}", task.id,
                          status.empty() ? "no status in the answer" : status));
  };
  for (int64_t millis = kFirstPauseMillis;; millis = std::min(millis * 3 / 2, kMostPauseMillis)) {
    const json::value answer = ask(call, task, token, "/api/ce/task?id=" + percent_encode(task.id));
    if (ended(std::string(text_at(answer, {"task", "status"})))) {
      const json::value gate = ask(call, task, token,
                                   "/api/qualitygates/project_status?analysisId=" +
                                       percent_encode(text_at(answer, {"task", "analysisId"})));
      return std::string(text_at(gate, {"projectStatus", "status"}));
    }
    const auto told = pause(call, task, secret, millis);
    if (told && ended(told->status) && !told->gate.empty()) return told->gate;
  }
}

groovy::Value wait_for_quality_gate(StepCall& call) {
  Run& run = call.run;
  if (!run.sonar_task) {
    throw_java(call, "java.lang.IllegalStateException", "java.lang.RuntimeException",
               "No previous SonarQube analysis found on this pipeline execution. Please use the "
               "'withSonarQubeEnv' wrapper to run your analysis.");
  }
  const SonarTask task = *run.sonar_task;
  const std::string credential = call.text("credentialsId", task.credential),
                    token = token_of(call, credential, installation(call, task.server).token),
                    secret = token_of(call, call.text("webhookSecretId"),
                                      installation(call, task.server).webhook_secret);
  run.print_line(
      fmt::format("Checking status of SonarQube task '{}' on server '{}'", task.id, task.server));
  const std::string gate = wait_for_gate(call, task, token, secret);
  run.print_line(fmt::format("SonarQube task '{}' completed. Quality gate is '{}'", task.id, gate));
  if (gate != "OK" && gate != "WARN" && call.flag("abortPipeline"))
    call.fail("Pipeline aborted due to quality gate failure: " + gate);
  return run.interpreter().make_map({{"status", call.string(gate)}});
}

}  // namespace

void add_sonar_steps(StepRegistry& registry) {
  registry.add({.name = "withSonarQubeEnv",
                .parameters = {"installationName", "credentialsId", "envOnly"},
                .sole = "installationName",
                .block = true,
                .needs = Needs::node,
                .function = with_sonar_env});
  registry.add({.name = "waitForQualityGate",
                .parameters = {"abortPipeline", "credentialsId", "webhookSecretId"},
                .sole = {},
                .function = wait_for_quality_gate});
}

}  // namespace ks::engine
