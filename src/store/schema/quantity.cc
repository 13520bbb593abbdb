#include "store/schema/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace ks::store {
namespace {

constexpr __int128 kUnit = kQuantityUnit;
constexpr __int128 kMost = static_cast<__int128>(1) << 120;

/// Multiplies within kMost.
bool scale(__int128& amount, __int128 factor) {
  __int128 out = 0;
  if (__builtin_mul_overflow(amount, factor, &out) || out > kMost || out < -kMost) return false;
  amount = out;
  return true;
}

bool scale_by_ten(__int128& amount, int64_t exponent) {
  if (exponent > 40 || exponent < -40) return amount == 0;
  for (; exponent > 0; --exponent)
    if (!scale(amount, 10)) return false;
  for (; exponent < 0; ++exponent) {
    const __int128 rest = amount % 10;
    amount = amount / 10 + (rest > 0 ? 1 : rest < 0 ? -1 : 0);  // rounded away from 0
  }
  return true;
}

bool apply_suffix(__int128& amount, std::string_view suffix) {
  static constexpr std::array<std::pair<std::string_view, int>, 10> kDecimal = {{{"n", -9},
                                                                                 {"u", -6},
                                                                                 {"m", -3},
                                                                                 {"", 0},
                                                                                 {"k", 3},
                                                                                 {"M", 6},
                                                                                 {"G", 9},
                                                                                 {"T", 12},
                                                                                 {"P", 15},
                                                                                 {"E", 18}}};
  for (const auto& [name, exponent] : kDecimal)
    if (suffix == name) return scale_by_ten(amount, exponent);
  static constexpr std::string_view kBinary = "KMGTPE";
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const size_t power = kBinary.find(suffix[0]);
    return power != kBinary.npos && scale(amount, static_cast<__int128>(1) << (10 * (power + 1)));
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return false;
  suffix.remove_prefix(suffix[1] == '+' ? 2 : 1);
  int64_t exponent = 0;
  const auto [end, fault] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), exponent);
  return fault == std::errc() && end == suffix.data() + suffix.size() &&
         scale_by_ten(amount, exponent);
}

/// The exponent of the suffix: `3` is `k` in decimal style, `e3` in exponent style.
std::string decimal_suffix(int exponent, bool in_exponents) {
  static constexpr std::array<std::string_view, 10> kNames = {"n", "u", "m", "",  "k",
                                                              "M", "G", "T", "P", "E"};
  if (exponent == 0) return {};
  if (in_exponents) return fmt::format("e{}", exponent);
  const int at = exponent / 3 + 3;
  return std::string(kNames[static_cast<size_t>(at)]);
}

std::string decimal_text(__int128 amount, bool in_exponents) {
  int exponent = -9;
  while (amount % 1000 == 0 && exponent < 18) {
    amount /= 1000;
    exponent += 3;
  }
  return fmt::format("{}{}", amount, decimal_suffix(exponent, in_exponents));
}

std::string binary_text(__int128 whole) {
  static constexpr std::array<std::string_view, 7> kNames = {"",   "Ki", "Mi", "Gi",
                                                             "Ti", "Pi", "Ei"};
  size_t power = 0;
  while (whole % 1024 == 0 && power + 1 < kNames.size()) {
    whole /= 1024;
    ++power;
  }
  return fmt::format("{}{}", whole, kNames[power]);
}

}  // namespace

std::optional<__int128> parse_quantity(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  __int128 amount = 0;
  size_t at = 0, digits = 0;
  int64_t fraction = -1;
  for (; at < text.size(); ++at) {
    if (text[at] == '.') {
      if (fraction >= 0) return std::nullopt;
      fraction = 0;
      continue;
    }
    if (text[at] < '0' || text[at] > '9') break;
    ++digits;
    if (fraction >= 18) continue;  // finer than billionths of the smallest suffix
    if (!scale(amount, 10)) return std::nullopt;
    amount += text[at] - '0';
    if (fraction >= 0) ++fraction;
  }
  if (digits == 0 || !scale(amount, kUnit)) return std::nullopt;
  // The suffix first: it may make whole what the point made a fraction.
  if (!apply_suffix(amount, text.substr(at))) return std::nullopt;
  if (fraction > 0 && !scale_by_ten(amount, -fraction)) return std::nullopt;
  return negative ? -amount : amount;
}

std::optional<std::string> canonical_quantity(std::string_view text) {
  std::optional<__int128> parsed = parse_quantity(text);
  if (!parsed) return std::nullopt;
  constexpr __int128 kHighest = kUnit * std::numeric_limits<int64_t>::max();
  const __int128 amount = std::clamp(*parsed, -kHighest, kHighest);
  if (amount == 0) return "0";
  // Small or broken amounts are not written in powers of 1024.
  const bool small = amount > -1024 * kUnit && amount < 1024 * kUnit;
  if (text.ends_with('i') && !small && amount % kUnit == 0) return binary_text(amount / kUnit);
  return decimal_text(amount, text.find_last_of("eE") != text.npos && !text.ends_with('E'));
}

}  // namespace ks::store
