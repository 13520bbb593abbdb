#include <boost/json.hpp>

#include "base/json.h"
#include "store/api/strategy/rules.h"
#include "store/schema/value_text.h"

namespace ks::store::rules {
namespace {

/// The spec without what may change while the claim lives.
json::value lasting(const json::value& claim, bool had_class) {
  const json::value* found = find(claim, {"spec"});
  json::value spec = found == nullptr ? json::value() : *found;
  if (!spec.is_object()) return spec;
  for (std::string_view name : {"resources", "volumeAttributesClassName", "volumeName"}) {
    spec.get_object().erase(name);
  }
  // A class may be given to a claim that had none.
  if (!had_class) spec.get_object().erase("storageClassName");
  return spec;
}

}  // namespace

void check_claim(const json::value& object, FieldErrors& errors) {
  const json::value* modes = find(object, {"spec", "accessModes"});
  if (modes == nullptr || !modes->is_array() || modes->get_array().empty()) {
    errors.push_back(
        kube::field_required("spec.accessModes", "at least 1 access mode is required"));
  }
  if (find(object, {"spec", "resources", "requests", "storage"}) == nullptr) {
    errors.push_back(kube::field_required("spec.resources[storage]"));
  }
}

void check_claim_change(const json::value& next, const json::value& before, FieldErrors& errors) {
  const bool had_class = !text_at(before, {"spec", "storageClassName"}).empty();
  if (same_value(lasting(next, had_class), lasting(before, had_class))) return;
  errors.push_back(kube::field_forbidden(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName "
      "for bound claims"));
}

}  // namespace ks::store::rules
