#include "engine/rest/core_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/builds.h"
#include "engine/rest/change_sets.h"
#include "engine/rest/queue.h"
#include "jenkins/config_xml.h"
#include "jenkins/types.h"

namespace ks::engine {
namespace {

constexpr std::string_view kRunClass = "org.jenkinsci.plugins.workflow.job.WorkflowRun";
constexpr size_t kMostBuilds = 100;

json::value build_link(uint64_t number, const std::string& job_url) {
  return json::object{
      {"_class", kRunClass}, {"number", number}, {"url", fmt::format("{}{}/", job_url, number)}};
}

/// The newest of those that `holds` accepts.
template <class Holds>
json::value last(const std::vector<RunInfo>& latest, const std::string& url, Holds holds) {
  const auto found = std::ranges::find_if(latest, holds);
  return found == latest.end() ? json::value() : build_link(found->number, url);
}

json::object health(const std::vector<RunInfo>& latest) {
  size_t ended = 0, failed = 0;
  for (const RunInfo& run : latest) {
    if (!run.finished() || ended == 5) continue;
    ++ended;
    if (run.result != BuildResult::success && run.result != BuildResult::unstable) ++failed;
  }
  const size_t score = ended == 0 ? 100 : 100 * (ended - failed) / ended;
  const std::string text =
      failed == 0
          ? "Build stability: No recent builds failed."
          : fmt::format("Build stability: {} out of the last {} builds failed.", failed, ended);
  return {{"description", text},
          {"iconUrl", score > 80   ? "health-80plus.png"
                      : score > 60 ? "health-60to79.png"
                      : score > 40 ? "health-40to59.png"
                      : score > 20 ? "health-20to39.png"
                                   : "health-00to19.png"},
          {"score", score}};
}

/// `StringParameterDefinition` of our word `string`.
std::string class_of_parameter(std::string_view type, std::string_view ending) {
  std::string name(type.empty() ? "string" : type);
  if (name == "booleanParam") name = "boolean";
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  return name + std::string(ending);
}

json::array parameter_definitions(const json::array& parameters) {
  json::array out;
  for (const json::value& one : parameters) {
    const std::string_view type = text_at(one, {"type"});
    std::string_view text = text_at(one, {"default_value"});
    json::array choices;
    if (type == "choice") {
      for (std::string_view choice : split(text, '\n')) choices.push_back(json::value(choice));
      text = text.substr(0, text.find('\n'));
    }
    if (type == "password") text = {};  // a secret
    const json::value value = type == "boolean" || type == "booleanParam"
                                  ? json::value(text == "true")
                                  : json::value(text);
    json::object shown{
        {"_class", "hudson.model." + class_of_parameter(type, "ParameterDefinition")},
        {"defaultParameterValue",
         json::object{{"_class", "hudson.model." + class_of_parameter(type, "ParameterValue")},
                      {"name", text_at(one, {"name"})},
                      {"value", value}}},
        {"description", text_at(one, {"description"})},
        {"name", text_at(one, {"name"})},
        {"type", class_of_parameter(type, "ParameterDefinition")}};
    if (!choices.empty()) shown["choices"] = std::move(choices);
    out.push_back(std::move(shown));
  }
  return out;
}

}  // namespace

json::array build_actions(const RunInfo& info) {
  json::array out, causes, parameters;
  for (const std::string& cause : info.causes) {
    json::object shown{{"_class", "hudson.model.Cause"}, {"shortDescription", cause}};
    constexpr std::string_view kByUser = "Started by user ";
    if (cause.starts_with(kByUser)) {
      shown["_class"] = "hudson.model.Cause$UserIdCause";
      shown["userId"] = cause.substr(kByUser.size());
      shown["userName"] = cause.substr(kByUser.size());
    }
    causes.push_back(std::move(shown));
  }
  if (!causes.empty()) {
    out.push_back(
        json::object{{"_class", "hudson.model.CauseAction"}, {"causes", std::move(causes)}});
  }
  for (const auto& [name, value] : info.values) {
    parameters.push_back(
        json::object{{"_class", value.is_bool() ? "hudson.model.BooleanParameterValue"
                                                : "hudson.model.StringParameterValue"},
                     {"name", name},
                     {"value", value}});
  }
  if (!parameters.empty()) {
    out.push_back(json::object{{"_class", "hudson.model.ParametersAction"},
                               {"parameters", std::move(parameters)}});
  }
  for (json::value& data : build_data(info)) out.push_back(std::move(data));
  if (info.tests) {
    out.push_back(json::object{{"_class", "hudson.tasks.junit.TestResultAction"},
                               {"failCount", info.tests->failed},
                               {"skipCount", info.tests->skipped},
                               {"totalCount", info.tests->total},
                               {"urlName", "testReport"}});
  }
  return out;
}

Result<JobFacts> facts_of(const Engine& engine, const JobName& job) {
  JobFacts out;
  out.parameters = TRY(engine.job_parameters(job));
  const std::string config = TRY(engine.job_config(job));
  out.disabled = jenkins::is_disabled(config);
  if (const Result<json::value> spec = jenkins::spec_of(config)) {
    out.description = text_at(*spec, {"pipeline", "description"});
    out.concurrent = !bool_at(*spec, {"pipeline", "disable_concurrent"});
  }
  return out;
}

uint64_t next_build(const Engine& engine, const JobName& job, uint64_t number) {
  uint64_t next = 0;
  for (uint64_t one : engine.runs(job).value_or(std::vector<uint64_t>())) {
    if (one <= number) break;  // the newest come first
    next = one;
  }
  return next;
}

std::string shown_name(const JobName& job) {
  return shown_job(job.folder) + " » " + percent_decode(job.name);
}

std::string job_path(const JobName& job) { return job_ref(job).core_path() + "/"; }

std::string color_of(const RunInfo* latest) {
  if (latest == nullptr) return "notbuilt";
  std::string color;
  switch (latest->result) {
    case BuildResult::success: color = "blue"; break;
    case BuildResult::unstable: color = "yellow"; break;
    case BuildResult::failure: color = "red"; break;
    case BuildResult::not_built: color = "notbuilt"; break;
    case BuildResult::aborted: color = "aborted"; break;
  }
  return latest->finished() ? color : color + "_anime";
}

json::object job_json(const JobName& job, const JobFacts& facts,
                      const std::vector<uint64_t>& numbers, const std::vector<RunInfo>& latest,
                      const std::string& base) {
  const std::string url = base + job_path(job);
  json::array builds;
  for (uint64_t number : numbers) {
    if (builds.size() == kMostBuilds) break;
    builds.push_back(build_link(number, url));
  }
  const auto with = [](BuildResult result) {
    return [result](const RunInfo& run) { return run.finished() && run.result == result; };
  };
  json::array properties;
  if (!facts.parameters.empty()) {
    properties.push_back(
        json::object{{"_class", "hudson.model.ParametersDefinitionProperty"},
                     {"parameterDefinitions", parameter_definitions(facts.parameters)}});
  }
  const bool queued = !latest.empty() && latest.front().state == RunState::queued;
  const auto good = [](const RunInfo& run) {
    return run.finished() &&
           (run.result == BuildResult::success || run.result == BuildResult::unstable);
  };
  return {
      {"_class", "org.jenkinsci.plugins.workflow.job.WorkflowJob"},
      {"actions", json::array()},
      {"description", facts.description},
      {"displayName", percent_decode(job.name)},
      {"displayNameOrNull", nullptr},
      {"fullDisplayName", shown_name(job)},
      {"fullName", job.text()},
      {"name", job.name},
      {"url", url},
      {"buildable", !facts.disabled},
      {"builds", std::move(builds)},
      {"color", facts.disabled ? "disabled" : color_of(latest.empty() ? nullptr : &latest.front())},
      {"disabled", facts.disabled},
      {"firstBuild", numbers.empty() ? json::value() : build_link(numbers.back(), url)},
      {"healthReport", json::array{json::value(health(latest))}},
      {"inQueue", queued},
      {"keepDependencies", false},
      {"lastBuild", numbers.empty() ? json::value() : build_link(numbers.front(), url)},
      {"lastCompletedBuild", last(latest, url, [](const RunInfo& run) { return run.finished(); })},
      {"lastFailedBuild", last(latest, url, with(BuildResult::failure))},
      {"lastStableBuild", last(latest, url, with(BuildResult::success))},
      {"lastSuccessfulBuild", last(latest, url, good)},
      {"lastUnstableBuild", last(latest, url, with(BuildResult::unstable))},
      {"lastUnsuccessfulBuild", last(latest, url,
                                     [](const RunInfo& run) {
                                       return run.finished() && run.result != BuildResult::success;
                                     })},
      {"nextBuildNumber", numbers.empty() ? 1 : numbers.front() + 1},
      {"property", std::move(properties)},
      {"queueItem", queued ? json::value(queue_item_json(latest.front(), base)) : json::value()},
      {"concurrentBuild", facts.concurrent},
      {"resumeBlocked", false}};
}

json::object build_json(const RunInfo& info, const std::string& base, WallTime now, uint64_t next) {
  json::array artifacts;
  for (const Artifact& one : info.artifacts) {
    const std::string name = one.path.substr(one.path.rfind('/') + 1);
    artifacts.push_back(
        json::object{{"displayPath", name}, {"fileName", name}, {"relativePath", one.path}});
  }
  const bool began = info.started != WallTime{};
  const WallTime end = info.finished() ? info.ended : now;
  return {{"_class", kRunClass},
          {"actions", build_actions(info)},
          {"artifacts", std::move(artifacts)},
          {"building", !info.finished()},
          {"changeSets", core_change_sets(info, base)},
          {"culprits", culprits(info, base)},
          {"description", info.description.empty() ? json::value() : json::value(info.description)},
          {"displayName",
           info.display_name.empty() ? fmt::format("#{}", info.number) : info.display_name},
          {"duration", info.finished() && began ? (end - info.started).count() : 0},
          {"estimatedDuration", -1},
          {"executor", nullptr},
          {"fullDisplayName", fmt::format("{} #{}", shown_name(info.job), info.number)},
          {"id", std::to_string(info.number)},
          {"inProgress", !info.finished()},
          {"keepLog", info.keep_log},
          {"nextBuild", next > 0 ? build_link(next, base + job_path(info.job)) : json::value()},
          {"number", info.number},
          {"previousBuild", info.number > 1 ? build_link(info.number - 1, base + job_path(info.job))
                                            : json::value()},
          {"queueId", queue_id(info.job, info.number)},
          {"result", info.finished() ? json::value(to_string(info.result)) : json::value()},
          {"timestamp", (began ? info.started : info.queued).time_since_epoch().count()},
          {"url", fmt::format("{}{}{}/", base, job_path(info.job), info.number)}};
}

}  // namespace ks::engine
