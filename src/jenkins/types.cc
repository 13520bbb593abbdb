#include "jenkins/types.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"

namespace ks::jenkins {
namespace {

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value() : json::value(text);
}

json::value time_or_null(const std::optional<WallTime>& time) {
  return time ? json::value(format_blue_time(*time)) : json::value();
}

std::optional<WallTime> time_at(const json::value& value, std::string_view name) {
  return parse_blue_time(text_at(value, {name}));
}

/// Numbers of ids come as texts or numbers.
std::string id_at(const json::value& value, std::string_view name) {
  const json::value* found = find(value, {name});
  if (found == nullptr) return {};
  if (found->is_string()) return std::string(found->get_string());
  return found->is_number() ? to_json(*found) : std::string();
}

json::object link(std::string_view href) {
  return {{"_class", "io.jenkins.blueocean.rest.hal.Link"}, {"href", href}};
}

json::object links(std::string_view self, std::initializer_list<std::string_view> children) {
  json::object out{{"self", link(self)}};
  for (std::string_view child : children) out[child] = link(fmt::format("{}{}/", self, child));
  return out;
}

json::array array_at(const json::value& value, std::string_view name) {
  const json::value* found = find(value, {name});
  return found != nullptr && found->is_array() ? found->get_array() : json::array();
}

json::value value_at(const json::value& value, std::string_view name) {
  const json::value* found = find(value, {name});
  return found == nullptr ? json::value() : *found;
}

constexpr std::string_view kPipelineImpl = "io.jenkins.blueocean.rest.impl.pipeline.";

/// What stages and steps have in common.
template <class Part>
void add_common(json::object& out, const Part& part) {
  out["displayDescription"] = text_or_null(part.description);
  out["displayName"] = part.name;
  out["id"] = part.id;
  out["input"] = part.input;
  out["result"] = text_or_null(part.result);
  out["startTime"] = time_or_null(part.started);
  out["state"] = text_or_null(part.state);
  out["type"] = part.type;
}

template <class Part>
Part common_from_blue(const json::value& value) {
  Part out;
  out.id = id_at(value, "id");
  out.name = text_at(value, {"displayName"});
  out.description = text_at(value, {"displayDescription"});
  out.type = text_at(value, {"type"});
  out.state = text_at(value, {"state"});
  out.result = text_at(value, {"result"});
  out.started = time_at(value, "startTime");
  out.duration_ms = int_at(value, {"durationInMillis"});
  out.input = value_at(value, "input");
  return out;
}

}  // namespace

std::string JobRef::full_name() const {
  std::string out = folder.empty() ? name : folder + "/" + name;
  if (!branch.empty()) out += "/" + branch;
  return out;
}

std::string JobRef::core_path() const {
  std::string out;
  for (const std::string* part : {&folder, &name, &branch}) {
    if (!part->empty()) out += "/job/" + percent_encode(*part);
  }
  return out;
}

std::string JobRef::blue_path() const {
  std::string out = "/blue/rest/organizations/jenkins/pipelines/" + percent_encode(folder);
  if (!name.empty()) out += "/pipelines/" + percent_encode(name);
  if (!branch.empty()) out += "/branches/" + percent_encode(branch);
  return out;
}

std::string encode_branch(std::string_view name) {
  // What a name in Jenkins may not have; everything else stays readable.
  constexpr std::string_view kUnsafe = "?*/\\%!@#$^&|<>[]:;";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || kUnsafe.contains(c)) {
      out += fmt::format("%{:02X}", byte);
    } else {
      out += c;
    }
  }
  // Folders of these names lead elsewhere.
  if (out.starts_with('.')) out.replace(0, 1, "%2E");
  return out;
}

std::string branch_job_name(std::string_view name) {
  return name.contains('/') ? encode_branch(name) : std::string(name);
}

std::string format_blue_time(WallTime time) {
  std::string text = format_rfc3339_fraction(time, 3);
  if (text.ends_with('Z')) text.pop_back();
  return text + "+0000";
}

std::optional<WallTime> parse_blue_time(std::string_view text) {
  if (text.size() < 5) return std::nullopt;
  std::string normal(text);
  // RFC 3339 has a colon within the offset, Blue Ocean has none.
  const char sign = normal[normal.size() - 5];
  if (sign == '+' || sign == '-') normal.insert(normal.size() - 2, ":");
  const Result<WallTime> time = parse_rfc3339(normal);
  if (!time) return std::nullopt;
  return *time;
}

