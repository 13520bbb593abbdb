#include <fmt/format.h>
#include <bit>
#include <charconv>
#include <cmath>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// java.lang.Number and its kinds, Boolean and Character.

namespace ks::groovy {

namespace {

constexpr std::string_view kNumber = "java.lang.Number";
constexpr std::string_view kInteger = "java.lang.Integer";
constexpr std::string_view kLong = "java.lang.Long";
constexpr std::string_view kDouble = "java.lang.Double";
constexpr std::string_view kFloat = "java.lang.Float";
constexpr std::string_view kBig = "java.math.BigInteger";
constexpr std::string_view kDecimal = "java.math.BigDecimal";
constexpr std::string_view kBoolean = "java.lang.Boolean";
constexpr std::string_view kCharacter = "java.lang.Character";

template <Op op>
Value operate(Call& c) {
  return binary(c.task, op, c.self, c.arg(0));
}
Value plus_of(Call& c) {
  if (c.arg(0).is<String>() || c.arg(0).is<GString>()) return text(c, c.self_text() + c.text(0));
  return binary(c.task, Op::add, c.self, c.arg(0));
}
Value negative(Call& c) { return negate(c.task, c.self); }
Value positive_of(Call& c) { return positive(c.task, c.self); }
Value next_of(Call& c) { return next(c.task, c.self); }
Value previous_of(Call& c) { return previous(c.task, c.self); }
Value bitwise_negate(Call& c) { return bitwise_not(c.task, c.self); }

uint32_t bits(Call& c) { return static_cast<uint32_t>(c.to_int(0)); }
Value leading_zeros(Call& c) { return Value::of_int(std::countl_zero(bits(c))); }
Value trailing_zeros(Call& c) { return Value::of_int(std::countr_zero(bits(c))); }
Value highest_bit(Call& c) { return Value::of_int(static_cast<int32_t>(std::bit_floor(bits(c)))); }
Value sign_of(Call& c) {
  int32_t number = c.to_int(0);
  return Value::of_int(number > 0 ? 1 : number < 0 ? -1 : 0);
}
Value compare_static(Call& c) { return Value::of_int(compare_numbers(c.arg(0), c.arg(1))); }
Value double_text_of(Call& c) { return text(c, double_text(c.to_double(0))); }
Value float_text_of(Call& c) { return text(c, float_text(static_cast<float>(c.to_double(0)))); }
Value digit_of(Call& c) {
  std::string digit = c.text(0);
  int32_t value = digit.size() != 1                                         ? -1
                  : std::isdigit(static_cast<unsigned char>(digit[0])) != 0 ? digit[0] - '0'
                  : std::isalpha(static_cast<unsigned char>(digit[0])) != 0
                      ? std::tolower(static_cast<unsigned char>(digit[0])) - 'a' + 10
                      : -1;
  return Value::of_int(value < c.to_int(1) ? value : -1);
}
Value for_digit(Call& c) {
  int32_t digit = c.to_int(0);
  if (digit < 0 || digit >= c.to_int(1) || digit > 35) return Value::of_char(0);
  return Value::of_char(static_cast<uint16_t>(digit < 10 ? '0' + digit : 'a' + digit - 10));
}

Value int_div(Call& c) {
  const Value& a = c.self;
  const Value& b = c.arg(0);
  if (a.is_floating() || b.is_floating() || a.is<BigDecimal>() || b.is<BigDecimal>()) {
    throw_error(c.task, "java.lang.UnsupportedOperationException",
                "Cannot use intdiv() on this number type: " + class_name_of(a) +
                    " with value: " + number_text(a));
  }
  BigNumber x = big_value(a);
  BigNumber y = big_value(b);
  if (y.sign() == 0) throw_error(c.task, "java.lang.ArithmeticException", "/ by zero");
  mpz_tdiv_q(x.get(), x.get(), y.get());
  if (a.is<BigInteger>() || b.is<BigInteger>()) return make_big(c.heap(), std::move(x));
  if (a.kind() == Kind::long_ || b.kind() == Kind::long_) return Value::of_long(x.low_bits());
  return Value::of_int(static_cast<int32_t>(x.low_bits()));
}

Value absolute(Call& c) {
  const Value& n = c.self;
  if (n.is_floating()) {
    double value = std::abs(n.as_double());
    return n.kind() == Kind::float_ ? Value::of_float(static_cast<float>(value))
                                    : Value::of_double(value);
  }
  if (n.kind() == Kind::byte_ || n.kind() == Kind::short_)
    return Value::of_int(std::abs(n.as_int()));
  return compare_numbers(n, Value::of_int(0)) < 0 ? negate(c.task, n) : n;
}

// ----- counting -----

Value times(Call& c) {
  int64_t count = long_value(c.self);
  for (int64_t i = 0; i < count; ++i) {
    c.task.spend();
    call1(c.task, c.arg(0), Value::of_int(static_cast<int32_t>(i)));
  }
  return {};
}
Value count_to(Call& c, bool up) {
  const Value& end = c.arg(0);
  int order = compare_numbers(c.self, end);
  if (up ? order > 0 : order < 0) {
    throw_error(c.task, "groovy.lang.GroovyRuntimeException",
                "The argument (" + number_text(end) + ") to " + (up ? "upto" : "downto") +
                    "() cannot be " + (up ? "less" : "greater") + " than the value (" +
                    number_text(c.self) + ") it's called on.");
  }
  for (Value i = c.self; up ? compare_numbers(i, end) <= 0 : compare_numbers(i, end) >= 0;
       i = up ? next(c.task, i) : previous(c.task, i)) {
    c.task.spend();
    call1(c.task, c.arg(1), i);
  }
  return {};
}
Value up_to(Call& c) { return count_to(c, true); }
Value down_to(Call& c) { return count_to(c, false); }
Value step(Call& c) {
  const Value& end = c.arg(0);
  const Value& by = c.arg(1);
  int direction = compare_numbers(by, Value::of_int(0));
  if (direction == 0)
    throw_error(c.task, "groovy.lang.GroovyRuntimeException", "Infinite loop: step is 0");
  for (Value i = c.self; direction > 0 ? compare_numbers(i, end) < 0 : compare_numbers(i, end) > 0;
       i = binary(c.task, Op::add, i, by)) {
    c.task.spend();
    call1(c.task, c.arg(2), i);
  }
  return {};
}

// ----- conversions -----

Value to_int_value(Call& c) { return Value::of_int(int_value(c.self)); }
Value to_long_of(Call& c) { return Value::of_long(long_value(c.self)); }
Value to_double_of(Call& c) { return Value::of_double(double_value(c.self)); }
Value to_float_of(Call& c) { return Value::of_float(static_cast<float>(double_value(c.self))); }
Value to_short_of(Call& c) { return Value::of_short(static_cast<int16_t>(long_value(c.self))); }
Value to_byte_of(Call& c) { return Value::of_byte(static_cast<int8_t>(long_value(c.self))); }
Value to_decimal_of(Call& c) { return make_decimal(c.heap(), decimal_value(c.self)); }
Value to_big_of(Call& c) { return make_big(c.heap(), big_value(c.self)); }
Value to_char_of(Call& c) { return Value::of_char(static_cast<uint16_t>(long_value(c.self))); }
Value compare_to(Call& c) {
  if (c.arg(0).is_null()) throw_error(c.task, "java.lang.NullPointerException");
  if (is_number(c.self) && !is_number(c.arg(0)) && c.arg(0).kind() != Kind::character)
    throw_class_cast(c.task, c.arg(0), c.self);
  return Value::of_int(compare(c.task, c.self, c.arg(0)));
}
Value text_of(Call& c) { return text(c, c.self_text()); }
Value equals_number(Call& c) { return Value::of_bool(key_equals(c.task, c.self, c.arg(0))); }

std::string in_radix(const Value& n, int radix) {
  if (radix < 2 || radix > 36) radix = 10;
  return big_value(n).to_string(radix);
}
Value radix_text(Call& c) { return text(c, in_radix(c.arg(0), c.to_int(1))); }
Value self_radix_text(Call& c) { return text(c, in_radix(c.self, c.to_int(0))); }
/// An argument that Java takes for an int: not every number is.
int32_t int_argument(Call& c, std::string_view method) {
  if (distance(types().p_int, c.arg(0)) < 0)
    throw_missing_method(c.task, c.self, method, c.args, true);
  return int_value(c.arg(0));
}
Value bit_count(Call& c) {
  return Value::of_int(std::popcount(static_cast<uint32_t>(int_argument(c, "bitCount"))));
}
template <int radix>
Value unsigned_text(Call& c) {
  constexpr std::string_view kName = radix == 16  ? "toHexString"
                                     : radix == 8 ? "toOctalString"
                                                  : "toBinaryString";
  const bool is_long = c.self.as<ClassInfo>() == types().long_;
  const uint64_t bits = is_long ? static_cast<uint64_t>(long_value(c.arg(0)))
                                : static_cast<uint32_t>(int_argument(c, kName));
  BigNumber number;
  mpz_set_ui(number.get(), bits);
  return text(c, number.to_string(radix));
}

BigNumber parsed(Call& c, size_t index, int radix) {
  std::string digits = c.text(index);
  std::optional<BigNumber> number =
      c.arg(index).is_null() ? std::nullopt : BigNumber::parse(digits, radix);
  if (!number) throw_number_format(c.task, digits);
  return std::move(*number);
}
int radix_of(Call& c) { return c.count() == 2 ? c.to_int(1) : 10; }
Value parse_int(Call& c) {
  BigNumber number = parsed(c, 0, radix_of(c));
  if (!number.fits_int()) throw_number_format(c.task, c.text(0));
  return Value::of_int(static_cast<int32_t>(number.low_bits()));
}
Value parse_long(Call& c) {
  BigNumber number = parsed(c, 0, radix_of(c));
  if (!number.fits_long()) throw_number_format(c.task, c.text(0));
  return Value::of_long(number.low_bits());
}
Value int_of(Call& c) { return is_number(c.arg(0)) ? Value::of_int(c.to_int(0)) : parse_int(c); }
Value long_of(Call& c) {
  return is_number(c.arg(0)) ? Value::of_long(c.to_long(0)) : parse_long(c);
}
double parsed_double(Call& c) {
  if (is_number(c.arg(0)) || c.arg(0).kind() == Kind::character) return c.to_double(0);
  std::string s = c.text(0);
  if (s == "NaN") return std::nan("");
  if (s == "Infinity") return INFINITY;
  if (s == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (s.starts_with("0x") || s.starts_with("0X")) {
    double hex = 0;
    auto [end, error] =
        std::from_chars(s.data() + 2, s.data() + s.size(), hex, std::chars_format::hex);
    if (error == std::errc{} && end == s.data() + s.size()) return hex;
  }
  std::optional<Decimal> number = Decimal::parse(s);
  if (!number) throw_number_format(c.task, s);
  return number->to_double();
}
Value double_of(Call& c) { return Value::of_double(parsed_double(c)); }
Value float_of(Call& c) { return Value::of_float(static_cast<float>(parsed_double(c))); }
Value short_of(Call& c) { return Value::of_short(static_cast<int16_t>(int_of(c).as_int())); }
Value byte_of(Call& c) { return Value::of_byte(static_cast<int8_t>(int_of(c).as_int())); }
Value big_of(Call& c) {
  return make_big(c.heap(), is_number(c.arg(0)) ? big_value(c.arg(0)) : parsed(c, 0, radix_of(c)));
}
Value decimal_of(Call& c) {
  if (is_number(c.arg(0))) {
    // new BigDecimal(0.1d) is exact in Java: all binary digits.
    if (c.arg(0).is_floating()) return cast(c.task, c.arg(0), types().big_decimal);
    if (c.arg(0).is<BigInteger>() && c.count() == 2) {
      return make_decimal(c.heap(), Decimal{big_value(c.arg(0)), c.to_int(1)});
    }
    return make_decimal(c.heap(), decimal_value(c.arg(0)));
  }
  std::optional<Decimal> number = Decimal::parse(c.text(0));
  if (!number) throw_error(c.task, "java.lang.NumberFormatException");
  return make_decimal(c.heap(), std::move(*number));
}
Value decimal_value_of(Call& c) {
  if (c.count() == 2) return make_decimal(c.heap(), Decimal{big_value(c.arg(0)), c.to_int(1)});
  return make_decimal(c.heap(), decimal_value(c.arg(0)));
}

// ----- rounding -----

Value round_of(Call& c) {
  const Value& n = c.self;
  if (n.is_integral()) throw_missing_method(c.task, n, "round", c.args);
  if (c.count() == 0) {
    if (n.is<BigDecimal>()) {
      Decimal whole = round_to_scale(decimal_value(n), 0, Rounding::half_up).value_or(Decimal{});
      return make_big(c.heap(), std::move(whole.unscaled));
    }
    if (n.kind() == Kind::float_)
      return Value::of_int(int_value(Value::of_double(std::floor(n.as_double() + 0.5))));
    return Value::of_long(long_value(Value::of_double(std::floor(double_value(n) + 0.5))));
  }
  if (n.is<BigDecimal>()) {
    return make_decimal(
        c.heap(),
        round_to_scale(decimal_value(n), c.to_int(0), Rounding::half_up).value_or(Decimal{}));
  }
  double factor = std::pow(10, c.to_int(0));
  double rounded = std::floor(double_value(n) * factor + 0.5) / factor;
  return n.kind() == Kind::float_ ? Value::of_float(static_cast<float>(rounded))
                                  : Value::of_double(rounded);
}
Value trunc_of(Call& c) {
  double factor = c.count() == 1 ? std::pow(10, c.to_int(0)) : 1;
  double cut = std::trunc(double_value(c.self) * factor) / factor;
  return c.self.kind() == Kind::float_ ? Value::of_float(static_cast<float>(cut))
                                       : Value::of_double(cut);
}
Rounding rounding_of(Call& c, size_t index) {
  if (c.count() <= index) return Rounding::unnecessary;
  if (is_number(c.arg(index))) return static_cast<Rounding>(std::clamp(c.to_int(index), 0, 7));
  static constexpr std::pair<std::string_view, Rounding> kNames[] = {
      {"UP", Rounding::up},
      {"DOWN", Rounding::down},
      {"CEILING", Rounding::ceiling},
      {"FLOOR", Rounding::floor},
      {"HALF_UP", Rounding::half_up},
      {"HALF_DOWN", Rounding::half_down},
      {"HALF_EVEN", Rounding::half_even}};
  std::string name = c.text(index);
  for (const auto& [known, rounding] : kNames) {
    if (name == known) return rounding;
  }
  return Rounding::unnecessary;
}
Value set_scale(Call& c) {
  std::optional<Decimal> out =
      round_to_scale(decimal_value(c.self), c.to_int(0), rounding_of(c, 1));
  if (!out) throw_error(c.task, "java.lang.ArithmeticException", "Rounding necessary");
  return make_decimal(c.heap(), std::move(*out));
}
Value scale_of(Call& c) { return Value::of_int(decimal_value(c.self).scale); }
Value precision_of(Call& c) {
  return Value::of_int(static_cast<int32_t>(decimal_value(c.self).precision()));
}
Value plain_text(Call& c) { return text(c, decimal_value(c.self).to_plain_string()); }
Value strip_zeros(Call& c) { return make_decimal(c.heap(), decimal_value(c.self).stripped()); }
Value signum(Call& c) { return Value::of_int(compare_numbers(c.self, Value::of_int(0))); }
Value unscaled(Call& c) { return make_big(c.heap(), decimal_value(c.self).unscaled); }
Value decimal_divide(Call& c) {
  Decimal a = decimal_value(c.self);
  Decimal b = decimal_value(c.arg(0));
  if (b.unscaled.sign() == 0)
    throw_error(c.task, "java.lang.ArithmeticException", "Division by zero");
  if (c.count() == 1) {
    std::optional<Decimal> exact = divide_exactly(a, b);
    if (!exact) {
      throw_error(c.task, "java.lang.ArithmeticException",
                  "Non-terminating decimal expansion; no exact representable decimal result.");
    }
    return make_decimal(c.heap(), std::move(*exact));
  }
  int32_t scale = c.count() == 3 ? c.to_int(1) : a.scale;
  return make_decimal(c.heap(), divide_to_scale(a, b, scale, rounding_of(c, c.count() - 1)));
}

template <int which>
Value smaller_or_larger(Call& c) {
  const bool is_decimal = c.self.is<BigDecimal>();
  if (!is_decimal && !c.arg(0).is_integral() && !c.arg(0).is<BigInteger>())
    throw_missing_method(c.task, c.self, which > 0 ? "max" : "min", c.args);
  const Value other =
      cast(c.task, c.arg(0), is_decimal ? types().big_decimal : types().big_integer);
  int order = compare_numbers(c.self, other);
  return (order < 0) == (which < 0) ? c.self : other;
}
/// BigDecimal's own methods take any number as a BigDecimal.
template <Op op>
Value decimal_operate(Call& c) {
  return binary(c.task, op, c.self, cast(c.task, c.arg(0), types().big_decimal));
}

Value decimal_remainder(Call& c) {
  Decimal a = decimal_value(c.self);
  Decimal b = decimal_value(cast(c.task, c.arg(0), types().big_decimal));
  if (b.unscaled.sign() == 0)
    throw_error(c.task, "java.lang.ArithmeticException", "Division by zero");
  const int32_t scale = std::max(a.scale, b.scale);
  a = a.with_scale(scale);
  mpz_tdiv_r(a.unscaled.get(), a.unscaled.get(), b.with_scale(scale).unscaled.get());
  return make_decimal(c.heap(), std::move(a));
}

// ----- BigInteger -----

Value big_mod(Call& c) {
  BigNumber m = big_value(c.arg(0));
  if (m.sign() <= 0)
    throw_error(c.task, "java.lang.ArithmeticException", "BigInteger: modulus not positive");
  BigNumber out;
  mpz_mod(out.get(), big_value(c.self).get(), m.get());
  return make_big(c.heap(), std::move(out));
}
Value big_gcd(Call& c) {
  BigNumber out;
  mpz_gcd(out.get(), big_value(c.self).get(), big_value(c.arg(0)).get());
  return make_big(c.heap(), std::move(out));
}
Value big_mod_pow(Call& c) {
  BigNumber m = big_value(c.arg(1));
  if (m.sign() <= 0)
    throw_error(c.task, "java.lang.ArithmeticException", "BigInteger: modulus not positive");
  BigNumber out;
  mpz_powm(out.get(), big_value(c.self).get(), big_value(c.arg(0)).get(), m.get());
  return make_big(c.heap(), std::move(out));
}
Value bit_length(Call& c) {
  return Value::of_int(
      static_cast<int32_t>(big_value(c.self).sign() == 0 ? 0 : big_value(c.self).bits()));
}
Value big_pow(Call& c) {
  Value power = binary(c.task, Op::power, c.self, c.arg(0));
  return power.is_integral() ? make_big(c.heap(), big_value(power)) : power;
}
Value is_prime(Call& c) {
  return Value::of_bool(mpz_probab_prime_p(big_value(c.self).get(), 25) > 0);
}

// ----- doubles -----

double first_double(Call& c) { return c.count() > 0 ? c.to_double(0) : double_value(c.self); }
Value is_nan(Call& c) { return Value::of_bool(std::isnan(first_double(c))); }
Value is_infinite(Call& c) { return Value::of_bool(std::isinf(first_double(c))); }

// ----- booleans -----

Value bool_and(Call& c) { return Value::of_bool(c.self.as_bool() && truth(c.task, c.arg(0))); }
Value bool_or(Call& c) { return Value::of_bool(c.self.as_bool() || truth(c.task, c.arg(0))); }
Value bool_xor(Call& c) { return Value::of_bool(c.self.as_bool() != truth(c.task, c.arg(0))); }
Value bool_implies(Call& c) { return Value::of_bool(!c.self.as_bool() || truth(c.task, c.arg(0))); }
Value bool_value(Call& c) { return c.self; }
Value parse_boolean(Call& c) {
  if (c.arg(0).is_bool()) return c.arg(0);
  std::string s = c.text(0);
  for (char& ch : s) ch = static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
  return Value::of_bool(!c.arg(0).is_null() && s == "true");
}
Value compare_booleans(Call& c) {
  return Value::of_int(static_cast<int>(c.self.as_bool()) -
                       static_cast<int>(truth(c.task, c.arg(0))));
}

// ----- characters -----

uint16_t unit_of(Call& c) {
  const Value& v = c.count() > 0 ? c.arg(0) : c.self;
  Value made = cast(c.task, v, types().p_char);
  return made.as_char();
}
bool is_letter_unit(uint16_t u) {
  return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') ||
         (u >= 0xC0 && u != 0xD7 && u != 0xF7 && u < 0x2000);
}
bool is_digit_unit(uint16_t u) { return u >= '0' && u <= '9'; }
Value is_letter(Call& c) { return Value::of_bool(is_letter_unit(unit_of(c))); }
Value is_digit(Call& c) { return Value::of_bool(is_digit_unit(unit_of(c))); }
Value is_letter_or_digit(Call& c) {
  return Value::of_bool(is_letter_unit(unit_of(c)) || is_digit_unit(unit_of(c)));
}
Value is_whitespace(Call& c) {
  uint16_t u = unit_of(c);
  return Value::of_bool((u >= 9 && u <= 13) || u == ' ' || (u >= 0x1C && u <= 0x1F) ||
                        u == 0x2028 || u == 0x3000);
}
Value is_upper(Call& c) {
  uint16_t u = unit_of(c);
  return Value::of_bool((u >= 'A' && u <= 'Z') || (u >= 0xC0 && u <= 0xDE && u != 0xD7) ||
                        (u >= 0x391 && u <= 0x3A9) || (u >= 0x410 && u <= 0x42F));
}
Value is_lower(Call& c) {
  uint16_t u = unit_of(c);
  return Value::of_bool((u >= 'a' && u <= 'z') || (u >= 0xDF && u <= 0xFF && u != 0xF7) ||
                        (u >= 0x3B1 && u <= 0x3C9) || (u >= 0x430 && u <= 0x44F));
}
Value char_upper(Call& c) {
  uint16_t u = unit_of(c);
  bool shifts = (u >= 'a' && u <= 'z') || (u >= 0xE0 && u <= 0xFE && u != 0xF7) ||
                (u >= 0x3B1 && u <= 0x3C9) || (u >= 0x430 && u <= 0x44F);
  return Value::of_char(static_cast<uint16_t>(shifts ? u - 32 : u));
}
Value char_lower(Call& c) {
  uint16_t u = unit_of(c);
  bool shifts = (u >= 'A' && u <= 'Z') || (u >= 0xC0 && u <= 0xDE && u != 0xD7) ||
                (u >= 0x391 && u <= 0x3A9) || (u >= 0x410 && u <= 0x42F);
  return Value::of_char(static_cast<uint16_t>(shifts ? u + 32 : u));
}
Value numeric_value(Call& c) {
  uint16_t u = unit_of(c);
  if (is_digit_unit(u)) return Value::of_int(u - '0');
  if (u >= 'a' && u <= 'z') return Value::of_int(u - 'a' + 10);
  if (u >= 'A' && u <= 'Z') return Value::of_int(u - 'A' + 10);
  return Value::of_int(-1);
}
Value char_value(Call& c) { return Value::of_char(unit_of(c)); }
Value char_code(Call& c) { return Value::of_int(c.self.as_char()); }

template <auto make>
Value constant(Call&) {
  return make();
}

constexpr MethodRow kRows[] = {
    {kNumber, "plus", "N", plus_of},
    {kNumber, "plus", "c", plus_of},
    {kNumber, "plus", "S", plus_of},
    {kNumber, "minus", "N", operate<Op::subtract>},
    {kNumber, "minus", "c", operate<Op::subtract>},
    {kNumber, "multiply", "N", operate<Op::multiply>},
    {kNumber, "multiply", "c", operate<Op::multiply>},
    {kNumber, "div", "N", operate<Op::divide>},
    {kNumber, "mod", "N", operate<Op::modulo>},
    {kNumber, "power", "N", operate<Op::power>},
    {kNumber, "leftShift", "N", operate<Op::shift_left>},
    {kNumber, "rightShift", "N", operate<Op::shift_right>},
    {kNumber, "rightShiftUnsigned", "N", operate<Op::shift_right_unsigned>},
    {kNumber, "and", "N", operate<Op::bit_and>},
    {kNumber, "or", "N", operate<Op::bit_or>},
    {kNumber, "xor", "N", operate<Op::bit_xor>},
    {kNumber, "intdiv", "N", int_div},
    {kNumber, "negative", "", negative},
    {kNumber, "unaryMinus", "", negative},
    {kNumber, "positive", "", positive_of},
    {kNumber, "unaryPlus", "", positive_of},
    {kNumber, "next", "", next_of},
    {kNumber, "previous", "", previous_of},
    {kNumber, "bitwiseNegate", "", bitwise_negate},
    {kNumber, "abs", "", absolute},
    {kNumber, "times", "C", times},
    {kNumber, "upto", "NC", up_to},
    {kNumber, "downto", "NC", down_to},
    {kNumber, "step", "NNC", step},
    {kNumber, "intValue", "", to_int_value},
    {kNumber, "longValue", "", to_long_of},
    {kNumber, "doubleValue", "", to_double_of},
    {kNumber, "floatValue", "", to_float_of},
    {kNumber, "shortValue", "", to_short_of},
    {kNumber, "byteValue", "", to_byte_of},
    {kNumber, "toInteger", "", to_int_value},
    {kNumber, "toLong", "", to_long_of},
    {kNumber, "toDouble", "", to_double_of},
    {kNumber, "toFloat", "", to_float_of},
    {kNumber, "toBigDecimal", "", to_decimal_of},
    {kNumber, "toBigInteger", "", to_big_of},
    {kNumber, "toCharacter", "", to_char_of},
    {kNumber, "compareTo", "N", compare_to},
    {kNumber, "compareTo", "c", compare_to},
    {kNumber, "compareTo", "O", compare_to},
    {kNumber, "toString", "", text_of},
    {kNumber, "equals", "O", equals_number},
    {kNumber, "round", "", round_of},
    {kNumber, "round", "I", round_of},
    {kDouble, "trunc", "", trunc_of},
    {kDouble, "trunc", "I", trunc_of},
    {kFloat, "trunc", "", trunc_of},
    {kFloat, "trunc", "I", trunc_of},
    {kInteger, "static MAX_VALUE", "=", constant<[] { return Value::of_int(INT32_MAX); }>},
    {kInteger, "static MIN_VALUE", "=", constant<[] { return Value::of_int(INT32_MIN); }>},
    {kInteger, "static parseInt", "S", parse_int},
    {kInteger, "static parseInt", "SI", parse_int},
    {kInteger, "static valueOf", "O", int_of},
    {kInteger, "static valueOf", "SI", parse_int},
    {kInteger, "static toString", "N",
     [](Call& c) -> Value { return text(c, std::to_string(int_argument(c, "toString"))); }},
    {kInteger, "static toString", "NI", radix_text},
    {kInteger, "static toHexString", "N", unsigned_text<16>},
    {kInteger, "static toBinaryString", "N", unsigned_text<2>},
    {kInteger, "static toOctalString", "N", unsigned_text<8>},
    {kInteger, "static bitCount", "N", bit_count},
    {kInteger, "static signum", "I", sign_of},
    {kInteger, "static highestOneBit", "I", highest_bit},
    {kInteger, "static numberOfLeadingZeros", "I", leading_zeros},
    {kInteger, "static numberOfTrailingZeros", "I", trailing_zeros},
    {"java.lang.Double", "static compare", "NN", compare_static},
    {"java.lang.Double", "static toString", "N", double_text_of},
    {"java.lang.Float", "static toString", "N", float_text_of},
    {"java.lang.Character", "static digit", "cI", digit_of},
    {"java.lang.Character", "static forDigit", "II", for_digit},
    {kInteger, "new", "O", int_of},
    {kLong, "static MAX_VALUE", "=", constant<[] { return Value::of_long(INT64_MAX); }>},
    {kLong, "static MIN_VALUE", "=", constant<[] { return Value::of_long(INT64_MIN); }>},
    {kLong, "static parseLong", "S", parse_long},
    {kLong, "static valueOf", "O", long_of},
    {kLong, "static toString", "N", [](Call& c) -> Value { return text(c, c.text(0)); }},
    {kLong, "static toString", "NI", radix_text},
    {kLong, "static toHexString", "N", unsigned_text<16>},
    {kLong, "static toBinaryString", "N", unsigned_text<2>},
    {kLong, "new", "O", long_of},
    {"java.lang.Short", "static MAX_VALUE", "=",
     constant<[] { return Value::of_short(INT16_MAX); }>},
    {"java.lang.Short", "static MIN_VALUE", "=",
     constant<[] { return Value::of_short(INT16_MIN); }>},
    {"java.lang.Short", "new", "O", short_of},
    {"java.lang.Short", "static valueOf", "O", short_of},
    {"java.lang.Byte", "static MAX_VALUE", "=", constant<[] { return Value::of_byte(INT8_MAX); }>},
    {"java.lang.Byte", "static MIN_VALUE", "=", constant<[] { return Value::of_byte(INT8_MIN); }>},
    {"java.lang.Byte", "new", "O", byte_of},
    {"java.lang.Byte", "static valueOf", "O", byte_of},
    {kDouble, "static MAX_VALUE", "=",
     constant<[] { return Value::of_double(std::numeric_limits<double>::max()); }>},
    {kDouble, "static MIN_VALUE", "=",
     constant<[] { return Value::of_double(std::numeric_limits<double>::denorm_min()); }>},
    {kDouble, "static NaN", "=", constant<[] { return Value::of_double(std::nan("")); }>},
    {kDouble, "static POSITIVE_INFINITY", "=", constant<[] { return Value::of_double(INFINITY); }>},
    {kDouble, "static NEGATIVE_INFINITY", "=",
     constant<[] { return Value::of_double(-std::numeric_limits<double>::infinity()); }>},
    {kDouble, "static parseDouble", "S", double_of},
    {kDouble, "static valueOf", "O", double_of},
    {kDouble, "static isNaN", "N", is_nan},
    {kDouble, "static isInfinite", "N", is_infinite},
    {kDouble, "isNaN", "", is_nan},
    {kDouble, "isInfinite", "", is_infinite},
    {kDouble, "new", "O", double_of},
    {kFloat, "static MAX_VALUE", "=",
     constant<[] { return Value::of_float(std::numeric_limits<float>::max()); }>},
    {kFloat, "static NaN", "=", constant<[] { return Value::of_float(std::nanf("")); }>},
    {kFloat, "static parseFloat", "S", float_of},
    {kFloat, "static valueOf", "O", float_of},
    {kFloat, "isNaN", "", is_nan},
    {kFloat, "isInfinite", "", is_infinite},
    {kFloat, "new", "O", float_of},
    {kBig, "new", "O", big_of},
    {kBig, "new", "SI", big_of},
    {kBig, "static valueOf", "N", big_of},
    {kBig, "static ZERO", "=", [](Call& c) -> Value { return make_big(c.heap(), BigNumber(0)); }},
    {kBig, "static ONE", "=", [](Call& c) -> Value { return make_big(c.heap(), BigNumber(1)); }},
    {kBig, "static TEN", "=", [](Call& c) -> Value { return make_big(c.heap(), BigNumber(10)); }},
    {kBig, "add", "N", operate<Op::add>},
    {kBig, "subtract", "N", operate<Op::subtract>},
    {kBig, "divide", "N", int_div},
    {kBig, "remainder", "N", operate<Op::modulo>},
    {kBig, "mod", "N", big_mod},
    {kBig, "gcd", "N", big_gcd},
    {kBig, "modPow", "NN", big_mod_pow},
    {kBig, "pow", "N", big_pow},
    {kBig, "negate", "", negative},
    {kBig, "signum", "", signum},
    {kBig, "bitLength", "", bit_length},
    {kBig, "isProbablePrime", "I", is_prime},
    {kBig, "toString", "I", self_radix_text},
    {kBig, "max", "N", smaller_or_larger<1>},
    {kBig, "min", "N", smaller_or_larger<-1>},
    {kDecimal, "new", "O", decimal_of},
    {kDecimal, "new", "OI", decimal_of},
    {kDecimal, "static valueOf", "N", decimal_value_of},
    {kDecimal, "static valueOf", "NI", decimal_value_of},
    {kDecimal, "static ZERO", "=",
     [](Call& c) -> Value { return make_decimal(c.heap(), Decimal{BigNumber(0), 0}); }},
    {kDecimal, "static ONE", "=",
     [](Call& c) -> Value { return make_decimal(c.heap(), Decimal{BigNumber(1), 0}); }},
    {kDecimal, "static TEN", "=",
     [](Call& c) -> Value { return make_decimal(c.heap(), Decimal{BigNumber(10), 0}); }},
    {kDecimal, "static ROUND_UP", "=", constant<[] { return Value::of_int(0); }>},
    {kDecimal, "static ROUND_DOWN", "=", constant<[] { return Value::of_int(1); }>},
    {kDecimal, "static ROUND_CEILING", "=", constant<[] { return Value::of_int(2); }>},
    {kDecimal, "static ROUND_FLOOR", "=", constant<[] { return Value::of_int(3); }>},
    {kDecimal, "static ROUND_HALF_UP", "=", constant<[] { return Value::of_int(4); }>},
    {kDecimal, "static ROUND_HALF_DOWN", "=", constant<[] { return Value::of_int(5); }>},
    {kDecimal, "static ROUND_HALF_EVEN", "=", constant<[] { return Value::of_int(6); }>},
    {kDecimal, "add", "N", decimal_operate<Op::add>},
    {kDecimal, "subtract", "N", decimal_operate<Op::subtract>},
    {kDecimal, "divide", "N", decimal_divide},
    {kDecimal, "divide", "NO", decimal_divide},
    {kDecimal, "divide", "NIO", decimal_divide},
    {kDecimal, "remainder", "N", decimal_remainder},
    {kDecimal, "pow", "N", operate<Op::power>},
    {kDecimal, "negate", "", negative},
    {kDecimal, "signum", "", signum},
    {kDecimal, "setScale", "I", set_scale},
    {kDecimal, "setScale", "IO", set_scale},
    {kDecimal, "scale", "", scale_of},
    {kDecimal, "precision", "", precision_of},
    {kDecimal, "unscaledValue", "", unscaled},
    {kDecimal, "toPlainString", "", plain_text},
    {kDecimal, "stripTrailingZeros", "", strip_zeros},
    {kDecimal, "max", "N", smaller_or_larger<1>},
    {kDecimal, "min", "N", smaller_or_larger<-1>},
    {kBoolean, "and", "Z", bool_and},
    {kBoolean, "or", "Z", bool_or},
    {kBoolean, "xor", "Z", bool_xor},
    {kBoolean, "implies", "O", bool_implies},
    {kBoolean, "booleanValue", "", bool_value},
    {kBoolean, "toBoolean", "", bool_value},
    {kBoolean, "compareTo", "Z", compare_booleans},
    {kBoolean, "compareTo", "O", compare_to},
    {kBoolean, "static parseBoolean", "O", parse_boolean},
    {kBoolean, "static valueOf", "O", parse_boolean},
    {kBoolean, "static toString", "Z", [](Call& c) -> Value { return text(c, c.text(0)); }},
    {kBoolean, "new", "O", parse_boolean},
    {kBoolean, "static TRUE", "=", constant<[] { return Value::of_bool(true); }>},
    {kBoolean, "static FALSE", "=", constant<[] { return Value::of_bool(false); }>},
    {kCharacter, "static isLetter", "O", is_letter},
    {kCharacter, "static isAlphabetic", "O", is_letter},
    {kCharacter, "static isDigit", "O", is_digit},
    {kCharacter, "static isLetterOrDigit", "O", is_letter_or_digit},
    {kCharacter, "static isWhitespace", "O", is_whitespace},
    {kCharacter, "static isSpaceChar", "O", is_whitespace},
    {kCharacter, "static isUpperCase", "O", is_upper},
    {kCharacter, "static isLowerCase", "O", is_lower},
    {kCharacter, "static toUpperCase", "O", char_upper},
    {kCharacter, "static toLowerCase", "O", char_lower},
    {kCharacter, "static getNumericValue", "O", numeric_value},
    {kCharacter, "static valueOf", "O", char_value},
    {kCharacter, "static toString", "O", [](Call& c) -> Value { return text(c, c.text(0)); }},
    {kCharacter, "static MAX_VALUE", "=", constant<[] { return Value::of_char(0xFFFF); }>},
    {kCharacter, "static MIN_VALUE", "=", constant<[] { return Value::of_char(0); }>},
    {kCharacter, "new", "O", char_value},
    {kCharacter, "charValue", "", char_value},
    {kCharacter, "isLetter", "", is_letter},
    {kCharacter, "isDigit", "", is_digit},
    {kCharacter, "isLetterOrDigit", "", is_letter_or_digit},
    {kCharacter, "isWhitespace", "", is_whitespace},
    {kCharacter, "isUpperCase", "", is_upper},
    {kCharacter, "isLowerCase", "", is_lower},
    {kCharacter, "toUpperCase", "", char_upper},
    {kCharacter, "toLowerCase", "", char_lower},
    {kCharacter, "compareTo", "O", compare_to},
    {kCharacter, "plus", "N", plus_of},
    {kCharacter, "plus", "c", plus_of},
    {kCharacter, "plus", "S", plus_of},
    {kCharacter, "minus", "N", operate<Op::subtract>},
    {kCharacter, "minus", "c", operate<Op::subtract>},
    {kCharacter, "multiply", "N", operate<Op::multiply>},
    {kCharacter, "next", "", next_of},
    {kCharacter, "previous", "", previous_of},
    {kCharacter, "toInteger", "", char_code},
    {kCharacter, "intValue", "", char_code},
};

}  // namespace

LibraryPart number_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
