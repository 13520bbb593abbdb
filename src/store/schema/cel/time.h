#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Durations and timestamps as CEL reads and writes them.

namespace ks::store::cel {

struct Timestamp {
  int64_t seconds = 0;  ///< since 1970
  uint32_t nanos = 0;
};
/// Years 1 to 9999.
constexpr int64_t kMinTimestamp = -62'135'596'800;
constexpr int64_t kMaxTimestamp = 253'402'300'799;

/// RFC 3339.
std::optional<Timestamp> parse_timestamp(std::string_view text);
std::string format_timestamp(Timestamp time);
/// `1h30m`, `-1.5s`, `0`, in nanoseconds.
std::optional<int64_t> parse_duration(std::string_view text);
/// `5400s`, `0.5s`.
std::string format_duration(int64_t nanoseconds);
/// Seconds east of Greenwich of `UTC`, `+02:00`, `-08:00` or `Europe/Berlin` at a time (in
/// seconds).
std::optional<int64_t> zone_offset(std::string_view zone, int64_t at);

/// The calendar of a moment; months and days of week and year count from 0 as in CEL, `day` from 1.
struct Calendar {
  int64_t year = 0, month = 0, day = 1, day_of_week = 0, day_of_year = 0, hours = 0, minutes = 0,
          seconds = 0;
};
Calendar calendar(int64_t seconds);

}  // namespace ks::store::cel
