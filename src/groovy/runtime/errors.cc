#include "groovy/runtime/errors.h"

#include <fmt/format.h>
#include <algorithm>

#include "groovy/runtime/classes.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"
#include "groovy/runtime/suggest.h"

namespace ks::groovy {

namespace {

ClassInfo* exception_class(Task& task, std::string_view name) {
  if (ClassInfo* cls = library_class(name)) return cls;
  auto& classes = task.interpreter().state().classes;
  auto found = classes.find(std::string(name));
  return found == classes.end() ? types().runtime_exception : found->second.get();
}

Ref<Instance> make_throwable(Task& task, ClassInfo* cls) {
  Ref<Instance> made = task.heap().make<Instance>(cls);
  made->throwable = std::make_unique<ThrowableData>();
  made->throwable->trace = task.trace();
  return made;
}

/// `[a, 1]`, cut after 60 characters, as Groovy shows arguments.
std::string shown_values(Task& task, Args args) {
  constexpr size_t kMost = 60;        // lists and maps end behind it, as Groovy has them
  constexpr size_t kMostText = 1000;  // Groovy has no limit
  std::string out = "[";
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0) out += ", ";
    if (out.size() > kMost) {
      out += "...";
      break;
    }
    std::string text;
    try {
      const auto left = static_cast<int32_t>(kMost - std::min(out.size(), kMost));
      text = args[i].is<Range>()                       ? range_text(task, args[i])
             : args[i].is<List>() || args[i].is<Map>() ? to_short_string(task, args[i], left)
                                                       : to_string(task, args[i]);
    } catch (const Thrown&) {
      text = class_name_of(args[i]);
    }
    if (text.size() > kMostText) text = text.substr(0, kMostText - 3) + "...";
    out += text;
  }
  return out + "]";
}

std::string shown_types(Args args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0) out += ", ";
    out += class_name_of(args[i]);
  }
  return out;
}

/// Limits are reached where nothing may be allocated from the run's heap any more, so the exception
/// is not charged to it.
[[noreturn]] void throw_limit(Heap& heap, std::string_view class_name, std::string message) {
  heap.exempt([&] {
    Ref<Instance> made = heap.make<Instance>(library_class(class_name));
    made->throwable = std::make_unique<ThrowableData>();
    made->throwable->message = heap.make<String>(std::move(message));
    throw Thrown(Value(made), false);
  });
  std::abort();
}

}  // namespace

void throw_error(Task& task, std::string_view class_name, std::string_view message) {
  Ref<Instance> made = make_throwable(task, exception_class(task, class_name));
  made->throwable->message = task.heap().string(message);
  throw Thrown(Value(made));
}

void throw_error(Task& task, std::string_view class_name) {
  throw Thrown(Value(make_throwable(task, exception_class(task, class_name))));
}

void throw_missing_property(Task& task, std::string_view name, std::string_view class_name) {
  Ref<Instance> made = make_throwable(task, library_class("groovy.lang.MissingPropertyException"));
  std::string text = fmt::format("No such property: {} for class: {}", name, class_name);
  auto& classes = task.interpreter().state().classes;
  if (auto found = classes.find(std::string(class_name)); found != classes.end()) {
    text += suggested_properties(found->second.get(), name);
  }
  made->throwable->message = task.heap().string(text);
  made->throwable->properties.emplace_back("property", task.heap().string(name));
  throw Thrown(Value(made));
}

void throw_missing_method(Task& task, const Value& receiver, std::string_view name, Args args,
                          bool is_static) {
  std::string class_name = is_static && receiver.is<ClassInfo>() ? receiver.as<ClassInfo>()->name
                                                                 : class_name_of(receiver);
  // What a GString has not is asked of its text.
  if (receiver.is<GString>()) class_name = types().string->name;
  std::string text = fmt::format(
      "No signature of method: {}{}.{}() is applicable for argument types: ({}) values: {}",
      is_static ? "static " : "", class_name, name, shown_types(args), shown_values(task, args));
  text += suggested_methods(task, receiver, name, args, is_static);
  Ref<Instance> made = make_throwable(task, library_class("groovy.lang.MissingMethodException"));
  made->throwable->message = task.heap().string(text);
  made->throwable->properties.emplace_back("method", task.heap().string(name));
  ClassInfo* type =
      is_static && receiver.is<ClassInfo>() ? receiver.as<ClassInfo>() : class_of(receiver);
  made->throwable->properties.emplace_back("type", Value(type));
  made->throwable->properties.emplace_back(
      "arguments", make_array(task, types().object, std::vector<Value>(args.begin(), args.end())));
  throw Thrown(Value(made));
}

