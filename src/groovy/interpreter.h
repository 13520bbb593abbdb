#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "groovy/heap.h"
#include "groovy/program.h"
#include "groovy/value.h"

/// Runs Groovy programs: the face of this part towards the engine.
///
///   Result<ProgramRef> program = compile(text, {.script_name = "WorkflowScript"});
///   Interpreter interpreter{host};
///   Task task{interpreter, stack_low};
///   Outcome outcome = interpreter.run_script(task, *program);
///   if (outcome.failure) print(outcome.failure->to_string());
///
/// Everything runs on the stack of the caller. A Host function may suspend that stack (the engine's
/// fibers) and come back later; the interpreter does not notice. One run = one Interpreter, used by
/// one thread at a time.
///
/// C++ exceptions inside: Thrown (a Groovy exception in flight) and Cancelled (the fiber is being
/// ended). Host functions may throw both. run_script and try_call let neither Thrown nor anything
/// else of Groovy out.

namespace ks::groovy {

class Frame;
class HostObject;
class Interpreter;
class List;
class Map;
class Task;

/// Positional arguments. Named arguments of a call (`sh script: 'x', returnStdout: true`) come as
/// one Map before the others, a trailing closure as the last one: Groovy's own rule.
using Args = std::span<const Value>;

/// Reached ones are told by the names that they have as flags of `ks`.
struct Limits {
  /// --max-operations: of the evaluator, between two suspensions (Task::refuel).
  uint64_t fuel = 1'000'000'000;
  size_t heap_bytes = size_t{256} << 20;   ///< --max-heap
  size_t string_bytes = size_t{64} << 20;  ///< --max-string
  int call_depth = 1000;                   ///< --max-call-depth
};

/// A Groovy exception in flight.
class Thrown {
 public:
  explicit Thrown(Value value, bool by_scripts = true)
      : exception(std::move(value)), catchable(by_scripts) {}
  Value exception;  ///< an Instance of a Throwable class
  bool catchable;   ///< false for reached limits: no catch or finally of the script sees them
};

/// Unwinds a fiber that is being ended. No catch or finally block of the script runs.
struct Cancelled {};

struct TraceLine {
  std::string method;  ///< `WorkflowScript.run`, `Foo.bar`
  std::string file;    ///< script name, as given to compile()
  uint32_t line = 0;
};

/// A Groovy exception that nobody caught, in words.
struct Failure {
  std::string class_name;               ///< `java.lang.IllegalStateException`
  std::optional<std::string> message;   ///< getMessage(); absent for null
  std::vector<TraceLine> trace;         ///< innermost first
  std::vector<std::string> causes;      ///< toString() of getCause() and of its causes
  std::vector<std::string> suppressed;  ///< toString() of getSuppressed(), of the causes too
  bool limit = false;                   ///< a limit of the evaluator was reached
  Value exception;                      ///< lives as long as the Interpreter

  /// `java.lang.IllegalStateException: message`, as Throwable.toString() gives it.
  std::string to_string() const;
  /// to_string() and the lines `\tat WorkflowScript.run(WorkflowScript:3)`.
  std::string with_trace() const;
};

struct Outcome {
  Value value;
  std::optional<Failure> failure;
};

/// What the surroundings give to a script. The engine implements it; PlainHost (run_file.h) is that
/// of `ks groovy`. Each function may suspend the stack it is called on, and may throw Thrown or
/// Cancelled.
class Host {
 public:
  virtual ~Host() = default;

  /// A call on the script that no method, closure or variable of it answers: a step. Nothing when
  /// there is no step of this name; then the script gets its MissingMethodException.
  virtual std::optional<Value> call_step(Task&, std::string_view name, Args args) = 0;
  /// A variable that neither script nor binding has: `env`, `params`, `docker`, a library's global
  /// variable.
  virtual std::optional<Value> global(Task&, std::string_view name) = 0;
  /// Assignment to such a variable in script or binding; true when the host took it (`currentBuild
  /// = ...`).
  virtual bool set_global(Task&, std::string_view, const Value&) { return false; }
  /// A class that neither the program nor the library has, by full name, or by simple name when
  /// nothing was imported. Library sources go through here: compile them and return
  /// Interpreter::load_class(...). An object that answers property reads, calls and `new`
  /// (HostObject::construct) may stand for a class of its own.
  virtual std::optional<Value> find_class(Task&, std::string_view) { return std::nullopt; }
  /// True when class_name is known to exist so that code may name it (asked while compiling, no
  /// side effects).
  virtual bool has_class(std::string_view) const { return false; }
  /// Compiles a text that a script evaluates while it runs.
  virtual Compiled compile_script(std::string_view source, const CompileOptions& options) {
    return compile(source, options);
  }
  /// println, print, printf. The text ends in a line break when the script asked for one.
  virtual void print(Task&, std::string_view text) = 0;

