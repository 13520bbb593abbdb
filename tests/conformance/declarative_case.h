#pragma once

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cases.h"

// The cases of kind `run` in declarative/expectations.json as runs.

namespace ks::conformance {

/// What of its expectations cannot be looked at here. It fails then.
inline std::optional<std::string> out_of_reach(const json::object& one) {
  const json::value* builds = one.if_contains("runs");
  if (builds == nullptr) return std::nullopt;
  constexpr std::string_view kKnown[] = {"result",     "logContains",  "logNotContains",
                                         "logInOrder", "logMatches",   "file",
                                         "agentEnv",   "commitsBefore"};
  for (const json::value& build : builds->as_array()) {
    for (const auto& [key, value] : build.as_object()) {
      if (std::ranges::find(kKnown, std::string_view(key)) == std::end(kKnown))
        return fmt::format("no builds with {} in this harness", std::string_view(key));
    }
  }
  return std::nullopt;
}

/// The tools that the cases take for installed: stand-ins that tell their version.
inline void install_tools(const std::string& home) {
  for (const auto& [path, version] :
       {std::pair("/bin/mvn", "Apache Maven 3.0.1 (a stand-in)"),
        std::pair("/bin/ant", "Apache Ant(TM) version 1.9.2"),
        std::pair("/maven-3.5.0/bin/mvn", "Apache Maven 3.5.0 (a stand-in)")}) {
    const std::string program = home + path;
    (void)make_dirs(program.substr(0, program.rfind('/')));
    (void)write_file_atomic(program, fmt::format("#!/bin/sh\necho '{}'\n", version));
    chmod(program.c_str(), 0755);
  }
}

inline std::vector<std::string> causes(const json::object& one) {
  const json::value* cause = one.if_contains("cause");
  if (cause == nullptr) return {};
  const std::string_view type = text_at(*cause, {"type"});
  if (type == "UserIdCause")
    return {fmt::format("Started by user {}", text_at(*cause, {"userId"}))};
  if (type == "TimerTriggerCause") return {"Started by timer"};
  return {"Started by an SCM change"};
}

inline void add_machines(const json::object& one, const std::string& tools,
                         engine::OnceOptions& options) {
  const json::value* setup = one.if_contains("setup");
  const json::value* agents = setup == nullptr ? nullptr : find(*setup, {"agents"});
  if (agents == nullptr) return;
  const json::value* more = one.if_contains("agentEnv");
  for (const json::value& agent : agents->as_array()) {
    engine::LocalNodeOptions::Machine machine{
        .name = fmt::format("agent{}", options.machines.size()),
        .labels = {},
        .env = {},
        .executors = 8};
    machine.labels = texts(agent.as_object(), "labels");
    machine.env.emplace_back("MAVEN_HOME", tools);
    machine.env.emplace_back("ANT_HOME", tools);
    for (const json::value* env : {agent.as_object().if_contains("env"), more}) {
      if (env == nullptr || !env->is_object()) continue;
      for (const auto& [name, value] : env->get_object())
        machine.env.emplace_back(name, value.as_string());
    }
    options.machines.push_back(std::move(machine));
  }
}

inline void add_inputs(const json::object& one, engine::OnceOptions& options) {
  const json::value* inputs = one.if_contains("inputs");
  if (inputs == nullptr) return;
  for (const json::value& input : inputs->as_array()) {
    engine::InputAnswer answer;
    answer.proceed = text_at(input, {"action"}) != "abort";
    if (const json::value* values = input.as_object().if_contains("parameters"))
      answer.parameters_json = to_json(*values);
    std::string id(text_at(input, {"id"}));
    options.inputs[id] = answer;
    // The reference begins every id in upper case.
    id[0] = static_cast<char>(id[0] | 0x20);
    options.inputs[id] = answer;
  }
}

/// The builds of a case, one after another; each says what is expected of it.
inline std::vector<json::object> builds_of(const json::object& one) {
  const json::value* builds = one.if_contains("runs");
  if (builds == nullptr) return {one};
  std::vector<json::object> all;
  for (const json::value& build : builds->as_array()) all.push_back(build.as_object());
  return all;
}

/// Of one build: `one` is the case, `build` one of builds_of(). `root` holds the corpus, `tools`
/// what install_tools() made.
inline engine::OnceOptions declarative_options(const json::object& one, const json::object& build,
                                               const std::string& root, const std::string& tools) {
  engine::OnceOptions options;
  options.job = "test0";
  const json::object& source = build.contains("file") ? build : one;
  options.script = read_text(root + "/" + std::string(source.at("file").as_string()));
  options.credentials_yaml = credentials_yaml(one);
  options.causes = causes(one);
  json::object settings = one;
  if (const json::value* env = build.if_contains("agentEnv")) settings["agentEnv"] = *env;
  add_machines(settings, tools, options);
  options.tools = {{.name = "apache-maven-3.0.1", .type = "maven", .home = tools},
                   {.name = "apache-maven-3.5.0", .type = "maven", .home = tools + "/maven-3.5.0"}};
  add_inputs(one, options);
  return options;
}

}  // namespace ks::conformance
