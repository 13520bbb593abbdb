#include "groovy/runtime/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "groovy/runtime/errors.h"

namespace ks::groovy {

namespace {

/// The scale of a BigDecimal is bounded: its digits may be asked for at any time.
constexpr int64_t kMostScale = 10'000'000;

}  // namespace

std::optional<BigNumber> BigNumber::parse(std::string_view digits, int radix) {
  std::string text(digits);
  if (text.starts_with('+')) text.erase(0, 1);
  if (text.empty() || text == "-") return std::nullopt;
  for (size_t i = text[0] == '-' ? 1 : 0; i < text.size(); ++i) {
    if (std::isalnum(static_cast<unsigned char>(text[i])) == 0) return std::nullopt;
  }
  BigNumber number;
  if (mpz_set_str(number.z_, text.c_str(), radix) != 0) return std::nullopt;
  return number;
}

BigNumber BigNumber::power_of_ten(uint64_t exponent) {
  BigNumber number;
  mpz_ui_pow_ui(number.z_, 10, exponent);
  return number;
}

bool BigNumber::fits_int() const { return mpz_fits_sint_p(z_) != 0; }

int64_t BigNumber::low_bits() const {
  if (fits_long()) return mpz_get_si(z_);
  BigNumber low;
  mpz_fdiv_r_2exp(low.z_, z_, 64);
  return static_cast<int64_t>(mpz_get_ui(low.z_));
}

std::string BigNumber::to_string(int radix) const {
  std::string text(mpz_sizeinbase(z_, radix) + 2, '\0');
  mpz_get_str(text.data(), radix, z_);
  text.resize(std::char_traits<char>::length(text.c_str()));
  return text;
}

uint32_t BigNumber::precision() const {
  if (sign() == 0) return 1;
  auto guess = static_cast<uint32_t>(mpz_sizeinbase(z_, 10));  // exact or one too many
  if (mpz_cmpabs(z_, power_of_ten(guess - 1).z_) < 0) --guess;
  return guess;
}

// ----- decimals -----

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal number;
  std::string digits;
  size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) {
    if (text[i] == '-') digits = "-";
    ++i;
  }
  int64_t scale = 0;
  bool point = false;
  bool any = false;
  for (; i < text.size(); ++i) {
    char c = text[i];
    if (c >= '0' && c <= '9') {
      digits += c;
      any = true;
      if (point) ++scale;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    std::string_view rest = text.substr(i + 1);
    if (rest.starts_with('+')) rest.remove_prefix(1);
    int32_t exponent = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (error != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
    scale -= exponent;
  }
  if (scale > INT32_MAX || scale < INT32_MIN) return std::nullopt;
  std::optional<BigNumber> unscaled = BigNumber::parse(digits);
  if (!unscaled) return std::nullopt;
  number.unscaled = std::move(*unscaled);
  number.scale = static_cast<int32_t>(scale);
  return number;
}

std::string Decimal::to_string() const {
  std::string digits = unscaled.to_string();
  if (scale == 0) return digits;
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  auto length = static_cast<int64_t>(digits.size());
  int64_t adjusted = -static_cast<int64_t>(scale) + (length - 1);
  if (scale >= 0 && adjusted >= -6) return to_plain_string();
  std::string out = negative ? "-" : "";
  out += digits[0];
  if (length > 1) out += "." + digits.substr(1);
  if (adjusted != 0) out += std::string("E") + (adjusted > 0 ? "+" : "") + std::to_string(adjusted);
  return out;
}

std::string Decimal::to_plain_string() const {
  std::string digits = unscaled.to_string();
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (scale < 0) {
    if (unscaled.sign() != 0) digits.append(static_cast<size_t>(-static_cast<int64_t>(scale)), '0');
  } else if (scale > 0) {
    auto point = static_cast<size_t>(scale);
    if (digits.size() <= point) digits.insert(0, point - digits.size() + 1, '0');
    digits.insert(digits.size() - point, ".");
  }
  return negative ? "-" + digits : digits;
}

double Decimal::to_double() const {
  if (scale == 0 && unscaled.fits_long()) return static_cast<double>(unscaled.low_bits());
  std::string text = unscaled.to_string() + "e" + std::to_string(-static_cast<int64_t>(scale));
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    if (scale > 0 && static_cast<int64_t>(unscaled.precision()) < scale) return 0;
    return unscaled.sign() < 0 ? -std::numeric_limits<double>::infinity()
                               : std::numeric_limits<double>::infinity();
  }
  return value;
}

