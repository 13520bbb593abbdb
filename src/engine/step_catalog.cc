#include "engine/step_catalog.h"

namespace ks::engine {

pipeline::Catalog catalog_of(const StepRegistry& steps) {
  pipeline::Catalog catalog = pipeline::standard_catalog();
  for (const std::string& name : steps.names()) {
    const StepInfo& info = *steps.find(name);
    const auto [found, is_new] = catalog.steps.try_emplace(name);
    pipeline::Signature& signature = found->second;
    if (is_new) {
      signature.sole = info.sole;
      signature.block = info.block;
    }
    for (std::string_view parameter : info.parameters) {
      if (signature.parameter(parameter) == nullptr)
        signature.parameters.push_back({.name = std::string(parameter), .type = {}});
    }
  }
  return catalog;
}

}  // namespace ks::engine
