#pragma once

#include <string>
#include <vector>

#include "base/check.h"
#include "kube/status.h"
#include "store/schema/builtin.h"

/// Types for tests of schemas.

namespace ks::store {

/// By its short form: `core.v1.Pod`.
inline const Schema& built_in(std::string_view brief) {
  const Schema* found = built_in_types()->find(full_type_name(brief));
  CHECK_MSG(found != nullptr, brief);
  return *found;
}

/// `spec.x: Required value`
inline std::vector<std::string> texts(const std::vector<kube::FieldError>& errors) {
  std::vector<std::string> out;
  out.reserve(errors.size());
  for (const kube::FieldError& error : errors) {
    out.push_back((error.field.empty() ? "" : error.field + ": ") + error.message);
  }
  return out;
}

}  // namespace ks::store
