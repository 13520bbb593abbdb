#include "groovy/runtime/dispatch.h"

#include <algorithm>

#include "groovy/eval/frame.h"
#include "groovy/eval/user_class.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"

namespace ks::groovy {

namespace {

std::string accessor(std::string_view prefix, std::string_view property) {
  std::string out(prefix);
  out += property;
  if (!property.empty())
    out[prefix.size()] = static_cast<char>(std::toupper(static_cast<unsigned char>(property[0])));
  return out;
}

}  // namespace

namespace {

/// The property that a getter or setter of this name belongs to, or nothing.
std::string accessed_property(std::string_view name) {
  size_t prefix = name.starts_with("get") || name.starts_with("set") ? 3
                  : name.starts_with("is")                           ? 2
                                                                     : 0;
  if (prefix == 0 || name.size() <= prefix ||
      std::islower(static_cast<unsigned char>(name[prefix])) != 0) {
    return {};
  }
  std::string out(name.substr(prefix));
  bool acronym = out.size() > 1 && std::isupper(static_cast<unsigned char>(out[0])) != 0 &&
                 std::isupper(static_cast<unsigned char>(out[1])) != 0;
  if (!acronym) out[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(out[0])));
  return out;
}

}  // namespace

Name::Name(std::string_view name_text)
    : text(name_text),
      hash(std::hash<std::string_view>{}(text)),
      getter(accessor("get", text)),
      bool_getter(accessor("is", text)),
      setter(accessor("set", text)),
      property(accessed_property(text)),
      methods(method_group(text)),
      getters(method_group(getter)),
      bool_getters(method_group(bool_getter)),
      setters(method_group(setter)) {}

