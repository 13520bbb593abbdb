#include <cmath>

#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"

namespace ks::groovy {

namespace {

int32_t wrap32(int64_t value) {
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint64_t>(value)));
}
int64_t wrap64(uint64_t value) { return static_cast<int64_t>(value); }

[[noreturn]] void by_zero(Task& task) {
  throw_error(task, "java.lang.ArithmeticException", "/ by zero");
}
[[noreturn]] void decimal_by_zero(Task& task, const Decimal& top) {
  throw_error(task, "java.lang.ArithmeticException",
              top.unscaled.sign() == 0 ? "Division undefined" : "Division by zero");
}

Value no_such_operator(Task& task, Op op, const Value& a, const Value& b) {
  Value args[] = {b};
  throw_missing_method(task, a, method_of(op), args);
}

Value floating(Task& task, Op op, const Value& a, const Value& b) {
  double x = double_value(a);
  double y = double_value(b);
  switch (op) {
    case Op::add: return Value::of_double(x + y);
    case Op::subtract: return Value::of_double(x - y);
    case Op::multiply: return Value::of_double(x * y);
    case Op::divide: return Value::of_double(x / y);
    case Op::modulo: return Value::of_double(std::fmod(x, y));
    default: break;
  }
  throw_error(task, "java.lang.UnsupportedOperationException",
              std::string("Cannot use ") + std::string(method_of(op)) +
                  "() on this number type: " + class_name_of(a) + " with value: " + number_text(a));
}

Value decimals(Task& task, Op op, const Value& a, const Value& b) {
  Decimal x = decimal_value(a);
  Decimal y = decimal_value(b);
  Heap& heap = task.heap();
  switch (op) {
    case Op::add:
    case Op::subtract: {
      int32_t scale = std::max(x.scale, y.scale);
      // 1E+1000000000 + 1 would write out its zeros.
      heap.check_string(
          static_cast<size_t>(static_cast<int64_t>(scale) - std::min(x.scale, y.scale)));
      Decimal out = x.with_scale(scale);
      Decimal other = y.with_scale(scale);
      if (op == Op::add) {
        mpz_add(out.unscaled.get(), out.unscaled.get(), other.unscaled.get());
      } else {
        mpz_sub(out.unscaled.get(), out.unscaled.get(), other.unscaled.get());
      }
      return make_decimal(heap, std::move(out));
    }
    case Op::multiply:
      heap.check_string(x.unscaled.bytes() + y.unscaled.bytes());
      mpz_mul(x.unscaled.get(), x.unscaled.get(), y.unscaled.get());
      x.scale += y.scale;
      return make_decimal(heap, std::move(x));
    case Op::divide:
      if (y.unscaled.sign() == 0) decimal_by_zero(task, x);
      heap.check_string(static_cast<size_t>(std::abs(static_cast<int64_t>(x.scale) - y.scale)));
      return make_decimal(heap, divide(x, y));
    case Op::modulo: {
      if (y.unscaled.sign() == 0) decimal_by_zero(task, x);
      int32_t scale = std::max(x.scale, y.scale);
      Decimal out = x.with_scale(scale);
      Decimal other = y.with_scale(scale);
      mpz_tdiv_r(out.unscaled.get(), out.unscaled.get(), other.unscaled.get());
      return make_decimal(heap, std::move(out));
    }
    default: break;
  }
  throw_error(task, "java.lang.UnsupportedOperationException",
              std::string("Cannot use ") + std::string(method_of(op)) +
                  "() on this number type: " + class_name_of(a) + " with value: " + number_text(a));
}

Value big_integers(Task& task, Op op, const Value& a, const Value& b) {
  if (op == Op::divide) return decimals(task, op, a, b);
  BigNumber x = big_value(a);
  BigNumber y = big_value(b);
  Heap& heap = task.heap();
  heap.check_string(x.bytes() + y.bytes());
  switch (op) {
    case Op::add: mpz_add(x.get(), x.get(), y.get()); break;
    case Op::subtract: mpz_sub(x.get(), x.get(), y.get()); break;
    case Op::multiply: mpz_mul(x.get(), x.get(), y.get()); break;
    case Op::modulo:
      if (y.sign() == 0)
        throw_error(task, "java.lang.ArithmeticException", "BigInteger: modulus not positive");
      mpz_tdiv_r(x.get(), x.get(), y.get());
      break;
    case Op::bit_and: mpz_and(x.get(), x.get(), y.get()); break;
    case Op::bit_or: mpz_ior(x.get(), x.get(), y.get()); break;
    case Op::bit_xor: mpz_xor(x.get(), x.get(), y.get()); break;
    default: return no_such_operator(task, op, a, b);
  }
  return make_big(heap, std::move(x));
}

Value longs(Task& task, Op op, const Value& a, const Value& b) {
  int64_t x = a.as_long();
  int64_t y = b.as_long();
  auto ux = static_cast<uint64_t>(x);
  auto uy = static_cast<uint64_t>(y);
  switch (op) {
    case Op::add: return Value::of_long(wrap64(ux + uy));
    case Op::subtract: return Value::of_long(wrap64(ux - uy));
    case Op::multiply: return Value::of_long(wrap64(ux * uy));
    case Op::divide: return decimals(task, op, a, b);
    case Op::modulo:
      if (y == 0) by_zero(task);
      return Value::of_long(y == -1 ? 0 : x % y);
    case Op::bit_and: return Value::of_long(x & y);
    case Op::bit_or: return Value::of_long(x | y);
    case Op::bit_xor: return Value::of_long(x ^ y);
    default: return no_such_operator(task, op, a, b);
  }
}