void throw_no_constructor(Task& task, const ClassInfo* cls, Args args) {
  throw_error(
      task, "groovy.lang.GroovyRuntimeException",
      fmt::format("Could not find matching constructor for: {}({})", cls->name, shown_types(args)));
}

void throw_null_call(Task& task, std::string_view method) {
  throw_error(task, "java.lang.NullPointerException",
              fmt::format("Cannot invoke method {}() on null object", method));
}

void throw_null_property(Task& task, std::string_view name, bool setting) {
  throw_error(task, "java.lang.NullPointerException",
              fmt::format("Cannot {} property '{}' on null object", setting ? "set" : "get", name));
}

void throw_cast(Task& task, const Value& value, std::string_view class_name,
                std::string_view suffix) {
  std::string text = value.is_null() ? "null" : java_text(task, value);
  throw_error(task, "org.codehaus.groovy.runtime.typehandling.GroovyCastException",
              fmt::format("Cannot cast object '{}' with class '{}' to class '{}'{}", text,
                          class_name_of(value), class_name, suffix));
}

void throw_index(Task& task, int64_t index, size_t size) {
  throw_error(task, "java.lang.IndexOutOfBoundsException",
              fmt::format("Index: {}, Size: {}", index, size));
}

void throw_unsupported(Task& task) { throw_error(task, "java.lang.UnsupportedOperationException"); }

void throw_changed_while_iterating(Task& task) {
  throw_error(task, "java.util.ConcurrentModificationException");
}

void throw_no_such_element(Task& task, std::string_view message) {
  if (message.empty()) throw_error(task, "java.util.NoSuchElementException");
  throw_error(task, "java.util.NoSuchElementException", message);
}

void throw_number_format(Task& task, std::string_view text) {
  throw_error(task, "java.lang.NumberFormatException",
              fmt::format("For input string: \"{}\"", text));
}

void throw_class_cast(Task& task, const Value& value, const Value& wanted) {
  throw_error(task, "java.lang.ClassCastException",
              fmt::format("class {} cannot be cast to class {}", class_name_of(value),
                          class_name_of(wanted)));
}

void throw_rejected(Task& task, std::string_view kind, std::string_view signature) {
  throw_error(task, "org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException",
              fmt::format("Scripts not permitted to use {} {}", kind, signature));
}

void throw_heap_limit(Heap& heap, size_t wanted, size_t limit) {
  throw_limit(
      heap, "java.lang.OutOfMemoryError",
      fmt::format(
          "the heap of the run is over its limit of {} bytes, --max-heap ({} more were asked for)",
          limit, wanted));
}

void throw_string_limit(Heap& heap, size_t wanted, size_t limit) {
  throw_limit(
      heap, "java.lang.OutOfMemoryError",
      fmt::format("a string of {} bytes is over the limit of {} bytes for one string, --max-string",
                  wanted, limit));
}

void throw_fuel_limit(Task& task, uint64_t limit) {
  throw_limit(
      task.heap(), "java.lang.InternalError",
      fmt::format(
          "the script used its limit of {} evaluator operations without a pause, --max-operations "
          "(line {}): is this an "
          "endless loop?",
          limit, task.line()));
}

void throw_depth_limit(Task& task, int limit) {
  throw_error(task, "java.lang.StackOverflowError",
              fmt::format("calls are nested deeper than the limit of {}, --max-call-depth: is this "
                          "an endless recursion?",
                          limit));
}

void throw_stack_limit(Task& task) {
  throw_error(task, "java.lang.StackOverflowError",
              "the stack of this branch is used up: expressions and calls are nested too deep");
}

}  // namespace ks::groovy
