#include "engine/server/saved_run.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace ks::engine {
namespace {

int64_t millis(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_at(const json::value& value, std::string_view name) {
  return WallTime{std::chrono::milliseconds{int_at(value, {name})}};
}

json::object node_json(const RunNode& node) {
  json::object out{{"id", node.id},
                   {"parent", node.parent},
                   {"kind", static_cast<int>(node.kind)},
                   {"state", static_cast<int>(node.state)},
                   {"result", to_string(node.result)},
                   {"started", millis(node.started)},
                   {"ended", millis(node.ended)},
                   {"from", node.log_begin},
                   {"to", node.log_end}};
  if (!node.name.empty()) out["name"] = node.name;
  if (!node.label.empty()) out["label"] = node.label;
  if (!node.error.empty()) out["error"] = node.error;
  return out;
}

template <class Enum>
Enum enum_at(const json::value& value, std::string_view name, Enum last) {
  const int64_t number = int_at(value, {name});
  return number < 0 || number > static_cast<int64_t>(last) ? last : static_cast<Enum>(number);
}

RunNode node_from(const json::value& value) {
  RunNode out;
  out.id = static_cast<uint32_t>(int_at(value, {"id"}));
  out.parent = static_cast<uint32_t>(int_at(value, {"parent"}));
  out.kind = enum_at(value, "kind", NodeKind::step);
  out.state = enum_at(value, "state", NodeState::skipped);
  out.result = parse_result(text_at(value, {"result"})).value_or(BuildResult::failure);
  out.started = time_at(value, "started");
  out.ended = time_at(value, "ended");
  out.log_begin = static_cast<uint64_t>(int_at(value, {"from"}));
  out.log_end = static_cast<uint64_t>(int_at(value, {"to"}));
  out.name = text_at(value, {"name"});
  out.label = text_at(value, {"label"});
  out.error = text_at(value, {"error"});
  return out;
}

json::array list_at(const json::value& value, std::string_view name) {
  const json::value* found = find(value, {name});
  return found != nullptr && found->is_array() ? found->get_array() : json::array();
}

}  // namespace

std::string to_text(const RunInfo& info) {
  json::array causes, nodes, artifacts;
  for (const std::string& cause : info.causes) causes.push_back(json::value(cause));
  for (const RunNode& node : info.nodes) nodes.push_back(node_json(node));
  for (const Artifact& one : info.artifacts) {
    artifacts.push_back(json::object{{"path", one.path}, {"bytes", one.bytes}});
  }
  json::object out{{"folder", info.job.folder},
                   {"job", info.job.name},
                   {"number", info.number},
                   {"key", info.key},
                   {"result", to_string(info.result)},
                   {"queued", millis(info.queued)},
                   {"started", millis(info.started)},
                   {"ended", millis(info.ended)},
                   {"causes", std::move(causes)},
                   {"values", info.values},
                   {"description", info.description},
                   {"displayName", info.display_name},
                   {"keepLog", info.keep_log},
                   {"logBytes", info.log_bytes},
                   {"nodes", std::move(nodes)},
                   {"artifacts", std::move(artifacts)},
                   {"checkouts", info.checkouts}};
  if (info.tests) {
    out["tests"] = json::object{{"total", info.tests->total},
                                {"failed", info.tests->failed},
                                {"skipped", info.tests->skipped}};
  }
  return to_json(out);
}

Result<RunInfo> run_from_text(std::string_view text) {
  const json::value value = TRY(parse_json(text));
  RunInfo out;
  out.job = {std::string(text_at(value, {"folder"})), std::string(text_at(value, {"job"}))};
  out.number = static_cast<uint64_t>(int_at(value, {"number"}));
  out.key = text_at(value, {"key"});
  out.state = RunState::finished;
  out.result = parse_result(text_at(value, {"result"})).value_or(BuildResult::failure);
  out.queued = time_at(value, "queued");
  out.started = time_at(value, "started");
  out.ended = time_at(value, "ended");
  for (const json::value& cause : list_at(value, "causes")) {
    if (cause.is_string()) out.causes.emplace_back(cause.get_string());
  }
  if (const json::value* values = find(value, {"values"});
      values != nullptr && values->is_object()) {
    out.values = values->get_object();
  }
  out.description = text_at(value, {"description"});
  out.display_name = text_at(value, {"displayName"});
  out.keep_log = bool_at(value, {"keepLog"});
  out.log_bytes = static_cast<uint64_t>(int_at(value, {"logBytes"}));
  for (const json::value& node : list_at(value, "nodes")) out.nodes.push_back(node_from(node));
  for (const json::value& one : list_at(value, "artifacts")) {
    out.artifacts.push_back(
        {std::string(text_at(one, {"path"})), static_cast<uint64_t>(int_at(one, {"bytes"}))});
  }
  out.checkouts = list_at(value, "checkouts");
  if (const json::value* tests = find(value, {"tests"})) {
    out.tests = TestSummary{.total = int_at(*tests, {"total"}),
                            .failed = int_at(*tests, {"failed"}),
                            .skipped = int_at(*tests, {"skipped"})};
  }
  return out;
}

}  // namespace ks::engine
