#include <fmt/format.h>
#include <algorithm>

#include "groovy/eval/nodes.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/state.h"

/// Property access, method calls and `new`.

namespace ks::groovy {

namespace {

/// Evaluated arguments: on the stack while there are few.
class Evaluated {
 public:
  Evaluated(Frame& frame, const Arguments& arguments) {
    if (!arguments.has_spread && arguments.values.size() <= kFew) {
      count_ = arguments.values.size();
      for (size_t i = 0; i < count_; ++i) few_[i] = arguments.values[i]->eval(frame);
      return;
    }
    for (const NodePtr& node : arguments.values) {
      if (dynamic_cast<const SpreadNode*>(node.get()) == nullptr) {
        many_.push_back(node->eval(frame));
        continue;
      }
      Value spread = node->eval(frame);
      if (spread.is_null()) {
        many_.emplace_back();
        continue;
      }
      for (const Value& each : items_of(frame.task, spread)) many_.push_back(each);
    }
    count_ = many_.size();
    is_many_ = true;
  }
  Args args() const { return is_many_ ? Args(many_) : Args(few_, count_); }

 private:
  static constexpr size_t kFew = 4;
  Value few_[kFew];
  std::vector<Value> many_;
  size_t count_ = 0;
  bool is_many_ = false;
};

/// `.@name` of a library object that has some of its own, or of each in a NodeList.
std::optional<Value> native_attribute(Task& task, const Value& object, const std::string& name) {
  if (auto* native = object.as_dynamic<NativeObject>()) return native->get_attribute(task, name);
  auto* list = object.as<List>();
  if (list == nullptr || list->flavour != List::Flavour::nodes) return std::nullopt;
  return get_at(task, object, task.heap().string("@" + name));
}

const Name& dynamic(Frame& frame, const NodePtr& node) {
  return name_of(frame.task, to_string(frame.task, node->eval(frame)));
}

}  // namespace

// ----- properties -----

Value PropertyNode::of(Frame& frame, const Value& object) const {
  if (safe && object.is_null()) return {};
  if (name == nullptr && object.is<Map>()) {
    // Keys made at run time are no names to keep.
    return get_at(frame.task, object,
                  frame.heap().string(to_string(frame.task, dynamic_name->eval(frame))));
  }
  const Name& property = name != nullptr ? *name : dynamic(frame, dynamic_name);
  frame.line = line;
  if (spread) {
    if (object.is_null()) return {};
    std::vector<Value> out;
    for (const Value& each : items_of(frame.task, object)) {
      std::optional<Value> own;
      if (field) own = native_attribute(frame.task, each, property.text);
      if (!own) own = each.is_null() ? Value{} : get_property(frame.task, each, property);
      out.push_back(std::move(*own));
    }
    return frame.heap().make<List>(std::move(out));
  }
  if (field || on_this) {
    if (auto* instance = object.as<Instance>(); instance != nullptr && instance->cls->is_user) {
      if (const FieldRef* ref = static_cast<UserClass*>(instance->cls)->find_field(property)) {
        return ref->def->is_static ? ref->owner->statics[ref->index] : instance->fields[ref->index];
      }
    }
    if (auto* cls = object.as<ClassInfo>(); cls != nullptr && cls->is_user) {
      ensure_ready(frame.task, *static_cast<UserClass*>(cls));
      const FieldRef* ref = static_cast<UserClass*>(cls)->find_field(property);
      if (ref != nullptr && ref->def->is_static) return ref->owner->statics[ref->index];
    }
    if (field) {
      if (std::optional<Value> own = native_attribute(frame.task, object, property.text))
        return std::move(*own);
    }
    if (field && !object.is<Map>()) {
      throw_error(frame.task, "groovy.lang.MissingFieldException",
                  "No such field: " + property.text + " for class: " + class_name_of(object));
    }
  }
  return get_property(frame.task, object, property);
}

Value PropertyNode::eval(Frame& frame) const { return of(frame, receiver->eval(frame)); }

Value PossibleClassNode::eval(Frame& frame) const {
  if (implicit_find(frame, *root)) return otherwise->eval(frame);
  if (std::optional<Value> cls = find_class(frame.task, full_name)) return std::move(*cls);
  if (is_forbidden_class(full_name)) {
    frame.line = line;
    throw_rejected(frame.task, "staticMethod", full_name);
  }
  return otherwise->eval(frame);
}

Value StaticPropertyNode::eval(Frame& frame) const {
  frame.line = line;
  Value cls = resolve_value(frame.task, type);
  if (cls.is<ClassInfo>() && frame.owner_class == cls.as<ClassInfo>()) {
    const FieldRef* ref = frame.owner_class->find_field(*name);
    if (ref != nullptr && ref->def->is_static) {
      ensure_ready(frame.task, *frame.owner_class);
      return ref->owner->statics[ref->index];
    }
  }
  return get_property(frame.task, cls, *name);
}

Value SuperPropertyNode::eval(Frame& frame) const {
  frame.line = line;
  auto* instance = frame.self.as<Instance>();
  UserClass* parent = frame.owner_class == nullptr ? nullptr : frame.owner_class->user_super;
  if (parent != nullptr && instance != nullptr) {
    auto found = parent->methods.find(std::string_view(name->getter));
    if (found != parent->methods.end()) {
      if (const MethodRef* method = choose(frame.task, found->second, {})) {
        return invoke_method(frame.task, *method, frame.self, {});
      }
    }
    if (const FieldRef* ref = parent->find_field(*name)) {
      return ref->def->is_static ? ref->owner->statics[ref->index] : instance->fields[ref->index];
    }
  }
  if (std::optional<Value> out =
          call_library(frame.task, frame.self, name_of(frame.task, name->getter), {}))
    return *out;
  throw_missing_property(frame.task, name->text, class_name_of(frame.self));
}

Value IndexNode::eval(Frame& frame) const {
  Value object = receiver->eval(frame);
  Value key = index->eval(frame);
  frame.line = line;
  return get_at(frame.task, object, key);
}

// ----- calls -----

namespace {

/// The method of this class whose parameters are exactly these types; null when there is no other
/// of its name, which is chosen without asking.
const MethodRef* exact_method(Frame& frame, const Name& name,
                              const std::vector<ClassInfo*>& types) {
  if (types.empty() || frame.closure != nullptr || frame.owner_class == nullptr) return nullptr;
  auto exact = [&](const MethodRef& method) {
    const std::vector<Parameter>& parameters = method.def->code.parameters;
    bool same = parameters.size() == types.size() && method.has_body();
    for (size_t i = 0; same && i < types.size(); ++i) {
      const TypeRef& type = parameters[i].type;
      same = type.written && type.known == types[i] && type.dimensions == 0;
    }
    return same;
  };
  const UserClass* owner = frame.owner_class;
  const std::vector<MethodRef>* declared = owner->find_methods(name);
  if (declared == nullptr || declared->size() < 2 ||
      !std::ranges::any_of(
          *declared, [&](const MethodRef& each) { return each.owner == owner && exact(each); }))
    return nullptr;
  const auto* instance = frame.self.as<Instance>();
  if (instance != nullptr && instance->cls->is_user)
    declared = static_cast<const UserClass*>(instance->cls)->find_methods(name);
  if (declared == nullptr) return nullptr;
  auto found = std::ranges::find_if(*declared, exact);
  return found == declared->end() ? nullptr : &*found;
}

}  // namespace

Value CallNode::invoke(Frame& frame, const Value& object, const Name& method, Args args) const {
  frame.line = line;
  if (by_object && object.is<List>()) {
    static const Name kRemoveElement("removeElement");
    return call_method(frame.task, object, kRemoveElement, args);
  }
  return call_method(frame.task, object, method, args);
}

Value CallNode::eval(Frame& frame) const {
  Value object = receiver->eval(frame);
  if (safe && object.is_null()) return {};
  const Name& method = name != nullptr ? *name : dynamic(frame, dynamic_name);
  Evaluated evaluated(frame, arguments);
  if (const MethodRef* exactly = exact_method(frame, method, exact)) {
    frame.line = line;
    return invoke_method(frame.task, *exactly, object, evaluated.args());
  }
  if (!spread) return invoke(frame, object, method, evaluated.args());
  if (object.is_null()) return {};
  std::vector<Value> out;
  for (const Value& each : items_of(frame.task, object)) {
    out.push_back(each.is_null() ? Value{} : invoke(frame, each, method, evaluated.args()));
  }
  return frame.heap().make<List>(std::move(out));
}

Value ImplicitCallNode::eval(Frame& frame) const {
  const Name& method = name != nullptr ? *name : dynamic(frame, dynamic_name);
  Evaluated evaluated(frame, arguments);
  frame.line = line;
  if (const MethodRef* exactly = exact_method(frame, method, exact))
    return invoke_method(frame.task, *exactly, frame.self, evaluated.args());
  // The usual case first: a method of the script or class that the code stands in.
  if (frame.closure == nullptr && frame.self.is<Instance>()) {
    auto* instance = frame.self.as<Instance>();
    if (instance->cls->is_user) {
      const std::vector<MethodRef>* overloads =
          static_cast<UserClass*>(instance->cls)->find_methods(method);
      if (overloads != nullptr && overloads->size() == 1) {
        const MethodRef& only = overloads->front();
        const Code& code = only.def->code;
        bool simple = code.parameters.size() == evaluated.args().size() && !code.varargs &&
                      !only.def->is_abstract && !only.def->is_static;
        for (const Parameter& each : code.parameters) simple = simple && !each.type.written;
        if (simple)
          return run_code(frame.task, code, frame.self, only.owner, nullptr, evaluated.args());
      }
    }
  }
  return implicit_call(frame, method, evaluated.args());
}

Value ValueCallNode::eval(Frame& frame) const {
  Value object = callee->eval(frame);
  Evaluated evaluated(frame, arguments);
  frame.line = line;
  return call_value(frame.task, object, evaluated.args());
}

Value StaticCallNode::eval(Frame& frame) const {
  frame.line = line;
  // A class that exists but is out of reach is refused before its arguments are evaluated.
  Value cls;
  if (type.known == nullptr) {
    std::string_view forbidden = forbidden_default_class(type.name);
    std::string full = forbidden.empty() ? type.name : std::string(forbidden);
    if (is_forbidden_class(full) && !find_class(frame.task, type.name)) {
      throw_rejected(frame.task, "staticMethod", full + " " + name->text);
    }
  }
  cls = resolve_value(frame.task, type);
  Evaluated evaluated(frame, arguments);
  frame.line = line;
  if (auto* info = cls.as<ClassInfo>()) {
    if (std::optional<Value> out = try_call_static(frame.task, info, *name, evaluated.args()))
      return std::move(*out);
    // `Outer.method()` inside of an instance of it.
    if (frame.self.is<Instance>() && frame.self.as<Instance>()->cls->is_a(info)) {
      if (std::optional<Value> out =
              try_call_method(frame.task, frame.self, *name, evaluated.args())) {
        return std::move(*out);
      }
    }
    throw_missing_method(frame.task, cls, name->text, evaluated.args(), true);
  }
  return call_method(frame.task, cls, *name, evaluated.args());
}

Value SuperCallNode::eval(Frame& frame) const {
  Evaluated evaluated(frame, arguments);
  frame.line = line;
  Args args = evaluated.args();
  UserClass* cls = frame.owner_class;
  UserClass* parent = cls == nullptr ? nullptr : cls->user_super;
  if (parent != nullptr) {
    if (const std::vector<MethodRef>* overloads = parent->find_methods(*name)) {
      if (const MethodRef* method = choose(frame.task, *overloads, args)) {
        return invoke_method(frame.task, *method, frame.self, args);
      }
    }
  }
  if (cls != nullptr) {
    for (ClassInfo* interface : cls->interfaces) {
      if (!interface->is_user) continue;
      if (const std::vector<MethodRef>* overloads =
              static_cast<UserClass*>(interface)->find_methods(*name)) {
        const MethodRef* method = choose(frame.task, *overloads, args);
        if (method != nullptr && method->has_body())
          return invoke_method(frame.task, *method, frame.self, args);
      }
    }
  }
  if (name->text == "toString" && args.empty() && frame.self.is<Instance>()) {
    auto* instance = frame.self.as<Instance>();
    if (instance->throwable != nullptr)
      return frame.heap().string(throwable_text(frame.task, frame.self));
    if (instance->cls->is_enum) return frame.heap().string(enum_name(frame.self));
    if (!wraps(*instance)) {
      return frame.heap().string(fmt::format("{}@{:x}", instance->cls->name,
                                             static_cast<uint32_t>(identity_hash(frame.self))));
    }
  }
  if (name->text == "equals" && args.size() == 1 && frame.self.is<Instance>() &&
      !wraps(*frame.self.as<Instance>())) {
    return Value::of_bool(frame.self.same(args[0]));
  }
  if (name->text == "hashCode" && args.empty() && frame.self.is<Instance>() &&
      !wraps(*frame.self.as<Instance>())) {
    return Value::of_int(identity_hash(frame.self));
  }
  if (is_script(frame.self)) {
    if (std::optional<Value> out =
            frame.task.interpreter().host().call_step(frame.task, name->text, args)) {
      return std::move(*out);
    }
  }
  if (std::optional<Value> out = call_library(frame.task, frame.self, *name, args))
    return std::move(*out);
  throw_missing_method(frame.task, frame.self, name->text, args);
}

Value ConstructorCallNode::eval(Frame& frame) const {
  Evaluated evaluated(frame, arguments);
  frame.line = line;
  if (to_super) {
    run_super_constructor(frame.task, *frame.owner_class, frame.self, evaluated.args());
    finish_fields(frame.task, *frame.owner_class, frame.self);
  } else {
    run_constructor(frame.task, *frame.owner_class, frame.self, evaluated.args());
  }
  return {};
}

namespace {

/// The instance that an inner class belongs to: the nearest `this` of the outer class.
Value enclosing_instance(const Value& self, const UserClass* outer) {
  Value object = self;
  while (auto* instance = object.as<Instance>()) {
    if (outer != nullptr && instance->cls->is_a(outer)) return object;
    object = Value(instance->outer);
  }
  return {};
}

void give_cells(Frame& frame, const ClassDef& def, Instance& instance, uint32_t first) {
  for (size_t i = 0; i < def.captures.size(); ++i) {
    const Capture& capture = def.captures[i];
    Value& field = instance.fields[first + i];
    switch (capture.from) {
      case Capture::From::slot: {
        Value& slot = frame.slots[capture.index];
        if (slot.is_null()) slot = Value(frame.heap().make<Cell>(Value{}));
        field = slot;
        break;
      }
      case Capture::From::capture: field = frame.closure->cells[capture.index]; break;
      case Capture::From::hidden_field:
        field =
            frame.self.as<Instance>()->fields[frame.owner_class->first_own_field + capture.index];
        break;
    }
  }
}

Value construct_anonymous(Frame& frame, const ClassDef& def, Args args) {
  ClassInfo* known = find_class_info(frame.task, def.name);
  auto* cls = known != nullptr ? static_cast<UserClass*>(known) : make_class(frame.task, def);
  ensure_ready(frame.task, *cls);
  Ref<Instance> made = frame.heap().make<Instance>(cls);
  made->fields.resize(cls->field_count);
  if (!frame.self.is<ClassInfo>()) made->outer = frame.self;
  give_cells(frame, def, *made, cls->first_own_field);
  Value self(made);
  run_constructor(frame.task, *cls, self, args);
  return self;
}

}  // namespace

Value NewNode::eval(Frame& frame) const {
  frame.line = line;
  if (type.known == nullptr) {
    std::string_view forbidden = forbidden_default_class(type.name);
    std::string full = forbidden.empty() ? type.name : std::string(forbidden);
    if (is_forbidden_class(full) && !find_class(frame.task, type.name)) {
      Evaluated evaluated(frame, arguments);
      for (const Value& each : evaluated.args()) full += " " + class_name_of(each);
      throw_rejected(frame.task, "new", full);
    }
  }
  Evaluated evaluated(frame, arguments);
  frame.line = line;
  if (anonymous != nullptr) return construct_anonymous(frame, *anonymous, evaluated.args());
  Value cls = resolve_value(frame.task, type);
  if (auto* info = cls.as<ClassInfo>()) {
    if (!info->is_user) return construct(frame.task, info, evaluated.args());
    auto& user = *static_cast<UserClass*>(info);
    Value outer = user.def.is_static ? Value{} : enclosing_instance(frame.self, user.outer);
    Args args = evaluated.args();
    // `new Inner(outer, args)` from elsewhere.
    if (!user.def.is_static && outer.is_null() && !args.empty() && args[0].is<Instance>() &&
        user.outer != nullptr && args[0].as<Instance>()->cls->is_a(user.outer)) {
      outer = args[0];
      args = args.subspan(1);
    }
    return construct_user(frame.task, user, args, outer);
  }
  if (auto* host = cls.as<HostObject>()) {
    if (std::optional<Value> made = host->construct(frame.task, evaluated.args()))
      return std::move(*made);
    std::string signature = host->class_name();
    for (const Value& each : evaluated.args()) signature += " " + class_name_of(each);
    throw_rejected(frame.task, "new", signature);
  }
  throw_cast(frame.task, cls, "java.lang.Class");
}

Value MethodPointerNode::eval(Frame& frame) const {
  Value object = receiver->eval(frame);
  std::string method =
      dynamic_name != nullptr ? to_string(frame.task, dynamic_name->eval(frame)) : name;
  return frame.heap().make<MethodClosure>(object, method);
}

}  // namespace ks::groovy
