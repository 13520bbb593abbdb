#include "groovy/runtime/operators.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "groovy/eval/user_class.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/regex.h"
#include "groovy/runtime/state.h"
#include "groovy/runtime/text.h"

namespace ks::groovy {

namespace {

bool is_numeric(const Value& value) { return is_number(value) || value.kind() == Kind::character; }

const Name& operator_name(Op op) {
  static const Name kNames[] = {Name("plus"),      Name("minus"),      Name("multiply"),
                                Name("div"),       Name("mod"),        Name("power"),
                                Name("leftShift"), Name("rightShift"), Name("rightShiftUnsigned"),
                                Name("and"),       Name("or"),         Name("xor")};
  return kNames[static_cast<size_t>(op)];
}

/// Text of a String or GString; strings by reference.
const std::string* plain_text(const Value& value) {
  const String* string = value.as<String>();
  return string != nullptr ? &string->text() : nullptr;
}

bool both_text(const Value& a, const Value& b) {
  return (a.is<String>() || a.is<GString>()) && (b.is<String>() || b.is<GString>());
}

}  // namespace

namespace {

/// A GString and a text make a GString: what is lazy in it stays lazy.
Value joined_texts(Task& task, const GString& a, const Value& b) {
  std::vector<std::string> strings(a.strings.begin(), a.strings.end());
  std::vector<Value> values = a.values;
  if (strings.size() <= values.size()) strings.emplace_back();
  if (const GString* more = b.as<GString>()) {
    if (!more->strings.empty()) strings.back() += more->strings.front();
    for (size_t i = 1; i < more->strings.size(); ++i) strings.push_back(more->strings[i]);
    values.insert(values.end(), more->values.begin(), more->values.end());
    if (strings.size() < values.size()) strings.resize(values.size());
  } else {
    strings.back() += b.as<String>()->text();
  }
  size_t bytes = 0;
  for (const std::string& each : strings) bytes += each.size();
  task.spend(strings.size());
  task.heap().check_string(bytes);
  return task.heap().make<GString>(std::move(strings), std::move(values));
}

}  // namespace

std::string_view method_of(Op op) { return operator_name(op).text; }

namespace {

/// A number and something that is none, in the words of Groovy's method selection.
[[noreturn]] void throw_no_operand(Task& task, Op op, const Value& a, const Value& b) {
  bool basic = op == Op::add || op == Op::subtract || op == Op::multiply || op == Op::divide;
  if (b.is_null() && !basic) {
    throw_error(task, "java.lang.NullPointerException",
                "Cannot invoke \"java.lang.Number.intValue()\" because \"right\" is null");
  }
  std::string name(method_of(op));
  if (b.is_null()) {
    std::string text = "Ambiguous method overloading for method " + class_name_of(a) + "#" + name +
                       ".\nCannot resolve which method to invoke for [null] due to overlapping "
                       "prototypes between:\n\t[class java.lang.Character]";
    if (op == Op::add) text += "\n\t[class java.lang.String]";
    throw_error(task, "groovy.lang.GroovyRuntimeException", text + "\n\t[class java.lang.Number]");
  }
  if (const auto* list = b.as<List>(); list != nullptr && basic && list->items.empty()) {
    std::string text = "Could not find which method " + name +
                       "() to invoke from this list:\n  public "
                       "java.lang.Number java.lang.Number#" +
                       name + "(java.lang.Character)";
    if (op == Op::add)
      text += "\n  public java.lang.String java.lang.Number#plus(java.lang.String)";
    throw_error(
        task, "org.codehaus.groovy.runtime.metaclass.MethodSelectionException",
        text + "\n  public java.lang.Number java.lang.Number#" + name + "(java.lang.Number)");
  }
  Value args[] = {b};
  throw_missing_method(task, a, name, args);
}

}  // namespace

Value binary(Task& task, Op op, const Value& a, const Value& b) {
  if (is_numeric(a) && is_numeric(b)) return arithmetic(task, op, a, b);
  if (op == Op::add && a.is<String>() && (b.is<String>() || b.is<GString>() || !b.is_object())) {
    const std::string& left = *plain_text(a);
    std::string right = to_string(task, b);
    task.heap().check_string(left.size() + right.size());
    std::string out;
    out.reserve(left.size() + right.size());
    out += left;
    out += right;
    return task.heap().string(std::move(out));
  }
  if (op == Op::add && a.is<GString>() && (b.is<String>() || b.is<GString>()))
    return joined_texts(task, *a.as<GString>(), b);
  if (a.is_bool() && b.is_bool()) {
    if (op == Op::bit_and) return Value::of_bool(a.as_bool() && b.as_bool());
    if (op == Op::bit_or) return Value::of_bool(a.as_bool() || b.as_bool());
    if (op == Op::bit_xor) return Value::of_bool(a.as_bool() != b.as_bool());
  }
  if (a.is_bool() && b.is_null() && (op == Op::bit_and || op == Op::bit_or || op == Op::bit_xor)) {
    throw_error(task, "java.lang.NullPointerException",
                "Cannot invoke \"java.lang.Boolean.booleanValue()\" because \"right\" is null");
  }
  if (a.is_null() && op != Op::add) throw_null_call(task, method_of(op));
  if (is_numeric(a) && task.interpreter().state().categories.empty()) {
    // Groovy takes a list that fits no parameter for the arguments.
    const auto* list = b.as<List>();
    bool basic = op == Op::add || op == Op::subtract || op == Op::multiply || op == Op::divide;
    if (basic && list != nullptr && list->items.size() == 1 && is_numeric(list->items[0]))
      return arithmetic(task, op, a, Value(list->items[0]));
    bool adds_text = op == Op::add && (b.is<String>() || b.is<GString>());
    if (!adds_text) throw_no_operand(task, op, a, b);
  }
  Value args[] = {b};
  return call_method(task, a, operator_name(op), args);
}

Value negate(Task& task, const Value& value) {
  switch (value.kind()) {
    case Kind::character:
    case Kind::byte_:
    case Kind::short_:
    case Kind::integer:
      return Value::of_int(static_cast<int32_t>(0u - static_cast<uint32_t>(value.as_int())));
    case Kind::long_:
      return Value::of_long(static_cast<int64_t>(0u - static_cast<uint64_t>(value.as_long())));
    case Kind::float_: return Value::of_float(static_cast<float>(-value.as_double()));
    case Kind::double_: return Value::of_double(-value.as_double());
    default: break;
  }
  if (const BigInteger* big = value.as<BigInteger>()) {
    BigNumber out = big->value;
    mpz_neg(out.get(), out.get());
    return make_big(task.heap(), std::move(out));
  }
  if (const BigDecimal* decimal = value.as<BigDecimal>()) {
    Decimal out = decimal->value;
    mpz_neg(out.unscaled.get(), out.unscaled.get());
    return make_decimal(task.heap(), std::move(out));
  }
  if (const List* list = value.as<List>()) {
    std::vector<Value> items;
    items.reserve(list->items.size());
    for (const Value& each : list->items) items.push_back(negate(task, each));
    return task.heap().make<List>(std::move(items));
  }
  if (value.is_null()) throw_null_call(task, "negative");
  static const Name kName("negative");
  return call_method(task, value, kName, {});
}

Value positive(Task& task, const Value& value) {
  if (is_numeric(value))
    return value.kind() < Kind::integer ? Value::of_int(value.as_int()) : value;
  if (value.is_null()) throw_null_call(task, "positive");
  static const Name kName("positive");
  return call_method(task, value, kName, {});
}

Value bitwise_not(Task& task, const Value& value) {
  if (value.is_integral() || value.kind() == Kind::character) {
    return value.kind() == Kind::long_ ? Value::of_long(~value.as_long())
                                       : Value::of_int(~value.as_int());
  }
  if (value.is<String>() || value.is<GString>()) return make_pattern(task, to_string(task, value));
  if (const BigInteger* big = value.as<BigInteger>()) {
    BigNumber out;
    mpz_com(out.get(), big->value.get());
    return make_big(task.heap(), std::move(out));
  }
  if (is_number(value)) {
    throw_error(task, "java.lang.UnsupportedOperationException",
                "Cannot use bitwiseNegate() on this number type: " + class_name_of(value) +
                    " with value: " + number_text(value));
  }
  if (value.is_null()) throw_null_call(task, "bitwiseNegate");
  static const Name kName("bitwiseNegate");
  return call_method(task, value, kName, {});
}

Value next(Task& task, const Value& value) {
  if (value.is_int())
    return Value::of_int(static_cast<int32_t>(static_cast<uint32_t>(value.as_int()) + 1u));
  if (value.kind() == Kind::character)
    return Value::of_char(static_cast<uint16_t>(value.as_char() + 1));
  if (is_number(value)) return arithmetic(task, Op::add, value, Value::of_int(1));
  if (value.is_null()) throw_null_call(task, "next");
  static const Name kName("next");
  return call_method(task, value, kName, {});
}

Value previous(Task& task, const Value& value) {
  if (value.is_int())
    return Value::of_int(static_cast<int32_t>(static_cast<uint32_t>(value.as_int()) - 1u));
  if (value.kind() == Kind::character)
    return Value::of_char(static_cast<uint16_t>(value.as_char() - 1));
  if (is_number(value)) return arithmetic(task, Op::subtract, value, Value::of_int(1));
  if (value.is_null()) throw_null_call(task, "previous");
  static const Name kName("previous");
  return call_method(task, value, kName, {});
}

bool truth(Task& task, const Value& value) {
  switch (value.kind()) {
    case Kind::null: return false;
    case Kind::float_:
    case Kind::double_: return value.as_double() != 0;
    case Kind::object: break;
    default: return value.as_long() != 0;
  }
  switch (value.object()->object_kind()) {
    case ObjectKind::string: return !value.as<String>()->text().empty();
    case ObjectKind::gstring: return !to_string(task, value).empty();
    case ObjectKind::list: return !value.as<List>()->items.empty();
    case ObjectKind::map: return !value.as<Map>()->table.empty();
    case ObjectKind::set: return !value.as<Set>()->table.empty();
    case ObjectKind::range: return value.as<Range>()->size() != 0;
    case ObjectKind::array: return !value.as<Array>()->items.empty();
    case ObjectKind::big_integer: return value.as<BigInteger>()->value.sign() != 0;
    case ObjectKind::big_decimal: return value.as<BigDecimal>()->value.unscaled.sign() != 0;
    case ObjectKind::builder: return !value.as<Builder>()->text.empty();
    case ObjectKind::matcher: return matcher_truth(task, value);
    case ObjectKind::iterator: return value.as<Iterator>()->has_next(task);
    case ObjectKind::host: return value.as<HostObject>()->truth(task);
    case ObjectKind::native:
      if (auto* native = value.as_dynamic<NativeObject>()) return native->truth(task);
      return true;
    case ObjectKind::instance: {
      static const Name kName("asBoolean");
      auto* instance = value.as<Instance>();
      if (instance->cls->is_user) {
        if (std::optional<Value> result = call_user_method(task, value, kName, {}))
          return truth(task, *result);
      }
      return !wraps(*instance) || truth(task, instance->base);
    }
    default: return true;
  }
}

// ----- equality -----

namespace {

bool equal_sequences(Task& task, const Value& a, const Value& b) {
  std::vector<Value> left = items_of(task, a);
  std::vector<Value> right = items_of(task, b);
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    task.spend();
    if (!equals(task, left[i], right[i])) return false;
  }
  return true;
}

/// A key that a sorted table cannot compare with its own is none of them.
Table::Item* find_for_equality(Task& task, Table& table, const Value& key) {
  try {
    return table.find(task, key);
  } catch (const Thrown& thrown) {
    if (!thrown.catchable || table.order() != Table::Order::sorted) throw;
    return nullptr;
  }
}

bool equal_maps(Task& task, Map& a, Map& b) {
  if (&a == &b) return true;
  if (a.table.size() != b.table.size()) return false;
  for (size_t i = a.table.begin(); i < a.table.end(); i = a.table.next(i)) {
    task.spend();
    Value key = a.table.at(i).key;
    Value value = a.table.at(i).value;
    Table::Item* other = find_for_equality(task, b.table, key);
    if (other == nullptr || !equals(task, value, Value(other->value))) return false;
  }
  return true;
}

bool equal_sets(Task& task, Set& a, Set& b) {
  if (&a == &b) return true;
  if (a.table.size() != b.table.size()) return false;
  for (size_t i = a.table.begin(); i < a.table.end(); i = a.table.next(i)) {
    task.spend();
    Value key = a.table.at(i).key;
    if (find_for_equality(task, b.table, key) != nullptr) continue;
    bool found = false;
    for (size_t j = b.table.begin(); j < b.table.end() && !found; j = b.table.next(j)) {
      found = equals(task, key, Value(b.table.at(j).key));
    }
    if (!found) return false;
  }
  return true;
}

/// A text of one character beside a number, as that character.
std::optional<Value> letter_of(Task& task, const Value& text, const Value& beside) {
  if (!is_numeric(beside) || !both_text(text, text)) return std::nullopt;
  std::u16string units = to_utf16(to_string(task, text));
  if (units.size() != 1) return std::nullopt;
  return Value::of_char(units[0]);
}

bool is_sequence(const Value& value) {
  return value.is<List>() || value.is<Range>() || value.is<Array>();
}

/// The script's own equals(), when the class has one; else identity.
bool equal_instances(Task& task, const Value& a, const Value& b) {
  auto* instance = a.as<Instance>();
  static const Name kEquals("equals");
  static const Name kCompareTo("compareTo");
  Value args[] = {b};
  if (instance->cls->is_user) {
    static ClassInfo* const kComparable = types().comparable;
    if (instance->cls->is_a(kComparable) && b.is<Instance>() &&
        b.as<Instance>()->cls->is_a(instance->cls)) {
      std::optional<Value> result;
      try {
        result = call_user_method(task, a, kCompareTo, args);
      } catch (const Thrown& thrown) {
        // What cannot be compared is not equal.
        auto* exception = thrown.exception.as<Instance>();
        static ClassInfo* const kCast = library_class("java.lang.ClassCastException");
        if (!thrown.catchable || exception == nullptr || !exception->cls->is_a(kCast)) throw;
        return false;
      }
      if (result) return is_number(*result) && long_value(*result) == 0;
    }
    if (std::optional<Value> result = call_user_method(task, a, kEquals, args))
      return truth(task, *result);
  }
  if (wraps(*instance)) return equals(task, instance->base, underlying(b));
  return a.same(b);
}

}  // namespace

