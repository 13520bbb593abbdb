#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/json.h"
#include "kube/client.h"

namespace ks::cmd {

/// Watches one object until `enough` says so and gives that state. `not_found` when it is deleted
/// meanwhile, `timeout` at the limit, `unavailable` when `stop` fires.
Result<json::value> wait_for(kube::Client& client, const kube::Resource& resource,
                             const kube::Key& key,
                             const std::function<bool(const json::value&)>& enough,
                             std::chrono::milliseconds limit, const std::stop_token& stop = {});

}  // namespace ks::cmd