const Name& name_of(Task& task, std::string_view text) {
  auto& names = task.interpreter().state().names;
  auto found = names.find(std::string(text));
  if (found != names.end()) return *found->second;
  // Names made by a script at run time are bounded by its heap.
  task.heap().check_room(text.size() + sizeof(Name));
  if (names.size() >= 100'000)
    throw_error(task, "java.lang.IllegalStateException", "too many different dynamic names");
  auto made = std::make_unique<Name>(text);
  return *names.emplace(std::string(text), std::move(made)).first->second;
}

const Value& underlying(const Value& value) {
  if (const Instance* instance = value.as<Instance>()) {
    if (wraps(*instance)) return instance->base;
  }
  return value;  // NOLINT(bugprone-return-const-ref-from-parameter): no temporary may be given
}

namespace {

std::optional<Value> run_library(Task& task, const MethodGroup* group, const ClassInfo* cls,
                                 const Value& self, Args args) {
  const Method* method = find_method(group, cls, args, body_of(self));
  if (method == nullptr) return std::nullopt;
  task.spend();
  CallScope::check_stack(task);  // library functions that call each other end here, too
  Call call{task, task.interpreter(), self, args};
  return method->function(call);
}

/// Static methods may be called on objects of their class: `5.parseInt('7')`.
std::optional<Value> library_static(Task& task, const Value& receiver, const Name& name,
                                    Args args) {
  const MethodGroup* group = method_group("static " + name.text);
  if (group == nullptr) return std::nullopt;
  ClassInfo* cls = class_of(receiver);
  const Method* method = find_method(group, cls, args);
  if (method == nullptr || method->signature == "=") return std::nullopt;
  return run_library(task, group, cls, Value(cls), args);
}

std::optional<Value> library_group(Task& task, const Value& receiver, const MethodGroup* group,
                                   Args args) {
  if (group == nullptr) return std::nullopt;
  const Types& t = types();
  ClassInfo* cls = class_of(receiver);
  if (receiver.is_object()) {
    switch (receiver.object()->object_kind()) {
      case ObjectKind::gstring: {
        // A GString has Object's methods, and all of its text.
        Value text = task.heap().string(to_string(task, receiver));
        const Method* own = find_method(group, cls, args);
        static constexpr std::string_view kIdentity[] = {"hashCode", "equals", "getClass", "is",
                                                         "asType"};
        bool itself = std::find(std::begin(kIdentity), std::end(kIdentity), group->name) !=
                      std::end(kIdentity);
        if (own != nullptr && (itself || (own->cls != t.object && own->cls != t.char_sequence))) {
          return run_library(task, group, cls, receiver, args);
        }
        if (std::optional<Value> out = run_library(task, group, t.string, text, args)) return out;
        return run_library(task, group, cls, receiver, args);
      }
      case ObjectKind::array: {
        const Method* own = find_method(group, cls, args);
        if (own != nullptr && own->cls != t.object)
          return run_library(task, group, cls, receiver, args);
        if (std::optional<Value> out = run_library(task, group, t.array_list, receiver, args))
          return out;
        return run_library(task, group, cls, receiver, args);
      }
      case ObjectKind::instance: {
        auto* instance = receiver.as<Instance>();
        if (wraps(*instance)) {
          const Method* own = find_method(group, class_of(instance->base), args);
          if (own != nullptr && own->cls != t.object) {
            Value base = instance->base;
            return run_library(task, group, class_of(base), base, args);
          }
        }
        break;
      }
      default: break;
    }
  }
  return run_library(task, group, cls, receiver, args);
}

std::optional<Value> call_property_closure(Task& task, const Value& receiver, const Name& name,
                                           Args args) {
  std::optional<Value> value;
  if (auto* map = receiver.as<Map>()) {
    Table::Item* item = map->table.find(name.text);
    if (item != nullptr) value = item->value;
  } else {
    value = try_get_property(task, receiver, name);
  }
  if (!value || !value->is<Closure>()) return std::nullopt;
  return value->as<Closure>()->call(task, args);
}

/// The property that `getX()`, `isX()` or `setX(value)` is an accessor of, when these come with it.
const FieldRef* accessed_field(const UserClass& cls, const Name& name) {
  if (name.property.empty()) return nullptr;
  auto found = cls.fields.find(std::string_view(name.property));
  if (found == cls.fields.end()) return nullptr;
  const FieldRef& field = found->second;
  if (!field.def->is_property) return nullptr;
  if (name.text[0] == 's') return field.def->is_final ? nullptr : &field;
  bool is_flag = field.def->type.known == types().p_boolean && field.def->type.dimensions == 0;
  return name.text[0] == 'i' && !is_flag ? nullptr : &field;
}

/// Calls an accessor that the class does not write itself. `instance` is null for a call on the
/// class.
std::optional<Value> call_accessor(Task& task, const UserClass& cls, Instance* instance,
                                   const Name& name, Args args) {
  const FieldRef* field = accessed_field(cls, name);
  bool setter = name.text[0] == 's';
  if (field == nullptr || args.size() != (setter ? 1 : 0)) return std::nullopt;
  if (!field->def->is_static && instance == nullptr) return std::nullopt;
  if (field->def->is_static) ensure_ready(task, *field->owner);
  if (!setter) {
    return field->def->is_static ? field->owner->statics[field->index]
                                 : instance->fields[field->index];
  }
  Value converted = args[0];
  if (field->def->type.written) {
    ClassInfo* type = resolve(task, field->def->type);
    if (distance(type, args[0]) < 0) return std::nullopt;
    converted = cast(task, args[0], type);
  }
  (field->def->is_static ? field->owner->statics : instance->fields)[field->index] =
      std::move(converted);
  return Value{};
}

const Name& method_missing_name() {
  static const Name kName("methodMissing");
  return kName;
}

/// What an object of an inner class asks when it has no answer itself: the object around it, or the
/// class around when it is static.
Value enclosing(const Value& receiver) {
  const auto* instance = receiver.as<Instance>();
  if (instance == nullptr || !instance->cls->is_user || is_script(receiver)) return {};
  if (!instance->outer.is_null()) return Value(instance->outer);
  auto* cls = static_cast<UserClass*>(instance->cls);
  return cls->outer == nullptr || cls->is_enum ? Value{} : Value(cls->outer);
}

/// The one whose lack of a method or property is told.
Value answerable(const Value& receiver) {
  Value at = receiver;
  if (auto* cls = at.as<ClassInfo>(); cls != nullptr && cls->is_user) {
    auto* user = static_cast<UserClass*>(cls);
    while (user->outer != nullptr && !user->is_enum) user = user->outer;
    return Value(user);
  }
  for (Value next = enclosing(at); !next.is_null(); next = enclosing(at)) at = next;
  return at;
}

std::optional<Value> call_on_instance(Task& task, const Value& receiver, const Name& name,
                                      Args args) {
  auto* instance = receiver.as<Instance>();
  if (instance->cls->is_user) {
    if (std::optional<Value> out = call_user_method(task, receiver, name, args)) return out;
    auto* cls = static_cast<UserClass*>(instance->cls);
    if (std::optional<Value> out = call_accessor(task, *cls, instance, name, args)) return out;
    if (const FieldRef* field = cls->find_field(name)) {
      Value value = field->def->is_static ? field->owner->statics[field->index]
                                          : instance->fields[field->index];
      if (value.is<Closure>()) return value.as<Closure>()->call(task, args);
      static const Name kCall("call");
      if (value.is<Instance>() && responds_to(task, value, kCall))
        return call_method(task, value, kCall, args);
    }
  }
  if (is_script(receiver) && !instance->base.is_null()) {
    if (auto* binding = instance->base.as<Map>()) {
      if (Table::Item* item = binding->table.find(name.text)) {
        Value value = item->value;
        if (value.is<Closure>() || value.is<Instance>() || value.is<HostObject>())
          return call_value(task, value, args);
      }
    }
  }
  // A host's `sleep` is a step that other fibers run beside; the library's would stop them all.
  if (is_script(receiver) && name.text == "sleep") {
    if (std::optional<Value> out = task.interpreter().host().call_step(task, name.text, args))
      return out;
  }
  if (std::optional<Value> out = library_group(task, receiver, name.methods, args)) return out;
  if (instance->cls->is_user && !is_script(receiver)) {
    if (std::optional<Value> out = call_property_closure(task, receiver, name, args)) return out;
  }
  if (instance->cls->is_user) {
    static const Name kInvoke("invokeMethod");
    Value list = make_array(task, types().object, std::vector<Value>(args.begin(), args.end()));
    Value missing[] = {task.heap().string(name.text), list};
    if (std::optional<Value> out = call_user_method(task, receiver, method_missing_name(), missing))
      return out;
    if (std::optional<Value> out = call_user_method(task, receiver, kInvoke, missing)) return out;
  }
  if (is_script(receiver)) return task.interpreter().host().call_step(task, name.text, args);
  Value around = enclosing(receiver);
  if (around.is<ClassInfo>()) return try_call_static(task, around.as<ClassInfo>(), name, args);
  return around.is_null() ? std::nullopt : try_call_method(task, around, name, args);
}

std::optional<Value> call_on_closure(Task& task, const Value& receiver, const Name& name,
                                     Args args) {
  auto* closure = receiver.as<Closure>();
  if (name.text == "call" || name.text == "doCall") return closure->call(task, args);
  if (std::optional<Value> out = library_group(task, receiver, name.methods, args)) return out;
  return closure_call(task, *closure, name, args);
}

std::optional<Value> call_on_null(Task& task, const Name& name, Args args) {
  if (std::optional<Value> out =
          run_library(task, name.methods, types().null_object, Value{}, args)) {
    return out;
  }
  throw_null_call(task, name.text);
}

}  // namespace

std::optional<Value> call_library(Task& task, const Value& receiver, const Name& name, Args args) {
  return library_group(task, receiver, name.methods, args);
}

namespace {

/// Inside of `use (Category) { ... }`: a static method whose first parameter takes the receiver.
std::optional<Value> call_category(Task& task, const Value& receiver, const Name& name, Args args) {
  std::vector<ClassInfo*> categories = task.interpreter().state().categories;
  std::vector<Value> all{receiver};
  all.insert(all.end(), args.begin(), args.end());
  for (auto category = categories.rbegin(); category != categories.rend(); ++category) {
    if (!(*category)->is_user) continue;
    auto* cls = static_cast<UserClass*>(*category);
    const std::vector<MethodRef>* overloads = cls->find_methods(name);
    if (overloads == nullptr) continue;
    const MethodRef* method = choose(task, *overloads, all);
    if (method != nullptr && method->def->is_static &&
        method->def->code.parameters.size() == all.size()) {
      return invoke_method(task, *method, Value(method->owner), all);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Value> try_call_method(Task& task, const Value& receiver, const Name& name,
                                     Args args) {
  if (!task.interpreter().state().categories.empty()) {
    if (std::optional<Value> out = call_category(task, receiver, name, args)) return out;
  }
  if (receiver.is_null()) return call_on_null(task, name, args);
  if (!receiver.is_object()) {
    if (std::optional<Value> out = library_group(task, receiver, name.methods, args)) return out;
    return library_static(task, receiver, name, args);
  }
  switch (receiver.object()->object_kind()) {
    case ObjectKind::instance: return call_on_instance(task, receiver, name, args);
    case ObjectKind::closure: return call_on_closure(task, receiver, name, args);
    case ObjectKind::klass: return try_call_static(task, receiver.as<ClassInfo>(), name, args);
    case ObjectKind::map: {
      if (std::optional<Value> out = library_group(task, receiver, name.methods, args)) return out;
      return call_property_closure(task, receiver, name, args);
    }
    case ObjectKind::host: {
      if (std::optional<Value> out = receiver.as<HostObject>()->call_method(task, name.text, args))
        return out;
      if (std::optional<Value> out = library_group(task, receiver, name.methods, args)) return out;
      if (args.empty() && name.text.size() > 3 && name.text.starts_with("get")) {
        std::string property = name.text.substr(3);
        property[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(property[0])));
        if (std::optional<Value> out = receiver.as<HostObject>()->get_property(task, property))
          return out;
      }
      return call_property_closure(task, receiver, name, args);
    }
    case ObjectKind::native: {
      if (std::optional<Value> out = library_group(task, receiver, name.methods, args)) return out;
      auto* native = receiver.as_dynamic<NativeObject>();
      if (native == nullptr) return std::nullopt;
      if (std::optional<Value> out = native->call_method(task, name.text, args)) return out;
      return call_property_closure(task, receiver, name, args);
    }
    default: {
      if (std::optional<Value> out = library_group(task, receiver, name.methods, args)) return out;
      return library_static(task, receiver, name, args);
    }
  }
}

Value call_method(Task& task, const Value& receiver, const Name& name, Args args) {
  if (std::optional<Value> out = try_call_method(task, receiver, name, args))
    return std::move(*out);
  Value told = answerable(receiver);
  throw_missing_method(task, told, name.text, args, told.is<ClassInfo>());
}

// ----- static calls -----

std::optional<Value> try_call_static(Task& task, ClassInfo* cls, const Name& name, Args args) {
  if (cls->is_user) {
    auto* user = static_cast<UserClass*>(cls);
    ensure_ready(task, *user);
    if (const std::vector<MethodRef>* overloads = user->find_methods(name)) {
      std::vector<MethodRef> statics;
      for (const MethodRef& each : *overloads) {
        if (each.def->is_static) statics.push_back(each);
      }
      if (const MethodRef* method = choose(task, statics, args)) {
        return invoke_method(task, *method, Value(method->owner), args);
      }
    }
    if (std::optional<Value> out = call_accessor(task, *user, nullptr, name, args)) return out;
    if (const FieldRef* field = user->find_field(name); field != nullptr && field->def->is_static) {
      Value value = field->owner->statics[field->index];
      if (value.is<Closure>()) return value.as<Closure>()->call(task, args);
    }
    if (cls->is_enum && name.text == "values" && args.empty()) {
      return Value(make_array(task, cls, enum_values(task, cls)));
    }
    if (cls->is_enum && name.text == "valueOf" && args.size() == 1) {
      return enum_value(task, cls, to_string(task, args[0]));
    }
  }
  if (const MethodGroup* group = method_group("static " + name.text)) {
    if (std::optional<Value> out = run_library(task, group, cls, Value(cls), args)) return out;
  }
  if (std::optional<Value> out = run_library(task, name.methods, types().klass, Value(cls), args))
    return out;
  if (cls->is_user) {
    static const Name kStaticMissing("$static_methodMissing");
    Value list = make_array(task, types().object, std::vector<Value>(args.begin(), args.end()));
    Value missing[] = {task.heap().string(name.text), list};
    auto* user = static_cast<UserClass*>(cls);
    if (const std::vector<MethodRef>* overloads = user->find_methods(kStaticMissing)) {
      if (const MethodRef* method = choose(task, *overloads, missing)) {
        return invoke_method(task, *method, Value(cls), missing);
      }
    }
    if (user->outer != nullptr && !user->is_enum)
      return try_call_static(task, user->outer, name, args);
  }
  return std::nullopt;
}

Value call_static(Task& task, ClassInfo* cls, const Name& name, Args args) {
  if (std::optional<Value> out = try_call_static(task, cls, name, args)) return std::move(*out);
  throw_missing_method(task, answerable(Value(cls)), name.text, args, true);
}

bool responds_to(Task& task, const Value& receiver, const Name& name) {
  if (receiver.is_null()) return false;
  ClassInfo* cls = class_of(receiver);
  if (cls->is_user && (static_cast<UserClass*>(cls)->find_methods(name) != nullptr ||
                       accessed_field(*static_cast<UserClass*>(cls), name) != nullptr)) {
    return true;
  }
  if (receiver.is<ClassInfo>()) {
    ClassInfo* self = receiver.as<ClassInfo>();
    if (self->is_user && static_cast<UserClass*>(self)->find_methods(name) != nullptr) return true;
  }
  if (name.methods != nullptr) {
    for (const Method& method : name.methods->methods) {
      if (cls->is_a(method.cls)) return true;
    }
    const Value& base = underlying(receiver);
    if (!base.same(receiver)) return responds_to(task, base, name);
  }
  return false;
}

// ----- properties -----

namespace {

std::optional<Value> library_property(Task& task, const Value& receiver, const Name& name) {
  if (std::optional<Value> out = library_group(task, receiver, name.getters, {})) return out;
  return library_group(task, receiver, name.bool_getters, {});
}

std::optional<Value> script_variable(Task& task, const Value& receiver, const Name& name) {
  auto* instance = receiver.as<Instance>();
  if (auto* binding = instance->base.as<Map>()) {
    if (Table::Item* item = binding->table.find(name.text)) return item->value;
  }
  return task.interpreter().host().global(task, name.text);
}

std::optional<Value> user_getter(Task& task, const Value& receiver, UserClass& cls,
                                 const Name& name) {
  auto call = [&](const std::string& getter) -> std::optional<Value> {
    auto found = cls.methods.find(std::string_view(getter));
    if (found == cls.methods.end()) return std::nullopt;
    const MethodRef* method = choose(task, found->second, {});
    if (method == nullptr) return std::nullopt;
    return invoke_method(task, *method, receiver, {});
  };
  if (std::optional<Value> out = call(name.getter)) return out;
  return call(name.bool_getter);
}

std::optional<Value> throwable_property(const Instance& instance, const Name& name) {
  for (const auto& [key, value] : instance.throwable->properties) {
    if (key == name.text) return value;
  }
  return std::nullopt;
}

std::optional<Value> property_of_instance(Task& task, const Value& receiver, const Name& name) {
  auto* instance = receiver.as<Instance>();
  if (instance->base.is<Map>() && !is_script(receiver)) {
    Table::Item* item = instance->base.as<Map>()->table.find(name.text);
    return item != nullptr ? item->value : Value{};
  }
  if (instance->cls->is_user) {
    auto& cls = *static_cast<UserClass*>(instance->cls);
    static const Name kOwnGet("getProperty");
    if (cls.find_methods(kOwnGet) != nullptr && !is_script(receiver)) {
      Value args[] = {task.heap().string(name.text)};
      if (std::optional<Value> out = call_user_method(task, receiver, kOwnGet, args)) return out;
    }
    bool script = is_script(receiver);
    if (script) {
      if (const FieldRef* field = cls.find_field(name)) {
        return field->def->is_static ? field->owner->statics[field->index]
                                     : instance->fields[field->index];
      }
      if (std::optional<Value> out = script_variable(task, receiver, name)) return out;
    }
    if (std::optional<Value> out = user_getter(task, receiver, cls, name)) return out;
    if (const FieldRef* field = cls.find_field(name)) {
      return field->def->is_static ? field->owner->statics[field->index]
                                   : instance->fields[field->index];
    }
    if (cls.is_enum || cls.is_a(types().enum_)) {
      if (std::optional<Value> constant = try_get_property(task, Value(&cls), name);
          constant && name.text != "name") {
        if (constant->is<Instance>()) return constant;
      }
    }
  }
  if (instance->throwable != nullptr) {
    if (std::optional<Value> out = throwable_property(*instance, name)) return out;
  }
  if (name.text == "this$0" && !instance->outer.is_null()) return instance->outer;
  if (std::optional<Value> out = library_property(task, receiver, name)) return out;
  if (instance->cls->is_user) {
    static const Name kMissing("propertyMissing");
    static const Name kPlainGet("get");
    Value args[] = {task.heap().string(name.text)};
    if (std::optional<Value> out = call_user_method(task, receiver, kMissing, args)) return out;
    if (std::optional<Value> out = call_user_method(task, receiver, kPlainGet, args)) return out;
    Value around = enclosing(receiver);
    if (!around.is_null()) return try_get_property(task, around, name);
  }
  return std::nullopt;
}

std::optional<Value> property_of_class(Task& task, ClassInfo* cls, const Name& name) {
  if (cls->is_user) {
    auto* user = static_cast<UserClass*>(cls);
    ensure_ready(task, *user);
    auto found = user->methods.find(std::string_view(name.getter));
    if (found != user->methods.end()) {
      for (const MethodRef& each : found->second) {
        if (each.def->is_static && each.def->code.parameters.empty())
          return invoke_method(task, each, Value(cls), {});
      }
    }
    if (const FieldRef* field = user->find_field(name); field != nullptr && field->def->is_static) {
      return field->owner->statics[field->index];
    }
    for (const Value& constant : enum_values(task, cls)) {
      if (enum_name(constant) == name.text) return constant;
    }
    // A class inside, named through its outer one.
    if (ClassInfo* inner = find_class_info(task, cls->name + "$" + name.text)) return Value(inner);
  }
  if (const MethodGroup* group = method_group("static " + name.text)) {
    for (const Method& method : group->methods) {
      if (method.signature != "=" || !cls->is_a(method.cls)) continue;
      Call call{task, task.interpreter(), Value(cls), {}};
      return method.function(call);
    }
  }
  if (const MethodGroup* group = method_group("static " + name.getter)) {
    if (std::optional<Value> out = run_library(task, group, cls, Value(cls), {})) return out;
  }
  if (std::optional<Value> out = run_library(task, name.getters, types().klass, Value(cls), {}))
    return out;
  if (std::optional<Value> out =
          run_library(task, name.bool_getters, types().klass, Value(cls), {}))
    return out;
  if (cls->is_user) {
    static const Name kMissing("$static_propertyMissing");
    auto* user = static_cast<UserClass*>(cls);
    Value args[] = {task.heap().string(name.text)};
    if (const std::vector<MethodRef>* overloads = user->find_methods(kMissing)) {
      if (const MethodRef* method = choose(task, *overloads, args))
        return invoke_method(task, *method, Value(cls), args);
    }
    if (user->outer != nullptr && !user->is_enum) return property_of_class(task, user->outer, name);
  }
  return std::nullopt;
}

std::optional<Value> property_of_closure(Task& task, const Value& receiver, const Name& name) {
  auto* closure = receiver.as<Closure>();
  if (name.text == "owner") return closure->owner;
  if (name.text == "delegate") return closure->delegate;
  if (name.text == "thisObject") return closure->self;
  if (name.text == "directive") return closure->directive;
  if (std::optional<Value> out = library_property(task, receiver, name)) return out;
  return closure_get(task, *closure, name);
}

Value spread_property(Task& task, const Value& receiver, const Name& name) {
  // Unlike `list*.name`, `list.name` leaves nulls out.
  std::vector<Value> out;
  for (const Value& each : items_of(task, receiver)) {
    if (each.is_null()) continue;
    std::optional<Value> value = try_get_property(task, each, name);
    if (!value) {
      std::string reason =
          "Exception evaluating property '" + name.text + "' for " + class_name_of(receiver) +
          ", Reason: groovy.lang.MissingPropertyException: No such property: " + name.text +
          " for class: " +
          (each.is<ClassInfo>() ? each.as<ClassInfo>()->name : class_name_of(each));
      throw_error(task, "groovy.lang.MissingPropertyException", reason);
    }
    out.push_back(std::move(*value));
  }
  return task.heap().make<List>(std::move(out));
}

}  // namespace

std::optional<Value> try_get_property(Task& task, const Value& receiver, const Name& name) {
  if (receiver.is_null()) throw_null_property(task, name.text, false);
  if (!receiver.is_object()) return library_property(task, receiver, name);
  switch (receiver.object()->object_kind()) {
    case ObjectKind::instance: return property_of_instance(task, receiver, name);
    case ObjectKind::klass: return property_of_class(task, receiver.as<ClassInfo>(), name);
    case ObjectKind::closure: return property_of_closure(task, receiver, name);
    case ObjectKind::map: {
      auto* map = receiver.as<Map>();
      if (map->default_maker.is_null() && map->table.order() != Table::Order::sorted) {
        Table::Item* item = map->table.find(name.text);
        return item != nullptr ? item->value : Value{};
      }
      return get_at(task, receiver, task.heap().string(name.text));
    }
    case ObjectKind::host: {
      if (std::optional<Value> out = receiver.as<HostObject>()->get_property(task, name.text))
        return out;
      return library_property(task, receiver, name);
    }
    case ObjectKind::native: {
      auto* native = receiver.as_dynamic<NativeObject>();
      if (native == nullptr) return std::nullopt;
      if (std::optional<Value> out = native->get_property(task, name.text)) return out;
      return library_property(task, receiver, name);
    }
    case ObjectKind::list:
    case ObjectKind::set:
    case ObjectKind::range:
    case ObjectKind::array: {
      if (receiver.is<Array>() && name.text == "length") {
        return Value::of_int(static_cast<int32_t>(receiver.as<Array>()->items.size()));
      }
      if (const auto* list = receiver.as<List>();
          list != nullptr && list->flavour == List::Flavour::nodes)
        return get_at(task, receiver, task.heap().string(name.text));
      if (std::optional<Value> out = library_property(task, receiver, name)) {
        if (name.text != "bytes" && name.text != "chars" && name.text != "at") return out;
      }
      return spread_property(task, receiver, name);
    }
    default: return library_property(task, receiver, name);
  }
}

Value get_property(Task& task, const Value& receiver, const Name& name) {
  if (std::optional<Value> out = try_get_property(task, receiver, name)) return std::move(*out);
  Value told = answerable(receiver);
  throw_missing_property(task, name.text,
                         told.is<ClassInfo>() ? told.as<ClassInfo>()->name : class_name_of(told));
}

namespace {

bool library_setter(Task& task, const Value& receiver, const Name& name, const Value& value) {
  Value args[] = {value};
  return library_group(task, receiver, name.setters, args).has_value();
}

[[noreturn]] void throw_read_only(Task& task, const Name& name, std::string_view class_name) {
  throw_error(
      task, "groovy.lang.ReadOnlyPropertyException",
      "Cannot set readonly property: " + name.text + " for class: " + std::string(class_name));
}

bool set_on_instance(Task& task, const Value& receiver, const Name& name, const Value& value) {
  auto* instance = receiver.as<Instance>();
  if (instance->cls->is_user) {
    auto& cls = *static_cast<UserClass*>(instance->cls);
    static const Name kOwnSet("setProperty");
    if (cls.find_methods(kOwnSet) != nullptr && !is_script(receiver)) {
      Value args[] = {task.heap().string(name.text), value};
      if (call_user_method(task, receiver, kOwnSet, args)) return true;
    }
    auto found = cls.methods.find(std::string_view(name.setter));
    if (found != cls.methods.end()) {
      Value args[] = {value};
      if (const MethodRef* method = choose(task, found->second, args)) {
        invoke_method(task, *method, receiver, args);
        return true;
      }
      if (found->second.front().def->code.parameters.size() == 1) {
        Value converted[] = {
            cast(task, value, resolve(task, found->second.front().def->code.parameters[0].type))};
        invoke_method(task, found->second.front(), receiver, converted);
        return true;
      }
    }
    if (const FieldRef* field = cls.find_field(name)) {
      if (field->def->is_final && field->def->is_property) throw_read_only(task, name, cls.name);
      Value converted =
          field->def->type.written ? cast(task, value, resolve(task, field->def->type)) : value;
      (field->def->is_static ? field->owner->statics : instance->fields)[field->index] =
          std::move(converted);
      return true;
    }
    if (cls.methods.contains(std::string_view(name.getter))) {
      if (!is_script(receiver)) throw_read_only(task, name, cls.name);
    }
    if (is_script(receiver)) {
      if (task.interpreter().host().set_global(task, name.text, value)) return true;
      auto* binding = instance->base.as<Map>();
      binding->table.put(task, task.heap().string(name.text), value);
      task.heap().grew(binding);
      return true;
    }
  }
  if (instance->base.is<Map>()) {
    put_at(task, instance->base, task.heap().string(name.text), value);
    return true;
  }
  if (library_setter(task, receiver, name, value)) return true;
  if (instance->cls->is_user) {
    static const Name kMissing("propertyMissing");
    Value args[] = {task.heap().string(name.text), value};
    if (call_user_method(task, receiver, kMissing, args)) return true;
    Value around = enclosing(receiver);
    if (!around.is_null() && !is_script(around)) return try_set_property(task, around, name, value);
  }
  return false;
}

bool set_on_class(Task& task, ClassInfo* cls, const Name& name, const Value& value) {
  if (!cls->is_user) return false;
  auto* user = static_cast<UserClass*>(cls);
  ensure_ready(task, *user);
  auto found = user->methods.find(std::string_view(name.setter));
  if (found != user->methods.end()) {
    Value args[] = {value};
    for (const MethodRef& each : found->second) {
      if (!each.def->is_static || each.def->code.parameters.size() != 1) continue;
      invoke_method(task, each, Value(cls), args);
      return true;
    }
  }
  const FieldRef* field = user->find_field(name);
  if (field == nullptr || !field->def->is_static) return false;
  Value converted =
      field->def->type.written ? cast(task, value, resolve(task, field->def->type)) : value;
  field->owner->statics[field->index] = std::move(converted);
  return true;
}

bool set_on_closure(Task& task, const Value& receiver, const Name& name, const Value& value) {
  auto* closure = receiver.as<Closure>();
  if (name.text == "delegate") {
    closure->delegate = value;
    return true;
  }
  if (name.text == "resolveStrategy") {
    closure->strategy = static_cast<Resolve>(int_value(value));
    return true;
  }
  if (name.text == "directive") {
    closure->directive = value;
    return true;
  }
  return closure_set(task, *closure, name, value);
}

}  // namespace

bool try_set_property(Task& task, const Value& receiver, const Name& name, const Value& value) {
  if (receiver.is_null()) throw_null_property(task, name.text, true);
  if (!receiver.is_object()) return false;
  switch (receiver.object()->object_kind()) {
    case ObjectKind::instance: return set_on_instance(task, receiver, name, value);
    case ObjectKind::klass: return set_on_class(task, receiver.as<ClassInfo>(), name, value);
    case ObjectKind::closure: return set_on_closure(task, receiver, name, value);
    case ObjectKind::map: put_at(task, receiver, task.heap().string(name.text), value); return true;
    case ObjectKind::host: return receiver.as<HostObject>()->set_property(task, name.text, value);
    case ObjectKind::entry:
      if (name.text != "value") return false;
      put_at(task, receiver, Value{}, value);
      return true;
    case ObjectKind::native: {
      auto* native = receiver.as_dynamic<NativeObject>();
      if (native != nullptr && native->set_property(task, name.text, value)) return true;
      return library_setter(task, receiver, name, value);
    }
    case ObjectKind::list:
    case ObjectKind::set:
      if (library_setter(task, receiver, name, value)) return true;
      for (const Value& each : items_of(task, receiver)) set_property(task, each, name, value);
      return true;
    default: return library_setter(task, receiver, name, value);
  }
}

void set_property(Task& task, const Value& receiver, const Name& name, const Value& value) {
  if (try_set_property(task, receiver, name, value)) return;
  std::string class_name =
      receiver.is<ClassInfo>() ? receiver.as<ClassInfo>()->name : class_name_of(receiver);
  if (library_property(task, receiver, name)) throw_read_only(task, name, class_name);
  throw_missing_property(task, name.text, class_name);
}

// ----- calls of values -----

Value call_value(Task& task, const Value& callee, Args args) {
  if (auto* closure = callee.as<Closure>()) return closure->call(task, args);
  static const Name kCall("call");
  if (callee.is_null()) throw_null_call(task, "call");
  return call_method(task, callee, kCall, args);
}

}  // namespace ks::groovy
