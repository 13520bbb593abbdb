#include "engine/rest/blue_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/change_sets.h"
#include "engine/rest/queue.h"

namespace ks::engine {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kCauseClass =
    "io.jenkins.blueocean.service.embedded.rest.AbstractRunImpl$BlueCauseImpl";

std::optional<WallTime> when(WallTime time) {
  return time == WallTime{} ? std::nullopt : std::optional(time);
}

int64_t duration(WallTime from, WallTime to, WallTime now) {
  if (from == WallTime{}) return 0;
  const WallTime end = to == WallTime{} ? now : to;
  return std::max<int64_t>(0, (end - from).count());
}

json::object cause_json(const std::string& text) {
  json::object out{{"_class", kCauseClass}, {"shortDescription", text}};
  constexpr std::string_view kBy = "Started by user ";
  if (text.starts_with(kBy)) {
    const std::string_view user = std::string_view(text).substr(kBy.size());
    out["userName"] = user;
    out["userId"] = user;
  }
  return out;
}

std::string_view summary_of(BuildResult result) {
  switch (result) {
    case BuildResult::success: return "stable";
    case BuildResult::unstable: return "unstable";
    case BuildResult::failure: return "broken since this build";
    case BuildResult::not_built: return "not built";
    case BuildResult::aborted: return "aborted";
  }
  return "?";
}

struct StateAndResult {
  std::string_view state, result;
};

StateAndResult state_of(const RunNode& node, bool asks) {
  if (asks) return {"PAUSED", "UNKNOWN"};
  switch (node.state) {
    case NodeState::running: return {"RUNNING", "UNKNOWN"};
    case NodeState::paused: return {"PAUSED", "UNKNOWN"};
    case NodeState::finished: return {"FINISHED", to_string(node.result)};
    case NodeState::skipped: return {"SKIPPED", "NOT_BUILT"};
  }
  return {"RUNNING", "UNKNOWN"};
}

/// The tree of a run with the places of its stages: which are shown, and what belongs to which.
class Tree {
 public:
  explicit Tree(const RunInfo& info) : info_(info) {
    for (const RunNode& node : info.nodes) by_id_[node.id] = &node;
    for (const PendingInput& input : info.inputs) {
      for (uint32_t id = input.node; id != 0; id = parent(id)) asking_[id] = &input;
    }
  }

  const RunNode* find(uint32_t id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }
  /// A question that the node, or a step within it, waits with.
  const PendingInput* asks(uint32_t id) const {
    const auto found = asking_.find(id);
    return found == asking_.end() ? nullptr : found->second;
  }

  /// A Declarative stage among parallel ones is a branch with a stage of the same name in it: one
  /// thing to people.
  bool is_of_branch(const RunNode& stage) const {
    const RunNode* around = find(stage.parent);
    return around != nullptr && around->kind == NodeKind::branch && around->name == stage.name;
  }
  /// Stages one in another without branches between are shown as the outermost alone.
  bool shown(const RunNode& node) const {
    if (node.kind == NodeKind::branch) return true;
    if (node.kind != NodeKind::stage || node.name.starts_with("Declarative: ")) return false;
    for (uint32_t id = node.parent; id != 0; id = parent(id)) {
      const RunNode* around = find(id);
      if (around == nullptr) break;
      if (around->kind == NodeKind::branch) return around->name != node.name;
      if (around->kind == NodeKind::stage && !is_of_branch(*around)) return false;
    }
    return true;
  }
  /// The nearest shown node around this one; 0 when there is none.
  uint32_t shown_around(const RunNode& node) const {
    for (uint32_t id = node.parent; id != 0; id = parent(id)) {
      const RunNode* around = find(id);
      if (around == nullptr) return 0;
      if (shown(*around)) return id;
    }
    return 0;
  }

 private:
  uint32_t parent(uint32_t id) const {
    const RunNode* node = find(id);
    // Ids grow from the outside in: a parent that does not would be a circle.
    return node == nullptr || node->parent >= id ? 0 : node->parent;
  }