Decimal Decimal::with_scale(int32_t new_scale) const {
  Decimal out = *this;
  if (new_scale > scale) {
    BigNumber factor = BigNumber::power_of_ten(static_cast<uint64_t>(new_scale - scale));
    mpz_mul(out.unscaled.get(), out.unscaled.get(), factor.get());
  } else if (new_scale < scale) {
    BigNumber factor = BigNumber::power_of_ten(static_cast<uint64_t>(scale - new_scale));
    mpz_tdiv_q(out.unscaled.get(), out.unscaled.get(), factor.get());
  }
  out.scale = new_scale;
  return out;
}

Decimal Decimal::stripped() const {
  Decimal out = *this;
  if (out.unscaled.sign() == 0) {
    out.scale = 0;
    return out;
  }
  while (mpz_divisible_ui_p(out.unscaled.get(), 10) != 0) {
    mpz_divexact_ui(out.unscaled.get(), out.unscaled.get(), 10);
    --out.scale;
  }
  return out;
}

int Decimal::compare(const Decimal& other) const {
  if (scale == other.scale) return unscaled.compare(other.unscaled);
  if (unscaled.sign() != other.unscaled.sign())
    return unscaled.sign() < other.unscaled.sign() ? -1 : 1;
  if (unscaled.sign() == 0) return 0;
  // Magnitudes first, so that 1E+1000000000 against 1 does not write out its digits.
  int64_t mine = static_cast<int64_t>(precision()) - scale;
  int64_t theirs = static_cast<int64_t>(other.precision()) - other.scale;
  if (mine != theirs) return (mine < theirs) == (unscaled.sign() > 0) ? -1 : 1;
  int32_t common = std::max(scale, other.scale);
  return with_scale(common).unscaled.compare(other.with_scale(common).unscaled);
}

int32_t big_hash(const BigNumber& number) {
  // Java: 31 * hash + word over 32-bit words of the magnitude, most significant first.
  uint32_t hash = 0;
  size_t words = 0;
  std::vector<uint32_t> data((mpz_sizeinbase(number.get(), 2) + 31) / 32 + 1);
  mpz_export(data.data(), &words, 1, sizeof(uint32_t), 0, 0, number.get());
  for (size_t i = 0; i < words; ++i) hash = 31 * hash + data[i];
  return static_cast<int32_t>(hash) * number.sign();
}

int32_t Decimal::hash() const {
  if (unscaled.fits_long()) {
    int64_t value = unscaled.low_bits();
    uint64_t magnitude =
        value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    auto mixed = static_cast<int32_t>(static_cast<uint32_t>(magnitude >> 32) * 31u +
                                      static_cast<uint32_t>(magnitude));
    return static_cast<int32_t>(31u * static_cast<uint32_t>(value < 0 ? -mixed : mixed) +
                                static_cast<uint32_t>(scale));
  }
  return static_cast<int32_t>(31u * static_cast<uint32_t>(big_hash(unscaled)) +
                              static_cast<uint32_t>(scale));
}

