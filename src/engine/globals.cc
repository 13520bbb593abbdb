#include "engine/globals.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "engine/build_object.h"
#include "engine/builds.h"
#include "engine/library/library_set.h"
#include "engine/missing_steps.h"
#include "engine/scm/scm_objects.h"
#include "engine/step.h"
#include "engine/time_words.h"

namespace ks::engine {
namespace {

class EnvObject final : public groovy::HostObject {
 public:
  explicit EnvObject(Run& run) : run_(run) {}
  std::string class_name() const override {
    return "org.jenkinsci.plugins.workflow.cps.EnvActionImpl";
  }

  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    if (name == "environment") return all(task);
    const auto value = run_.env_value(run_.context(task).get(), name);
    return value ? run_.interpreter().make_string(*value) : groovy::Value();
  }
  bool set_property(groovy::Task& task, std::string_view name,
                    const groovy::Value& value) override {
    run_.set_env(task, std::string(name),
                 value.is_null() ? "" : run_.interpreter().to_string(task, value));
    return true;
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (name == "getEnvironment" && args.empty()) return all(task);
    if (name == "getProperty" && args.size() == 1)
      return get_property(task, run_.interpreter().to_string(task, args[0]));
    if (name == "setProperty" && args.size() == 2) {
      set_property(task, run_.interpreter().to_string(task, args[0]), args[1]);
      return groovy::Value();
    }
    return std::nullopt;
  }

 private:
  groovy::Value all(groovy::Task& task) {
    std::vector<std::pair<std::string, groovy::Value>> entries;
    for (auto& [name, value] : run_.environment(run_.context(task).get()))
      entries.emplace_back(name, run_.interpreter().make_string(value));
    return run_.interpreter().make_map(std::move(entries));
  }
  Run& run_;
};

class ParamsObject final : public groovy::HostObject {
 public:
  explicit ParamsObject(Run& run) : run_(run) {}
  std::string class_name() const override { return "java.util.Collections$UnmodifiableMap"; }

  std::optional<groovy::Value> get_property(groovy::Task&, std::string_view name) override {
    const json::value* value = run_.parameter_values().if_contains(name);
    return value == nullptr ? groovy::Value() : to_groovy(run_.interpreter(), *value);
  }
  bool set_property(groovy::Task& task, std::string_view, const groovy::Value&) override {
    run_.raise(task, "java.lang.UnsupportedOperationException", "params cannot be changed");
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (args.size() == 1 && name == "containsKey") {
      return groovy::Value::of_bool(
          run_.parameter_values().contains(run_.interpreter().to_string(task, args[0])));
    }
    if (args.size() == 1 && name == "get")
      return get_property(task, run_.interpreter().to_string(task, args[0]));
    // Everything else that maps can do, on a copy.
    return run_.interpreter().invoke_if_present(
        task, to_groovy(run_.interpreter(), run_.parameter_values()), name, args);
  }
  std::optional<groovy::Value> iterable(groovy::Task&) override {
    return to_groovy(run_.interpreter(), run_.parameter_values());
  }
  std::string to_string(groovy::Task& task) override {
    return run_.interpreter().to_string(task,
                                        to_groovy(run_.interpreter(), run_.parameter_values()));
  }

 private:
  Run& run_;
};

class BuildObject final : public groovy::HostObject {
 public:
  explicit BuildObject(Run& run) : run_(run) {}
  std::string class_name() const override {
    return "org.jenkinsci.plugins.workflow.support.steps.build.RunWrapper";
  }

  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    const RunSpec& spec = run_.spec();
    auto text = [&](std::string_view value) { return run_.interpreter().make_string(value); };
    const size_t slash = spec.job.rfind('/');
    const std::string base = slash == spec.job.npos ? spec.job : spec.job.substr(slash + 1);
    if (name == "number") return groovy::Value::of_int(static_cast<int32_t>(spec.number));
    if (name == "id") return text(std::to_string(spec.number));
    if (name == "displayName") return text(run_.display_name());
    if (name == "fullDisplayName")
      return text(fmt::format("{} {}", shown_job(spec.job), run_.display_name()));
    if (name == "projectName") return text(base);
    if (name == "fullProjectName") return text(spec.job);
    if (name == "description")
      return run_.description().empty() ? groovy::Value() : text(run_.description());
    if (name == "result")
      return run_.has_result() || run_.shown_result ? text(engine::to_string(shown()))
                                                    : groovy::Value();
    if (name == "currentResult") return text(engine::to_string(shown()));
    if (name == "startTimeInMillis" || name == "timeInMillis")
      return groovy::Value::of_long(run_.started().time_since_epoch().count());
    if (name == "duration")
      return groovy::Value::of_long(run_.now_millis(task) -
                                    run_.started().time_since_epoch().count());
    if (name == "durationString")
      return text(time_span(std::chrono::milliseconds(run_.now_millis(task) -
                                                      run_.started().time_since_epoch().count())) +
                  " and counting");
    if (name == "keepLog") return groovy::Value::of_bool(run_.keep_log());
    if (name == "rawBuild") refuse_raw_build(run_, task);
    if (name == "upstreamBuilds") return upstream_builds(task);
    if (name == "absoluteUrl") return text(run_.env_value(nullptr, "BUILD_URL").value_or(""));
    if (name == "externalizableId") return text(fmt::format("{}#{}", spec.job, spec.number));
    if (name == "changeSets") return change_sets(run_, task);
    if (name == "buildCauses") return build_causes(run_, task, spec.causes, {});
    if (name == "buildVariables") return variables();
    return related_build(run_, task, spec.job, spec.number, name);
  }

