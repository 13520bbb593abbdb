#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "groovy/program.h"
#include "pipeline/catalog.h"
#include "pipeline/model.h"

/// Compiles a Jenkinsfile of either language.
///
///   CompiledPipeline compiled = compile_pipeline(text, {.script_name = "WorkflowScript"},
///   catalog); if (!compiled) print(groovy::format_errors(text, "WorkflowScript",
///   compiled.errors)); interpreter.run_script(task, compiled.program);  // calls the step
///   `pipeline` where the text has `pipeline { }`

namespace ks::pipeline {

struct CompiledPipeline {
  groovy::ProgramRef program;  ///< null when there are errors
  /// The `pipeline { }` blocks; empty for Scripted. Running the program calls a step
  /// `pipeline(number, closures)`, with number = `first_number` + index here: answer it with
  /// run_declarative() (executor.h).
  std::vector<std::shared_ptr<const Pipeline>> pipelines;
  std::vector<groovy::CompileError> errors;  ///< in source order

  explicit operator bool() const { return program != nullptr; }
};

/// `first_number` tells the pipelines of several texts of one run apart (libraries, `load`,
/// `evaluate`).
CompiledPipeline compile_pipeline(std::string_view source, const groovy::CompileOptions& options,
                                  const Catalog& catalog = standard_catalog(),
                                  int64_t first_number = 0);

struct Checked {
  std::vector<std::shared_ptr<const Pipeline>>
      pipelines;  ///< also when there are errors, as far as they could be read
  std::vector<groovy::CompileError> errors;
};

/// Reads and validates without compiling: what `ks lint` and the validating services need.
Checked check_pipeline(std::string_view source, const Catalog& catalog = standard_catalog());

}  // namespace ks::pipeline