bool equals(Task& task, const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.is_int() && b.is_int()) return a.as_int() == b.as_int();
  if (const std::string* left = plain_text(a)) {
    if (const std::string* right = plain_text(b)) return *left == *right;
  }
  if (is_numeric(a) && is_numeric(b)) return compare_numbers(a, b) == 0;
  if (a.is_bool() || b.is_bool()) return a.same(b);
  if (std::optional<Value> x = letter_of(task, a, b)) return compare_numbers(*x, b) == 0;
  if (std::optional<Value> y = letter_of(task, b, a)) return compare_numbers(a, *y) == 0;
  if (!a.is_object() || !b.is_object()) {
    // A char equals a string of one character.
    if (a.kind() == Kind::character && both_text(b, b))
      return char_text(a.as_char()) == to_string(task, b);
    if (b.kind() == Kind::character && both_text(a, a))
      return char_text(b.as_char()) == to_string(task, a);
    if (a.is<Instance>()) return equal_instances(task, a, b);
    if (auto* host = a.as<HostObject>()) return host->equals(task, b);
    return false;
  }
  NestingScope nesting(task);
  if (both_text(a, b)) return to_string(task, a) == to_string(task, b);
  if (a.same(b) && !a.is<Instance>()) return true;
  if (a.is<Instance>()) return equal_instances(task, a, b);
  const Value& other = underlying(b);
  if (is_sequence(a) && is_sequence(other)) return equal_sequences(task, a, other);
  if (a.is<Map>() && other.is<Map>()) return equal_maps(task, *a.as<Map>(), *other.as<Map>());
  if (a.is<Set>() && other.is<Set>()) return equal_sets(task, *a.as<Set>(), *other.as<Set>());
  if (a.is<Entry>() && b.is<Entry>()) {
    return equals(task, a.as<Entry>()->key, b.as<Entry>()->key) &&
           equals(task, a.as<Entry>()->value, b.as<Entry>()->value);
  }
  if (auto* host = a.as<HostObject>()) return host->equals(task, b);
  if (auto* native = a.as_dynamic<NativeObject>()) return native->equals(task, b);
  return false;
}

