#include <boost/json.hpp>

#include "base/json.h"
#include "kube/object.h"
#include "store/api/strategy/rules.h"

namespace ks::store::rules {

Outcome<> prepare_namespace(json::value& object, const StrategyContext&) {
  set_at(object, {"spec", "finalizers"}, json::array{"kubernetes"});
  set_at(object, {"status"}, json::object{{"phase", "Active"}});
  kube::set_label(object, "kubernetes.io/metadata.name", std::string(kube::name_of(object)));
  return {};
}

/// Only `finalize` changes spec.finalizers.
Outcome<> update_namespace(json::value& next, const json::value& before, const StrategyContext&) {
  if (const json::value* spec = find(before, {"spec"})) {
    next.as_object()["spec"] = *spec;
  } else {
    next.as_object().erase("spec");
  }
  kube::set_label(next, "kubernetes.io/metadata.name", std::string(kube::name_of(next)));
  return {};
}

}  // namespace ks::store::rules
