#include "cmd/jenkinsfile/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "base/version.h"
#include "cmd/view/style.h"
#include "engine/report.h"

namespace ks::cmd {
namespace {

using engine::NodeKind;
using engine::NodeState;
using engine::RunNode;
using std::chrono::milliseconds;

/// What did not end by itself ended with the run.
WallTime end_of(const RunNode& node, const Traced& run) {
  return node.ended == WallTime{} ? std::max(run.ended, node.started) : node.ended;
}

milliseconds between(WallTime from, WallTime to) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(to - from));
}

std::string_view word_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::stage: return "stage";
    case NodeKind::branch: return "branch";
    case NodeKind::block: return "block";
    case NodeKind::step: return "step";
  }
  return "";
}

/// Indices of the nodes, parents before children, siblings in the order of starting; with depth.
std::vector<std::pair<size_t, size_t>> in_tree_order(const std::vector<RunNode>& nodes) {
  std::map<uint32_t, size_t> by_id;
  for (size_t i = 0; i < nodes.size(); i++) by_id[nodes[i].id] = i;
  std::vector<std::vector<size_t>> children(nodes.size());
  std::vector<std::pair<size_t, size_t>> waiting, order;
  for (size_t i = nodes.size(); i > 0; i--) {
    const auto parent = by_id.find(nodes[i - 1].parent);
    if (parent == by_id.end()) {
      waiting.emplace_back(i - 1, 0);
    } else {
      children[parent->second].push_back(i - 1);
    }
  }
  while (!waiting.empty()) {
    const auto [index, depth] = waiting.back();
    waiting.pop_back();
    order.emplace_back(index, depth);
    for (size_t child : children[index]) waiting.emplace_back(child, depth + 1);
  }
  return order;
}

std::string nanos(WallTime time) {
  return fmt::format("{}000000", time.time_since_epoch().count());
}

json::object attribute(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

/// The words of the semantic conventions for CI/CD.
std::string_view otel_result(engine::BuildResult result) {
  switch (result) {
    case engine::BuildResult::success: return "success";
    case engine::BuildResult::unstable:
    case engine::BuildResult::failure: return "failure";
    case engine::BuildResult::not_built: return "skip";
    case engine::BuildResult::aborted: return "cancellation";
  }
  return "error";
}

bool went_wrong(engine::BuildResult result) {
  return result == engine::BuildResult::failure || result == engine::BuildResult::aborted;
}

json::object status(engine::BuildResult result, const std::string& error) {
  if (!went_wrong(result)) return {{"code", 1}};
  return {{"code", 2}, {"message", to_utf8_lossy(error)}};
}

std::string title(const RunNode& node) {
  if (node.label.empty() || node.kind == NodeKind::stage || node.kind == NodeKind::branch)
    return node.name;
  return node.name + " " + node.label;
}

}  // namespace

std::string trace_tree(const Traced& run, bool color) {
  constexpr size_t kColumns = 80;
  auto line = [&](const std::string& id, milliseconds start, milliseconds took, size_t depth,
                  const std::string& name, std::string_view result, Ink ink) {
    const std::string indent(2 * std::min<size_t>(depth, 20), ' ');
    return fmt::format(
        "{:>5} {:>9} {:>9}  {}{}{}\n", id, human_duration(start), human_duration(took), indent,
        paint(cut_to(without_controls(name), kColumns), ink, color),
        result.empty() ? "" : fmt::format("  {}", paint(result, ink_of(result), color)));
  };
  std::string out = fmt::format("{:>5} {:>9} {:>9}\n", "id", "start", "took");
  out += line("", milliseconds(0), between(run.started, run.ended), 0, run.name,
              engine::to_string(run.result), Ink::bold);
  for (const auto& [index, depth] : in_tree_order(run.nodes)) {
    const RunNode& node = run.nodes[index];
    const bool stage = node.kind == NodeKind::stage || node.kind == NodeKind::branch;
    const bool fine =
        node.state == NodeState::finished && node.result == engine::BuildResult::success;
    out += line(std::to_string(node.id), between(run.started, node.started),
                between(node.started, end_of(node, run)), depth + 1, title(node),
                fine ? "" : engine::status_of(node), stage ? Ink::bold : Ink::plain);
  }
  return out;
}

