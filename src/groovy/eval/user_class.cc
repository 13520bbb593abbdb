#include "groovy/eval/user_class.h"

#include <algorithm>
#include <map>

#include "groovy/eval/frame.h"
#include "groovy/eval/nodes.h"
#include "groovy/eval/program_impl.h"
#include "groovy/runtime/distance.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"

namespace ks::groovy {

Instance::Instance(ClassInfo* instance_class)
    : Object(ObjectKind::instance), cls(instance_class), class_ref(instance_class) {}
Instance::~Instance() = default;

bool MethodRef::has_body() const { return bridge != nullptr || !def->is_abstract; }

// ----- finding classes -----

ClassInfo* find_class_info(Task& task, std::string_view name) {
  auto& classes = task.interpreter().state().classes;
  auto found = classes.find(std::string(name));
  if (found != classes.end()) return found->second.get();
  return library_class(name);
}

std::optional<Value> find_class(Task& task, std::string_view name) {
  if (ClassInfo* cls = find_class_info(task, name)) return Value(cls);
  return task.interpreter().host().find_class(task, name);
}

ClassInfo* Interpreter::State::array_class(Heap& heap, ClassInfo* element) {
  Ref<ClassInfo>& slot = array_classes[element];
  if (slot) return slot.get();
  Ref<ClassInfo> made = heap.make<ClassInfo>();
  made->element = element;
  static constexpr std::pair<Kind, std::string_view> kLetters[] = {
      {Kind::boolean, "Z"}, {Kind::character, "C"}, {Kind::byte_, "B"},  {Kind::short_, "S"},
      {Kind::integer, "I"}, {Kind::long_, "J"},     {Kind::float_, "F"}, {Kind::double_, "D"}};
  if (element->element != nullptr) {
    made->name = "[" + element->name;
  } else if (element->primitive != Kind::null) {
    for (const auto& [kind, letter] : kLetters) {
      if (kind == element->primitive) made->name = "[" + std::string(letter);
    }
  } else {
    made->name = "[L" + element->name + ";";
  }
  made->super = types().object;
  made->interfaces = {types().cloneable, types().serializable};
  made->build_line();
  slot = made;
  return made.get();
}

Ref<Array> make_array(Task& task, ClassInfo* element, std::vector<Value> items) {
  ClassInfo* cls = task.interpreter().state().array_class(task.heap(), element);
  return task.heap().make<Array>(element, cls, std::move(items));
}

Value resolve_value(Task& task, const TypeRef& type) {
  Value found;
  if (type.known != nullptr) {
    found = Value(type.known);
  } else if (std::optional<Value> cls = find_class(task, type.name)) {
    found = *cls;
  } else {
    for (const std::string& other : type.others) {
      if (std::optional<Value> under = find_class(task, other)) {
        found = *under;
        break;
      }
    }
  }
  if (found.is_null()) {
    std::string_view forbidden = forbidden_default_class(type.name);
    std::string full = forbidden.empty() ? type.name : std::string(forbidden);
    if (is_forbidden_class(full)) throw_rejected(task, "staticMethod", full);
    throw_error(task, "org.codehaus.groovy.control.MultipleCompilationErrorsException",
                "unable to resolve class " + type.name);
  }
  for (int i = 0; i < type.dimensions; ++i) {
    ClassInfo* element = found.as<ClassInfo>();
    if (element == nullptr) element = types().object;
    found = Value(task.interpreter().state().array_class(task.heap(), element));
  }
  return found;
}

ClassInfo* resolve(Task& task, const TypeRef& type) {
  if (!type.written) return types().object;
  if (type.known != nullptr && type.dimensions == 0) return type.known;
  Value found = resolve_value(task, type);
  // Host objects that stand for classes are not checked against.
  return found.is<ClassInfo>() ? found.as<ClassInfo>() : types().object;
}

// ----- making classes -----

namespace {

/// The type of an inherited method's parameter as the heir sees it: `T` of a superclass `A<Long>`
/// is Long.
const TypeRef& seen_by(const UserClass& heir, const MethodRef& method, const Parameter& parameter) {
  if (parameter.type_variable.empty() || parameter.type.dimensions > 0) return parameter.type;
  const std::vector<TypeRef>* arguments = nullptr;
  if (method.owner == heir.user_super) arguments = &heir.def.super_arguments;
  for (size_t i = 0; i < heir.def.interface_arguments.size(); ++i) {
    if (heir.def.interfaces[i].name == method.owner->name)
      arguments = &heir.def.interface_arguments[i];
  }
  if (arguments == nullptr) return parameter.type;
  const std::vector<std::string>& variables = method.owner->def.type_variables;
  for (size_t i = 0; i < variables.size() && i < arguments->size(); ++i) {
    if (variables[i] == parameter.type_variable) return (*arguments)[i];
  }
  return parameter.type;
}

enum class Match : uint8_t { none, same, narrower };

/// Whether `mine`, a method of `cls`, overrides an inherited one.
Match overrides(const UserClass& cls, const MethodDef& mine, const MethodRef& theirs) {
  const auto& own = mine.code.parameters;
  const auto& inherited = theirs.def->code.parameters;
  if (own.size() != inherited.size()) return Match::none;
  Match match = Match::same;
  for (size_t i = 0; i < own.size(); ++i) {
    auto name = [](const TypeRef& type) -> std::string_view {
      return type.written ? std::string_view(type.name) : types().object->name;
    };
    auto is = [&](const TypeRef& type) {
      return name(own[i].type) == name(type) && own[i].type.dimensions == type.dimensions;
    };
    if (is(inherited[i].type)) continue;
    if (!is(seen_by(cls, theirs, inherited[i]))) return Match::none;
    match = Match::narrower;
  }
  return match;
}

void add_method(UserClass& cls, const MethodRef& method) {
  auto& overloads = cls.methods[method.def->name->text];
  MethodRef added = method;
  auto bridge_to = [&](const MethodRef& narrower) {
    added.bridge = narrower.def;
    added.owner = narrower.owner;
  };
  for (MethodRef& each : overloads) {
    switch (overrides(cls, *each.def, method)) {
      case Match::same:
        if (!each.has_body() && method.has_body()) each = method;
        return;  // overridden below
      case Match::narrower: bridge_to(each); continue;
      case Match::none: break;
    }
    // What a bridge leads to may be overridden once more.
    if (method.bridge != nullptr && each.bridge == nullptr &&
        overrides(cls, *each.def, MethodRef{method.bridge, method.owner}) == Match::same)
      bridge_to(each);
  }
  overloads.push_back(added);
}

void inherit_methods(UserClass& cls, const UserClass& from) {
  for (const auto& [name, overloads] : from.methods) {
    for (const MethodRef& each : overloads) add_method(cls, each);
  }
}

void lay_out_fields(Task& task, UserClass& cls) {
  if (cls.user_super != nullptr) {
    cls.fields = cls.user_super->fields;
    cls.field_count = cls.user_super->field_count;
  }
  for (ClassInfo* interface : cls.interfaces) {
    if (!interface->is_user) continue;
    auto* from = static_cast<UserClass*>(interface);
    for (const auto& [name, field] : from->fields) {
      FieldRef copy = field;
      if (!field.def->is_static) copy.index = cls.field_count++;  // of a trait
      cls.fields.try_emplace(name, copy);
    }
  }
  cls.first_own_field = cls.field_count;
  cls.field_count += static_cast<uint32_t>(cls.def.captures.size());
  for (const FieldDef& field : cls.def.fields) {
    FieldRef ref{&field, &cls, 0};
    if (field.is_static) {
      ref.index = static_cast<uint32_t>(cls.statics.size());
      cls.statics.emplace_back();
    } else {
      ref.index = cls.field_count++;
    }
    cls.fields[field.name] = ref;
  }
  task.heap().grew(&cls);
}

ClassInfo* resolve_parent(Task& task, const TypeRef& type) {
  Value value = resolve_value(task, type);
  return value.is<ClassInfo>() ? value.as<ClassInfo>() : nullptr;
}

}  // namespace

UserClass* make_class(Task& task, const ClassDef& def) {
  Ref<UserClass> made = task.heap().make<UserClass>(def);
  UserClass& cls = *made;
  const Types& t = types();
  if (def.super.written || def.super.known != nullptr) {
    ClassInfo* super =
        def.super.known != nullptr ? def.super.known : resolve_parent(task, def.super);
    if (super != nullptr && super->is_interface) {
      cls.interfaces.push_back(super);  // `new Interface() { ... }`
      super = nullptr;
    }
    cls.super = super;
  }
  if (cls.super == nullptr) cls.super = def.kind == ClassKind::enum_ ? t.enum_ : t.object;
  for (const TypeRef& each : def.interfaces) {
    ClassInfo* interface = each.known != nullptr ? each.known : resolve_parent(task, each);
    if (interface != nullptr) cls.interfaces.push_back(interface);
  }
  if (!cls.is_interface) cls.interfaces.push_back(t.groovy_object);
  cls.user_super = cls.super->is_user ? static_cast<UserClass*>(cls.super) : nullptr;
  if (def.outer != nullptr) {
    ClassInfo* outer = find_class_info(task, def.outer->name);
    if (outer != nullptr && outer->is_user) cls.outer = static_cast<UserClass*>(outer);
  }
  cls.is_enum =
      def.kind == ClassKind::enum_ || (cls.user_super != nullptr && cls.user_super->is_enum);
  cls.is_throwable = cls.super->is_throwable;
  cls.build_line();
  for (const auto& method : def.methods) add_method(cls, MethodRef{method.get(), &cls});
  // Of several traits the last one wins.
  for (auto each = cls.interfaces.rbegin(); each != cls.interfaces.rend(); ++each) {
    if (!(*each)->is_user) continue;
    auto* trait = static_cast<UserClass*>(*each);
    if (trait->def.kind == ClassKind::trait) inherit_methods(cls, *trait);
  }
  if (cls.user_super != nullptr) inherit_methods(cls, *cls.user_super);
  for (ClassInfo* interface : cls.interfaces) {
    if (interface->is_user) inherit_methods(cls, *static_cast<UserClass*>(interface));
  }
  lay_out_fields(task, cls);
  task.interpreter().state().classes[def.name] = Ref<ClassInfo>(&cls);
  return &cls;
}

namespace {

/// Classes may stand in any order in the text: a superclass is made before its heirs.
class Definer {
 public:
  Definer(Task& task, const ProgramRef& program) : task_(task), program_(program) {
    for (const auto& def : program->classes) pending_[def->name] = def.get();
  }
  void run() {
    for (const auto& def : program_->classes) define(*def);
  }

