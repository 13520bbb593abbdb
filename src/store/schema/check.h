#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "kube/status.h"
#include "store/schema/schema.h"

/// Holding values against their types. `value` is a whole object unless said otherwise; a path is
/// as Kubernetes writes it: `spec.containers[0].name`.

namespace ks::store {

/// Removes the fields that the type does not know, as the API server does before storing. Gives
/// their paths, for warnings or the error of `fieldValidation=Strict`: `spec.foo`.
std::vector<std::string> prune(json::value& value, const Schema& schema);

/// Sets absent fields that have a default; a null where null is not allowed counts as absent.
void apply_defaults(json::value& value, const Schema& schema);

/// Types, required fields and constraints. At most 100 errors, in the order of the fields.
std::vector<kube::FieldError> validate(const json::value& value, const Schema& schema);
/// The same for a change, with the rules that compare with the old state.
std::vector<kube::FieldError> validate_update(const json::value& value, const json::value& old,
                                              const Schema& schema);

/// The first fault that keeps a text from being of this type at all, in the words of Kubernetes'
/// decoder: `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of
/// type int32`. Empty: none. Built-in kinds answer it with 400, CRDs have validate().
std::string decoding_fault(const json::value& value, const Schema& schema);

}  // namespace ks::store
