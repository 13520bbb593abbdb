#include "engine/tools.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "engine/step.h"

// tool, and the tools of Declarative.

namespace ks::engine {
namespace {

struct ToolType {
  std::string_view type;
  std::string_view java_class;              ///< as `tool type: '...'` may name it
  std::vector<std::string_view> variables;  ///< all are set to the folder
};

const ToolType* type_of(std::string_view name) {
  static const ToolType kTypes[] = {
      {"maven", "hudson.tasks.Maven$MavenInstallation", {"MAVEN_HOME", "M2_HOME"}},
      {"jdk", "hudson.model.JDK", {"JAVA_HOME"}},
      {"ant", "hudson.tasks.Ant$AntInstallation", {"ANT_HOME"}},
      {"gradle", "hudson.plugins.gradle.GradleInstallation", {"GRADLE_HOME"}},
      {"nodejs", "jenkins.plugins.nodejs.tools.NodeJSInstallation", {"NODEJS_HOME"}},
      {"go", "org.jenkinsci.plugins.golang.GolangInstallation", {"GOROOT"}},
      {"git", "hudson.plugins.git.GitTool", {"GIT_HOME"}},
      {"dockerTool", "org.jenkinsci.plugins.docker.commons.tools.DockerTool", {"DOCKER_HOME"}},
  };
  const auto found = std::ranges::find_if(
      kTypes, [&](const ToolType& t) { return t.type == name || t.java_class == name; });
  return found == std::end(kTypes) ? nullptr : &*found;
}

std::vector<std::string> variables_of(std::string_view type) {
  if (const ToolType* known = type_of(type))
    return {known->variables.begin(), known->variables.end()};
  return {to_upper(type) + "_HOME"};
}

groovy::Value tool(StepCall& call) {
  const std::string name = call.text("name"), type = call.text("type");
  if (name.empty()) call.fail("tool needs a name");
  return call.string(tool_home(call.run, call.task, type, name));
}

}  // namespace

std::string tool_home(Run& run, groovy::Task& task, std::string_view type, std::string_view name) {
  const ToolType* known = type_of(type);
  const std::string_view wanted = known == nullptr ? type : known->type;
  for (const Tool& tool : run.services().tools) {
    if (tool.name == name && (wanted.empty() || tool.type == wanted)) return tool.home;
  }
  if (!wanted.empty()) {
    for (const std::string& variable : variables_of(wanted)) {
      if (const auto home = run.env_value(run.context(task).get(), variable)) return *home;
    }
  }
  const std::string hint =
      wanted.empty() ? "configure it" : "configure it, or set " + variables_of(wanted)[0];
  run.fail(task, fmt::format("No {} named {} found: {} on the node",
                             wanted.empty() ? std::string_view("tool") : wanted, name, hint));
}

std::vector<std::pair<std::string, std::string>> tool_variables(std::string_view type,
                                                                const std::string& home) {
  std::vector<std::pair<std::string, std::string>> env;
  for (std::string& variable : variables_of(type)) env.emplace_back(std::move(variable), home);
  env.emplace_back("PATH+" + to_upper(type), home + "/bin");
  return env;
}

void add_tool_steps(StepRegistry& registry) {
  registry.add({.name = "tool",
                .parameters = {"name", "type"},
                .sole = "name",
                .needs = Needs::node,
                .function = tool});
}

}  // namespace ks::engine
