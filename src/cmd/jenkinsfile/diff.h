#pragma once

#include <string>
#include <string_view>

namespace ks::cmd {

/// A unified diff of a text and the same text laid out anew: its lines that are not blank go in
/// pairs. Empty when they are equal.
std::string layout_diff(std::string_view name, std::string_view before, std::string_view after);

}  // namespace ks::cmd
