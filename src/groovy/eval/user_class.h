#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "groovy/eval/code.h"
#include "groovy/runtime/classes.h"
#include "groovy/runtime/objects.h"

namespace ks::groovy {

class UserClass;

struct MethodRef {
  const MethodDef* def = nullptr;
  UserClass* owner = nullptr;
  /// What overrides `def` with narrower parameters, and runs in its place: `foo(Long)` where `def`
  /// is `foo(T)` of a superclass `A<Long>`. Java's bridge methods.
  const MethodDef* bridge = nullptr;

  bool has_body() const;
};

/// Text with its hash, so that a Name of the program is hashed once only.
struct HashedText {
  std::string_view text;
  size_t hash;
};
struct HashText {
  using is_transparent = void;
  size_t operator()(HashedText key) const { return key.hash; }
  size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  size_t operator()(const std::string& key) const { return std::hash<std::string_view>{}(key); }
};
struct EqualText {
  using is_transparent = void;
  static std::string_view text(HashedText key) { return key.text; }
  static std::string_view text(std::string_view key) { return key; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return text(a) == text(b);
  }
};
template <class T>
using ByName = std::unordered_map<std::string, T, HashText, EqualText>;

struct FieldRef {
  const FieldDef* def = nullptr;
  UserClass* owner = nullptr;
  uint32_t index = 0;  ///< in Instance::fields, or in UserClass::statics of the owner
};

/// A class of a script, in one run.
class UserClass final : public ClassInfo {
 public:
  explicit UserClass(const ClassDef& definition) : def(definition) {
    name = definition.name;
    is_user = true;
    is_interface = definition.kind == ClassKind::interface || definition.kind == ClassKind::trait ||
                   definition.kind == ClassKind::annotation;
    is_enum = definition.kind == ClassKind::enum_;
  }

  const ClassDef& def;
  UserClass* user_super = nullptr;  ///< when the superclass is a script's own
  UserClass* outer = nullptr;
  ByName<std::vector<MethodRef>> methods;  ///< own, then inherited ones that are not overridden
  ByName<FieldRef> fields;
  uint32_t field_count = 0;  ///< with those of superclasses
  uint32_t first_own_field = 0;
  std::vector<Value> statics;
  std::vector<Value> enum_values;
  enum class Ready : uint8_t { no, running, yes } ready = Ready::no;
  size_t footprint() const override {
    return sizeof(UserClass) + methods.size() * 128 + fields.size() * 96 +
           statics.capacity() * sizeof(Value);
  }

  const std::vector<MethodRef>* find_methods(const Name& method) const {
    auto found = methods.find(HashedText{method.text, method.hash});
    return found == methods.end() ? nullptr : &found->second;
  }
  const FieldRef* find_field(const Name& field) const {
    auto found = fields.find(HashedText{field.text, field.hash});
    return found == fields.end() ? nullptr : &found->second;
  }
};

/// The best of the overloads for these arguments, or null.
const MethodRef* choose(Task& task, const std::vector<MethodRef>& overloads, Args args);

/// A method of the script's own class, or nothing when the class has none for these arguments.
/// Never methodMissing.
std::optional<Value> call_user_method(Task& task, const Value& receiver, const Name& name,
                                      Args args);
Value invoke_method(Task& task, const MethodRef& method, const Value& self, Args args);

/// Runs code with arguments bound to its parameters.
Value run_code(Task& task, const Code& code, const Value& self, UserClass* owner, Closure* closure,
               Args args);

/// Static initializers run at first use.
void ensure_ready(Task& task, UserClass& cls);
Value construct_user(Task& task, UserClass& cls, Args args, const Value& outer = {});

void run_constructor(Task& task, UserClass& cls, const Value& self, Args args);
/// Whether a constructor has one parameter of a type that takes this argument.
bool takes_one(Task& task, UserClass& cls, const Value& argument);
void run_super_constructor(Task& task, UserClass& cls, const Value& self, Args args);
/// Initial values of the class's own fields.
void finish_fields(Task& task, UserClass& cls, const Value& self);
/// (message), (cause) or (message, cause).
void set_throwable(Task& task, Instance& instance, Args args);

bool is_script(const Value& value);
/// Whether its base is an object of the library class that its class extends.
bool wraps(const Instance& instance);
/// The enum itself, also for constants that have a body of their own.
const ClassInfo* enum_class_of(const Instance& constant);
int32_t enum_ordinal(const Value& constant);
std::string enum_name(const Value& constant);
Value enum_value(Task& task, ClassInfo* cls, const std::string& name);
std::vector<Value> enum_values(Task& task, ClassInfo* cls);

/// A class by name: of the programs, the library, the host.
std::optional<Value> find_class(Task& task, std::string_view name);
/// Null when there is no such class (or only a host object stands for it).
ClassInfo* find_class_info(Task& task, std::string_view name);
/// The class that a type of the program means; throws when there is none.
ClassInfo* resolve(Task& task, const TypeRef& type);
/// The same as a value: a host object may stand for a class.
Value resolve_value(Task& task, const TypeRef& type);

/// An object that answers the methods of an interface with a closure, or with the closures of a
/// map.
Value implement_by_closure(Task& task, const Value& closure, ClassInfo* interface);
Value implement_by_map(Task& task, const Value& map, ClassInfo* type);
std::optional<Value> map_as(Task& task, const Value& map, ClassInfo* type);

std::string closure_name(const Closure& closure);
std::string throwable_text(Task& task, const Value& throwable);

/// Defines all classes of a program in this run.
void define_classes(Task& task, const ProgramRef& program);
UserClass* make_class(Task& task, const ClassDef& def);

}  // namespace ks::groovy
