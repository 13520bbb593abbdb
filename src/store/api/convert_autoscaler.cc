#include "store/api/convert_autoscaler.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace ks::store {
namespace {

constexpr int64_t kUsualPercent = 80;

/// A field of v2, and the annotation that carries it through v1.
struct Carried {
  std::string_view part, field, annotation;
};
constexpr Carried kCarried[] = {
    {"spec", "metrics", "autoscaling.alpha.kubernetes.io/metrics"},
    {"spec", "behavior", "autoscaling.alpha.kubernetes.io/behavior"},
    {"status", "conditions", "autoscaling.alpha.kubernetes.io/conditions"},
    {"status", "currentMetrics", "autoscaling.alpha.kubernetes.io/current-metrics"},
};

json::object* object_at(json::object& in, std::string_view name) {
  json::value* found = in.if_contains(name);
  return found == nullptr ? nullptr : found->if_object();
}

/// Whether a metric is what v1 can say: the share of the CPU that is asked for.
const json::value* cpu_percent(const json::value& metric, std::string_view value_in) {
  if (text_at(metric, {"type"}) != "Resource" || text_at(metric, {"resource", "name"}) != "cpu") {
    return nullptr;
  }
  return find(metric, {"resource", value_in, "averageUtilization"});
}

/// Takes the first metric of the CPU off a list, and gives its percentage.
json::value take_cpu(json::object& part, std::string_view field, std::string_view value_in) {
  json::value* list = part.if_contains(field);
  if (list == nullptr || !list->is_array()) return nullptr;
  json::array& metrics = list->get_array();
  for (auto at = metrics.begin(); at != metrics.end(); ++at) {
    const json::value* percent = cpu_percent(*at, value_in);
    if (percent == nullptr) continue;
    json::value out = *percent;
    metrics.erase(at);
    return out;
  }
  return nullptr;
}

void put_cpu(json::object& part, std::string_view field, std::string_view value_in,
             const json::value& percent) {
  json::object target{{"averageUtilization", percent}};
  if (value_in == "target") target["type"] = "Utilization";
  json::value metric = json::object{
      {"type", "Resource"}, {"resource", json::object{{"name", "cpu"}, {value_in, target}}}};
  json::value& list = part[field];
  if (!list.is_array()) list.emplace_array();
  json::array& metrics = list.get_array();
  metrics.insert(metrics.begin(), std::move(metric));
}

}  // namespace

void autoscaler_to_v1(json::object& autoscaler) {
  json::object* spec = object_at(autoscaler, "spec");
  json::object* status = object_at(autoscaler, "status");
  json::object* metadata = object_at(autoscaler, "metadata");
  if (spec == nullptr || metadata == nullptr) return;
  if (json::value percent = take_cpu(*spec, "metrics", "target"); !percent.is_null()) {
    (*spec)["targetCPUUtilizationPercentage"] = std::move(percent);
  }
  if (status != nullptr) {
    json::value percent = take_cpu(*status, "currentMetrics", "current");
    if (!percent.is_null()) (*status)["currentCPUUtilizationPercentage"] = std::move(percent);
    if (!status->contains("currentReplicas")) (*status)["currentReplicas"] = 0;
    if (!status->contains("desiredReplicas")) (*status)["desiredReplicas"] = 0;
  }
  for (const Carried& carried : kCarried) {
    json::object* part = carried.part == "spec" ? spec : status;
    const json::value* value = part == nullptr ? nullptr : part->if_contains(carried.field);
    if (value == nullptr) continue;
    if (!value->is_array() || !value->get_array().empty()) {
      json::value& annotations = (*metadata)["annotations"];
      if (!annotations.is_object()) annotations.emplace_object();
      annotations.get_object()[carried.annotation] = json::string(to_json(*value));
    }
    part->erase(carried.field);
  }
}

void autoscaler_to_v2(json::object& autoscaler) {
  json::object* spec = object_at(autoscaler, "spec");
  json::object* status = object_at(autoscaler, "status");
  json::object* metadata = object_at(autoscaler, "metadata");
  if (spec == nullptr) return;
  json::object* annotations = metadata == nullptr ? nullptr : object_at(*metadata, "annotations");
  for (const Carried& carried : kCarried) {
    const json::value* text =
        annotations == nullptr ? nullptr : annotations->if_contains(carried.annotation);
    if (text == nullptr || !text->is_string()) continue;
    // What a client made of the annotation is its business; what is no JSON is dropped.
    Result<json::value> value = parse_json(text->get_string());
    json::object* part = carried.part == "spec" ? spec : status;
    if (value && part != nullptr) (*part)[carried.field] = std::move(*value);
    annotations->erase(carried.annotation);
  }
  if (annotations != nullptr && annotations->empty()) metadata->erase("annotations");
  if (const json::value* percent = spec->if_contains("targetCPUUtilizationPercentage")) {
    const json::value copy = *percent;
    spec->erase("targetCPUUtilizationPercentage");
    put_cpu(*spec, "metrics", "target", copy);
  } else if (!spec->contains("metrics")) {
    put_cpu(*spec, "metrics", "target", kUsualPercent);
  }
  const json::value* now =
      status == nullptr ? nullptr : status->if_contains("currentCPUUtilizationPercentage");
  if (now == nullptr) return;
  const json::value copy = *now;
  status->erase("currentCPUUtilizationPercentage");
  put_cpu(*status, "currentMetrics", "current", copy);
}

}  // namespace ks::store
