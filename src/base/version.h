#pragma once

#include <string_view>

namespace ks {

inline constexpr std::string_view kVersion = "0.1.0";
/// The Kubernetes release whose API we serve; clients decide by it what they may ask for.
inline constexpr std::string_view kKubernetesVersion = "v1.32.0";

}  // namespace ks
