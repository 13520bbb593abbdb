#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/guarded.h"

namespace ks::devops::kapis {

/// The webhooks that were taken of late, so that a recorded one does nothing when it is sent again.
class Deliveries {
 public:
  static constexpr size_t kMost = 10'000;
  static constexpr std::chrono::hours kStay{24};

  explicit Deliveries(const Clock& clock) : clock_(clock) {}

  /// False when it came before. An empty key is always new.
  bool take(const std::string& key);
  /// It failed here: the sender may try again.
  void forget(const std::string& key);

 private:
  struct State {
    std::unordered_map<std::string, SteadyTime> seen;
    std::deque<std::pair<SteadyTime, std::string>> order;  // oldest first
  };
  const Clock& clock_;
  Guarded<State> state_;
};

}  // namespace ks::devops::kapis
