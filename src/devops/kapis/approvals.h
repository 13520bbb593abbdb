#pragma once

#include "devops/kapis/api.h"

namespace ks::devops::kapis {

/// `POST /approvals/{namespace}/{pipelinerun}/{step}?token=T`: the answer of an external system to
/// a question that it was sent (devops/controllers/approval.h). Anybody may call it; the token says
/// which question may be answered, once.
void add_approvals(RouteTable& table, Api& api);

}  // namespace ks::devops::kapis