 private:
  void define(const ClassDef& def) {
    if (!pending_.contains(def.name)) return;
    pending_.erase(def.name);
    if (def.outer != nullptr) define_named(def.outer->name);
    if (def.super.written && def.super.known == nullptr) define_named(def.super.name);
    for (const TypeRef& each : def.interfaces) {
      if (each.known == nullptr) define_named(each.name);
    }
    make_class(task_, def);
  }
  void define_named(const std::string& name) {
    auto found = pending_.find(name);
    if (found != pending_.end()) define(*found->second);
  }

  Task& task_;
  const ProgramRef& program_;
  std::unordered_map<std::string, const ClassDef*> pending_;
};

}  // namespace

void define_classes(Task& task, const ProgramRef& program) { Definer(task, program).run(); }

// ----- choosing among overloads -----

namespace {

constexpr int64_t kNoFit = INT64_MAX;

/// Whether one parameter takes the argument; adds how far away it is.
bool add_distance(Task& task, const TypeRef& type, const Value& argument, int64_t& total) {
  ClassInfo* parameter = type.written ? resolve(task, type) : types().object;
  if (type.written && distance(parameter, argument) < 0) return false;
  total += argument_distance(parameter, argument);
  return true;
}

/// Sum of distances, or kNoFit.
int64_t fit(Task& task, const Code& code, Args args) {
  size_t count = code.parameters.size();
  size_t fixed = code.varargs ? count - 1 : count;
  size_t required = 0;
  for (size_t i = 0; i < fixed; ++i) required += code.parameters[i].initial == nullptr ? 1 : 0;
  if (args.size() < required || (args.size() > count && !code.varargs)) return kNoFit;
  int64_t total = 0;
  // Which parameters get arguments when some with default values are left out: see bind_all.
  size_t missing = fixed > args.size() ? fixed - args.size() : 0;
  size_t defaults = fixed - required;
  size_t given_defaults = defaults > missing ? defaults - missing : 0;
  size_t next = 0;
  for (size_t i = 0; i < fixed && next < args.size(); ++i) {
    const Parameter& parameter = code.parameters[i];
    if (parameter.initial != nullptr) {
      if (given_defaults == 0) continue;
      --given_defaults;
    }
    if (!add_distance(task, parameter.type, args[next], total)) return kNoFit;
    ++next;
  }
  if (!code.varargs) return total;
  ClassInfo* array = resolve(task, code.parameters.back().type);
  if (args.size() == count && distance(array, args[next]) >= 0)
    return total + argument_distance(array, args[next]);
  if (args.size() < count) return total + kVarargsDistance;
  total += static_cast<int64_t>(2 + args.size() - count) * kVarargsDistance;
  for (; next < args.size(); ++next) {
    ClassInfo* element = array->element == nullptr ? types().object : array->element;
    if (element != types().object && distance(element, args[next]) < 0) return kNoFit;
    total += argument_distance(element, args[next]);
  }
  return total;
}

bool has_defaults(const Code& code) {
  return std::any_of(code.parameters.begin(), code.parameters.end(),
                     [](const Parameter& each) { return each.initial != nullptr; });
}

std::string shown_classes(Task& task, const Code& code) {
  std::string out;
  for (const Parameter& each : code.parameters) {
    if (!out.empty()) out += ", ";
    ClassInfo* type = each.type.written ? resolve(task, each.type) : types().object;
    out += to_string(task, Value(type));
  }
  return "[" + out + "]";
}

/// Several overloads, none of them without parameters, and no arguments.
[[noreturn]] void throw_no_choice(Task& task, const std::vector<MethodRef>& overloads) {
  const MethodDef& first = *overloads.front().def;
  std::string text =
      "Could not find which method " + first.name->text + "() to invoke from this list:";
  std::vector<std::string> lines;
  for (const MethodRef& each : overloads) {
    std::string types;
    for (const Parameter& parameter : each.def->code.parameters) {
      if (!types.empty()) types += ", ";
      types += parameter.type.written ? resolve(task, parameter.type)->name : "java.lang.Object";
    }
    bool constructor = each.def->name->text == "<init>";
    const TypeRef& written = each.def->code.result;
    std::string result = constructor       ? ""
                         : written.written ? resolve(task, written)->name + " "
                                           : "java.lang.Object ";
    lines.push_back("\n  public " + std::string(each.def->is_static ? "static " : "") + result +
                    each.owner->name + "#" + each.def->name->text + "(" + types + ")");
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) text += line;
  throw_error(task, "org.codehaus.groovy.runtime.metaclass.MethodSelectionException", text);
}

[[noreturn]] void throw_ambiguous(Task& task, const std::vector<const MethodRef*>& equal,
                                  Args args) {
  std::string given;
  for (const Value& each : args) {
    if (!given.empty()) given += ", ";
    given += each.is_null() ? "null" : to_string(task, Value(class_of(each)));
  }
  std::string text = "Ambiguous method overloading for method " + equal.front()->owner->name + "#" +
                     equal.front()->def->name->text +
                     ".\nCannot resolve which method to invoke for [" + given +
                     "] due to overlapping prototypes between:";
  // In the order of the names of their classes, which is not that of what is shown of them.
  std::map<std::vector<std::string>, std::string> lines;
  for (const MethodRef* each : equal) {
    std::vector<std::string> names;
    for (const Parameter& parameter : each->def->code.parameters)
      names.push_back(parameter.type.written ? resolve(task, parameter.type)->name
                                             : types().object->name);
    lines.emplace(std::move(names), shown_classes(task, each->def->code));
  }
  for (const auto& [names, line] : lines) text += "\n\t" + line;
  throw_error(task, "groovy.lang.GroovyRuntimeException", text);
}

}  // namespace

const MethodRef* choose(Task& task, const std::vector<MethodRef>& overloads, Args args) {
  const MethodRef* best = nullptr;
  int64_t best_fit = kNoFit;
  bool ambiguous = false;
  for (const MethodRef& each : overloads) {
    int64_t here = fit(task, each.def->code, args);
    if (here == kNoFit || here > best_fit) continue;
    if (here == best_fit) {
      ambiguous = true;
      continue;
    }
    ambiguous = false;
    best = &each;
    best_fit = here;
  }
  if (ambiguous) {
    std::vector<const MethodRef*> equal;
    bool plain = true;
    for (const MethodRef& each : overloads) {
      if (fit(task, each.def->code, args) != best_fit) continue;
      equal.push_back(&each);
      plain = plain && !has_defaults(each.def->code);
    }
    // Left-out parameters make overloads of their own in Groovy; here the first one stands for
    // them.
    if (plain) throw_ambiguous(task, equal, args);
  }
  if (best != nullptr || !args.empty()) return best;
  if (overloads.size() > 1) throw_no_choice(task, overloads);
  // A method with one parameter may be called without arguments: it gets null.
  for (const MethodRef& each : overloads) {
    const Code& code = each.def->code;
    bool primitive =
        !code.parameters.empty() && resolve(task, code.parameters[0].type)->primitive != Kind::null;
    if (code.parameters.size() == 1 && !primitive) return &each;
  }
  return nullptr;
}

Value invoke_method(Task& task, const MethodRef& method, const Value& self, Args args) {
  if (method.bridge != nullptr) {
    const std::vector<Parameter>& parameters = method.bridge->code.parameters;
    for (size_t i = 0; i < parameters.size() && i < args.size(); ++i) {
      ClassInfo* type = boxed(resolve(task, parameters[i].type));
      if (args[i].is_null() || distance(type, args[i]) >= 0) continue;
      throw_error(task, "java.lang.ClassCastException",
                  "class " + class_name_of(args[i]) + " cannot be cast to class " + type->name);
    }
    return invoke_method(task, MethodRef{method.bridge, method.owner}, self, args);
  }
  if (method.def->is_abstract) {
    throw_error(task, "java.lang.AbstractMethodError",
                method.def->code.class_name + "." + method.def->name->text + "() has no body");
  }
  if (method.def->is_static && self.is<Instance>()) {
    Value cls(self.as<Instance>()->cls);
    return run_code(task, method.def->code, cls, method.owner, nullptr, args);
  }
  if (args.empty() && method.def->code.parameters.size() == 1 && !method.def->code.varargs &&
      method.def->code.parameters[0].initial == nullptr) {
    Value nothing[1];
    return run_code(task, method.def->code, self, method.owner, nullptr, nothing);
  }
  return run_code(task, method.def->code, self, method.owner, nullptr, args);
}

std::optional<Value> call_user_method(Task& task, const Value& receiver, const Name& name,
                                      Args args) {
  auto* instance = receiver.as<Instance>();
  if (instance == nullptr || !instance->cls->is_user) return std::nullopt;
  auto* cls = static_cast<UserClass*>(instance->cls);
  const std::vector<MethodRef>* overloads = cls->find_methods(name);
  if (overloads == nullptr) return std::nullopt;
  const MethodRef* method = choose(task, *overloads, args);
  if (method == nullptr || !method->has_body()) return std::nullopt;
  return invoke_method(task, *method, receiver, args);
}

// ----- instances -----

namespace {

void run_initializer(Task& task, UserClass& cls, const Value& self) {
  auto* instance = self.as<Instance>();
  for (ClassInfo* interface : cls.interfaces) {
    if (!interface->is_user) continue;
    auto* trait = static_cast<UserClass*>(interface);
    if (trait->def.kind != ClassKind::trait) continue;
    run_initializer(task, *trait, self);
  }
  if (cls.def.kind != ClassKind::trait) {
    uint32_t index = cls.first_own_field + static_cast<uint32_t>(cls.def.captures.size());
    for (const FieldDef& field : cls.def.fields) {
      if (!field.is_static) instance->fields[index++] = zero_of(field.type);
    }
  }
  if (cls.def.initializer != nullptr) run_code(task, *cls.def.initializer, self, &cls, nullptr, {});
}

/// The constructor of the library class above: messages of exceptions, contents of collections.
void construct_base(Task& task, const Value& self, ClassInfo* base, Args args) {
  auto* instance = self.as<Instance>();
  if (base->is_throwable) {
    if (instance->throwable == nullptr) {
      instance->throwable = std::make_unique<ThrowableData>();
      instance->throwable->trace = task.trace();
    }
    set_throwable(task, *instance, args);
    return;
  }
  if (base == types().script) {
    if (instance->base.is_null()) instance->base = Value(task.interpreter().state().binding);
    return;
  }
  if (base == types().object || base == types().enum_ || base->is_interface) return;
  instance->base = construct(task, base, args);
}

bool starts_with_constructor_call(const Code& code) {
  const auto* block = dynamic_cast<const BlockStatement*>(code.body.get());
  if (block == nullptr || block->statements.empty()) return false;
  const auto* first = dynamic_cast<const ExpressionStatement*>(block->statements.front().get());
  return first != nullptr &&
         dynamic_cast<const ConstructorCallNode*>(first->value.get()) != nullptr;
}

}  // namespace

void set_throwable(Task& task, Instance& instance, Args args) {
  ThrowableData& data = *instance.throwable;
  if (args.empty()) return;
  const Value& first = args[0];
  bool is_cause = first.is<Instance>() && first.as<Instance>()->throwable != nullptr;
  if (is_cause) {
    data.cause = first;
    data.message = task.heap().string(to_string(task, first));
  } else if (first.is_null()) {
    data.message = {};
  } else {
    data.message = task.heap().string(to_string(task, first));
  }
  if (args.size() > 1 && args[1].is<Instance>()) data.cause = args[1];
}

void run_super_constructor(Task& task, UserClass& cls, const Value& self, Args args) {
  if (cls.user_super != nullptr) {
    run_constructor(task, *cls.user_super, self, args);
  } else {
    construct_base(task, self, cls.super, args);
  }
}

void finish_fields(Task& task, UserClass& cls, const Value& self) {
  run_initializer(task, cls, self);
}

bool takes_one(Task& task, UserClass& cls, const Value& argument) {
  std::vector<MethodRef> constructors;
  for (const auto& each : cls.def.constructors) {
    const std::vector<Parameter>& parameters = each->code.parameters;
    if (parameters.size() == 1 && parameters[0].type.written && !each->code.varargs)
      constructors.push_back(MethodRef{each.get(), &cls});
  }
  Value args[] = {argument};
  return choose(task, constructors, args) != nullptr;
}

void run_constructor(Task& task, UserClass& cls, const Value& self, Args args) {
  std::vector<MethodRef> constructors;
  constructors.reserve(cls.def.constructors.size());
  for (const auto& each : cls.def.constructors) constructors.push_back(MethodRef{each.get(), &cls});
  const MethodRef* chosen = choose(task, constructors, args);
  if (chosen != nullptr) {
    const Code& code = chosen->def->code;
    if (!starts_with_constructor_call(code)) {
      run_super_constructor(task, cls, self, {});
      finish_fields(task, cls, self);
    }
    invoke_method(task, *chosen, self, args);
    return;
  }
  if (cls.def.is_anonymous ||
      (constructors.empty() && cls.def.outer != nullptr && !args.empty() &&
       cls.user_super != nullptr && cls.def.kind == ClassKind::class_ && cls.is_enum)) {
    run_super_constructor(task, cls, self, args);
    finish_fields(task, cls, self);
    return;
  }
  if (args.empty() && constructors.empty()) {
    run_super_constructor(task, cls, self, {});
    finish_fields(task, cls, self);
    return;
  }
  // `new Foo(a: 1)` without a constructor for it: made plain, then its properties are set.
  if (args.size() == 1 && args[0].is<Map>() && !cls.is_a(types().map) &&
      (constructors.empty() || choose(task, constructors, {}) != nullptr)) {
    run_constructor(task, cls, self, {});
    for (const Value& entry : items_of(task, args[0])) {
      set_property(task, self, name_of(task, to_string(task, entry.as<Entry>()->key)),
                   entry.as<Entry>()->value);
    }
    return;
  }
  throw_no_constructor(task, &cls, args);
}

Value construct_user(Task& task, UserClass& cls, Args args, const Value& outer) {
  ensure_ready(task, cls);
  if (cls.def.is_abstract || cls.is_interface) {
    throw_error(task, "java.lang.InstantiationException",
                "You cannot create an instance from the abstract " +
                    std::string(cls.is_interface ? "interface" : "class") + " '" + cls.name + "'.");
  }
  CallScope::check_stack(task);
  Ref<Instance> made = task.heap().make<Instance>(&cls);
  made->fields.resize(cls.field_count);
  task.heap().grew(made.get());
  made->outer = outer;
  if (cls.is_throwable) {
    made->throwable = std::make_unique<ThrowableData>();
    made->throwable->trace = task.trace();
  }
  Value self(made);
  run_constructor(task, cls, self, args);
  return self;
}

// ----- static state and enums -----

namespace {

void make_enum_constants(Task& task, UserClass& cls) {
  static const Code kNothing;
  Value self(&cls);
  Frame frame(task, kNothing, nullptr, self, &cls, nullptr);
  int32_t ordinal = 0;
  for (const EnumConstant& each : cls.def.constants) {
    UserClass* actual = &cls;
    if (each.body != nullptr) {
      ClassInfo* known = find_class_info(task, each.body->name);
      actual = known != nullptr ? static_cast<UserClass*>(known) : make_class(task, *each.body);
      actual->ready = UserClass::Ready::yes;
    }
    Ref<Instance> made = task.heap().make<Instance>(actual);
    made->fields.resize(actual->field_count);
    Value constant(made);
    made->base = task.heap().make<Entry>(task.heap().string(each.name), Value::of_int(ordinal++));
    std::vector<Value> args;
    args.reserve(each.arguments.size());
    for (const NodePtr& node : each.arguments) args.push_back(node->eval(frame));
    cls.enum_values.push_back(constant);
    run_constructor(task, *actual, constant, args);
  }
}

}  // namespace

void ensure_ready(Task& task, UserClass& cls) {
  if (cls.ready != UserClass::Ready::no) return;
  cls.ready = UserClass::Ready::running;
  if (cls.user_super != nullptr) ensure_ready(task, *cls.user_super);
  for (ClassInfo* interface : cls.interfaces) {
    if (interface->is_user) ensure_ready(task, *static_cast<UserClass*>(interface));
  }
  uint32_t index = 0;
  for (const FieldDef& field : cls.def.fields) {
    if (field.is_static) cls.statics[index++] = zero_of(field.type);
  }
  if (cls.def.kind == ClassKind::enum_) make_enum_constants(task, cls);
  if (cls.def.static_initializer != nullptr) {
    run_code(task, *cls.def.static_initializer, Value(&cls), &cls, nullptr, {});
  }
  cls.ready = UserClass::Ready::yes;
}

bool is_script(const Value& value) {
  const auto* instance = value.as<Instance>();
  if (instance == nullptr || !instance->cls->is_user) return false;
  const ClassDef& def = static_cast<const UserClass*>(instance->cls)->def;
  return def.kind == ClassKind::script ||
         (instance->base.is<Map>() && instance->cls->is_a(types().script));
}

bool wraps(const Instance& instance) {
  return !instance.base.is_null() && !instance.cls->is_enum &&
         !(instance.cls->is_user && instance.base.is<Map>() && instance.cls->is_a(types().script));
}

const ClassInfo* enum_class_of(const Instance& constant) {
  if (!constant.cls->is_user) return constant.cls;
  auto* cls = static_cast<const UserClass*>(constant.cls);
  return cls->def.kind == ClassKind::enum_ ? static_cast<const ClassInfo*>(cls) : cls->super;
}

int32_t enum_ordinal(const Value& constant) {
  const auto* instance = constant.as<Instance>();
  return instance->base.is<Entry>() ? instance->base.as<Entry>()->value.as_int() : 0;
}

std::string enum_name(const Value& constant) {
  const auto* instance = constant.as<Instance>();
  return instance->base.is<Entry>() ? instance->base.as<Entry>()->key.as<String>()->text()
                                    : std::string();
}

std::vector<Value> enum_values(Task& task, ClassInfo* cls) {
  if (!cls->is_user || !cls->is_enum) return {};
  auto* user = static_cast<UserClass*>(cls);
  if (user->def.kind != ClassKind::enum_ && user->user_super != nullptr) user = user->user_super;
  ensure_ready(task, *user);
  return user->enum_values;
}

Value enum_value(Task& task, ClassInfo* cls, const std::string& name) {
  for (const Value& each : enum_values(task, cls)) {
    if (enum_name(each) == name) return each;
  }
  throw_error(task, "java.lang.IllegalArgumentException",
              "No enum constant " + cls->name + "." + name);
}

// ----- interfaces from closures -----

namespace {

/// An object of an interface whose methods are closures.
class Proxy final : public NativeObject {
 public:
  Proxy(ClassInfo* type, Value behind, Heap& heap) : behind_(std::move(behind)) {
    cls_ = heap.make<ClassInfo>();
    cls_->name = "com.sun.proxy.$Proxy" + std::string(type->simple_name());
    cls_->super = type->is_interface ? types().object : type;
    if (type->is_interface) cls_->interfaces = {type};
    cls_->build_line();
  }
  ClassInfo* class_info() const override { return cls_.get(); }
  std::string to_string(Task& task) override {
    static const Name kToString("toString");
    if (behind_.is<Map>()) {
      if (std::optional<Value> out = call_method(task, kToString.text, {}))
        return groovy::to_string(task, *out);
    }
    return cls_->name + "@" + std::to_string(identity_hash(Value(this)));
  }
  std::optional<Value> call_method(Task& task, std::string_view name, Args args) override {
    if (auto* closure = behind_.as<Closure>()) return closure->call(task, args);
    Table::Item* item = behind_.as<Map>()->table.find(name);
    if (item == nullptr || !item->value.is<Closure>()) {
      if (declares(name)) throw_unsupported(task);
      return std::nullopt;
    }
    Value kept = item->value;
    return kept.as<Closure>()->call(task, args);
  }
  std::optional<Value> get_property(Task& task, std::string_view name) override {
    if (!behind_.is<Map>()) return std::nullopt;
    Table::Item* item = behind_.as<Map>()->table.find(name);
    if (item != nullptr) return item->value;
    return call_method(task, name_of(task, name).getter, {});
  }
  size_t footprint() const override { return sizeof(Proxy); }

