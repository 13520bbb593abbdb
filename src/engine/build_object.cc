#include "engine/build_object.h"

#include <fmt/format.h>

#include "base/json.h"
#include "engine/builds.h"
#include "engine/step.h"
#include "engine/time_words.h"

namespace ks::engine {
namespace {

constexpr std::string_view kWrapper =
    "org.jenkinsci.plugins.workflow.support.steps.build.RunWrapper";

std::vector<std::string> cause_texts(const json::value& facts) {
  std::vector<std::string> texts;
  if (const json::value* list = find(facts, {"causes"}); list != nullptr && list->is_array()) {
    for (const json::value& cause : list->get_array())
      if (cause.is_string()) texts.emplace_back(cause.get_string());
  }
  return texts;
}

class OtherBuild final : public groovy::HostObject {
 public:
  OtherBuild(Run& run, json::value facts) : run_(run), facts_(std::move(facts)) {}
  std::string class_name() const override { return std::string(kWrapper); }

  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    auto text = [&](std::string_view value) { return run_.interpreter().make_string(value); };
    auto field = [&](std::string_view key) { return std::string(text_at(facts_, {key})); };
    const std::string job = field("job");
    const auto number = static_cast<uint64_t>(int_at(facts_, {"number"}));
    const int64_t started = int_at(facts_, {"startMillis"}),
                  took = int_at(facts_, {"durationMillis"});
    const bool building = bool_at(facts_, {"building"});
    if (name == "number") return groovy::Value::of_int(static_cast<int32_t>(number));
    if (name == "id") return text(std::to_string(number));
    if (name == "displayName") return text(field("displayName"));
    if (name == "fullDisplayName") return text(shown_job(job) + " " + field("displayName"));
    if (name == "projectName") return text(job.substr(job.rfind('/') + 1));
    if (name == "fullProjectName") return text(job);
    if (name == "externalizableId") return text(fmt::format("{}#{}", job, number));
    if (name == "description")
      return field("description").empty() ? groovy::Value() : text(field("description"));
    if (name == "result") return field("result").empty() ? groovy::Value() : text(field("result"));
    if (name == "currentResult") return text(field("result").empty() ? "SUCCESS" : field("result"));
    if (name == "startTimeInMillis" || name == "timeInMillis")
      return groovy::Value::of_long(started);
    if (name == "duration") return groovy::Value::of_long(building ? 0 : took);
    if (name == "durationString") {
      return text(time_span(std::chrono::milliseconds(took)) + (building ? " and counting" : ""));
    }
    if (name == "absoluteUrl") return text(field("url"));
    if (name == "keepLog") return groovy::Value::of_bool(bool_at(facts_, {"keepLog"}));
    if (name == "changeSets") return run_.interpreter().make_list();
    if (name == "buildCauses") return build_causes(run_, task, cause_texts(facts_), {});
    if (name == "buildVariables") {
      std::vector<std::pair<std::string, groovy::Value>> entries;
      if (const json::value* values = find(facts_, {"values"});
          values != nullptr && values->is_object()) {
        for (const auto& [key, value] : values->get_object())
          entries.emplace_back(
              key, text(value.is_string() ? std::string(value.get_string()) : ks::to_json(value)));
      }
      return run_.interpreter().make_map(std::move(entries));
    }
    if (name == "upstreamBuilds") {
      std::vector<groovy::Value> builds;
      for (const std::string& cause : cause_texts(facts_)) {
        const json::value known = cause_facts(cause);
        if (const std::string_view up = text_at(known, {"upstreamProject"}); !up.empty()) {
          groovy::Value build = build_object(
              run_, task, std::string(up), static_cast<uint64_t>(int_at(known, {"upstreamBuild"})));
          if (!build.is_null()) builds.push_back(std::move(build));
        }
      }
      return run_.interpreter().make_list(std::move(builds));
    }
    if (name == "rawBuild") refuse_raw_build(run_, task);
    return related_build(run_, task, job, number, name);
  }

