#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/schema/catalog.h"

/// Reading CustomResourceDefinitions (apiextensions.k8s.io/v1).

namespace ks::store {

/// metadata.name.
std::string_view definition_name(const json::value& definition);

/// The served versions, and the stored one even when it is not served (then without verbs).
Result<std::vector<KindRef>> kinds_of_definition(const json::value& definition);

/// The order in which versions are preferred: v2, v1, v1beta2, v1beta1, v1alpha1, others by name.
bool is_preferred_version(std::string_view a, std::string_view b);

/// The type of a JSONSchemaProps, with all of Kubernetes' markers. What is not understood does not
/// constrain; check_definition() has complained about it. `invalid` when it is nested too deep, is
/// too large, or has a pattern that is none.
Result<const Schema*> read_schema(const json::value& props, SchemaPool& pool);

}  // namespace ks::store
