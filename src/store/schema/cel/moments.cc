// Functions of timestamps and durations, and of optional values.

#include "store/schema/cel/functions.h"
#include "store/schema/cel/time.h"

namespace ks::store::cel {
namespace {

Value no_overload() { return of_error(kNoOverload); }

/// The calendar in the zone of the second argument.
template <class Field>
Value calendar_field(Evaluation& in, Args a, Field field) {
  if (a[0].kind != Kind::timestamp) return no_overload();
  int64_t offset = 0;
  if (a.size() > 1) {
    if (a[1].kind != Kind::string) return no_overload();
    const auto known = zone_offset(a[1].text, a[0].integer);
    if (!known) return in.arena.error("unknown time zone " + std::string(a[1].text));
    offset = *known;
  }
  return of_int(field(calendar(a[0].integer + offset)));
}

Value full_year(Evaluation& in, Args a) {
  return calendar_field(in, a, [](const Calendar& c) { return c.year; });
}
Value month(Evaluation& in, Args a) {
  return calendar_field(in, a, [](const Calendar& c) { return c.month; });
}
Value date(Evaluation& in, Args a) {
  return calendar_field(in, a, [](const Calendar& c) { return c.day; });
}
Value day_of_month(Evaluation& in, Args a) {
  return calendar_field(in, a, [](const Calendar& c) { return c.day - 1; });
}
Value day_of_week(Evaluation& in, Args a) {
  return calendar_field(in, a, [](const Calendar& c) { return c.day_of_week; });
}
Value day_of_year(Evaluation& in, Args a) {
  return calendar_field(in, a, [](const Calendar& c) { return c.day_of_year; });
}

/// Of a duration: all of it in that unit.
Value hours(Evaluation& in, Args a) {
  if (a[0].kind == Kind::duration) return of_int(a[0].integer / 3'600'000'000'000);
  return calendar_field(in, a, [](const Calendar& c) { return c.hours; });
}
Value minutes(Evaluation& in, Args a) {
  if (a[0].kind == Kind::duration) return of_int(a[0].integer / 60'000'000'000);
  return calendar_field(in, a, [](const Calendar& c) { return c.minutes; });
}
Value seconds(Evaluation& in, Args a) {
  if (a[0].kind == Kind::duration) return of_int(a[0].integer / 1'000'000'000);
  return calendar_field(in, a, [](const Calendar& c) { return c.seconds; });
}
Value milliseconds(Evaluation&, Args a) {
  if (a[0].kind == Kind::duration) return of_int(a[0].integer / 1'000'000);
  return a[0].kind == Kind::timestamp ? of_int(a[0].nanos / 1'000'000) : no_overload();
}

constexpr Function kTimes[] = {
    {"getFullYear", true, 1, 2, Kind::integer, full_year},
    {"getMonth", true, 1, 2, Kind::integer, month},
    {"getDate", true, 1, 2, Kind::integer, date},
    {"getDayOfMonth", true, 1, 2, Kind::integer, day_of_month},
    {"getDayOfWeek", true, 1, 2, Kind::integer, day_of_week},
    {"getDayOfYear", true, 1, 2, Kind::integer, day_of_year},
    {"getHours", true, 1, 2, Kind::integer, hours},
    {"getMinutes", true, 1, 2, Kind::integer, minutes},
    {"getSeconds", true, 1, 2, Kind::integer, seconds},
    {"getMilliseconds", true, 1, 2, Kind::integer, milliseconds},
};

// --- optional values

Value optional_of(Evaluation& in, Args a) { return in.arena.some(a[0]); }
Value optional_none(Evaluation& in, Args) { return in.arena.none(); }

bool is_zero(const Value& value) {
  switch (value.kind) {
    case Kind::null: return true;
    case Kind::boolean: return !value.boolean;
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::duration: return value.integer == 0;
    case Kind::real: return value.real == 0;
    case Kind::string:
    case Kind::bytes: return value.text.empty();
    case Kind::list:
    case Kind::map: return size_of(value) == 0;
    case Kind::optional: return value.content == nullptr;
    default: return false;
  }
}

Value optional_of_non_zero(Evaluation& in, Args a) {
  return is_zero(a[0]) ? in.arena.none() : in.arena.some(a[0]);
}
Value has_value(Evaluation&, Args a) {
  return a[0].kind == Kind::optional ? of_bool(a[0].content != nullptr) : no_overload();
}
Value value(Evaluation&, Args a) {
  if (a[0].kind != Kind::optional) return no_overload();
  return a[0].content == nullptr ? of_error("optional.none() dereference") : *a[0].content;
}
Value or_optional(Evaluation&, Args a) {
  if (a[0].kind != Kind::optional || a[1].kind != Kind::optional) return no_overload();
  return a[0].content != nullptr ? a[0] : a[1];
}
Value or_value(Evaluation&, Args a) {
  if (a[0].kind != Kind::optional) return no_overload();
  return a[0].content != nullptr ? *a[0].content : a[1];
}

constexpr Function kOptionals[] = {
    {"optional.of", false, 1, 1, Kind::optional, optional_of},
    {"optional.none", false, 0, 0, Kind::optional, optional_none},
    {"optional.ofNonZeroValue", false, 1, 1, Kind::optional, optional_of_non_zero},
    {"hasValue", true, 1, 1, Kind::boolean, has_value},
    {"value", true, 1, 1, Kind::error, value},
    {"or", true, 2, 2, Kind::optional, or_optional},
    {"orValue", true, 2, 2, Kind::error, or_value},
};

}  // namespace

std::span<const Function> time_functions() { return kTimes; }
std::span<const Function> optional_functions() { return kOptionals; }

}  // namespace ks::store::cel