  const RunInfo& info_;
  std::map<uint32_t, const RunNode*> by_id_;
  std::map<uint32_t, const PendingInput*> asking_;
};

json::value input_json(const PendingInput& input) {
  json::value parameters = json::array();
  if (Result<json::value> parsed = parse_json(input.parameters_json);
      parsed && parsed->is_array()) {
    parameters = std::move(*parsed);
  }
  return json::object{
      {"_class", "io.jenkins.blueocean.rest.impl.pipeline.InputStepImpl"},
      {"_links", json::object()},
      {"id", input.id},
      {"message", input.message},
      {"ok", input.ok},
      {"parameters", std::move(parameters)},
      {"submitter",
       input.submitters.empty() ? json::value() : json::value(join(input.submitters, ","))}};
}

jenkins::Step step_of(const RunNode& node, const Tree& tree, WallTime now) {
  const PendingInput* asks = tree.asks(node.id);
  const auto [state, result] = state_of(node, asks != nullptr);
  jenkins::Step out;
  out.id = std::to_string(node.id);
  out.name = step_title(node.name);
  out.description = node.label;
  out.state = state;
  out.result = result;
  out.started = when(node.started);
  out.duration_ms = duration(node.started, node.ended, now);
  if (asks != nullptr) out.input = input_json(*asks);
  out.has_log = node.log_end > node.log_begin || node.state == NodeState::running;
  return out;
}

jenkins::Node node_of(const RunNode& node, const Tree& tree, const RunInfo& info, WallTime now) {
  const auto [state, result] = state_of(node, tree.asks(node.id) != nullptr);
  jenkins::Node out;
  out.id = std::to_string(node.id);
  out.name = node.name;
  out.type = node.kind == NodeKind::branch ? "PARALLEL" : "STAGE";
  out.state = state;
  out.result = result;
  out.started = when(node.started);
  out.duration_ms = duration(node.started, node.ended, now);
  out.restartable = info.finished() && node.kind == NodeKind::stage &&
                    node.state == NodeState::finished && tree.shown_around(node) == 0;
  return out;
}

std::string_view type_of(const RunNode& node) {
  return node.kind == NodeKind::branch ? "PARALLEL" : "STAGE";
}

/// Draws the lines of the graph: a stage leads to its branches, or to what follows it; branches,
/// and the stages in a row within them, lead to what follows their stage.
class Graph {
 public:
  Graph(const std::map<uint32_t, std::vector<const RunNode*>>& children,
        std::map<uint32_t, jenkins::Node*>& nodes)
      : children_(children), nodes_(nodes) {}

  void row(uint32_t around, const RunNode* after, const RunNode* before) {
    const auto found = children_.find(around);
    if (found == children_.end()) return;
    const std::vector<const RunNode*>& all = found->second;
    for (size_t i = 0; i < all.size(); ++i) {
      const RunNode* next = i + 1 < all.size() ? all[i + 1] : after;
      if (const RunNode* first = i > 0 ? all[i - 1] : before) {
        nodes_.at(all[i]->id)->first_parent = std::to_string(first->id);
      }
      inside(*all[i], next);
    }
  }

 private:
  void inside(const RunNode& node, const RunNode* next) {
    const auto found = children_.find(node.id);
    if (found == children_.end()) return edge(node, next);
    if (found->second.front()->kind != NodeKind::branch) {
      edge(node, found->second.front());
      return row(node.id, next, &node);
    }
    for (const RunNode* branch : found->second) {
      edge(node, branch);
      nodes_.at(branch->id)->first_parent = std::to_string(node.id);
      inside(*branch, next);
    }
  }
  void edge(const RunNode& from, const RunNode* to) {
    if (to == nullptr) return;
    nodes_.at(from.id)->edges.push_back({std::to_string(to->id), std::string(type_of(*to))});
  }

  const std::map<uint32_t, std::vector<const RunNode*>>& children_;
  std::map<uint32_t, jenkins::Node*>& nodes_;
};

std::string_view java_parameter(std::string_view type) {
  if (type == "text") return "Text";
  if (type == "boolean") return "Boolean";
  if (type == "password") return "Password";
  if (type == "choice") return "Choice";
  if (type == "file") return "File";
  return "String";
}

json::object parameter_json(const json::value& parameter) {
  const std::string_view type = text_at(parameter, {"type"});
  const std::string_view name = text_at(parameter, {"name"});
  const std::string_view java = java_parameter(type);
  std::string_view value = text_at(parameter, {"default_value"});
  json::object out{{"_class", fmt::format("hudson.model.{}ParameterDefinition", java)},
                   {"description", text_at(parameter, {"description"})},
                   {"name", name},
                   {"type", fmt::format("{}ParameterDefinition", java)}};
  if (type == "choice") {
    json::array choices;
    for (std::string_view choice : split(value, '\n')) choices.push_back(json::value(choice));
    out["choices"] = std::move(choices);
    value = value.substr(0, value.find('\n'));
  }
  if (type == "password") value = {};  // a secret
  if (type != "file") {
    out["defaultParameterValue"] = json::object{
        {"_class", fmt::format("hudson.model.{}ParameterValue", java)},
        {"name", name},
        {"value", type == "boolean" ? json::value(value == "true") : json::value(value)}};
  }
  return out;
}

}  // namespace

