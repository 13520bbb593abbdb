#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The syntax tree of a Groovy 2.4 source text.
///
///   Parsed parsed = parse(text);                       // parser.h
///   for (const Stmt* statement : parsed.unit->body->statements) {
///     if (const auto* line = as<ExprStmt>(statement)) {
///       if (const auto* call = as<Call>(line->expr); call != nullptr && call->name == "pipeline")
///       { ... }
///     }
///   }
///
/// Nodes are plain structs in the arena of their Unit: trivially destructible, told apart by
/// `kind`, reached with as<T>() or, after a switch over `kind`, cast<T>(). Every node knows its
/// exact source range: Unit::text(node) is what the user wrote. Names are interned: within one
/// Unit, equal identifiers share one address.
///
/// The tree is complete when parse() returns it, and may be shared by threads once nobody writes to
/// it any more. The interpreter's resolver is the only writer: it fills the fields named `slot`,
/// `depth` and `data`, before sharing.

namespace ks::groovy::ast {

struct Expr;
struct Stmt;
struct Block;
struct ClassDecl;
struct Closure;

/// A fixed array in the arena.
template <class T>
using Array = std::span<T>;

enum class Kind : uint8_t {
  // expressions
  constant,
  gstring,
  variable,
  list,
  map,
  range,
  closure,
  call,
  construct,
  new_array,
  property,
  index,
  binary,
  logical,
  unary,
  increment,
  assign,
  ternary,
  elvis,
  cast,
  instance_of,
  method_pointer,
  spread,
  spread_map,
  type_literal,
  declaration,
  // statements
  block,
  expression,
  if_,
  while_,
  for_in,
  for_c,
  switch_,
  try_,
  throw_,
  return_,
  break_,
  continue_,
  assert_,
  synchronized,
  class_statement,
  // the rest
  entry,
  type_ref,
  parameter,
  annotation,
  declarator,
  case_,
  catch_,
  method,
  field,
  initializer,
  enum_constant,
  class_decl,
  import,
};

/// `begin` and `end` are byte offsets of the source (end is one past). Lines and columns start at
/// 1; columns count UTF-16 units, as Groovy does.
struct Node {
  Kind kind;
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t line = 0;
  uint32_t column = 0;
};

/// Null when `node` is null or of another kind.
template <class T, class N>
auto as(N* node) {
  using Target = std::conditional_t<std::is_const_v<N>, const T, T>;
  return node != nullptr && node->kind == T::kKind ? static_cast<Target*>(node) : nullptr;
}

/// For use after looking at `kind`.
template <class T, class N>
auto& cast(N& node) {
  using Target = std::conditional_t<std::is_const_v<N>, const T, T>;
  return static_cast<Target&>(node);
}

// ----- types and annotations -----

/// A type as written: `String`, `java.util.Map<String, ?>`, `int[]`, `Foo.Bar`.
struct TypeRef : Node {
  static constexpr Kind kKind = Kind::type_ref;
  std::string_view name;  ///< without generics and brackets: `java.util.Map`
  uint32_t dimensions = 0;
  /// Behind the last part of the name: `String` and `?` of `Map<String, ? extends Foo>`. What those
  /// have within `<>` of their own, and bounds of `?`, are dropped.
  Array<TypeRef*> arguments;
  void* data = nullptr;
};

/// `T` and `T extends Foo & Bar` where a class or method declares it.
struct TypeParameter {
  std::string_view name;
  TypeRef* bound = nullptr;  ///< the first one; may be null
};

/// `name: value` of a call, an annotation or a map literal; also a positional argument.
struct Entry : Node {
  static constexpr Kind kKind = Kind::entry;
  /// Null for a positional argument, and for `*: value` (value is then a SpreadMap). `a: 1` and
  /// `'a': 1` have a string Constant, `"$a": 1` a GString, `(a): 1` the expression a, `1: 2` a
  /// number.
  Expr* key = nullptr;
  Expr* value = nullptr;

