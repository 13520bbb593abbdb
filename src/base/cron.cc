#include "base/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/random.h"
#include "base/text.h"
#include "base/time_zone.h"

namespace ks {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::sys_time;
using std::chrono::year_month_day;

using Minute = sys_time<minutes>;

constexpr int kMostYears = 30;  // Feb 29 on a given weekday comes every 28 years

struct Field {
  std::string_view name;
  int least, most;
  int most_hashed;  // of `H` alone: a day that every month has
};
constexpr std::array<Field, 5> kFields = {{{"minute", 0, 59, 59},
                                           {"hour", 0, 23, 23},
                                           {"day of month", 1, 31, 28},
                                           {"month", 1, 12, 12},
                                           {"day of week", 0, 7, 6}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kAliases = {
    {{"@hourly", "H * * * *"},
     {"@daily", "H H * * *"},
     {"@midnight", "H H(0-2) * * *"},
     {"@weekly", "H H * * H"},
     {"@monthly", "H H H * *"},
     {"@annually", "H H H H *"},
     {"@yearly", "H H H H *"}}};

/// The same number for the same name, for ever.
uint64_t hash_of(std::string_view seed) {
  uint64_t hash = 14'695'981'039'346'656'037u;  // FNV-1a
  for (const char c : seed) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
  }
  return hash;
}

}  // namespace

/// Reads one line.
class Cron::Parser {
 public:
  Parser(std::string_view whole, std::string_view line, size_t number, uint64_t hash)
      : whole_(whole), text_(line), number_(number), hash_(hash) {}

  Result<Line> line(bool& fixed_minute, bool& every_minute) {
    Line out;
    for (size_t i = 0; i < kFields.size(); ++i) {
      if (i > 0 && !skip_space()) return unexpected();
      const size_t from = at_;
      std::bitset<60> values = TRY(list(kFields[i]));
      const std::string_view said = text_.substr(from, at_ - from);
      if (i == 0) {
        fixed_minute = said == "0";
        every_minute = said == "*" || said == "*/1";
      } else if (i == 1) {
        every_minute = every_minute && said == "*";
      }
      for (int value = 0; value < 60; ++value) {
        if (values[static_cast<size_t>(value)]) set(out, i, value);
      }
    }
    skip_space();
    if (at_ < text_.size()) return unexpected();
    return out;
  }

 private:
  static void set(Line& line, size_t field, int value) {
    const auto at = static_cast<size_t>(value);
    switch (field) {
      case 0: line.minutes.set(at); break;
      case 1: line.hours.set(at); break;
      case 2: line.days.set(at); break;
      case 3: line.months.set(at); break;
      default: line.weekdays.set(at % 7); break;
    }
  }

  Result<std::bitset<60>> list(const Field& field) {
    std::bitset<60> out;
    do {
      out |= TRY(one(field));
    } while (take(','));
    return out;
  }

  Result<std::bitset<60>> one(const Field& field) {
    if (take('*')) {
      const int step = TRY(step_of(field));
      return spread(field.least, most_of(field), step);
    }
    if (take('H')) return hashed(field);
    const int from = TRY(number(field));
    int to = from;
    const bool range = take('-');
    if (range) to = TRY(number(field));
    if (to < from) {
      return error(fmt::format("You mean {}-{}?", to, from));
    }
    const int step = range ? TRY(step_of(field)) : 1;
    return spread(from, to, step);
  }

  Result<std::bitset<60>> hashed(const Field& field) {
    int from = field.least, to = field.most_hashed;
    if (take('(')) {
      from = TRY(number(field));
      if (!take('-')) return unexpected();
      to = TRY(number(field));
      if (!take(')')) return unexpected();
      if (to < from) return error(fmt::format("You mean {}-{}?", to, from));
    }
    const int step = TRY(step_of(field));
    // One hash for each field: the hour does not follow from the minute.
    const uint64_t hash = hash_ / (1 + static_cast<uint64_t>(&field - kFields.data()) * 7919);
    const int width = to - from + 1;
    if (step > 1) {
      return spread(from + static_cast<int>(hash % static_cast<uint64_t>(std::min(step, width))),
                    to, step);
    }
    const int only = from + static_cast<int>(hash % static_cast<uint64_t>(width));
    return spread(only, only, 1);
  }

  static int most_of(const Field& field) { return field.most == 7 ? 6 : field.most; }

  static std::bitset<60> spread(int from, int to, int step) {
    std::bitset<60> out;
    for (int value = from; value <= to; value += step) out.set(static_cast<size_t>(value));
    return out;
  }

  Result<int> step_of(const Field& field) {
    if (!take('/')) return 1;
    const int64_t step = TRY(digits());
    if (step < 1) return error(fmt::format("step must be positive, but found {}", step));
    if (step > field.most + 1) {
      return error(fmt::format("{} is an invalid value. Must be within 1 and {}", step,
                               field.most + (field.least == 0 ? 1 : 0)));
    }
    return static_cast<int>(step);
  }

