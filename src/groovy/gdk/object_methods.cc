#include <fmt/format.h>

#include "groovy/eval/user_class.h"
#include "groovy/gdk/library.h"
#include "groovy/runtime/dispatch.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"

/// Methods of every object, of null, of classes, scripts, enums and exceptions.

namespace ks::groovy {

namespace {

constexpr std::string_view kObject = "java.lang.Object";
constexpr std::string_view kNull = "org.codehaus.groovy.runtime.NullObject";
constexpr std::string_view kClass = "java.lang.Class";
constexpr std::string_view kThrowable = "java.lang.Throwable";
constexpr std::string_view kEnum = "java.lang.Enum";

Value text(Call& c, std::string text) { return c.heap().string(std::move(text)); }

Value to_string_of(Call& c) { return text(c, to_string(c.task, c.self)); }
Value inspect_of(Call& c) { return text(c, inspect(c.task, c.self)); }
Value equals_of(Call& c) { return Value::of_bool(key_equals(c.task, c.self, c.arg(0))); }
Value hash_of_self(Call& c) { return Value::of_int(hash_of(c.task, c.self)); }
Value is_same(Call& c) { return Value::of_bool(c.self.same(c.arg(0))); }
Value class_of_self(Call& c) { return Value(class_of(c.self)); }
Value as_type_of(Call& c) { return as_type(c.task, c.self, c.arg(0).as<ClassInfo>()); }
Value as_boolean(Call& c) { return Value::of_bool(truth(c.task, c.self)); }
Value is_case_of(Call& c) { return Value::of_bool(is_case(c.task, c.self, c.arg(0))); }

Value with(Call& c) {
  Ref<Closure> copy = c.closure(0)->clone(c.heap());
  copy->delegate = c.self;
  copy->strategy = Resolve::delegate_first;
  Value args[] = {c.self};
  return copy->call(c.task, args);
}

Value identity(Call& c) {
  with(c);
  return c.self;
}

Value print_line(Call& c) {
  std::string out = c.count() == 0 ? "" : c.text(0);
  c.in.host().print(c.task, out + "\n");
  return {};
}
Value print_text(Call& c) {
  c.in.host().print(c.task, c.text(0));
  return {};
}

Value invoke_by_name(Call& c) {
  std::vector<Value> args =
      c.count() > 1 && !c.arg(1).is_null() ? items_of(c.task, c.arg(1)) : std::vector<Value>{};
  return call_method(c.task, c.self, name_of(c.task, c.text(0)), args);
}
Value get_by_name(Call& c) { return get_property(c.task, c.self, name_of(c.task, c.text(0))); }
Value set_by_name(Call& c) {
  set_property(c.task, c.self, name_of(c.task, c.text(0)), c.arg(1));
  return {};
}
Value has_property(Call& c) {
  const Name& name = name_of(c.task, c.text(0));
  if (auto* instance = c.self.as<Instance>(); instance != nullptr && instance->cls->is_user) {
    auto* cls = static_cast<UserClass*>(instance->cls);
    if (cls->find_field(name) != nullptr || cls->methods.contains(std::string_view(name.getter)))
      return c.arg(0);
  }
  if (name.getters != nullptr && find_method(name.getters, class_of(c.self), {}) != nullptr)
    return c.arg(0);
  return {};
}
Value responds(Call& c) {
  bool yes = responds_to(c.task, c.self, name_of(c.task, c.text(0)));
  std::vector<Value> found;
  if (yes) found.push_back(c.arg(0));
  return c.heap().make<List>(std::move(found));
}
Value iterate_once(Call& c) {
  std::vector<Value> items = items_of(c.task, c.self);
  auto next = [list = Value(c.heap().make<List>(std::move(items))),
               i = size_t{0}](Task&) mutable -> std::optional<Value> {
    auto* all = list.as<List>();
    if (i >= all->items.size()) return std::nullopt;
    return all->items[i++];
  };
  return c.heap().make<Iterator>(std::vector<Value>{}, std::move(next));
}
Value refuse_reflection(Call& c) {
  throw_rejected(c.task, "method", "groovy.lang.GroovyObject getMetaClass");
}
Value use_categories(Call& c) {
  auto& active = c.in.state().categories;
  struct Restore {
    std::vector<ClassInfo*>& active;
    size_t before;
    ~Restore() { active.resize(before); }
  } restore{active, active.size()};
  for (const Value& each : c.args) {
    for (const Value& one :
         is_collection(each) ? items_of(c.task, each) : std::vector<Value>{each}) {
      if (auto* cls = one.as<ClassInfo>()) active.push_back(cls);
    }
  }
  return call_value(c.task, c.args.back(), {});
}

Value dump_of(Call& c) {
  std::string out = fmt::format("<{}@{:x}", class_name_of(c.self),
                                static_cast<uint32_t>(hash_of(c.task, c.self)));
  auto* instance = c.self.as<Instance>();
  if (instance != nullptr && instance->cls->is_user) {
    for (const auto& [name, field] : static_cast<UserClass*>(instance->cls)->fields) {
      if (!field.def->is_static)
        out += " " + name + "=" + to_string(c.task, instance->fields[field.index]);
    }
  }
  return text(c, out + ">");
}

Value properties_of(Call& c) {
  Ref<Map> out = c.heap().make<Map>();
  auto* instance = c.self.as<Instance>();
  if (instance != nullptr && instance->cls->is_user) {
    auto* cls = static_cast<UserClass*>(instance->cls);
    std::vector<const FieldRef*> ordered;
    for (const auto& [name, field] : cls->fields) {
      if (!field.def->is_static && field.def->is_property) ordered.push_back(&field);
    }
    std::sort(ordered.begin(), ordered.end(),
              [](const FieldRef* a, const FieldRef* b) { return a->index < b->index; });
    for (const FieldRef* field : ordered) {
      out->table.put(c.task, c.heap().string(field->def->name),
                     get_property(c.task, c.self, name_of(c.task, field->def->name)));
    }
  }
  if (instance != nullptr && instance->cls->is_user) {
    auto* cls = static_cast<UserClass*>(instance->cls);
    std::vector<std::string> more;
    for (const auto& [name, field] : cls->fields) {
      if (field.def->is_static && field.def->is_property) more.push_back(name);
    }
    for (const auto& [name, overloads] : cls->methods) {
      bool getter =
          name.size() > 3 && name.starts_with("get") && overloads[0].def->code.parameters.empty();
      if (!getter || overloads[0].def->is_static) continue;
      std::string property = name.substr(3);
      property[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(property[0])));
      more.push_back(property);
    }
    std::sort(more.begin(), more.end());
    for (const std::string& name : more) {
      Value value = get_property(c.task, c.self, name_of(c.task, name));
      out->table.put(c.task, c.heap().string(name), value);
    }
  }
  out->table.put(c.task, c.heap().string("class"), Value(class_of(c.self)));
  c.heap().grew(out.get());
  return out;
}

// ----- null -----

Value null_hash(Call& c) { throw_null_call(c.task, "hashCode"); }
Value null_text(Call& c) { return text(c, "null"); }
Value null_equals(Call& c) { return Value::of_bool(c.arg(0).is_null()); }
Value null_plus(Call& c) {
  if (!c.arg(0).is<String>() && !c.arg(0).is<GString>()) {
    throw_error(c.task, "java.lang.NullPointerException",
                "Cannot execute null+" + java_text(c.task, c.arg(0)));
  }
  return text(c, "null" + c.text(0));
}
Value null_iterator(Call& c) {
  return c.heap().make<Iterator>(std::vector<Value>{},
                                 [](Task&) -> std::optional<Value> { return std::nullopt; });
}
Value null_self(Call&) { return {}; }
Value null_with(Call& c) { return with(c); }
Value null_each(Call& c) { return c.self; }
Value false_value(Call&) { return Value::of_bool(false); }
Value null_list(Call& c) { return c.heap().make<List>(); }

// ----- classes -----

ClassInfo* self_class(Call& c) { return c.self.as<ClassInfo>(); }
Value class_name(Call& c) { return text(c, self_class(c)->name); }
Value class_simple_name(Call& c) {
  ClassInfo* cls = self_class(c);
  std::string out(cls->simple_name());
  if (cls->element != nullptr) {
    out = std::string(cls->element->simple_name()) + "[]";
    for (ClassInfo* each = cls->element; each->element != nullptr; each = each->element) {
      out = std::string(each->element->simple_name()) + "[][]";
    }
  }
  return text(c, out);
}
Value class_super(Call& c) {
  return self_class(c)->super == nullptr ? Value{} : Value(self_class(c)->super);
}
Value class_interfaces(Call& c) {
  std::vector<Value> out;
  for (ClassInfo* each : self_class(c)->interfaces) out.emplace_back(each);
  return make_array(c.task, types().klass, std::move(out));
}
Value class_is_instance(Call& c) {
  return Value::of_bool(instance_of(c.task, c.arg(0), self_class(c)));
}
Value class_is_assignable(Call& c) {
  return Value::of_bool(c.arg(0).as<ClassInfo>()->is_a(self_class(c)));
}
Value class_new_instance(Call& c) {
  std::vector<Value> args(c.args.begin(), c.args.end());
  if (args.size() == 1 && args[0].is<Array>() && args[0].as<Array>()->element == types().object) {
    args = args[0].as<Array>()->items;
  }
  return construct(c.task, self_class(c), args);
}
Value class_is_interface(Call& c) { return Value::of_bool(self_class(c)->is_interface); }
Value class_is_array(Call& c) { return Value::of_bool(self_class(c)->element != nullptr); }
Value class_is_enum(Call& c) { return Value::of_bool(self_class(c)->is_enum); }
Value class_is_primitive(Call& c) { return Value::of_bool(self_class(c)->primitive != Kind::null); }
Value class_component(Call& c) {
  return self_class(c)->element == nullptr ? Value{} : Value(self_class(c)->element);
}
Value class_cast(Call& c) { return cast(c.task, c.arg(0), self_class(c)); }
Value class_constants(Call& c) {
  return make_array(c.task, self_class(c), enum_values(c.task, self_class(c)));
}
Value class_package(Call& c) { return text(c, std::string(self_class(c)->package())); }
Value class_package_object(Call& c) {
  Ref<Map> made = c.heap().make<Map>();
  made->table.put(c.task, c.heap().string("name"), class_package(c));
  return made;
}
Value class_forbidden(Call& c) {
  throw_rejected(c.task, "method", "java.lang.Class getClassLoader");
}
Value class_equals(Call& c) { return Value::of_bool(c.self.same(c.arg(0))); }

// ----- enums -----

Value enum_name_of(Call& c) { return text(c, enum_name(c.self)); }
Value enum_ordinal_of(Call& c) { return Value::of_int(enum_ordinal(c.self)); }
Value enum_compare(Call& c) {
  auto* other = c.arg(0).as<Instance>();
  auto* mine = c.self.as<Instance>();
  if (other == nullptr || !other->cls->is_enum || enum_class_of(*other) != enum_class_of(*mine)) {
    throw_error(c.task, "java.lang.ClassCastException",
                class_name_of(c.self) + " cannot be cast to " + class_name_of(c.arg(0)));
  }
  return Value::of_int(enum_ordinal(c.self) - enum_ordinal(c.arg(0)));
}
Value enum_class(Call& c) {
  auto* cls = static_cast<UserClass*>(c.self.as<Instance>()->cls);
  return Value(cls->def.kind == ClassKind::enum_ ? static_cast<ClassInfo*>(cls) : cls->super);
}
Value enum_moved(Call& c, int by) {
  std::vector<Value> all = enum_values(c.task, c.self.as<Instance>()->cls);
  auto size = static_cast<int>(all.size());
  return all[static_cast<size_t>((enum_ordinal(c.self) + by + size) % size)];
}
Value enum_next(Call& c) { return enum_moved(c, 1); }
Value enum_previous(Call& c) { return enum_moved(c, -1); }

// ----- exceptions -----

ThrowableData& data(Call& c) { return *c.self.as<Instance>()->throwable; }
Value throwable_message(Call& c) { return data(c).message; }
Value throwable_cause(Call& c) { return data(c).cause; }
Value throwable_init_cause(Call& c) {
  data(c).cause = c.arg(0);
  return c.self;
}
Value throwable_trace(Call& c) {
  std::vector<Value> out;
  for (const TraceLine& each : data(c).trace) {
    out.push_back(text(c, fmt::format("{}({}:{})", each.method, each.file, each.line)));
  }
  return make_array(c.task, types().object, std::move(out));
}
Value throwable_set_trace(Call&) { return {}; }
Value throwable_print(Call& c) {
  std::string out = to_string(c.task, c.self) + "\n";
  for (const TraceLine& each : data(c).trace)
    out += fmt::format("\tat {}({}:{})\n", each.method, each.file, each.line);
  c.in.host().print(c.task, out);
  return {};
}
Value throwable_suppressed(Call& c) {
  return make_array(c.task, types().throwable, data(c).suppressed);
}
Value throwable_add_suppressed(Call& c) {
  data(c).suppressed.push_back(c.arg(0));
  return {};
}

constexpr MethodRow kRows[] = {
    {kObject, "toString", "", to_string_of},
    {kObject, "inspect", "", inspect_of},
    {kObject, "equals", "O", equals_of},
    {kObject, "hashCode", "", hash_of_self},
    {kObject, "is", "O", is_same},
    {kObject, "getClass", "", class_of_self},
    {kObject, "asType", "X", as_type_of},
    {kObject, "asBoolean", "", as_boolean},
    {kObject, "isCase", "O", is_case_of},
    {kObject, "with", "C", with},
    {kObject, "tap", "C", identity},
    {kObject, "identity", "C", with},
    {kObject, "println", "", print_line},
    {kObject, "println", "O", print_line},
    {kObject, "print", "O", print_text},
    {kObject, "invokeMethod", "SO", invoke_by_name},
    {kObject, "getProperty", "S", get_by_name},
    {kObject, "setProperty", "SO", set_by_name},
    {kObject, "hasProperty", "S", has_property},
    {kObject, "respondsTo", "S", responds},
    {kObject, "respondsTo", "SA", responds},
    {kObject, "getProperties", "", properties_of},
    {kObject, "dump", "", dump_of},
    {kObject, "iterator", "", iterate_once},
    {kObject, "getMetaClass", "", refuse_reflection},
    {kObject, "use", "O*", use_categories},
    {kNull, "toString", "", null_text},
    {kNull, "hashCode", "", null_hash},
    {kNull, "dump", "", null_hash},
    {kNull, "equals", "O", null_equals},
    {kNull, "is", "O", null_equals},
    {kNull, "plus", "O", null_plus},
    {kNull, "iterator", "", null_iterator},
    {kNull, "asType", "X", null_self},
    {kNull, "asBoolean", "", false_value},
    {kNull, "with", "C", null_with},
    {kNull, "each", "C", null_each},
    {kNull, "eachWithIndex", "C", null_each},
    {kNull, "any", "C", false_value},
    {kNull, "collect", "C", null_list},
    {kNull, "findAll", "C", null_list},
    {kNull, "inspect", "", null_text},
    {kNull, "getClass", "", class_of_self},
    {kClass, "getName", "", class_name},
    {kClass, "getTypeName", "", class_name},
    {kClass, "getCanonicalName", "", class_name},
    {kClass, "getSimpleName", "", class_simple_name},
    {kClass, "getSuperclass", "", class_super},
    {kClass, "getInterfaces", "", class_interfaces},
    {kClass, "isInstance", "O", class_is_instance},
    {kClass, "isAssignableFrom", "X", class_is_assignable},
    {kClass, "newInstance", "O*", class_new_instance},
    {kClass, "isInterface", "", class_is_interface},
    {kClass, "isArray", "", class_is_array},
    {kClass, "isEnum", "", class_is_enum},
    {kClass, "isPrimitive", "", class_is_primitive},
    {kClass, "getComponentType", "", class_component},
    {kClass, "cast", "O", class_cast},
    {kClass, "getEnumConstants", "", class_constants},
    {kClass, "getPackage", "", class_package_object},
    {kClass, "getPackageName", "", class_package},
    {kClass, "getClassLoader", "", class_forbidden},
    {kClass, "equals", "O", class_equals},
    {kEnum, "name", "", enum_name_of},
    {kEnum, "toString", "", enum_name_of},
    {kEnum, "ordinal", "", enum_ordinal_of},
    {kEnum, "compareTo", "O", enum_compare},
    {kEnum, "getDeclaringClass", "", enum_class},
    {kEnum, "next", "", enum_next},
    {kEnum, "previous", "", enum_previous},
    {kThrowable, "getMessage", "", throwable_message},
    {kThrowable, "getLocalizedMessage", "", throwable_message},
    {kThrowable, "getCause", "", throwable_cause},
    {kThrowable, "initCause", "T", throwable_init_cause},
    {kThrowable, "getStackTrace", "", throwable_trace},
    {kThrowable, "setStackTrace", "O", throwable_set_trace},
    {kThrowable, "fillInStackTrace", "", [](Call& c) -> Value { return c.self; }},
    {kThrowable, "printStackTrace", "", throwable_print},
    {kThrowable, "getSuppressed", "", throwable_suppressed},
    {kThrowable, "addSuppressed", "T", throwable_add_suppressed},
    {kObject, "new", "", [](Call& c) -> Value { return c.heap().make<Instance>(types().object); }},
};

}  // namespace

LibraryPart object_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
