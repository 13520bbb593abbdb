#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "groovy/ast.h"
#include "groovy/program.h"
#include "pipeline/model.h"

/// From the syntax tree of a Jenkinsfile to the model. Says what is wrong with the form; what the
/// words mean is the validator's business (validator.h).

namespace ks::pipeline {

/// One `pipeline { }`, and the call that it was read from.
struct ReadPipeline {
  std::shared_ptr<Pipeline> model;
  const groovy::ast::Call* call = nullptr;
};

struct ReadResult {
  std::vector<ReadPipeline> pipelines;  ///< empty: the text is Scripted
  std::vector<groovy::CompileError> errors;
};

/// Finds and reads every `pipeline { }` at the top level, or when there is none, in methods called
/// `call` (section 1).
ReadResult read_pipelines(const groovy::ast::Unit& unit);

/// Reads the statements of a `steps { }` body on their own.
std::vector<Step> read_steps(const groovy::ast::Unit& unit,
                             groovy::ast::Array<groovy::ast::Stmt*> statements,
                             std::vector<groovy::CompileError>& errors);

}  // namespace ks::pipeline
