#include "base/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <stdexcept>

namespace ks {
namespace {

/// The database is a folder of files: nothing else may be named.
bool is_zone_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         std::ranges::all_of(name, fits);
}

/// The database's files list changes up to 2037. What holds later is what holds in a year before
/// that with the same calendar.
std::chrono::sys_seconds within_the_files(std::chrono::sys_seconds time) {
  using namespace std::chrono;
  constexpr year kLast{2037};
  const year late = year_month_day{floor<days>(time)}.year();
  if (late <= kLast) return time;
  const sys_days new_year = late / January / 1;
  for (year same = kLast;; --same) {
    const sys_days first = same / January / 1;
    if (same.is_leap() == late.is_leap() && weekday{first} == weekday{new_year}) {
      return time - (new_year - first);
    }
  }
}

}  // namespace

std::optional<std::chrono::seconds> zone_offset_at(std::string_view zone, WallTime time) {
  if (!is_zone_name(zone)) return std::nullopt;
  try {
    const date::time_zone* found = date::locate_zone(zone);
    return found->get_info(within_the_files(std::chrono::floor<std::chrono::seconds>(time))).offset;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

}  // namespace ks
