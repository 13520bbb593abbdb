// Operators: arithmetic with its overflows, comparisons, `in`.

#include <algorithm>
#include <limits>

#include "store/schema/cel/functions.h"
#include "store/schema/cel/time.h"

namespace ks::store::cel {
namespace {

constexpr Kind kDepends = Kind::error;

Value no_overload() { return of_error(kNoOverload); }

constexpr int64_t kSecond = 1'000'000'000;

/// A timestamp of any number of nanoseconds.
Value moved(int64_t seconds, int64_t nanos) {
  seconds += nanos / kSecond;
  nanos %= kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  if (seconds < kMinTimestamp || seconds > kMaxTimestamp) return of_error("timestamp overflow");
  return of_timestamp(seconds, static_cast<uint32_t>(nanos));
}

/// Joined; of two lists of type set or map, the entries of the second win.
Value joined(Evaluation& in, const Value& a, const Value& b) {
  if (!in.spend((size_of(a) + size_of(b)) / 8 + 1)) return in.out_of_steps();
  List out;
  for (size_t i = 0; i < size_of(a); ++i) out.push_back(element(a, i, in.arena));
  const Schema::ListType type = list_type(a);
  for (size_t i = 0; i < size_of(b); ++i) {
    const Value entry = element(b, i, in.arena);
    auto same = [&](const Value& other) {
      if (type == Schema::ListType::set) return equal(entry, other, in.arena, in.steps);
      for (const std::string& key : a.schema->list_keys) {
        Value left, right;
        if (entry.kind != Kind::map || other.kind != Kind::map) return false;
        const bool has_left = find_entry(entry, of_string(key), left, in.arena);
        if (has_left != find_entry(other, of_string(key), right, in.arena)) return false;
        if (has_left && !equal(left, right, in.arena, in.steps)) return false;
      }
      return true;
    };
    const auto match =
        type == Schema::ListType::atomic ? out.end() : std::ranges::find_if(out, same);
    if (match == out.end())
      out.push_back(entry);
    else
      *match = entry;
  }
  Value made = in.arena.list(std::move(out));
  made.schema = a.schema;
  return made;
}

Value add(Evaluation& in, Args a) {
  const Value &x = a[0], &y = a[1];
  if (x.kind == Kind::timestamp && y.kind == Kind::duration)
    return moved(x.integer + y.integer / kSecond, x.nanos + y.integer % kSecond);
  if (x.kind == Kind::duration && y.kind == Kind::timestamp) {
    const Value swapped[] = {y, x};
    return add(in, swapped);
  }
  if (x.kind != y.kind) return no_overload();
  int64_t sum = 0;
  uint64_t unsigned_sum = 0;
  switch (x.kind) {
    case Kind::integer:
      return __builtin_add_overflow(x.integer, y.integer, &sum) ? of_error("integer overflow")
                                                                : of_int(sum);
    case Kind::unsigned_integer:
      return __builtin_add_overflow(x.unsigned_integer, y.unsigned_integer, &unsigned_sum)
                 ? of_error("unsigned integer overflow")
                 : of_uint(unsigned_sum);
    case Kind::real: return of_double(x.real + y.real);
    case Kind::duration:
      return __builtin_add_overflow(x.integer, y.integer, &sum) ? of_error("duration overflow")
                                                                : of_duration(sum);
    case Kind::string:
    case Kind::bytes:
      if (!in.spend((x.text.size() + y.text.size()) / 16)) return in.out_of_steps();
      return of_text(x.kind, in.arena.keep(std::string(x.text) + std::string(y.text)));
    case Kind::list: return joined(in, x, y);
    default: return no_overload();
  }
}

Value subtract(Evaluation&, Args a) {
  const Value &x = a[0], &y = a[1];
  if (x.kind == Kind::timestamp && y.kind == Kind::duration)
    return moved(x.integer - y.integer / kSecond, x.nanos - y.integer % kSecond);
  if (x.kind != y.kind) return no_overload();
  int64_t difference = 0;
  uint64_t unsigned_difference = 0;
  switch (x.kind) {
    case Kind::integer:
      return __builtin_sub_overflow(x.integer, y.integer, &difference)
                 ? of_error("integer overflow")
                 : of_int(difference);
    case Kind::unsigned_integer:
      return __builtin_sub_overflow(x.unsigned_integer, y.unsigned_integer, &unsigned_difference)
                 ? of_error("unsigned integer overflow")
                 : of_uint(unsigned_difference);
    case Kind::real: return of_double(x.real - y.real);
    case Kind::duration:
      return __builtin_sub_overflow(x.integer, y.integer, &difference)
                 ? of_error("duration overflow")
                 : of_duration(difference);
    case Kind::timestamp: {
      const __int128 nanos = static_cast<__int128>(x.integer - y.integer) * kSecond +
                             (static_cast<int64_t>(x.nanos) - static_cast<int64_t>(y.nanos));
      if (nanos > std::numeric_limits<int64_t>::max() ||
          nanos < std::numeric_limits<int64_t>::min())
        return of_error("duration overflow");
      return of_duration(static_cast<int64_t>(nanos));
    }
    default: return no_overload();
  }
}

Value multiply(Evaluation&, Args a) {
  const Value &x = a[0], &y = a[1];
  if (x.kind != y.kind) return no_overload();
  int64_t product = 0;
  uint64_t unsigned_product = 0;
  if (x.kind == Kind::integer)
    return __builtin_mul_overflow(x.integer, y.integer, &product) ? of_error("integer overflow")
                                                                  : of_int(product);
  if (x.kind == Kind::unsigned_integer)
    return __builtin_mul_overflow(x.unsigned_integer, y.unsigned_integer, &unsigned_product)
               ? of_error("unsigned integer overflow")
               : of_uint(unsigned_product);
  return x.kind == Kind::real ? of_double(x.real * y.real) : no_overload();
}

Value divide(Evaluation&, Args a) {
  const Value &x = a[0], &y = a[1];
  if (x.kind != y.kind) return no_overload();
  if (x.kind == Kind::real) return of_double(x.real / y.real);
  if (x.kind == Kind::unsigned_integer)
    return y.unsigned_integer == 0 ? of_error("division by zero")
                                   : of_uint(x.unsigned_integer / y.unsigned_integer);
  if (x.kind != Kind::integer) return no_overload();
  if (y.integer == 0) return of_error("division by zero");
  if (y.integer == -1 && x.integer == std::numeric_limits<int64_t>::min())
    return of_error("integer overflow");
  return of_int(x.integer / y.integer);
}

Value modulo(Evaluation&, Args a) {
  const Value &x = a[0], &y = a[1];
  if (x.kind != y.kind) return no_overload();
  if (x.kind == Kind::unsigned_integer)
    return y.unsigned_integer == 0 ? of_error("modulus by zero")
                                   : of_uint(x.unsigned_integer % y.unsigned_integer);
  if (x.kind != Kind::integer) return no_overload();
  if (y.integer == 0) return of_error("modulus by zero");
  if (y.integer == -1 && x.integer == std::numeric_limits<int64_t>::min())
    return of_error("integer overflow");
  return of_int(x.integer % y.integer);
}

Value negate(Evaluation&, Args a) {
  const Value& x = a[0];
  if (x.kind == Kind::real) return of_double(-x.real);
  if (x.kind != Kind::integer && x.kind != Kind::duration) return no_overload();
  if (x.integer == std::numeric_limits<int64_t>::min()) return of_error("integer overflow");
  return x.kind == Kind::integer ? of_int(-x.integer) : of_duration(-x.integer);
}

Value negation(Evaluation&, Args a) {
  return a[0].kind == Kind::boolean ? of_bool(!a[0].boolean) : no_overload();
}

Value equals(Evaluation& in, Args a) { return of_bool(equal(a[0], a[1], in.arena, in.steps)); }
Value differs(Evaluation& in, Args a) { return of_bool(!equal(a[0], a[1], in.arena, in.steps)); }

template <class Wanted>
Value ordered(Args a, Wanted wanted) {
  bool comparable = true;
  const int order = compare(a[0], a[1], comparable);
  if (comparable) return of_bool(wanted(order));
  return a[0].is_number() && a[1].is_number() ? of_bool(false) : no_overload();
}
Value less(Evaluation&, Args a) {
  return ordered(a, [](int order) { return order < 0; });
}
Value less_or_equal(Evaluation&, Args a) {
  return ordered(a, [](int order) { return order <= 0; });
}
Value greater(Evaluation&, Args a) {
  return ordered(a, [](int order) { return order > 0; });
}
Value greater_or_equal(Evaluation&, Args a) {
  return ordered(a, [](int order) { return order >= 0; });
}

Value in_operator(Evaluation& in, Args a) {
  const Value &wanted = a[0], &range = a[1];
  if (range.kind == Kind::map) {
    Value out;
    return of_bool(find_entry(range, wanted, out, in.arena));
  }
  if (range.kind != Kind::list) return no_overload();
  for (size_t i = 0; i < size_of(range); ++i)
    if (equal(wanted, element(range, i, in.arena), in.arena, in.steps)) return of_bool(true);
  return of_bool(false);
}

constexpr Function kOperators[] = {
    {"_+_", false, 2, 2, kDepends, add},
    {"_-_", false, 2, 2, kDepends, subtract},
    {"_*_", false, 2, 2, kDepends, multiply},
    {"_/_", false, 2, 2, kDepends, divide},
    {"_%_", false, 2, 2, kDepends, modulo},
    {"-_", false, 1, 1, kDepends, negate},
    {"!_", false, 1, 1, Kind::boolean, negation},
    {"_==_", false, 2, 2, Kind::boolean, equals},
    {"_!=_", false, 2, 2, Kind::boolean, differs},
    {"_<_", false, 2, 2, Kind::boolean, less},
    {"_<=_", false, 2, 2, Kind::boolean, less_or_equal},
    {"_>_", false, 2, 2, Kind::boolean, greater},
    {"_>=_", false, 2, 2, Kind::boolean, greater_or_equal},
    {"@in", false, 2, 2, Kind::boolean, in_operator},
};

}  // namespace

std::span<const Function> operator_functions() { return kOperators; }

}  // namespace ks::store::cel