  // What is different each time it is asked. The engine journals the answers, so that a replay sees
  // the same.
  virtual int64_t now_millis(Task&) = 0;
  virtual int64_t nano_time(Task&) = 0;
  virtual uint64_t random_bits(Task&) = 0;

  /// Called every few thousand operations: the place to look at aborts and deadlines (throw
  /// Cancelled or Thrown) or to let other fibers run.
  virtual void checkpoint(Task&) {}
};

/// One stack of calls: the main fiber of a run, or a branch of `parallel`. Made on or beside the
/// stack it uses.
class Task {
 public:
  /// `stack_low` is the lowest address that scripts may use on this stack (leave 256 KiB below it
  /// for host functions); null when the stack is the thread's own (8 MiB are then assumed).
  explicit Task(Interpreter& interpreter, const void* stack_low = nullptr);
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  Interpreter& interpreter() const { return interpreter_; }
  Heap& heap() const { return heap_; }

  /// Gives the full allowance of operations again; the engine calls it when it resumes the fiber.
  void refuel();
  /// Uses up `operations` of the allowance: library functions that loop call it. Throws when none
  /// is left.
  void spend(uint64_t operations = 1) {
    if (operations >= fuel_) out_of_fuel(operations);
    fuel_ -= operations;
  }

  /// Where the script stands: innermost first. Cheap enough for each step.
  uint32_t line() const;
  std::vector<TraceLine> trace() const;

  /// The engine's own, per fiber: step contexts, branch names.
  void* context = nullptr;

 private:
  friend class Frame;
  friend class Interpreter;
  friend class CallScope;
  void out_of_fuel(uint64_t operations);

  Interpreter& interpreter_;
  Heap& heap_;
  uint64_t fuel_;         // until the next checkpoint
  uint64_t fuel_behind_;  // allowance after that checkpoint
  uintptr_t stack_low_;
  int depth_ = 0;
  int depth_limit_;
  Frame* frame_ = nullptr;
};

/// An object of the host's own that scripts see: `env`, `params`, `currentBuild`, the result of a
/// step. Make one with `heap.make<YourObject>(...)`. What it does not answer gets Groovy's
/// exception for a missing property or method.
class HostObject : public Object {
 public:
  static constexpr ObjectKind kKind = ObjectKind::host;
  HostObject() : Object(ObjectKind::host) {}

  /// Java-like name for messages and `getClass().name`.
  virtual std::string class_name() const = 0;
  virtual std::optional<Value> get_property(Task&, std::string_view) { return std::nullopt; }
  /// True when it was set.
  virtual bool set_property(Task&, std::string_view, const Value&) { return false; }
  virtual std::optional<Value> call_method(Task&, std::string_view, Args) { return std::nullopt; }
  /// `x[key]`; by default the property of that name.
  virtual std::optional<Value> get_at(Task&, const Value& key);
  /// `x[key] = value`; by default the property of that name.
  virtual bool put_at(Task&, const Value& key, const Value& value);
  /// `new X(args)` when this stands for a class.
  virtual std::optional<Value> construct(Task&, Args) { return std::nullopt; }
  /// What `for (x in it)` and `each` go over: a list or map. Nothing: the object itself, once.
  virtual std::optional<Value> iterable(Task&) { return std::nullopt; }
  virtual bool is_instance_of(std::string_view) const { return false; }
  virtual std::string to_string(Task&);
  virtual bool truth(Task&) { return true; }
  virtual bool equals(Task&, const Value& other) { return Value(this).same(other); }
  size_t footprint() const override { return sizeof(HostObject) + 64; }
};

/// Groovy's closure resolve strategies.
enum class Resolve : uint8_t { owner_first, delegate_first, owner_only, delegate_only, to_self };

class Interpreter {
 public:
  explicit Interpreter(Host& host, Limits limits = {});
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter();

  Heap& heap() { return heap_; }
  Host& host() { return host_; }
  const Limits& limits() const { return limits_; }

  // ----- programs -----

  /// Loads the program and runs its script body. Every end but Cancelled comes back as an Outcome.
  Outcome run_script(Task& task, const ProgramRef& program);
  /// Defines the classes of the program and makes its script object without running it:
  /// `vars/x.groovy`, where each method is called later with invoke(). `own_binding`: variables of
  /// it are its own, not the run's.
  Value load_script(Task& task, const ProgramRef& program, bool own_binding = false);
  /// Defines the classes of the program and returns the one of this full name, or nothing.
  std::optional<Value> load_class(Task& task, const ProgramRef& program,
                                  std::string_view full_name);
  /// The script object of the first program that was run or loaded (`this` at its top level); null
  /// before that.
  Value script() const;

  // ----- calls: all may throw Thrown and Cancelled -----

