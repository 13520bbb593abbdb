#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "groovy/runtime/classes.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"

/// What the files of gdk/ share.

namespace ks::groovy {

inline Value text(Call& c, std::string value) { return c.heap().string(std::move(value)); }
inline Value of_size(size_t size) { return Value::of_int(static_cast<int32_t>(size)); }

inline Value call1(Task& task, const Value& function, const Value& a) {
  Value args[] = {a};
  return call_value(task, function, args);
}
inline Value call2(Task& task, const Value& function, const Value& a, const Value& b) {
  Value args[] = {a, b};
  return call_value(task, function, args);
}
inline bool test1(Task& task, const Value& function, const Value& a) {
  return truth(task, call1(task, function, a));
}

/// Calls a closure with an item; with key and value when the item is an entry and the closure takes
/// two.
Value apply(Task& task, const Value& function, const Value& item);
/// apply() with one more argument behind: eachWithIndex, inject the other way round.
Value apply_with(Task& task, const Value& function, const Value& item, const Value& extra);
inline bool holds(Task& task, const Value& function, const Value& item) {
  return truth(task, apply(task, function, item));
}
/// Whether is_case() or a closure says so: `grep`, `count(value)`.

/// String.format().
std::string format_text(Task& task, std::string_view pattern, Args args);

/// A Date or Calendar as groovy.json writes it; nothing for other values.
std::optional<std::string> json_time(const Value& value);

Value make_list(Call& c, std::vector<Value> items);
/// A collection of the same sort as self, as Groovy's createSimilarCollection makes it.
Value similar(Call& c, std::vector<Value> items);
Value similar_to(Task& task, const Value& model, std::vector<Value> items);
Value make_set(Task& task, const std::vector<Value>& items);
/// A java.util.HashSet made for `capacity` entries: both show in the order of iteration.
Value make_hash_set(Task& task, const std::vector<Value>& items, size_t capacity = 16);
/// Throws for collections that cannot be changed.
List& changeable_list(Call& c);
void changed(Call& c, List& list);
/// Adds to a list or set; throws for others.
void add_to(Task& task, const Value& collection, const Value& item);

/// Sorts by `less`, which may call the script; stable. A comparison that throws leaves the items as
/// they are.
void sort_items(Task& task, std::vector<Value>& items,
                const std::function<int(const Value&, const Value&)>& compare);
/// By a closure of one parameter (keys) or two (comparator), or any comparator.
std::function<int(const Value&, const Value&)> ordering(Task& task, const Value& function);
std::function<int(const Value&, const Value&)> natural_ordering(Task& task);

}  // namespace ks::groovy
