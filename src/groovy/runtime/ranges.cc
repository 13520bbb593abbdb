#include "groovy/runtime/ranges.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "groovy/runtime/errors.h"
#include "groovy/runtime/numbers.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/text.h"

namespace ks::groovy {

Range::Range(int32_t first, int32_t last, bool is_inclusive)
    : Object(ObjectKind::range), int_(true), reverse_(first > last), inclusive_(is_inclusive) {
  int64_t low = std::min(first, last);
  int64_t high = std::max(first, last);
  if (!is_inclusive && first != last) {
    // The written end is left out, whichever way it runs.
    if (reverse_) {
      ++low;
    } else {
      --high;
    }
  }
  count_ = !is_inclusive && first == last ? 0 : static_cast<size_t>(high - low + 1);
  start_ = static_cast<int32_t>(reverse_ ? high : low);
  from_ = Value::of_int(std::min(first, last));
  to_ = Value::of_int(std::max(first, last));
}

Range::Range(Value first, Value last, bool is_reverse, std::vector<Value> range_items)
    : Object(ObjectKind::range),
      from_(std::move(first)),
      to_(std::move(last)),
      items_(std::move(range_items)),
      int_(false),
      reverse_(is_reverse) {}

Range::Range(Value first, Value last, bool is_reverse, size_t item_count)
    : Object(ObjectKind::range),
      from_(std::move(first)),
      to_(std::move(last)),
      count_(item_count),
      int_(false),
      stepped_(true),
      reverse_(is_reverse) {}

Value Range::step(size_t index) const {
  const Value& first = written_first();
  if (first.kind() == Kind::long_) {
    const auto steps = static_cast<int64_t>(index);
    return Value::of_long(reverse_ ? first.as_long() - steps : first.as_long() + steps);
  }
  BigNumber steps;
  mpz_set_ui(steps.get(), index);
  if (reverse_) mpz_neg(steps.get(), steps.get());
  if (first.is<BigInteger>()) {
    mpz_add(steps.get(), steps.get(), first.as<BigInteger>()->value.get());
    return make_big(*heap(), std::move(steps));
  }
  Decimal sum = first.as<BigDecimal>()->value;
  // Of a negative scale, 1 has more digits.
  if (sum.scale < 0) sum = sum.with_scale(0);
  const BigNumber one = BigNumber::power_of_ten(static_cast<uint64_t>(sum.scale));
  mpz_addmul(sum.unscaled.get(), steps.get(), one.get());
  return make_decimal(*heap(), std::move(sum));
}

namespace {

/// How many numbers there are from `low` on that are not greater than `high`; nothing when both are
/// not of a kind that the steps are exact of.
std::optional<size_t> steps_between(const Value& first, const Value& low, const Value& high) {
  const bool steps =
      first.kind() == Kind::long_ || first.is<BigInteger>() || first.is<BigDecimal>();
  if (!steps || low.is_floating() || high.is_floating() || !is_number(low) || !is_number(high))
    return std::nullopt;
  // Decimals may have an exponent that no one wants to see written out.
  constexpr int32_t kScale = 10'000;
  Decimal from = decimal_value(low);
  Decimal to = decimal_value(high);
  if (std::abs(from.scale) > kScale || std::abs(to.scale) > kScale) return std::nullopt;
  const int32_t scale = std::max({from.scale, to.scale, 0});
  from = from.with_scale(scale);
  to = to.with_scale(scale);
  BigNumber count;
  mpz_sub(count.get(), to.unscaled.get(), from.unscaled.get());
  mpz_fdiv_q(count.get(), count.get(), BigNumber::power_of_ten(static_cast<uint64_t>(scale)).get());
  mpz_add_ui(count.get(), count.get(), 1);
  if (!count.fits_long() || count.sign() < 0) return std::nullopt;
  return static_cast<size_t>(count.low_bits());
}

}  // namespace

Value make_range(Task& task, const Value& first, const Value& last, bool inclusive) {
  bool small_first = first.is_integral() && first.kind() != Kind::long_;
  bool small_last = last.is_integral() && last.kind() != Kind::long_;
  if (small_first && small_last)
    return task.heap().make<Range>(first.as_int(), last.as_int(), inclusive);
  if (first.is_null() || last.is_null()) {
    throw_error(task, "java.lang.IllegalArgumentException",
                "Must specify a non-null value for the 'from' and 'to' index in a Range");
  }
  Value from = first;
  Value to = last;
  // A number and a text of one character: the character counts by its code.
  auto code_of = [&](Value& text, const Value& other) {
    if (!is_number(other) || !(text.is<String>() || text.is<GString>())) return;
    std::u16string units = to_utf16(to_string(task, text));
    if (units.size() == 1) text = Value::of_int(units[0]);
  };
  code_of(from, to);
  code_of(to, from);
  if (from.is_int() && to.is_int()) {
    return task.heap().make<Range>(from.as_int(), to.as_int(), inclusive);
  }
  if (from.is<GString>()) from = task.heap().string(to_string(task, from));
  if (to.is<GString>()) to = task.heap().string(to_string(task, to));
  if (from.is_int() && to.kind() == Kind::long_) from = Value::of_long(from.as_long());
  if (to.is_int() && from.kind() == Kind::long_) to = Value::of_long(to.as_long());
  int order = compare(task, from, to);
  if (!inclusive && order == 0) return task.heap().make<Range>(0, 0, false);
  if (!inclusive) {
    to = order < 0 ? previous(task, to) : next(task, to);
  }
  bool reverse = order > 0;
  const Value& low = reverse ? to : from;
  const Value& high = reverse ? from : to;
  if (std::optional<size_t> count = steps_between(from, low, high))
    return task.heap().make<Range>(low, high, reverse, *count);
  std::vector<Value> items;
  size_t length = low.is<String>() ? low.as<String>()->length() : 0;
  for (Value each = low; compare(task, each, high) <= 0;) {
    items.push_back(each);
    task.spend();
    task.heap().check_room(items.size() * sizeof(Value));
    Value after = next(task, each);
    if (compare(task, after, each) <= 0) break;  // wrapped round
    if (after.is<String>() &&
        after.as<String>()->length() > std::max(length, high.as<String>()->length()))
      break;
    each = after;
  }
  // Each end is an item of numbers like 1.5..3: the last one may not be met.
  if (reverse) std::reverse(items.begin(), items.end());
  return task.heap().make<Range>(low, high, reverse, std::move(items));
}

Bounds bounds_of(Task& task, const Value& value, size_t size) {
  const auto* range = value.as<Range>();
  auto length = static_cast<int64_t>(size);
  int64_t first = range->is_int() && range->size() > 0 ? range->at(0).as_int() : 0;
  int64_t last = range->is_int() && range->size() > 0 ? range->at(range->size() - 1).as_int() : 0;
  if (!range->is_int()) {
    if (range->size() == 0 || !is_number(range->at(0))) throw_cast(task, value, "int");
    first = long_value(range->at(0));
    last = long_value(range->at(range->size() - 1));
  }
  if (range->size() == 0) {
    int64_t at = long_value(range->from());
    if (at < 0) at += length;
    at = std::clamp<int64_t>(at, 0, length);
    return {static_cast<size_t>(at), static_cast<size_t>(at), false};
  }
  // An end written as `..<-1` is counted from the end before it is left out.
  if (!range->inclusive() && range->is_int()) {
    int64_t a = range->reverse() ? range->to().as_int() : range->from().as_int();
    int64_t b = range->reverse() ? range->from().as_int() : range->to().as_int();
    bool crosses = (a < 0) != (b < 0);
    if (crosses) {
      if (a < 0) a += length;
      if (b < 0) b += length;
      if (a == b)
        return {static_cast<size_t>(std::max<int64_t>(a, 0)),
                static_cast<size_t>(std::max<int64_t>(a, 0)), false};
      first = a;
      last = a < b ? b - 1 : b + 1;
    }
  }
  if (first < 0) first += length;
  if (last < 0) last += length;
  int64_t low = std::min(first, last);
  int64_t high = std::max(first, last);
  if (low < 0) throw_index(task, low, size);
  return {static_cast<size_t>(low), static_cast<size_t>(high + 1), first > last};
}

}  // namespace ks::groovy