  bool set_property(groovy::Task& task, std::string_view name,
                    const groovy::Value& value) override {
    const std::string text = value.is_null() ? "" : run_.interpreter().to_string(task, value);
    if (name == "result") {
      const auto result = parse_result(text);
      if (!result && !value.is_null())
        run_.raise(task, "java.lang.IllegalArgumentException",
                   fmt::format("'{}' is no build result", text));
      if (result) run_.worsen(*result);
      return true;
    }
    if (name == "displayName") return run_.set_display_name(text), true;
    if (name == "description") return run_.set_description(text), true;
    if (name == "keepLog") return run_.set_keep_log(run_.interpreter().truth(task, value)), true;
    return false;
  }

  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (name == "getBuildCauses") return build_causes(run_, task, run_.spec().causes, args);
    if (name.starts_with("set") && name.size() > 3 && args.size() == 1) {
      std::string property(name.substr(3));
      property[0] = static_cast<char>(property[0] | 0x20);
      if (set_property(task, property, args[0])) return groovy::Value();
    }
    const bool better = name == "resultIsBetterOrEqualTo", worse = name == "resultIsWorseOrEqualTo";
    if ((better || worse) && args.size() == 1) {
      const auto other = parse_result(run_.interpreter().to_string(task, args[0]));
      if (!other) run_.raise(task, "java.lang.IllegalArgumentException", "no build result");
      return groovy::Value::of_bool(better ? run_.result() <= *other : run_.result() >= *other);
    }
    if (args.empty() && name.starts_with("get") && name.size() > 3) {
      std::string property(name.substr(3));
      property[0] = static_cast<char>(property[0] | 0x20);
      return get_property(task, property);
    }
    return std::nullopt;
  }

 private:
  BuildResult shown() const {
    return std::max(run_.result(), run_.shown_result.value_or(BuildResult::success));
  }
  /// Parameters and what the script set of `env`, as texts.
  groovy::Value variables() {
    std::vector<std::pair<std::string, groovy::Value>> entries;
    for (const auto& [name, value] : run_.spec().values) {
      entries.emplace_back(
          name, run_.interpreter().make_string(value.is_string() ? std::string(value.get_string())
                                                                 : ks::to_json(value)));
    }
    for (const auto& [name, value] : run_.script_env())
      entries.emplace_back(name, run_.interpreter().make_string(value));
    return run_.interpreter().make_map(std::move(entries));
  }
  groovy::Value upstream_builds(groovy::Task& task) {
    std::vector<groovy::Value> builds;
    for (const std::string& cause : run_.spec().causes) {
      const json::value facts = cause_facts(cause);
      const std::string_view job = text_at(facts, {"upstreamProject"});
      if (job.empty()) continue;
      groovy::Value build = build_object(run_, task, std::string(job),
                                         static_cast<uint64_t>(int_at(facts, {"upstreamBuild"})));
      if (!build.is_null()) builds.push_back(std::move(build));
    }
    return run_.interpreter().make_list(std::move(builds));
  }
  Run& run_;
};

/// `steps.echo 'x'`: the steps alone, for code that is no script.
class StepsObject final : public groovy::HostObject {
 public:
  explicit StepsObject(Run& run) : run_(run) {}
  std::string class_name() const override { return "org.jenkinsci.plugins.workflow.cps.DSL"; }
  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override {
    return engine_global(run_, task, name);
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    return run_.call_step(task, name, args);
  }

 private:
  Run& run_;
};

}  // namespace

std::optional<groovy::Value> engine_global(Run& run, groovy::Task& task, std::string_view name) {
  groovy::Heap& heap = run.interpreter().heap();
  if (name == "docker") return docker_global(run);
  if (name == "env") return groovy::Value(heap.make<EnvObject>(run));
  if (name == "params") return groovy::Value(heap.make<ParamsObject>(run));
  if (name == "currentBuild") return groovy::Value(heap.make<BuildObject>(run));
  if (name == "steps") return groovy::Value(heap.make<StepsObject>(run));
  if (name == "scm") return scm_global(run, task);
  if (std::optional<groovy::Value> variable = run.libraries().variable(task, name)) return variable;
  if (const auto value = run.env_value(run.context(task).get(), name))
    return run.interpreter().make_string(*value);
  return std::nullopt;
}

}  // namespace ks::engine
