#include "engine/report.h"

#include <boost/json.hpp>
#include <map>

namespace ks::engine {

std::string_view status_of(const RunNode& node) {
  switch (node.state) {
    case NodeState::running: return "IN_PROGRESS";
    case NodeState::paused: return "PAUSED_PENDING_INPUT";
    case NodeState::skipped: return "NOT_EXECUTED";
    case NodeState::finished: return to_string(node.result);
  }
  return "IN_PROGRESS";
}

json::value report_of(const Run& run) {
  const std::vector<RunNode> nodes = run.nodes();
  std::map<uint32_t, const RunNode*> by_id;
  for (const RunNode& node : nodes) by_id[node.id] = &node;
  auto is_stage = [](const RunNode& node) {
    return node.kind == NodeKind::stage || node.kind == NodeKind::branch;
  };
  auto stage_of = [&](const RunNode& node) -> uint32_t {
    for (uint32_t id = node.parent; id != 0;) {
      const auto found = by_id.find(id);
      if (found == by_id.end()) return 0;
      if (is_stage(*found->second)) return id;
      id = found->second->parent;
    }
    return 0;
  };
  auto millis = [](WallTime time) { return time.time_since_epoch().count(); };
  std::map<uint32_t, json::array> steps;
  for (const RunNode& node : nodes) {
    if (is_stage(node)) continue;
    steps[stage_of(node)].push_back({{"id", std::to_string(node.id)},
                                     {"name", node.name},
                                     {"label", node.label},
                                     {"status", status_of(node)}});
  }
  json::array stages;
  for (const RunNode& node : nodes) {
    if (!is_stage(node)) continue;
    const uint32_t parent = stage_of(node);
    const bool ended = node.ended != WallTime{};
    stages.push_back(
        {{"id", std::to_string(node.id)},
         {"name", node.name},
         {"status", status_of(node)},
         {"startMillis", millis(node.started)},
         {"durationMillis", ended ? millis(node.ended) - millis(node.started) : 0},
         {"parent", parent == 0 ? json::value(nullptr) : json::value(std::to_string(parent))},
         {"steps", std::move(steps[node.id])}});
  }
  json::array artifacts;
  for (const Artifact& artifact : run.artifacts())
    artifacts.push_back({{"path", artifact.path}, {"size", artifact.bytes}});
  json::object report{{"result", to_string(run.result())},
                      {"durationMillis", millis(run.ended()) - millis(run.started())},
                      {"stages", std::move(stages)},
                      {"artifacts", std::move(artifacts)}};
  const std::optional<TestSummary> tests = run.tests();
  report["tests"] = tests
                        ? json::value{{"totalCount", tests->total},
                                      {"failCount", tests->failed},
                                      {"skipCount", tests->skipped},
                                      {"passCount", tests->total - tests->failed - tests->skipped}}
                        : json::value(json::object());
  return report;
}

}  // namespace ks::engine
