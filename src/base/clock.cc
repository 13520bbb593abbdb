#include "base/clock.h"

#include <fmt/format.h>

#include <charconv>

namespace ks {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

/// Reads exactly `digits` decimal digits at the front of `text` and drops them.
bool take_digits(std::string_view& text, size_t digits, int& value) {
  if (text.size() < digits) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits || text[0] == '-') return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

const Clock& system_clock() {
  // Never destroyed: threads that end after main() still ask it.
  static const SystemClock* const clock = new SystemClock;
  return *clock;
}

ManualClock::ManualClock(WallTime start) : wall_(start.time_since_epoch().count()) {}

void ManualClock::advance(std::chrono::milliseconds by) {
  wall_ += by.count();
  steady_ += by.count();
}

void ManualClock::set_wall(WallTime to) { wall_ = to.time_since_epoch().count(); }

std::string format_rfc3339(WallTime time) { return format_rfc3339_fraction(time, 0); }

std::string format_rfc3339_fraction(WallTime time, int digits) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (digits > 0) {
    std::string fraction = fmt::format("{:03}000000", clock.subseconds().count());
    out += '.';
    out.append(fraction, 0, static_cast<size_t>(digits));
  }
  out += 'Z';
  return out;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const std::string_view whole = text;
  auto bad = [&] {
    return Error{Code::invalid,
                 fmt::format("'{}' is no RFC 3339 time such as 2026-01-02T03:04:05Z", whole)};
  };
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) ||
      !take(text, '-') || !take_digits(text, 2, day) ||
      !(take(text, 'T') || take(text, 't') || take(text, ' ')) || !take_digits(text, 2, hour) ||
      !take(text, ':') || !take_digits(text, 2, minute) || !take(text, ':') ||
      !take_digits(text, 2, second)) {
    return bad();
  }
  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return bad();
  int64_t milliseconds = 0;
  if (take(text, '.')) {
    int64_t unit = 100;
    if (text.empty() || text[0] < '0' || text[0] > '9') return bad();
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
      milliseconds += (text[0] - '0') * unit;
      unit /= 10;
      text.remove_prefix(1);
    }
  }
  int offset_minutes = 0;
  if (!take(text, 'Z') && !take(text, 'z')) {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return bad();
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    int hours = 0, minutes = 0;
    if (!take_digits(text, 2, hours)) return bad();
    take(text, ':');
    if (!take_digits(text, 2, minutes) || hours > 23 || minutes > 59) return bad();
    offset_minutes = sign * (hours * 60 + minutes);
  }
  if (!text.empty()) return bad();
  return WallTime{std::chrono::sys_days(date)} + std::chrono::hours(hour) +
         std::chrono::minutes(minute - offset_minutes) + std::chrono::seconds(second) +
         std::chrono::milliseconds(milliseconds);
}

}  // namespace ks
