#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ks {

/// Milliseconds since 1970 UTC. May step backwards when the machine's clock is set.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
/// For durations and deadlines: never goes backwards.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Where time comes from; given in, so that tests own it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

/// The machine's clock. Lives for ever.
const Clock& system_clock();

/// Stands still until it is told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{std::chrono::milliseconds{1'700'000'000'000}});
  WallTime now() const override { return WallTime{std::chrono::milliseconds{wall_.load()}}; }
  SteadyTime steady_now() const override {
    return SteadyTime{std::chrono::milliseconds{steady_.load()}};
  }
  void advance(std::chrono::milliseconds by);
  /// Moves the wall clock alone, as an administrator does.
  void set_wall(WallTime to);

 private:
  std::atomic<int64_t> wall_;
  std::atomic<int64_t> steady_{0};
};

/// `2026-01-02T03:04:05Z`, as Kubernetes writes times.
std::string format_rfc3339(WallTime time);
/// `2026-01-02T03:04:05.123456Z`-like with `digits` (0 to 9) of fraction.
std::string format_rfc3339_fraction(WallTime time, int digits = 3);
/// Reads RFC 3339 with or without fraction, with Z or an offset.
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace ks
