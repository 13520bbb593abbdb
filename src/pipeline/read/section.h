#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "groovy/ast.h"
#include "groovy/program.h"
#include "pipeline/model.h"

/// What the files of the reader share: statements as calls with a block, values, errors.

namespace ks::pipeline {

namespace ast = groovy::ast;

/// `name(arguments) { body }` as a statement.
struct Line {
  const ast::Stmt* statement = nullptr;
  const ast::Call* call = nullptr;      ///< null when the statement is no call
  std::string_view name;                ///< of the call when it is a plain one without receiver
  std::vector<const ast::Entry*> args;  ///< without the body
  const ast::Closure* body = nullptr;   ///< the last argument when it is a closure behind the call
};

class Reader {
 public:
  explicit Reader(const ast::Unit& unit) : unit_(unit) {}

  std::shared_ptr<Pipeline> pipeline(const ast::Call& call);
  std::vector<Step> steps(ast::Array<ast::Stmt*> statements);
  void error(const ast::Node& at, std::string message);
  std::vector<groovy::CompileError> take_errors();

 private:
  // ----- section.cc -----
  Line line(const ast::Stmt& statement) const;
  std::string source(const ast::Node& node) const { return std::string(unit_.text(node)); }
  /// The source between the first and the last statement.
  std::string body_source(const ast::Closure& body) const;
  Place place(const ast::Node& node) const { return {node.line, node.column}; }
  /// The body of a section that must be a block; null after an error.
  const ast::Closure* block(const Line& section, std::string_view name);
  /// A section that is not known here, or something that is none.
  void undefined(const Line& section);
  /// False, with an error, when the section was there before.
  bool first(const Line& section, std::set<std::string, std::less<>>& seen);

  // ----- values.cc -----
  Expression value(const ast::Expr& expr);
  std::optional<std::string> string_literal(const ast::Expr& expr) const;
  Call call(const ast::Call& from, std::string_view what, bool nested = false);
  std::vector<Argument> arguments(const std::vector<const ast::Entry*>& entries,
                                  bool calls_allowed);
  std::optional<bool> boolean(const Line& from);

  // ----- stages.cc -----
  Stages stages(const Line& section, std::string_view name);
  void stage(const Line& from, Stages& into);
  void stage_body(const ast::Closure& body, Stage& stage);
  bool directive(const Line& section, Stage& stage);
  void refuse_stage_section(const Line& section);
  std::shared_ptr<Matrix> matrix(const Line& section);
  std::vector<Axis> axes(const ast::Closure& body, bool excluding);
  Axis axis(const Line& from, bool excluding);
  void steps_section(const Line& section, Stage& stage);
  bool legacy_parallel(const ast::Closure& body, Stage& stage);

  // ----- steps.cc -----
  Steps steps_of(const ast::Closure& body);
  std::optional<Step> step(const ast::Stmt& statement);

  // ----- directives.cc -----
  std::optional<Agent> agent(const Line& section, bool in_stage);
  std::vector<AgentSetting> agent_settings(const ast::Closure& body);
  std::optional<Environment> environment(const Line& section);
  void environment_entry(const ast::Stmt& statement, Environment& into,
                         std::set<std::string, std::less<>>& seen);
  bool environment_value(const ast::Expr& expr);
  bool concatenation(const ast::Expr& expr);
  std::optional<Calls> calls(const Line& section, std::string_view plural, std::string_view one);
  std::optional<Tools> tools(const Line& section);
  std::optional<Post> post(const Line& section);
  std::optional<Input> input(const Line& section);
  std::optional<When> when(const Line& section);
  std::optional<Condition> condition(const ast::Stmt& statement);
  void when_flag(const Line& from, When& into);
  void libraries(const Line& section, Pipeline& into);

  const ast::Unit& unit_;
  std::vector<groovy::CompileError> errors_;
};

}  // namespace ks::pipeline
