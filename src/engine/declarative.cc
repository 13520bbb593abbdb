#include "engine/declarative.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "engine/build_object.h"
#include "engine/builds.h"
#include "engine/credentials.h"
#include "engine/globals.h"
#include "engine/interruption.h"
#include "engine/scm/scm_objects.h"
#include "engine/step.h"
#include "engine/tools.h"
#include "pipeline/compile.h"
#include "pipeline/executor.h"

// Declarative Pipelines on the fibers of a run.

namespace ks::engine {
namespace {

using pipeline::RunResult;

RunResult from(BuildResult result) { return static_cast<RunResult>(result); }
BuildResult to(RunResult result) { return static_cast<BuildResult>(result); }
static_assert(static_cast<int>(RunResult::aborted) == static_cast<int>(BuildResult::aborted) &&
              static_cast<int>(RunResult::unstable) == static_cast<int>(BuildResult::unstable));

/// The pipelines of everything that the run compiled, by the number that their calls pass.
struct Pipelines {
  std::vector<std::shared_ptr<const pipeline::Pipeline>> list;
  bool executing = false;
};

Pipelines& pipelines_of(Run& run) {
  if (run.declarative == nullptr) run.declarative = std::make_shared<Pipelines>();
  return *static_cast<Pipelines*>(run.declarative.get());
}

/// One value of a declared parameter: what was given, in the type that it is declared with.
json::value typed(std::string_view type, const json::value& given) {
  if (type == "booleanParam" && given.is_string()) return given.get_string() == "true";
  return given;
}

/// Arguments by name; the one without a name by that of the symbol's sole parameter.
json::object arguments_of(groovy::Task& task, const pipeline::EvaluatedCall& call) {
  json::object arguments;
  for (const auto& [name, value] : call.named) arguments[name] = from_groovy(task, value);
  const StepInfo* symbol = builtin_steps().find_symbol(call.name);
  if (!call.positional.empty()) {
    arguments[symbol == nullptr || symbol->sole.empty() ? "value" : symbol->sole] =
        from_groovy(task, call.positional[0]);
  }
  return arguments;
}

class EngineRuntime final : public pipeline::Runtime {
 public:
  explicit EngineRuntime(Run& run) : run_(run) {}

  groovy::Value step(groovy::Task& task, std::string_view name, pipeline::NamedValues named,
                     pipeline::Body body) override {
    if (name == "parallel") {
      named = {{"branches", run_.interpreter().make_map(std::move(named))}};
    }
    return run_.call_native(task, name, std::move(named), std::move(body));
  }
  void console(groovy::Task&, std::string_view line) override { run_.print_line(line); }
  void report(groovy::Task& task, const groovy::Thrown& thrown) override {
    print_failure(run_, task, thrown);
  }
  std::optional<std::string> env(groovy::Task& task, std::string_view name) override {
    return run_.env_value(run_.context(task).get(), name);
  }

  std::optional<RunResult> result() override {
    return run_.has_result() ? std::optional(from(run_.result())) : std::nullopt;
  }
  void worsen(RunResult result) override { run_.worsen(to(result)); }
  void show_result(std::optional<RunResult> result) override {
    run_.shown_result = result ? std::optional(to(*result)) : std::nullopt;
  }
  std::optional<RunResult> previous_result(groovy::Task& task) override {
    const std::optional<BuildResult> before = run_.previous_result(task);
    return before ? std::optional(from(*before)) : std::nullopt;
  }
  RunResult result_of(groovy::Task& task, const groovy::Thrown& thrown) override {
    return from(engine::result_of(task, thrown));
  }

  void mark_stage(groovy::Task& task, pipeline::StageStatus status) override {
    if (status == pipeline::StageStatus::failed_and_continued) {
      run_.worsen_stage(task, run_.has_result() ? std::max(run_.result(), BuildResult::failure)
                                                : BuildResult::failure);
    } else {
      run_.set_node_state(run_.context(task)->stage_id, NodeState::skipped);
    }
  }
  RunResult stage_warning(groovy::Task& task) override {
    const uint32_t id = run_.context(task)->stage_id;
    for (const RunNode& node : run_.nodes()) {
      if (node.id == id) return from(node.result);
    }
    return RunResult::success;
  }

  /// Parameters that were not given have their defaults from here on.
  void apply(groovy::Task& task, const pipeline::JobProperties& job) override {
    json::array declared;
    for (const pipeline::EvaluatedCall& call : job.parameters) {
      json::object parameter{{"type", call.name}};
      for (const auto& [name, value] : call.named) parameter[name] = from_groovy(task, value);
      declared.push_back(std::move(parameter));
    }
    JobProperties properties{.parameters = declared};
    run_.declare_parameters(std::move(declared));
    for (const pipeline::EvaluatedCall& call : job.options)
      properties.options[call.name] = arguments_of(task, call);
    for (const pipeline::EvaluatedCall& call : job.triggers) {
      json::object trigger = arguments_of(task, call);
      trigger["type"] = call.name;
      properties.triggers.push_back(std::move(trigger));
    }
    declare_properties(run_, task, properties);
  }

