#include "engine/model.h"

namespace ks::engine {
namespace {

constexpr std::string_view kResults[] = {"SUCCESS", "UNSTABLE", "FAILURE", "NOT_BUILT", "ABORTED"};

}  // namespace

std::string_view to_string(BuildResult result) { return kResults[static_cast<size_t>(result)]; }

std::optional<BuildResult> parse_result(std::string_view name) {
  for (size_t i = 0; i < std::size(kResults); i++) {
    if (kResults[i] == name) return static_cast<BuildResult>(i);
  }
  return std::nullopt;
}

}  // namespace ks::engine