  /// Calls a closure (or anything that has `call`).
  Value call(Task& task, const Value& closure, Args args = {});
  /// The same, with `delegate` set on a copy of the closure as `closure.rehydrate` would.
  Value call_with_delegate(Task& task, const Value& closure, const Value& delegate, Args args = {},
                           Resolve strategy = Resolve::delegate_first);
  /// A method of any object. MissingMethodException when there is none.
  Value invoke(Task& task, const Value& receiver, std::string_view method, Args args = {});
  /// The same, or nothing when there is no such method for these arguments.
  std::optional<Value> invoke_if_present(Task& task, const Value& receiver, std::string_view method,
                                         Args args = {});
  bool has_method(Task& task, const Value& receiver, std::string_view method);
  Value get_property(Task& task, const Value& receiver, std::string_view name);
  void set_property(Task& task, const Value& receiver, std::string_view name, const Value& value);
  Value get_at(Task& task, const Value& receiver, const Value& key);
  /// `new name(args)`.
  Value construct(Task& task, std::string_view class_name, Args args = {});

  /// call(), with a Groovy exception as data.
  Outcome try_call(Task& task, const Value& closure, Args args = {});
  /// The words for an exception that was caught as Thrown.
  Failure describe(Task& task, const Thrown& thrown);

  // ----- the binding -----

  std::optional<Value> variable(std::string_view name) const;
  void set_variable(std::string_view name, Value value);
  /// Names and values in order of definition.
  std::vector<std::pair<std::string, Value>> variables() const;

  // ----- values -----

  bool truth(Task& task, const Value& value);
  bool equals(Task& task, const Value& a, const Value& b);
  int compare(Task& task, const Value& a, const Value& b);
  int32_t hash_code(Task& task, const Value& value);
  /// As string interpolation and println show it.
  std::string to_string(Task& task, const Value& value);
  /// As `inspect()` shows it: strings quoted.
  std::string inspect(Task& task, const Value& value);
  /// `java.lang.String`, `java.util.LinkedHashMap`, ...
  std::string class_name(const Value& value) const;
  /// instanceof, by full or well-known simple name.
  bool is_instance(Task& task, const Value& value, std::string_view class_name);
  /// `value as String[]`-like conversions of the language: what `Type x = value` does.
  Value cast(Task& task, const Value& value, std::string_view class_name);

  Value make_string(std::string_view text) { return heap_.string(text); }
  Value make_list(std::vector<Value> items = {});
  /// Keeps the order of `entries`.
  Value make_map(std::vector<std::pair<std::string, Value>> entries = {});

  // ----- exceptions -----

  /// Makes an exception of a Java class by name (`hudson.AbortException`), without throwing it.
  Value make_exception(Task& task, std::string_view class_name,
                       std::optional<std::string_view> message, const Value& cause = {});
  [[noreturn]] void raise(Task& task, std::string_view class_name, std::string_view message);
  /// Adds an exception class that the library does not have. `parent` must be known. Idempotent.
  void define_exception(std::string_view class_name, std::string_view parent);
  /// Properties beside message and cause (`e.result`, `e.causes`); readable from scripts.
  void set_exception_property(const Value& exception, std::string_view name, Value value);
  /// What `Throwable.addSuppressed` does; an exception does not suppress itself.
  void add_suppressed(const Value& exception, const Value& other);
  std::optional<Value> exception_property(const Value& exception, std::string_view name) const;

  struct State;  ///< what the other files of this part share
  State& state() { return *state_; }

 private:
  Host& host_;
  Limits limits_;
  std::vector<ProgramRef> programs_;  // values refer to their constants until the heap is gone
  Heap heap_;                         // before the state: values in the state go first
  std::unique_ptr<State> state_;
};

// ----- reading values in host functions -----

/// Text of a String or GString that needs no call; nothing for other values.
std::optional<std::string> as_text(Task& task, const Value& value);
bool is_text(const Value& value);
/// Whether it is a GString: a text that the script put together from values.
bool is_interpolated(const Value& value);
bool is_closure(const Value& value);
bool is_list(const Value& value);
bool is_map(const Value& value);
/// Items of a list, set, range or array, in order; empty for others.
std::vector<Value> list_items(Task& task, const Value& value);
/// Entries of a map in order, keys as text; empty for others.
std::vector<std::pair<std::string, Value>> map_entries(Task& task, const Value& value);
/// Value of a key; nothing when absent or not a map.
std::optional<Value> map_get(Task& task, const Value& map, std::string_view key);
void map_put(Task& task, const Value& map, std::string_view key, const Value& value);
void list_add(Task& task, const Value& list, const Value& value);
/// Number of parameters that the closure declares; 0 for `{ -> }`, 1 for `{ }` with its implicit
/// `it`.
int closure_parameter_count(const Value& closure);

}  // namespace ks::groovy
