#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "kube/status.h"

namespace ks::store {

/// What keeps a JSONSchemaProps from being a structural schema, in Kubernetes' words: every field
/// has a type of its own, alternatives only constrain, nothing is used that is not supported.
/// `path` is that of the schema: `spec.versions[0].schema.openAPIV3Schema`.
std::vector<kube::FieldError> check_structural(const json::value& props, std::string path);

}  // namespace ks::store
