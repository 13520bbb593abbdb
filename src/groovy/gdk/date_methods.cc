#include <fmt/format.h>

#include "groovy/gdk/date_fields.h"
#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// java.util.Date, Calendar and TimeZone, SimpleDateFormat. The zone of a run is UTC unless it
/// names an offset.

namespace ks::groovy {

namespace {

constexpr std::string_view kDate = "java.util.Date";
constexpr std::string_view kCalendar = "java.util.Calendar";
constexpr std::string_view kGregorian = "java.util.GregorianCalendar";
constexpr std::string_view kZone = "java.util.TimeZone";
constexpr std::string_view kFormat = "java.text.SimpleDateFormat";
constexpr int64_t kDayMillis = 86'400'000;

class Zone final : public NativeObject {
 public:
  Zone(std::string zone_name, int32_t seconds) : name(std::move(zone_name)), offset(seconds) {}
  ClassInfo* class_info() const override { return library_class(kZone); }
  std::string to_string(Task&) override {
    return "sun.util.calendar.ZoneInfo[id=\"" + name + "\"]";
  }
  bool equals(Task&, const Value& other) override {
    auto* zone = other.as_dynamic<Zone>();
    return zone != nullptr && zone->name == name;
  }
  size_t footprint() const override { return sizeof(Zone) + name.capacity(); }
  std::string name;
  int32_t offset;
};

/// The zone that a run's dates are shown in: UTC, or what TimeZone.setDefault was given.
struct RunZone {
  int32_t offset = 0;
  std::string name = "UTC";
};
RunZone run_zone(Task& task) {
  const auto* zone = task.interpreter().state().default_zone.as_dynamic<Zone>();
  return zone == nullptr ? RunZone{} : RunZone{zone->offset, zone->name};
}
/// An argument of class TimeZone, or the zone of the run.
RunZone zone_argument(Call& c, size_t index) {
  if (index < c.count()) {
    if (const auto* zone = c.arg(index).as_dynamic<Zone>()) return {zone->offset, zone->name};
  }
  return run_zone(c.task);
}

class Date final : public NativeObject {
 public:
  explicit Date(int64_t epoch_millis) : millis(epoch_millis) {}
  ClassInfo* class_info() const override { return library_class(kDate); }
  std::string to_string(Task& task) override {
    const RunZone zone = run_zone(task);
    return format_date("EEE MMM dd HH:mm:ss z yyyy", fields_of(millis, zone.offset), zone.offset,
                       zone.name);
  }
  bool equals(Task&, const Value& other) override {
    auto* date = other.as_dynamic<Date>();
    return date != nullptr && date->millis == millis;
  }
  int32_t hash_code(Task&) override {
    auto bits = static_cast<uint64_t>(millis);
    return static_cast<int32_t>(static_cast<uint32_t>(bits ^ (bits >> 32)));
  }
  std::optional<int> compare(Task&, const Value& other) override {
    auto* date = other.as_dynamic<Date>();
    if (date == nullptr) return std::nullopt;
    return millis < date->millis ? -1 : millis > date->millis ? 1 : 0;
  }
  size_t footprint() const override { return sizeof(Date); }
  int64_t millis;
};

class Calendar final : public NativeObject {
 public:
  Calendar(int64_t epoch_millis, int32_t seconds) : millis(epoch_millis), offset(seconds) {}
  ClassInfo* class_info() const override { return library_class(kGregorian); }
  std::string to_string(Task&) override {
    return fmt::format("java.util.GregorianCalendar[time={}]", millis);
  }
  bool equals(Task&, const Value& other) override {
    auto* calendar = other.as_dynamic<Calendar>();
    return calendar != nullptr && calendar->millis == millis;
  }
  std::optional<int> compare(Task&, const Value& other) override {
    auto* calendar = other.as_dynamic<Calendar>();
    if (calendar == nullptr) return std::nullopt;
    return millis < calendar->millis ? -1 : millis > calendar->millis ? 1 : 0;
  }
  size_t footprint() const override { return sizeof(Calendar); }
  int64_t millis;
  int32_t offset;
};

class DateFormat final : public NativeObject {
 public:
  explicit DateFormat(std::string format) : pattern(std::move(format)) {}
  ClassInfo* class_info() const override { return library_class(kFormat); }
  std::string to_string(Task&) override { return "java.text.SimpleDateFormat"; }
  size_t footprint() const override { return sizeof(DateFormat) + pattern.capacity(); }
  std::string pattern;
  std::string zone = "UTC";
  int32_t offset = 0;
};

Date& date(Call& c) { return *c.self.as_dynamic<Date>(); }
Calendar& calendar(Call& c) { return *c.self.as_dynamic<Calendar>(); }
DateFormat& format(Call& c) { return *c.self.as_dynamic<DateFormat>(); }
Value make_date(Call& c, int64_t millis) { return c.heap().make<Date>(millis); }
Date& other_date(Call& c, size_t index) {
  auto* other = c.arg(index).as_dynamic<Date>();
  if (other == nullptr) throw_cast(c.task, c.arg(index), kDate);
  return *other;
}

// ----- Date -----

Value new_date(Call& c) {
  if (c.count() == 0) return make_date(c, c.in.host().now_millis(c.task));
  if (is_number(c.arg(0)) && c.count() == 1) return make_date(c, c.to_long(0));
  if (c.count() >= 3) {
    DateFields f;
    f.year = 1900 + c.to_int(0);
    f.month = c.to_int(1) + 1;
    f.day = c.to_int(2);
    if (c.count() > 3) f.hour = c.to_int(3);
    if (c.count() > 4) f.minute = c.to_int(4);
    if (c.count() > 5) f.second = c.to_int(5);
    return make_date(c, millis_of(f, run_zone(c.task).offset));
  }
  throw_no_constructor(c.task, library_class(kDate), c.args);
}
Value time_of(Call& c) { return Value::of_long(date(c).millis); }
Value set_time(Call& c) {
  date(c).millis = c.to_long(0);
  return {};
}
Value format_of(Call& c) {
  const RunZone zone = zone_argument(c, 1);
  return text(
      c, format_date(c.text(0), fields_of(date(c).millis, zone.offset), zone.offset, zone.name));
}
Value plus_days(Call& c) { return make_date(c, date(c).millis + c.to_long(0) * kDayMillis); }
Value minus_days(Call& c) {
  if (is_number(c.arg(0))) return make_date(c, date(c).millis - c.to_long(0) * kDayMillis);
  return Value::of_int(
      static_cast<int32_t>((date(c).millis - other_date(c, 0).millis) / kDayMillis));
}
Value next_day(Call& c) { return make_date(c, date(c).millis + kDayMillis); }
Value previous_day(Call& c) { return make_date(c, date(c).millis - kDayMillis); }
Value before(Call& c) { return Value::of_bool(date(c).millis < other_date(c, 0).millis); }
Value after(Call& c) { return Value::of_bool(date(c).millis > other_date(c, 0).millis); }
Value compare_to(Call& c) { return Value::of_int(compare(c.task, c.self, c.arg(0))); }
Value clear_time(Call& c) {
  int64_t days = date(c).millis / kDayMillis - (date(c).millis % kDayMillis < 0 ? 1 : 0);
  date(c).millis = days * kDayMillis;
  return c.self;
}
Value copy_date(Call& c) { return make_date(c, date(c).millis); }
Value each_day(Call& c, int step) {
  int64_t end = other_date(c, 0).millis;
  int64_t at = date(c).millis;
  if (step > 0 ? at > end : at < end) {
    throw_error(c.task, "groovy.lang.GroovyRuntimeException",
                "The argument (" + c.text(0) + ") to " + (step > 0 ? "upto" : "downto") +
                    "() cannot be " + (step > 0 ? "earlier" : "later") + " than the value (" +
                    c.self_text() + ") it's called on.");
  }
  for (; step > 0 ? at <= end : at >= end; at += step * kDayMillis) {
    c.task.spend();
    call1(c.task, c.arg(1), make_date(c, at));
  }
  return {};
}
Value up_to(Call& c) { return each_day(c, 1); }
Value down_to(Call& c) { return each_day(c, -1); }
Value to_calendar(Call& c) { return c.heap().make<Calendar>(date(c).millis, 0); }

int64_t parsed(Call& c, std::string_view pattern, const std::string& given, int32_t offset) {
  std::optional<int32_t> own;
  std::optional<DateFields> fields = parse_date(pattern, given, own);
  if (!fields)
    throw_error(c.task, "java.text.ParseException", "Unparseable date: \"" + given + "\"");
  return millis_of(*fields, own.value_or(offset));
}
Value parse_static(Call& c) {
  return make_date(c, parsed(c, c.text(0), c.text(1), zone_argument(c, 2).offset));
}
Value parse_to_string_date(Call& c) {
  return make_date(c, parsed(c, "EEE MMM dd HH:mm:ss z yyyy", c.text(0), run_zone(c.task).offset));
}
/// Of a Date, in the zone of the run.
DateFields date_fields(Call& c) { return fields_of(date(c).millis, run_zone(c.task).offset); }
template <int DateFields::* member, int shift>
Value old_field(Call& c) {
  return Value::of_int(date_fields(c).*member + shift);
}
Value old_year(Call& c) { return Value::of_int(static_cast<int32_t>(date_fields(c).year - 1900)); }
Value iso_text(Call& c) { return text(c, format_date("yyyy-MM-dd", date_fields(c), 0, "")); }
Value time_text(Call& c) { return text(c, format_date("h:mm:ss a", date_fields(c), 0, "")); }

// ----- calendar fields -----

enum Field {
  kEra,
  kYear,
  kMonth,
  kWeekOfYear,
  kWeekOfMonth,
  kDayOfMonth,
  kDayOfYear,
  kDayOfWeek,
  kDayOfWeekInMonth,
  kAmPm,
  kHour,
  kHourOfDay,
  kMinute,
  kSecond,
  kMillisecond
};

int32_t field_value(const DateFields& f, int field) {
  switch (field) {
    case kEra: return 1;
    case kYear: return static_cast<int32_t>(f.year);
    case kMonth: return f.month - 1;
    case kWeekOfYear: return (f.day_of_year - 1) / 7 + 1;
    case kWeekOfMonth: return (f.day - 1) / 7 + 1;
    case kDayOfMonth: return f.day;
    case kDayOfYear: return f.day_of_year;
    case kDayOfWeek: return f.weekday + 1;
    case kDayOfWeekInMonth: return (f.day - 1) / 7 + 1;
    case kAmPm: return f.hour < 12 ? 0 : 1;
    case kHour: return f.hour % 12;
    case kHourOfDay: return f.hour;
    case kMinute: return f.minute;
    case kSecond: return f.second;
    case kMillisecond: return f.milli;
    default: return 0;
  }
}
void set_field(DateFields& f, int field, int32_t value) {
  switch (field) {
    case kYear: f.year = value; break;
    case kMonth: f.month = value + 1; break;
    case kDayOfMonth: f.day = value; break;
    case kDayOfYear:
      f.month = 1;
      f.day = value;
      break;
    case kDayOfWeek: f.day += value - 1 - f.weekday; break;
    case kHour: f.hour = f.hour / 12 * 12 + value; break;
    case kHourOfDay: f.hour = value; break;
    case kAmPm: f.hour = f.hour % 12 + value * 12; break;
    case kMinute: f.minute = value; break;
    case kSecond: f.second = value; break;
    case kMillisecond: f.milli = value; break;
    default: break;
  }
}
int64_t added(int64_t millis, int32_t offset, int field, int32_t amount) {
  DateFields f = fields_of(millis, offset);
  switch (field) {
    case kYear:
    case kMonth: {
      int64_t months = f.year * 12 + f.month - 1 + (field == kYear ? amount * 12ll : amount);
      f.year = months / 12;
      f.month = static_cast<int>(months % 12) + 1;
      f.day = std::min(f.day, days_in_month(f.year, f.month));
      return millis_of(f, offset);
    }
    case kWeekOfYear:
    case kWeekOfMonth: return millis + int64_t{amount} * 7 * kDayMillis;
    case kDayOfMonth:
    case kDayOfYear:
    case kDayOfWeek: return millis + amount * kDayMillis;
    case kHour:
    case kHourOfDay: return millis + amount * 3'600'000ll;
    case kMinute: return millis + amount * 60'000ll;
    case kSecond: return millis + amount * 1000ll;
    default: return millis + amount;
  }
}

Value date_field(Call& c) { return Value::of_int(field_value(date_fields(c), c.to_int(0))); }
Value date_put_field(Call& c) {
  DateFields f = date_fields(c);
  set_field(f, c.to_int(0), c.to_int(1));
  date(c).millis = millis_of(f, run_zone(c.task).offset);
  return {};
}
constexpr std::pair<std::string_view, int> kFieldNames[] = {
    {"year", kYear},           {"month", kMonth},
    {"date", kDayOfMonth},     {"dayOfMonth", kDayOfMonth},
    {"hourOfDay", kHourOfDay}, {"minute", kMinute},
    {"second", kSecond},       {"millisecond", kMillisecond},
    {"dayOfYear", kDayOfYear}};
int64_t with_fields(Call& c, int64_t millis, int32_t offset) {
  DateFields f = fields_of(millis, offset);
  for (const Value& entry : items_of(c.task, c.arg(0))) {
    std::string name = to_string(c.task, entry.as<Entry>()->key);
    for (const auto& [known, field] : kFieldNames) {
      if (known == name) set_field(f, field, int_value(entry.as<Entry>()->value));
    }
  }
  return millis_of(f, offset);
}
Value date_set_fields(Call& c) {
  date(c).millis = with_fields(c, date(c).millis, run_zone(c.task).offset);
  return {};
}
Value date_copy_with(Call& c) {
  return make_date(c, with_fields(c, date(c).millis, run_zone(c.task).offset));
}

// ----- Calendar -----

Value new_calendar(Call& c) {
  if (c.count() >= 3) {
    DateFields f;
    f.year = c.to_int(0);
    f.month = c.to_int(1) + 1;
    f.day = c.to_int(2);
    if (c.count() > 3) f.hour = c.to_int(3);
    if (c.count() > 4) f.minute = c.to_int(4);
    if (c.count() > 5) f.second = c.to_int(5);
    const int32_t offset = run_zone(c.task).offset;
    return c.heap().make<Calendar>(millis_of(f, offset), offset);
  }
  return c.heap().make<Calendar>(c.in.host().now_millis(c.task), zone_argument(c, 0).offset);
}
Value calendar_get(Call& c) {
  return Value::of_int(field_value(fields_of(calendar(c).millis, calendar(c).offset), c.to_int(0)));
}
Value calendar_set(Call& c) {
  DateFields f = fields_of(calendar(c).millis, calendar(c).offset);
  if (c.count() == 2) {
    set_field(f, c.to_int(0), c.to_int(1));
  } else {
    constexpr int kOrder[] = {kYear, kMonth, kDayOfMonth, kHourOfDay, kMinute, kSecond};
    for (size_t i = 0; i < c.count() && i < 6; ++i) set_field(f, kOrder[i], c.to_int(i));
  }
  calendar(c).millis = millis_of(f, calendar(c).offset);
  return {};
}
Value calendar_set_fields(Call& c) {
  calendar(c).millis = with_fields(c, calendar(c).millis, calendar(c).offset);
  return {};
}
Value calendar_add(Call& c) {
  calendar(c).millis = added(calendar(c).millis, calendar(c).offset, c.to_int(0), c.to_int(1));
  return {};
}
Value calendar_time(Call& c) { return make_date(c, calendar(c).millis); }
Value calendar_millis(Call& c) { return Value::of_long(calendar(c).millis); }
Value calendar_set_time(Call& c) {
  calendar(c).millis = is_number(c.arg(0)) ? c.to_long(0) : other_date(c, 0).millis;
  return {};
}
Value calendar_set_zone(Call& c) {
  if (auto* zone = c.arg(0).as_dynamic<Zone>()) calendar(c).offset = zone->offset;
  return {};
}
Value calendar_format(Call& c) {
  return text(c, format_date(c.text(0), fields_of(calendar(c).millis, calendar(c).offset),
                             calendar(c).offset, "UTC"));
}
Value calendar_copy(Call& c) {
  return c.heap().make<Calendar>(calendar(c).millis, calendar(c).offset);
}
Value calendar_most(Call& c) {
  DateFields f = fields_of(calendar(c).millis, calendar(c).offset);
  return Value::of_int(c.to_int(0) == kDayOfMonth ? days_in_month(f.year, f.month) : 0);
}
Value calendar_clear(Call& c) {
  calendar(c).millis = 0;
  return {};
}
Value calendar_clear_time(Call& c) {
  DateFields f = fields_of(calendar(c).millis, calendar(c).offset);
  f.hour = f.minute = f.second = f.milli = 0;
  calendar(c).millis = millis_of(f, calendar(c).offset);
  return c.self;
}
template <int number>
Value constant(Call&) {
  return Value::of_int(number);
}

// ----- zones and formats -----

Value zone_by_name(Call& c) {
  std::string name = c.text(0);
  return c.heap().make<Zone>(zone_offset(name) ? name : "GMT", zone_offset(name).value_or(0));
}
Value default_zone(Call& c) {
  const RunZone zone = run_zone(c.task);
  return c.heap().make<Zone>(zone.name, zone.offset);
}
Value nothing(Call&) { return {}; }
Value set_default_zone(Call& c) {
  c.in.state().default_zone = c.arg(0);
  return {};
}
Value zone_name(Call& c) { return text(c, c.self.as_dynamic<Zone>()->name); }
Value zone_raw_offset(Call& c) { return Value::of_int(c.self.as_dynamic<Zone>()->offset * 1000); }

Value new_format(Call& c) {
  Ref<DateFormat> made = c.heap().make<DateFormat>(c.count() == 0 ? "M/d/yy h:mm a" : c.text(0));
  RunZone zone = run_zone(c.task);
  made->zone = std::move(zone.name);
  made->offset = zone.offset;
  return made;
}
Value format_format(Call& c) {
  int64_t millis = is_number(c.arg(0)) ? c.to_long(0) : other_date(c, 0).millis;
  return text(c, format_date(format(c).pattern, fields_of(millis, format(c).offset),
                             format(c).offset, format(c).zone));
}
Value format_parse(Call& c) {
  return make_date(c, parsed(c, format(c).pattern, c.text(0), format(c).offset));
}
Value format_set_zone(Call& c) {
  if (auto* zone = c.arg(0).as_dynamic<Zone>()) {
    format(c).zone = zone->name;
    format(c).offset = zone->offset;
  }
  return {};
}
Value format_pattern(Call& c) { return text(c, format(c).pattern); }

}  // namespace

std::optional<std::string> json_time(const Value& value) {
  int64_t millis = 0;
  if (const auto* date = value.as_dynamic<Date>()) {
    millis = date->millis;
  } else if (const auto* calendar = value.as_dynamic<Calendar>()) {
    millis = calendar->millis;
  } else {
    return std::nullopt;
  }
  return format_date("yyyy-MM-dd'T'HH:mm:ssZ", fields_of(millis), 0, "UTC");
}

namespace {

constexpr ClassRow kClasses[] = {
    {kDate, "", "java.lang.Comparable,java.lang.Cloneable,java.io.Serializable"},
    {kCalendar, "", "java.lang.Comparable,java.lang.Cloneable,java.io.Serializable"},
    {kGregorian, kCalendar, ""},
    {kZone, "", "java.io.Serializable"},
    {"java.text.DateFormat", "", ""},
    {kFormat, "java.text.DateFormat", ""},
};

constexpr MethodRow kRows[] = {
    {kDate, "new", "", new_date},
    {kDate, "new", "N", new_date},
    {kDate, "new", "IIIO*", new_date},
    {kDate, "getTime", "", time_of},
    {kDate, "setTime", "N", set_time},
    {kDate, "format", "S", format_of},
    {kDate, "format", "SO", format_of},
    {kDate, "plus", "N", plus_days},
    {kDate, "minus", "O", minus_days},
    {kDate, "next", "", next_day},
    {kDate, "previous", "", previous_day},
    {kDate, "before", "O", before},
    {kDate, "after", "O", after},
    {kDate, "compareTo", "O", compare_to},
    {kDate, "clearTime", "", clear_time},
    {kDate, "clone", "", copy_date},
    {kDate, "upto", "OC", up_to},
    {kDate, "downto", "OC", down_to},
    {kDate, "toCalendar", "", to_calendar},
    {kDate, "getAt", "I", date_field},
    {kDate, "putAt", "II", date_put_field},
    {kDate, "set", "M", date_set_fields},
    {kDate, "copyWith", "M", date_copy_with},
    {kDate, "updated", "M", date_copy_with},
    {kDate, "getDateString", "", iso_text},
    {kDate, "getTimeString", "", time_text},
    {kDate, "getYear", "", old_year},
    {kDate, "getMonth", "", old_field<&DateFields::month, -1>},
    {kDate, "getDate", "", old_field<&DateFields::day, 0>},
    {kDate, "getDay", "", old_field<&DateFields::weekday, 0>},
    {kDate, "getHours", "", old_field<&DateFields::hour, 0>},
    {kDate, "getMinutes", "", old_field<&DateFields::minute, 0>},
    {kDate, "getSeconds", "", old_field<&DateFields::second, 0>},
    {kDate, "static parse", "SS", parse_static},
    {kDate, "static parse", "SSO", parse_static},
    {kDate, "static parseToStringDate", "S", parse_to_string_date},
    {kCalendar, "static getInstance", "O*", new_calendar},
    {kGregorian, "new", "O*", new_calendar},
    {kCalendar, "get", "I", calendar_get},
    {kCalendar, "getAt", "I", calendar_get},
    {kCalendar, "set", "M", calendar_set_fields},
    {kCalendar, "set", "II", calendar_set},
    {kCalendar, "set", "IIIO*", calendar_set},
    {kCalendar, "putAt", "II", calendar_set},
    {kCalendar, "add", "II", calendar_add},
    {kCalendar, "getTime", "", calendar_time},
    {kCalendar, "setTime", "O", calendar_set_time},
    {kCalendar, "getTimeInMillis", "", calendar_millis},
    {kCalendar, "setTimeInMillis", "N", calendar_set_time},
    {kCalendar, "setTimeZone", "O", calendar_set_zone},
    {kCalendar, "getActualMaximum", "I", calendar_most},
    {kCalendar, "format", "S", calendar_format},
    {kCalendar, "clone", "", calendar_copy},
    {kCalendar, "clear", "", calendar_clear},
    {kCalendar, "clearTime", "", calendar_clear_time},
    {kCalendar, "setLenient", "Z", nothing},
    {kCalendar, "static ERA", "=", constant<kEra>},
    {kCalendar, "static YEAR", "=", constant<kYear>},
    {kCalendar, "static MONTH", "=", constant<kMonth>},
    {kCalendar, "static WEEK_OF_YEAR", "=", constant<kWeekOfYear>},
    {kCalendar, "static WEEK_OF_MONTH", "=", constant<kWeekOfMonth>},
    {kCalendar, "static DATE", "=", constant<kDayOfMonth>},
    {kCalendar, "static DAY_OF_MONTH", "=", constant<kDayOfMonth>},
    {kCalendar, "static DAY_OF_YEAR", "=", constant<kDayOfYear>},
    {kCalendar, "static DAY_OF_WEEK", "=", constant<kDayOfWeek>},
    {kCalendar, "static AM_PM", "=", constant<kAmPm>},
    {kCalendar, "static HOUR", "=", constant<kHour>},
    {kCalendar, "static HOUR_OF_DAY", "=", constant<kHourOfDay>},
    {kCalendar, "static MINUTE", "=", constant<kMinute>},
    {kCalendar, "static SECOND", "=", constant<kSecond>},
    {kCalendar, "static MILLISECOND", "=", constant<kMillisecond>},
    {kCalendar, "static JANUARY", "=", constant<0>},
    {kCalendar, "static FEBRUARY", "=", constant<1>},
    {kCalendar, "static MARCH", "=", constant<2>},
    {kCalendar, "static APRIL", "=", constant<3>},
    {kCalendar, "static MAY", "=", constant<4>},
    {kCalendar, "static JUNE", "=", constant<5>},
    {kCalendar, "static JULY", "=", constant<6>},
    {kCalendar, "static AUGUST", "=", constant<7>},
    {kCalendar, "static SEPTEMBER", "=", constant<8>},
    {kCalendar, "static OCTOBER", "=", constant<9>},
    {kCalendar, "static NOVEMBER", "=", constant<10>},
    {kCalendar, "static DECEMBER", "=", constant<11>},
    {kCalendar, "static SUNDAY", "=", constant<1>},
    {kCalendar, "static MONDAY", "=", constant<2>},
    {kCalendar, "static TUESDAY", "=", constant<3>},
    {kCalendar, "static WEDNESDAY", "=", constant<4>},
    {kCalendar, "static THURSDAY", "=", constant<5>},
    {kCalendar, "static FRIDAY", "=", constant<6>},
    {kCalendar, "static SATURDAY", "=", constant<7>},
    {kZone, "static getTimeZone", "S", zone_by_name},
    {kZone, "static getDefault", "", default_zone},
    {kZone, "static setDefault", "O", set_default_zone},
    {kZone, "getID", "", zone_name},
    {kZone, "getDisplayName", "", zone_name},
    {kZone, "getRawOffset", "", zone_raw_offset},
    {kFormat, "new", "", new_format},
    {kFormat, "new", "S", new_format},
    {kFormat, "new", "SO", new_format},
    {kFormat, "format", "O", format_format},
    {kFormat, "parse", "S", format_parse},
    {kFormat, "setTimeZone", "O", format_set_zone},
    {kFormat, "setLenient", "Z", nothing},
    {kFormat, "toPattern", "", format_pattern},
};

}  // namespace

LibraryPart date_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