std::string step_title(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kTitles{{
      {"sh", "Shell Script"},
      {"bat", "Windows Batch Script"},
      {"echo", "Print Message"},
      {"error", "Error signal"},
      {"sleep", "Sleep"},
      {"input", "Wait for interactive input"},
      {"checkout", "Check out from version control"},
      {"git", "Git"},
      {"archiveArtifacts", "Archive the artifacts"},
      {"junit", "Archive JUnit-formatted test results"},
      {"stash", "Stash some files to be used later in the build"},
      {"unstash", "Restore files previously stashed"},
      {"readFile", "Read file from workspace"},
      {"writeFile", "Write file to workspace"},
      {"fileExists", "Verify if file exists in workspace"},
      {"isUnix", "Checks if running on a Unix-like node"},
      {"pwd", "Determine current directory"},
      {"deleteDir", "Recursively delete the current directory from the workspace"},
      {"unstable", "Set stage result to unstable"},
      {"mail", "Mail"},
      {"build", "Build a job"},
      {"readJSON", "Read JSON from files in the workspace."},
  }};
  for (const auto& [step, title] : kTitles) {
    if (step == name) return std::string(title);
  }
  return std::string(name);
}

jenkins::Run blue_run(const RunInfo& info, WallTime now) {
  jenkins::Run out;
  out.id = std::to_string(info.number);
  out.pipeline = info.job.name;
  out.description = info.description;
  switch (info.state) {
    case RunState::queued: out.state = "QUEUED"; break;
    case RunState::running: out.state = "RUNNING"; break;
    case RunState::paused: out.state = "PAUSED"; break;
    case RunState::finished: out.state = "FINISHED"; break;
  }
  out.result = info.finished() ? to_string(info.result) : "UNKNOWN";
  out.summary = info.finished() ? summary_of(info.result) : "?";
  if (info.display_name != fmt::format("#{}", info.number)) out.name = info.display_name;
  out.cause_of_blockage = info.waiting_for;
  out.queued = when(info.queued);
  out.started = when(info.started);
  out.ended = when(info.ended);
  out.duration_ms = duration(info.started, info.ended, now);
  out.estimated_ms = -1;
  out.replayable = info.finished();
  out.queue_id = std::to_string(queue_id(info.job, info.number));
  if (info.number > 1) out.previous_id = std::to_string(info.number - 1);
  out.commit_id = commit_of(info);
  out.changes =
      blue_changes(info, fmt::format("{}/runs/{}/", job_ref(info.job).blue_path(), info.number));
  for (const std::string& cause : info.causes) out.causes.push_back(cause_json(cause));
  if (!info.artifacts.empty()) {
    out.artifacts_zip =
        fmt::format("{}/{}/artifact/*zip*/archive.zip", job_ref(info.job).core_path(), info.number);
  }
  return out;
}

std::vector<jenkins::Node> blue_nodes(const RunInfo& info, WallTime now) {
  const Tree tree(info);
  std::vector<jenkins::Node> out;
  std::vector<const RunNode*> shown;
  for (const RunNode& node : info.nodes) {
    if (!tree.shown(node)) continue;
    shown.push_back(&node);
    out.push_back(node_of(node, tree, info, now));
  }
  std::map<uint32_t, jenkins::Node*> by_id;
  std::map<uint32_t, std::vector<const RunNode*>> children;
  for (size_t i = 0; i < shown.size(); ++i) {
    by_id[shown[i]->id] = &out[i];
    children[tree.shown_around(*shown[i])].push_back(shown[i]);
  }
  Graph(children, by_id).row(0, nullptr, nullptr);
  for (const RunNode& node : info.nodes) {
    if (node.kind != NodeKind::step) continue;
    const auto around = by_id.find(tree.shown_around(node));
    if (around != by_id.end()) around->second->steps.push_back(step_of(node, tree, now));
  }
  return out;
}

std::vector<jenkins::Step> blue_steps(const RunInfo& info, WallTime now) {
  const Tree tree(info);
  std::vector<jenkins::Step> out;
  for (const RunNode& node : info.nodes) {
    if (node.kind == NodeKind::step) out.push_back(step_of(node, tree, now));
  }
  return out;
}

jenkins::Pipeline blue_pipeline(const JobName& job, const json::array& parameters,
                                const std::vector<RunInfo>& latest, WallTime now) {
  jenkins::Pipeline out;
  out.job = job_ref(job);
  out.display_name = percent_decode(job.name);
  for (const json::value& one : parameters) out.parameters.push_back(parameter_json(one));
  if (latest.empty()) return out;
  out.latest = blue_run(latest.front(), now);
  int64_t finished = 0, failed = 0, timed = 0, total_ms = 0;
  for (const RunInfo& info : latest) {
    if (!info.finished()) continue;
    ++finished;
    if (info.result == BuildResult::failure) ++failed;
    // As Jenkins expects: from runs that came to their end, of the last three.
    const bool counts = info.result == BuildResult::success || info.result == BuildResult::unstable;
    if (counts && timed < 3) {
      ++timed;
      total_ms += duration(info.started, info.ended, now);
    }
  }
  if (finished > 0) out.weather_score = 100 * (finished - failed) / finished;
  // Of less than a millisecond, something: 0 means that nothing is known.
  if (timed > 0) out.estimated_ms = std::max<int64_t>(total_ms / timed, 1);
  return out;
}

}  // namespace ks::engine
