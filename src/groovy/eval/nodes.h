#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "groovy/eval/code.h"
#include "groovy/eval/frame.h"
#include "groovy/runtime/operators.h"

/// Every expression and statement that the compiler makes. Each file of eval/ gives the bodies of
/// one group.

namespace ks::groovy {

// ----- literals (literals.cc) -----

struct Constant final : Node {  ///< null, booleans, primitives
  explicit Constant(Value constant) : value(std::move(constant)) {}
  Value eval(Frame&) const override { return value; }
  Value value;
};
/// Strings and big numbers belong to the program and are counted by no run.
struct SharedConstant final : Node {
  explicit SharedConstant(std::unique_ptr<Object> shared)
      : object(std::move(shared)), value(object.get()) {}
  Value eval(Frame&) const override { return value; }
  std::unique_ptr<Object> object;
  Value value;
};
struct GStringNode final : Node {
  Value eval(Frame& frame) const override;
  std::vector<std::string> strings;
  std::vector<NodePtr> values;
};
struct ListNode final : Node {
  Value eval(Frame& frame) const override;
  std::vector<NodePtr> items;
  bool has_spread = false;
};
struct MapNode final : Node {
  struct Pair {
    NodePtr key;  ///< null: the value is spread (`*: m`)
    NodePtr value;
  };
  Value eval(Frame& frame) const override;
  std::vector<Pair> pairs;
};
struct RangeNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr from;
  NodePtr to;
  bool inclusive = true;
};
/// `*x` in a list or among arguments; evaluated by what is around it.
struct SpreadNode final : Node {
  Value eval(Frame& frame) const override { return value->eval(frame); }
  NodePtr value;
};
struct ClosureNode final : Node {
  Value eval(Frame& frame) const override;
  std::unique_ptr<Code> code;
};
struct ClassNode final : Node {
  Value eval(Frame& frame) const override;
  TypeRef type;
};
struct ThisNode final : Node {
  Value eval(Frame& frame) const override { return frame.self; }
};
/// `Outer.this`.
struct OuterThisNode final : Node {
  Value eval(Frame& frame) const override;
  TypeRef type;
};
struct NewArrayNode final : Node {
  Value eval(Frame& frame) const override;
  TypeRef element;  ///< of the innermost dimension
  std::vector<NodePtr> sizes;
  int dimensions = 1;
};

// ----- variables (variables.cc) -----

struct SlotNode final : Node {
  explicit SlotNode(uint32_t number) : slot(number) {}
  Value eval(Frame& frame) const override {
    const Value& value = frame.slots[slot];
    return boxed && !value.is_null() ? Frame::cell(value).value : value;
  }
  uint32_t slot;
  bool boxed = false;
};
struct CaptureNode final : Node {
  explicit CaptureNode(uint32_t number) : index(number) {}
  Value eval(Frame& frame) const override { return Frame::cell(frame.closure->cells[index]).value; }
  uint32_t index;
};
/// A variable that an anonymous class shares with the code around it: a Cell in a hidden field.
struct HiddenFieldNode final : Node {
  explicit HiddenFieldNode(uint32_t number) : field(number) {}
  Value eval(Frame& frame) const override;
  uint32_t field;
};
/// A name that is no local variable.
struct ImplicitNode final : Node {
  explicit ImplicitNode(const Name& variable) : name(variable) {}
  Value eval(Frame& frame) const override;
  const Name& name;
};

/// What can stand left of `=`. `prepare` evaluates receiver and index once, so that `a[i()] += 1`
/// calls i() once.
struct Target {
  struct Place {
    Value receiver;
    Value key;
  };
  virtual ~Target() = default;
  virtual void prepare(Frame&, Place&) const {}
  virtual Value read(Frame& frame, const Place& place) const = 0;
  virtual void write(Frame& frame, const Place& place, const Value& value) const = 0;
};
using TargetPtr = std::unique_ptr<const Target>;

enum class Storage : uint8_t { slot, capture, hidden_field };
struct LocalTarget final : Target {
  Value read(Frame& frame, const Place& place) const override;
  void write(Frame& frame, const Place& place, const Value& value) const override;
  Storage storage = Storage::slot;
  bool boxed = false;
  uint32_t index = 0;
  TypeRef type;
};
struct ImplicitTarget final : Target {
  explicit ImplicitTarget(const Name& variable) : name(variable) {}
  Value read(Frame& frame, const Place& place) const override;
  void write(Frame& frame, const Place& place, const Value& value) const override;
  const Name& name;
};
struct PropertyTarget final : Target {
  void prepare(Frame& frame, Place& place) const override;
  Value read(Frame& frame, const Place& place) const override;
  void write(Frame& frame, const Place& place, const Value& value) const override;
  NodePtr receiver;
  const Name* name = nullptr;
  NodePtr dynamic_name;
  bool safe = false;
  bool spread = false;
  bool field = false;  ///< `x.@name`
  bool on_this = false;
};
struct IndexTarget final : Target {
  void prepare(Frame& frame, Place& place) const override;
  Value read(Frame& frame, const Place& place) const override;
  void write(Frame& frame, const Place& place, const Value& value) const override;
  NodePtr receiver;
  NodePtr index;
};