json::value trace_otlp(const Traced& run, std::string_view trace_id) {
  const std::string trace = hex_encode(trace_id);
  // Ids of spans need only be unique in the trace; 0 is none.
  auto span_id = [](uint32_t node) { return fmt::format("{:016x}", uint64_t{node} + 1); };
  json::array spans;
  spans.push_back(json::object{
      {"traceId", trace},
      {"spanId", span_id(0)},
      {"name", run.name},
      {"kind", 1},
      {"startTimeUnixNano", nanos(run.started)},
      {"endTimeUnixNano", nanos(std::max(run.started, run.ended))},
      {"attributes", json::array{attribute("cicd.pipeline.name", run.name),
                                 attribute("cicd.pipeline.result", otel_result(run.result)),
                                 attribute("ks.result", engine::to_string(run.result))}},
      {"status", status(run.result, "")}});
  for (const RunNode& node : run.nodes) {
    json::array attributes{attribute("ks.node.kind", word_of(node.kind)),
                           attribute("ks.result", engine::status_of(node)),
                           attribute("cicd.pipeline.task.name", to_utf8_lossy(node.name)),
                           attribute("cicd.pipeline.task.run.id", std::to_string(node.id)),
                           attribute("cicd.pipeline.task.run.result", otel_result(node.result))};
    if (!node.label.empty()) attributes.push_back(attribute("ks.label", to_utf8_lossy(node.label)));
    spans.push_back(json::object{{"traceId", trace},
                                 {"spanId", span_id(node.id)},
                                 {"parentSpanId", span_id(node.parent)},
                                 {"name", to_utf8_lossy(node.name)},
                                 {"kind", 1},
                                 {"startTimeUnixNano", nanos(node.started)},
                                 {"endTimeUnixNano", nanos(end_of(node, run))},
                                 {"attributes", std::move(attributes)},
                                 {"status", status(node.result, node.error)}});
  }
  json::object scope{{"scope", {{"name", "ks"}, {"version", kVersion}}},
                     {"spans", std::move(spans)}};
  json::object resource{{"attributes", json::array{attribute("service.name", "ks"),
                                                   attribute("service.version", kVersion)}}};
  return {
      {"resourceSpans", json::array{json::object{{"resource", std::move(resource)},
                                                 {"scopeSpans", json::array{std::move(scope)}}}}}};
}

json::value trace_chrome(const Traced& run) {
  json::array events;
  auto micros = [](milliseconds time) { return time.count() * 1000; };
  auto row = [&](uint32_t id, std::string_view name) {
    events.push_back(json::object{
        {"name", "thread_name"}, {"ph", "M"}, {"pid", 1}, {"tid", id}, {"args", {{"name", name}}}});
  };
  auto event = [&](std::string_view name, std::string_view category, WallTime from, WallTime to,
                   uint32_t id, json::object args) {
    events.push_back(json::object{{"name", name},
                                  {"cat", category},
                                  {"ph", "X"},
                                  {"ts", micros(between(WallTime{}, from))},
                                  {"dur", micros(between(from, to))},
                                  {"pid", 1},
                                  {"tid", id},
                                  {"args", std::move(args)}});
  };
  row(0, run.name);
  event(run.name, "run", run.started, run.ended, 0, {{"result", engine::to_string(run.result)}});
  std::map<uint32_t, uint32_t> rows;  // of each node
  for (const RunNode& node : run.nodes) {
    const auto outer = rows.find(node.parent);
    uint32_t here = outer == rows.end() ? 0 : outer->second;
    if (node.kind == NodeKind::branch) {
      here = node.id;
      row(here, to_utf8_lossy(node.name));
    }
    rows[node.id] = here;
    json::object args{{"id", node.id}, {"result", engine::status_of(node)}};
    if (!node.label.empty()) args["label"] = to_utf8_lossy(node.label);
    if (!node.error.empty()) args["error"] = to_utf8_lossy(node.error);
    event(to_utf8_lossy(node.name), word_of(node.kind), node.started, end_of(node, run), here,
          std::move(args));
  }
  return {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}};
}

TraceFile trace_file(std::string_view text) {
  if (text.starts_with("otlp:")) return {.chrome = false, .file = std::string(text.substr(5))};
  if (text.starts_with("chrome:")) return {.chrome = true, .file = std::string(text.substr(7))};
  return {.chrome = false, .file = std::string(text)};
}

Result<> write_trace(const TraceFile& to, const Traced& run) {
  const json::value trace = to.chrome ? trace_chrome(run) : trace_otlp(run, random_bytes(16));
  return write_file_atomic(to.file, to_json(trace) + "\n");
}

}  // namespace ks::cmd