  Result<int> number(const Field& field) {
    const int64_t value = TRY(digits());
    if (value < field.least || value > field.most) {
      return error(fmt::format("{} is an invalid value. Must be within {} and {}", value,
                               field.least, field.most));
    }
    return static_cast<int>(value);
  }

  Result<int64_t> digits() {
    const size_t from = at_;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    if (at_ == from) return unexpected();
    return parse_int(text_.substr(from, std::min<size_t>(at_ - from, 18))).value_or(0);
  }

  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool skip_space() {
    const size_t from = at_;
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    return at_ > from;
  }

  Error unexpected() const {
    if (at_ > 0 && at_ < text_.size() && text_.substr(at_ - 1, 2) == "**") {
      return error("You appear to be missing whitespace between * and *.");
    }
    if (at_ >= text_.size()) return error("unexpected end of input");
    return error(fmt::format("unexpected char: '{}'", text_[at_]));
  }
  Error error(std::string_view what) const {
    return {Code::invalid,
            fmt::format("Invalid input: \"{}\": line {}:{}: {}", whole_, number_, at_ + 1, what)};
  }

  std::string_view whole_, text_;
  size_t number_;
  uint64_t hash_;
  size_t at_ = 0;
};

Result<Cron> Cron::parse(std::string_view text, std::string_view seed) {
  constexpr size_t kMostBytes = 64u << 10;
  if (text.size() > kMostBytes) return Error{Code::too_large, "a schedule has at most 64 KiB"};
  Cron out;
  const uint64_t hash = hash_of(seed);
  size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("TZ=") && out.lines_.empty()) {
      out.zone_ = trim(line.substr(3));
      if (!zone_offset_at(out.zone_, WallTime{})) {
        return Error{Code::invalid, fmt::format("Invalid or unsupported timezone '{}'", out.zone_)};
      }
      continue;
    }
    for (const auto& [alias, meaning] : kAliases) {
      if (line == alias) line = meaning;
    }
    bool fixed_minute = false, every_minute = false;
    out.lines_.push_back(TRY(Parser(text, line, number, hash).line(fixed_minute, every_minute)));
    if (every_minute && out.advice_.empty()) {
      out.advice_ = fmt::format(
          "Do you really mean \"every minute\" when you say \"{}\"? Perhaps you meant \"H * * * "
          "*\" "
          "to poll once per hour",
          line);
    } else if (fixed_minute && out.advice_.empty()) {
      out.advice_ = fmt::format("Spread load evenly by using ‘H {}’ rather than ‘{}’",
                                trim(line.substr(1)), line);
    }
  }
  return out;
}

std::optional<WallTime> Cron::next(WallTime time) const { return nearest(time, true); }
std::optional<WallTime> Cron::previous(WallTime time) const { return nearest(time, false); }

std::optional<WallTime> Cron::nearest(WallTime time, bool forward) const {
  const auto offset_at = [this](WallTime when) {
    return zone_.empty() ? std::chrono::seconds(0)
                         : zone_offset_at(zone_, when).value_or(std::chrono::seconds(0));
  };
  // Walks local minutes; a day that cannot match is left in one step.
  std::optional<WallTime> best;
  const Minute start = std::chrono::floor<minutes>(time + offset_at(time));
  for (const Line& line : lines_) {
    Minute at = forward ? start + minutes(1) : start;
    const Minute limit = forward ? start + days(366 * kMostYears) : start - days(366 * kMostYears);
    while (forward ? at < limit : at > limit) {
      const sys_days day = std::chrono::floor<days>(at);
      const year_month_day date(day);
      const bool day_matches = line.months[static_cast<unsigned>(date.month())] &&
                               line.days[static_cast<unsigned>(date.day())] &&
                               line.weekdays[std::chrono::weekday(day).c_encoding()];
      const auto into_day = at - Minute(day);
      const auto hour = static_cast<size_t>(into_day / minutes(60));
      if (!day_matches) {
        at = forward ? Minute(day + days(1)) : Minute(day) - minutes(1);
      } else if (!line.hours[hour]) {
        at = forward ? Minute(day) + minutes(60 * (hour + 1))
                     : Minute(day) + minutes(60 * hour) - minutes(1);
      } else if (!line.minutes[static_cast<size_t>(into_day / minutes(1)) % 60]) {
        at += forward ? minutes(1) : -minutes(1);
      } else {
        const WallTime guess{at.time_since_epoch()};
        const WallTime found = guess - offset_at(guess - offset_at(guess));
        const bool counts = forward ? found > time : found <= time;
        if (counts) {
          if (!best || (forward ? found < *best : found > *best)) best = found;
          break;
        }
        at += forward ? minutes(1) : -minutes(1);
      }
    }
  }
  return best;
}

}  // namespace ks
