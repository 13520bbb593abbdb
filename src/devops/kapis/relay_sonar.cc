#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "devops/kapis/relay.h"
#include "devops/kapis/reply.h"
#include "devops/kapis/shape.h"

// What SonarQube says of the analyses of a pipeline's last build (devops-api, section 6.14).

namespace ks::devops::kapis {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr size_t kMostBytes = 16u << 20;
constexpr size_t kMostTasks = 50;
constexpr std::string_view kAction = "hudson.plugins.sonar.action.SonarAnalysisAction";
constexpr std::string_view kMetrics =
    "alert_status,quality_gate_details,bugs,new_bugs,reliability_rating,new_reliability_rating,"
    "vulnerabilities,new_vulnerabilities,security_rating,new_security_rating,code_smells,"
    "new_code_smells,sqale_rating,new_maintainability_rating,sqale_index,new_technical_debt,"
    "coverage,new_coverage,new_lines_to_cover,tests,duplicated_lines_density,"
    "new_duplicated_lines_density,duplicated_blocks,ncloc,ncloc_language_distribution,projects,"
    "new_lines";

/// Scalars are `any`: SonarQube's versions print some as numbers and some as text.
const ShapeCatalogue& shapes() {
  static const ShapeCatalogue catalogue(R"(
Task = {task: {analysisId?: any, componentId?: any, componentKey?: any, componentName?: any,
  componentQualifier?: any, errorMessage?: any, errorStacktrace?: any, errorType?: any, executedAt?: any,
  executionTimeMs?: any, finishedAt?: any, hasErrorStacktrace?: any, hasScannerContext?: any, id?: any,
  logs?: any, organization?: any, scannerContext?: any, startedAt?: any, status?: any, submittedAt?: any,
  submitterLogin?: any, taskType?: any, type?: any, warningCount?: any, warnings?: any}}
Measure = {metric?: any, periods?: any, value?: any, history?: any, bestValue?: any}
Period = {date?: any, index?: any, mode?: any, parameter?: any, value?: any, bestValue?: any}
Measures = {component: {analysisDate?: any, description?: any, enabled?: any, id?: any, key?: any,
  language?: any, lastAnalysisDate?: any, leakPeriodDate?: any, longName?: any, measures?: [Measure],
  name?: any, organization?: any, path?: any, project?: any, qualifier?: any, tags?: any, uuid?: any,
  version?: any, visibility?: any}, metrics?: [any], periods?: [Period]}
Issue = {actions?: any, assignee?: any, author?: any, comments?: any, component?: any, creationDate?: any,
  debt?: any, effort?: any, flows?: any, hash?: any, key?: any, line?: any, message?: any,
  organization?: any, project?: any, rule?: any, severity?: any, status?: any, tags?: any,
  textRange?: {endLine?: any, endOffset?: any, startLine?: any, startOffset?: any}, transitions?: any,
  type?: any, updateDate?: any, fromHotspot?: any, resolution?: any, closeDate?: any}
Facet = {name?: any, property?: any, values?: any}
Issues = {components?: any, effortTotal?: any, debtTotal?: any, issues?: [Issue], p?: any, ps?: any,
  paging?: {pageIndex?: any, pageSize?: any, total?: any}, rules?: any, total?: any, users?: any,
  facets?: [Facet]}
)");
  return catalogue;
}

class SonarQube {
 public:
  static Result<SonarQube> open(const KapisOptions& options) {
    http::ClientOptions client;
    client.base_url = options.sonar_url;
    while (client.base_url.ends_with('/')) client.base_url.pop_back();
    client.username = options.sonar_token;
    client.timeout = kTimeout;
    client.max_response_bytes = kMostBytes;
    return SonarQube(TRY(http::socket_client(std::move(client))));
  }

  /// Task, measures and issues of one analysis; nothing when the first two cannot be had.
  std::optional<json::object> status_of(std::string_view task_id) {
    const Result<json::value> task = get("/api/ce/task?id=" + percent_encode(task_id), "Task");
    if (!task) return std::nullopt;
    const std::string component = percent_encode(text_at(*task, {"task", "componentKey"}));
    Result<json::value> measures =
        get(fmt::format("/api/measures/component?component={}&additionalFields=metrics,periods&"
                        "metricKeys={}",
                        component, kMetrics),
            "Measures");
    if (!measures) return std::nullopt;
    json::object out{{"measures", std::move(*measures)}};
    Result<json::value> issues =
        get(fmt::format("/api/issues/search?componentKeys={}&additionalFields=_all&resolved=false&"
                        "ps=10&s=FILE_LINE&facets=severities,types",
                        component),
            "Issues");
    if (issues) out["issues"] = std::move(*issues);
    out["task"] = *task;
    return out;
  }

 private:
  explicit SonarQube(std::unique_ptr<http::Client> client) : client_(std::move(client)) {}

  Result<json::value> get(const std::string& target, std::string_view shape) {
    const Response answer = TRY(client_->send(http::make_request(Method::get, target)));
    if (answer.status != 200) {
      return Error{Code::unavailable, fmt::format("SonarQube answered {}", answer.status)};
    }
    return shapes().get(shape).apply(TRY(parse_json(answer.body.view())));
  }

  std::unique_ptr<http::Client> client_;
};

/// The JSON at a path of Jenkins; null when it is not there.
Result<json::value> look(Api& api, const Request& request, std::string path) {
  const Response answer =
      TRY(ask_jenkins(api, request, {.path = std::move(path), .keep_query = false}));
  if (answer.status == 404) return json::value();
  if (answer.status >= 400) {
    return Error{Code::unavailable, fmt::format("the engine answered {}", answer.status)};
  }
  return answer_json(answer);
}

std::vector<std::string> task_ids(const json::value& build) {
  std::vector<std::string> out;
  const json::value* actions = find(build, {"actions"});
  if (actions == nullptr || !actions->is_array()) return out;
  for (const json::value& action : actions->get_array()) {
    const std::string_view id = text_at(action, {"ceTaskId"});
    if (text_at(action, {"_class"}) == kAction && !id.empty() && out.size() < kMostTasks) {
      out.emplace_back(id);
    }
  }
  return out;
}

Result<json::value> statuses(Api& api, const Request& request) {
  const std::string job_path = core_pipeline_path(request);
  const json::value job = TRY(look(api, request, job_path + "/api/json"));
  if (job.is_null()) return json::value();
  std::vector<std::string> ids;
  bool built = false;
  for (const char* which : {"lastBuild", "lastCompletedBuild"}) {
    const int64_t number = int_at(job, {which, "number"});
    if (number <= 0 || !ids.empty()) continue;
    const json::value build =
        TRY(look(api, request, fmt::format("{}/{}/api/json", job_path, number)));
    built = built || !build.is_null();
    ids = task_ids(build);
  }
  if (!built) return json::value();
  json::array out;
  if (ids.empty()) return json::value(std::move(out));
  SonarQube sonar = TRY(SonarQube::open(api.options));
  for (const std::string& id : ids) {
    if (std::optional<json::object> one = sonar.status_of(id)) out.push_back(std::move(*one));
  }
  return json::value(std::move(out));
}

Response sonar_status(Api& api, Request& request, Generation) {
  if (api.options.sonar_url.empty()) {
    return text_error(404, "no SonarQube is configured; set sonar.url and sonar.token");
  }
  return reply(statuses(api, request));
}

}  // namespace

void add_relay_sonar(RouteTable& table, Api& api) {
  add_pipeline_and_branch(table, api, Method::get, "/sonarstatus",
                          "Get what SonarQube says of the last build", sonar_status);
}

}  // namespace ks::devops::kapis
