#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Kubernetes' quantities: `1.5Gi`, `200m`, `1e3`.

namespace ks::store {

inline constexpr __int128 kQuantityUnit = 1'000'000'000;

/// In billionths, as fine as quantities go; what is finer is rounded away from 0. Nothing for what
/// is no quantity, or beyond all bounds.
std::optional<__int128> parse_quantity(std::string_view text);

/// As Kubernetes stores it: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`, `1500e3` is
/// `1500e3`; at most 2^63-1.
std::optional<std::string> canonical_quantity(std::string_view text);

}  // namespace ks::store
