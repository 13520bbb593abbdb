#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "kube/object.h"
#include "store/api/strategy/rules.h"

namespace ks::store::rules {

/// An Event stands beside what it is about; those about cluster-scoped objects are in `default`.
void check_event(const json::value& object, FieldErrors& errors) {
  const bool is_new = kube::api_version_of(object) == "events.k8s.io/v1";
  const std::string_view about = is_new ? "regarding" : "involvedObject";
  const std::string_view space = text_at(object, {about, "namespace"});
  const std::string_view own = kube::space_of(object);
  const bool fine = space.empty() ? own == "default" || own == "kube-system" : own == space;
  if (!fine) {
    errors.push_back(kube::field_invalid(fmt::format("{}.namespace", about),
                                         fmt::format("\"{}\"", space),
                                         "does not match event.namespace"));
  }
  if (!is_new) return;
  for (std::string_view field : {"reportingController", "reportingInstance", "action", "reason"}) {
    if (text_at(object, {field}).empty()) {
      errors.push_back(kube::field_required(std::string(field)));
    }
  }
  if (text_at(object, {"eventTime"}).empty()) errors.push_back(kube::field_required("eventTime"));
}

void check_lease(const json::value& object, FieldErrors& errors) {
  for (std::string_view field : {"leaseDurationSeconds", "leaseTransitions"}) {
    const json::value* value = find(object, {"spec", field});
    if (value == nullptr || !value->is_int64()) continue;
    const int64_t number = value->get_int64();
    const bool positive = field == "leaseDurationSeconds";
    if (number >= (positive ? 1 : 0)) continue;
    errors.push_back(kube::field_invalid(
        fmt::format("spec.{}", field), std::to_string(number),
        positive ? "must be greater than 0" : "must be greater than or equal to 0"));
  }
}

}  // namespace ks::store::rules