namespace {

/// A value within a message of Java's MessageFormat: numbers have groups of three digits and at
/// most three behind the point.
std::string message_text(Task& task, const Value& value) {
  if (!is_number(value)) return java_text(task, value);
  if (value.is_floating() && !std::isfinite(value.as_double()))
    return std::isnan(value.as_double()) ? "NaN" : value.as_double() > 0 ? "\u221E" : "-\u221E";
  constexpr int32_t kMostDigits = 1000;
  Decimal number = value.is_floating() ? exact_decimal(value.as_double()) : decimal_value(value);
  if (number.scale < -kMostDigits) return java_text(task, value);
  const bool negative = number.unscaled.sign() < 0;
  if (number.scale > 3) number = round_to_scale(number, 3, Rounding::half_even).value_or(number);
  std::string digits = number.stripped().to_plain_string();
  if (digits.starts_with('-')) digits.erase(0, 1);
  const size_t point = std::min(digits.find('.'), digits.size());
  for (size_t at = point; at > 3; at -= 3) digits.insert(at - 3, ",");
  return (negative ? "-" : "") + digits;
}

}  // namespace

int compare(Task& task, const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() ? (b.is_null() ? 0 : -1) : 1;
  if (a.is_int() && b.is_int())
    return a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int() ? 1 : 0;
  if (is_numeric(a) && is_numeric(b)) return compare_numbers(a, b);
  bool text_a = both_text(a, a);
  bool text_b = both_text(b, b);
  if (text_a && text_b) return compare_text(to_string(task, a), to_string(task, b));
  if (a.kind() == Kind::character && b.is<String>())
    return compare_text(char_text(a.as_char()), to_string(task, b));
  if (text_a && b.kind() == Kind::character)
    return compare_text(to_string(task, a), char_text(b.as_char()));
  if (a.is_bool() && b.is_bool())
    return static_cast<int>(a.as_bool()) - static_cast<int>(b.as_bool());
  if (auto* instance = a.as<Instance>()) {
    static const Name kCompareTo("compareTo");
    Value args[] = {b};
    if (instance->cls->is_enum && b.is<Instance>() &&
        enum_class_of(*b.as<Instance>()) == enum_class_of(*instance)) {
      return enum_ordinal(a) - enum_ordinal(b);
    }
    if (instance->cls->is_user) {
      if (std::optional<Value> result = call_user_method(task, a, kCompareTo, args))
        return int_value(*result);
    }
    if (wraps(*instance)) return compare(task, instance->base, underlying(b));
  }
  if (auto* native = a.as_dynamic<NativeObject>()) {
    if (std::optional<int> order = native->compare(task, b)) return *order;
  }
  if (b.is<Instance>() && wraps(*b.as<Instance>())) return compare(task, a, b.as<Instance>()->base);
  if (a.same(b)) return 0;
  // A GString compares its text with that of anything.
  if (a.is<GString>()) return compare_text(to_string(task, a), to_string(task, b));
  if (class_of(a)->is_a(types().comparable)) {
    // A number and a text of one character: that one's code counts.
    std::optional<Value> x = letter_of(task, a, b);
    std::optional<Value> y = b.is<String>() ? letter_of(task, b, a) : std::nullopt;
    if (x || y) return compare_numbers(x.value_or(a), y.value_or(b));
    throw_class_cast(task, b, a);
  }
  throw_error(task, "groovy.lang.GroovyRuntimeException",
              "Cannot compare " + class_name_of(a) + " with value '" + message_text(task, a) +
                  "' and " + class_name_of(b) + " with value '" + message_text(task, b) + "'");
}

