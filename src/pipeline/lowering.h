#pragma once

#include "groovy/ast.h"
#include "pipeline/model.h"
#include "pipeline/reader.h"

namespace ks::pipeline {

/// Makes a `pipeline { ... }` runnable: the call becomes `pipeline(number, [closure, closure,
/// ...])`, one closure for each thing that is evaluated later, and the model learns their numbers.
/// The closures stand where the block stood, so that they see the variables around it.
void lower(groovy::ast::Unit& unit, const ReadPipeline& pipeline, int64_t number);

}  // namespace ks::pipeline
