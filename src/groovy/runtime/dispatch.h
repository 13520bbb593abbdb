#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "groovy/interpreter.h"
#include "groovy/runtime/classes.h"

/// Method calls and property access on any value.

namespace ks::groovy {

/// A method or property name with everything that can be found out before running.
struct Name {
  explicit Name(std::string_view text);
  std::string text;
  size_t hash;
  std::string getter;       ///< `getX`
  std::string bool_getter;  ///< `isX`
  std::string setter;       ///< `setX`
  std::string property;     ///< x, when this is `getX`, `isX` or `setX`
  const MethodGroup* methods;
  const MethodGroup* getters;
  const MethodGroup* bool_getters;
  const MethodGroup* setters;
};

/// A method, or a closure in a property of that name; throws MissingMethodException when there is
/// none.
Value call_method(Task& task, const Value& receiver, const Name& name, Args args);
std::optional<Value> try_call_method(Task& task, const Value& receiver, const Name& name,
                                     Args args);
/// Only methods of the library, for receivers whose class is known to have no others; `super` calls
/// end here.
std::optional<Value> call_library(Task& task, const Value& receiver, const Name& name, Args args);
Value call_static(Task& task, ClassInfo* cls, const Name& name, Args args);
std::optional<Value> try_call_static(Task& task, ClassInfo* cls, const Name& name, Args args);
bool responds_to(Task& task, const Value& receiver, const Name& name);

Value get_property(Task& task, const Value& receiver, const Name& name);
std::optional<Value> try_get_property(Task& task, const Value& receiver, const Name& name);
void set_property(Task& task, const Value& receiver, const Name& name, const Value& value);
bool try_set_property(Task& task, const Value& receiver, const Name& name, const Value& value);

Value get_at(Task& task, const Value& receiver, const Value& key);
void put_at(Task& task, const Value& receiver, const Value& key, const Value& value);

Value construct(Task& task, ClassInfo* cls, Args args);
Value call_value(Task& task, const Value& callee, Args args);
/// The base object inside an instance of a script class that extends a library class; other values
/// as they are.
const Value& underlying(const Value& value);

}  // namespace ks::groovy
