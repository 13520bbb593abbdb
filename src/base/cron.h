#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ks {

/// Schedules as Jenkins writes them: lines of five fields (minute, hour, day of month, month, day
/// of week), with `H` for a value that the seed chooses, aliases such as `@daily`, `#` comments,
/// and a first line `TZ=Europe/Berlin`.
///
///   Cron cron = TRY(Cron::parse("H 4 * * 1-5", "demo/build"));
///   std::optional<WallTime> next = cron.next(clock.now());
///
/// A time must match all five fields. Immutable, so thread-safe.
class Cron {
 public:
  /// The seed is the job's full name: each job gets its own minute of `H`, always the same.
  /// Errors are in Jenkins' words: `Invalid input: "x": line 1:1: unexpected char: 'x'`.
  static Result<Cron> parse(std::string_view text, std::string_view seed);

  bool empty() const { return lines_.empty(); }
  /// The first time after `time`; nothing when there is none within some years.
  std::optional<WallTime> next(WallTime time) const;
  /// The last time at or before `time`.
  std::optional<WallTime> previous(WallTime time) const;
  /// What people rarely mean, or better ways to say it; empty when all is well.
  const std::string& advice() const { return advice_; }

 private:
  struct Line {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;     // 1-31
    std::bitset<13> months;   // 1-12
    std::bitset<7> weekdays;  // 0 is Sunday
  };
  class Parser;
  std::optional<WallTime> nearest(WallTime time, bool forward) const;

  std::vector<Line> lines_;
  std::string zone_;
  std::string advice_;
};

}  // namespace ks