int compare_loosely(Task& task, const Value& a, const Value& b) {
  try {
    return compare(task, a, b);
  } catch (const Thrown& thrown) {
    if (!thrown.catchable) throw;
  }
  int32_t x = hash_of(task, a);
  int32_t y = hash_of(task, b);
  if (x == y && equals(task, a, b)) return 0;
  return x < y ? -1 : 1;
}

int compare_text(std::string_view a, std::string_view b) {
  // UTF-8 order is UTF-16 order but for surrogates; Java compares units.
  if (is_ascii(a) || is_ascii(b)) {
    size_t common = std::min(a.size(), b.size());
    for (size_t i = 0; i < common; ++i) {
      if (a[i] != b[i]) {
        if (static_cast<uint8_t>(a[i]) < 0x80 && static_cast<uint8_t>(b[i]) < 0x80)
          return a[i] - b[i];
        return static_cast<uint8_t>(a[i]) < static_cast<uint8_t>(b[i]) ? -1 : 1;
      }
    }
    return static_cast<int>(static_cast<int64_t>(a.size()) - static_cast<int64_t>(b.size()));
  }
  std::u16string x = to_utf16(a);
  std::u16string y = to_utf16(b);
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (x[i] != y[i]) return static_cast<int>(x[i]) - static_cast<int>(y[i]);
  }
  return static_cast<int>(static_cast<int64_t>(x.size()) - static_cast<int64_t>(y.size()));
}

