#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "kube/path.h"
#include "store/api/json_path.h"
#include "store/api/table_cells.h"
#include "store/api/table_parts.h"

/// Cells of pods and of what makes pods.

namespace ks::store::cells {
namespace {

// ----- pods -----

/// What the container statuses of a pod come to.
struct PodState {
  std::string reason;
  int64_t restarts = 0;
  size_t ready = 0;
  size_t containers = 0;
  std::string last_restart;  ///< RFC 3339 in UTC, so that texts order as times do
};

bool restarts_always(const json::value& pod, std::string_view init_container) {
  for (const json::value& one : array_at(pod, {"spec", "initContainers"})) {
    if (text_at(one, {"name"}) == init_container) {
      return text_at(one, {"restartPolicy"}) == "Always";
    }
  }
  return false;
}

void count_restarts(PodState& state, const json::value& container) {
  state.restarts += int_at(container, {"restartCount"});
  const std::string_view ended = text_at(container, {"lastState", "terminated", "finishedAt"});
  if (ended > std::string_view(state.last_restart)) state.last_restart = ended;
}

/// How a container ended: its reason, signal or exit code.
std::string end_of(const json::value& terminated) {
  if (const std::string_view reason = text_at(terminated, {"reason"}); !reason.empty()) {
    return std::string(reason);
  }
  if (const int64_t signal = int_at(terminated, {"signal"}); signal != 0) {
    return fmt::format("Signal:{}", signal);
  }
  return fmt::format("ExitCode:{}", int_at(terminated, {"exitCode"}));
}

/// Goes through the init containers up to the one that the pod waits for; whether there is one.
bool look_at_init_containers(PodState& state, const json::value& pod) {
  const size_t all = array_at(pod, {"spec", "initContainers"}).size();
  size_t at = 0;
  for (const json::value& container : array_at(pod, {"status", "initContainerStatuses"})) {
    count_restarts(state, container);
    const json::value* terminated = find(container, {"state", "terminated"});
    const std::string_view waits = text_at(container, {"state", "waiting", "reason"});
    if (terminated != nullptr && int_at(*terminated, {"exitCode"}) == 0) {
      at++;
      continue;
    }
    if (restarts_always(pod, text_at(container, {"name"})) && bool_at(container, {"started"})) {
      if (bool_at(container, {"ready"})) state.ready++;
      at++;
      continue;
    }
    if (terminated != nullptr) {
      state.reason = "Init:" + end_of(*terminated);
    } else if (!waits.empty() && waits != "PodInitializing") {
      state.reason = fmt::format("Init:{}", waits);
    } else {
      state.reason = fmt::format("Init:{}/{}", at, all);
    }
    return true;
  }
  return false;
}

void look_at_containers(PodState& state, const json::value& pod) {
  bool runs = false;
  const json::array& statuses = array_at(pod, {"status", "containerStatuses"});
  // From the last to the first: the first container's trouble is what people see.
  for (size_t i = statuses.size(); i-- > 0;) {
    const json::value& container = statuses[i];
    count_restarts(state, container);
    const std::string_view waits = text_at(container, {"state", "waiting", "reason"});
    const json::value* terminated = find(container, {"state", "terminated"});
    if (!waits.empty()) {
      state.reason = waits;
    } else if (terminated != nullptr) {
      state.reason = end_of(*terminated);
    } else if (bool_at(container, {"ready"}) && find(container, {"state", "running"}) != nullptr) {
      runs = true;
      state.ready++;
    }
  }
  if (state.reason == "Completed" && runs) {
    state.reason = has_condition(pod, "Ready") ? "Running" : "NotReady";
  }
}

PodState state_of(const json::value& pod) {
  PodState state;
  const std::string_view phase = text_at(pod, {"status", "phase"});
  const std::string_view why = text_at(pod, {"status", "reason"});
  state.reason = why.empty() ? phase : why;
  const json::value* scheduled = condition(pod, "PodScheduled");
  if (scheduled != nullptr && text_at(*scheduled, {"reason"}) == "SchedulingGated") {
    state.reason = "SchedulingGated";
  }
  state.containers = array_at(pod, {"spec", "containers"}).size();
  for (const json::value& one : array_at(pod, {"spec", "initContainers"})) {
    if (text_at(one, {"restartPolicy"}) == "Always") state.containers++;
  }
  const bool initializing = look_at_init_containers(state, pod);
  if (!initializing || has_condition(pod, "Initialized")) {
    // What the init containers did is history now, but for those that run beside the pod.
    state.restarts = 0;
    for (const json::value& one : array_at(pod, {"status", "initContainerStatuses"})) {
      if (restarts_always(pod, text_at(one, {"name"}))) count_restarts(state, one);
    }
    look_at_containers(state, pod);
  }
  if (!text_at(pod, {"metadata", "deletionTimestamp"}).empty()) {
    if (why == "NodeLost") {
      state.reason = "Unknown";
    } else if (phase != "Succeeded" && phase != "Failed") {
      state.reason = "Terminating";
    }
  }
  return state;
}

const json::array& containers_of(const json::value& object, bool cron) {
  if (cron) {
    return array_at(object, {"spec", "jobTemplate", "spec", "template", "spec", "containers"});
  }
  // A PodTemplate has its template at the top.
  const json::value* template_ = find(object, {"template"});
  return template_ != nullptr ? array_at(*template_, {"spec", "containers"})
                              : array_at(object, {"spec", "template", "spec", "containers"});
}

}  // namespace

json::value pod_ready(const json::value& object, WallTime) {
  const PodState state = state_of(object);
  return words(fmt::format("{}/{}", state.ready, state.containers));
}
json::value pod_status(const json::value& object, WallTime) {
  return words(state_of(object).reason);
}
json::value pod_restarts(const json::value& object, WallTime now) {
  const PodState state = state_of(object);
  if (state.restarts == 0 || state.last_restart.empty())
    return words(fmt::format("{}", state.restarts));
  return words(fmt::format("{} ({} ago)", state.restarts, time_ago(state.last_restart, now)));
}
json::value pod_ip(const json::value& object, WallTime) {
  const json::array& all = array_at(object, {"status", "podIPs"});
  std::string_view ip = all.empty() ? std::string_view() : text_at(all.front(), {"ip"});
  if (ip.empty()) ip = text_at(object, {"status", "podIP"});
  return words(or_else(std::string(ip), "<none>"));
}
json::value readiness_gates(const json::value& object, WallTime) {
  const json::array& gates = array_at(object, {"spec", "readinessGates"});
  if (gates.empty()) return words("<none>");
  const auto open = std::ranges::count_if(gates, [&](const json::value& gate) {
    return has_condition(object, text_at(gate, {"conditionType"}));
  });
  return words(fmt::format("{}/{}", open, gates.size()));
}

// ----- what makes pods -----

json::value ready_of_desired(const json::value& object, WallTime) {
  return words(fmt::format("{}/{}", int_at(object, {"status", "readyReplicas"}),
                           int_at(object, {"spec", "replicas"})));
}
json::value containers(const json::value& object, WallTime) {
  return words(joined(containers_of(object, false), "name", ","));
}
json::value images(const json::value& object, WallTime) {
  return words(joined(containers_of(object, false), "image", ","));
}
json::value selector(const json::value& object, WallTime) {
  return words(selector_text(find(object, {"spec", "selector"})));
}
json::value map_selector(const json::value& object, WallTime) {
  return words(labels_text(object_at(object, {"spec", "selector"})));
}
json::value template_labels(const json::value& object, WallTime) {
  return words(labels_text(object_at(object, {"template", "metadata", "labels"})));
}
json::value template_node_selector(const json::value& object, WallTime) {
  return words(labels_text(object_at(object, {"spec", "template", "spec", "nodeSelector"})));
}
json::value controller_owner(const json::value& object, WallTime) {
  for (const json::value& owner : array_at(object, {"metadata", "ownerReferences"})) {
    if (!bool_at(owner, {"controller"})) continue;
    const auto [group, version] = kube::split_api_version(text_at(owner, {"apiVersion"}));
    const std::string kind = to_lower(text_at(owner, {"kind"}));
    return words(
        fmt::format("{}{}{}/{}", kind, group.empty() ? "" : ".", group, text_at(owner, {"name"})));
  }
  return words("<none>");
}

// ----- jobs -----

json::value job_status(const json::value& object, WallTime) {
  if (has_condition(object, "Complete")) return words("Complete");
  if (has_condition(object, "Failed")) return words("Failed");
  if (!text_at(object, {"metadata", "deletionTimestamp"}).empty()) return words("Terminating");
  for (const char* type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
    if (has_condition(object, type)) return words(type);
  }
  return words("Running");
}
json::value job_completions(const json::value& object, WallTime) {
  const int64_t succeeded = int_at(object, {"status", "succeeded"});
  if (const json::value* wanted = find(object, {"spec", "completions"})) {
    return words(fmt::format("{}/{}", succeeded, text_of(*wanted)));
  }
  const int64_t parallel = int_at(object, {"spec", "parallelism"});
  return words(parallel > 1 ? fmt::format("{}/1 of {}", succeeded, parallel)
                            : fmt::format("{}/1", succeeded));
}
json::value job_duration(const json::value& object, WallTime now) {
  const Result<WallTime> started = parse_rfc3339(text_at(object, {"status", "startTime"}));
  if (!started) return words("");
  const Result<WallTime> ended = parse_rfc3339(text_at(object, {"status", "completionTime"}));
  return words(human_duration((ended ? *ended : now) - *started));
}
json::value cron_suspend(const json::value& object, WallTime) {
  const json::value* suspend = find(object, {"spec", "suspend"});
  if (suspend == nullptr || !suspend->is_bool()) return words("<unset>");
  return words(suspend->get_bool() ? "True" : "False");
}
json::value cron_active(const json::value& object, WallTime) {
  return array_at(object, {"status", "active"}).size();
}
json::value cron_last_schedule(const json::value& object, WallTime now) {
  const std::string_view last = text_at(object, {"status", "lastScheduleTime"});
  return words(last.empty() ? "<none>" : time_ago(last, now));
}
json::value cron_containers(const json::value& object, WallTime) {
  return words(joined(containers_of(object, true), "name", ","));
}
json::value cron_images(const json::value& object, WallTime) {
  return words(joined(containers_of(object, true), "image", ","));
}
json::value cron_selector(const json::value& object, WallTime) {
  return words(selector_text(find(object, {"spec", "jobTemplate", "spec", "selector"})));
}

// ----- autoscalers -----

namespace {

/// `50%/80%` or `200m/1 (avg)` of one metric of autoscaling/v2: what is, and what is wanted.
std::string metric_text(const json::value& metric, const json::value& status) {
  static constexpr std::pair<std::string_view, std::string_view> kSources[] = {
      {"Resource", "resource"},
      {"ContainerResource", "containerResource"},
      {"Pods", "pods"},
      {"Object", "object"},
      {"External", "external"}};
  for (const auto& [type, member] : kSources) {
    if (text_at(metric, {"type"}) != type) continue;
    const bool of_resource = member.ends_with("esource");
    std::string_view measure = "value";
    if (find(metric, {member, "target", "averageValue"}) != nullptr) {
      measure = "averageValue";
    } else if (of_resource) {
      measure = "averageUtilization";
    }
    const std::string_view unit = measure == "averageUtilization" ? "%" : "";
    std::string present = plain_at(status, {member, "current", measure});
    present = present.empty() ? "<unknown>" : present + std::string(unit);
    std::string wanted = plain_at(metric, {member, "target", measure});
    wanted = wanted.empty() ? "<auto>" : wanted + std::string(unit);
    const std::string prefix =
        of_resource ? fmt::format("{}: ", text_at(metric, {member, "name"})) : "";
    const bool average = measure == "averageValue" && (type == "Object" || type == "External");
    return fmt::format("{}{}/{}{}", prefix, present, wanted, average ? " (avg)" : "");
  }
  return "<unknown type>";
}

}  // namespace

json::value autoscaler_reference(const json::value& object, WallTime) {
  return words(fmt::format("{}/{}", text_at(object, {"spec", "scaleTargetRef", "kind"}),
                           text_at(object, {"spec", "scaleTargetRef", "name"})));
}
json::value autoscaler_targets(const json::value& object, WallTime) {
  // autoscaling/v1 knows the processor alone.
  const std::string percent = plain_at(object, {"spec", "targetCPUUtilizationPercentage"});
  if (!percent.empty()) {
    const std::string present = plain_at(object, {"status", "currentCPUUtilizationPercentage"});
    return words(
        fmt::format("cpu: {}/{}%", present.empty() ? "<unknown>" : present + "%", percent));
  }
  constexpr size_t kShown = 2;
  const json::array& metrics = array_at(object, {"spec", "metrics"});
  const json::array& present = array_at(object, {"status", "currentMetrics"});
  std::vector<std::string> parts;
  for (size_t i = 0; i < std::min(kShown, metrics.size()); i++) {
    parts.push_back(metric_text(metrics[i], i < present.size() ? present[i] : json::value()));
  }
  std::string out = or_else(join(parts, ", "), "<none>");
  if (metrics.size() > kShown) out += fmt::format(" + {} more...", metrics.size() - kShown);
  return words(out);
}

}  // namespace ks::store::cells