 private:
  /// Whether an interface of the script asks for this method.
  bool declares(std::string_view name) const {
    for (const ClassInfo* each : cls_->line) {
      if (!each->is_user || !each->is_interface) continue;
      if (static_cast<const UserClass*>(each)->methods.contains(name)) return true;
    }
    return false;
  }

  Value behind_;
  Ref<ClassInfo> cls_;
};

}  // namespace

Value implement_by_closure(Task& task, const Value& closure, ClassInfo* interface) {
  return task.heap().make<Proxy>(interface, closure, task.heap());
}

Value implement_by_map(Task& task, const Value& map, ClassInfo* type) {
  return task.heap().make<Proxy>(type, map, task.heap());
}

std::optional<Value> map_as(Task& task, const Value& map, ClassInfo* type) {
  const Types& t = types();
  Map::Flavour flavour = Map::Flavour::linked;
  if (type == t.tree_map || type == t.sorted_map) {
    flavour = Map::Flavour::tree;
  } else if (type == t.hash_map) {
    flavour = Map::Flavour::hash;
  } else if (type == t.hashtable) {
    flavour = Map::Flavour::hashtable;
  } else if (type == t.concurrent_map) {
    flavour = Map::Flavour::concurrent;
  } else if (type == t.properties) {
    flavour = Map::Flavour::properties;
  } else if (type != t.linked_hash_map) {
    return std::nullopt;
  }
  Ref<Map> out = task.heap().make<Map>(flavour);
  for (const Value& entry : items_of(task, map)) {
    out->table.put(task, entry.as<Entry>()->key, entry.as<Entry>()->value);
  }
  task.heap().grew(out.get());
  return Value(out);
}

std::string closure_name(const Closure& closure) {
  if (const auto* code = dynamic_cast<const CodeClosure*>(&closure)) return code->code.class_name;
  return class_of(Value(const_cast<Closure*>(&closure)))->name;
}

std::string throwable_text(Task& task, const Value& throwable) {
  const auto* instance = throwable.as<Instance>();
  static const Name kMessage("getMessage");
  Value message = call_method(task, throwable, kMessage, {});
  static ClassInfo* const kPower =
      library_class("org.codehaus.groovy.runtime.powerassert.PowerAssertionError");
  if (instance->cls == kPower)
    return "Assertion failed: \n\n" + groovy::to_string(task, message) + "\n";
  std::string out = instance->cls->name;
  if (!message.is_null()) out += ": " + to_string(task, message);
  return out;
}

}  // namespace ks::groovy