bool is_case(Task& task, const Value& candidate, const Value& switched) {
  if (candidate.is_null()) return switched.is_null();
  if (candidate.is_object()) {
    const Value& inner = underlying(candidate);
    if (both_text(inner, inner)) {
      return !switched.is_null() && to_string(task, inner) == to_string(task, switched);
    }
    switch (inner.object()->object_kind()) {
      case ObjectKind::klass:
        if (switched.is<ClassInfo>()) {
          return switched.as<ClassInfo>()->is_a(inner.as<ClassInfo>()) ||
                 inner.as<ClassInfo>() == types().klass;
        }
        return !switched.is_null() && instance_of(task, switched, inner.as<ClassInfo>());
      case ObjectKind::list:
      case ObjectKind::range:
      case ObjectKind::array: return contains(task, inner, switched);
      case ObjectKind::set: return inner.as<Set>()->table.find(task, switched) != nullptr;
      case ObjectKind::map: {
        Table::Item* item = inner.as<Map>()->table.find(task, switched);
        return item != nullptr && truth(task, Value(item->value));
      }
      case ObjectKind::pattern:
        return !switched.is_null() && pattern_matches(task, inner, to_string(task, switched));
      case ObjectKind::closure: {
        Value args[] = {switched};
        return truth(task, call_value(task, inner, args));
      }
      case ObjectKind::instance:
      case ObjectKind::host:
      case ObjectKind::native: {
        // Object's own isCase() comes here again: only what the class itself says is asked.
        static const Name kName("isCase");
        Value args[] = {switched};
        std::optional<Value> result;
        if (candidate.is<Instance>()) {
          result = call_user_method(task, candidate, kName, args);
        } else if (auto* host = candidate.as<HostObject>()) {
          result = host->call_method(task, kName.text, args);
        } else if (auto* native = candidate.as_dynamic<NativeObject>()) {
          result = native->call_method(task, kName.text, args);
        }
        if (result) return truth(task, *result);
        break;
      }
      default: break;
    }
  }
  return equals(task, switched, candidate) || equals(task, candidate, switched);
}

