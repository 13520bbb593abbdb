#pragma once

#include <boost/json/fwd.hpp>

#include "engine/run.h"

namespace ks::engine {

/// A run for machines: {result, durationMillis, stages: [{id, name, status, startMillis,
/// durationMillis, parent, steps: [{id, name, label, status}]}], artifacts, tests}.
json::value report_of(const Run& run);

/// SUCCESS, FAILURE, ..., IN_PROGRESS, PAUSED_PENDING_INPUT, NOT_EXECUTED.
std::string_view status_of(const RunNode& node);

}  // namespace ks::engine
