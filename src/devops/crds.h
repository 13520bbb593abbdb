#pragma once

#include <string_view>
#include <vector>

/// The kinds of devops.kubesphere.io and gitops.kubesphere.io, as the files in `devops/crds/`
/// define them.

namespace ks::devops {

/// One CustomResourceDefinition (apiextensions.k8s.io/v1) each, as compact JSON, by name of the
/// file. Without `status`, defaults not filled in: what `kubectl apply` would send.
const std::vector<std::string_view>& crd_documents();

}  // namespace ks::devops
