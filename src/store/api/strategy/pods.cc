#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "store/api/strategy/pod_spec.h"
#include "store/api/strategy/rules.h"

namespace ks::store::rules {
namespace {

void fill(json::value& pod) {
  json::value* spec = find(pod, {"spec"});
  if (spec == nullptr || !spec->is_object()) return;
  json::object& fields = spec->get_object();
  set_default(fields, "enableServiceLinks", true);
  set_default(fields, "serviceAccountName", "default");
  fields["serviceAccount"] = fields["serviceAccountName"];
  set_default(fields, "priority", 0);
  set_default(fields, "preemptionPolicy", "PreemptLowerPriority");
}

/// The spec without what may change while a Pod lives.
json::value fixed_part(const json::value& pod) {
  const json::value* found = find(pod, {"spec"});
  json::value spec = found == nullptr ? json::value(json::object()) : *found;
  if (!spec.is_object()) return spec;
  json::object& fields = spec.get_object();
  // nodeName is the binding's, which comes this way too.
  for (std::string_view field :
       {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName"}) {
    fields.erase(field);
  }
  for (std::string_view list : {"containers", "initContainers"}) {
    json::value* containers = fields.if_contains(list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (json::value& container : containers->get_array()) {
      if (container.is_object()) container.get_object().erase("image");
    }
  }
  return spec;
}

}  // namespace

Outcome<> prepare_pod(json::value& object, const StrategyContext&) {
  fill(object);
  const json::value* spec = find(object, {"spec"});
  object.as_object()["status"] = json::object{
      {"phase", "Pending"}, {"qosClass", spec == nullptr ? "BestEffort" : qos_class(*spec)}};
  return {};
}

Outcome<> update_pod(json::value& next, const json::value&, const StrategyContext&) {
  fill(next);
  return {};
}

void check_pod(const json::value& object, FieldErrors& errors) {
  const json::value* spec = find(object, {"spec"});
  check_pod_spec(spec == nullptr ? json::value(json::object()) : *spec, "spec", errors);
}

void check_pod_change(const json::value& next, const json::value& before, FieldErrors& errors) {
  const std::string_view old_node = text_at(before, {"spec", "nodeName"});
  const bool moved = !old_node.empty() && old_node != text_at(next, {"spec", "nodeName"});
  if (!moved && fixed_part(next) == fixed_part(before)) return;
  errors.push_back(kube::field_forbidden(
      "spec",
      "pod updates may not change fields other than "
      "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
      "`spec.tolerations` (only additions to existing tolerations),"
      "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
      "negative)"));
}

}  // namespace ks::store::rules
