#pragma once

#include <vector>

#include "groovy/program.h"
#include "pipeline/catalog.h"
#include "pipeline/model.h"

namespace ks::pipeline {

/// What is wrong with a model: missing and conflicting sections, unknown names, arguments of the
/// wrong type (section 11, "Model"). In no particular order. Steps that the catalog does not know
/// pass: they fail when they run.
std::vector<groovy::CompileError> validate(const Pipeline& pipeline, const Catalog& catalog);

/// Only the steps: a `steps { }` body on its own.
std::vector<groovy::CompileError> validate_steps(const std::vector<Step>& steps,
                                                 const Catalog& catalog);

}  // namespace ks::pipeline
