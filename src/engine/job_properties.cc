#include "engine/job_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace ks::engine {
namespace {

struct ClassName {
  std::string_view java_class;  ///< simple
  std::string_view symbol;
};
constexpr ClassName kClasses[] = {
    {"ParametersDefinitionProperty", "parameters"},
    {"PipelineTriggersJobProperty", "pipelineTriggers"},
    {"BuildDiscarderProperty", "buildDiscarder"},
    {"LogRotator", "logRotator"},
    {"DisableConcurrentBuildsJobProperty", "disableConcurrentBuilds"},
    {"DisableResumeJobProperty", "disableResume"},
    {"DurabilityHintJobProperty", "durabilityHint"},
    {"PreserveStashesJobProperty", "preserveStashes"},
    {"JobPropertyImpl", "rateLimitBuilds"},
    {"RateLimitBranchProperty$JobPropertyImpl", "rateLimitBuilds"},
    {"GithubProjectProperty", "githubProjectProperty"},
    {"CopyArtifactPermissionProperty", "copyArtifactPermission"},
    {"StringParameterDefinition", "string"},
    {"TextParameterDefinition", "text"},
    {"BooleanParameterDefinition", "booleanParam"},
    {"ChoiceParameterDefinition", "choice"},
    {"PasswordParameterDefinition", "password"},
    {"FileParameterDefinition", "file"},
    {"RunParameterDefinition", "run"},
    {"CredentialsParameterDefinition", "credentials"},
    {"StringParameterValue", "string"},
    {"TextParameterValue", "text"},
    {"BooleanParameterValue", "booleanParam"},
    {"PasswordParameterValue", "password"},
    {"RunParameterValue", "run"},
    {"TimerTrigger", "cron"},
    {"SCMTrigger", "pollSCM"},
    {"ReverseBuildTrigger", "upstream"},
    {"GitHubPushTrigger", "githubPush"},
    {"GenericTrigger", "GenericTrigger"},
};

/// Those that say something of a job: everything else in the list is a mistake.
constexpr std::string_view kProperties[] = {"buildDiscarder",         "disableConcurrentBuilds",
                                            "disableResume",          "durabilityHint",
                                            "overrideIndexTriggers",  "preserveStashes",
                                            "rateLimitBuilds",        "parameters",
                                            "pipelineTriggers",       "quietPeriod",
                                            "copyArtifactPermission", "githubProjectProperty",
                                            "gitLabConnection"};

/// Without the keys that say what it is; described things in it likewise, by `type`.
json::value plain(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    json::array out;
    for (const json::value& item : *list) out.push_back(plain(item));
    return out;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return value;
  json::object out;
  if (const std::string symbol = symbol_of(value); !symbol.empty()) out["type"] = symbol;
  for (const auto& [key, member] : *object) {
    if (key != "$binding" && key != "$class") out[key] = plain(member);
  }
  return out;
}

json::array plain_list(const json::object& arguments, std::string_view name) {
  const json::value* list = arguments.if_contains(name);
  if (list == nullptr) return {};
  const json::value out = plain(*list);
  return out.is_array() ? out.get_array() : json::array{out};
}

int64_t count_at(const json::value& strategy, std::string_view name) {
  const json::value* value = find(strategy, {name});
  if (value == nullptr) return -1;
  if (value->is_int64()) return value->get_int64();
  return value->is_string() ? parse_int(value->get_string()).value_or(-1) : -1;
}

}  // namespace

json::object JobProperties::to_json() const {
  return {{"all", all}, {"parameters", parameters}, {"triggers", triggers}, {"options", options}};
}

JobProperties JobProperties::from_json(const json::value& value) {
  JobProperties out;
  out.all = bool_at(value, {"all"});
  if (const json::value* list = find(value, {"parameters"}); list != nullptr && list->is_array())
    out.parameters = list->get_array();
  if (const json::value* list = find(value, {"triggers"}); list != nullptr && list->is_array())
    out.triggers = list->get_array();
  if (const json::value* map = find(value, {"options"}); map != nullptr && map->is_object())
    out.options = map->get_object();
  return out;
}

