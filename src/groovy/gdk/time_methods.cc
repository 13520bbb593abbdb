#include <fmt/format.h>

#include "groovy/gdk/date_fields.h"
#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// java.time, to the millisecond: LocalDate, LocalDateTime, ZonedDateTime, Instant, Duration,
/// DateTimeFormatter, ZoneId.

namespace ks::groovy {

namespace {

constexpr std::string_view kLocalDate = "java.time.LocalDate";
constexpr std::string_view kLocalDateTime = "java.time.LocalDateTime";
constexpr std::string_view kZoned = "java.time.ZonedDateTime";
constexpr std::string_view kInstant = "java.time.Instant";
constexpr std::string_view kDuration = "java.time.Duration";
constexpr std::string_view kFormatter = "java.time.format.DateTimeFormatter";
constexpr std::string_view kZoneId = "java.time.ZoneId";
// What several of them share: all points in time, those with a date, those with a time of day.
constexpr std::string_view kTemporal = "java.time.temporal.Temporal";
constexpr std::string_view kDated = "java.time.temporal.TemporalAccessor";
constexpr std::string_view kTimed = "java.time.chrono.ChronoLocalDateTime";
constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

std::string fraction(int64_t millis) {
  if (millis == 0) return {};
  return fmt::format(".{:03}", millis);
}

std::string duration_text(int64_t millis) {
  if (millis == 0) return "PT0S";
  std::string out = "PT";
  if (int64_t hours = millis / kHour; hours != 0) out += fmt::format("{}H", hours);
  if (int64_t minutes = millis % kHour / kMinute; minutes != 0) out += fmt::format("{}M", minutes);
  int64_t rest = millis % kMinute;
  if (rest != 0) {
    std::string seconds = fmt::format("{}{}{}", rest < 0 ? "-" : "", std::abs(rest) / kSecond,
                                      fraction(std::abs(rest) % kSecond));
    while (seconds.contains('.') && seconds.ends_with('0')) seconds.pop_back();
    out += seconds + "S";
  }
  return out;
}

/// A point in time, or a length of it, as the class says. Local ones count as if they were UTC.
class Moment final : public NativeObject {
 public:
  Moment(std::string_view class_name, int64_t number, int32_t seconds = 0)
      : cls_(library_class(class_name)), millis(number), offset(seconds) {}
  ClassInfo* class_info() const override { return cls_; }
  bool is(std::string_view name) const { return cls_->name == name; }
  std::string to_string(Task&) override {
    if (is(kDuration)) return duration_text(millis);
    DateFields f = fields_of(millis, offset);
    std::string date = fmt::format("{:04}-{:02}-{:02}", f.year, f.month, f.day);
    if (is(kLocalDate)) return date;
    std::string time = fmt::format("T{:02}:{:02}", f.hour, f.minute);
    bool instant = is(kInstant);
    if (instant || f.second != 0 || f.milli != 0)
      time += fmt::format(":{:02}{}", f.second, fraction(f.milli));
    if (instant) return date + time + "Z";
    if (is(kLocalDateTime)) return date + time;
    return date + time + format_date("XXX", f, offset, "Z");
  }
  bool equals(Task&, const Value& other) override {
    auto* moment = other.as_dynamic<Moment>();
    return moment != nullptr && moment->cls_ == cls_ && moment->millis == millis;
  }
  int32_t hash_code(Task&) override { return static_cast<int32_t>(millis ^ (millis >> 32)); }
  std::optional<int> compare(Task&, const Value& other) override {
    auto* moment = other.as_dynamic<Moment>();
    if (moment == nullptr || moment->cls_ != cls_) return std::nullopt;
    return millis < moment->millis ? -1 : millis > moment->millis ? 1 : 0;
  }
  size_t footprint() const override { return sizeof(Moment); }

 private:
  ClassInfo* cls_;

