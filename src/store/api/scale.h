#pragma once

#include "store/api/server.h"

namespace ks::store {

/// GET, PUT and PATCH of the `scale` subresource: an autoscaling/v1 Scale that reads and writes the
/// replicas of its object.
Answer scale(ApiServer& server, Call& call);

}  // namespace ks::store
