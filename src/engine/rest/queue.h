#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "engine/engine.h"

/// Jenkins' queue: what builds are before they begin (engine-rest, section 1).

namespace ks::engine {

/// The number of a build's queue item: the same after a restart, below 2^48, so that JavaScript
/// keeps it.
uint64_t queue_id(const JobName& job, uint64_t number);
/// The build that an item is, or became. Nothing when there is none any more.
std::optional<std::pair<JobName, uint64_t>> find_queued(const Engine& engine, uint64_t id);
json::object queue_item_json(const RunInfo& info, const std::string& base);

}  // namespace ks::engine
