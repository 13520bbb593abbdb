#include "groovy/eval/frame.h"

#include <alloca.h>

#include <cstring>

#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"

namespace ks::groovy {

void CallScope::too_deep() {
  --task_.depth_;
  throw_depth_limit(task_, task_.depth_limit_);
}

void CallScope::out_of_stack(Task& task) { throw_stack_limit(task); }

void enter_native(Task& task) { CallScope::check_stack(task); }
void leave_native(Task&) {}

namespace {

/// Slots of one activation, on the stack.
class Slots {
 public:
  Slots(Value* memory, uint32_t count) : values_(memory), count_(count) {
    for (uint32_t i = 0; i < count; ++i) new (values_ + i) Value();
  }
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;
  ~Slots() {
    for (uint32_t i = count_; i > 0; --i) values_[i - 1].~Value();
  }

 private:
  Value* values_;
  uint32_t count_;
};

void bind(Frame& frame, const Parameter& parameter, const Value& value) {
  Value converted =
      parameter.type.written ? cast(frame.task, value, resolve(frame.task, parameter.type)) : value;
  frame.slots[parameter.slot] =
      parameter.boxed ? Value(frame.heap().make<Cell>(std::move(converted))) : std::move(converted);
}

void bind_rest(Frame& frame, const Parameter& parameter, Args rest) {
  ClassInfo* type = resolve(frame.task, parameter.type);
  if (rest.size() == 1) {
    const Value& only = rest[0];
    if (only.is_null() || (only.is<Array>() && distance(type, only) >= 0))
      return bind(frame, parameter, only);
    if ((only.is<List>() || only.is<Range>()) && distance(type->element, only) < 0)
      return bind(frame, parameter, only);
  }
  std::vector<Value> items;
  for (const Value& each : rest) items.push_back(cast(frame.task, each, type->element));
  bind(frame, parameter, Value(make_array(frame.task, type->element, std::move(items))));
}

void bind_all(Frame& frame, Args args) {
  const Code& code = frame.code;
  size_t count = code.parameters.size();
  if (args.size() == count && !code.varargs) {
    for (size_t i = 0; i < count; ++i) bind(frame, code.parameters[i], args[i]);
    return;
  }
  if (code.implicit_it) {
    bind(frame, code.parameters[0], args.empty() ? Value{} : args[0]);
    return;
  }
  size_t fixed = code.varargs ? count - 1 : count;
  // The rightmost parameters with default values are left out first.
  size_t missing = fixed > args.size() ? fixed - args.size() : 0;
  size_t defaults = 0;
  for (size_t i = 0; i < fixed; ++i) defaults += code.parameters[i].initial != nullptr ? 1 : 0;
  size_t given_defaults = defaults > missing ? defaults - missing : 0;
  size_t next = 0;
  for (size_t i = 0; i < fixed; ++i) {
    const Parameter& parameter = code.parameters[i];
    bool take = true;
    if (parameter.initial != nullptr) {
      take = given_defaults > 0;
      if (take) --given_defaults;
    }
    if (take && next < args.size()) {
      bind(frame, parameter, args[next++]);
    } else {
      bind(frame, parameter,
           parameter.initial != nullptr ? parameter.initial->eval(frame) : Value{});
    }
  }
  if (code.varargs) {
    const Parameter& last = code.parameters.back();
    if (next >= args.size() && last.initial != nullptr) {
      bind(frame, last, last.initial->eval(frame));
    } else {
      bind_rest(frame, last, args.subspan(std::min(next, args.size())));
    }
  }
}

}  // namespace

Value run_code(Task& task, const Code& code, const Value& self, UserClass* owner, Closure* closure,
               Args args) {
  CallScope depth(task);
  task.spend();
  auto* memory = static_cast<Value*>(alloca(sizeof(Value) * (code.slots + 1)));
  Slots slots(memory, code.slots);
  Frame frame(task, code, memory, self, owner, static_cast<CodeClosure*>(closure));
  bind_all(frame, args);
  code.body->run(frame);
  if (!code.returns_value) return {};
  if (code.result.written &&
      !(code.result.known == types().object && code.result.dimensions == 0)) {
    ClassInfo* type = resolve(task, code.result);
    if (frame.result.is_null() && type->primitive != Kind::null &&
        type->primitive != Kind::boolean) {
      return cast(task, Value::of_int(0), type);
    }
    return cast(task, frame.result, type);
  }
  return std::move(frame.result);
}

// ----- closures -----

namespace {

bool accepts(Task& task, const Code& code, Args args) {
  size_t count = code.parameters.size();
  if (code.implicit_it) return args.size() <= 1;
  size_t required = 0;
  size_t fixed = code.varargs ? count - 1 : count;
  for (size_t i = 0; i < fixed; ++i) required += code.parameters[i].initial == nullptr ? 1 : 0;
  if (args.size() < required) return false;
  if (args.size() > count && !code.varargs) return false;
  for (size_t i = 0; i < std::min(args.size(), fixed); ++i) {
    const TypeRef& type = code.parameters[i].type;
    if (type.written && distance(resolve(task, type), args[i]) < 0) return false;
  }
  return true;
}

}  // namespace

Value CodeClosure::call(Task& task, Args args) {
  Ref<CodeClosure> kept(this);
  if (code.parameters.size() == args.size() && !code.varargs) {
    bool typed = false;
    for (const Parameter& each : code.parameters) typed = typed || each.type.written;
    if (!typed || accepts(task, code, args))
      return run_code(task, code, self, owner_class, this, args);
  } else if (accepts(task, code, args)) {
    return run_code(task, code, self, owner_class, this, args);
  }
  // A closure of one parameter may be called with nothing, one of several with a list.
  if (args.empty() && code.parameters.size() == 1 && !code.parameters[0].type.written) {
    Value nothing[1];
    return run_code(task, code, self, owner_class, this, nothing);
  }
  if (args.empty() && code.parameters.size() == 1) {
    Value nothing[1];
    if (accepts(task, code, nothing)) return run_code(task, code, self, owner_class, this, nothing);
  }
  if (args.size() == 1 && (args[0].is<List>() || args[0].is<Array>()) &&
      code.parameters.size() > 1) {
    std::vector<Value> items = items_of(task, args[0]);
    if (accepts(task, code, items)) return run_code(task, code, self, owner_class, this, items);
  }
  throw_missing_method(task, Value(this), "call", args);
}

Ref<Closure> CodeClosure::clone(Heap& heap) const {
  Ref<CodeClosure> copy = heap.make<CodeClosure>(code, owner_class, cells);
  copy->owner = owner;
  copy->self = self;
  copy->delegate = delegate;
  copy->strategy = strategy;
  copy->directive = directive;
  return Ref<Closure>(copy.get());
}

std::vector<ClassInfo*> CodeClosure::parameter_types(Task& task) const {
  std::vector<ClassInfo*> out;
  out.reserve(code.parameters.size());
  for (const Parameter& each : code.parameters) {
    out.push_back(each.type.written ? resolve(task, each.type) : types().object);
  }
  return out;
}

// ----- names without receiver -----

namespace {

/// What Groovy gives every object, so that a closure answers it itself before owner and delegate
/// are asked: `list.with { toString() }` is the text of the closure. Output, `sleep` and `with` are
/// left out: steps and scripts have them too.
bool every_object_has(const Name& name) {
  static constexpr std::string_view kNames[] = {
      "any",      "asBoolean",     "asType",          "collect",         "dump",
      "each",     "eachWithIndex", "equals",          "every",           "find",
      "findAll",  "findIndexOf",   "findIndexValues", "findLastIndexOf", "findResult",
      "getClass", "grep",          "hashCode",        "inject",          "inspect",
      "is",       "isCase",        "iterator",        "toString"};
  return std::binary_search(std::begin(kNames), std::end(kNames), std::string_view(name.text));
}

std::optional<Value> call_on(Task& task, const Value& object, const Name& name, Args args) {
  if (object.is_null()) return std::nullopt;
  if (auto* closure = object.as<Closure>()) {
    if (const Method* method = find_method(name.methods, types().closure, args);
        method != nullptr && (method->cls == types().closure ||
                              (method->cls == types().object && every_object_has(name)))) {
      Call call{task, task.interpreter(), object, args};
      return method->function(call);
    }
    return closure_call(task, *closure, name, args);
  }
  // A map's closures are no methods of it for a closure that has it as its delegate.
  if (object.is<Map>()) return call_library(task, object, name, args);
  if (std::optional<Value> out = try_call_method(task, object, name, args)) return out;
  // Classes inside others see the methods around them.
  if (auto* instance = object.as<Instance>();
      instance != nullptr && instance->cls->is_user && !is_script(object)) {
    if (!instance->outer.is_null()) return call_on(task, instance->outer, name, args);
    auto* outer = static_cast<UserClass*>(instance->cls)->outer;
    for (; outer != nullptr; outer = outer->outer) {
      if (std::optional<Value> out = try_call_static(task, outer, name, args)) return out;
    }
  } else if (object.is<ClassInfo>() && object.as<ClassInfo>()->is_user) {
    auto* outer = static_cast<UserClass*>(object.as<ClassInfo>())->outer;
    for (; outer != nullptr; outer = outer->outer) {
      if (std::optional<Value> out = try_call_static(task, outer, name, args)) return out;
    }
  }
  return std::nullopt;
}

std::optional<Value> get_on(Task& task, const Value& object, const Name& name) {
  if (object.is_null()) return std::nullopt;
  if (auto* closure = object.as<Closure>()) return closure_get(task, *closure, name);
  if (auto* instance = object.as<Instance>(); instance != nullptr && instance->cls->is_user) {
    auto* cls = static_cast<UserClass*>(instance->cls);
    if (const FieldRef* field = cls->find_field(name)) {
      return field->def->is_static ? field->owner->statics[field->index]
                                   : instance->fields[field->index];
    }
    if (std::optional<Value> out = try_get_property(task, object, name)) return out;
    if (!instance->outer.is_null()) return get_on(task, instance->outer, name);
    for (UserClass* outer = cls->outer; outer != nullptr; outer = outer->outer) {
      if (std::optional<Value> out = try_get_property(task, Value(outer), name)) return out;
    }
    return std::nullopt;
  }
  if (auto* cls = object.as<ClassInfo>(); cls != nullptr && cls->is_user) {
    auto* user = static_cast<UserClass*>(cls);
    if (const FieldRef* field = user->find_field(name); field != nullptr && field->def->is_static) {
      ensure_ready(task, *user);
      return field->owner->statics[field->index];
    }
    for (UserClass* each = user; each != nullptr; each = each->outer) {
      if (std::optional<Value> out = try_get_property(task, Value(each), name)) return out;
    }
    return std::nullopt;
  }
  return try_get_property(task, object, name);
}

bool set_on(Task& task, const Value& object, const Name& name, const Value& value) {
  if (object.is_null()) return false;
  if (auto* closure = object.as<Closure>()) return closure_set(task, *closure, name, value);
  if (auto* instance = object.as<Instance>(); instance != nullptr && instance->cls->is_user) {
    auto* cls = static_cast<UserClass*>(instance->cls);
    if (const FieldRef* field = cls->find_field(name)) {
      Value converted =
          field->def->type.written ? cast(task, value, resolve(task, field->def->type)) : value;
      (field->def->is_static ? field->owner->statics : instance->fields)[field->index] =
          std::move(converted);
      return true;
    }
    if (try_set_property(task, object, name, value)) return true;
    if (!instance->outer.is_null()) return set_on(task, instance->outer, name, value);
    for (UserClass* outer = cls->outer; outer != nullptr; outer = outer->outer) {
      if (try_set_property(task, Value(outer), name, value)) return true;
    }
    return false;
  }
  if (auto* cls = object.as<ClassInfo>(); cls != nullptr && cls->is_user) {
    for (UserClass* each = static_cast<UserClass*>(cls); each != nullptr; each = each->outer) {
      if (try_set_property(task, Value(each), name, value)) return true;
    }
    return false;
  }
  return try_set_property(task, object, name, value);
}

/// The two places that a closure asks, in the order of its strategy.
std::pair<const Value*, const Value*> places(const Closure& closure) {
  const Value* owner = &closure.owner;
  const Value* delegate = &closure.delegate;
  if (delegate->same(*owner)) delegate = nullptr;
  switch (closure.strategy) {
    case Resolve::owner_first: return {owner, delegate};
    case Resolve::delegate_first:
      return delegate != nullptr ? std::pair{delegate, owner} : std::pair{owner, delegate};
    case Resolve::owner_only: return {owner, nullptr};
    case Resolve::delegate_only: return {&closure.delegate, nullptr};
    case Resolve::to_self: return {nullptr, nullptr};
  }
  return {owner, delegate};
}

}  // namespace

std::optional<Value> closure_call(Task& task, Closure& closure, const Name& name, Args args) {
  CallScope::check_stack(task);
  auto [first, second] = places(closure);
  for (const Value* place : {first, second}) {
    if (place == nullptr) continue;
    Value object = *place;
    if (std::optional<Value> out = call_on(task, object, name, args)) return out;
  }
  return std::nullopt;
}

std::optional<Value> closure_get(Task& task, Closure& closure, const Name& name) {
  CallScope::check_stack(task);
  if (name.text == "owner") return closure.owner;
  if (name.text == "delegate") return closure.delegate;
  if (name.text == "thisObject") return closure.self;
  if (name.text == "resolveStrategy") return Value::of_int(static_cast<int32_t>(closure.strategy));
  if (name.text == "directive") return closure.directive;
  if (name.text == "maximumNumberOfParameters" || name.text == "parameterTypes") {
    return call_library(task, Value(&closure), name_of(task, name.getter), {});
  }
  auto [first, second] = places(closure);
  for (const Value* place : {first, second}) {
    if (place == nullptr) continue;
    Value object = *place;
    if (std::optional<Value> out = get_on(task, object, name)) return out;
  }
  return std::nullopt;
}

bool closure_set(Task& task, Closure& closure, const Name& name, const Value& value) {
  CallScope::check_stack(task);
  if (name.text == "delegate") {
    closure.delegate = value;
    return true;
  }
  if (name.text == "resolveStrategy") {
    closure.strategy = static_cast<Resolve>(int_value(value));
    return true;
  }
  if (name.text == "directive") {
    closure.directive = value;
    return true;
  }
  auto [first, second] = places(closure);
  for (const Value* place : {first, second}) {
    if (place == nullptr) continue;
    Value object = *place;
    if (set_on(task, object, name, value)) return true;
  }
  return false;
}

Value implicit_call(Frame& frame, const Name& name, Args args) {
  std::optional<Value> out;
  if (frame.closure != nullptr) {
    out = call_on(frame.task, Value(frame.closure), name, args);
  } else {
    out = call_on(frame.task, frame.self, name, args);
  }
  if (out) return std::move(*out);
  throw_missing_method(frame.task, frame.self, name.text, args, frame.self.is<ClassInfo>());
}

std::optional<Value> implicit_find(Frame& frame, const Name& name) {
  return frame.closure != nullptr ? closure_get(frame.task, *frame.closure, name)
                                  : get_on(frame.task, frame.self, name);
}

Value implicit_get(Frame& frame, const Name& name) {
  std::optional<Value> out = implicit_find(frame, name);
  if (out) return std::move(*out);
  if (std::isupper(static_cast<unsigned char>(name.text[0])) != 0) {
    if (std::optional<Value> cls = find_class(frame.task, name.text)) return std::move(*cls);
    if (std::string_view forbidden = forbidden_default_class(name.text); !forbidden.empty()) {
      throw_rejected(frame.task, "staticMethod", std::string(forbidden));
    }
  }
  throw_missing_property(
      frame.task, name.text,
      frame.self.is<ClassInfo>() ? frame.self.as<ClassInfo>()->name : class_name_of(frame.self));
}

void implicit_set(Frame& frame, const Name& name, const Value& value) {
  bool done = frame.closure != nullptr ? closure_set(frame.task, *frame.closure, name, value)
                                       : set_on(frame.task, frame.self, name, value);
  if (done) return;
  throw_missing_property(
      frame.task, name.text,
      frame.self.is<ClassInfo>() ? frame.self.as<ClassInfo>()->name : class_name_of(frame.self));
}

}  // namespace ks::groovy
