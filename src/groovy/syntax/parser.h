#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "groovy/ast.h"
#include "groovy/parser.h"
#include "groovy/syntax/failure.h"
#include "groovy/syntax/lexer.h"
#include "groovy/syntax/token.h"

namespace ks::groovy::syntax {

/// Where an expression stands decides whether a closure on the next line still belongs to it: it
/// does for the first operand of a statement or initialiser.
enum class Place : uint8_t { inner, statement };

/// What the text may be that statements stand in.
enum class Context : uint8_t { script, block };

/// Recursive descent over the tokens of one Unit. The grammar is that of Groovy 2.4, accidents
/// included: what it refuses is refused here too, with its words.
/// It goes on behind an error with the next statement, so that all errors are found in one go.
class Parser {
 public:
  Parser(ast::Unit& unit, const Tokens& tokens, const ParseLimits& limits);
  void parse_unit();
  /// What was wrong, in source order.
  std::vector<CompileError> errors() && { return std::move(errors_); }

 private:
  template <class T>
  class Collector;
  class Nesting;
  struct Modified {
    ast::Modifiers flags = 0;
    ast::Array<ast::Annotation*> annotations;
  };
  struct Params {
    ast::Array<ast::Parameter*> list;
    bool arrow = false;
  };

  // ----- expressions.cc: operators, loosest first -----
  ast::Expr* expression(Place place = Place::inner);
  ast::Expr* assignment(Place place);
  void refuse_target(const ast::Expr& target, const Token& sign);
  ast::Expr* conditional(Place place);
  ast::Expr* binary(int level, Place place);
  ast::Expr* relational(Place place);
  ast::Expr* multiplicative(Place place);
  ast::Expr* power(Place place, bool sign_allowed);
  ast::Expr* unary(Place place);
  ast::Expr* unsigned_unary(Place place);
  ast::Expr* postfix(Place place);
  ast::Expr* cast_or_null();
  bool number_continues() const;
  template <class Operand>
  ast::Expr* binary_of(ast::Expr* left, ast::BinaryOp op, Operand operand);
  template <class Operand>
  ast::Expr* prefix_of(Operand operand);

  // ----- paths.cc: primaries, calls, properties, commands -----
  ast::Expr* path(Place place);
  ast::Expr* path_elements(ast::Expr* head, Place place);
  ast::Expr* path_element(ast::Expr* head);
  ast::Expr* primary();
  ast::Expr* parenthesised();
  ast::Expr* member(ast::Expr* object);
  ast::Expr* member_name(std::string_view& name);
  ast::Expr* call_parens(ast::Expr* callee);
  ast::Expr* append_closure(ast::Expr* callee);
  ast::Call* call_of(ast::Expr* callee);
  ast::Expr* subscript(ast::Expr* object);
  ast::Expr* array_type_of(ast::Expr* object);
  ast::Expr* command_expression(Place place);
  ast::Expr* command_tail(ast::Expr* head);
  ast::Expr* command_call(ast::Expr* head);
  bool command_argument_begins() const;
  bool command_name_begins() const;
  ast::Entry* argument();
  ast::Array<ast::Entry*> argument_list(Tok close);
  ast::Expr* argument_key();
  bool key_ahead() const;
  ast::Expr* creation();
  ast::Expr* array_creation(const Token& start, ast::TypeRef* type);

  // ----- literals.cc -----
  ast::Expr* list_or_map();
  ast::Expr* gstring();
  ast::Expr* gstring_value();
  ast::Expr* gstring_path();
  ast::Expr* number(bool negative);
  ast::Constant* integer(const Token& token, bool negative);
  ast::Constant* decimal(const Token& token, bool negative);
  ast::Constant* constant(const Token& token, ast::ConstantType type);
  ast::Constant* bare_name(const Token& token);
  ast::Closure* closure();
  bool closure_parameters_ahead(size_t brace) const;
  ast::Expr* builtin_type_expression();

