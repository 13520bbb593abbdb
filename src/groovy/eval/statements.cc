#include "groovy/eval/nodes.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/power_assert.h"
#include "groovy/runtime/state.h"

namespace ks::groovy {

namespace {

Value typed(Frame& frame, const TypeRef& type, Value value) {
  if (!type.written) return value;
  if (type.dimensions == 0 && type.known == types().p_int && value.is_int()) return value;
  return cast(frame.task, value, resolve(frame.task, type));
}

void store_new(Frame& frame, uint32_t slot, bool boxed, Value value) {
  frame.slots[slot] = boxed ? Value(frame.heap().make<Cell>(std::move(value))) : std::move(value);
}

}  // namespace

Flow ExpressionStatement::run(Frame& frame) const {
  frame.line = line;
  value->eval(frame);
  return Flow::normal;
}

Flow DeclareStatement::run(Frame& frame) const {
  frame.line = line;
  if (value == nullptr) {
    store_new(frame, slot, boxed, zero_of(type));
    return Flow::normal;
  }
  Value made = value->eval(frame);
  store_new(frame, slot, boxed, typed(frame, type, std::move(made)));
  return Flow::normal;
}

Flow MultiDeclareStatement::run(Frame& frame) const {
  frame.line = line;
  Value source = value->eval(frame);
  for (size_t i = 0; i < variables.size(); ++i) {
    const Variable& to = variables[i];
    Value item = source.is_null()
                     ? Value{}
                     : get_at(frame.task, source, Value::of_int(static_cast<int32_t>(i)));
    store_new(frame, to.slot, to.boxed, typed(frame, to.type, std::move(item)));
  }
  return Flow::normal;
}

Flow BlockStatement::run(Frame& frame) const {
  for (const StatementPtr& each : statements) {
    Flow flow = each->run(frame);
    if (flow != Flow::normal) return flow;
  }
  return Flow::normal;
}

Flow IfStatement::run(Frame& frame) const {
  frame.line = line;
  if (truth(frame.task, condition->eval(frame))) return yes->run(frame);
  return no == nullptr ? Flow::normal : no->run(frame);
}

bool LoopStatement::leaves(Frame& frame, Flow flow, Flow& out) const {
  bool mine = frame.label == nullptr || *frame.label == label;
  switch (flow) {
    case Flow::normal: return false;
    case Flow::continue_:
      if (mine) {
        frame.label = nullptr;
        return false;
      }
      break;
    case Flow::break_:
      if (mine) {
        frame.label = nullptr;
        flow = Flow::normal;
      }
      break;
    case Flow::return_: break;
  }
  out = flow;
  return true;
}

Flow WhileStatement::run(Frame& frame) const {
  Flow out = Flow::normal;
  while (true) {
    frame.task.spend();
    frame.line = line;
    if (!truth(frame.task, condition->eval(frame))) return Flow::normal;
    if (leaves(frame, body->run(frame), out)) return out;
  }
}

Flow ForStatement::run(Frame& frame) const {
  for (const StatementPtr& each : initial) each->run(frame);
  Flow out = Flow::normal;
  while (true) {
    frame.task.spend();
    frame.line = line;
    if (condition != nullptr && !truth(frame.task, condition->eval(frame))) return Flow::normal;
    if (leaves(frame, body->run(frame), out)) return out;
    for (const StatementPtr& each : updates) each->run(frame);
  }
}

Flow ForInStatement::run(Frame& frame) const {
  frame.line = line;
  Value source = collection->eval(frame);
  Flow out = Flow::normal;
  // One variable for all turns: closures made in the body share it.
  store_new(frame, slot, boxed, Value{});
  for_each_item(frame.task, source, [&](const Value& item) {
    Value next = typed(frame, type, item);
    (boxed ? Frame::cell(frame.slots[slot]).value : frame.slots[slot]) = std::move(next);
    return !leaves(frame, body->run(frame), out);
  });
  return out;
}

Flow SwitchStatement::run(Frame& frame) const {
  frame.line = line;
  Value switched = subject->eval(frame);
  size_t start = cases.size();
  for (size_t i = 0; i < cases.size() && start == cases.size(); ++i) {
    if (cases[i].value != nullptr && is_case(frame.task, cases[i].value->eval(frame), switched))
      start = i;
  }
  if (start == cases.size()) {
    for (size_t i = 0; i < cases.size(); ++i) {
      if (cases[i].value == nullptr) start = i;
    }
  }
  for (size_t i = start; i < cases.size(); ++i) {
    Flow flow = cases[i].body->run(frame);
    if (flow == Flow::break_ && (frame.label == nullptr || *frame.label == label)) {
      frame.label = nullptr;
      return Flow::normal;
    }
    if (flow != Flow::normal) return flow;
  }
  return Flow::normal;
}

Flow LabelledStatement::run(Frame& frame) const {
  Flow flow = body->run(frame);
  if (flow == Flow::break_ && frame.label != nullptr && *frame.label == label) {
    frame.label = nullptr;
    return Flow::normal;
  }
  return flow;
}

// ----- exceptions -----

namespace {

bool catches(Frame& frame, const TryStatement::Catch& handler, const Value& exception) {
  const Types& t = types();
  auto* instance = exception.as<Instance>();
  if (instance == nullptr) return false;
  if (handler.types.empty()) return instance->cls->is_a(t.exception);
  for (const TypeRef& type : handler.types) {
    if (type.known != nullptr) {
      if (instance->cls->is_a(type.known)) return true;
      continue;
    }
    // A class that nobody knows is none that was thrown.
    auto matches = [&](const std::string& name) {
      ClassInfo* cls = find_class_info(frame.task, name);
      return cls != nullptr && instance->cls->is_a(cls);
    };
    if (matches(type.name)) return true;
    for (const std::string& other : type.others) {
      if (matches(other)) return true;
    }
  }
  return false;
}

}  // namespace

Flow TryStatement::run_guarded(Frame& frame) const {
  std::optional<Thrown> caught;
  Frame* here = &frame;
  try {
    return body->run(frame);
  } catch (Thrown& thrown) {
    if (!thrown.catchable) throw;
    caught = std::move(thrown);
  }
  // Handlers run outside of the C++ handler: they may suspend this stack, and C++ counts its
  // handlers by thread.
  (void)here;
  for (const Catch& handler : catches) {
    if (!groovy::catches(frame, handler, caught->exception)) continue;
    store_new(frame, handler.slot, handler.boxed, caught->exception);
    return handler.body->run(frame);
  }
  throw Thrown(*caught);
}

Flow TryStatement::run(Frame& frame) const {
  if (last == nullptr) return run_guarded(frame);
  std::optional<Thrown> caught;
  Flow flow = Flow::normal;
  try {
    flow = run_guarded(frame);
  } catch (Thrown& thrown) {
    if (!thrown.catchable) throw;
    caught = std::move(thrown);
  }
  Value result = std::move(frame.result);
  const std::string* label = std::exchange(frame.label, nullptr);
  Flow after = last->run(frame);
  if (after != Flow::normal) return after;  // a jump out of `finally` wins over all before
  if (caught) throw Thrown(*caught);
  frame.result = std::move(result);
  frame.label = label;
  return flow;
}

Flow ThrowStatement::run(Frame& frame) const {
  frame.line = line;
  Value exception = value->eval(frame);
  frame.line = line;
  if (exception.is_null()) {
    throw_error(frame.task, "java.lang.NullPointerException",
                "Cannot throw exception because \"null\" is null");
  }
  auto* instance = exception.as<Instance>();
  if (instance == nullptr || instance->throwable == nullptr) {
    throw_error(
        frame.task, "java.lang.ClassCastException",
        "class " + class_name_of(exception) + " cannot be cast to class java.lang.Throwable");
  }
  throw Thrown(exception);
}

Flow ReturnStatement::run(Frame& frame) const {
  frame.line = line;
  frame.result = value == nullptr ? Value{} : value->eval(frame);
  return Flow::return_;
}

Flow JumpStatement::run(Frame& frame) const {
  frame.label = label.empty() ? nullptr : &label;
  return is_break ? Flow::break_ : Flow::continue_;
}

Flow AssertStatement::run(Frame& frame) const {
  frame.line = line;
  Recording recording;
  Recording* before = std::exchange(frame.recording, &recording);
  bool holds = false;
  struct Restore {
    Frame& frame;
    Recording* before;
    ~Restore() { frame.recording = before; }
  };
  {
    Restore restore{frame, before};
    holds = truth(frame.task, condition->eval(frame));
  }
  if (holds) return Flow::normal;
  frame.line = line;
  if (message != nullptr) {
    std::string text = to_string(frame.task, message->eval(frame)) + ". Expression: " + source;
    for (size_t i = 0; i < variables.size(); ++i) {
      text += (i == 0 ? ". Values: " : ", ") + variables[i].first + " = " +
              to_string(frame.task, variables[i].second->eval(frame));
    }
    throw_error(frame.task, "java.lang.AssertionError", text);
  }
  throw_error(frame.task, "org.codehaus.groovy.runtime.powerassert.PowerAssertionError",
              draw_assert(frame.task, source, recording));
}

Flow FieldStatement::run(Frame& frame) const {
  frame.line = line;
  Value made = value == nullptr ? zero_of(type) : typed(frame, type, value->eval(frame));
  UserClass* cls = frame.owner_class;
  const FieldDef& def = cls->def.fields[field];
  if (cls->def.kind == ClassKind::trait && !is_static) {
    auto* instance = frame.self.as<Instance>();
    auto found = static_cast<UserClass*>(instance->cls)->fields.find(std::string_view(def.name));
    if (found != static_cast<UserClass*>(instance->cls)->fields.end()) {
      instance->fields[found->second.index] = std::move(made);
    }
    return Flow::normal;
  }
  const FieldRef& ref = cls->fields.at(def.name);
  (is_static ? cls->statics : frame.self.as<Instance>()->fields)[ref.index] = std::move(made);
  return Flow::normal;
}

}  // namespace ks::groovy
