#pragma once

#include <unistd.h>

#include <map>
#include <thread>

#include "declarative_job.h"
#include "durability_process.h"

// A build of a job on a server that is killed and started again, for cases that need what a server
// keeps: restarts from a stage, what a Jenkinsfile declares of its job.

namespace ks::conformance {

/// As engine::report_of() of a run, as far as stable_report() looks.
inline json::object report_of(const engine::RunInfo& info) {
  using engine::NodeKind;
  std::map<uint32_t, const engine::RunNode*> by_id;
  for (const engine::RunNode& node : info.nodes) by_id[node.id] = &node;
  auto is_stage = [](const engine::RunNode& node) {
    return node.kind == NodeKind::stage || node.kind == NodeKind::branch;
  };
  auto stage_of = [&](const engine::RunNode& node) {
    uint32_t id = node.parent;
    while (id != 0 && by_id.contains(id) && !is_stage(*by_id.at(id))) id = by_id.at(id)->parent;
    return id;
  };
  auto status = [](const engine::RunNode& node) {
    return fmt::format("{} {} {}", static_cast<int>(node.state), engine::to_string(node.result),
                       node.error);
  };
  json::array stages;
  for (const engine::RunNode& node : info.nodes) {
    if (!is_stage(node)) continue;
    json::array steps;
    for (const engine::RunNode& step : info.nodes) {
      if (is_stage(step) || stage_of(step) != node.id) continue;
      steps.push_back(
          json::object{{"name", step.name}, {"label", step.label}, {"status", status(step)}});
    }
    stages.push_back(json::object{{"id", std::to_string(node.id)},
                                  {"name", node.name},
                                  {"status", status(node)},
                                  {"parent", std::to_string(stage_of(node))},
                                  {"steps", std::move(steps)}});
  }
  json::array artifacts;
  for (const engine::Artifact& artifact : info.artifacts)
    artifacts.push_back(json::value(artifact.path));
  return {{"result", engine::to_string(info.result)},
          {"stages", std::move(stages)},
          {"artifacts", std::move(artifacts)},
          {"tests", info.tests ? info.tests->total : 0}};
}

/// In the process of the server: begins this build of the case, or waits for the one that is under
/// way, to its end or to the kill. Leaves report.json in the folder, and the build's files by name.
inline int serve_job(const json::object& one, const json::object& build, uint64_t number,
                     const std::string& root, const std::string& tools, const std::string& folder,
                     const std::optional<Kill>& kill) {
  DeclarativeJob job(one, root, tools, folder + "/data", die_at(kill));
  if (!job.engine().run(job.name(), number, false)) {
    const Result<uint64_t> begun = job.begin(build);
    if (!begun || *begun != number) {
      fmt::print(stderr, "{}\n", begun ? "another number" : begun.error().message);
      return 1;
    }
  }
  const json::object report = report_of(job.wait(number));
  // Saved, so that the next build need not replay it.
  while (!file_exists(job.build_folder(number) + "/result.json"))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (const char* name : {"journal", "log", "files"}) {
    std::error_code error;
    std::filesystem::create_symlink(job.build_folder(number) + "/" + name, folder + "/" + name,
                                    error);
  }
  return write_file_atomic(folder + "/report.json", to_json(json::value(report))) ? 0 : 1;
}

}  // namespace ks::conformance
