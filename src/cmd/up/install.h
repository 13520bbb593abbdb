#pragma once

#include "store/api/api.h"

namespace ks::cmd {

/// Installs the kinds of DevOps and GitOps as CustomResourceDefinitions. Those that are there
/// already, from the same schema files, cost nothing.
Result<> install_definitions(store::Store& store, store::KubeApi& api);

}  // namespace ks::cmd
