#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "groovy/interpreter.h"
#include "groovy/runtime/objects.h"
#include "groovy/value.h"

/// Java classes that the library knows (static, shared by all runs) and classes of scripts (per
/// run).

namespace ks::groovy {

struct ClassDef;

/// A class as a value. Library classes are never freed and are the same in all runs.
class ClassInfo : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::klass;
  ClassInfo() : Object(ObjectKind::klass) {}

  std::string name;  ///< `java.util.Map$Entry`
  ClassInfo* super = nullptr;
  std::vector<ClassInfo*> interfaces;
  /// Itself and all it extends or implements: classes first, nearest first, then interfaces, Object
  /// last.
  std::vector<ClassInfo*> line;
  ClassInfo* element = nullptr;  ///< of an array class
  Kind primitive = Kind::null;   ///< of `int` and its like; Kind::object stands for `void`
  bool is_interface = false;
  bool is_enum = false;
  bool is_user = false;       ///< a UserClass
  bool is_throwable = false;  ///< extends java.lang.Throwable

  std::string_view simple_name() const;
  std::string_view package() const;
  bool is_a(const ClassInfo* other) const {
    for (const ClassInfo* each : line) {
      if (each == other) return true;
    }
    return false;
  }
  /// To be called once super and interfaces stand.
  void build_line();
  size_t footprint() const override { return sizeof(ClassInfo) + line.capacity() * sizeof(void*); }
};

/// A user-visible object of a script class, or of an exception class.
struct ThrowableData {
  Value message;
  Value cause;
  std::vector<TraceLine> trace;
  std::vector<std::pair<std::string, Value>> properties;
  std::vector<Value> suppressed;
};

class Instance final : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::instance;
  explicit Instance(ClassInfo* instance_class);
  ~Instance() override;
  ClassInfo* cls;  ///< kept alive by class_ref
  Value class_ref;
  std::vector<Value> fields;  ///< by slot of the UserClass
  Value outer;                ///< the enclosing instance of an inner class
  Value base;  ///< library object that a script class extends (HashMap, ArrayList), or the binding
               ///< of a script
  std::unique_ptr<ThrowableData> throwable;
  size_t footprint() const override { return sizeof(Instance) + fields.capacity() * sizeof(Value); }
};

// ----- library classes -----

struct ClassRow {
  std::string_view name;
  std::string_view super;       ///< empty: java.lang.Object
  std::string_view interfaces;  ///< comma separated
  bool is_interface = false;
};

/// The classes that the core itself names.
struct Types {
  ClassInfo *object, *string, *gstring, *char_sequence, *number, *comparable, *serializable,
      *cloneable, *iterable;
  ClassInfo *boolean_, *character, *byte_, *short_, *integer, *long_, *float_, *double_,
      *big_integer, *big_decimal;
  ClassInfo *p_boolean, *p_char, *p_byte, *p_short, *p_int, *p_long, *p_float, *p_double, *p_void;
  ClassInfo *collection, *list, *array_list, *linked_list, *vector, *stack, *set, *hash_set,
      *linked_hash_set, *tree_set, *sorted_set, *map, *linked_hash_map, *hash_map, *tree_map,
      *sorted_map, *hashtable, *concurrent_map, *properties, *weak_map, *unmodifiable_list,
      *unmodifiable_map, *unmodifiable_set, *arrays_list, *map_with_default, *list_with_default,
      *map_entry, *queue, *deque;
  ClassInfo *range, *int_range, *object_range, *closure, *method_closure, *curried_closure,
      *composed_closure, *klass, *pattern, *matcher, *match_result, *string_builder, *string_buffer,
      *string_writer, *iterator, *null_object;
  ClassInfo *script, *groovy_object, *enum_, *throwable, *exception, *runtime_exception, *error,
      *stack_trace_element;
};

/// Made at first use, then the same for the whole process.
const Types& types();
/// A library class by full name, or null.
ClassInfo* library_class(std::string_view full_name);
/// By simple name, through Groovy's default imports (java.lang, java.util, java.io, java.net,
/// groovy.lang, groovy.util, BigDecimal, BigInteger); null when there is none.
ClassInfo* default_class(std::string_view simple_name);
/// Whether the JDK or Jenkins has such a class although we give no access to it:
/// RejectedAccessException instead of a compile error.
bool is_forbidden_class(std::string_view full_name);
/// Full name of a forbidden class that a simple name means by default imports (`Runtime`, `File`),
/// or empty.
std::string_view forbidden_default_class(std::string_view simple_name);

/// The class of a value; java.lang.Object's for null is never asked.
ClassInfo* class_of(const Value& value);
/// `java.lang.String`; `null` for null.
std::string class_name_of(const Value& value);
/// int -> java.lang.Integer; others as they are.
ClassInfo* boxed(ClassInfo* type);

// ----- library methods -----

/// What a library function gets.
struct Call {
  Task& task;
  Interpreter& in;
  const Value& self;
  Args args;

  Heap& heap() const { return task.heap(); }
  size_t count() const { return args.size(); }
  const Value& arg(size_t index) const { return args[index]; }
  /// Text of a String, GString or any other argument.
  std::string text(size_t index) const;
  int32_t to_int(size_t index) const;
  int64_t to_long(size_t index) const;
  double to_double(size_t index) const;
  Closure* closure(size_t index) const { return args[index].as<Closure>(); }
  std::string self_text() const;
};

using Native = Value (*)(Call&);

/// One library method: data, found by receiver class, name and arguments.
///
/// A signature has one letter an argument. The first row that fits is taken, so write the special
/// ones first:
///   O anything   S String or GString   s CharSequence   I int (byte, short, int; char and long too
///   if they fit)   J integral N number     Z boolean    c char or one-letter text   D floating or
///   any number C closure    L list (List, range, array)    K collection (list, set, range, array)
///   M map    P Pattern R range      X class     E comparator (closure or Comparator)     T
///   Throwable      B byte[]    A array
///   *            after a letter: any number of those, at the end only
/// Null fits O, S, s, L, K and E.
/// A static method's name begins with `static `, a constructor's is `new`, a static field's begins
/// with `static ` and its signature is "=".
struct MethodRow {
  std::string_view cls;
  std::string_view name;
  std::string_view signature;
  Native function;
};

/// What `self` of a method must be made of: a script's class may implement java.util.Map, but the
/// methods of the library's maps are of no use to it.
enum class Body : uint8_t {
  any,
  instance,  ///< an Instance: exceptions, enums, scripts
  own,       ///< one of our own kinds of object: strings, lists, maps, numbers, ...
};

struct Method {
  ClassInfo* cls;
  std::string_view signature;
  Native function;
  Body body = Body::any;
};

/// All library methods of one name, the most derived class first.
struct MethodGroup {
  std::string_view name;
  std::vector<Method> methods;
};

/// Null when no library class has a method of that name. The pointer is good for ever.
const MethodGroup* method_group(std::string_view name);
/// The method for receiver class and arguments; null when there is none.
const Method* find_method(const MethodGroup* group, const ClassInfo* receiver, Args args,
                          Body body = Body::own);
/// What a value is made of.
Body body_of(const Value& value);
bool fits_signature(std::string_view signature, Args args);
/// Names of all methods for receivers of this class (for "Possible solutions" and respondsTo).
struct MethodName {
  std::string_view name;
  const Method* method;
};
std::vector<MethodName> methods_of(const ClassInfo* receiver);

/// What one file of gdk/ adds. Listed in gdk/library.cc.
struct LibraryPart {
  std::span<const ClassRow> classes;
  std::span<const MethodRow> methods;
};

}  // namespace ks::groovy