json::object to_blue(const Run& run, std::string_view self) {
  const bool queued = run.state == "QUEUED";
  json::object out{
      {"_class", fmt::format("{}{}", kPipelineImpl, queued ? "QueuedBlueRun" : "PipelineRunImpl")},
      {"_links", links(self, {"nodes", "steps", "log", "artifacts", "tests", "blueTestSummary",
                              "changeSet", "actions"})},
      {"actions", json::array()},
      {"artifactsZipFile", text_or_null(run.artifacts_zip)},
      {"causeOfBlockage", text_or_null(run.cause_of_blockage)},
      {"causes", run.causes},
      {"changeSet", run.changes},
      {"description", text_or_null(run.description)},
      {"durationInMillis", run.duration_ms},
      {"enQueueTime", time_or_null(run.queued)},
      {"endTime", time_or_null(run.ended)},
      {"estimatedDurationInMillis", run.estimated_ms},
      {"id", run.id},
      {"name", text_or_null(run.name)},
      {"organization", run.organization},
      {"pipeline", run.pipeline},
      {"replayable", run.replayable},
      {"result", run.result},
      {"runSummary", text_or_null(run.summary)},
      {"startTime", time_or_null(run.started)},
      {"state", run.state},
      {"testSummary", nullptr},
      {"type", queued ? "QueuedItem" : run.type},
      {"branch", run.branch},
      {"commitId", text_or_null(run.commit_id)},
      {"commitUrl", text_or_null(run.commit_url)},
      {"pullRequest", run.pull_request}};
  if (!run.queue_id.empty()) out["queueId"] = run.queue_id;
  // `self` ends with `runs/ID/`.
  const std::string_view all =
      self.substr(0, self.rfind('/', self.size() - std::min<size_t>(self.size(), 2)) + 1);
  json::object& more = out["_links"].get_object();
  if (all.ends_with("runs/")) more["parent"] = link(all.substr(0, all.size() - 5));
  if (!run.previous_id.empty()) more["prevRun"] = link(fmt::format("{}{}/", all, run.previous_id));
  if (!run.next_id.empty()) more["nextRun"] = link(fmt::format("{}{}/", all, run.next_id));
  return out;
}

Run run_from_blue(const json::value& value) {
  Run out;
  out.id = id_at(value, "id");
  out.name = text_at(value, {"name"});
  out.organization = text_at(value, {"organization"});
  out.pipeline = text_at(value, {"pipeline"});
  out.description = text_at(value, {"description"});
  out.state = text_at(value, {"state"});
  out.result = text_at(value, {"result"});
  out.summary = text_at(value, {"runSummary"});
  out.type = text_at(value, {"type"});
  out.queue_id = id_at(value, "queueId");
  out.cause_of_blockage = text_at(value, {"causeOfBlockage"});
  out.artifacts_zip = text_at(value, {"artifactsZipFile"});
  out.commit_id = text_at(value, {"commitId"});
  out.commit_url = text_at(value, {"commitUrl"});
  out.queued = time_at(value, "enQueueTime");
  out.started = time_at(value, "startTime");
  out.ended = time_at(value, "endTime");
  out.duration_ms = int_at(value, {"durationInMillis"});
  out.estimated_ms = int_at(value, {"estimatedDurationInMillis"});
  out.replayable = bool_at(value, {"replayable"});
  out.causes = array_at(value, "causes");
  out.changes = array_at(value, "changeSet");
  out.branch = value_at(value, "branch");
  out.pull_request = value_at(value, "pullRequest");
  return out;
}

json::object to_blue(const Step& step, std::string_view self) {
  json::array actions;
  if (step.has_log) {
    actions.push_back(
        json::object{{"_class", "org.jenkinsci.plugins.workflow.support.actions.LogStorageAction"},
                     {"_links", links(fmt::format("{}log/", self), {})},
                     {"urlName", "log"}});
  }
  json::object out{{"_class", fmt::format("{}PipelineStepImpl", kPipelineImpl)},
                   {"_links", links(self, {"actions"})},
                   {"actions", std::move(actions)},
                   {"durationInMillis", step.duration_ms}};
  add_common(out, step);
  return out;
}

Step step_from_blue(const json::value& value) {
  auto out = common_from_blue<Step>(value);
  for (const json::value& action : array_at(value, "actions")) {
    if (text_at(action, {"urlName"}) == "log") out.has_log = true;
  }
  return out;
}

