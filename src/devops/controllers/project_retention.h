#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ks::devops {

/// What is kept of all runs of a project, beside the discarders; nothing of it is bounded unless
/// the operator asks for it (`ks pip gc` of the original, with its `--max-count`, `--max-age`,
/// `--condition` and `--age-to-abort`).
struct ProjectRetention {
  std::optional<int64_t> runs;              ///< so many of the newest are kept
  std::optional<std::chrono::hours> age;    ///< finished ones are kept so long
  bool both = false;                        ///< only what is beyond both bounds goes
  std::optional<std::chrono::hours> abort;  ///< runs that have not ended so long after their start
                                            ///< are stopped
  bool none() const { return !runs && !age && !abort; }
};
}  // namespace ks::devops