 public:
  int64_t millis;
  int32_t offset;
};

class Named final : public NativeObject {
 public:
  Named(std::string_view class_name, std::string shown)
      : cls_(library_class(class_name)), text(std::move(shown)) {}
  ClassInfo* class_info() const override { return cls_; }
  std::string to_string(Task&) override { return text; }
  size_t footprint() const override { return sizeof(Named) + text.capacity(); }

 private:
  ClassInfo* cls_;

 public:
  std::string text;
};

Moment& self(Call& c) { return *c.self.as_dynamic<Moment>(); }
Moment& moment(Call& c, size_t index) {
  auto* other = c.arg(index).as_dynamic<Moment>();
  if (other == nullptr) throw_cast(c.task, c.arg(index), "java.time.temporal.Temporal");
  return *other;
}
Value make(Call& c, std::string_view cls, int64_t millis, int32_t offset = 0) {
  return c.heap().make<Moment>(cls, millis, offset);
}
Value like_self(Call& c, int64_t millis) {
  return make(c, self(c).class_info()->name, millis, self(c).offset);
}
int64_t day_of(int64_t millis) { return millis - ((millis % kDay) + kDay) % kDay; }
int32_t offset_of(Call& c, size_t index) {
  return c.count() > index ? zone_offset(c.text(index)).value_or(0) : 0;
}

Value now(Call& c) {
  std::string_view cls = c.self.as<ClassInfo>()->name;
  int64_t millis = c.in.host().now_millis(c.task);
  int32_t offset = offset_of(c, 0);
  if (cls == kLocalDate) return make(c, kLocalDate, day_of(millis + offset * kSecond));
  if (cls == kLocalDateTime) return make(c, kLocalDateTime, millis + offset * kSecond);
  return make(c, cls == kZoned ? kZoned : kInstant, millis, offset);
}
Value of_fields(Call& c) {
  DateFields f;
  f.year = c.to_int(0);
  f.month = c.to_int(1);
  f.day = c.to_int(2);
  if (c.count() > 3) f.hour = c.to_int(3);
  if (c.count() > 4) f.minute = c.to_int(4);
  if (c.count() > 5) f.second = c.to_int(5);
  bool valid =
      f.month >= 1 && f.month <= 12 && f.day >= 1 && f.day <= days_in_month(f.year, f.month);
  if (!valid) {
    throw_error(c.task, "java.time.DateTimeException",
                fmt::format("Invalid date: {:04}-{:02}-{:02}", f.year, f.month, f.day));
  }
  return make(c, c.self.as<ClassInfo>()->name, millis_of(f));
}
Value parse(Call& c) {
  std::string_view cls = c.self.as<ClassInfo>()->name;
  std::string given = c.text(0);
  auto* formatter = c.count() == 2 ? c.arg(1).as_dynamic<Named>() : nullptr;
  std::vector<std::string> patterns;
  if (formatter != nullptr) {
    patterns = {formatter->text};
  } else if (cls == kLocalDate) {
    patterns = {"yyyy-MM-dd"};
  } else {
    std::string zone = cls == kLocalDateTime ? "" : "X";
    patterns = {"yyyy-MM-dd'T'HH:mm:ss.SSS" + zone, "yyyy-MM-dd'T'HH:mm:ss" + zone,
                "yyyy-MM-dd'T'HH:mm" + zone};
  }
  for (const std::string& pattern : patterns) {
    std::optional<int32_t> offset;
    std::optional<DateFields> fields = parse_date(pattern, given, offset);
    if (!fields) continue;
    int64_t millis = millis_of(*fields, offset.value_or(0));
    return make(c, cls, cls == kLocalDate ? day_of(millis) : millis,
                cls == kZoned ? offset.value_or(0) : 0);
  }
  throw_error(c.task, "java.time.format.DateTimeParseException",
              "Text '" + given + "' could not be parsed at index 0");
}
Value of_epoch_millis(Call& c) { return make(c, kInstant, c.to_long(0)); }
Value of_epoch_seconds(Call& c) { return make(c, kInstant, c.to_long(0) * kSecond); }
Value of_epoch_day(Call& c) { return make(c, kLocalDate, c.to_long(0) * kDay); }
Value of_instant(Call& c) {
  int32_t offset = offset_of(c, 1);
  bool local = c.self.as<ClassInfo>()->name == kLocalDateTime;
  return local ? make(c, kLocalDateTime, moment(c, 0).millis + offset * kSecond)
               : make(c, kZoned, moment(c, 0).millis, offset);
}
Value epoch_millis(Call& c) { return Value::of_long(self(c).millis); }
Value epoch_seconds(Call& c) {
  return Value::of_long((self(c).millis - ((self(c).millis % kSecond) + kSecond) % kSecond) /
                        kSecond);
}
Value epoch_day(Call& c) { return Value::of_long(day_of(self(c).millis) / kDay); }

template <int64_t unit, int sign>
Value shifted(Call& c) {
  return like_self(c, self(c).millis + c.to_long(0) * unit * sign);
}
template <int months, int sign>
Value shifted_months(Call& c) {
  DateFields f = fields_of(self(c).millis, self(c).offset);
  int64_t total = f.year * 12 + f.month - 1 + c.to_long(0) * months * sign;
  f.year = total / 12;
  f.month = static_cast<int>(total % 12) + 1;
  f.day = std::min(f.day, days_in_month(f.year, f.month));
  return like_self(c, millis_of(f, self(c).offset));
}
template <int sign>
Value plus_duration(Call& c) {
  return like_self(c, self(c).millis + sign * moment(c, 0).millis);
}
template <int DateFields::* member>
Value field(Call& c) {
  return Value::of_int(fields_of(self(c).millis, self(c).offset).*member);
}
Value year(Call& c) {
  return Value::of_int(static_cast<int32_t>(fields_of(self(c).millis, self(c).offset).year));
}
Value day_of_week(Call& c) {
  static constexpr std::string_view kNames[] = {"SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                                "THURSDAY", "FRIDAY", "SATURDAY"};
  return c.heap().make<Named>(
      "java.time.DayOfWeek",
      std::string(kNames[fields_of(self(c).millis, self(c).offset).weekday]));
}
Value before(Call& c) { return Value::of_bool(self(c).millis < moment(c, 0).millis); }
Value after(Call& c) { return Value::of_bool(self(c).millis > moment(c, 0).millis); }
Value same_time(Call& c) { return Value::of_bool(self(c).millis == moment(c, 0).millis); }
Value compare_to(Call& c) { return Value::of_int(compare(c.task, c.self, c.arg(0))); }
Value to_date(Call& c) {
  return make(c, kLocalDate, day_of(self(c).millis + self(c).offset * kSecond));
}
Value to_instant(Call& c) { return make(c, kInstant, self(c).millis); }
Value at_start_of_day(Call& c) { return make(c, kLocalDateTime, self(c).millis); }
Value at_zone(Call& c) {
  int32_t offset = offset_of(c, 0);
  int64_t millis = self(c).is(kInstant) ? self(c).millis : self(c).millis - offset * kSecond;
  return make(c, kZoned, millis, offset);
}
Value format(Call& c) {
  std::string pattern = c.text(0);
  return text(
      c, format_date(pattern, fields_of(self(c).millis, self(c).offset), self(c).offset, "UTC"));
}

// ----- durations -----

template <int64_t unit>
Value duration_of(Call& c) {
  return make(c, kDuration, c.to_long(0) * unit);
}
Value duration_between(Call& c) {
  return make(c, kDuration, moment(c, 1).millis - moment(c, 0).millis);
}
template <int64_t unit>
Value duration_in(Call& c) {
  return Value::of_long(self(c).millis / unit);
}
template <int64_t unit, int64_t inside>
Value duration_part(Call& c) {
  return Value::of_int(static_cast<int32_t>(self(c).millis / unit % inside));
}
Value is_negative(Call& c) { return Value::of_bool(self(c).millis < 0); }
Value is_zero(Call& c) { return Value::of_bool(self(c).millis == 0); }

// ----- formatters and zones -----

Value of_pattern(Call& c) { return c.heap().make<Named>(kFormatter, c.text(0)); }
template <auto& pattern>
Value formatter(Call& c) {
  return c.heap().make<Named>(kFormatter, pattern);
}
constexpr char kIsoDate[] = "yyyy-MM-dd";
constexpr char kIsoDateTime[] = "yyyy-MM-dd'T'HH:mm:ss";
constexpr char kBasicDate[] = "yyyyMMdd";
Value formatter_format(Call& c) {
  auto& when = moment(c, 0);
  return text(c, format_date(c.self.as_dynamic<Named>()->text, fields_of(when.millis, when.offset),
                             when.offset, "UTC"));
}
Value formatter_same(Call& c) { return c.self; }
Value zone(Call& c) { return c.heap().make<Named>(kZoneId, c.count() == 0 ? "UTC" : c.text(0)); }
Value zone_utc(Call& c) { return c.heap().make<Named>(kZoneId, "Z"); }

constexpr ClassRow kClasses[] = {
    {kTemporal, "", "java.lang.Comparable", true},
    {kDated, "", kTemporal, true},
    {kTimed, "", kDated, true},
    {kLocalDate, "", kDated},
    {kLocalDateTime, "", kTimed},
    {kZoned, "", kTimed},
    {kInstant, "", kTemporal},
    {kDuration, "", "java.lang.Comparable"},
    {kFormatter, "", ""},
    {kZoneId, "", ""},
    {"java.time.ZoneOffset", kZoneId, ""},
    {"java.time.DayOfWeek", "", ""},
};

constexpr MethodRow kRows[] = {
    {kTemporal, "static now", "O*", now},
    {kTemporal, "isBefore", "O", before},
    {kTemporal, "isAfter", "O", after},
    {kTemporal, "isEqual", "O", same_time},
    {kTemporal, "compareTo", "O", compare_to},
    {kTemporal, "plus", "O", plus_duration<1>},
    {kTemporal, "minus", "O", plus_duration<-1>},
    {kDated, "static parse", "SO", parse},
    {kDated, "static parse", "S", parse},
    {kDated, "plusDays", "N", shifted<kDay, 1>},
    {kDated, "minusDays", "N", shifted<kDay, -1>},
    {kDated, "plusWeeks", "N", shifted<7 * kDay, 1>},
    {kDated, "minusWeeks", "N", shifted<7 * kDay, -1>},
    {kDated, "plusMonths", "N", shifted_months<1, 1>},
    {kDated, "minusMonths", "N", shifted_months<1, -1>},
    {kDated, "plusYears", "N", shifted_months<12, 1>},
    {kDated, "minusYears", "N", shifted_months<12, -1>},
    {kDated, "getYear", "", year},
    {kDated, "getMonthValue", "", field<&DateFields::month>},
    {kDated, "getDayOfMonth", "", field<&DateFields::day>},
    {kDated, "getDayOfYear", "", field<&DateFields::day_of_year>},
    {kDated, "getDayOfWeek", "", day_of_week},
    {kDated, "format", "O", format},
    {kTimed, "plusHours", "N", shifted<kHour, 1>},
    {kTimed, "minusHours", "N", shifted<kHour, -1>},
    {kTimed, "plusMinutes", "N", shifted<kMinute, 1>},
    {kTimed, "minusMinutes", "N", shifted<kMinute, -1>},
    {kTimed, "plusSeconds", "N", shifted<kSecond, 1>},
    {kTimed, "minusSeconds", "N", shifted<kSecond, -1>},
    {kTimed, "getHour", "", field<&DateFields::hour>},
    {kTimed, "getMinute", "", field<&DateFields::minute>},
    {kTimed, "getSecond", "", field<&DateFields::second>},
    {kTimed, "toLocalDate", "", to_date},
    {kLocalDate, "static of", "III", of_fields},
    {kLocalDate, "static ofEpochDay", "N", of_epoch_day},
    {kLocalDate, "toEpochDay", "", epoch_day},
    {kLocalDate, "atStartOfDay", "O*", at_start_of_day},
    {kLocalDateTime, "static of", "IIIIO*", of_fields},
    {kLocalDateTime, "static ofInstant", "OO", of_instant},
    {kLocalDateTime, "atZone", "O", at_zone},
    {kLocalDateTime, "toInstant", "O*", to_instant},
    {kZoned, "static ofInstant", "OO", of_instant},
    {kZoned, "toInstant", "", to_instant},
    {kZoned, "toEpochSecond", "", epoch_seconds},
    {kZoned, "toLocalDateTime", "",
     [](Call& c) -> Value {
       return make(c, kLocalDateTime, self(c).millis + self(c).offset * kSecond);
     }},
    {kInstant, "static parse", "S", parse},
    {kInstant, "static ofEpochMilli", "N", of_epoch_millis},
    {kInstant, "static ofEpochSecond", "N", of_epoch_seconds},
    {kInstant, "toEpochMilli", "", epoch_millis},
    {kInstant, "getEpochSecond", "", epoch_seconds},
    {kInstant, "atZone", "O", at_zone},
    {kInstant, "plusSeconds", "N", shifted<kSecond, 1>},
    {kInstant, "minusSeconds", "N", shifted<kSecond, -1>},
    {kInstant, "plusMillis", "N", shifted<1, 1>},
    {kDuration, "static ofDays", "N", duration_of<kDay>},
    {kDuration, "static ofHours", "N", duration_of<kHour>},
    {kDuration, "static ofMinutes", "N", duration_of<kMinute>},
    {kDuration, "static ofSeconds", "N", duration_of<kSecond>},
    {kDuration, "static ofMillis", "N", duration_of<1>},
    {kDuration, "static between", "OO", duration_between},
    {kDuration, "toDays", "", duration_in<kDay>},
    {kDuration, "toHours", "", duration_in<kHour>},
    {kDuration, "toMinutes", "", duration_in<kMinute>},
    {kDuration, "getSeconds", "", duration_in<kSecond>},
    {kDuration, "toSeconds", "", duration_in<kSecond>},
    {kDuration, "toMillis", "", duration_in<1>},
    {kDuration, "toHoursPart", "", duration_part<kHour, 24>},
    {kDuration, "toMinutesPart", "", duration_part<kMinute, 60>},
    {kDuration, "toSecondsPart", "", duration_part<kSecond, 60>},
    {kDuration, "plus", "O", plus_duration<1>},
    {kDuration, "minus", "O", plus_duration<-1>},
    {kDuration, "isNegative", "", is_negative},
    {kDuration, "isZero", "", is_zero},
    {kDuration, "compareTo", "O", compare_to},
    {kFormatter, "static ofPattern", "S", of_pattern},
    {kFormatter, "static ofPattern", "SO", of_pattern},
    {kFormatter, "static ISO_LOCAL_DATE", "=", formatter<kIsoDate>},
    {kFormatter, "static ISO_DATE", "=", formatter<kIsoDate>},
    {kFormatter, "static ISO_LOCAL_DATE_TIME", "=", formatter<kIsoDateTime>},
    {kFormatter, "static BASIC_ISO_DATE", "=", formatter<kBasicDate>},
    {kFormatter, "format", "O", formatter_format},
    {kFormatter, "withZone", "O", formatter_same},
    {kZoneId, "static of", "S", zone},
    {kZoneId, "static systemDefault", "", zone},
    {"java.time.ZoneOffset", "static UTC", "=", zone_utc},
    {"java.time.ZoneOffset", "static of", "S", zone},
};

}  // namespace

LibraryPart time_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
