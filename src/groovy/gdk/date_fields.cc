#include "groovy/gdk/date_fields.h"

#include <fmt/format.h>
#include <array>
#include <chrono>

#include "base/text.h"

namespace ks::groovy {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr int64_t kDayMillis = 86'400'000;

int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

}  // namespace

DateFields fields_of(int64_t millis, int32_t offset_seconds) {
  millis += static_cast<int64_t>(offset_seconds) * 1000;
  int64_t days = floor_div(millis, kDayMillis);
  int64_t rest = millis - days * kDayMillis;
  DateFields out;
  int64_t z = days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t of_era = z - era * 146097;
  int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * of_year + 2) / 153;
  out.day = static_cast<int>(of_year - (153 * shifted + 2) / 5 + 1);
  out.month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = static_cast<int>(rest / 3'600'000);
  out.minute = static_cast<int>(rest / 60'000 % 60);
  out.second = static_cast<int>(rest / 1000 % 60);
  out.milli = static_cast<int>(rest % 1000);
  out.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  out.day_of_year = static_cast<int>(days - days_from_civil(out.year, 1, 1) + 1);
  return out;
}

int64_t millis_of(const DateFields& f, int32_t offset_seconds) {
  int64_t months = static_cast<int64_t>(f.month) - 1;
  int64_t year = f.year + floor_div(months, 12);
  int month = static_cast<int>(months - floor_div(months, 12) * 12) + 1;
  int64_t days = days_from_civil(year, month, 1) + f.day - 1;
  int64_t seconds = static_cast<int64_t>(f.hour) * 3600 + static_cast<int64_t>(f.minute) * 60 +
                    f.second - offset_seconds;
  return days * kDayMillis + seconds * 1000 + f.milli;
}

int days_in_month(int64_t year, int month) {
  int64_t next_year = month == 12 ? year + 1 : year;
  int next_month = month == 12 ? 1 : month + 1;
  return static_cast<int>(days_from_civil(next_year, next_month, 1) -
                          days_from_civil(year, month, 1));
}

std::optional<int32_t> zone_offset(std::string_view name) {
  if (name == "UTC" || name == "GMT" || name == "Z" || name == "Etc/UTC" || name == "UT" ||
      name == "Zulu")
    return 0;
  if (name.starts_with("GMT") || name.starts_with("UTC")) name.remove_prefix(3);
  if (name.empty() || (name[0] != '+' && name[0] != '-')) return std::nullopt;
  int sign = name[0] == '-' ? -1 : 1;
  std::string digits;
  for (char c : name.substr(1)) {
    if (c != ':') digits += c;
  }
  if (digits.empty() || digits.size() > 4) return std::nullopt;
  std::optional<int64_t> number = parse_int(digits);
  if (!number) return std::nullopt;
  int64_t hours = digits.size() <= 2 ? *number : *number / 100;
  int64_t minutes = digits.size() <= 2 ? 0 : *number % 100;
  return static_cast<int32_t>(sign * (hours * 3600 + minutes * 60));
}

namespace {

std::string offset_text(int32_t seconds, bool colon) {
  int32_t size = seconds < 0 ? -seconds : seconds;
  return fmt::format("{}{:02}{}{:02}", seconds < 0 ? '-' : '+', size / 3600, colon ? ":" : "",
                     size / 60 % 60);
}

int hour12(int hour) { return hour % 12 == 0 ? 12 : hour % 12; }

std::string field(char letter, size_t count, const DateFields& f, int32_t offset,
                  std::string_view zone) {
  auto number = [&](int64_t value) { return fmt::format("{:0{}}", value, count); };
  switch (letter) {
    case 'y':
    case 'u':
      if (letter == 'u' && count == 1) return number(f.weekday == 0 ? 7 : f.weekday);
      return count == 2 ? fmt::format("{:02}", f.year % 100) : number(f.year);
    case 'Y': return number(f.year);
    case 'M':
    case 'L':
      if (count >= 4) return std::string(kMonths[static_cast<size_t>(f.month - 1)]);
      if (count == 3) return std::string(kMonths[static_cast<size_t>(f.month - 1)].substr(0, 3));
      return number(f.month);
    case 'd': return number(f.day);
    case 'D': return number(f.day_of_year);
    case 'E':
      return std::string(count >= 4 ? kDays[static_cast<size_t>(f.weekday)]
                                    : kDays[static_cast<size_t>(f.weekday)].substr(0, 3));
    case 'a': return f.hour < 12 ? "AM" : "PM";
    case 'H': return number(f.hour);
    case 'k': return number(f.hour == 0 ? 24 : f.hour);
    case 'h': return number(hour12(f.hour));
    case 'K': return number(f.hour % 12);
    case 'm': return number(f.minute);
    case 's': return number(f.second);
    case 'S': return number(f.milli);
    case 'w': return number((f.day_of_year - 1) / 7 + 1);
    case 'G': return "AD";
    case 'z': return std::string(zone);
    case 'Z': return offset_text(offset, false);
    case 'X':
      if (offset == 0) return "Z";
      return count == 1 ? offset_text(offset, false).substr(0, 3) : offset_text(offset, count == 3);
    default: return std::string(count, letter);
  }
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::string format_date(std::string_view pattern, const DateFields& f, int32_t offset,
                        std::string_view zone) {
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    char c = pattern[i];
    if (c == '\'') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        out += '\'';
        i += 2;
        continue;
      }
      size_t end = std::min(pattern.find('\'', i + 1), pattern.size());
      out += pattern.substr(i + 1, end - i - 1);
      i = end + 1;
    } else if (is_letter(c)) {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == c && end - i < 20) ++end;
      out += field(c, end - i, f, offset, zone);
      i = end;
    } else {
      out += c;
      ++i;
    }
  }
  return out;
}

