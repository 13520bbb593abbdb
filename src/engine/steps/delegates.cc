#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "engine/missing_steps.h"
#include "engine/step.h"
#include "engine/values.h"

// step, wrap: older names of things, by class.

namespace ks::engine {
namespace {

/// A class of a plugin, and the step that does the same. A parameter may have another name there.
struct Delegate {
  std::string_view class_name, step;
  std::string_view renamed = {}, parameter = {};
};
constexpr Delegate kSteps[] = {
    {"ArtifactArchiver", "archiveArtifacts"},
    {"JUnitResultArchiver", "junit"},
    {"Fingerprinter", "fingerprint"},
    {"HtmlPublisher", "publishHTML", "reportTargets", "target"},
    {"WsCleanup", "cleanWs"},
    {"GitHubCommitStatusSetter", "githubNotify"},
    {"CopyArtifact", "copyArtifacts"},
    {"CoberturaPublisher", "cobertura"},
    {"JacocoPublisher", "jacoco"},
    {"XUnitPublisher", "xunit"},
    {"XUnitBuilder", "xunit"},
    {"ExtendedEmailPublisher", "emailext", "recipientList", "to"},
};
constexpr Delegate kWrappers[] = {
    {"AnsiColorBuildWrapper", "ansiColor"},
    {"TimestamperBuildWrapper", "timestamps"},
    {"ConfigFileBuildWrapper", "configFileProvider", "managedFiles", "files"},
    {"SSHAgentBuildWrapper", "sshagent", "credentialIds", "credentials"},
    {"SonarBuildWrapper", "withSonarQubeEnv"},
};

std::string class_of(StepCall& call) {
  const auto name = groovy::map_get(call.task, call.value("delegate"), "$class");
  if (!name) {
    throw_illegal_argument(call, fmt::format("{} takes [$class: 'NAME', ...]", call.info.name));
  }
  const std::string whole = call.run.interpreter().to_string(call.task, *name);
  return whole.substr(whole.rfind('.') == whole.npos ? 0 : whole.rfind('.') + 1);
}

groovy::Value call_as(StepCall& call, const Delegate& delegate) {
  const StepInfo* info = call.run.services().steps->find(delegate.step);
  if (info == nullptr) {
    call.fail(why_missing(delegate.step)
                  .value_or(fmt::format("step '{}' does not run here", delegate.step)));
  }
  StepCall inner(call.run, call.task, *info);
  inner.node = call.node;
  inner.body = call.body;
  inner.native_body = call.native_body;
  for (const auto& [name, value] : groovy::map_entries(call.task, call.value("delegate"))) {
    const std::string_view meant = name == delegate.renamed ? delegate.parameter : name;
    if (std::ranges::find(info->parameters, meant) != info->parameters.end())
      inner.arguments.insert_or_assign(std::string(meant), value);
  }
  if (info->needs == Needs::node) need_workspace(call);
  return info->function(inner);
}

/// `[$class: 'Mailer', recipients: 'a@b']`: a mail when the run is not as it should be.
groovy::Value mailer(StepCall& call) {
  const json::value delegate = data_of(call, call.value("delegate"));
  const BuildResult result = call.run.result();
  if (result == BuildResult::success ||
      (result == BuildResult::unstable && bool_at(delegate, {"dontNotifyEveryUnstableBuild"})))
    return {};
  const StepInfo* info = call.run.services().steps->find("mail");
  StepCall inner(call.run, call.task, *info);
  inner.node = call.node;
  const std::string name = fmt::format("{} #{}", call.run.spec().job, call.run.spec().number);
  const std::string verb = result == BuildResult::unstable ? "became unstable" : "failed";
  inner.arguments.insert_or_assign("to", call.string(text_at(delegate, {"recipients"})));
  inner.arguments.insert_or_assign("subject", call.string(fmt::format("Build {}: {}", verb, name)));
  inner.arguments.insert_or_assign(
      "body",
      call.string(fmt::format("{} {}\n\nSee {}", name, verb,
                              call.run.env_value(nullptr, "BUILD_URL").value_or("its log"))));
  return info->function(inner);
}

groovy::Value step(StepCall& call) {
  const std::string name = class_of(call);
  if (name == "Mailer") return mailer(call);
  for (const Delegate& known : kSteps) {
    if (known.class_name == name) return call_as(call, known);
  }
  std::vector<std::string> names = {"Mailer"};
  for (const Delegate& known : kSteps) names.emplace_back(known.class_name);
  call.fail(
      fmt::format("step: there is no class '{}' here; known are {}", name, join(names, ", ")));
}

/// Who started the run, as variables (plugin build-user-vars).
groovy::Value with_build_user(StepCall& call) {
  constexpr std::string_view kBy = "Started by user ";
  std::string user;
  for (const std::string& cause : call.run.spec().causes) {
    if (cause.starts_with(kBy)) user = cause.substr(kBy.size());
  }
  const size_t blank = user.find(' ');
  return call.call_body([&](StepContext& inner) {
    if (user.empty()) return;
    inner.env = {{"BUILD_USER", user},
                 {"BUILD_USER_ID", user},
                 {"BUILD_USER_FIRST_NAME", user.substr(0, blank)},
                 {"BUILD_USER_LAST_NAME", blank == user.npos ? "" : user.substr(blank + 1)}};
  });
}

groovy::Value wrap(StepCall& call) {
  const std::string name = class_of(call);
  if (name == "BuildUser") return with_build_user(call);
  for (const Delegate& known : kWrappers) {
    if (known.class_name == name) return call_as(call, known);
  }
  std::vector<std::string> names = {"BuildUser"};
  for (const Delegate& known : kWrappers) names.emplace_back(known.class_name);
  call.fail(
      fmt::format("wrap: there is no class '{}' here; known are {}", name, join(names, ", ")));
}

}  // namespace

void add_delegate_steps(StepRegistry& registry) {
  registry.add({.name = "step", .parameters = {"delegate"}, .sole = "delegate", .function = step});
  registry.add({.name = "wrap",
                .parameters = {"delegate"},
                .sole = "delegate",
                .block = true,
                .function = wrap});
}

}  // namespace ks::engine