  bool named() const;
  /// The text of a key that is a plain name or string without `${}`; empty otherwise.
  std::string_view name() const;
};

/// `@Library('x')`, `@Field`. A lone value has the key `value`.
struct Annotation : Node {
  static constexpr Kind kKind = Kind::annotation;
  std::string_view name;  ///< as written, may be dotted; without `@`
  Array<Entry*> members;  ///< an array value is a ListLiteral, a nested annotation is dropped
};

using Modifiers = uint32_t;
enum Modifier : Modifiers {
  kPublic = 1,
  kProtected = 2,
  kPrivate = 4,
  kStatic = 8,
  kFinal = 16,
  kAbstract = 32,
  kSynchronized = 64,
  kNative = 128,
  kTransient = 256,
  kVolatile = 512,
  kStrictfp = 1024,
  kDef = 2048,
  kDefault = 4096,
};

// ----- expressions -----

struct Expr : Node {
  bool parenthesised = false;  ///< `(x)`: its own range is without the parentheses
};

enum class ConstantType : uint8_t {
  null,
  boolean,
  integer,
  long_,
  big_integer,
  big_decimal,
  float_,
  double_,
  string
};

struct Constant : Expr {
  static constexpr Kind kKind = Kind::constant;
  ConstantType type = ConstantType::null;
  bool bare =
      false;  ///< a string that stands for an identifier: map key, name of a call or property
  int64_t integer = 0;    ///< boolean (0, 1), integer, long_
  double floating = 0;    ///< float_, double_
  std::string_view text;  ///< string: UTF-8 with escapes done; big_integer, big_decimal: decimal
                          ///< digits, sign, point, exponent
  mutable void* data = nullptr;
};

/// `"a ${b} c"`: always one more string than values.
struct GString : Expr {
  static constexpr Kind kKind = Kind::gstring;
  Array<std::string_view> strings;
  Array<Expr*> values;  ///< `${-> x}` and `${ y -> }` are Closures
};

/// A name on its own, also `this` and `super`.
struct Variable : Expr {
  static constexpr Kind kKind = Kind::variable;
  std::string_view name;
  int32_t slot = -1;
  int32_t depth = 0;
  void* data = nullptr;
};

struct ListLiteral : Expr {
  static constexpr Kind kKind = Kind::list;
  Array<Expr*> items;  ///< may hold Spread
};

struct MapLiteral : Expr {
  static constexpr Kind kKind = Kind::map;
  Array<Entry*> entries;
};

struct Range : Expr {
  static constexpr Kind kKind = Kind::range;
  Expr* from = nullptr;
  Expr* to = nullptr;
  bool exclusive = false;  ///< `..<`
};

struct Parameter : Node {
  static constexpr Kind kKind = Kind::parameter;
  std::string_view name;
  TypeRef* type = nullptr;  ///< null for `def` or nothing
  Expr* value = nullptr;    ///< default
  bool varargs = false;     ///< `String... x`; the type is that of one element
  bool is_final = false;
  Array<Annotation*> annotations;
  int32_t slot = -1;
  void* data = nullptr;
};

struct Closure : Expr {
  static constexpr Kind kKind = Kind::closure;
  bool has_arrow = false;  ///< without it there is the implicit parameter `it`
  Array<Parameter*> parameters;
  Block* body = nullptr;
  void* data = nullptr;
};

/// Every kind of method call: `f(1)`, `f 1`, `a.f(1)`, `a?.f {}`, `a*.f()`, `"$name"()`, `f(1)(2)`,
/// `this(1)`, `super(1)`.
struct Call : Expr {
  static constexpr Kind kKind = Kind::call;
  Expr* receiver = nullptr;  ///< null when none is written: `f(1)`
  std::string_view
      name;  ///< empty when computed at run time; `this` or `super` for constructor calls
  Expr* name_expr = nullptr;   ///< Constant, GString or any expression: `a."$b"()`, `a.(b)()`
  bool safe = false;           ///< `?.`
  bool spread = false;         ///< `*.`
  bool implicit_call = false;  ///< `f(1)(2)`, `{}()`: name is `call` but was not written
  bool has_parens = false;     ///< `f(1)`; false for `f 1` and `f {}`
  uint32_t trailing_closures =
      0;  ///< how many of the last arguments stand behind the parentheses or have none: `f(1) {}`
  /// In source order; named ones may stand anywhere. Evaluated as one leading Map and then the
  /// positional ones.
  Array<Entry*> args;
  void* data = nullptr;

