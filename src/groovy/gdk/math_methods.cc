#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"
#include "groovy/runtime/distance.h"

/// java.lang.Math, and what the number classes have of it. Which overload is called decides what
/// comes out: Math.abs(2.5) is a double, Math.max(1, 2.5) is ambiguous.

namespace ks::groovy {

namespace {

constexpr std::string_view kMath = "java.lang.Math";
constexpr std::string_view kInteger = "java.lang.Integer";
constexpr std::string_view kLong = "java.lang.Long";
constexpr std::string_view kFloat = "java.lang.Float";
constexpr std::string_view kDouble = "java.lang.Double";

/// A letter a parameter: I int, J long, F float, D double.
using Signature = std::string_view;

ClassInfo* type_of(char letter) {
  const Types& t = types();
  switch (letter) {
    case 'I': return t.p_int;
    case 'J': return t.p_long;
    case 'F': return t.p_float;
    default: return t.p_double;
  }
}

std::string shown(Signature signature) {
  std::string out = "[";
  for (char letter : signature)
    out += (out.size() > 1 ? ", " : "") + std::string(type_of(letter)->name);
  return out + "]";
}

/// Groovy's choice among overloads by distance. Throws when none takes the arguments, or several do
/// as well.
Signature overload(Call& c, std::string_view method, std::initializer_list<Signature> signatures) {
  constexpr int64_t kNoFit = INT64_MAX;
  auto fit = [&](Signature signature) {
    if (signature.size() != c.count()) return kNoFit;
    int64_t total = 0;
    for (size_t i = 0; i < signature.size(); ++i) {
      ClassInfo* type = type_of(signature[i]);
      if (distance(type, c.arg(i)) < 0) return kNoFit;
      total += argument_distance(type, c.arg(i));
    }
    return total;
  };
  int64_t best = kNoFit;
  for (Signature each : signatures) best = std::min(best, fit(each));
  if (best == kNoFit) throw_missing_method(c.task, c.self, method, c.args, true);
  std::vector<Signature> chosen;
  for (Signature each : signatures) {
    if (fit(each) == best) chosen.push_back(each);
  }
  if (chosen.size() == 1) return chosen.front();
  std::string given;
  for (const Value& each : c.args)
    given += (given.empty() ? "" : ", ") + to_string(c.task, Value(class_of(each)));
  std::string text = "Ambiguous method overloading for method " + c.self.as<ClassInfo>()->name +
                     "#" + std::string(method) + ".\nCannot resolve which method to invoke for [" +
                     given + "] due to overlapping prototypes between:";
  std::ranges::sort(chosen);  // the letters are in the order of the names
  for (Signature each : chosen) text += "\n\t" + shown(each);
  throw_error(c.task, "groovy.lang.GroovyRuntimeException", text);
}

Value of_kind(char letter, double value) {
  return letter == 'F' ? Value::of_float(static_cast<float>(value)) : Value::of_double(value);
}

// ----- one argument -----

Value absolute(Call& c) {
  const char kind = overload(c, "abs", {"I", "J", "F", "D"})[0];
  switch (kind) {
    case 'I': {
      auto bits = static_cast<uint32_t>(c.to_int(0));
      return Value::of_int(static_cast<int32_t>(c.to_int(0) < 0 ? 0 - bits : bits));
    }
    case 'J': {
      auto bits = static_cast<uint64_t>(c.to_long(0));
      return Value::of_long(static_cast<int64_t>(c.to_long(0) < 0 ? 0 - bits : bits));
    }
    default: return of_kind(kind, std::abs(c.to_double(0)));
  }
}

/// To the nearest whole number, halves upwards.
double nearest(double x) {
  double below = std::floor(x);
  return x - below >= 0.5 ? below + 1 : below;
}
Value rounded(Call& c) {
  const bool to_int = overload(c, "round", {"F", "D"}) == "F";
  const Value whole = Value::of_double(nearest(c.to_double(0)));
  return to_int ? Value::of_int(int_value(whole)) : Value::of_long(long_value(whole));
}
Value signum(Call& c) {
  const char kind = overload(c, "signum", {"F", "D"})[0];
  const double x = c.to_double(0);
  return of_kind(kind, x > 0 ? 1 : x < 0 ? -1 : x);
}
template <double (*function)(double)>
Value of_double(Call& c) {
  return Value::of_double(function(c.to_double(0)));
}
double radians(double degrees) { return degrees * 0.017453292519943295; }
double degrees(double radians) { return radians * 57.29577951308232; }

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The next floating number towards `to`.
Value neighbour(Call& c, std::string_view method, double to) {
  const char kind = overload(c, method, {"F", "D"})[0];
  const double x = c.to_double(0);
  if (kind == 'F')
    return Value::of_float(std::nextafter(static_cast<float>(x), static_cast<float>(to)));
  return Value::of_double(std::nextafter(x, to));
}
Value next_up(Call& c) { return neighbour(c, "nextUp", kInfinity); }
Value next_down(Call& c) { return neighbour(c, "nextDown", -kInfinity); }
Value next_after(Call& c) {
  const char kind = overload(c, "nextAfter", {"DD", "FD"})[0];
  const double to = c.to_double(1);
  if (kind == 'F') {
    const auto x = static_cast<float>(c.to_double(0));
    return Value::of_float(std::nextafter(x, x < to ? INFINITY : x > to ? -INFINITY : x));
  }
  return Value::of_double(std::nextafter(c.to_double(0), to));
}
Value unit_in_last_place(Call& c) {
  const char kind = overload(c, "ulp", {"F", "D"})[0];
  if (kind == 'F') {
    const auto x = static_cast<float>(std::abs(c.to_double(0)));
    return Value::of_float(std::isinf(x) ? x : std::nextafter(x, INFINITY) - x);
  }
  const double x = std::abs(c.to_double(0));
  return Value::of_double(std::isinf(x) ? x : std::nextafter(x, INFINITY) - x);
}
Value exponent(Call& c) {
  const bool is_float = overload(c, "getExponent", {"F", "D"}) == "F";
  const double x = c.to_double(0);
  const int most = is_float ? 128 : 1024;
  if (std::isnan(x) || std::isinf(x)) return Value::of_int(most);
  const int least = is_float ? -127 : -1023;
  return Value::of_int(x == 0 ? least : std::max(std::ilogb(x), least));
}

// ----- two arguments and more -----

/// The greater one, or the lesser one. NaN wins, and -0.0 is less than 0.0.
double extreme(double a, double b, bool greatest) {
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  if (a == b) return std::signbit(a) != greatest ? a : b;
  return (a > b) == greatest ? a : b;
}
Value extreme_of(Call& c, std::string_view method, std::initializer_list<Signature> signatures) {
  const bool greatest = method == "max";
  const char kind = overload(c, method, signatures)[0];
  switch (kind) {
    case 'I':
      return Value::of_int(greatest ? std::max(c.to_int(0), c.to_int(1))
                                    : std::min(c.to_int(0), c.to_int(1)));
    case 'J':
      return Value::of_long(greatest ? std::max(c.to_long(0), c.to_long(1))
                                     : std::min(c.to_long(0), c.to_long(1)));
    default: return of_kind(kind, extreme(c.to_double(0), c.to_double(1), greatest));
  }
}
Value greatest(Call& c) { return extreme_of(c, "max", {"DD", "FF", "II", "JJ"}); }
Value least(Call& c) { return extreme_of(c, "min", {"DD", "FF", "II", "JJ"}); }
template <char kind>
Value greatest_of(Call& c) {
  static constexpr char kBoth[] = {kind, kind};
  return extreme_of(c, "max", {Signature(kBoth, 2)});
}
template <char kind>
Value least_of(Call& c) {
  static constexpr char kBoth[] = {kind, kind};
  return extreme_of(c, "min", {Signature(kBoth, 2)});
}

enum class Sum : uint8_t { add, subtract, multiply };

/// Throws where the result does not fit.
Value exactly(Call& c, Sum sum, bool of_long, int64_t a, int64_t b) {
  int64_t out = 0;
  bool over = sum == Sum::add        ? __builtin_add_overflow(a, b, &out)
              : sum == Sum::subtract ? __builtin_sub_overflow(a, b, &out)
                                     : __builtin_mul_overflow(a, b, &out);
  over = over || (!of_long && (out < INT32_MIN || out > INT32_MAX));
  if (over) {
    throw_error(c.task, "java.lang.ArithmeticException",
                of_long ? "long overflow" : "integer overflow");
  }
  return of_long ? Value::of_long(out) : Value::of_int(static_cast<int32_t>(out));
}
Value add_exactly(Call& c) {
  const bool wide = overload(c, "addExact", {"II", "JJ"})[0] == 'J';
  return exactly(c, Sum::add, wide, c.to_long(0), c.to_long(1));
}
Value subtract_exactly(Call& c) {
  const bool wide = overload(c, "subtractExact", {"II", "JJ"})[0] == 'J';
  return exactly(c, Sum::subtract, wide, c.to_long(0), c.to_long(1));
}
Value multiply_exactly(Call& c) {
  const bool wide = overload(c, "multiplyExact", {"II", "JI", "JJ"})[0] == 'J';
  return exactly(c, Sum::multiply, wide, c.to_long(0), c.to_long(1));
}
Value negate_exactly(Call& c) {
  const bool wide = overload(c, "negateExact", {"I", "J"})[0] == 'J';
  return exactly(c, Sum::subtract, wide, 0, c.to_long(0));
}
Value increment_exactly(Call& c) {
  const bool wide = overload(c, "incrementExact", {"I", "J"})[0] == 'J';
  return exactly(c, Sum::add, wide, c.to_long(0), 1);
}
Value decrement_exactly(Call& c) {
  const bool wide = overload(c, "decrementExact", {"I", "J"})[0] == 'J';
  return exactly(c, Sum::subtract, wide, c.to_long(0), 1);
}
Value absolute_exactly(Call& c) {
  const bool wide = overload(c, "absExact", {"I", "J"})[0] == 'J';
  const int64_t x = c.to_long(0);
  if (x >= 0) return exactly(c, Sum::add, wide, x, 0);
  if (x == (wide ? INT64_MIN : INT32_MIN)) {
    throw_error(c.task, "java.lang.ArithmeticException",
                wide ? "Overflow to represent absolute value of Long.MIN_VALUE"
                     : "Overflow to represent absolute value of Integer.MIN_VALUE");
  }
  return exactly(c, Sum::subtract, wide, 0, x);
}
Value to_int_exactly(Call& c) {
  overload(c, "toIntExact", {"J"});
  return exactly(c, Sum::add, false, c.to_long(0), 0);
}
Value product_of_ints(Call& c) {
  overload(c, "multiplyFull", {"II"});
  return Value::of_long(c.to_long(0) * c.to_long(1));
}
Value sum_of_ints(Call& c) {
  overload(c, "sum", {"II"});
  return Value::of_int(static_cast<int32_t>(c.to_long(0) + c.to_long(1)));
}
Value sum_of_longs(Call& c) {
  overload(c, "sum", {"JJ"});
  return Value::of_long(static_cast<int64_t>(static_cast<uint64_t>(c.to_long(0)) +
                                             static_cast<uint64_t>(c.to_long(1))));
}
Value sum_of_doubles(Call& c) { return Value::of_double(c.to_double(0) + c.to_double(1)); }
Value compare_ints(Call& c) {
  overload(c, "compare", {"II"});
  return Value::of_int(compare_numbers(c.arg(0), c.arg(1)));
}

/// Quotient and remainder towards negative infinity.
struct Floored {
  int64_t quotient;
  int64_t remainder;
};
Floored floored(Call& c) {
  const int64_t a = c.to_long(0);
  const int64_t b = c.to_long(1);
  if (b == 0) throw_error(c.task, "java.lang.ArithmeticException", "/ by zero");
  if (b == -1) return {static_cast<int64_t>(0 - static_cast<uint64_t>(a)), 0};
  Floored out{a / b, a % b};
  if (out.remainder != 0 && (out.remainder < 0) != (b < 0)) {
    --out.quotient;
    out.remainder += b;
  }
  return out;
}
Value floor_div(Call& c) {
  const bool wide = overload(c, "floorDiv", {"II", "JI", "JJ"})[0] == 'J';
  const int64_t out = floored(c).quotient;
  return wide ? Value::of_long(out) : Value::of_int(static_cast<int32_t>(out));
}
Value floor_mod(Call& c) {
  const bool wide = overload(c, "floorMod", {"II", "JI", "JJ"}) == "JJ";
  const int64_t out = floored(c).remainder;
  return wide ? Value::of_long(out) : Value::of_int(static_cast<int32_t>(out));
}

Value power(Call& c) {
  const double base = c.to_double(0);
  const double exponent = c.to_double(1);
  // Java has no number for these, C has 1.
  if (std::isnan(exponent) || (std::abs(base) == 1 && std::isinf(exponent)))
    return Value::of_double(std::nan(""));
  return Value::of_double(std::pow(base, exponent));
}
template <double (*function)(double, double)>
Value of_doubles(Call& c) {
  return Value::of_double(function(c.to_double(0), c.to_double(1)));
}
Value copy_sign(Call& c) {
  const char kind = overload(c, "copySign", {"DD", "FF"})[0];
  return of_kind(kind, std::copysign(c.to_double(0), c.to_double(1)));
}
Value scale(Call& c) {
  const char kind = overload(c, "scalb", {"DI", "FI"})[0];
  if (kind == 'F')
    return Value::of_float(std::scalbn(static_cast<float>(c.to_double(0)), c.to_int(1)));
  return Value::of_double(std::scalbn(c.to_double(0), c.to_int(1)));
}
Value multiply_and_add(Call& c) {
  const char kind = overload(c, "fma", {"DDD", "FFF"})[0];
  if (kind == 'F')
    return Value::of_float(std::fma(static_cast<float>(c.to_double(0)),
                                    static_cast<float>(c.to_double(1)),
                                    static_cast<float>(c.to_double(2))));
  return Value::of_double(std::fma(c.to_double(0), c.to_double(1), c.to_double(2)));
}
Value random(Call& c) {
  return Value::of_double(static_cast<double>(c.in.host().random_bits(c.task) >> 11) * 0x1.0p-53);
}
Value pi(Call&) { return Value::of_double(M_PI); }
Value e(Call&) { return Value::of_double(M_E); }

constexpr MethodRow kRows[] = {
    {kMath, "static PI", "=", pi},
    {kMath, "static E", "=", e},
    {kMath, "static abs", "N", absolute},
    {kMath, "static absExact", "N", absolute_exactly},
    {kMath, "static max", "NN", greatest},
    {kMath, "static min", "NN", least},
    {kMath, "static round", "N", rounded},
    {kMath, "static floor", "N", of_double<std::floor>},
    {kMath, "static ceil", "N", of_double<std::ceil>},
    {kMath, "static rint", "N", of_double<std::nearbyint>},
    {kMath, "static sqrt", "N", of_double<std::sqrt>},
    {kMath, "static cbrt", "N", of_double<std::cbrt>},
    {kMath, "static exp", "N", of_double<std::exp>},
    {kMath, "static expm1", "N", of_double<std::expm1>},
    {kMath, "static log", "N", of_double<std::log>},
    {kMath, "static log10", "N", of_double<std::log10>},
    {kMath, "static log1p", "N", of_double<std::log1p>},
    {kMath, "static sin", "N", of_double<std::sin>},
    {kMath, "static cos", "N", of_double<std::cos>},
    {kMath, "static tan", "N", of_double<std::tan>},
    {kMath, "static asin", "N", of_double<std::asin>},
    {kMath, "static acos", "N", of_double<std::acos>},
    {kMath, "static atan", "N", of_double<std::atan>},
    {kMath, "static sinh", "N", of_double<std::sinh>},
    {kMath, "static cosh", "N", of_double<std::cosh>},
    {kMath, "static tanh", "N", of_double<std::tanh>},
    {kMath, "static signum", "N", signum},
    {kMath, "static toRadians", "N", of_double<radians>},
    {kMath, "static toDegrees", "N", of_double<degrees>},
    {kMath, "static ulp", "N", unit_in_last_place},
    {kMath, "static getExponent", "N", exponent},
    {kMath, "static nextUp", "N", next_up},
    {kMath, "static nextDown", "N", next_down},
    {kMath, "static nextAfter", "NN", next_after},
    {kMath, "static copySign", "NN", copy_sign},
    {kMath, "static scalb", "NN", scale},
    {kMath, "static fma", "NNN", multiply_and_add},
    {kMath, "static pow", "NN", power},
    {kMath, "static atan2", "NN", of_doubles<std::atan2>},
    {kMath, "static hypot", "NN", of_doubles<std::hypot>},
    {kMath, "static IEEEremainder", "NN", of_doubles<std::remainder>},
    {kMath, "static addExact", "NN", add_exactly},
    {kMath, "static subtractExact", "NN", subtract_exactly},
    {kMath, "static multiplyExact", "NN", multiply_exactly},
    {kMath, "static multiplyFull", "NN", product_of_ints},
    {kMath, "static negateExact", "N", negate_exactly},
    {kMath, "static incrementExact", "N", increment_exactly},
    {kMath, "static decrementExact", "N", decrement_exactly},
    {kMath, "static toIntExact", "N", to_int_exactly},
    {kMath, "static floorDiv", "NN", floor_div},
    {kMath, "static floorMod", "NN", floor_mod},
    {kMath, "static random", "", random},
    {kInteger, "static max", "NN", greatest_of<'I'>},
    {kInteger, "static min", "NN", least_of<'I'>},
    {kInteger, "static sum", "NN", sum_of_ints},
    {kInteger, "static compare", "NN", compare_ints},
    {kLong, "static max", "NN", greatest_of<'J'>},
    {kLong, "static min", "NN", least_of<'J'>},
    {kLong, "static sum", "NN", sum_of_longs},
    {kFloat, "static max", "NN", greatest_of<'F'>},
    {kFloat, "static min", "NN", least_of<'F'>},
    {kDouble, "static max", "NN", greatest_of<'D'>},
    {kDouble, "static min", "NN", least_of<'D'>},
    {kDouble, "static sum", "NN", sum_of_doubles},
};

constexpr ClassRow kClasses[] = {{kMath, "", ""}};

}  // namespace

LibraryPart math_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