  bool set_property(groovy::Task& task, std::string_view name, const groovy::Value&) override {
    run_.raise(task, "java.lang.SecurityException",
               fmt::format("can only set the {} property on the current build", name));
  }

  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (name == "getBuildCauses") return build_causes(run_, task, cause_texts(facts_), args);
    const bool better = name == "resultIsBetterOrEqualTo", worse = name == "resultIsWorseOrEqualTo";
    if ((better || worse) && args.size() == 1) {
      const auto other = parse_result(run_.interpreter().to_string(task, args[0]));
      const auto own = parse_result(text_at(facts_, {"result"})).value_or(BuildResult::success);
      if (!other) run_.raise(task, "java.lang.IllegalArgumentException", "no build result");
      return groovy::Value::of_bool(better ? own <= *other : own >= *other);
    }
    if (args.empty() && name.starts_with("get") && name.size() > 3) {
      std::string property(name.substr(3));
      property[0] = static_cast<char>(property[0] | 0x20);
      return get_property(task, property);
    }
    return std::nullopt;
  }
  std::string to_string(groovy::Task&) override {
    return fmt::format("{} #{}", text_at(facts_, {"job"}), int_at(facts_, {"number"}));
  }

 private:
  Run& run_;
  json::value facts_;
};

bool matches(std::string_view relation, const json::value& facts) {
  const bool building = bool_at(facts, {"building"});
  const auto result = parse_result(text_at(facts, {"result"}));
  if (relation == "previousBuild" || relation == "nextBuild") return true;
  if (relation == "previousBuildInProgress") return building;
  if (relation == "previousCompletedBuild") return !building;
  if (relation == "previousBuiltBuild") return !building && result != BuildResult::not_built;
  if (relation == "previousFailedBuild") return !building && result == BuildResult::failure;
  if (relation == "previousNotFailedBuild") return !building && result != BuildResult::failure;
  return !building && result && *result <= BuildResult::unstable;  // previousSuccessfulBuild
}

json::value find_related(const Builds& builds, const std::string& job, uint64_t number,
                         std::string_view relation) {
  const bool next = relation == "nextBuild";
  json::value found;
  for (const uint64_t candidate : builds.numbers(job)) {
    if (next ? candidate <= number : candidate >= number) continue;
    auto facts = builds.facts(job, candidate);
    if (!facts || !matches(relation, *facts)) continue;
    found = std::move(*facts);
    if (!next) break;  // newest first; of later ones the oldest is meant
  }
  return found;
}

groovy::Value object_of(Run& run, json::value facts) {
  if (!facts.is_object()) return {};
  return groovy::Value(run.interpreter().heap().make<OtherBuild>(run, std::move(facts)));
}

}  // namespace

Builds& builds_of(Run& run) {
  Builds* builds = run.services().builds;
  return builds == nullptr ? no_builds() : *builds;
}

groovy::Value build_object(Run& run, groovy::Task& task, const std::string& job, uint64_t number) {
  Builds& builds = builds_of(run);
  return object_of(run, run.draw(task, "a build", [&] {
    auto facts = builds.facts(job, number);
    return facts ? json::value(std::move(*facts)) : json::value(nullptr);
  }));
}

std::optional<groovy::Value> related_build(Run& run, groovy::Task& task, const std::string& job,
                                           uint64_t number, std::string_view relation) {
  static constexpr std::string_view kRelations[] = {
      "previousBuild",           "nextBuild",
      "previousBuildInProgress", "previousBuiltBuild",
      "previousFailedBuild",     "previousNotFailedBuild",
      "previousSuccessfulBuild", "previousCompletedBuild"};
  if (std::ranges::find(kRelations, relation) == std::end(kRelations)) return std::nullopt;
  Builds& builds = builds_of(run);
  return object_of(
      run, run.draw(task, relation, [&] { return find_related(builds, job, number, relation); }));
}

groovy::Value build_causes(Run& run, groovy::Task& task, const std::vector<std::string>& causes,
                           groovy::Args args) {
  std::string wanted = args.empty() ? "" : run.interpreter().to_string(task, args[0]);
  for (std::string_view prefix : {"class ", "interface "}) {
    if (wanted.starts_with(prefix)) wanted.erase(0, prefix.size());
  }
  std::vector<groovy::Value> list;
  for (const std::string& cause : causes) {
    const json::value facts = cause_facts(cause);
    const std::string_view java_class = text_at(facts, {"_class"});
    // `Cause.UserIdCause` of a script is `Cause$UserIdCause` of Java.
    const bool fits = wanted.empty() || java_class == wanted ||
                      (wanted.contains('.') == false && java_class.ends_with("$" + wanted));
    if (fits) list.push_back(to_groovy(run.interpreter(), facts));
  }
  return run.interpreter().make_list(std::move(list));
}

void refuse_raw_build(Run& run, groovy::Task& task) {
  run.raise(task, "org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException",
            fmt::format("Scripts not permitted to use method {} getRawBuild", kWrapper));
}

}  // namespace ks::engine
