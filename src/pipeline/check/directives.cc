#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "pipeline/check/validation.h"

namespace ks::pipeline {
namespace {

/// What makes a pattern no regular expression of Java; empty when it may be one. A `{` that counts
/// nothing is what people trip over; the rest shows when it runs.
std::string wrong_pattern(std::string_view pattern) {
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      ++i;
    } else if (c == '[') {
      in_class = true;
    } else if (c == ']') {
      in_class = false;
    } else if (c == '{' && !in_class) {
      bool counts =
          i > 0 && i + 1 < pattern.size() && pattern[i + 1] >= '0' && pattern[i + 1] <= '9';
      if (!counts) return fmt::format("Illegal repetition near index {}", i);
    }
  }
  return in_class ? fmt::format("Unclosed character class near index {}", pattern.size()) : "";
}

}  // namespace

void Validation::agent(const Agent& agent) {
  if (agent.type.empty()) {
    return error(agent.place, fmt::format("No agent type specified. Must be one of {}",
                                          listed(catalog_.agents)));
  }
  auto known = catalog_.agents.find(agent.type);
  if (known == catalog_.agents.end()) {
    return error(agent.place, fmt::format("Invalid agent type \"{}\" specified. Must be one of {}",
                                          agent.type, listed(catalog_.agents)));
  }
  const Signature& type = known->second;
  if (agent.argument) {
    std::vector<std::string> required;
    for (const ParameterType& parameter : type.parameters) {
      if (parameter.required) required.push_back(parameter.name);
    }
    if (required.size() > 1) {
      error(agent.place, fmt::format("Multiple parameters are required for agent type \"{}\" - "
                                     "[{}]. Please use a block instead.",
                                     agent.type, fmt::join(required, ", ")));
    }
    if (type.parameters.empty() && !type.open) {
      error(agent.place, fmt::format("Invalid argument for agent - \"{}\" - must be map of config "
                                     "options or bare [any, none].",
                                     agent.type));
    }
    return;
  }
  agent_settings(agent, agent.type);
}

void Validation::agent_settings(const Agent& agent, std::string_view type) {
  const Signature& signature = catalog_.agents.find(type)->second;
  for (const AgentSetting& setting : agent.settings) {
    if (signature.open || signature.parameter(setting.name) != nullptr) continue;
    std::vector<std::string> names;
    for (const ParameterType& parameter : signature.parameters) names.push_back(parameter.name);
    error(setting.place,
          fmt::format(
              "Invalid config option \"{}\" for agent type \"{}\". Valid config options are {}",
              setting.name, type, listed(names)));
  }
  for (const ParameterType& parameter : signature.parameters) {
    if (parameter.required && agent.setting(parameter.name) == nullptr) {
      error(agent.place, fmt::format("Missing required parameter for agent type \"{}\": {}", type,
                                     parameter.name));
    }
  }
}

void Validation::environment(const Environment& environment) {
  if (environment.entries.empty())
    error(environment.place, "No variables specified for environment");
  for (const EnvironmentEntry& entry : environment.entries) {
    if (is_environment_name(entry.name)) continue;
    error(entry.place,
          fmt::format(
              "\"{}\" is not a valid identifier and cannot be used for an environment variable. "
              "Identifiers must start with a letter or underscore and can contain only letters, "
              "numbers or underscores.",
              entry.name));
  }
}

/// `parameters` and `pipelineTriggers` are job properties of Scripted Pipeline; Declarative has
/// sections for them.
void Validation::options(const Calls& options, const Signatures& known) {
  bool of_pipeline = &known == &catalog_.options;
  Calls others = options;
  std::erase_if(others.list, [&](const Call& call) {
    bool taken = of_pipeline && (call.name == "parameters" || call.name == "triggers" ||
                                 call.name == "pipelineTriggers");
    if (taken) {
      std::string section = call.name == "parameters" ? "parameters" : "triggers";
      error(call.place, fmt::format("The \"{0}\" job property cant be used in the \"options\" "
                                    "directive. Use the \"{0} {{...}}\" directive instead.",
                                    section));
    }
    return taken;
  });
  if (others.list.empty() && !options.list.empty()) return;
  calls(others, known, "option", "options", true);
}