// ----- hashing as Java does -----

int32_t java_hash(std::string_view utf8) {
  uint32_t hash = 0;
  if (is_ascii(utf8)) {
    for (char c : utf8) hash = 31 * hash + static_cast<uint8_t>(c);
  } else {
    for (char16_t unit : to_utf16(utf8)) hash = 31 * hash + unit;
  }
  return static_cast<int32_t>(hash);
}

namespace {

int32_t fold(int64_t bits) {
  auto value = static_cast<uint64_t>(bits);
  return static_cast<int32_t>(static_cast<uint32_t>(value ^ (value >> 32)));
}

int32_t hash_sequence(Task& task, const std::vector<Value>& items) {
  uint32_t hash = 1;
  for (const Value& each : items) hash = 31 * hash + static_cast<uint32_t>(hash_of(task, each));
  return static_cast<int32_t>(hash);
}

int32_t hash_object(Task& task, const Value& value) {
  switch (value.object()->object_kind()) {
    case ObjectKind::string: return value.as<String>()->hash();
    case ObjectKind::gstring: {
      return static_cast<int32_t>(37 + static_cast<uint32_t>(java_hash(to_string(task, value))));
    }
    case ObjectKind::range:
      if (const auto* range = value.as<Range>(); range->is_int() && range->inclusive()) {
        auto from = static_cast<uint32_t>(range->from().as_int());
        auto to = static_cast<uint32_t>(range->to().as_int());
        auto product = static_cast<int32_t>((from + to + 1) * (from + to));
        return static_cast<int32_t>(static_cast<uint32_t>(product / 2) + to);
      }
      return hash_sequence(task, items_of(task, value));
    case ObjectKind::list: return hash_sequence(task, items_of(task, value));
    case ObjectKind::map: {
      auto* map = value.as<Map>();
      uint32_t sum = 0;
      for (size_t i = map->table.begin(); i < map->table.end(); i = map->table.next(i)) {
        Value key = map->table.at(i).key;
        Value item = map->table.at(i).value;
        sum += static_cast<uint32_t>(hash_of(task, key) ^ hash_of(task, item));
      }
      return static_cast<int32_t>(sum);
    }
    case ObjectKind::set: {
      uint32_t sum = 0;
      for (const Value& each : items_of(task, value))
        sum += static_cast<uint32_t>(hash_of(task, each));
      return static_cast<int32_t>(sum);
    }
    case ObjectKind::entry:
      return hash_of(task, value.as<Entry>()->key) ^ hash_of(task, value.as<Entry>()->value);
    case ObjectKind::big_integer: return big_hash(value.as<BigInteger>()->value);
    case ObjectKind::big_decimal: return value.as<BigDecimal>()->value.hash();
    case ObjectKind::klass: return java_hash(value.as<ClassInfo>()->name);
    case ObjectKind::instance: {
      auto* instance = value.as<Instance>();
      static const Name kName("hashCode");
      if (instance->cls->is_user) {
        if (std::optional<Value> result = call_user_method(task, value, kName, {}))
          return int_value(*result);
      }
      if (wraps(*instance)) return hash_of(task, instance->base);
      return identity_hash(value);
    }
    case ObjectKind::native:
      if (auto* native = value.as_dynamic<NativeObject>()) return native->hash_code(task);
      return identity_hash(value);
    default: return identity_hash(value);
  }
}

}  // namespace