json::object to_blue(const Node& node, std::string_view self) {
  json::array edges;
  for (const Node::Edge& edge : node.edges) {
    edges.push_back(
        json::object{{"_class", fmt::format("{}PipelineNodeImpl$EdgeImpl", kPipelineImpl)},
                     {"id", edge.id},
                     {"type", edge.type}});
  }
  const bool reached = !node.state.empty();
  json::object out{{"_class", fmt::format("{}PipelineNodeImpl", kPipelineImpl)},
                   {"_links", links(self, {"steps", "actions"})},
                   {"actions", json::array()},
                   {"durationInMillis", reached ? json::value(node.duration_ms) : json::value()},
                   {"causeOfBlockage", text_or_null(node.cause_of_blockage)},
                   {"edges", std::move(edges)},
                   {"firstParent", text_or_null(node.first_parent)},
                   {"restartable", node.restartable}};
  add_common(out, node);
  return out;
}

Node node_from_blue(const json::value& value) {
  auto out = common_from_blue<Node>(value);
  out.cause_of_blockage = text_at(value, {"causeOfBlockage"});
  out.first_parent = id_at(value, "firstParent");
  out.restartable = bool_at(value, {"restartable"});
  for (const json::value& edge : array_at(value, "edges")) {
    out.edges.push_back({id_at(edge, "id"), std::string(text_at(edge, {"type"}))});
  }
  for (const json::value& step : array_at(value, "steps")) {
    out.steps.push_back(step_from_blue(step));
  }
  return out;
}

json::object to_blue(const Pipeline& pipeline, std::string_view self) {
  json::value latest;
  if (pipeline.latest) {
    latest = to_blue(*pipeline.latest, fmt::format("{}runs/{}/", self, pipeline.latest->id));
  }
  return {
      {"_class", fmt::format("{}PipelineImpl", kPipelineImpl)},
      {"_links", links(self, {"actions", "runs", "trends", "queue", "scm"})},
      {"actions", json::array()},
      {"disabled", pipeline.disabled},
      {"displayName", pipeline.display_name},
      {"estimatedDurationInMillis", pipeline.estimated_ms},
      {"fullDisplayName", pipeline.job.full_name()},
      {"fullName", pipeline.job.full_name()},
      {"latestRun", std::move(latest)},
      {"name", pipeline.job.branch.empty() ? pipeline.job.name : pipeline.job.branch},
      {"organization", "jenkins"},
      {"parameters", pipeline.parameters},
      {"permissions",
       json::object{
           {"create", true}, {"configure", true}, {"read", true}, {"start", true}, {"stop", true}}},
      {"weatherScore", pipeline.weather_score}};
}

Pipeline pipeline_from_blue(const json::value& value, JobRef job) {
  Pipeline out;
  out.job = std::move(job);
  out.display_name = text_at(value, {"displayName"});
  out.disabled = bool_at(value, {"disabled"});
  out.estimated_ms = int_at(value, {"estimatedDurationInMillis"});
  out.weather_score = int_at(value, {"weatherScore"});
  out.parameters = array_at(value, "parameters");
  if (const json::value* latest = find(value, {"latestRun"});
      latest != nullptr && latest->is_object()) {
    out.latest = run_from_blue(*latest);
  }
  out.raw = value;
  return out;
}

std::string_view to_string(Event::Type type) {
  switch (type) {
    case Event::Type::run: return "run";
    case Event::Type::node: return "node";
    case Event::Type::log: return "log";
    case Event::Type::job: return "job";
    case Event::Type::reset: return "reset";
  }
  return {};
}

std::optional<Event::Type> parse_event_type(std::string_view text) {
  for (Event::Type type : {Event::Type::run, Event::Type::node, Event::Type::log, Event::Type::job,
                           Event::Type::reset}) {
    if (to_string(type) == text) return type;
  }
  return std::nullopt;
}

std::string to_sse(const Event& event) {
  json::object data;
  if (!event.job.name.empty()) {
    data = {{"folder", event.job.folder}, {"pipeline", event.job.name}, {"run", event.run}};
    if (!event.job.branch.empty()) data["branch"] = event.job.branch;
    if (!event.key.empty()) data["key"] = event.key;
    if (!event.data.is_null()) data["data"] = event.data;
  }
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.id, to_string(event.type),
                     to_json(data));
}

}  // namespace ks::jenkins