  // ----- statements.cc -----
  ast::Block* block();
  ast::Block* statements_block(Tok end);
  ast::Array<ast::Stmt*> statements_until(Tok end, Context context);
  ast::Stmt* statement(Context context);
  ast::Stmt* unlabelled_statement(Context context);
  ast::Stmt* expression_statement();
  ast::Stmt* body_statement();
  ast::Stmt* loop_body();
  ast::Stmt* if_statement();
  ast::Stmt* while_statement();
  ast::Stmt* for_statement();
  ast::Stmt* for_in(const Token& start, ast::Parameter* variable);
  ast::Stmt* for_c(const Token& start);
  ast::Stmt* switch_statement();
  ast::Case* switch_case();
  ast::Stmt* try_statement();
  ast::Catch* catch_clause();
  ast::Stmt* jump(Tok kind);
  ast::Stmt* assert_statement();
  ast::Stmt* synchronized_statement();
  ast::Stmt* labelled(Context context);
  void refuse_stray_block();
  bool separator();

  // ----- recovery.cc -----
  void recover(SyntaxFailure& failure, size_t begin);
  void note(const CompileError& error);
  void skip_statement(size_t begin);
  bool statement_goes_on() const;

  // ----- declarations.cc -----
  bool declaration_ahead() const;
  bool upper_case_type_ahead() const;
  bool class_ahead() const;
  size_t skip_modifiers(size_t at) const;
  ast::Stmt* declaration_statement(Context context);
  ast::Expr* declaration_expression();
  ast::Declaration* variables(const Modified& modified, const Token& start, ast::TypeRef* type);
  ast::Declaration* multiple_declaration(const Modified& modified, const Token& start);
  ast::Declarator* declarator(ast::TypeRef* type);
  Modified modifiers();
  ast::Annotation* annotation();
  ast::Expr* annotation_value();
  size_t skip_annotation(size_t at) const;
  ast::TypeRef* optional_type();
  ast::Method* method(const Modified& modified, const Token& start, ast::TypeRef* type,
                      bool body_required);
  ast::Array<ast::Parameter*> parameter_list(Tok close);
  ast::Parameter* parameter();
  void throws_clause();
  void import_statement(Context context);
  std::string_view dotted_name();
  void package_statement();

  // ----- types.cc -----
  ast::TypeRef* type();
  ast::TypeRef* class_type();
  ast::TypeRef* builtin_type();
  void array_brackets(ast::TypeRef* type);
  ast::Array<ast::TypeRef*> type_list();
  /// Index after a type that begins at `at`, or 0.
  size_t skip_type(size_t at) const;
  size_t skip_qualified_name(size_t at) const;
  size_t skip_type_arguments(size_t at) const;
  size_t skip_brackets(size_t at) const;
  ast::Array<ast::TypeRef*> type_arguments();
  ast::Array<ast::TypeParameter> type_parameters();
  /// The type that begins at token `at`, which moves behind its name and brackets.
  ast::TypeRef* plain_type(size_t& at);

  // ----- classes.cc -----
  ast::ClassDecl* class_declaration();
  ast::ClassDecl* class_body(ast::ClassDecl* declaration);
  void class_member(ast::ClassDecl* declaration, std::vector<ast::Node*>& members);
  void fields(ast::ClassDecl* declaration, const Modified& modified, const Token& start,
              ast::TypeRef* type, std::vector<ast::Node*>& members);
  void enum_constants(ast::ClassDecl* declaration);
  ast::EnumConstant* enum_constant();
  void finish_class(ast::ClassDecl* declaration, const std::vector<ast::Node*>& members);

  // ----- parser.cc: tokens and nodes -----
  const Token& peek(size_t ahead = 0) const {
    size_t i = pos_ + ahead;
    return i < tokens_.size() ? tokens_[i] : tokens_.back();
  }
  const Token& token_at(size_t i) const { return i < tokens_.size() ? tokens_[i] : tokens_.back(); }
  Tok kind(size_t ahead = 0) const { return peek(ahead).kind; }
  bool is(Tok k) const { return kind() == k; }
  const Token& take() {
    const Token& token = tokens_[pos_];
    if (pos_ + 1 < tokens_.size()) ++pos_;
    last_end_ = token.end;
    return token;
  }
  bool accept(Tok k) {
    if (!is(k)) return false;
    take();
    return true;
  }
  const Token& expect(Tok k, std::string_view name);
  const Token& expect_name();
  void skip_newlines() {
    while (is(Tok::newline)) skip_one();
  }
  /// A line break is no part of what stands before it: the end of the last node stays.
  void skip_one() { pos_ += pos_ + 1 < tokens_.size() ? 1 : 0; }
  /// Index of the first token at or after `at` that is no line break.
  size_t after_newlines(size_t at) const {
    while (token_at(at).kind == Tok::newline) ++at;
    return at;
  }
  [[noreturn]] void unexpected() { unexpected(peek()); }
  [[noreturn]] void unexpected(const Token& token);
  [[noreturn]] void expected(std::string_view what, const Token& found);
  [[noreturn]] void fail(std::string message, const Token& at);
  [[noreturn]] void fail(std::string message, const ast::Node& at);
  void refuse_lexical_error(const Token& token);

