#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace ks::engine {

/// What SonarQube's webhook tells of an analysis: when it has ended, and what its gate says.
struct AnalysisEnd {
  std::string status;  ///< SUCCESS, FAILED, CANCELED
  std::string gate;    ///< OK, WARN, ERROR; empty without one
  /// Signed with the secret that who waits has. What is not is only a reason to ask the server:
  /// anybody may send it.
  bool signed_right = false;
};

/// Who waits for the end of which analysis. Thread-safe; keeps nothing over a restart, since who
/// waits asks the server first.
class QualityGates {
 public:
  struct Wait {
    std::string task;                               ///< of SonarQube, `ceTaskId`
    std::string secret;                             ///< of the webhook; empty: none is set
    std::function<void(const AnalysisEnd&)> heard;  ///< any thread; once
  };
  /// A number to be passed to leave().
  uint64_t wait(Wait wait);
  void leave(uint64_t number);

  /// A webhook's body; `signature` is that of its body in hex, empty when it is not signed. Waits
  /// with a secret go on only when it is right.
  Result<> heard(std::string_view body, std::string_view signature);

 private:
  std::mutex mutex_;
  std::map<uint64_t, Wait> waits_;
  uint64_t next_ = 1;
};

}  // namespace ks::engine