  groovy::Value with_credentials(groovy::Task& task,
                                 std::vector<std::pair<std::string, std::string>> bindings,
                                 pipeline::Body body) override {
    BoundCredentials bound(run_, task);
    return with_bound(run_, task, bound, [&] {
      for (const auto& [variable, id] : bindings) bind_credential(run_, task, id, variable, bound);
      auto inner = std::make_shared<StepContext>(*run_.context(task));
      inner->outer = run_.context(task);
      enter_bound(bound, *inner);
      return run_.call_in(task, std::move(inner), [&] { return body(task); });
    });
  }

  groovy::Value with_agent(groovy::Task& task, const pipeline::AgentRequest& request,
                           pipeline::Body) override {
    run_.fail(task,
              fmt::format("agent type '{}' is not available on this server: use 'agent any' or "
                          "a label",
                          request.type));
  }

  std::vector<std::string> tool_environment(groovy::Task& task, std::string_view type,
                                            std::string_view version) override {
    std::vector<std::string> pairs;
    for (const auto& [name, value] : tool_variables(type, tool_home(run_, task, type, version)))
      pairs.push_back(name + "=" + value);
    return pairs;
  }

  std::optional<std::string> restart_stage() override {
    const std::string& stage = run_.spec().restart_stage;
    return stage.empty() ? std::nullopt : std::optional(stage);
  }

  bool has_scm() override {
    const json::value& scm = run_.spec().scm;
    return scm.is_object() && !bool_at(scm, {"explicitOnly"});
  }
  std::vector<std::string> checkout(groovy::Task& task) override {
    const groovy::Value scm = scm_global(run_, task);
    std::vector<std::string> out;
    for (const auto& [name, value] :
         groovy::map_entries(task, run_.call_native(task, "checkout", {{"scm", scm}}, nullptr))) {
      out.push_back(name + "=" + run_.interpreter().to_string(task, value));
    }
    return out;
  }
  std::vector<pipeline::Change> changes() override {
    std::vector<pipeline::Change> out;
    for (const json::value& checkout : run_.checkouts()) {
      const json::value* changes = find(checkout, {"changes"});
      if (changes == nullptr || !changes->is_array()) continue;
      for (const json::value& one : changes->get_array()) {
        pipeline::Change change{.message = std::string(text_at(one, {"comment"})), .paths = {}};
        for (const json::value& path : one.at("affectedPaths").as_array())
          change.paths.emplace_back(std::string_view(path.as_string()));
        out.push_back(std::move(change));
      }
    }
    return out;
  }

  std::vector<pipeline::Cause> causes() override {
    std::vector<pipeline::Cause> list;
    for (const std::string& text : run_.spec().causes) {
      const json::value facts = cause_facts(text);
      std::string_view simple = text_at(facts, {"_class"});
      simple = simple.substr(simple.find_last_of(".$") + 1);
      // The reference's own name for a run that a pipeline started.
      if (simple == "UpstreamCause") simple = "BuildUpstreamCause";
      list.push_back({std::string(simple), std::string(text_at(facts, {"userId"}))});
    }
    return list;
  }

 private:
  Run& run_;
};

}  // namespace

groovy::Compiled compile_for(Run& run, std::string_view source,
                             const groovy::CompileOptions& options) {
  Pipelines& known = pipelines_of(run);
  pipeline::CompiledPipeline compiled = pipeline::compile_pipeline(
      source, options, pipeline::standard_catalog(), static_cast<int64_t>(known.list.size()));
  for (auto& each : compiled.pipelines) known.list.push_back(std::move(each));
  return {.program = std::move(compiled.program), .errors = std::move(compiled.errors)};
}

std::optional<groovy::Value> call_declarative(Run& run, groovy::Task& task, std::string_view name,
                                              groovy::Args args) {
  if (name != "pipeline" || args.size() != 2 || !args[0].is_int()) return std::nullopt;
  Pipelines& known = pipelines_of(run);
  const auto number = static_cast<size_t>(args[0].as_int());
  if (number >= known.list.size()) return std::nullopt;
  if (std::exchange(known.executing, true)) {
    run.raise(task, "java.lang.IllegalStateException",
              "Only one pipeline { ... } block can be executed in a single run.");
  }
  EngineRuntime runtime(run);
  pipeline::run_declarative(*known.list[number], groovy::list_items(task, args[1]), runtime, task);
  return groovy::Value();
}

groovy::Compiled Run::compile_script(std::string_view source,
                                     const groovy::CompileOptions& options) {
  return compile_for(*this, source, options);
}

void Run::declare_parameters(json::array declared) {
  if (declared.empty()) return;
  for (const json::value& parameter : declared) {
    const std::string name(text_at(parameter, {"name"}));
    const std::string type(text_at(parameter, {"type"}));
    if (name.empty()) continue;
    if (json::value* given = spec_.values.if_contains(name)) {
      *given = typed(type, *given);
      continue;
    }
    json::value value = type == "booleanParam" ? json::value(false) : json::value("");
    if (const json::value* fallback = find(parameter, {"defaultValue"});
        fallback != nullptr && !fallback->is_null()) {
      value = *fallback;
    } else if (const json::value* choices = find(parameter, {"choices"})) {
      if (choices->is_array() && !choices->get_array().empty()) value = choices->get_array()[0];
      if (choices->is_string())
        value = choices->get_string().subview(0, choices->get_string().find('\n'));
    }
    spec_.values[name] = typed(type, value);
  }
  spec_.parameters = std::move(declared);
}

}  // namespace ks::engine