namespace {

class DateParser {
 public:
  DateParser(std::string_view pattern, std::string_view text) : pattern_(pattern), text_(text) {}

  std::optional<DateFields> run(std::optional<int32_t>& offset) {
    DateFields f;
    bool afternoon = false;
    bool twelve = false;
    for (size_t i = 0; i < pattern_.size();) {
      char c = pattern_[i];
      if (c == '\'') {
        size_t end = std::min(pattern_.find('\'', i + 1), pattern_.size());
        std::string_view literal = end == i + 1 ? "'" : pattern_.substr(i + 1, end - i - 1);
        if (!text_.substr(at_).starts_with(literal)) return std::nullopt;
        at_ += literal.size();
        i = end + 1;
        continue;
      }
      if (!is_letter(c)) {
        if (at_ >= text_.size() || text_[at_] != c) return std::nullopt;
        ++at_;
        ++i;
        continue;
      }
      size_t end = i;
      while (end < pattern_.size() && pattern_[end] == c) ++end;
      size_t count = end - i;
      // Fields that touch take exactly their width.
      bool touches = end < pattern_.size() && is_letter(pattern_[end]) &&
                     !std::string_view("zZXa").contains(pattern_[end]);
      i = end;
      std::optional<int64_t> n;
      switch (c) {
        case 'y':
        case 'u':
          n = number(touches ? count : 9);
          if (!n) return std::nullopt;
          f.year = count == 2 && *n < 100 ? (*n >= 70 ? 1900 + *n : 2000 + *n) : *n;
          break;
        case 'M':
        case 'L':
          n = count >= 3 ? named_month() : number(touches ? count : 2);
          if (!n) return std::nullopt;
          f.month = static_cast<int>(*n);
          break;
        case 'd':
        case 'H':
        case 'k':
        case 'h':
        case 'K':
        case 'm':
        case 's':
        case 'S':
          n = number(touches ? count : 9);
          if (!n) return std::nullopt;
          set(f, c, static_cast<int>(*n));
          twelve = twelve || c == 'h' || c == 'K';
          break;
        case 'a':
          if (at_ + 2 > text_.size()) return std::nullopt;
          afternoon = equals_ignoring_case(text_.substr(at_, 2), "PM");
          at_ += 2;
          break;
        case 'E':
          while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
          break;
        case 'z':
        case 'Z':
        case 'X': {
          size_t stop = at_;
          while (stop < text_.size() &&
                 (std::isalnum(static_cast<unsigned char>(text_[stop])) != 0 ||
                  text_[stop] == '+' || text_[stop] == '-' || text_[stop] == ':' ||
                  text_[stop] == '/')) {
            ++stop;
          }
          offset = zone_offset(text_.substr(at_, stop - at_));
          if (!offset) return std::nullopt;
          at_ = stop;
          break;
        }
        default: return std::nullopt;
      }
    }
    if (twelve) f.hour = f.hour % 12 + (afternoon ? 12 : 0);
    return f;
  }

 private:
  static void set(DateFields& f, char letter, int value) {
    switch (letter) {
      case 'd': f.day = value; break;
      case 'm': f.minute = value; break;
      case 's': f.second = value; break;
      case 'S': f.milli = value; break;
      case 'k': f.hour = value == 24 ? 0 : value; break;
      default: f.hour = value;
    }
  }
  std::optional<int64_t> number(size_t most) {
    size_t end = at_;
    while (end < text_.size() && end - at_ < most &&
           std::isdigit(static_cast<unsigned char>(text_[end])) != 0)
      ++end;
    std::optional<int64_t> value = parse_int(text_.substr(at_, end - at_));
    at_ = end;
    return value;
  }
  std::optional<int64_t> named_month() {
    for (size_t i = 0; i < kMonths.size(); ++i) {
      for (std::string_view name : {kMonths[i], kMonths[i].substr(0, 3)}) {
        if (!equals_ignoring_case(text_.substr(at_, name.size()), name)) continue;
        at_ += name.size();
        return static_cast<int64_t>(i) + 1;
      }
    }
    return std::nullopt;
  }

  std::string_view pattern_;
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<DateFields> parse_date(std::string_view pattern, std::string_view text,
                                     std::optional<int32_t>& offset) {
  return DateParser(pattern, text).run(offset);
}

}  // namespace ks::groovy
