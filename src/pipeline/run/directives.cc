#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/random.h"
#include "base/text.h"
#include "pipeline/catalog.h"
#include "pipeline/run/environment.h"
#include "pipeline/run/executor.h"

/// What wraps stages: agent, environment, options, tools, input.

namespace ks::pipeline {
namespace {

const AgentSetting* find(const Agent& agent, std::string_view name) { return agent.setting(name); }

}  // namespace

// ----- agent -----

void Executor::with_agent(Task& task, const std::optional<Agent>& agent,
                          const std::optional<Calls>& options, bool of_pipeline,
                          Surroundings around, const Inside& inside) {
  if (!agent || agent->type == "none") return inside(task, around);
  if (agent->type == "any" || agent->type == "label" || agent->type == "node") {
    return on_node(task, *agent, options, of_pipeline, around, inside);
  }
  AgentRequest request{.type = agent->type, .settings = settings(task, agent->settings)};
  if (agent->argument) {
    const auto& known = standard_catalog().agents;
    auto signature = known.find(agent->type);
    std::string sole = signature != known.end() && !signature->second.sole.empty()
                           ? signature->second.sole
                           : "value";
    request.settings.emplace_back(std::move(sole), value(task, *agent->argument));
  }
  around.node = true;
  runtime_.with_agent(task, request, [&](Task& own) -> Value {
    checked_out(own, options, of_pipeline, around, inside);
    return nullptr;
  });
}

void Executor::on_node(Task& task, const Agent& agent, const std::optional<Calls>& options,
                       bool of_pipeline, Surroundings around, const Inside& inside) {
  const AgentSetting* labelled = find(agent, "label");
  std::string label;
  if (agent.argument) label = text(task, *agent.argument);
  if (labelled != nullptr) label = text(task, labelled->value);
  std::string workspace;
  if (const AgentSetting* custom = find(agent, "customWorkspace"))
    workspace = text(task, custom->value);
  around.node = true;
  NamedValues named;
  if (!label.empty()) named.emplace_back("label", string(task, label));
  block(task, "node", std::move(named), [&](Task& on) {
    if (workspace.empty()) return checked_out(on, options, of_pipeline, around, inside);
    block(on, "ws", {{"dir", string(on, workspace)}},
          [&](Task& in) { checked_out(in, options, of_pipeline, around, inside); });
  });
}

/// With a repository behind the Jenkinsfile, an agent begins with its files.
void Executor::checked_out(Task& task, const std::optional<Calls>& options, bool of_pipeline,
                           Surroundings around, const Inside& inside) {
  bool skipped = option_set(task, options, "skipDefaultCheckout") ||
                 (!of_pipeline && option_set(task, pipeline_.options, "skipDefaultCheckout"));
  if (!runtime_.has_scm() || skipped) return inside(task, around);
  std::string folder;
  for (const auto* from : {&options, &pipeline_.options}) {
    const Call* call = option(*from, "checkoutToSubdirectory");
    if (call == nullptr || !folder.empty()) continue;
    EvaluatedCall evaluated = evaluate(task, *call);
    folder = argument(task, evaluated, "subdirectory", true);
  }
  std::vector<std::string> variables;
  auto checkout = [&](Task& own) {
    if (folder.empty()) {
      variables = runtime_.checkout(own);
      return;
    }
    block(own, "dir", {{"path", string(own, folder)}},
          [&](Task& in) { variables = runtime_.checkout(in); });
  };
  if (of_pipeline) {
    block(task, "stage", {{"name", string(task, "Declarative: Checkout SCM")}}, [&](Task& own) {
      runtime_.mark_synthetic(own, true);
      checkout(own);
    });
  } else {
    checkout(task);
  }
  if (variables.empty()) return inside(task, around);
  std::vector<Value> overrides;
  for (const std::string& each : variables) overrides.push_back(string(task, each));
  block(task, "withEnv", {{"overrides", task.interpreter().make_list(std::move(overrides))}},
        [&](Task& own) { inside(own, around); });
}

// ----- environment -----

/// Credentials are bound first, so that the other values may use them.
void Executor::with_environment(Task& task, const std::optional<Environment>& environment,
                                const std::function<void(Task&)>& inside) {
  if (!environment || environment->entries.empty()) return inside(task);
  std::vector<std::pair<std::string, std::string>> bindings;
  for (const EnvironmentEntry& entry : environment->entries) {
    if (!entry.credentials) continue;
    Value id = evaluate_entry(task, runtime_, *environment, entry, closures_);
    bindings.emplace_back(entry.name, task.interpreter().to_string(task, id));
  }
  if (bindings.empty()) return with_variables(task, *environment, inside);
  runtime_.with_credentials(task, std::move(bindings), [&](Task& own) -> Value {
    with_variables(own, *environment, inside);
    return nullptr;
  });
}

void Executor::with_variables(Task& task, const Environment& environment,
                              const std::function<void(Task&)>& inside) {
  std::vector<std::string> pairs;
  std::vector<std::string> broken;
  for (const EnvironmentEntry& entry : environment.entries) {
    if (entry.credentials) continue;
    Value found;
    try {
      found = evaluate_entry(task, runtime_, environment, entry, closures_);
    } catch (const Thrown& thrown) {
      const bool of_null =
          thrown.catchable &&
          task.interpreter().is_instance(task, thrown.exception, "java.lang.NullPointerException");
      if (!of_null) throw;
    }
    if (found.is_null()) {
      broken.push_back(entry.name);
    } else {
      pairs.push_back(entry.name + "=" + task.interpreter().to_string(task, found));
    }
  }
  if (!broken.empty()) {
    task.interpreter().raise(
        task, "java.lang.IllegalArgumentException",
        fmt::format("One or more variables have some issues with their values: {}",
                    fmt::join(broken, ", ")));
  }
  with_env(task, pairs, inside);
}

void Executor::with_env(Task& task, const std::vector<std::string>& pairs,
                        const std::function<void(Task&)>& inside) {
  if (pairs.empty()) return inside(task);
  std::vector<Value> list;
  list.reserve(pairs.size());
  for (const std::string& pair : pairs) list.push_back(string(task, pair));
  block(task, "withEnv", {{"overrides", task.interpreter().make_list(std::move(list))}}, inside);
}

// ----- options -----

void Executor::with_options(Task& task, const std::optional<Calls>& options,
                            const std::function<void(Task&)>& inside) {
  std::vector<const Call*> wrappers;
  if (options) {
    for (const Call& call : options->list) {
      if (is_wrapper(call.name)) wrappers.push_back(&call);
    }
  }
  with_option(task, wrappers, 0, inside);
}

void Executor::with_option(Task& task, const std::vector<const Call*>& wrappers, size_t index,
                           const std::function<void(Task&)>& inside) {
  if (index == wrappers.size()) return inside(task);
  EvaluatedCall call = evaluate(task, *wrappers[index]);
  NamedValues named = std::move(call.named);
  if (!call.positional.empty()) {
    auto signature = standard_catalog().steps.find(call.name);
    named.emplace_back(
        signature == standard_catalog().steps.end() ? "value" : signature->second.sole,
        call.positional[0]);
  }
  block(task, call.name, std::move(named),
        [&](Task& own) { with_option(own, wrappers, index + 1, inside); });
}

// ----- tools -----

void Executor::with_tools(Task& task, const std::optional<Tools>& tools, Surroundings around,
                          bool of_pipeline, const std::function<void(Task&)>& inside) {
  if (!tools || tools->list.empty() || !around.node) return inside(task);
  std::vector<std::string> pairs;
  auto install = [&](Task& own) {
    for (const Tool& tool : tools->list) {
      for (std::string& pair : runtime_.tool_environment(own, tool.type, text(own, tool.version))) {
        pairs.push_back(std::move(pair));
      }
    }
  };
  if (of_pipeline) {
    block(task, "stage", {{"name", string(task, "Declarative: Tool Install")}}, [&](Task& own) {
      runtime_.mark_synthetic(own, true);
      install(own);
    });
  } else {
    install(task);
  }
  with_env(task, pairs, inside);
}

// ----- input -----

/// The answers become environment variables of the rest of the stage.
void Executor::with_input(Task& task, const Stage& stage, const std::string& stage_name,
                          const std::function<void(Task&)>& inside) {
  if (!stage.input) return inside(task);
  const Input& input = *stage.input;
  std::string id = md5(stage_name);
  std::string hex = hex_encode(id);
  hex[0] = static_cast<char>(hex[0] >= 'a' ? hex[0] - 'a' + 'A' : hex[0]);
  NamedValues named;
  auto add = [&](std::string_view name, const std::optional<Expression>& from) {
    if (from) named.emplace_back(name, value(task, *from));
  };
  add("message", input.message);
  named.emplace_back("id", input.id ? value(task, *input.id) : string(task, hex));
  add("ok", input.ok);
  add("submitter", input.submitter);
  add("submitterParameter", input.submitter_parameter);
  std::vector<std::string> names;
  if (input.parameters) {
    std::vector<Value> definitions;
    for (const Call& call : input.parameters->list) {
      EvaluatedCall evaluated = evaluate(task, call);
      for (const auto& [name, one] : evaluated.named) {
        if (name == "name") names.push_back(task.interpreter().to_string(task, one));
      }
      definitions.push_back(step(task, evaluated.name, std::move(evaluated.named)));
    }
    named.emplace_back("parameters", task.interpreter().make_list(std::move(definitions)));
  }
  if (input.submitter_parameter) names.push_back(text(task, *input.submitter_parameter));
  Value answer = step(task, "input", std::move(named));
  std::vector<std::string> pairs;
  if (groovy::is_map(answer)) {
    for (const auto& [name, one] : groovy::map_entries(task, answer)) {
      pairs.push_back(name + "=" + task.interpreter().to_string(task, one));
    }
  } else if (names.size() == 1 && !answer.is_null()) {
    pairs.push_back(names[0] + "=" + task.interpreter().to_string(task, answer));
  }
  with_env(task, pairs, inside);
}

}  // namespace ks::pipeline
