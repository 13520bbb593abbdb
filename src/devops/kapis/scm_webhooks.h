#pragma once

#include "devops/kapis/api.h"
#include "devops/kapis/webhook/deliveries.h"

namespace ks::devops::kapis {

/// `/webhook/git` and `/webhook/github` of v1alpha2, `/webhooks/scm` of v1alpha3. They may be
/// called by anybody: who is not logged in must know the secret of a pipeline, named by its
/// annotation `scm.devops.kubesphere.io/webhook-secret`, or that of the server. `deliveries` must
/// outlive the tables.
void add_scm_webhooks(RouteTable& v2, RouteTable& v3, Api& api, Deliveries& deliveries);

}  // namespace ks::devops::kapis