struct AssignNode final : Node {
  Value eval(Frame& frame) const override;
  TargetPtr target;
  NodePtr value;
};
struct CompoundAssignNode final : Node {
  Value eval(Frame& frame) const override;
  TargetPtr target;
  Op op = Op::add;
  NodePtr value;
};
struct StepNode final : Node {  ///< `++x`, `x--`, ...
  Value eval(Frame& frame) const override;
  TargetPtr target;
  bool up = true;
  bool before = false;  ///< prefix
};
/// `"a"++`: there is nothing to assign to.
struct StepValueNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr value;
  bool up = true;
  bool before = false;
};
struct MultiAssignNode final : Node {  ///< `(a, b) = list`
  Value eval(Frame& frame) const override;
  std::vector<TargetPtr> targets;
  NodePtr value;
};

// ----- operators (operators_nodes.cc) -----

struct BinaryNode final : Node {
  Value eval(Frame& frame) const override;
  Op op = Op::add;
  NodePtr left;
  NodePtr right;
};
enum class Comparison : uint8_t {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  three_way,
  identical,
  not_identical
};
struct CompareNode final : Node {
  Value eval(Frame& frame) const override;
  Comparison comparison = Comparison::equal;
  NodePtr left;
  NodePtr right;
};
struct AndNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr left;
  NodePtr right;
};
struct OrNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr left;
  NodePtr right;
};
struct NotNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr value;
};
enum class Unary : uint8_t { negate, positive, bitwise_not };
struct UnaryNode final : Node {
  Value eval(Frame& frame) const override;
  Unary unary = Unary::negate;
  NodePtr value;
};
struct TernaryNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr condition;
  NodePtr yes;  ///< null: elvis
  NodePtr no;
};
struct FindNode final : Node {  ///< `=~`, and `==~` with full
  Value eval(Frame& frame) const override;
  NodePtr left;
  NodePtr right;
  bool full = false;
};
struct InNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr left;
  NodePtr right;
};
struct InstanceOfNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr value;
  TypeRef type;
};
struct CastNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr value;
  TypeRef type;
  bool coerce = false;  ///< `as`
};
/// Keeps what its inner expression gave for the picture of a failed assert.
struct RecordedNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr inner;
};

// ----- access and calls (calls.cc) -----

struct PropertyNode final : Node {
  Value eval(Frame& frame) const override;
  Value of(Frame& frame, const Value& object) const;
  NodePtr receiver;
  const Name* name = nullptr;
  NodePtr dynamic_name;
  bool safe = false;
  bool spread = false;
  bool field = false;
  bool on_this = false;
};
/// `a.b.C`: a class of the host if there is no variable `a`.
struct PossibleClassNode final : Node {
  Value eval(Frame& frame) const override;
  const Name* root = nullptr;
  std::string full_name;
  NodePtr otherwise;
};
struct StaticPropertyNode final : Node {  ///< `Type.name`
  Value eval(Frame& frame) const override;
  TypeRef type;
  const Name* name = nullptr;
};
struct SuperPropertyNode final : Node {
  Value eval(Frame& frame) const override;
  const Name* name = nullptr;
};
struct IndexNode final : Node {
  Value eval(Frame& frame) const override;
  NodePtr receiver;
  NodePtr index;
};
struct Arguments {
  std::vector<NodePtr> values;
  bool has_spread = false;
};
struct CallNode final : Node {  ///< `x.name(args)`
  Value eval(Frame& frame) const override;
  Value invoke(Frame& frame, const Value& object, const Name& method, Args args) const;
  NodePtr receiver;
  const Name* name = nullptr;
  NodePtr dynamic_name;
  Arguments arguments;
  bool safe = false;
  bool spread = false;
  bool by_object = false;         ///< `list.remove((Object) x)`: the item x, not the index x
  std::vector<ClassInfo*> exact;  ///< as those of ImplicitCallNode, of a call on `this`
};
struct ImplicitCallNode final : Node {  ///< `name(args)`
  Value eval(Frame& frame) const override;
  const Name* name = nullptr;
  NodePtr dynamic_name;
  Arguments arguments;
  std::vector<ClassInfo*> exact;  ///< types of all arguments, when they are known before it runs
};
struct ValueCallNode final : Node {  ///< `variable(args)`, `x.y()(args)`
  Value eval(Frame& frame) const override;
  NodePtr callee;
  Arguments arguments;
};
struct StaticCallNode final : Node {  ///< `Type.name(args)`
  Value eval(Frame& frame) const override;
  TypeRef type;
  const Name* name = nullptr;
  Arguments arguments;
};
struct SuperCallNode final : Node {  ///< `super.name(args)`
  Value eval(Frame& frame) const override;
  const Name* name = nullptr;
  Arguments arguments;
};
struct ConstructorCallNode final : Node {  ///< `super(args)` or `this(args)` in a constructor
  Value eval(Frame& frame) const override;
  Arguments arguments;
  bool to_super = true;
};
struct NewNode final : Node {
  Value eval(Frame& frame) const override;
  TypeRef type;
  Arguments arguments;
  const ClassDef* anonymous = nullptr;
};
struct MethodPointerNode final : Node {  ///< `x.&name`
  Value eval(Frame& frame) const override;
  NodePtr receiver;
  std::string name;
  NodePtr dynamic_name;
};

