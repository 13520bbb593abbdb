#pragma once

#include <chrono>
#include <string>

namespace ks::engine {

/// `10 sec`, `1 min 30 sec`, `0.25 sec`: a time span as Jenkins words it. The smaller unit is left
/// out beside 10 or more of the bigger one.
std::string time_span(std::chrono::milliseconds time);

}  // namespace ks::engine