std::string symbol_of(const json::value& described) {
  if (const std::string_view symbol = text_at(described, {"$binding"}); !symbol.empty())
    return std::string(symbol);
  std::string_view java_class = text_at(described, {"$class"});
  if (const size_t dot = java_class.rfind('.'); dot != java_class.npos)
    java_class = java_class.substr(dot + 1);
  for (const ClassName& known : kClasses) {
    if (known.java_class == java_class) return std::string(known.symbol);
  }
  return {};
}

void add_property(JobProperties& properties, const std::string& symbol,
                  const json::object& arguments) {
  if (symbol == "parameters") {
    properties.parameters = plain_list(arguments, "parameterDefinitions");
  } else if (symbol == "pipelineTriggers") {
    properties.triggers = plain_list(arguments, "triggers");
  } else {
    properties.options[symbol] = plain(arguments);
  }
}

Result<JobProperties> properties_of(const json::value& list) {
  JobProperties properties{.all = true};
  const json::array* items = list.if_array();
  if (items == nullptr) return Error{Code::invalid, "properties takes a list of job properties"};
  for (const json::value& item : *items) {
    if (item.is_null()) continue;
    const std::string symbol = symbol_of(item);
    if (!item.is_object() || std::ranges::find(kProperties, symbol) == std::end(kProperties)) {
      std::string_view given = text_at(item, {"$binding"});
      if (given.empty()) given = text_at(item, {"$class"});
      return Error{Code::invalid,
                   fmt::format("properties: '{}' is no job property; known are {}",
                               given.empty() ? to_json(item).substr(0, 100) : std::string(given),
                               join({std::begin(kProperties), std::end(kProperties)}, ", "))};
    }
    add_property(properties, symbol, item.get_object());
  }
  return properties;
}

namespace {

constexpr std::pair<std::string_view, int64_t> kDurations[] = {
    {"second", 1},       {"minute", 60},        {"hour", 3600},       {"day", 86400},
    {"week", 7 * 86400}, {"month", 31 * 86400}, {"year", 365 * 86400}};

constexpr std::string_view kHints[] = {"MAX_SURVIVABILITY", "SURVIVABLE_NONATOMIC",
                                       "PERFORMANCE_OPTIMIZED"};

/// Seconds of a unit; 0 for none.
int64_t duration_of(std::string_view name) {
  for (const auto& [known, seconds] : kDurations) {
    if (known == name) return seconds;
  }
  return 0;
}

}  // namespace

Result<> check_options(const json::object& options) {
  const json::value all(options);
  if (const json::value* hint = find(all, {"durabilityHint", "hint"})) {
    const std::string_view name = hint->is_string() ? std::string_view(hint->get_string()) : "";
    if (std::ranges::find(kHints, name) == std::end(kHints)) {
      return Error{Code::invalid,
                   fmt::format("durabilityHint: '{}' is none of {}",
                               hint->is_string() ? std::string(name) : to_json(*hint),
                               join({std::begin(kHints), std::end(kHints)}, ", "))};
    }
  }
  if (const json::value* throttle = find(all, {"rateLimitBuilds", "throttle"})) {
    std::vector<std::string> units;
    for (const auto& [name, seconds] : kDurations) units.emplace_back(name);
    if (count_at(*throttle, "count") < 1 ||
        duration_of(text_at(*throttle, {"durationName"})) == 0) {
      return Error{Code::invalid,
                   fmt::format("rateLimitBuilds: throttle wants a count of at least 1 and a "
                               "durationName of {}",
                               join(units, ", "))};
    }
  }
  return {};
}

RateLimit rate_limit_of(const json::object& options) {
  const json::value all(options);
  const json::value* throttle = find(all, {"rateLimitBuilds", "throttle"});
  if (throttle == nullptr) return {};
  const int64_t count = count_at(*throttle, "count"),
                seconds = duration_of(text_at(*throttle, {"durationName"}));
  if (count < 1 || seconds == 0) return {};
  return {.gap = std::chrono::milliseconds(seconds * 1000 / count),
          .users_first = bool_at(*throttle, {"userBoost"})};
}

Retention retention_of(const json::object& options) {
  const json::value all(options);
  const json::value* strategy = find(all, {"buildDiscarder", "strategy"});
  if (strategy == nullptr) return {};
  return {.runs = count_at(*strategy, "numToKeepStr"),
          .days = count_at(*strategy, "daysToKeepStr")};
}

}  // namespace ks::engine