namespace {

/// a / b to an integer in the given way; b > 0 or < 0.
std::optional<BigNumber> divide_integers(const BigNumber& a, const BigNumber& b,
                                         Rounding rounding) {
  BigNumber quotient;
  BigNumber rest;
  mpz_tdiv_qr(quotient.get(), rest.get(), a.get(), b.get());
  if (rest.sign() == 0) return quotient;
  int sign = (a.sign() < 0) != (b.sign() < 0) ? -1 : 1;
  BigNumber twice;
  mpz_mul_2exp(twice.get(), rest.get(), 1);
  int half = mpz_cmpabs(twice.get(), b.get());
  bool away = false;
  switch (rounding) {
    case Rounding::up: away = true; break;
    case Rounding::down: break;
    case Rounding::ceiling: away = sign > 0; break;
    case Rounding::floor: away = sign < 0; break;
    case Rounding::half_up: away = half >= 0; break;
    case Rounding::half_down: away = half > 0; break;
    case Rounding::half_even:
      away = half > 0 || (half == 0 && mpz_odd_p(quotient.get()) != 0);
      break;
    case Rounding::unnecessary: return std::nullopt;
  }
  if (away) {
    if (sign > 0) {
      mpz_add_ui(quotient.get(), quotient.get(), 1);
    } else {
      mpz_sub_ui(quotient.get(), quotient.get(), 1);
    }
  }
  return quotient;
}

}  // namespace

std::optional<Decimal> round_to_scale(const Decimal& number, int32_t scale, Rounding rounding) {
  if (scale >= number.scale) return number.with_scale(scale);
  BigNumber factor = BigNumber::power_of_ten(static_cast<uint64_t>(number.scale - scale));
  std::optional<BigNumber> unscaled = divide_integers(number.unscaled, factor, rounding);
  if (!unscaled) return std::nullopt;
  return Decimal{std::move(*unscaled), scale};
}

std::optional<Decimal> round_to_precision(const Decimal& number, uint32_t digits,
                                          Rounding rounding) {
  if (digits == 0) return number;
  Decimal out = number;
  while (out.precision() > digits) {  // 9.99 to two digits becomes 10.0, hence again
    int32_t drop = static_cast<int32_t>(out.precision() - digits);
    std::optional<Decimal> next = round_to_scale(out, out.scale - drop, rounding);
    if (!next) return std::nullopt;
    out = std::move(*next);
  }
  return out;
}

std::optional<Decimal> divide_exactly(const Decimal& a, const Decimal& b) {
  int32_t preferred = a.scale - b.scale;
  if (a.unscaled.sign() == 0) return Decimal{BigNumber(0), preferred};
  BigNumber common;
  mpz_gcd(common.get(), a.unscaled.get(), b.unscaled.get());
  BigNumber rest;
  mpz_divexact(rest.get(), b.unscaled.get(), common.get());
  mpz_abs(rest.get(), rest.get());
  BigNumber two(2);
  BigNumber five(5);
  uint64_t twos = mpz_remove(rest.get(), rest.get(), two.get());
  uint64_t fives = mpz_remove(rest.get(), rest.get(), five.get());
  if (mpz_cmp_ui(rest.get(), 1) != 0) return std::nullopt;
  uint64_t more = std::max(twos, fives);
  BigNumber scaled = BigNumber::power_of_ten(more);
  mpz_mul(scaled.get(), scaled.get(), a.unscaled.get());
  mpz_divexact(scaled.get(), scaled.get(), b.unscaled.get());
  return Decimal{std::move(scaled), preferred + static_cast<int32_t>(more)};
}

Decimal divide_to_scale(const Decimal& a, const Decimal& b, int32_t scale, Rounding rounding) {
  // a.u * 10^-as / (b.u * 10^-bs) = q * 10^-scale
  int64_t shift = static_cast<int64_t>(scale) - a.scale + b.scale;
  BigNumber top = a.unscaled;
  BigNumber bottom = b.unscaled;
  BigNumber factor = BigNumber::power_of_ten(static_cast<uint64_t>(shift < 0 ? -shift : shift));
  if (shift >= 0) {
    mpz_mul(top.get(), top.get(), factor.get());
  } else {
    mpz_mul(bottom.get(), bottom.get(), factor.get());
  }
  std::optional<BigNumber> quotient = divide_integers(top, bottom, rounding);
  return Decimal{quotient ? std::move(*quotient) : BigNumber(0), scale};
}