Value ints(Task& task, Op op, const Value& a, const Value& b) {
  int64_t x = a.as_int();
  int64_t y = b.as_int();
  switch (op) {
    case Op::add: return Value::of_int(wrap32(x + y));
    case Op::subtract: return Value::of_int(wrap32(x - y));
    case Op::multiply: return Value::of_int(wrap32(x * y));
    case Op::divide: return decimals(task, op, a, b);
    case Op::modulo:
      if (y == 0) by_zero(task);
      return Value::of_int(wrap32(x % y));
    case Op::bit_and: return Value::of_int(wrap32(x & y));
    case Op::bit_or: return Value::of_int(wrap32(x | y));
    case Op::bit_xor: return Value::of_int(wrap32(x ^ y));
    default: return no_such_operator(task, op, a, b);
  }
}

[[noreturn]] void throw_unsupported_operator(Task& task, Op op, const Value& a) {
  throw_error(task, "java.lang.UnsupportedOperationException",
              "Cannot use " + std::string(method_of(op)) +
                  "() on this number type: " + class_name_of(a) + " with value: " + number_text(a));
}

Value shift(Task& task, Op op, const Value& a, const Value& b) {
  if (!is_number(b) || b.is_floating() || b.is<BigDecimal>()) {
    throw_error(task, "java.lang.UnsupportedOperationException",
                "Shift distance must be an integral type, but " + number_text(b) + " (" +
                    class_name_of(b) + ") was supplied");
  }
  auto count = static_cast<uint64_t>(long_value(b));
  if (a.kind() == Kind::long_) {
    auto bits = static_cast<uint64_t>(a.as_long());
    count &= 63;
    if (op == Op::shift_left) return Value::of_long(wrap64(bits << count));
    if (op == Op::shift_right) return Value::of_long(a.as_long() >> count);
    return Value::of_long(wrap64(bits >> count));
  }
  if (a.is_integral() || a.kind() == Kind::character) {
    auto bits = static_cast<uint32_t>(a.as_int());
    count &= 31;
    if (op == Op::shift_left) return Value::of_int(static_cast<int32_t>(bits << count));
    if (op == Op::shift_right) return Value::of_int(a.as_int() >> count);
    return Value::of_int(static_cast<int32_t>(bits >> count));
  }
  throw_unsupported_operator(task, op, a);
}

Value whole_if_it_is(double value) {
  if (value == std::floor(value)) {
    if (std::abs(value) <= 2147483647.0) return Value::of_int(static_cast<int32_t>(value));
    if (std::abs(value) < 9.2e18) return Value::of_long(static_cast<int64_t>(value));
  }
  return Value::of_double(value);
}

Value power(Task& task, const Value& a, const Value& b) {
  bool whole_exponent = b.is_integral() || b.is<BigInteger>();
  if (whole_exponent && !a.is_floating()) {
    int64_t exponent = long_value(b);
    if (exponent >= 0) {
      Decimal base = decimal_value(a);
      size_t bits = base.unscaled.bits();
      if (bits > 1)
        task.heap().check_string(bits / 8 * static_cast<size_t>(exponent) +
                                 static_cast<size_t>(exponent) / 8);
      if (std::abs(static_cast<double>(base.scale) * static_cast<double>(exponent)) > 2e9) {
        throw_error(task, "java.lang.ArithmeticException", "Overflow");
      }
      mpz_pow_ui(base.unscaled.get(), base.unscaled.get(), static_cast<unsigned long>(exponent));
      base.scale *= static_cast<int32_t>(exponent);
      if (a.is<BigDecimal>()) return make_decimal(task.heap(), std::move(base));
      if (a.is<BigInteger>()) return make_big(task.heap(), std::move(base.unscaled));
      if (a.kind() != Kind::long_ && base.unscaled.fits_int()) {
        return Value::of_int(static_cast<int32_t>(base.unscaled.low_bits()));
      }
      if (a.kind() == Kind::long_ && base.unscaled.fits_long())
        return Value::of_long(base.unscaled.low_bits());
      return make_big(task.heap(), std::move(base.unscaled));
    }
  }
  return whole_if_it_is(std::pow(double_value(a), double_value(b)));
}

}  // namespace

Value arithmetic(Task& task, Op op, const Value& a, const Value& b) {
  switch (op) {
    case Op::shift_left:
    case Op::shift_right:
    case Op::shift_right_unsigned: return shift(task, op, a, b);
    case Op::power: return power(task, a, b);
    default: break;
  }
  if (a.is_floating() || b.is_floating()) return floating(task, op, a, b);
  if (op == Op::modulo && (a.is<BigDecimal>() || b.is<BigDecimal>()))
    throw_unsupported_operator(task, op, a);
  if (a.is<BigDecimal>() || b.is<BigDecimal>()) return decimals(task, op, a, b);
  if (a.is<BigInteger>() || b.is<BigInteger>()) return big_integers(task, op, a, b);
  if (a.kind() == Kind::long_ || b.kind() == Kind::long_) return longs(task, op, a, b);
  return ints(task, op, a, b);
}

}  // namespace ks::groovy
