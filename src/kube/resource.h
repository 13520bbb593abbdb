#pragma once

#include <string>
#include <string_view>

#include "kube/object.h"
#include "kube/path.h"
#include "kube/status.h"

namespace ks::kube {

/// A kind as the REST API addresses it.
struct Resource {
  std::string group;  ///< Empty for the core group.
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;

  /// `apps/v1`, or `v1`.
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  GroupResource group_resource() const { return {group, plural}; }
  /// The path of one object, or of the collection when the name is empty.
  ResourcePath path(std::string_view space, std::string_view name = {},
                    std::string_view subresource = {}) const {
    ResourcePath out;
    out.group = group;
    out.version = version;
    if (namespaced) out.space = space;
    out.resource = plural;
    out.name = name;
    out.subresource = subresource;
    return out;
  }
};

/// The kinds that nearly every controller touches.
inline Resource namespaces() { return {"", "v1", "namespaces", "Namespace", false}; }
inline Resource secrets() { return {"", "v1", "secrets", "Secret", true}; }
inline Resource config_maps() { return {"", "v1", "configmaps", "ConfigMap", true}; }
inline Resource events() { return {"", "v1", "events", "Event", true}; }

}  // namespace ks::kube
