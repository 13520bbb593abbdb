#include "store/schema/cel/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/clock.h"
#include "base/text.h"
#include "base/time_zone.h"

namespace ks::store::cel {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

/// Up to nine digits as billionths; more are cut.
uint32_t fraction_nanos(std::string_view digits) {
  uint32_t out = 0;
  for (size_t i = 0; i < 9; ++i)
    out = out * 10 + (i < digits.size() ? static_cast<uint32_t>(digits[i] - '0') : 0);
  return out;
}

/// `.25` for a quarter of a second, nothing for none.
std::string fraction_text(uint64_t nanos) {
  if (nanos == 0) return {};
  std::string out = fmt::format(".{:09}", nanos);
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  const Result<WallTime> time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  const auto whole = std::chrono::floor<std::chrono::seconds>(*time);
  Timestamp out{whole.time_since_epoch().count(), 0};
  if (const size_t dot = text.find('.'); dot != text.npos) {
    const std::string_view rest = text.substr(dot + 1);
    out.nanos = fraction_nanos(rest.substr(0, rest.find_first_not_of("0123456789")));
  }
  if (out.seconds < kMinTimestamp || out.seconds > kMaxTimestamp) return std::nullopt;
  return out;
}

std::string format_timestamp(Timestamp time) {
  std::string out = format_rfc3339(WallTime{std::chrono::seconds{time.seconds}});
  if (time.nanos != 0 && out.ends_with('Z')) {
    out.pop_back();
    out += fraction_text(time.nanos) + "Z";
  }
  return out;
}

std::optional<int64_t> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 8> kUnits = {
      {{"ns", 1},
       {"us", 1000},
       {"\u00b5s", 1000},
       {"\u03bcs", 1000},
       {"ms", 1'000'000},
       {"s", kSecond},
       {"m", 60 * kSecond},
       {"h", 3600 * kSecond}}};
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  __int128 total = 0;
  while (!text.empty()) {
    const size_t digits = text.find_first_not_of("0123456789");
    if (digits == text.npos || digits > 18) return std::nullopt;
    int64_t whole = 0;
    std::from_chars(text.data(), text.data() + digits, whole);
    text.remove_prefix(digits);
    std::string_view fraction;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      fraction = text.substr(0, text.find_first_not_of("0123456789"));
      text.remove_prefix(fraction.size());
    }
    if (digits == 0 && fraction.empty()) return std::nullopt;
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
    const auto* match =
        std::ranges::find(kUnits, unit, &std::pair<std::string_view, int64_t>::first);
    if (match == kUnits.end()) return std::nullopt;
    text.remove_prefix(unit.size());
    total += static_cast<__int128>(whole) * match->second +
             static_cast<__int128>(fraction_nanos(fraction)) * match->second / kSecond;
    if (total > std::numeric_limits<int64_t>::max()) return std::nullopt;
  }
  return static_cast<int64_t>(negative ? -total : total);
}

std::string format_duration(int64_t nanoseconds) {
  const uint64_t size =
      nanoseconds < 0 ? 0 - static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
  return fmt::format("{}{}{}s", nanoseconds < 0 ? "-" : "", size / kSecond,
                     fraction_text(size % kSecond));
}

std::optional<int64_t> zone_offset(std::string_view zone, int64_t at) {
  if (zone == "UTC" || zone == "Z" || zone.empty()) return 0;
  const std::string_view name = zone;
  const bool west = zone.front() == '-';
  if (west || zone.front() == '+') zone.remove_prefix(1);
  if (zone.size() != 5 || zone[2] != ':') {
    const auto offset = zone_offset_at(name, WallTime{std::chrono::seconds{at}});
    return offset ? std::optional(offset->count()) : std::nullopt;
  }
  const auto hours = parse_int(zone.substr(0, 2)), minutes = parse_int(zone.substr(3));
  if (!hours || !minutes || *hours < 0 || *hours > 23 || *minutes < 0 || *minutes > 59)
    return std::nullopt;
  const int64_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

Calendar calendar(int64_t seconds) {
  using namespace std::chrono;
  const sys_seconds moment{std::chrono::seconds{seconds}};
  const sys_days date = floor<days>(moment);
  const year_month_day ymd{date};
  const sys_days new_year = ymd.year() / January / 1;
  const int64_t of_day = (moment - date).count();
  return {.year = static_cast<int>(ymd.year()),
          .month = static_cast<unsigned>(ymd.month()) - 1,
          .day = static_cast<unsigned>(ymd.day()),
          .day_of_week = weekday{date}.c_encoding(),
          .day_of_year = (date - new_year).count(),
          .hours = of_day / 3600,
          .minutes = of_day / 60 % 60,
          .seconds = of_day % 60};
}

}  // namespace ks::store::cel