  bool has_named_args() const;
};

/// `new Foo(1)`, `new Foo() { ... }`.
struct Construct : Expr {
  static constexpr Kind kKind = Kind::construct;
  TypeRef* type = nullptr;
  Array<Entry*> args;
  ClassDecl* body = nullptr;  ///< anonymous class: superclass is `type` (class or interface),
                              ///< listed in Unit::classes too
  void* data = nullptr;
};

/// `new int[2][]`: sizes {2}, dimensions 2. `new int[] {1, 2}` is no Groovy 2.4.
struct NewArray : Expr {
  static constexpr Kind kKind = Kind::new_array;
  TypeRef* element = nullptr;  ///< dimensions 0
  Array<Expr*> sizes;
  uint32_t dimensions = 0;
};

/// `a.b`, `a?.b`, `a*.b`, `a.@b`, `a."$b"`.
struct Property : Expr {
  static constexpr Kind kKind = Kind::property;
  Expr* object = nullptr;
  std::string_view name;      ///< empty when computed
  Expr* name_expr = nullptr;  ///< Constant, GString or any expression
  bool safe = false;
  bool spread = false;
  bool attribute = false;  ///< `.@`: the field itself
  void* data = nullptr;
};

/// `a[b]`; `a[b, c]` has a ListLiteral as key, `a[]` is a TypeLiteral when `a` can be a type.
struct Index : Expr {
  static constexpr Kind kKind = Kind::index;
  Expr* object = nullptr;
  Expr* key = nullptr;
};

enum class BinaryOp : uint8_t {
  add,
  subtract,
  multiply,
  divide,
  remainder,
  power,
  shift_left,
  shift_right,
  shift_right_unsigned,
  bit_and,
  bit_or,
  bit_xor,
  equal,
  not_equal,
  identical,  ///< `===`: read, but refused as Groovy 2.4 does
  not_identical,
  less,
  less_equal,
  greater,
  greater_equal,
  compare,  ///< `<=>`
  find,     ///< `=~`
  match,    ///< `==~`
  in,
};

/// `+`, `-`, ... as written.
std::string_view symbol(BinaryOp op);

struct Binary : Expr {
  static constexpr Kind kKind = Kind::binary;
  BinaryOp op{};
  Expr* left = nullptr;
  Expr* right = nullptr;
  void* data = nullptr;
};

/// `&&`, `||`.
struct Logical : Expr {
  static constexpr Kind kKind = Kind::logical;
  bool is_and = false;
  Expr* left = nullptr;
  Expr* right = nullptr;
};

enum class UnaryOp : uint8_t { not_, minus, plus, complement };

/// A sign before a number literal is part of the Constant.
struct Unary : Expr {
  static constexpr Kind kKind = Kind::unary;
  UnaryOp op{};
  Expr* operand = nullptr;
};

/// `++x`, `x++`, `--x`, `x--`.
struct Increment : Expr {
  static constexpr Kind kKind = Kind::increment;
  bool prefix = false;
  bool decrement = false;
  Expr* operand = nullptr;
};

/// `x = 1`, `x += 1`, `(a, b) = [1, 2]` (target is then a ListLiteral with `multiple` set).
struct Assign : Expr {
  static constexpr Kind kKind = Kind::assign;
  Expr* target = nullptr;
  Expr* value = nullptr;
  bool compound = false;
  bool multiple = false;
  BinaryOp op{};  ///< of a compound assignment
};

struct Ternary : Expr {
  static constexpr Kind kKind = Kind::ternary;
  Expr* condition = nullptr;
  Expr* yes = nullptr;
  Expr* no = nullptr;
};

struct Elvis : Expr {
  static constexpr Kind kKind = Kind::elvis;
  Expr* value = nullptr;
  Expr* otherwise = nullptr;
};

/// `(Type) x`, and `x as Type` with `coerce` set.
struct Cast : Expr {
  static constexpr Kind kKind = Kind::cast;
  TypeRef* type = nullptr;
  Expr* value = nullptr;
  bool coerce = false;
};

struct InstanceOf : Expr {
  static constexpr Kind kKind = Kind::instance_of;
  Expr* value = nullptr;
  TypeRef* type = nullptr;
};

/// `a.&b`.
struct MethodPointer : Expr {
  static constexpr Kind kKind = Kind::method_pointer;
  Expr* object = nullptr;
  std::string_view name;  ///< empty when computed
  Expr* name_expr = nullptr;
};

/// `*list` in arguments and list literals.
struct Spread : Expr {
  static constexpr Kind kKind = Kind::spread;
  Expr* value = nullptr;
};

/// `*: map` in arguments and map literals: value of an Entry without key.
struct SpreadMap : Expr {
  static constexpr Kind kKind = Kind::spread_map;
  Expr* value = nullptr;
};

/// A type that cannot be anything else: `int`, `int[]`, `String[]`, also as receiver (`int.class`).
/// A plain `Foo` or `a.b.Foo` is a Variable or Property chain; the resolver finds out what it
/// names.
struct TypeLiteral : Expr {
  static constexpr Kind kKind = Kind::type_literal;
  TypeRef* type = nullptr;
};

struct Declarator : Node {
  static constexpr Kind kKind = Kind::declarator;
  std::string_view name;
  TypeRef* type = nullptr;  ///< in `def (int a, b) = ...` each may have its own
  Expr* value = nullptr;    ///< null without initialiser, and in a multiple assignment
  int32_t slot = -1;
  void* data = nullptr;
};

/// `def x = 1, y`, `String s`, `def (a, b) = [1, 2]`. An expression, since C-style `for` takes it;
/// elsewhere it stands in an ExprStmt.
struct Declaration : Expr {
  static constexpr Kind kKind = Kind::declaration;
  Modifiers modifiers = 0;
  Array<Annotation*> annotations;
  Array<Declarator*> declarators;
  bool multiple = false;  ///< `def (a, b) = value`
  Expr* value = nullptr;  ///< of a multiple assignment
};

// ----- statements -----

struct Stmt : Node {
  Array<std::string_view> labels;
};

struct Block : Stmt {
  static constexpr Kind kKind = Kind::block;
  Array<Stmt*> statements;  ///< empty statements are left out
  void* data = nullptr;
};

struct ExprStmt : Stmt {
  static constexpr Kind kKind = Kind::expression;
  Expr* expr = nullptr;
};

struct If : Stmt {
  static constexpr Kind kKind = Kind::if_;
  Expr* condition = nullptr;
  Stmt* then = nullptr;
  Stmt* otherwise = nullptr;  ///< may be null
};

struct While : Stmt {
  static constexpr Kind kKind = Kind::while_;
  Expr* condition = nullptr;
  Stmt* body = nullptr;  ///< null for `while (x);`
};

/// `for (x in y)`, `for (def x : y)`.
struct ForIn : Stmt {
  static constexpr Kind kKind = Kind::for_in;
  Parameter* variable = nullptr;
  Expr* collection = nullptr;
  Stmt* body = nullptr;  ///< null for `;`
};

struct ForC : Stmt {
  static constexpr Kind kKind = Kind::for_c;
  Array<Expr*> init;
  Expr* condition = nullptr;  ///< may be null
  Array<Expr*> update;
  Stmt* body = nullptr;  ///< null for `;`
};

/// `case x:` or `default:` (value null) and the statements up to the next label.
struct Case : Node {
  static constexpr Kind kKind = Kind::case_;
  Expr* value = nullptr;
  Array<Stmt*> statements;
};

struct Switch : Stmt {
  static constexpr Kind kKind = Kind::switch_;
  Expr* value = nullptr;
  Array<Case*> cases;
};

struct Catch : Node {
  static constexpr Kind kKind = Kind::catch_;
  Array<TypeRef*> types;  ///< empty for `catch (e)`
  std::string_view name;
  Block* body = nullptr;
  int32_t slot = -1;
};

struct Try : Stmt {
  static constexpr Kind kKind = Kind::try_;
  Block* body = nullptr;
  Array<Catch*> catches;
  Block* finally = nullptr;  ///< may be null
};

struct Throw : Stmt {
  static constexpr Kind kKind = Kind::throw_;
  Expr* value = nullptr;
};

struct Return : Stmt {
  static constexpr Kind kKind = Kind::return_;
  Expr* value = nullptr;  ///< may be null
};

struct Break : Stmt {
  static constexpr Kind kKind = Kind::break_;
  std::string_view label;  ///< empty for none
};

struct Continue : Stmt {
  static constexpr Kind kKind = Kind::continue_;
  std::string_view label;
};

struct Assert : Stmt {
  static constexpr Kind kKind = Kind::assert_;
  Expr* condition = nullptr;
  Expr* message = nullptr;  ///< may be null
};

struct Synchronized : Stmt {
  static constexpr Kind kKind = Kind::synchronized;
  Expr* lock = nullptr;
  Block* body = nullptr;
};

/// Where a class stands among statements; at the top level only (Groovy has no classes in blocks).
struct ClassStatement : Stmt {
  static constexpr Kind kKind = Kind::class_statement;
  ClassDecl* declaration = nullptr;
};

// ----- declarations -----

struct Method : Node {
  static constexpr Kind kKind = Kind::method;
  std::string_view name;
  Modifiers modifiers = 0;
  Array<Annotation*> annotations;
  TypeRef* return_type = nullptr;  ///< null for `def` and constructors
  bool constructor = false;
  Array<TypeParameter> type_parameters;
  Array<Parameter*> parameters;
  Expr* default_value = nullptr;  ///< of an annotation type's member
  Block* body = nullptr;          ///< null for abstract ones
  void* data = nullptr;
};

/// One variable of a class. Without visibility it is a property (getter and setter).
struct Field : Node {
  static constexpr Kind kKind = Kind::field;
  std::string_view name;
  Modifiers modifiers = 0;
  Array<Annotation*> annotations;
  TypeRef* type = nullptr;  ///< null for `def`
  Expr* value = nullptr;    ///< may be null
  void* data = nullptr;

