#include "pipeline/compile.h"

#include <algorithm>
#include <utility>

#include "groovy/parser.h"
#include "pipeline/lowering.h"
#include "pipeline/reader.h"
#include "pipeline/validator.h"

namespace ks::pipeline {
namespace {

/// The form of all pipelines of a text, then what they mean.
ReadResult read_and_validate(const groovy::ast::Unit& unit, const Catalog& catalog) {
  ReadResult read = read_pipelines(unit);
  for (const ReadPipeline& pipeline : read.pipelines) {
    for (groovy::CompileError& error : validate(*pipeline.model, catalog))
      read.errors.push_back(std::move(error));
  }
  std::ranges::stable_sort(
      read.errors, {}, [](const groovy::CompileError& e) { return std::pair(e.line, e.column); });
  return read;
}

}  // namespace

Checked check_pipeline(std::string_view source, const Catalog& catalog) {
  Checked checked;
  groovy::Parsed parsed = groovy::parse(source);
  if (!parsed) {
    checked.errors = std::move(parsed.errors);
    return checked;
  }
  ReadResult read = read_and_validate(*parsed.unit, catalog);
  checked.errors = std::move(read.errors);
  for (const ReadPipeline& pipeline : read.pipelines) checked.pipelines.push_back(pipeline.model);
  return checked;
}

CompiledPipeline compile_pipeline(std::string_view source, const groovy::CompileOptions& options,
                                  const Catalog& catalog, int64_t first_number) {
  CompiledPipeline compiled;
  groovy::Parsed parsed = groovy::parse(source);
  if (!parsed) {
    compiled.errors = std::move(parsed.errors);
    return compiled;
  }
  ReadResult read = read_and_validate(*parsed.unit, catalog);
  if (!read.errors.empty()) {
    compiled.errors = std::move(read.errors);
    return compiled;
  }
  for (const ReadPipeline& pipeline : read.pipelines) {
    lower(*parsed.unit, pipeline, first_number++);
    compiled.pipelines.push_back(pipeline.model);
  }
  groovy::Compiled program = groovy::compile(*parsed.unit, options);
  compiled.program = std::move(program.program);
  compiled.errors = std::move(program.errors);
  return compiled;
}

}  // namespace ks::pipeline
