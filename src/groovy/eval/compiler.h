#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "groovy/ast.h"
#include "groovy/eval/nodes.h"
#include "groovy/eval/program_impl.h"
#include "groovy/eval/scope.h"
#include "groovy/program.h"

namespace ks::groovy {

/// Makes a Program of a syntax tree. One per tree; the files compile_*.cc give its functions.
class Compiler {
 public:
  Compiler(const ast::Unit& unit, const CompileOptions& options);
  Compiled run();

 private:
  // ----- classes (compile_classes.cc) -----
  void declare_class(const ast::ClassDecl& decl, ClassScope* outer, const std::string& prefix);
  void compile_class(ClassScope& scope);
  void compile_members(ClassScope& scope);
  void compile_enum_constants(ClassScope& scope);
  void add_field(ClassScope& scope, const ast::Field& field);
  void add_logger(ClassScope& scope, const ast::Annotation& annotation);
  /// Whether it is an annotation of this package, by its full name or an import.
  bool is_of_package(const ast::Annotation& annotation, std::string_view package) const;
  void add_field_initializer(FunctionScope& function, BlockStatement& body, const ast::Field& field,
                             uint32_t index);
  void compile_initializers(ClassScope& scope, bool for_statics);
  std::unique_ptr<MethodDef> compile_method(ClassScope& scope, const ast::Method& method);
  void compile_script(ClassScope& scope);
  void declare_script_fields(ClassScope& scope);
  const ClassDef* compile_anonymous(const ast::ClassDecl& decl, FunctionScope& around);
  std::unique_ptr<ClassDef> make_def(const ast::ClassDecl& decl, const std::string& name);
  void compile_parameters(FunctionScope& function, ast::Array<ast::Parameter*> parameters);

  // ----- types and names (compile_types.cc) -----
  TypeRef type(const ast::TypeRef* written, const ClassScope* around);
  /// `Long` of `A<Long>`; nothing unless A is a class of this text: others have no use for them.
  std::vector<TypeRef> type_arguments(const ast::TypeRef& parent, const TypeRef& cls,
                                      const ClassScope& scope);
  /// Where a type variable is declared; null when the name is none.
  const ast::TypeParameter* type_variable(std::string_view name, const ClassScope* around) const;
  /// Classes that a class of this name inherits as inner ones: `Entry` below java.util.HashMap.
  ClassInfo* inherited_class(std::string_view name, const ClassScope& scope);
  TypeRef type_named(std::string_view name, const ClassScope* around);
  /// Nothing when no class is known by this name here.
  std::optional<TypeRef> class_named(std::string_view name, const ClassScope* around);
  std::optional<TypeRef> imported(std::string_view simple);
  std::optional<TypeRef> own_class(std::string_view name, const ClassScope* around);
  /// `a.b.C` as text when the expression is nothing but names.
  static std::optional<std::string> dotted(const ast::Expr* expr);
  NodePtr static_import(std::string_view name, const ast::Call& call, FunctionScope& f);
  NodePtr static_import_property(std::string_view name);

  // ----- statements (compile_statements.cc) -----
  StatementPtr statement(const ast::Stmt* stmt, FunctionScope& f);
  StatementPtr plain_statement(const ast::Stmt& stmt, FunctionScope& f);
  StatementPtr block(const ast::Block* stmt, FunctionScope& f);
  StatementPtr statements(ast::Array<ast::Stmt*> list, FunctionScope& f);
  StatementPtr expression_statement(const ast::Expr& expr, FunctionScope& f);
  void declaration(const ast::Declaration& decl, FunctionScope& f, std::vector<StatementPtr>& out);
  StatementPtr try_statement(const ast::Try& stmt, FunctionScope& f);
  StatementPtr switch_statement(const ast::Switch& stmt, FunctionScope& f);
  StatementPtr assert_statement(const ast::Assert& stmt, FunctionScope& f);
  StatementPtr for_in(const ast::ForIn& stmt, FunctionScope& f);
  StatementPtr for_c(const ast::ForC& stmt, FunctionScope& f);
  /// The body of a method or closure: what its last statement gives is returned.
  StatementPtr body(const ast::Block* stmt, FunctionScope& f);
  StatementPtr returning(const ast::Stmt* stmt, FunctionScope& f);
  StatementPtr returning_list(ast::Array<ast::Stmt*> list, FunctionScope& f, bool new_scope);
  StatementPtr returning_switch(const ast::Switch& stmt, FunctionScope& f);

