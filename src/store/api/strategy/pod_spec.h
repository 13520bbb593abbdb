#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "store/api/strategy/strategy.h"

/// The part that Pods and all templates of Pods share.

namespace ks::store::rules {

/// Containers, ports, volumes. `path` is that of the spec: `spec.template.spec`.
void check_pod_spec(const json::value& spec, const std::string& path, FieldErrors& errors);
/// `Guaranteed`, `Burstable` or `BestEffort`, by the resources of the containers.
std::string qos_class(const json::value& spec);

/// Sets a field that is absent or null.
void set_default(json::object& fields, std::string_view name, json::value value);
/// The object at a field, made when it is not there.
json::object& object_in(json::object& fields, std::string_view name);
/// A field that must not be negative; absent is fine.
void check_not_negative(const json::value& object, std::string_view parent, std::string_view field,
                        FieldErrors& errors);

}  // namespace ks::store::rules
