#include "groovy/eval/nodes.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/state.h"

/// Variables and what can be assigned to.

namespace ks::groovy {

namespace {

Value& hidden_cell(Frame& frame, uint32_t field) {
  auto* instance = frame.self.as<Instance>();
  return instance->fields[frame.owner_class->first_own_field + field];
}

/// A value as a variable of this type holds it.
Value converted(Frame& frame, const TypeRef& type, const Value& value) {
  if (!type.written) return value;
  if (type.dimensions == 0 && type.known != nullptr) {
    if (type.known == types().p_int && value.is_int()) return value;
    if (type.known == types().string && value.is<String>()) return value;
  }
  return cast(frame.task, value, resolve(frame.task, type));
}

}  // namespace

Value zero_of(const ClassInfo& type) {
  switch (type.primitive) {
    case Kind::boolean: return Value::of_bool(false);
    case Kind::character: return Value::of_char(0);
    case Kind::byte_: return Value::of_byte(0);
    case Kind::short_: return Value::of_short(0);
    case Kind::integer: return Value::of_int(0);
    case Kind::long_: return Value::of_long(0);
    case Kind::float_: return Value::of_float(0);
    case Kind::double_: return Value::of_double(0);
    default: return {};
  }
}

Value zero_of(const TypeRef& type) {
  return type.known == nullptr || type.dimensions != 0 ? Value{} : zero_of(*type.known);
}

Value HiddenFieldNode::eval(Frame& frame) const {
  return Frame::cell(hidden_cell(frame, field)).value;
}

Value ImplicitNode::eval(Frame& frame) const {
  frame.line = line != 0 ? line : frame.line;
  return implicit_get(frame, name);
}

Value LocalTarget::read(Frame& frame, const Place&) const {
  switch (storage) {
    case Storage::slot: {
      const Value& value = frame.slots[index];
      return boxed && !value.is_null() ? Frame::cell(value).value : value;
    }
    case Storage::capture: return Frame::cell(frame.closure->cells[index]).value;
    case Storage::hidden_field: return Frame::cell(hidden_cell(frame, index)).value;
  }
  return {};
}

void LocalTarget::write(Frame& frame, const Place&, const Value& value) const {
  Value stored = converted(frame, type, value);
  switch (storage) {
    case Storage::slot: {
      Value& slot = frame.slots[index];
      if (!boxed) {
        slot = std::move(stored);
      } else if (slot.is_null()) {
        slot = Value(frame.heap().make<Cell>(std::move(stored)));
      } else {
        Frame::cell(slot).value = std::move(stored);
      }
      return;
    }
    case Storage::capture:
      Frame::cell(frame.closure->cells[index]).value = std::move(stored);
      return;
    case Storage::hidden_field:
      Frame::cell(hidden_cell(frame, index)).value = std::move(stored);
      return;
  }
}

Value ImplicitTarget::read(Frame& frame, const Place&) const { return implicit_get(frame, name); }
void ImplicitTarget::write(Frame& frame, const Place&, const Value& value) const {
  implicit_set(frame, name, value);
}

void PropertyTarget::prepare(Frame& frame, Place& place) const {
  place.receiver = receiver->eval(frame);
  if (dynamic_name != nullptr)
    place.key = frame.heap().string(to_string(frame.task, dynamic_name->eval(frame)));
}

namespace {

/// The field itself, past getters and setters.
Value* field_of(Frame& frame, const Value& object, const Name& name) {
  if (auto* instance = object.as<Instance>(); instance != nullptr && instance->cls->is_user) {
    const FieldRef* field = static_cast<UserClass*>(instance->cls)->find_field(name);
    if (field == nullptr) return nullptr;
    return field->def->is_static ? &field->owner->statics[field->index]
                                 : &instance->fields[field->index];
  }
  if (auto* cls = object.as<ClassInfo>(); cls != nullptr && cls->is_user) {
    ensure_ready(frame.task, *static_cast<UserClass*>(cls));
    const FieldRef* field = static_cast<UserClass*>(cls)->find_field(name);
    if (field != nullptr && field->def->is_static) return &field->owner->statics[field->index];
  }
  return nullptr;
}

[[noreturn]] void throw_missing_field(Frame& frame, const Value& object, const Name& name) {
  throw_error(frame.task, "groovy.lang.MissingFieldException",
              "No such field: " + name.text + " for class: " + class_name_of(object));
}

}  // namespace

Value PropertyTarget::read(Frame& frame, const Place& place) const {
  if (name == nullptr && place.receiver.is<Map>())
    return get_at(frame.task, place.receiver, place.key);
  const Name& property =
      name != nullptr ? *name : name_of(frame.task, place.key.as<String>()->text());
  if (safe && place.receiver.is_null()) return {};
  if (field || on_this) {
    if (Value* direct = field_of(frame, place.receiver, property)) return *direct;
    if (auto* native = place.receiver.as_dynamic<NativeObject>(); field && native != nullptr) {
      if (std::optional<Value> own = native->get_attribute(frame.task, property.text))
        return std::move(*own);
    }
    if (field) throw_missing_field(frame, place.receiver, property);
  }
  return get_property(frame.task, place.receiver, property);
}

void PropertyTarget::write(Frame& frame, const Place& place, const Value& value) const {
  if (name == nullptr && place.receiver.is<Map>())
    return put_at(frame.task, place.receiver, place.key, value);
  const Name& property =
      name != nullptr ? *name : name_of(frame.task, place.key.as<String>()->text());
  if (safe && place.receiver.is_null()) return;
  if (spread) {
    for (const Value& each : items_of(frame.task, place.receiver))
      set_property(frame.task, each, property, value);
    return;
  }
  if (field || on_this) {
    if (Value* direct = field_of(frame, place.receiver, property)) {
      auto* instance = place.receiver.as<Instance>();
      const FieldRef* ref = instance == nullptr
                                ? nullptr
                                : static_cast<UserClass*>(instance->cls)->find_field(property);
      *direct = ref != nullptr ? converted(frame, ref->def->type, value) : value;
      return;
    }
    if (auto* native = place.receiver.as_dynamic<NativeObject>(); field && native != nullptr) {
      if (native->set_attribute(frame.task, property.text, value)) return;
    }
    if (field) throw_missing_field(frame, place.receiver, property);
  }
  set_property(frame.task, place.receiver, property, value);
}

void IndexTarget::prepare(Frame& frame, Place& place) const {
  place.receiver = receiver->eval(frame);
  place.key = index->eval(frame);
}
Value IndexTarget::read(Frame& frame, const Place& place) const {
  return get_at(frame.task, place.receiver, place.key);
}
void IndexTarget::write(Frame& frame, const Place& place, const Value& value) const {
  put_at(frame.task, place.receiver, place.key, value);
}

Value AssignNode::eval(Frame& frame) const {
  // Groovy takes the right side first for properties and indexes as well as for variables.
  Target::Place place;
  Value result = value->eval(frame);
  target->prepare(frame, place);
  frame.line = line;
  target->write(frame, place, result);
  if (const auto* local = dynamic_cast<const LocalTarget*>(target.get());
      local != nullptr && local->type.written) {
    return target->read(frame, place);
  }
  return result;
}

Value CompoundAssignNode::eval(Frame& frame) const {
  Target::Place place;
  target->prepare(frame, place);
  Value before = target->read(frame, place);
  Value result = binary(frame.task, op, before, value->eval(frame));
  frame.line = line;
  target->write(frame, place, result);
  return result;
}

Value StepNode::eval(Frame& frame) const {
  Target::Place place;
  target->prepare(frame, place);
  Value old = target->read(frame, place);
  Value changed = up ? next(frame.task, old) : previous(frame.task, old);
  target->write(frame, place, changed);
  return before ? changed : old;
}

Value StepValueNode::eval(Frame& frame) const {
  Value old = value->eval(frame);
  Value changed = up ? next(frame.task, old) : previous(frame.task, old);
  return before ? changed : old;
}

Value MultiAssignNode::eval(Frame& frame) const {
  Value source = value->eval(frame);
  for (size_t i = 0; i < targets.size(); ++i) {
    Target::Place place;
    targets[i]->prepare(frame, place);
    targets[i]->write(frame, place,
                      get_at(frame.task, source, Value::of_int(static_cast<int32_t>(i))));
  }
  return source;
}

}  // namespace ks::groovy
