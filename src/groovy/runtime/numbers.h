#pragma once

#include <gmp.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "groovy/interpreter.h"
#include "groovy/value.h"

/// BigInteger, BigDecimal and the arithmetic between Groovy's kinds of numbers.

namespace ks::groovy {

enum class Op : uint8_t;

/// A GMP integer that frees itself.
class BigNumber {
 public:
  BigNumber() { mpz_init(z_); }
  explicit BigNumber(int64_t value) { mpz_init_set_si(z_, value); }
  BigNumber(const BigNumber& other) { mpz_init_set(z_, other.z_); }
  BigNumber(BigNumber&& other) noexcept : BigNumber() { mpz_swap(z_, other.z_); }
  BigNumber& operator=(BigNumber other) noexcept {
    mpz_swap(z_, other.z_);
    return *this;
  }
  ~BigNumber() { mpz_clear(z_); }
  /// Digits with an optional sign; nothing when the text is none.
  static std::optional<BigNumber> parse(std::string_view digits, int radix = 10);
  static BigNumber power_of_ten(uint64_t exponent);

  mpz_ptr get() { return z_; }
  mpz_srcptr get() const { return z_; }
  int sign() const { return mpz_sgn(z_); }
  bool fits_int() const;
  bool fits_long() const { return mpz_fits_slong_p(z_) != 0; }
  /// The low 64 bits, two's complement, as Java's longValue().
  int64_t low_bits() const;
  double to_double() const { return mpz_get_d(z_); }
  std::string to_string(int radix = 10) const;
  size_t bytes() const { return mpz_size(z_) * sizeof(mp_limb_t); }
  size_t bits() const { return mpz_sizeinbase(z_, 2); }
  /// Decimal digits, at least 1.
  uint32_t precision() const;
  int compare(const BigNumber& other) const { return mpz_cmp(z_, other.z_); }

 private:
  mpz_t z_;
};

class BigInteger final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::big_integer;
  explicit BigInteger(BigNumber number)
      : Object(ObjectKind::big_integer), value(std::move(number)) {}
  const BigNumber value;
  size_t footprint() const override { return sizeof(BigInteger) + value.bytes(); }
};

/// unscaled * 10^-scale.
struct Decimal {
  BigNumber unscaled;
  int32_t scale = 0;

  static std::optional<Decimal> parse(std::string_view text);
  std::string to_string() const;        ///< as Java's toString(), with an exponent where it has one
  std::string to_plain_string() const;  ///< without exponent
  double to_double() const;
  Decimal with_scale(int32_t new_scale) const;  ///< only to a larger scale, or exact
  Decimal stripped() const;                     ///< without trailing zeros
  int compare(const Decimal& other) const;
  int32_t hash() const;
  uint32_t precision() const { return unscaled.precision(); }
};

enum class Rounding : uint8_t {
  up,
  down,
  ceiling,
  floor,
  half_up,
  half_down,
  half_even,
  unnecessary
};
/// Nothing for `unnecessary` when digits would be lost.
std::optional<Decimal> round_to_scale(const Decimal& number, int32_t scale, Rounding rounding);
std::optional<Decimal> round_to_precision(const Decimal& number, uint32_t digits,
                                          Rounding rounding);
/// Groovy's `/` on decimals: exact if it ends, else with ten digits more. The divisor is not zero.
Decimal divide(const Decimal& a, const Decimal& b);
/// Nothing when the expansion does not end.
std::optional<Decimal> divide_exactly(const Decimal& a, const Decimal& b);
Decimal divide_to_scale(const Decimal& a, const Decimal& b, int32_t scale, Rounding rounding);

class BigDecimal final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::big_decimal;
  explicit BigDecimal(Decimal number) : Object(ObjectKind::big_decimal), value(std::move(number)) {}
  const Decimal value;
  size_t footprint() const override { return sizeof(BigDecimal) + value.unscaled.bytes(); }
};

/// BigInteger.hashCode().
int32_t big_hash(const BigNumber& number);
Value make_big(Heap& heap, BigNumber number);
Value make_decimal(Heap& heap, Decimal number);

bool is_number(const Value& value);  ///< java.lang.Number: not char
/// Conversions as Number.intValue() and its like: bits are cut. Also of char.
int32_t int_value(const Value& number);
int64_t long_value(const Value& number);
double double_value(const Value& number);
BigNumber big_value(const Value& number);
/// A double by its shortest text, as Groovy's `as BigDecimal` does.
Decimal decimal_value(const Value& number);
/// A finite double with all of its digits, as `new BigDecimal(0.1d)` and casts have it.
Decimal exact_decimal(double number);

/// Arithmetic of two numbers (or chars). Throws for a division by zero.
Value arithmetic(Task& task, Op op, const Value& a, const Value& b);
int compare_numbers(const Value& a, const Value& b);
std::string number_text(const Value& number);
/// Double.toString and Float.toString of Java.
std::string double_text(double value);
std::string float_text(float value);

/// int, long or BigInteger, whichever is the smallest that holds it.
Value smallest(Heap& heap, BigNumber number);

}  // namespace ks::groovy
