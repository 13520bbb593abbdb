#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "groovy/ast.h"

/// What a Declarative `pipeline { }` says: plain values, made from a Jenkinsfile (reader.h) or from
/// JSON (json_reader.h).
///
/// What is evaluated when its section runs is kept as Groovy source, and after lowering
/// (lowering.h) as the number of the closure that gives its value. Contract: pipeline-language.md
/// sections 2 to 12.

namespace ks::pipeline {

/// Where something was written. Line 0: nowhere (read from JSON).
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
};

/// The closure that evaluates something, by its number in the list that the lowered `pipeline` call
/// passes.
constexpr int kNoClosure = -1;

/// Groovy that is not a constant: `"a ${b}"`, `[1, 2]`, `foo()`.
struct Source {
  std::string text;  ///< as written, quotes of a GString included
  bool gstring = false;
  bool map = false;  ///< a map literal
};

/// An argument or another single value.
struct Expression {
  std::variant<std::nullptr_t, bool, int64_t, double, std::string, Source> data = nullptr;
  Place place;
  const groovy::ast::Expr* expr =
      nullptr;  ///< for lowering only: it goes with the tree; null from JSON
  int closure = kNoClosure;

  bool is_literal() const { return !std::holds_alternative<Source>(data); }
  const std::string* string() const { return std::get_if<std::string>(&data); }
  const Source* source() const { return std::get_if<Source>(&data); }
};

/// How values of matrix axes and environment entries print: constants only.
std::string literal_text(const Expression& value);

struct Call;

struct Argument {
  std::string name;  ///< empty for a positional one
  Expression value;
  std::shared_ptr<Call>
      call;  ///< set instead of value for a nested call: `buildDiscarder(logRotator(...))`
  Place place;
};

/// `name(arguments)`: an option, trigger, parameter, and the head of a step or condition.
struct Call {
  std::string name;
  std::vector<Argument> args;
  Place place;
  /// Evaluates to [[name: value, ...], [positional, ...]].
  int closure = kNoClosure;

  const Argument* argument(std::string_view name) const;
  bool has_named() const;
};

struct Step : Call {
  bool block = false;                 ///< it has a body
  std::vector<Step> children;         ///< the steps of the body; empty for `script`
  std::optional<std::string> script;  ///< of `script { }`: the source of its body
  bool single_argument = false;       ///< one positional argument
};

/// The steps of a stage or condition, and the closure that runs them.
struct Steps {
  std::vector<Step> list;
  Place place;
  int closure = kNoClosure;
  const groovy::ast::Closure* body = nullptr;
};

struct EnvironmentEntry {
  std::string name;
  Expression value;
  /// `credentials(id)`: value is then the id.
  bool credentials = false;
  /// Any other call as value, `NAME = sh(...)`.
  bool function = false;
  Place place;
};

struct Environment {
  std::vector<EnvironmentEntry> entries;
  Place place;
};

/// `key value` or `key { ... }` inside of an agent.
struct AgentSetting {
  std::string name;
  Expression value;
  std::vector<AgentSetting> nested;
  bool is_block = false;
  Place place;
};

struct Agent {
  std::string type;  ///< any, none, label, node, docker, dockerfile, kubernetes, ...; empty when
                     ///< the block is empty
  std::optional<Expression> argument;  ///< `label 'x'`
  std::vector<AgentSetting> settings;  ///< `node { label 'x' }`
  Place place;

  const AgentSetting* setting(std::string_view name) const;
};

struct Condition : Call {
  std::vector<Condition> children;  ///< not, allOf, anyOf
  bool block = false;
  std::optional<std::string> expression;  ///< of `expression { }`: the source of its body
  const groovy::ast::Closure* body = nullptr;
};

struct When {
  std::vector<Condition> conditions;
  std::optional<bool> before_agent;
  std::optional<bool> before_input;
  std::optional<bool> before_options;
  Place place;
};

struct PostCondition {
  std::string name;
  Steps steps;
  Place place;
};

struct Post {
  std::vector<PostCondition> conditions;
  Place place;
};

struct Calls {
  std::vector<Call> list;
  Place place;
};

struct Tool {
  std::string type;
  Expression version;
  Place place;
};

struct Tools {
  std::vector<Tool> list;
  Place place;
};

struct Input {
  std::optional<Expression> message;
  std::optional<Expression> id;
  std::optional<Expression> ok;
  std::optional<Expression> submitter;
  std::optional<Expression> submitter_parameter;
  std::optional<Calls> parameters;
  Place place;
};

struct Axis {
  std::optional<Expression> name;
  std::vector<Expression> values;
  bool has_values = false;
  bool inverse = false;  ///< `notValues`
  Place place;

  std::string name_text() const;
};

struct Stage;

struct Stages {
  std::vector<Stage> list;
  Place place;
};

struct Matrix;

/// A stage; also what a Matrix has beside its axes.
struct Stage {
  std::string name;
  Place place;
  std::optional<Agent> agent;
  std::optional<Environment> environment;
  std::optional<Calls> options;
  std::optional<Tools> tools;
  std::optional<Input> input;
  std::optional<When> when;
  std::optional<Post> post;
  std::optional<bool> fail_fast;

  std::optional<Steps> steps;
  std::optional<Stages> stages;
  std::optional<Stages> parallel;
  std::shared_ptr<Matrix> matrix;
  /// `steps { parallel(a: { }, b: { }) }`: its branches; steps is empty then.
  std::vector<std::pair<std::string, Steps>> branches;
};

struct Matrix {
  std::optional<std::vector<Axis>> axes;
  std::optional<std::vector<std::vector<Axis>>> excludes;
  Stage cell;  ///< directives and stages of each cell; its name is empty
  Place place;
};

struct Pipeline {
  std::optional<Agent> agent;
  std::optional<Stages> stages;
  std::optional<Environment> environment;
  std::optional<Calls> options;
  std::optional<Calls> parameters;
  std::optional<Calls> triggers;
  std::optional<Tools> tools;
  std::optional<Post> post;
  std::optional<std::vector<Expression>> libraries;
  Place place;
  Place libraries_place;
  std::string script;  ///< the whole text that it was read from
};

/// Names of post conditions in the order of their evaluation.
const std::vector<std::string>& post_condition_names();

}  // namespace ks::pipeline
