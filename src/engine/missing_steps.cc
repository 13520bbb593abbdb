#include "engine/missing_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/run.h"
#include "pipeline/step_guide.h"

namespace ks::engine {
namespace {

/// Steps and symbols that only a node with this capability can run.
constexpr std::array<std::string_view, 6> kOfDocker = {"withDockerContainer", "withDockerRegistry",
                                                       "withDockerServer",    "withTool",
                                                       "dockerNode",          "dockerfile"};
constexpr std::array<std::string_view, 21> kOfPods = {"container",
                                                      "podTemplate",
                                                      "containerLog",
                                                      "containerTemplate",
                                                      "containerEnvVar",
                                                      "secretEnvVar",
                                                      "hostPathVolume",
                                                      "emptyDirVolume",
                                                      "configMapVolume",
                                                      "secretVolume",
                                                      "persistentVolumeClaim",
                                                      "nfsVolume",
                                                      "envVar",
                                                      "podEnvVar",
                                                      "podAnnotation",
                                                      "portMapping",
                                                      "containerLivenessProbe",
                                                      "emptyDirWorkspaceVolume",
                                                      "hostPathWorkspaceVolume",
                                                      "persistentVolumeClaimWorkspaceVolume",
                                                      "dynamicPVC"};

std::string no_docker(std::string_view what) {
  return fmt::format(
      "{} needs a node with the capability 'docker' (a container runtime), and no node of this "
      "server has it. What works: install the tools on the node and run the commands with sh, or "
      "run with a node that has docker and call it with sh",
      what);
}

class Image final : public groovy::HostObject {
 public:
  Image(Run& run, std::string id) : run_(run), id_(std::move(id)) {}
  std::string class_name() const override {
    return "org.jenkinsci.plugins.docker.workflow.Docker$Image";
  }
  std::optional<groovy::Value> get_property(groovy::Task&, std::string_view name) override {
    if (name == "id") return run_.interpreter().make_string(id_);
    return std::nullopt;
  }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args) override {
    if (name == "imageName") return run_.interpreter().make_string(id_);
    constexpr std::array<std::string_view, 7> kRuns = {"inside", "run", "withRun", "pull",
                                                       "push",   "tag", "toString"};
    if (std::ranges::find(kRuns, name) == kRuns.end()) return std::nullopt;
    run_.fail(task, no_docker(fmt::format("docker.image('{}').{}", id_, name)));
  }

 private:
  Run& run_;
  std::string id_;
};

class Docker final : public groovy::HostObject {
 public:
  explicit Docker(Run& run) : run_(run) {}
  std::string class_name() const override { return "org.jenkinsci.plugins.docker.workflow.Docker"; }
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override {
    if (name == "image" && args.size() == 1) {
      return groovy::Value(
          run_.interpreter().heap().make<Image>(run_, run_.interpreter().to_string(task, args[0])));
    }
    constexpr std::array<std::string_view, 5> kRuns = {"build", "withRegistry", "withServer",
                                                       "withTool", "node"};
    if (std::ranges::find(kRuns, name) == kRuns.end()) return std::nullopt;
    run_.fail(task, no_docker(fmt::format("docker.{}", name)));
  }

 private:
  Run& run_;
};

}  // namespace

std::optional<std::string> why_missing(std::string_view step) {
  if (std::ranges::find(kOfDocker, step) != kOfDocker.end())
    return no_docker(fmt::format("step '{}'", step));
  if (std::ranges::find(kOfPods, step) != kOfPods.end()) {
    return fmt::format(
        "step '{}' needs a node with the capability 'kubernetes' (pods and their containers), and "
        "no node of this server has it. What works: node('LABEL') on a machine with the tools, and "
        "sh without container",
        step);
  }
  const pipeline::StepGuide* guide = pipeline::step_guide(step);
  if (guide == nullptr) return std::nullopt;
  return fmt::format("step '{}' of plugin '{}' does not run here{}{}", step, guide->plugin,
                     guide->instead.empty() ? "" : "; what works: ", guide->instead);
}

groovy::Value docker_global(Run& run) {
  return groovy::Value(run.interpreter().heap().make<Docker>(run));
}

}  // namespace ks::engine