  template <class T>
  T* make(const Token& start) {
    T* node = allocate<T>();
    node->begin = start.begin;
    node->line = start.line;
    node->column = start.column;
    node->end = last_end_;
    return node;
  }
  template <class T>
  T* make(const ast::Node& start) {
    T* node = allocate<T>();
    node->begin = start.begin;
    node->line = start.line;
    node->column = start.column;
    node->end = last_end_;
    return node;
  }
  template <class T>
  T* finish(T* node) {
    node->end = last_end_;
    return node;
  }
  template <class T>
  T* allocate() {
    static_assert(std::is_trivially_destructible_v<T>);
    T* node = new (unit_.arena().allocate(sizeof(T), alignof(T))) T();
    node->kind = T::kKind;
    return node;
  }
  template <class T>
  ast::Array<T> array(const std::vector<T>& items) {
    return array(items.data(), items.size());
  }
  template <class T>
  ast::Array<T> array(const T* items, size_t count) {
    if (count == 0) return {};
    // NOLINTNEXTLINE(bugprone-sizeof-expression): nodes are copied as the pointers that they are.
    auto* copy = static_cast<T*>(unit_.arena().allocate(count * sizeof(T), alignof(T)));
    std::copy_n(items, count, copy);
    return {copy, count};
  }

  ast::Unit& unit_;
  const std::vector<Token>& tokens_;
  const std::vector<CompileError>& lexical_errors_;
  std::vector<CompileError> errors_;
  const ParseLimits& limits_;
  size_t pos_ = 0;
  uint32_t last_end_ = 0;
  uint32_t nesting_ = 0;
  const ast::Expr* last_path_ =
      nullptr;                       ///< the path() that ended last: only one may begin a command
  ast::ClassDecl* class_ = nullptr;  ///< the one being read
  std::vector<void*> scratch_;       ///< of the Collectors at work, innermost last
  std::vector<ast::Import*> imports_;
  std::vector<ast::Method*> methods_;
  std::vector<ast::ClassDecl*> classes_;
  std::vector<ast::ClassDecl*> anonymous_;
};

/// Gathers the children of a node, then copies them into the arena at once.
template <class T>
class Parser::Collector {
 public:
  explicit Collector(Parser& parser) : parser_(parser), mark_(parser.scratch_.size()) {}
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector() { parser_.scratch_.resize(mark_); }

  void add(T* item) { parser_.scratch_.push_back(item); }
  size_t size() const { return parser_.scratch_.size() - mark_; }
  T* operator[](size_t i) const { return static_cast<T*>(parser_.scratch_[mark_ + i]); }
  ast::Array<T*> done() {
    if (size() == 0) return {};
    auto* copy = static_cast<T**>(parser_.unit_.arena().allocate(size() * sizeof(T*), alignof(T*)));
    for (size_t i = 0; i < size(); ++i) copy[i] = (*this)[i];
    return {copy, size()};
  }

 private:
  Parser& parser_;
  size_t mark_;
};

/// Held by each function that may call itself through others: refuses text nested deeper than the
/// limit.
class Parser::Nesting {
 public:
  explicit Nesting(Parser& parser) : parser_(parser) {
    if (++parser_.nesting_ > parser_.limits_.nesting) refuse();
  }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  ~Nesting() { --parser_.nesting_; }

 private:
  [[noreturn]] void refuse();
  Parser& parser_;
};

}  // namespace ks::groovy::syntax
