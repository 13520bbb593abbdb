#include "devops/kapis/webhook/deliveries.h"

namespace ks::devops::kapis {

bool Deliveries::take(const std::string& key) {
  if (key.empty()) return true;
  const SteadyTime now = clock_.steady_now();
  return state_.with([&](State& state) {
    while (!state.order.empty() &&
           (state.order.size() >= kMost || now - state.order.front().first > kStay)) {
      // One that was forgotten and came again has a newer entry, which counts.
      const auto& [time, old] = state.order.front();
      const auto found = state.seen.find(old);
      if (found != state.seen.end() && found->second == time) state.seen.erase(found);
      state.order.pop_front();
    }
    if (!state.seen.emplace(key, now).second) return false;
    state.order.emplace_back(now, key);
    return true;
  });
}

void Deliveries::forget(const std::string& key) {
  state_.with([&](State& state) { state.seen.erase(key); });
}

}  // namespace ks::devops::kapis