  bool is_property() const { return (modifiers & (kPublic | kProtected | kPrivate)) == 0; }
};

/// `static { }` or `{ }` in a class.
struct Initializer : Node {
  static constexpr Kind kKind = Kind::initializer;
  bool is_static = false;
  Block* body = nullptr;
};

struct EnumConstant : Node {
  static constexpr Kind kKind = Kind::enum_constant;
  std::string_view name;
  Array<Annotation*> annotations;
  Array<Entry*> args;
  ClassDecl* body = nullptr;  ///< `A { ... }`
};

enum class ClassKind : uint8_t { class_, interface, enum_, trait, annotation };

struct ClassDecl : Node {
  static constexpr Kind kKind = Kind::class_decl;
  ClassKind class_kind{};
  std::string_view name;  ///< simple; empty for an anonymous class
  Modifiers modifiers = 0;
  Array<Annotation*> annotations;
  Array<TypeParameter> type_parameters;
  TypeRef* superclass = nullptr;  ///< may be null
  Array<TypeRef*> interfaces;     ///< of an interface: what it extends
  Array<EnumConstant*> constants;
  Array<Field*> fields;    ///< in source order, as the next three
  Array<Method*> methods;  ///< constructors too
  Array<Initializer*> initializers;
  Array<Node*> members;        ///< fields, methods, initializers and classes in source order
  Array<ClassDecl*> inner;     ///< named classes inside
  ClassDecl* outer = nullptr;  ///< the class around it; null at the top level
  bool anonymous = false;
  void* data = nullptr;
};

/// `import a.B`, `import a.B as C`, `import a.*`, `import static a.B.c`, `import static a.B.*`.
struct Import : Node {
  static constexpr Kind kKind = Kind::import;
  Array<Annotation*> annotations;
  std::string_view name;    ///< `a.B`, `a` for `a.*`; of a static import the class
  std::string_view member;  ///< of a static import: `c`; empty for `*`
  std::string_view alias;   ///< simple name that it has here; empty for `*`
  bool is_static = false;
  bool star = false;
};

// ----- the whole -----

struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// One source text with its tree. Owns everything that its nodes point to.
class Unit {
 public:
  explicit Unit(std::string_view text);
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;

  std::string_view package;  ///< empty for none
  Array<Annotation*> package_annotations;
  Array<Import*> imports;
  Array<Method*> methods;       ///< of the script, in source order
  Array<ClassDecl*> classes;    ///< named ones at the top level, in source order
  Array<ClassDecl*> anonymous;  ///< of the whole text
  Block* body =
      nullptr;  ///< statements of the script, ClassStatement included, methods and imports not

  const std::string& source() const { return source_; }
  std::string_view text(uint32_t begin, uint32_t end) const;
  std::string_view text(const Node& node) const { return text(node.begin, node.end); }
  Position position(uint32_t offset) const;
  /// Without its line break; empty when there is no such line.
  std::string_view line(uint32_t number) const;
  uint32_t line_count() const { return static_cast<uint32_t>(line_starts_.size()); }

  std::pmr::memory_resource& arena() { return arena_; }

 private:
  std::string source_;
  std::vector<uint32_t> line_starts_;
  std::pmr::monotonic_buffer_resource arena_{16 << 10};
};

}  // namespace ks::groovy::ast
