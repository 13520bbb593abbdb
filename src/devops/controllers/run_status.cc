#include "devops/controllers/run_status.h"

#include <algorithm>
#include <boost/json.hpp>

namespace ks::devops {
namespace {

void put(json::object& to, std::string_view name, const std::string& text) {
  if (!text.empty()) to[name] = text;
}
void put(json::object& to, std::string_view name, int64_t number) {
  if (number != 0) to[name] = number;
}
void put(json::object& to, std::string_view name, bool flag) {
  if (flag) to[name] = true;
}
void put(json::object& to, std::string_view name, const json::value& value) {
  if (!value.is_null()) to[name] = value;
}
void put(json::object& to, std::string_view name, const json::array& list) {
  if (!list.empty()) to[name] = list;
}
void put_time(json::object& to, std::string_view name, const std::optional<WallTime>& time) {
  to[name] = time ? json::value(format_rfc3339(*time)) : json::value();
}

json::object step_json(const jenkins::Step& step) {
  json::object out;
  put(out, "id", step.id);
  put(out, "displayName", step.name);
  put(out, "displayDescription", step.description);
  put(out, "type", step.type);
  put(out, "result", step.result);
  put(out, "state", step.state);
  put_time(out, "startTime", step.started);
  put(out, "durationInMillis", step.duration_ms);
  put(out, "input", step.input);
  return out;
}

json::object node_json(const jenkins::Node& node, bool with_steps) {
  json::object out;
  put(out, "displayDescription", node.description);
  put(out, "displayName", node.name);
  put(out, "durationInMillis", node.duration_ms);
  put(out, "id", node.id);
  put(out, "input", node.input);
  put(out, "result", node.result);
  put_time(out, "startTime", node.started);
  put(out, "state", node.state);
  put(out, "type", node.type);
  put(out, "causeOfBlockage", node.cause_of_blockage);
  json::array edges;
  for (const jenkins::Node::Edge& edge : node.edges) {
    edges.push_back(json::object{{"id", edge.id}, {"type", edge.type}});
  }
  put(out, "edges", edges);
  put(out, "firstParent", node.first_parent);
  put(out, "restartable", node.restartable);
  if (!with_steps) return out;
  json::array steps;
  for (const jenkins::Step& step : node.steps) steps.push_back(step_json(step));
  put(out, "steps", steps);
  return out;
}

struct Judgement {
  std::string_view phase = "Unknown";
  std::string_view type = "Ready";
  std::string_view status = "Unknown";
  bool complete = false;
};

Judgement judge(std::string_view state, std::string_view result) {
  if (state == "QUEUED" || state == "RUNNING") return {.phase = "Running"};
  if (state == "PAUSED") return {.phase = "Pending"};
  if (state == "SKIPPED") return {.phase = "Succeeded", .type = "Succeeded", .status = "True"};
  if (state != "FINISHED") return {};
  if (result == "SUCCESS") {
    return {.phase = "Succeeded", .type = "Succeeded", .status = "True", .complete = true};
  }
  if (result == "UNSTABLE" || result == "FAILURE" || result == "ABORTED") {
    return {.phase = "Failed", .type = "Succeeded", .status = "False", .complete = true};
  }
  return {.phase = "Unknown", .type = "Succeeded", .status = "Unknown", .complete = true};
}

/// Replaces the condition of that type; the newest look comes first. The time of the last change
/// moves only with a change.
void set_condition(json::object& status, const Judgement& judgement, std::string_view reason,
                   WallTime now) {
  json::value& list = status["conditions"];
  if (!list.is_array()) list.emplace_array();
  const std::string when = format_rfc3339(now);
  json::object entry{{"type", judgement.type},
                     {"status", judgement.status},
                     {"reason", reason},
                     {"lastProbeTime", when},
                     {"lastTransitionTime", when}};
  json::array out;
  for (const json::value& one : list.get_array()) {
    if (text_at(one, {"type"}) != judgement.type) {
      out.push_back(one);
    } else if (text_at(one, {"status"}) == judgement.status && text_at(one, {"reason"}) == reason) {
      entry["lastTransitionTime"] = text_at(one, {"lastTransitionTime"});
    }
  }
  out.push_back(std::move(entry));
  // Stable from the back, so that of equal times the one just added is first.
  std::reverse(out.begin(), out.end());
  std::ranges::stable_sort(out, [](const json::value& a, const json::value& b) {
    return text_at(a, {"lastProbeTime"}) > text_at(b, {"lastProbeTime"});
  });
  list = std::move(out);
}

json::object started_from(const json::value& before) {
  return before.is_object() ? before.get_object() : json::object();
}

json::object ended(const json::value& before, const Judgement& judgement, std::string_view reason,
                   WallTime now) {
  json::object out = started_from(before);
  out["phase"] = judgement.phase;
  set_condition(out, judgement, reason, now);
  out["completionTime"] = format_rfc3339(now);
  out["updateTime"] = format_rfc3339(now);
  return out;
}

}  // namespace

json::object run_summary(const jenkins::Run& run) {
  json::object out;
  put(out, "artifactsZipFile", run.artifacts_zip);
  put(out, "causeOfBlockage", run.cause_of_blockage);
  put(out, "causes", run.causes);
  put(out, "changeSet", run.changes);
  put(out, "description", run.description);
  put(out, "durationInMillis", run.duration_ms);
  put_time(out, "enQueueTime", run.queued);
  put_time(out, "endTime", run.ended);
  put_time(out, "startTime", run.started);
  put(out, "estimatedDurationInMillis", run.estimated_ms);
  put(out, "id", run.id);
  put(out, "name", run.name);
  put(out, "organization", run.organization);
  put(out, "pipeline", run.pipeline);
  put(out, "replayable", run.replayable);
  put(out, "result", run.result);
  put(out, "runSummary", run.summary);
  put(out, "state", run.state);
  put(out, "type", run.type);
  put(out, "queueId", run.queue_id);
  put(out, "commitId", run.commit_id);
  put(out, "commitUrl", run.commit_url);
  put(out, "pullRequest", run.pull_request);
  put(out, "branch", run.branch);
  return out;
}

std::string stages_text(const std::vector<jenkins::Node>& nodes, size_t most_bytes) {
  std::vector<std::string> texts;
  size_t bytes = 2;
  for (const jenkins::Node& node : nodes) {
    texts.push_back(to_json(node_json(node, true)));
    bytes += texts.back().size() + 1;
  }
  for (size_t i = 0; i < nodes.size() && bytes > most_bytes; ++i) {
    if (nodes[i].steps.empty()) continue;
    std::string shorter = to_json(node_json(nodes[i], false));
    bytes -= texts[i].size() - shorter.size();
    texts[i] = std::move(shorter);
  }
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    out += text;
  }
  return out + "]";
}

json::object status_of_run(const json::value& before, const jenkins::Run& run, WallTime now) {
  const Judgement judgement = judge(run.state, run.result);
  json::object out = started_from(before);
  out["phase"] = judgement.phase;
  set_condition(out, judgement, run.state, now);
  if (run.started) out["startTime"] = format_rfc3339(*run.started);
  if (judgement.complete) out["completionTime"] = format_rfc3339(run.ended.value_or(now));
  out["updateTime"] = format_rfc3339(now);
  return out;
}

json::object status_of_orphan(const json::value& before, WallTime now) {
  return ended(before, {.phase = "Unknown", .type = "Succeeded", .status = "Unknown"}, "SKIPPED",
               now);
}

json::object status_of_cancelled(const json::value& before, WallTime now) {
  return ended(before, {.phase = "Cancelled", .type = "Succeeded", .status = "False"}, "Cancelled",
               now);
}

json::object status_of_lost(const json::value& before, WallTime now) {
  return ended(before, {.phase = "Unknown", .type = "Succeeded", .status = "Unknown"}, "BuildGone",
               now);
}

}  // namespace ks::devops
