#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "groovy/eval/code.h"
#include "groovy/eval/user_class.h"
#include "groovy/runtime/objects.h"

namespace ks::groovy {

/// A closure of the script: code and the variables that it shares.
class CodeClosure final : public Closure {
 public:
  CodeClosure(const Code& closure_code, UserClass* lexical, std::vector<Value> shared)
      : code(closure_code), owner_class(lexical), cells(std::move(shared)) {}
  Value call(Task& task, Args args) override;
  Ref<Closure> clone(Heap& heap) const override;
  int parameter_count() const override {
    return code.implicit_it ? 1 : static_cast<int>(code.parameters.size());
  }
  std::vector<ClassInfo*> parameter_types(Task& task) const override;
  bool takes_rest() const override { return code.varargs; }
  size_t footprint() const override {
    return sizeof(CodeClosure) + cells.capacity() * sizeof(Value);
  }

  const Code& code;
  UserClass* owner_class;    ///< the class whose text it stands in
  std::vector<Value> cells;  ///< each a Cell
};

/// What an assert statement saw: value and column of each part of its condition.
struct Recording {
  struct Seen {
    uint32_t column;
    Value value;
  };
  std::vector<Seen> seen;
};

/// One activation of code. Lives on the stack that runs it.
class Frame {
 public:
  Frame(Task& running_task, const Code& running_code, Value* slot_values, const Value& this_value,
        UserClass* lexical, CodeClosure* running_closure)
      : task(running_task),
        code(running_code),
        slots(slot_values),
        self(this_value),
        owner_class(lexical),
        closure(running_closure),
        caller(running_task.frame_),
        line(running_code.line) {
    task.frame_ = this;
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { task.frame_ = caller; }

  Heap& heap() const { return task.heap(); }
  static Cell& cell(const Value& value) { return *static_cast<Cell*>(value.object()); }

  Task& task;
  const Code& code;
  Value* slots;
  const Value& self;       ///< `this`
  UserClass* owner_class;  ///< the class whose text runs
  CodeClosure* closure;    ///< null in methods
  Frame* caller;
  uint32_t line;
  Value result;                        ///< of Flow::return_
  const std::string* label = nullptr;  ///< of a labelled break or continue in flight
  Recording* recording = nullptr;
};

/// Counts call depth, for as long as it lives; throws when calls nest too deep.
class CallScope {
 public:
  explicit CallScope(Task& task) : task_(task) {
    if (++task_.depth_ > task_.depth_limit_) too_deep();
    check_stack(task);
  }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  ~CallScope() { --task_.depth_; }
  /// `margin`: bytes that are needed from here on without another check.
  static void check_stack(Task& task, size_t margin = 0) {
    if (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < task.stack_low_ + margin)
      out_of_stack(task);
  }

 private:
  void too_deep();
  [[noreturn]] static void out_of_stack(Task& task);
  Task& task_;
};

/// Resolution of a name without receiver, as the place of the code demands.
Value implicit_call(Frame& frame, const Name& name, Args args);
Value implicit_get(Frame& frame, const Name& name);
std::optional<Value> implicit_find(Frame& frame, const Name& name);
void implicit_set(Frame& frame, const Name& name, const Value& value);
/// Through owner and delegate of a closure, by its strategy.
std::optional<Value> closure_call(Task& task, Closure& closure, const Name& name, Args args);
std::optional<Value> closure_get(Task& task, Closure& closure, const Name& name);
bool closure_set(Task& task, Closure& closure, const Name& name, const Value& value);

}  // namespace ks::groovy
