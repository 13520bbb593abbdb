#include "store/api/convert.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "kube/object.h"
#include "store/api/convert_autoscaler.h"

namespace ks::store {
namespace {

constexpr std::string_view kBegin = "{\"apiVersion\":\"";
constexpr std::string_view kNewEvents = "events.k8s.io/v1";

/// The fields of an Event that have one name in v1 and another in events.k8s.io/v1.
constexpr std::pair<std::string_view, std::string_view> kEventFields[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"source", "deprecatedSource"},
    {"reportingComponent", "reportingController"},
};

void rename(json::object& object, std::string_view from, std::string_view to) {
  const auto found = object.find(from);
  if (found == object.end()) return;
  json::value value = std::move(found->value());
  object.erase(found);
  object[to] = std::move(value);
}

}  // namespace

bool speaks(const Object& object, const Kind& kind) {
  const std::string_view text = *object.json;
  if (!text.starts_with(kBegin)) return false;
  const std::string_view rest = text.substr(kBegin.size());
  const std::string& group = kind.resource.group;
  const std::string& version = kind.resource.version;
  if (group.empty()) return rest.starts_with(version) && rest.substr(version.size(), 1) == "\"";
  return rest.starts_with(group) && rest.substr(group.size(), 1) == "/" &&
         rest.substr(group.size() + 1).starts_with(version) &&
         rest.substr(group.size() + 1 + version.size(), 1) == "\"";
}

void convert(json::value& object, const Kind& to) {
  json::object* fields = object.if_object();
  if (fields == nullptr) return;
  const std::string api_version = to.resource.api_version();
  const bool was_new = kube::api_version_of(object) == kNewEvents;
  const bool is_new = api_version == kNewEvents;
  if (was_new != is_new) {
    for (const auto& [old_name, new_name] : kEventFields) {
      is_new ? rename(*fields, old_name, new_name) : rename(*fields, new_name, old_name);
    }
  }
  if (to.store_resource() == "horizontalpodautoscalers.autoscaling") {
    const std::string_view was = kube::api_version_of(object);
    if (was == "autoscaling/v1" && api_version == "autoscaling/v2") autoscaler_to_v2(*fields);
    if (was == "autoscaling/v2" && api_version == "autoscaling/v1") autoscaler_to_v1(*fields);
  }
  (*fields)["apiVersion"] = api_version;
}

json::value value_of(const Object& object, const Kind& kind) {
  Result<json::value> value = parse_json(*object.json);
  CHECK_MSG(value.ok(), object.key);
  if (!speaks(object, kind)) convert(*value, kind);
  return std::move(*value);
}

}  // namespace ks::store