int32_t identity_hash(const Value& value) {
  // Addresses differ from run to run; object numbers of the heap do not, so a replay sees the same.
  return value.object()->heap() == nullptr ? 1
                                           : value.object()->heap()->identity_of(value.object());
}

int32_t hash_of(Task& task, const Value& value) {
  switch (value.kind()) {
    case Kind::null: return 0;
    case Kind::boolean: return value.as_bool() ? 1231 : 1237;
    case Kind::character:
    case Kind::byte_:
    case Kind::short_:
    case Kind::integer: return value.as_int();
    case Kind::long_: return fold(value.as_long());
    case Kind::float_: {
      auto single = static_cast<float>(value.as_double());
      int32_t bits = 0;
      std::memcpy(&bits, &single, sizeof bits);
      return bits;
    }
    case Kind::double_: {
      int64_t bits = 0;
      double number = value.as_double();
      std::memcpy(&bits, &number, sizeof bits);
      return fold(bits);
    }
    case Kind::object: break;
  }
  if (const String* text = value.as<String>()) return text->hash();
  NestingScope nesting(task);
  return hash_object(task, value);
}

int32_t key_hash(Task& task, const Value& key) { return hash_of(task, key); }

bool key_equals(Task& task, const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (!a.is_object()) return a.is_floating() ? compare_numbers(a, b) == 0 : a.same(b);
  if (a.same(b)) return true;
  ObjectKind x = a.object()->object_kind();
  ObjectKind y = b.object()->object_kind();
  if (x == ObjectKind::string || y == ObjectKind::string || x == ObjectKind::gstring ||
      y == ObjectKind::gstring) {
    return x == y && equals(task, a, b);
  }
  if (x == ObjectKind::big_decimal) {
    return y == x && a.as<BigDecimal>()->value.scale == b.as<BigDecimal>()->value.scale &&
           equals(task, a, b);
  }
  if (x == ObjectKind::big_integer && y != x) return false;
  return equals(task, a, b);
}

namespace {

/// a.compareTo(b) as Java has it, which only takes the same class.
int compare_in_java(Task& task, const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) throw_error(task, "java.lang.NullPointerException");
  const ClassInfo* cls = class_of(a);
  if (!cls->is_a(types().comparable)) {
    throw_error(task, "java.lang.ClassCastException",
                "class " + cls->name + " cannot be cast to class java.lang.Comparable");
  }
  const bool one_class = is_number(a) || a.is<String>() || a.is_bool() ||
                         a.kind() == Kind::character ||
                         (a.is<Instance>() && a.as<Instance>()->cls->is_enum && !b.is<Instance>());
  if (one_class && class_of(b) != cls) throw_class_cast(task, b, a);
  return compare(task, a, b);
}

}  // namespace

int compare_keys(Task& task, const Value& comparator, const Value& a, const Value& b) {
  if (comparator.is_null()) return compare_in_java(task, a, b);
  return call_comparator(task, comparator, a, b);
}

int call_comparator(Task& task, const Value& comparator, const Value& a, const Value& b) {
  Value args[] = {a, b};
  if (comparator.is<Closure>()) {
    Value result = call_value(task, comparator, args);
    return is_number(result)  ? int_value(result)
           : result.is_bool() ? static_cast<int>(result.as_bool())
                              : 0;
  }
  static const Name kCompare("compare");
  return int_value(call_method(task, comparator, kCompare, args));
}

}  // namespace ks::groovy
