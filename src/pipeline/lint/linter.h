#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "groovy/ast.h"
#include "groovy/program.h"
#include "pipeline/lint.h"

/// What the files of lint/ share: the text, what it declares, and what was found.

namespace ks::pipeline {

namespace ast = groovy::ast;

/// More are not told, so that no text makes the linter work for ever.
constexpr size_t kMostFindings = 10'000;

/// Names that a text gives a meaning of its own, wherever: a call of one is no step.
struct OwnNames {
  std::set<std::string_view> all;
  bool loads_code = false;  ///< libraries, `load` or `evaluate` may bring more
};
OwnNames own_names(const ast::Unit& unit);

class Linter {
 public:
  Linter(const ast::Unit& unit, const LintOptions& options);

  void calls();      // calls.cc: steps and their arguments
  void flow();       // flow.cc: what is never reached
  void variables();  // variables.cc: what is never read

  void add(Rule rule, Severity severity, const ast::Node& at, std::string message, std::string hint,
           std::string step = {});
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  /// What a call means depends on where it stands.
  enum class Mode : uint8_t {
    script,   ///< free Groovy
    section,  ///< the frame of a Declarative Pipeline
    steps,    ///< `steps { }` and what is like it
    foreign   ///< arguments, and closures of things that nobody knows: names may be anything
  };

  // ----- calls.cc -----
  void visit(const ast::Node& node, Mode mode);
  void visit_call(const ast::Call& call, Mode mode);
  void visit_section(const ast::Call& call);
  void check_step(const ast::Call& call, Mode mode);
  void refuse_unsupported(const ast::Call& call);
  void refuse_unknown(const ast::Call& call);
  const std::string& nearest_step(std::string_view name);
  bool runs(std::string_view step) const;
  bool full() const { return findings_.size() >= kMostFindings; }
  bool is_own(std::string_view name) const { return own_.all.contains(name); }

  // ----- arguments.cc -----
  void check_arguments(const ast::Call& call, const Signature& signature);
  void check_named(const ast::Call& call, const Signature& signature,
                   const std::vector<const ast::Entry*>& entries);
  void check_type(const ast::Call& call, const ast::Expr& value, const ParameterType& parameter);

  // ----- flow.cc -----
  void flow(const ast::Node& node);
  void statements(ast::Array<ast::Stmt*> list);
  bool ends(const ast::Stmt* statement) const;

  const ast::Unit& unit_;
  const LintOptions& options_;
  const Catalog& catalog_;
  OwnNames own_;
  std::vector<Finding> findings_;
  std::vector<std::string> names_;                           ///< what a call may have meant
  std::map<std::string, std::string, std::less<>> nearest_;  ///< of names that were asked for
};

}  // namespace ks::pipeline
