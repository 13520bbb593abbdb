#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "groovy/interpreter.h"
#include "groovy/runtime/classes.h"
#include "groovy/runtime/numbers.h"
#include "groovy/value.h"

/// What Groovy's operators and conversions mean for each kind of value.

namespace ks::groovy {

enum class Op : uint8_t {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  shift_left,
  shift_right,
  shift_right_unsigned,
  bit_and,
  bit_or,
  bit_xor,
};
/// `plus`, `minus`, ...: the method behind an operator.
std::string_view method_of(Op op);

/// Any binary operator: numbers here, everything else by its method.
Value binary(Task& task, Op op, const Value& a, const Value& b);
Value negate(Task& task, const Value& value);
Value positive(Task& task, const Value& value);
Value bitwise_not(Task& task, const Value& value);
/// `++` and `--`.
Value next(Task& task, const Value& value);
Value previous(Task& task, const Value& value);

bool truth(Task& task, const Value& value);
/// Groovy's `==`.
bool equals(Task& task, const Value& a, const Value& b);
/// Groovy's `<=>`; throws for what has no order.
int compare(Task& task, const Value& a, const Value& b);
/// to_string() of a list or map that ends in `...` once it is longer than `most`, its items too:
/// `toListString(20)`.
std::string to_short_string(Task& task, const Value& value, int32_t most);
/// Like compare(), but gives an order to anything, for `sort()` and `max()` of mixed lists as
/// Groovy's NumberAwareComparator does.
int compare_loosely(Task& task, const Value& a, const Value& b);
bool is_case(Task& task, const Value& candidate, const Value& switched);

// Java's own equality and hash, which maps and sets go by: 1 and 1L differ.
int32_t java_hash(std::string_view utf8);
int32_t hash_of(Task& task, const Value& value);
/// The same for an object in each replay of a run.
int32_t identity_hash(const Value& value);
/// As String.compareTo.
int compare_text(std::string_view a, std::string_view b);
int call_comparator(Task& task, const Value& comparator, const Value& a, const Value& b);
int32_t key_hash(Task& task, const Value& key);
bool key_equals(Task& task, const Value& a, const Value& b);
/// By comparator (closure, or object with `compare`), or by natural order if that is null.
int compare_keys(Task& task, const Value& comparator, const Value& a, const Value& b);

std::string to_string(Task& task, const Value& value);
/// `1..3`: what toString() of a range gives, where interpolation lists its items.
std::string range_text(Task& task, const Value& range);
std::string inspect(Task& task, const Value& value);
/// Appends what to_string() gives: containers of containers without quadratic copying.
void append_string(Task& task, const Value& value, std::string& out);
/// The text that Java's own library makes of a value, where Groovy's formatting has no part: maps
/// are
/// `{a=1}`. String.valueOf, String.format, StringBuilder.append, messages of casts.
std::string java_text(Task& task, const Value& value);

/// What a declaration `Type x = value` or a cast does.
Value cast(Task& task, const Value& value, ClassInfo* type);
/// `value as Type`.
Value as_type(Task& task, const Value& value, ClassInfo* type);
/// How well an argument fits a parameter: 0 exact, larger is worse, negative not at all.
int distance(const ClassInfo* parameter, const Value& argument);

/// Everything that `for` and `each` go over, as items: maps give entries, strings their characters
/// as strings, null nothing, any other object itself.
std::vector<Value> items_of(Task& task, const Value& value);
/// Calls `visit` for each item without copying first; false from it ends. A list changed meanwhile
/// throws.
void for_each_item(Task& task, const Value& value, const std::function<bool(const Value&)>& visit);
bool is_collection(const Value& value);
/// Hashtable and its like take no nulls.
void check_not_null(Task& task, const Map& map, const Value& key, const Value& value);
/// List.contains and its like: by Groovy's equality.
bool contains(Task& task, const Value& collection, const Value& item);
bool instance_of(Task& task, const Value& value, const ClassInfo* type);

// Library functions that recurse over nested values bound their depth with these.
void enter_native(Task& task);
void leave_native(Task& task);
/// `enter_native` for a scope.
class NestingScope {
 public:
  explicit NestingScope(Task& task) : task_(task) { enter_native(task); }
  ~NestingScope() { leave_native(task_); }

 private:
  Task& task_;
};

}  // namespace ks::groovy