Decimal divide(const Decimal& a, const Decimal& b) {
  if (std::optional<Decimal> exact = divide_exactly(a, b)) return std::move(*exact);
  constexpr int32_t kExtraDigits = 10;
  uint32_t precision = std::max(a.precision(), b.precision()) + kExtraDigits;
  // Enough digits first, then cut to the precision.
  int32_t scale = static_cast<int32_t>(precision) - static_cast<int32_t>(a.precision()) +
                  static_cast<int32_t>(b.precision()) + a.scale - b.scale + 3;
  // Rounding twice could go wrong at ...5 exactly, but such a quotient would have ended and be
  // exact.
  Decimal raw = divide_to_scale(a, b, scale, Rounding::down);
  mpz_mul_ui(raw.unscaled.get(), raw.unscaled.get(), 10);
  mpz_add_ui(raw.unscaled.get(), raw.unscaled.get(), raw.unscaled.sign() >= 0 ? 1 : 0);
  ++raw.scale;
  Decimal out = round_to_precision(raw, precision, Rounding::half_up).value_or(raw);
  int32_t most = std::max({a.scale, b.scale, kExtraDigits});
  if (out.scale > most) out = round_to_scale(out, most, Rounding::half_up).value_or(out);
  return out;
}

// ----- values -----

Value make_big(Heap& heap, BigNumber number) {
  heap.check_room(number.bytes());
  return heap.make<BigInteger>(std::move(number));
}

Value make_decimal(Heap& heap, Decimal number) {
  if (number.scale > kMostScale || number.scale < -kMostScale)
    throw_string_limit(heap, static_cast<size_t>(std::abs(int64_t{number.scale})), kMostScale);
  heap.check_room(number.unscaled.bytes());
  return heap.make<BigDecimal>(std::move(number));
}

Value smallest(Heap& heap, BigNumber number) {
  if (number.fits_int()) return Value::of_int(static_cast<int32_t>(number.low_bits()));
  if (number.fits_long()) return Value::of_long(number.low_bits());
  return make_big(heap, std::move(number));
}

bool is_number(const Value& value) {
  return (value.kind() >= Kind::byte_ && value.kind() <= Kind::double_) || value.is<BigInteger>() ||
         value.is<BigDecimal>();
}

namespace {

template <class Int>
Int saturate(double value) {
  if (std::isnan(value)) return 0;
  if (value >= static_cast<double>(std::numeric_limits<Int>::max()))
    return std::numeric_limits<Int>::max();
  if (value <= static_cast<double>(std::numeric_limits<Int>::min()))
    return std::numeric_limits<Int>::min();
  return static_cast<Int>(value);
}

BigNumber whole_part(const Decimal& number) {
  if (number.scale > 0 && static_cast<int64_t>(number.unscaled.precision()) < number.scale)
    return BigNumber(0);
  return number.with_scale(0).unscaled;
}

}  // namespace

int32_t int_value(const Value& number) {
  if (number.is_floating()) return saturate<int32_t>(number.as_double());
  return static_cast<int32_t>(long_value(number));
}

int64_t long_value(const Value& number) {
  if (number.is_floating()) return saturate<int64_t>(number.as_double());
  if (const BigInteger* big = number.as<BigInteger>()) return big->value.low_bits();
  if (const BigDecimal* decimal = number.as<BigDecimal>())
    return whole_part(decimal->value).low_bits();
  return number.as_long();
}

double double_value(const Value& number) {
  if (number.is_floating()) return number.as_double();
  if (const BigInteger* big = number.as<BigInteger>()) return Decimal{big->value, 0}.to_double();
  if (const BigDecimal* decimal = number.as<BigDecimal>()) return decimal->value.to_double();
  return static_cast<double>(number.as_long());
}

BigNumber big_value(const Value& number) {
  if (const BigInteger* big = number.as<BigInteger>()) return big->value;
  if (const BigDecimal* decimal = number.as<BigDecimal>()) return whole_part(decimal->value);
  if (number.is_floating()) {
    BigNumber out;
    if (std::isfinite(number.as_double())) mpz_set_d(out.get(), number.as_double());
    return out;
  }
  return BigNumber(number.as_long());
}

