#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/catalog.h"
#include "pipeline/model.h"
#include "pipeline/validator.h"

namespace ks::pipeline {

class Validation {
 public:
  explicit Validation(const Catalog& catalog) : catalog_(catalog) {}

  void pipeline(const Pipeline& pipeline);
  void steps(const std::vector<Step>& list, bool only_parallel_allowed);
  std::vector<groovy::CompileError> take_errors() { return std::move(errors_); }

 private:
  /// Where a stage stands: parallel and matrix may not nest.
  struct Within {
    bool parallel = false;
  };

  // ----- validation.cc: stages -----
  void stages(const Stages& stages, Within within, bool parallel);
  void stage(const Stage& stage, Within within);
  void directives(const Stage& stage);
  void stage_content(const Stage& stage, Within within);
  void matrix(const Matrix& matrix, Within within);
  void axes(const std::vector<Axis>& axes, bool excluding);

  // ----- directives.cc -----
  void agent(const Agent& agent);
  void agent_settings(const Agent& agent, std::string_view type);
  void environment(const Environment& environment);
  void options(const Calls& options, const Signatures& known);
  void calls(const Calls& calls, const Signatures& known, std::string_view what,
             std::string_view section, bool unique);
  void tools(const Tools& tools);
  void input(const Input& input);
  void when(const When& when);
  void condition(const Condition& condition);
  void post(const Post& post);

  // ----- arguments.cc -----
  void step(const Step& step, bool only_parallel_allowed);
  void arguments(const Call& call, const Signature& signature, bool is_step);
  void argument_type(const Expression& value, const ParameterType& type, bool named);
  void blocked(const Call& call, std::string_view reason);

  void error(Place place, std::string message) {
    errors_.push_back({std::move(message), place.line, place.column});
  }

  const Catalog& catalog_;
  std::vector<groovy::CompileError> errors_;
};

bool is_environment_name(std::string_view name);

}  // namespace ks::pipeline
