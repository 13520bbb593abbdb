#include "engine/surroundings.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "engine/context.h"
#include "engine/host_classes.h"
#include "engine/run.h"
#include "engine/step.h"
#include "engine/values.h"

// getContext.

namespace ks::engine {

namespace {

/// Asked for outside of a node, these are not there.
constexpr std::array<std::string_view, 4> kOfNode = {"hudson.FilePath", "hudson.Launcher",
                                                     "hudson.model.Computer", "hudson.model.Node"};
constexpr std::array<std::string_view, 3> kOfRun = {"hudson.EnvVars", "hudson.model.Run",
                                                    "hudson.model.TaskListener"};

bool is_of_node(std::string_view name) { return std::ranges::find(kOfNode, name) != kOfNode.end(); }

/// A class that a script may name, and nothing else: no `new`, no static member.
class NamedClass : public groovy::HostObject {
 public:
  explicit NamedClass(std::string_view name) : name_(name) {}
  std::string class_name() const override { return "java.lang.Class"; }
  std::string to_string(groovy::Task&) override { return "class " + std::string(name_); }
  std::string_view name() const { return name_; }

 private:
  std::string_view name_;  // one of the constants above
};

/// What is there.
class Present : public groovy::HostObject {
 public:
  explicit Present(std::string_view name) : name_(name) {}
  std::string class_name() const override { return std::string(name_); }
  std::string to_string(groovy::Task&) override { return std::string(name_); }

 private:
  std::string_view name_;
};

groovy::Value get_context(StepCall& call) {
  const groovy::Value type = call.value("type");
  const auto* wanted = type.as_dynamic<NamedClass>();
  if (wanted == nullptr) {
    throw_illegal_argument(call, fmt::format("getContext takes one of these classes: {}, {}",
                                             fmt::join(kOfNode, ", "), fmt::join(kOfRun, ", ")));
  }
  if (is_of_node(wanted->name()) && call.run.context(call.task)->workspace == nullptr) return {};
  return groovy::Value(call.run.interpreter().heap().make<Present>(wanted->name()));
}

}  // namespace

std::optional<groovy::Value> surroundings_class(Run& run, std::string_view name) {
  for (const std::string_view each : kOfNode) {
    if (each == name) return groovy::Value(run.interpreter().heap().make<NamedClass>(each));
  }
  for (const std::string_view each : kOfRun) {
    if (each == name) return groovy::Value(run.interpreter().heap().make<NamedClass>(each));
  }
  return std::nullopt;
}

void add_surroundings_steps(StepRegistry& registry) {
  registry.add(
      {.name = "getContext", .parameters = {"type"}, .sole = "type", .function = get_context});
}

}  // namespace ks::engine