// ----- statements (statements.cc) -----

struct ExpressionStatement final : Statement {
  Flow run(Frame& frame) const override;
  NodePtr value;
};
/// `def x = ...`: makes a fresh Cell each time when a closure shares the variable.
struct DeclareStatement final : Statement {
  Flow run(Frame& frame) const override;
  uint32_t slot = 0;
  bool boxed = false;
  TypeRef type;
  NodePtr value;
};
struct MultiDeclareStatement final : Statement {
  Flow run(Frame& frame) const override;
  struct Variable {
    uint32_t slot = 0;
    bool boxed = false;
    TypeRef type;
  };
  std::vector<Variable> variables;
  NodePtr value;
};
struct BlockStatement final : Statement {
  Flow run(Frame& frame) const override;
  std::vector<StatementPtr> statements;
};
struct IfStatement final : Statement {
  Flow run(Frame& frame) const override;
  NodePtr condition;
  StatementPtr yes;
  StatementPtr no;
};
struct LoopStatement : Statement {
  std::string label;
  /// What a loop does after its body ended with `flow`: true to leave the loop with `out`.
  bool leaves(Frame& frame, Flow flow, Flow& out) const;
  StatementPtr body;
};
struct WhileStatement final : LoopStatement {
  Flow run(Frame& frame) const override;
  NodePtr condition;
};
struct ForStatement final : LoopStatement {
  Flow run(Frame& frame) const override;
  std::vector<StatementPtr> initial;
  NodePtr condition;
  std::vector<StatementPtr> updates;
};
struct ForInStatement final : LoopStatement {
  Flow run(Frame& frame) const override;
  uint32_t slot = 0;
  bool boxed = false;
  TypeRef type;
  NodePtr collection;
};
struct SwitchStatement final : LoopStatement {
  struct Case {
    NodePtr value;  ///< null: default
    StatementPtr body;
  };
  Flow run(Frame& frame) const override;
  NodePtr subject;
  std::vector<Case> cases;
};
/// A block or other statement with a label of its own: `break label` leaves it.
struct LabelledStatement final : LoopStatement {
  Flow run(Frame& frame) const override;
};
struct TryStatement final : Statement {
  struct Catch {
    std::vector<TypeRef> types;  ///< none: everything that is an Exception
    uint32_t slot = 0;
    bool boxed = false;
    StatementPtr body;
  };
  Flow run(Frame& frame) const override;
  StatementPtr body;
  std::vector<Catch> catches;
  StatementPtr last;  ///< finally

 private:
  Flow run_guarded(Frame& frame) const;
};
struct ThrowStatement final : Statement {
  Flow run(Frame& frame) const override;
  NodePtr value;
};
struct ReturnStatement final : Statement {
  Flow run(Frame& frame) const override;
  NodePtr value;  ///< null: returns null
};
struct JumpStatement final : Statement {  ///< break, continue
  Flow run(Frame& frame) const override;
  bool is_break = true;
  std::string label;
};
struct AssertStatement final : Statement {
  Flow run(Frame& frame) const override;
  NodePtr condition;
  NodePtr message;
  std::string source;  ///< text of the condition, on one line
  /// With a message: variables whose values are told.
  std::vector<std::pair<std::string, NodePtr>> variables;
  uint32_t source_column = 0;
};
/// A field of the class being made: `this.name = value` without a setter.
struct FieldStatement final : Statement {
  Flow run(Frame& frame) const override;
  uint32_t field = 0;  ///< own index, or static index
  bool is_static = false;
  TypeRef type;
  NodePtr value;  ///< null: the zero of the type
};

}  // namespace ks::groovy
