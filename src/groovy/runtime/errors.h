#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "groovy/interpreter.h"

/// Throwing Groovy's exceptions, with its own texts.

namespace ks::groovy {

class ClassInfo;

[[noreturn]] void throw_error(Task& task, std::string_view class_name, std::string_view message);
/// An exception without a message (getMessage() is null).
[[noreturn]] void throw_error(Task& task, std::string_view class_name);
[[noreturn]] void throw_missing_property(Task& task, std::string_view name,
                                         std::string_view class_name);
/// `No signature of method: C.m() is applicable for argument types: (int) values: [1]` and possible
/// solutions.
[[noreturn]] void throw_missing_method(Task& task, const Value& receiver, std::string_view name,
                                       Args args, bool is_static = false);
[[noreturn]] void throw_no_constructor(Task& task, const ClassInfo* cls, Args args);
[[noreturn]] void throw_null_call(Task& task, std::string_view method);
[[noreturn]] void throw_null_property(Task& task, std::string_view name, bool setting);
[[noreturn]] void throw_cast(Task& task, const Value& value, std::string_view class_name,
                             std::string_view suffix = {});
[[noreturn]] void throw_index(Task& task, int64_t index, size_t size);
[[noreturn]] void throw_unsupported(Task& task);
[[noreturn]] void throw_changed_while_iterating(Task& task);
[[noreturn]] void throw_no_such_element(Task& task, std::string_view message = {});
[[noreturn]] void throw_number_format(Task& task, std::string_view text);
/// Java's ClassCastException where `value` is compared with a `wanted` of another class.
[[noreturn]] void throw_class_cast(Task& task, const Value& value, const Value& wanted);
[[noreturn]] void throw_rejected(Task& task, std::string_view kind, std::string_view signature);

// Limits: scripts cannot catch these.
[[noreturn]] void throw_heap_limit(Heap& heap, size_t wanted, size_t limit);
[[noreturn]] void throw_string_limit(Heap& heap, size_t wanted, size_t limit);
[[noreturn]] void throw_fuel_limit(Task& task, uint64_t limit);
[[noreturn]] void throw_depth_limit(Task& task, int limit);
[[noreturn]] void throw_stack_limit(Task& task);

}  // namespace ks::groovy
