#pragma once

#include "engine/step.h"
#include "pipeline/catalog.h"

namespace ks::engine {

/// The standard catalog, with every step of the registry and all parameters that it takes: what
/// `ks lint` and editors check against.
pipeline::Catalog catalog_of(const StepRegistry& steps);

}  // namespace ks::engine