void Validation::calls(const Calls& calls, const Signatures& known, std::string_view what,
                       std::string_view section, bool unique) {
  if (calls.list.empty()) return error(calls.place, fmt::format("{} can not be empty", section));
  std::set<std::string_view> names;
  for (const Call& call : calls.list) {
    auto signature = known.find(call.name);
    if (signature == known.end()) {
      error(call.place, fmt::format("Invalid {0} type \"{1}\". Valid {0} types: {2}", what,
                                    call.name, listed(known)));
      continue;
    }
    if (unique && !names.insert(call.name).second)
      error(call.place, fmt::format("Duplicate {} name: \"{}\"", what, call.name));
    arguments(call, signature->second, false);
  }
}

void Validation::tools(const Tools& tools) {
  if (tools.list.empty()) error(tools.place, "No tools specified");
  for (const Tool& tool : tools.list) {
    if (std::ranges::find(catalog_.tools, tool.type) == catalog_.tools.end()) {
      error(tool.place, fmt::format("Invalid tool type \"{}\". Valid tool types: {}", tool.type,
                                    listed(catalog_.tools)));
      continue;
    }
    const auto installs = catalog_.installs.find(tool.type);
    const std::string* version = tool.version.string();
    if (installs == catalog_.installs.end() || version == nullptr ||
        std::ranges::find(installs->second, *version) != installs->second.end())
      continue;
    const std::vector<std::string> near = nearest(*version, installs->second, 1);
    error(tool.place, fmt::format("Tool type \"{}\" does not have an install of \"{}\" configured "
                                  "- did you mean \"{}\"?",
                                  tool.type, *version, near.empty() ? "null" : near[0]));
  }
}

void Validation::input(const Input& input) {
  if (!input.message) error(input.place, "No message specified for input");
  if (input.parameters)
    calls(*input.parameters, catalog_.parameters, "parameter", "parameters", false);
}

void Validation::when(const When& when) {
  if (when.conditions.empty())
    error(when.place, "Empty when closure, remove the property or add some content.");
  for (const Condition& one : when.conditions) condition(one);
}

void Validation::condition(const Condition& condition) {
  auto known = catalog_.conditions.find(condition.name);
  if (known == catalog_.conditions.end()) {
    return error(condition.place, fmt::format("Unknown conditional {}. Valid conditionals are: {}",
                                              condition.name, [&] {
                                                std::string names = listed(catalog_.conditions);
                                                return names.substr(1, names.size() - 2);
                                              }()));
  }
  if (condition.name == "expression") {
    bool plain = condition.expression && condition.args.empty();
    if (!plain) error(condition.place, "Expected a block for expression");
    return;
  }
  bool negation = condition.name == "not";
  if (!negation && condition.name != "allOf" && condition.name != "anyOf") {
    if (condition.block) {
      return error(condition.place,
                   fmt::format("No children when conditions are allowed for when condition \"{}\".",
                               condition.name));
    }
    arguments(condition, known->second, false);
    if (condition.name == "changelog" && condition.args.empty()) {
      error(condition.place, "Changelog is missing required parameter \"pattern\".");
    }
    const std::string* pattern = condition.name == "changelog" && condition.args.size() == 1
                                     ? condition.args[0].value.string()
                                     : nullptr;
    if (pattern != nullptr) {
      std::string wrong = wrong_pattern(*pattern);
      if (!wrong.empty()) {
        error(condition.place,
              fmt::format("\"{}\" is not a valid regular expression. {}", *pattern, wrong));
      }
    }
    return;
  }
  if (!condition.args.empty()) {
    error(condition.place,
          fmt::format("No additional arguments are allowed for children when condition \"{}\".",
                      condition.name));
  }
  if (negation && condition.children.size() != 1) {
    error(condition.place,
          fmt::format("Nested when condition \"not\" requires exactly 1 child condition(s)."));
  } else if (condition.children.empty()) {
    error(condition.place,
          fmt::format("Nested when condition \"{}\" requires at least one child condition.",
                      condition.name));
  }
  for (const Condition& child : condition.children) this->condition(child);
}

void Validation::post(const Post& post) {
  if (post.conditions.empty()) error(post.place, "post can not be empty");
  std::set<std::string_view> names;
  for (const PostCondition& condition : post.conditions) {
    const auto& valid = post_condition_names();
    if (std::ranges::find(valid, condition.name) == valid.end()) {
      error(condition.place, fmt::format("Invalid condition \"{}\" - valid conditions are {}",
                                         condition.name, listed(valid)));
    }
    if (!names.insert(condition.name).second)
      error(condition.place, fmt::format("Duplicate build condition name: \"{}\"", condition.name));
    if (condition.steps.list.empty()) error(condition.place, "No steps specified for branch");
    steps(condition.steps.list, false);
  }
}

}  // namespace ks::pipeline
