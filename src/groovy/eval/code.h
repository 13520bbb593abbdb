#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "groovy/interpreter.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/value.h"

/// What the compiler makes of a syntax tree: variables are slots, names are looked up beforehand,
/// and nothing changes any more, so that runs and threads share it.

namespace ks::groovy {

class Frame;
struct ClassDef;

/// How a statement ended.
enum class Flow : uint8_t { normal, break_, continue_, return_ };

/// An expression.
struct Node {
  virtual ~Node() = default;
  virtual Value eval(Frame& frame) const = 0;
  uint32_t line = 0;
  uint32_t column = 0;
};
using NodePtr = std::unique_ptr<const Node>;

struct Statement {
  virtual ~Statement() = default;
  virtual Flow run(Frame& frame) const = 0;
  uint32_t line = 0;
};
using StatementPtr = std::unique_ptr<const Statement>;

/// A type as it was written. Library classes are known when compiling, the others are found by name
/// when running.
struct TypeRef {
  ClassInfo* known = nullptr;  ///< a library class, without the dimensions
  std::string name;            ///< otherwise: full name, or what was written
  std::vector<std::string>
      others;              ///< more full names it may have: by star imports, or as an inner class
  uint8_t dimensions = 0;  ///< of an array
  bool written = false;    ///< false: `def`, or nothing at all
};

/// What a variable of the class starts as: 0 or false of a primitive, else null.
Value zero_of(const ClassInfo& type);
Value zero_of(const TypeRef& type);

/// Where a closure finds a variable that it shares with the code around it, at the time it is made.
struct Capture {
  enum class From : uint8_t { slot, capture, hidden_field } from = From::slot;
  uint32_t index = 0;
};

struct Parameter {
  std::string name;
  TypeRef type;
  std::string type_variable;  ///< of the class, when the type was written as one: `T`
  NodePtr initial;            ///< default value
  uint32_t slot = 0;
  bool boxed = false;  ///< shared with a closure: the slot holds a Cell
};

/// The body of a script, method, constructor or closure.
struct Code {
  std::string name;  ///< for traces: `run`, `build`, `doCall`
  std::string class_name;
  std::string file;
  std::vector<Parameter> parameters;
  StatementPtr body;
  std::vector<Capture> captures;  ///< of closures
  uint32_t slots = 0;
  uint32_t line = 0;
  bool implicit_it = false;  ///< a closure without parameter list: one optional parameter
  bool varargs = false;      ///< the last parameter takes the rest
  bool is_closure = false;
  bool returns_value = true;
  TypeRef result;
};

enum class ClassKind : uint8_t { class_, interface, enum_, trait, annotation, script };

struct FieldDef {
  std::string name;
  TypeRef type;
  bool is_static = false;
  bool is_final = false;
  bool is_property = false;  ///< no access modifier: getter and setter come with it
  bool is_private = false;
};

struct MethodDef {
  std::unique_ptr<Name> name;
  Code code;
  bool is_static = false;
  bool is_abstract = false;
  bool is_private = false;
};

struct EnumConstant {
  std::string name;
  std::vector<NodePtr> arguments;
  std::unique_ptr<ClassDef> body;  ///< class of a constant with methods of its own
};

struct ClassDef {
  std::string name;  ///< full: `org.foo.Bar$Inner`
  ClassKind kind = ClassKind::class_;
  TypeRef super;
  std::vector<TypeRef> interfaces;
  std::vector<std::string> type_variables;  ///< that it declares: `T` of `class A<T>`
  std::vector<TypeRef> super_arguments;     ///< what it makes of those of its superclass
  std::vector<std::vector<TypeRef>> interface_arguments;  ///< the same of `interfaces`
  std::vector<FieldDef> fields;
  std::vector<std::unique_ptr<MethodDef>> methods;
  std::vector<std::unique_ptr<MethodDef>> constructors;
  std::vector<EnumConstant> constants;
  std::unique_ptr<Code>
      initializer;  ///< fields' initial values and initializer blocks; no parameters
  std::unique_ptr<Code> static_initializer;
  std::vector<Capture> captures;  ///< variables that an anonymous class shares with the code around
                                  ///< it: its first own fields are hidden and hold their Cells
  std::vector<std::unique_ptr<ClassDef>> anonymous;  ///< classes made inside of it
  const ClassDef* outer = nullptr;
  bool is_static = false;
  bool is_abstract = false;
  bool is_anonymous = false;
  uint32_t line = 0;
  std::string file;
};

}  // namespace ks::groovy