Decimal decimal_value(const Value& number) {
  if (const BigDecimal* decimal = number.as<BigDecimal>()) return decimal->value;
  if (number.is_floating()) return Decimal::parse(number_text(number)).value_or(Decimal{});
  return Decimal{big_value(number), 0};
}

Decimal exact_decimal(double number) {
  constexpr int kMantissa = 53;
  int exponent = 0;
  const double fraction = std::frexp(number, &exponent);
  Decimal out{BigNumber(static_cast<int64_t>(std::ldexp(fraction, kMantissa))), 0};
  exponent -= kMantissa;
  if (out.unscaled.sign() == 0) return out;
  // As few binary digits behind the point as there can be: each is one decimal digit.
  const auto zeros = static_cast<int>(mpz_scan1(out.unscaled.get(), 0));
  mpz_tdiv_q_2exp(out.unscaled.get(), out.unscaled.get(), static_cast<mp_bitcnt_t>(zeros));
  exponent += zeros;
  if (exponent >= 0) {
    mpz_mul_2exp(out.unscaled.get(), out.unscaled.get(), static_cast<mp_bitcnt_t>(exponent));
    return out;
  }
  BigNumber fives;
  mpz_ui_pow_ui(fives.get(), 5, static_cast<unsigned long>(-exponent));
  mpz_mul(out.unscaled.get(), out.unscaled.get(), fives.get());
  out.scale = -exponent;
  return out;
}

int compare_numbers(const Value& a, const Value& b) {
  if (a.is_floating() || b.is_floating()) {
    double x = double_value(a);
    double y = double_value(b);
    if (x < y) return -1;
    if (x > y) return 1;
    if (x == y) return 0;
    if (std::isnan(x) && std::isnan(y)) return 0;
    return std::isnan(x) ? 1 : -1;  // NaN is above everything
  }
  if (!a.is_object() && !b.is_object()) {
    return a.as_long() < b.as_long() ? -1 : a.as_long() > b.as_long() ? 1 : 0;
  }
  if (a.is<BigDecimal>() || b.is<BigDecimal>()) return decimal_value(a).compare(decimal_value(b));
  int order = big_value(a).compare(big_value(b));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

namespace {

/// Java's form of a floating number from its shortest digits.
std::string floating_text(std::string_view scientific) {
  // scientific is like -1.2345e+03
  std::string out;
  size_t i = 0;
  if (scientific[0] == '-') {
    out = "-";
    i = 1;
  }
  size_t e = scientific.find('e');
  std::string digits;
  for (; i < e; ++i) {
    if (scientific[i] != '.') digits += scientific[i];
  }
  int exponent = std::stoi(std::string(scientific.substr(e + 1)));
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0)
      return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
    auto whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() < whole) digits.append(whole - digits.size(), '0');
    std::string fraction = digits.substr(whole);
    return out + digits.substr(0, whole) + "." + (fraction.empty() ? "0" : fraction);
  }
  std::string fraction = digits.substr(1);
  return out + digits[0] + "." + (fraction.empty() ? "0" : fraction) + "E" +
         std::to_string(exponent);
}

template <class Float>
std::string java_text(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  // Java shows two digits at least where one would do, and these need the second.
  if (value == static_cast<Float>(std::numeric_limits<double>::denorm_min())) return "4.9E-324";
  std::array<char, 64> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::scientific);
  return floating_text({buffer.data(), end});
}

}  // namespace

std::string double_text(double value) { return java_text(value); }
std::string float_text(float value) { return java_text(value); }

std::string number_text(const Value& number) {
  switch (number.kind()) {
    case Kind::float_: return float_text(static_cast<float>(number.as_double()));
    case Kind::double_: return double_text(number.as_double());
    case Kind::object:
      if (const BigInteger* big = number.as<BigInteger>()) return big->value.to_string();
      if (const BigDecimal* decimal = number.as<BigDecimal>()) return decimal->value.to_string();
      return {};
    default: return std::to_string(number.as_long());
  }
}

}  // namespace ks::groovy