  // ----- expressions (compile_expressions.cc, compile_calls.cc) -----
  NodePtr expr(const ast::Expr* expression, FunctionScope& f);
  NodePtr plain_expr(const ast::Expr& expression, FunctionScope& f);
  NodePtr constant(const ast::Constant& constant);
  NodePtr string_constant(std::string_view text);
  NodePtr gstring(const ast::GString& text, FunctionScope& f);
  NodePtr variable(const ast::Variable& variable, FunctionScope& f);
  NodePtr local(const Place& place);
  NodePtr map(ast::Array<ast::Entry*> entries, FunctionScope& f);
  NodePtr closure(const ast::Closure& closure, FunctionScope& f);
  NodePtr binary(const ast::Binary& binary, FunctionScope& f);
  NodePtr assign(const ast::Assign& assign, FunctionScope& f);
  NodePtr property(const ast::Property& property, FunctionScope& f);
  NodePtr call(const ast::Call& call, FunctionScope& f);
  /// The class or primitive type that an expression is known to have before it runs, or null.
  ClassInfo* static_type(const ast::Expr& expression, FunctionScope& f);
  /// Those of all arguments of a call that may be bound by them; else nothing (compile_static.cc).
  std::vector<ClassInfo*> static_types(const ast::Call& call, FunctionScope& f);
  /// Whether the class around has a method of this name, and there may be another.
  bool may_choose(std::string_view method, const FunctionScope& f) const;
  NodePtr receiver_call(const ast::Call& call, FunctionScope& f);
  NodePtr construct(const ast::Construct& construct, FunctionScope& f);
  TargetPtr target(const ast::Expr* expression, FunctionScope& f);
  TargetPtr local_target(const Place& place);
  Arguments arguments(ast::Array<ast::Entry*> args, FunctionScope& f);
  NodePtr name_expr(const ast::Expr* expression, FunctionScope& f) { return expr(expression, f); }
  NodePtr class_node(TypeRef type, const ast::Node& at);
  NodePtr recorded(NodePtr node, uint32_t offset);

  template <class N>
  std::unique_ptr<N> make(const ast::Node& at) {
    auto node = std::make_unique<N>();
    node->line = at.line;
    if constexpr (requires { node->column; }) node->column = at.column;
    return node;
  }
  /// Refuses annotations that run code or load classes while compiling.
  void check_annotations(ast::Array<ast::Annotation*> annotations);
  void error(const ast::Node& at, std::string message);
  void unresolved(const ast::Node& at, std::string_view name);
  const Name& name(std::string_view text) { return program_->name(text); }

  const ast::Unit& unit_;
  const CompileOptions& options_;
  std::shared_ptr<Program> program_;
  std::vector<CompileError> errors_;
  std::vector<std::unique_ptr<ClassScope>> class_scopes_;
  std::unordered_map<std::string, ClassScope*> by_full_name_;
  std::unordered_map<const ast::ClassDecl*, ClassScope*> by_decl_;
  std::unordered_map<std::string, std::unique_ptr<Object>> strings_;
  std::vector<std::unique_ptr<FunctionScope>>
      functions_;                            // nodes keep pointers to their variables' flags
  std::vector<const ast::Method*> methods_;  ///< being compiled, the innermost last
  int erasing_ = 0;                          ///< bounds of type variables that are looked at
  int anonymous_count_ = 0;
  int closure_count_ = 0;
  /// Set while the condition of an assert is compiled: its sub-expressions are recorded.
  const ast::Assert* recording_ = nullptr;
};

}  // namespace ks::groovy
