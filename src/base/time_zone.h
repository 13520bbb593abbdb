#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace ks {

/// How far a zone of the machine's time zone database (`Europe/Berlin`) is before UTC at a time;
/// nothing when there is no such zone.
std::optional<std::chrono::seconds> zone_offset_at(std::string_view zone, WallTime time);

}  // namespace ks
