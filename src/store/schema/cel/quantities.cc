// Kubernetes' quantities: `1.5Gi`, `200m`, `1e3`.

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "store/schema/cel/functions.h"
#include "store/schema/quantity.h"

namespace ks::store::cel {
namespace {

constexpr __int128 kUnit = kQuantityUnit;
constexpr __int128 kMost = static_cast<__int128>(1) << 120;

Value no_overload() { return of_error(kNoOverload); }

Value quantity(Evaluation& in, Args a) {
  if (a[0].kind == Kind::quantity) return a[0];
  if (a[0].kind != Kind::string) return no_overload();
  const auto amount = parse_quantity(a[0].text);
  if (!amount)
    return in.arena.error(
        "quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  return in.arena.quantity(*amount);
}
Value is_quantity(Evaluation&, Args a) {
  return a[0].kind == Kind::string ? of_bool(parse_quantity(a[0].text).has_value()) : no_overload();
}

bool are_quantities(Args a) { return a[0].kind == Kind::quantity && a[1].kind == Kind::quantity; }
Value is_greater(Evaluation&, Args a) {
  return are_quantities(a) ? of_bool(*a[0].amount > *a[1].amount) : no_overload();
}
Value is_less(Evaluation&, Args a) {
  return are_quantities(a) ? of_bool(*a[0].amount < *a[1].amount) : no_overload();
}
Value compare_to(Evaluation&, Args a) {
  if (!are_quantities(a)) return no_overload();
  return of_int(*a[0].amount < *a[1].amount ? -1 : *a[0].amount > *a[1].amount ? 1 : 0);
}

/// Adds a quantity or a number, `sign` times.
Value moved(Evaluation& in, Args a, int sign) {
  if (a[0].kind != Kind::quantity) return no_overload();
  __int128 other = 0;
  if (a[1].kind == Kind::quantity)
    other = *a[1].amount;
  else if (a[1].kind == Kind::integer)
    other = static_cast<__int128>(a[1].integer) * kUnit;
  else
    return no_overload();
  const __int128 out = *a[0].amount + other * sign;
  if (out > kMost || out < -kMost) return of_error("quantity overflow");
  return in.arena.quantity(out);
}
Value add(Evaluation& in, Args a) { return moved(in, a, 1); }
Value sub(Evaluation& in, Args a) { return moved(in, a, -1); }

Value sign(Evaluation&, Args a) {
  if (a[0].kind != Kind::quantity) return no_overload();
  return of_int(*a[0].amount < 0 ? -1 : *a[0].amount > 0 ? 1 : 0);
}
bool fits_integer(__int128 amount) {
  return amount % kUnit == 0 && amount / kUnit <= std::numeric_limits<int64_t>::max() &&
         amount / kUnit >= std::numeric_limits<int64_t>::min();
}
Value is_integer(Evaluation&, Args a) {
  return a[0].kind == Kind::quantity ? of_bool(fits_integer(*a[0].amount)) : no_overload();
}
Value as_integer(Evaluation&, Args a) {
  if (a[0].kind != Kind::quantity) return no_overload();
  if (!fits_integer(*a[0].amount)) return of_error("cannot convert value to integer");
  return of_int(static_cast<int64_t>(*a[0].amount / kUnit));
}
Value as_float(Evaluation&, Args a) {
  if (a[0].kind != Kind::quantity) return no_overload();
  return of_double(static_cast<double>(*a[0].amount) / 1e9);
}

constexpr Function kQuantities[] = {
    {"quantity", false, 1, 1, Kind::quantity, quantity},
    {"isQuantity", false, 1, 1, Kind::boolean, is_quantity},
    {"isGreaterThan", true, 2, 2, Kind::boolean, is_greater},
    {"isLessThan", true, 2, 2, Kind::boolean, is_less},
    {"compareTo", true, 2, 2, Kind::integer, compare_to},
    {"add", true, 2, 2, Kind::quantity, add},
    {"sub", true, 2, 2, Kind::quantity, sub},
    {"sign", true, 1, 1, Kind::integer, sign},
    {"isInteger", true, 1, 1, Kind::boolean, is_integer},
    {"asInteger", true, 1, 1, Kind::integer, as_integer},
    {"asApproximateFloat", true, 1, 1, Kind::real, as_float},
};

}  // namespace

std::span<const Function> quantity_functions() { return kQuantities; }

}  // namespace ks::store::cel
