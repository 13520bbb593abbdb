#include <charconv>
#include <limits>

#include "base/text.h"
#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// Strings read as numbers and booleans.

namespace ks::groovy {

namespace {

constexpr std::string_view kString = "java.lang.String";

std::string_view view(Call& c) { return c.self.as<String>()->text(); }
std::string_view trimmed(std::string_view text) { return ks::trim(text); }

template <class Make>
Value number_or_throw(Call& c, Make make) {
  std::string s(trimmed(view(c)));
  std::optional<Value> made = make(s);
  if (!made) throw_number_format(c.task, view(c));
  return *made;
}
std::optional<BigNumber> whole(const std::string& s, int radix = 10) {
  return BigNumber::parse(s, radix);
}
Value to_integer(Call& c) {
  return number_or_throw(c, [&](const std::string& s) -> std::optional<Value> {
    std::optional<BigNumber> n = whole(s);
    if (!n || !n->fits_int()) return std::nullopt;
    return Value::of_int(static_cast<int32_t>(n->low_bits()));
  });
}
Value to_long_value(Call& c) {
  return number_or_throw(c, [&](const std::string& s) -> std::optional<Value> {
    std::optional<BigNumber> n = whole(s);
    if (!n || !n->fits_long()) return std::nullopt;
    return Value::of_long(n->low_bits());
  });
}
std::optional<double> floating(std::string_view s) {
  if (s.starts_with("0x") || s.starts_with("0X")) {
    double hex = 0;
    auto [end, error] =
        std::from_chars(s.data() + 2, s.data() + s.size(), hex, std::chars_format::hex);
    if (error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
    return hex;
  }
  if (!s.empty() && (s.back() == 'f' || s.back() == 'd' || s.back() == 'F' || s.back() == 'D'))
    s.remove_suffix(1);
  if (s == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (s == "Infinity" || s == "+Infinity") return std::numeric_limits<double>::infinity();
  if (s == "-Infinity") return -std::numeric_limits<double>::infinity();
  std::optional<Decimal> n = Decimal::parse(s);
  if (!n) return std::nullopt;
  return n->to_double();
}
Value to_double_value(Call& c) {
  return number_or_throw(c, [&](const std::string& s) -> std::optional<Value> {
    std::optional<double> n = floating(s);
    if (!n) return std::nullopt;
    return Value::of_double(*n);
  });
}
Value to_float_value(Call& c) {
  return number_or_throw(c, [&](const std::string& s) -> std::optional<Value> {
    std::optional<double> n = floating(s);
    if (!n) return std::nullopt;
    return Value::of_float(static_cast<float>(*n));
  });
}
Value to_short_value(Call& c) {
  return Value::of_short(static_cast<int16_t>(to_integer(c).as_int()));
}
Value to_decimal(Call& c) {
  return number_or_throw(c, [&](const std::string& s) -> std::optional<Value> {
    std::optional<Decimal> n = Decimal::parse(s);
    if (!n) return std::nullopt;
    return make_decimal(c.heap(), std::move(*n));
  });
}
Value to_big(Call& c) {
  return number_or_throw(c, [&](const std::string& s) -> std::optional<Value> {
    std::optional<BigNumber> n = whole(s);
    if (!n) return std::nullopt;
    return make_big(c.heap(), std::move(*n));
  });
}
Value is_integer(Call& c) {
  std::optional<BigNumber> n = whole(std::string(trimmed(view(c))));
  return Value::of_bool(n && n->fits_int());
}
Value is_long(Call& c) {
  std::optional<BigNumber> n = whole(std::string(trimmed(view(c))));
  return Value::of_bool(n && n->fits_long());
}
Value is_big(Call& c) { return Value::of_bool(whole(std::string(trimmed(view(c)))).has_value()); }
Value is_decimal(Call& c) { return Value::of_bool(Decimal::parse(trimmed(view(c))).has_value()); }
Value is_floating(Call& c) { return Value::of_bool(floating(trimmed(view(c))).has_value()); }
Value to_boolean(Call& c) {
  std::string s = ks::to_lower(trimmed(view(c)));
  return Value::of_bool(s == "true" || s == "y" || s == "1");
}

constexpr MethodRow kRows[] = {
    {kString, "toInteger", "", to_integer},   {kString, "toLong", "", to_long_value},
    {kString, "toShort", "", to_short_value}, {kString, "toDouble", "", to_double_value},
    {kString, "toFloat", "", to_float_value}, {kString, "toBigDecimal", "", to_decimal},
    {kString, "toBigInteger", "", to_big},    {kString, "toBoolean", "", to_boolean},
    {kString, "isInteger", "", is_integer},   {kString, "isLong", "", is_long},
    {kString, "isBigInteger", "", is_big},    {kString, "isBigDecimal", "", is_decimal},
    {kString, "isNumber", "", is_decimal},    {kString, "isDouble", "", is_floating},
    {kString, "isFloat", "", is_floating},
};

}  // namespace

LibraryPart string_number_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
