// int(), string(), type(), ... and size().

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/text.h"
#include "store/schema/cel/functions.h"
#include "store/schema/cel/text.h"
#include "store/schema/cel/time.h"

namespace ks::store::cel {
namespace {

Value no_overload() { return of_error(kNoOverload); }

Value cannot_convert(Evaluation& in, const Value& from, std::string_view to) {
  return in.arena.error("type conversion error from '" + std::string(from.text) + "' to '" +
                        std::string(to) + "'");
}

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc() && end == text.data() + text.size() && !text.empty();
}

Value to_int(Evaluation& in, Args a) {
  const Value& x = a[0];
  switch (x.kind) {
    case Kind::integer: return x;
    case Kind::unsigned_integer:
      if (x.unsigned_integer > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        return of_error("integer overflow");
      return of_int(static_cast<int64_t>(x.unsigned_integer));
    case Kind::real:
      if (!(x.real > -9.2233720368547758e18 && x.real < 9.2233720368547758e18))
        return of_error("integer overflow");
      return of_int(static_cast<int64_t>(x.real));
    case Kind::string: {
      int64_t out = 0;
      return parse_number(x.text, out) ? of_int(out) : cannot_convert(in, x, "int");
    }
    case Kind::timestamp:
    case Kind::duration: return of_int(x.integer);
    default: return no_overload();
  }
}

Value to_uint(Evaluation& in, Args a) {
  const Value& x = a[0];
  switch (x.kind) {
    case Kind::unsigned_integer: return x;
    case Kind::integer:
      if (x.integer < 0) return of_error("unsigned integer overflow");
      return of_uint(static_cast<uint64_t>(x.integer));
    case Kind::real:
      if (!(x.real > -1 && x.real < 1.8446744073709552e19))
        return of_error("unsigned integer overflow");
      return of_uint(static_cast<uint64_t>(x.real));
    case Kind::string: {
      uint64_t out = 0;
      return parse_number(x.text, out) ? of_uint(out) : cannot_convert(in, x, "uint");
    }
    default: return no_overload();
  }
}

Value to_double(Evaluation& in, Args a) {
  const Value& x = a[0];
  switch (x.kind) {
    case Kind::real: return x;
    case Kind::integer: return of_double(static_cast<double>(x.integer));
    case Kind::unsigned_integer: return of_double(static_cast<double>(x.unsigned_integer));
    case Kind::string: {
      double out = 0;
      return parse_number(x.text, out) ? of_double(out) : cannot_convert(in, x, "double");
    }
    default: return no_overload();
  }
}

Value to_bool(Evaluation& in, Args a) {
  const Value& x = a[0];
  if (x.kind == Kind::boolean) return x;
  if (x.kind != Kind::string) return no_overload();
  for (std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (x.text == yes) return of_bool(true);
  for (std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (x.text == no) return of_bool(false);
  return cannot_convert(in, x, "bool");
}

Value to_string(Evaluation& in, Args a) {
  if (a[0].kind == Kind::bytes && !is_utf8(a[0].text))
    return of_error("invalid UTF-8 in bytes, cannot convert to string");
  return to_text(in, a[0]);
}

Value to_bytes(Evaluation&, Args a) {
  if (a[0].kind != Kind::bytes && a[0].kind != Kind::string) return no_overload();
  return of_text(Kind::bytes, a[0].text);
}

Value to_duration(Evaluation& in, Args a) {
  if (a[0].kind == Kind::duration) return a[0];
  if (a[0].kind == Kind::integer) return of_duration(a[0].integer);
  if (a[0].kind != Kind::string) return no_overload();
  const auto duration = parse_duration(a[0].text);
  return duration ? of_duration(*duration) : cannot_convert(in, a[0], "duration");
}

Value to_timestamp(Evaluation& in, Args a) {
  if (a[0].kind == Kind::timestamp) return a[0];
  if (a[0].kind == Kind::integer) {
    if (a[0].integer < kMinTimestamp || a[0].integer > kMaxTimestamp)
      return of_error("timestamp overflow");
    return of_timestamp(a[0].integer, 0);
  }
  if (a[0].kind != Kind::string) return no_overload();
  const auto time = parse_timestamp(a[0].text);
  return time ? of_timestamp(time->seconds, time->nanos) : cannot_convert(in, a[0], "timestamp");
}

Value dyn(Evaluation&, Args a) { return a[0]; }
Value type_of(Evaluation&, Args a) { return of_text(Kind::type, type_name(a[0].kind)); }

Value size(Evaluation& in, Args a) {
  const Value& x = a[0];
  switch (x.kind) {
    case Kind::string:
      if (!in.spend(x.text.size() / 64)) return in.out_of_steps();
      return of_int(static_cast<int64_t>(count_characters(x.text)));
    case Kind::bytes: return of_int(static_cast<int64_t>(x.text.size()));
    case Kind::list:
    case Kind::map: return of_int(static_cast<int64_t>(size_of(x)));
    default: return no_overload();
  }
}

constexpr Function kConversions[] = {
    {"int", false, 1, 1, Kind::integer, to_int},
    {"uint", false, 1, 1, Kind::unsigned_integer, to_uint},
    {"double", false, 1, 1, Kind::real, to_double},
    {"bool", false, 1, 1, Kind::boolean, to_bool},
    {"string", false, 1, 1, Kind::string, to_string},
    {"bytes", false, 1, 1, Kind::bytes, to_bytes},
    {"duration", false, 1, 1, Kind::duration, to_duration},
    {"timestamp", false, 1, 1, Kind::timestamp, to_timestamp},
    {"dyn", false, 1, 1, Kind::error, dyn},
    {"type", false, 1, 1, Kind::type, type_of},
    {"size", false, 1, 1, Kind::integer, size},
    {"size", true, 1, 1, Kind::integer, size},
};

}  // namespace

std::span<const Function> conversion_functions() { return kConversions; }

}  // namespace ks::store::cel
