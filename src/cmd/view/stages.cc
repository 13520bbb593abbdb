#include "cmd/view/stages.h"

#include <algorithm>
#include <map>

namespace ks::cmd {
namespace {

using std::chrono::milliseconds;

bool is_shown(const engine::RunNode& node) {
  if (node.kind == engine::NodeKind::branch) return true;
  return node.kind == engine::NodeKind::stage && !node.name.starts_with("Declarative: ");
}

Stage::State state_of(engine::NodeState state) {
  switch (state) {
    case engine::NodeState::running: return Stage::State::running;
    case engine::NodeState::paused: return Stage::State::paused;
    case engine::NodeState::finished: return Stage::State::finished;
    case engine::NodeState::skipped: return Stage::State::skipped;
  }
  return Stage::State::running;
}

Stage::State state_of(std::string_view state) {
  if (state == "RUNNING") return Stage::State::running;
  if (state == "PAUSED") return Stage::State::paused;
  if (state == "FINISHED") return Stage::State::finished;
  if (state == "SKIPPED") return Stage::State::skipped;
  return Stage::State::waiting;
}

}  // namespace

Stages stages_of(const std::vector<engine::RunNode>& nodes, WallTime now) {
  Stages out;
  std::map<uint32_t, int> depth_inside;  // of what a node holds
  std::map<uint32_t, size_t> places;     // of the stage that a node is in
  for (const engine::RunNode& node : nodes) {
    const auto around = depth_inside.find(node.parent);
    const int depth = around == depth_inside.end() ? 0 : around->second;
    depth_inside[node.id] = depth + (is_shown(node) ? 1 : 0);
    if (const auto place = places.find(node.parent); place != places.end()) {
      places[node.id] = place->second;
      if (node.state == engine::NodeState::paused) out[place->second].state = Stage::State::paused;
    }
    if (!is_shown(node)) continue;
    const WallTime end = node.ended == WallTime{} ? now : node.ended;
    places[node.id] = out.size();
    out.push_back({.name = node.name,
                   .depth = depth,
                   .state = state_of(node.state),
                   .result = std::string(engine::to_string(node.result)),
                   .took = std::max(milliseconds{0}, milliseconds(end - node.started))});
  }
  return out;
}

Stages stages_of(const std::vector<jenkins::Node>& nodes) {
  Stages out;
  struct Seen {
    int depth;
    bool parallel;
  };
  std::map<std::string, Seen> seen;
  for (const jenkins::Node& node : nodes) {
    // A branch is within the stage that leads to it; a stage after a branch is within that, after
    // another stage beside it.
    const bool parallel = node.type == "PARALLEL";
    int depth = 0;
    if (const auto before = seen.find(node.first_parent); before != seen.end()) {
      depth = before->second.depth + (parallel || before->second.parallel ? 1 : 0);
    }
    seen[node.id] = {depth, parallel};
    out.push_back({.name = node.name,
                   .depth = depth,
                   .state = state_of(node.state),
                   .result = node.result,
                   .took = milliseconds(node.duration_ms)});
  }
  return out;
}

}  // namespace ks::cmd
