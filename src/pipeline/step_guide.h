#pragma once

#include <span>
#include <string_view>

namespace ks::pipeline {

/// What people should know of a step: for hints before a run, and for editors.
struct StepGuide {
  std::string_view name;
  std::string_view plugin;   ///< the Jenkins plugin that it belongs to
  std::string_view summary;  ///< one or two sentences
  std::string_view example;
  std::string_view instead;  ///< what does the same where this step does not run; empty: nothing
};

/// All that are known, whether they run here or not, by name.
std::span<const StepGuide> step_guides();
/// Null when nobody knows it.
const StepGuide* step_guide(std::string_view name);

}  // namespace ks::pipeline
