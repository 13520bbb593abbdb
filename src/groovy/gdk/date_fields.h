#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Days and hours of the proleptic Gregorian calendar in UTC or at a fixed offset, and
/// SimpleDateFormat's patterns.

namespace ks::groovy {

struct DateFields {
  int64_t year = 1970;
  int month = 1;  ///< from 1
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int milli = 0;
  int weekday = 4;  ///< 0 is Sunday
  int day_of_year = 1;
};

DateFields fields_of(int64_t millis, int32_t offset_seconds = 0);
/// Fields out of range roll over, as Java's lenient calendars do.
int64_t millis_of(const DateFields& fields, int32_t offset_seconds = 0);
int days_in_month(int64_t year, int month);
/// `UTC`, `GMT+2`, `+02:00`; nothing for zones with rules of their own.
std::optional<int32_t> zone_offset(std::string_view name);

/// `yyyy-MM-dd HH:mm:ss.SSS`, `EEE MMM d`, `Z`, `XXX`, `'text'`.
std::string format_date(std::string_view pattern, const DateFields& fields, int32_t offset_seconds,
                        std::string_view zone_name);
/// The fields that the pattern reads; nothing when the text does not fit. Sets the offset when the
/// text has one.
std::optional<DateFields> parse_date(std::string_view pattern, std::string_view text,
                                     std::optional<int32_t>& offset_seconds);

}  // namespace ks::groovy
