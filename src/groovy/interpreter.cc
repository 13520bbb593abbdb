#include "groovy/interpreter.h"

#include <fmt/format.h>

#include "groovy/eval/frame.h"
#include "groovy/eval/program_impl.h"
#include "groovy/eval/user_class.h"
#include "groovy/parser.h"
#include "groovy/runtime/errors.h"
#include "groovy/runtime/operators.h"
#include "groovy/runtime/state.h"

namespace ks::groovy {

// ----- words for failures -----

std::string Failure::to_string() const {
  if (class_name == "org.codehaus.groovy.runtime.powerassert.PowerAssertionError") {
    return "Assertion failed: \n\n" + message.value_or("") + "\n";
  }
  return message ? class_name + ": " + *message : class_name;
}

std::string Failure::with_trace() const {
  std::string out = to_string();
  for (const TraceLine& each : trace)
    out += fmt::format("\n\tat {}({}:{})", each.method, each.file, each.line);
  for (const std::string& each : suppressed) out += "\n\tSuppressed: " + each;
  for (const std::string& each : causes) out += "\nCaused by: " + each;
  return out;
}

// ----- tasks -----

namespace {

constexpr uint64_t kCheckpoint = 10'000;
constexpr uintptr_t kThreadStack = 7 << 20;  // of 8 MiB that a thread usually has

}  // namespace

Task::Task(Interpreter& interpreter, const void* stack_low)
    : interpreter_(interpreter),
      heap_(interpreter.heap()),
      fuel_(0),
      fuel_behind_(0),
      stack_low_(reinterpret_cast<uintptr_t>(stack_low)),
      depth_limit_(interpreter.limits().call_depth) {
  if (stack_low == nullptr)
    stack_low_ = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - kThreadStack;
  refuel();
}

void Task::refuel() {
  uint64_t all = interpreter_.limits().fuel;
  fuel_ = std::min(all, kCheckpoint);
  fuel_behind_ = all - fuel_;
}

void Task::out_of_fuel(uint64_t operations) {
  uint64_t needed = operations + 1 - fuel_;
  if (fuel_behind_ < needed) throw_fuel_limit(*this, interpreter_.limits().fuel);
  uint64_t take = std::min(fuel_behind_, std::max(needed, kCheckpoint));
  fuel_ += take;
  fuel_behind_ -= take;
  interpreter_.host().checkpoint(*this);
}

uint32_t Task::line() const { return frame_ == nullptr ? 0 : frame_->line; }

std::vector<TraceLine> Task::trace() const {
  constexpr size_t kMost = 100;
  std::vector<TraceLine> out;
  for (const Frame* frame = frame_; frame != nullptr && out.size() < kMost; frame = frame->caller) {
    out.push_back({frame->code.class_name + "." + frame->code.name, frame->code.file, frame->line});
  }
  return out;
}

// ----- host objects -----

std::optional<Value> HostObject::get_at(Task& task, const Value& key) {
  return get_property(task, groovy::to_string(task, key));
}

bool HostObject::put_at(Task& task, const Value& key, const Value& value) {
  return set_property(task, groovy::to_string(task, key), value);
}

std::string HostObject::to_string(Task&) {
  return fmt::format("{}@{:x}", class_name(), static_cast<uint32_t>(identity_hash(Value(this))));
}

// ----- programs -----

Compiled compile(std::string_view source, const CompileOptions& options) {
  Parsed parsed = parse(source);
  if (!parsed) return Compiled{nullptr, std::move(parsed.errors)};
  if (!parsed.errors.empty()) return Compiled{nullptr, std::move(parsed.errors)};
  return compile(*parsed.unit, options);
}

Interpreter::Interpreter(Host& host, Limits limits)
    : host_(host),
      limits_(limits),
      heap_(limits.heap_bytes, limits.string_bytes),
      state_(std::make_unique<State>()) {
  types();
  state_->binding = heap_.make<Map>();
}

Interpreter::~Interpreter() = default;

Value Interpreter::script() const { return state_->script; }

Value Interpreter::load_script(Task& task, const ProgramRef& program, bool own_binding) {
  programs_.push_back(program);
  define_classes(task, program);
  auto* cls = static_cast<UserClass*>(find_class_info(task, program->script->name));
  Ref<Instance> made = heap_.make<Instance>(cls);
  made->fields.resize(cls->field_count);
  made->base = own_binding ? Value(heap_.make<Map>()) : Value(state_->binding);
  Value script(made);
  if (state_->script.is_null()) state_->script = script;
  run_constructor(task, *cls, script, {});
  return script;
}

std::optional<Value> Interpreter::load_class(Task& task, const ProgramRef& program,
                                             std::string_view full_name) {
  programs_.push_back(program);
  define_classes(task, program);
  ClassInfo* cls = find_class_info(task, full_name);
  if (cls == nullptr) return std::nullopt;
  return Value(cls);
}

namespace {

Value run_loaded(Task& task, const Program& program, const Value& script) {
  static const Name kRun("run");
  static const Name kMain("main");
  if (program.only_classes) {
    // A text of classes alone: the first one's main() is run.
    auto* first = find_class_info(task, program.classes.front()->name);
    Value args[] = {make_array(task, types().string, {})};
    if (std::optional<Value> out = try_call_static(task, first, kMain, args)) {
      return std::move(*out);
    }
    if (!static_cast<UserClass*>(first)->methods.contains(std::string_view("main"))) return {};
    return call_method(task, construct(task, first, {}), kMain, args);
  }
  return call_method(task, script, kRun, {});
}

}  // namespace

Outcome Interpreter::run_script(Task& task, const ProgramRef& program) {
  std::optional<Thrown> caught;
  try {
    Value script = load_script(task, program);
    return {run_loaded(task, *program, script), std::nullopt};
  } catch (Thrown& thrown) {
    caught = std::move(thrown);
  }
  return {{}, describe(task, *caught)};
}

Outcome Interpreter::try_call(Task& task, const Value& closure, Args args) {
  std::optional<Thrown> caught;
  try {
    return {call(task, closure, args), std::nullopt};
  } catch (Thrown& thrown) {
    caught = std::move(thrown);
  }
  return {{}, describe(task, *caught)};
}

Failure Interpreter::describe(Task& task, const Thrown& thrown) {
  Failure out;
  out.exception = thrown.exception;
  out.limit = !thrown.catchable;
  out.class_name = class_name(thrown.exception);
  auto* instance = thrown.exception.as<Instance>();
  if (instance == nullptr || instance->throwable == nullptr) return out;
  constexpr size_t kMostCauses = 20;
  auto words = [](const Instance& throwable) {
    const String* text = throwable.throwable->message.as<String>();
    return text == nullptr ? throwable.cls->name : throwable.cls->name + ": " + text->text();
  };
  auto take = [&](const Value& value, std::vector<std::string>& into) -> const Instance* {
    const Instance* found = value.as<Instance>();
    if (found == nullptr || found->throwable == nullptr || into.size() >= kMostCauses)
      return nullptr;
    into.push_back(words(*found));
    return found;
  };
  for (const Value& each : instance->throwable->suppressed) take(each, out.suppressed);
  for (const Instance* cause = instance;
       (cause = take(cause->throwable->cause, out.causes)) != nullptr;) {
    for (const Value& each : cause->throwable->suppressed) take(each, out.suppressed);
  }
  out.trace = instance->throwable->trace;
  Value message = instance->throwable->message;
  if (instance->cls->is_user) {
    std::optional<Thrown> again;
    static const Name kMessage("getMessage");
    try {
      message = call_method(task, thrown.exception, kMessage, {});
    } catch (Thrown& failed) {
      again = std::move(failed);
    }
  }
  if (!message.is_null()) {
    const String* text = message.as<String>();
    out.message = text != nullptr ? text->text() : groovy::to_string(task, message);
  }
  return out;
}

// ----- calls -----

Value Interpreter::call(Task& task, const Value& closure, Args args) {
  return call_value(task, closure, args);
}

Value Interpreter::call_with_delegate(Task& task, const Value& closure, const Value& delegate,
                                      Args args, Resolve strategy) {
  auto* original = closure.as<Closure>();
  if (original == nullptr) return call_value(task, closure, args);
  Ref<Closure> copy = original->clone(heap_);
  copy->delegate = delegate;
  copy->strategy = strategy;
  return copy->call(task, args);
}

Value Interpreter::invoke(Task& task, const Value& receiver, std::string_view method, Args args) {
  return call_method(task, receiver, name_of(task, method), args);
}

std::optional<Value> Interpreter::invoke_if_present(Task& task, const Value& receiver,
                                                    std::string_view method, Args args) {
  return try_call_method(task, receiver, name_of(task, method), args);
}

bool Interpreter::has_method(Task& task, const Value& receiver, std::string_view method) {
  return responds_to(task, receiver, name_of(task, method));
}

Value Interpreter::get_property(Task& task, const Value& receiver, std::string_view name) {
  return groovy::get_property(task, receiver, name_of(task, name));
}

void Interpreter::set_property(Task& task, const Value& receiver, std::string_view name,
                               const Value& value) {
  groovy::set_property(task, receiver, name_of(task, name), value);
}

Value Interpreter::get_at(Task& task, const Value& receiver, const Value& key) {
  return groovy::get_at(task, receiver, key);
}

Value Interpreter::construct(Task& task, std::string_view class_name, Args args) {
  ClassInfo* cls = find_class_info(task, class_name);
  if (cls == nullptr) throw_error(task, "java.lang.ClassNotFoundException", class_name);
  return groovy::construct(task, cls, args);
}

// ----- binding -----

std::optional<Value> Interpreter::variable(std::string_view name) const {
  Table::Item* item = state_->binding->table.find(name);
  if (item == nullptr) return std::nullopt;
  return item->value;
}

void Interpreter::set_variable(std::string_view name, Value value) {
  Table& table = state_->binding->table;
  if (Table::Item* item = table.find(name)) {
    item->value = std::move(value);
    return;
  }
  Task task(*this);
  table.put(task, heap_.string(name), std::move(value));
  heap_.grew(state_->binding.get());
}

std::vector<std::pair<std::string, Value>> Interpreter::variables() const {
  std::vector<std::pair<std::string, Value>> out;
  Table& table = state_->binding->table;
  for (size_t i = table.begin(); i < table.end(); i = table.next(i)) {
    if (const String* name = table.at(i).key.as<String>())
      out.emplace_back(name->text(), table.at(i).value);
  }
  return out;
}

// ----- values -----

bool Interpreter::truth(Task& task, const Value& value) { return groovy::truth(task, value); }
bool Interpreter::equals(Task& task, const Value& a, const Value& b) {
  return groovy::equals(task, a, b);
}
int Interpreter::compare(Task& task, const Value& a, const Value& b) {
  return groovy::compare(task, a, b);
}
int32_t Interpreter::hash_code(Task& task, const Value& value) { return hash_of(task, value); }
std::string Interpreter::to_string(Task& task, const Value& value) {
  return groovy::to_string(task, value);
}
std::string Interpreter::inspect(Task& task, const Value& value) {
  return groovy::inspect(task, value);
}
std::string Interpreter::class_name(const Value& value) const { return class_name_of(value); }

bool Interpreter::is_instance(Task& task, const Value& value, std::string_view class_name) {
  ClassInfo* cls = find_class_info(task, class_name);
  if (cls == nullptr) cls = default_class(class_name);
  if (cls != nullptr) return instance_of(task, value, cls);
  const auto* host = value.as<HostObject>();
  return host != nullptr && host->is_instance_of(class_name);
}

Value Interpreter::cast(Task& task, const Value& value, std::string_view class_name) {
  ClassInfo* cls = find_class_info(task, class_name);
  if (cls == nullptr) cls = default_class(class_name);
  if (cls == nullptr) throw_cast(task, value, class_name);
  return as_type(task, value, cls);
}

Value Interpreter::make_list(std::vector<Value> items) {
  return heap_.make<List>(std::move(items));
}

Value Interpreter::make_map(std::vector<std::pair<std::string, Value>> entries) {
  Task task(*this);
  Ref<Map> map = heap_.make<Map>();
  for (auto& [key, value] : entries) map->table.put(task, heap_.string(key), std::move(value));
  heap_.grew(map.get());
  return map;
}

// ----- exceptions -----

Value Interpreter::make_exception(Task& task, std::string_view class_name,
                                  std::optional<std::string_view> message, const Value& cause) {
  ClassInfo* cls = find_class_info(task, class_name);
  if (cls == nullptr || !cls->is_throwable) cls = types().runtime_exception;
  Ref<Instance> made = heap_.make<Instance>(cls);
  made->throwable = std::make_unique<ThrowableData>();
  made->throwable->trace = task.trace();
  if (message) made->throwable->message = heap_.string(*message);
  made->throwable->cause = cause;
  return made;
}

void Interpreter::raise(Task& task, std::string_view class_name, std::string_view message) {
  throw Thrown(make_exception(task, class_name, message));
}

void Interpreter::define_exception(std::string_view class_name, std::string_view parent) {
  if (library_class(class_name) != nullptr) return;
  Ref<ClassInfo>& slot = state_->classes[std::string(class_name)];
  if (slot) return;
  auto known = state_->classes.find(std::string(parent));
  ClassInfo* super = known != state_->classes.end() ? known->second.get() : library_class(parent);
  if (super == nullptr) super = types().exception;
  Ref<ClassInfo> made = heap_.make<ClassInfo>();
  made->name = std::string(class_name);
  made->super = super;
  made->is_throwable = true;
  made->build_line();
  state_->classes[std::string(class_name)] = made;
}

void Interpreter::add_suppressed(const Value& exception, const Value& other) {
  auto* instance = exception.as<Instance>();
  if (instance == nullptr || instance->throwable == nullptr || exception.same(other)) return;
  instance->throwable->suppressed.push_back(other);
}

void Interpreter::set_exception_property(const Value& exception, std::string_view name,
                                         Value value) {
  auto* instance = exception.as<Instance>();
  if (instance == nullptr || instance->throwable == nullptr) return;
  for (auto& [key, kept] : instance->throwable->properties) {
    if (key == name) {
      kept = std::move(value);
      return;
    }
  }
  instance->throwable->properties.emplace_back(std::string(name), std::move(value));
}

std::optional<Value> Interpreter::exception_property(const Value& exception,
                                                     std::string_view name) const {
  auto* instance = exception.as<Instance>();
  if (instance == nullptr || instance->throwable == nullptr) return std::nullopt;
  for (const auto& [key, value] : instance->throwable->properties) {
    if (key == name) return value;
  }
  return std::nullopt;
}

// ----- reading values -----

std::optional<std::string> as_text(Task& task, const Value& value) {
  if (!is_text(value)) return std::nullopt;
  return groovy::to_string(task, value);
}
bool is_text(const Value& value) { return value.is<String>() || value.is<GString>(); }
bool is_interpolated(const Value& value) { return value.is<GString>(); }
bool is_closure(const Value& value) { return value.is<Closure>(); }
bool is_list(const Value& value) {
  return value.is<List>() || value.is<Range>() || value.is<Array>();
}
bool is_map(const Value& value) { return value.is<Map>(); }

std::vector<Value> list_items(Task& task, const Value& value) {
  const Value& inner = underlying(value);
  return is_collection(inner) ? items_of(task, inner) : std::vector<Value>{};
}

std::vector<std::pair<std::string, Value>> map_entries(Task& task, const Value& value) {
  std::vector<std::pair<std::string, Value>> out;
  auto* map = underlying(value).as<Map>();
  if (map == nullptr) return out;
  for (size_t i = map->table.begin(); i < map->table.end(); i = map->table.next(i)) {
    Value key = map->table.at(i).key;
    Value item = map->table.at(i).value;
    out.emplace_back(to_string(task, key), item);
  }
  return out;
}

std::optional<Value> map_get(Task&, const Value& value, std::string_view key) {
  auto* map = underlying(value).as<Map>();
  if (map == nullptr) return std::nullopt;
  Table::Item* item = map->table.find(key);
  if (item == nullptr) return std::nullopt;
  return item->value;
}

void map_put(Task& task, const Value& map, std::string_view key, const Value& value) {
  put_at(task, map, task.heap().string(key), value);
}

void list_add(Task& task, const Value& value, const Value& item) {
  auto* list = value.as<List>();
  if (list == nullptr) return;
  list->items.push_back(item);
  ++list->changes;
  task.heap().grew(list);
}

int closure_parameter_count(const Value& closure) {
  auto* code = closure.as<Closure>();
  return code == nullptr ? 0 : code->parameter_count();
}

}  // namespace ks::groovy
