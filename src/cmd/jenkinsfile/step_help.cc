#include "cmd/jenkinsfile/step_help.h"

#include <fmt/format.h>

#include <array>

#include "cmd/jenkinsfile/source.h"
#include "pipeline/step_guide.h"

namespace ks::cmd {
namespace {

std::string_view type_word(std::string_view type) {
  if (type.empty()) return "any";
  constexpr std::string_view kClass = "class java.lang.";
  return type.starts_with(kClass) ? type.substr(kClass.size()) : type;
}

}  // namespace

std::string signature_text(std::string_view name, const pipeline::Signature& signature) {
  std::string out = fmt::format("{}(", name);
  bool first = true;
  for (const pipeline::ParameterType& parameter : signature.parameters) {
    out += fmt::format("{}{}{}: {}", first ? "" : ", ", parameter.name,
                       parameter.required ? "" : "?", type_word(parameter.type));
    first = false;
  }
  if (signature.open) out += first ? "..." : ", ...";
  return out + (signature.block ? ") { ... }" : ")");
}

std::string parameter_detail(const pipeline::ParameterType& parameter) {
  return fmt::format("{}{}", type_word(parameter.type), parameter.required ? ", required" : "");
}

std::string step_help(std::string_view name, const pipeline::Catalog& catalog) {
  const pipeline::StepGuide* guide = pipeline::step_guide(name);
  if (guide == nullptr) return "";
  const auto known = catalog.steps.find(name);
  std::string out = "```groovy\n";
  out += known == catalog.steps.end() ? fmt::format("{}(...)", name)
                                      : signature_text(name, known->second);
  out += fmt::format("\n```\n\n{}\n\nExample:\n```groovy\n{}\n```\n\nPlugin: {}", guide->summary,
                     guide->example, guide->plugin);
  if (!runs_here(name)) {
    out += ". **It does not run here";
    out += guide->instead.empty() ? ".**" : fmt::format("; what works: {}.**", guide->instead);
  }
  return out;
}

std::span<const std::string_view> section_words(std::string_view block) {
  static constexpr auto kTop = std::to_array<std::string_view>({"pipeline"});
  static constexpr auto kPipeline =
      std::to_array<std::string_view>({"agent", "environment", "libraries", "options", "parameters",
                                       "post", "stages", "tools", "triggers"});
  static constexpr auto kStage = std::to_array<std::string_view>(
      {"agent", "environment", "failFast", "input", "matrix", "options", "parallel", "post",
       "stages", "steps", "tools", "when"});
  static constexpr auto kStages = std::to_array<std::string_view>({"stage"});
  static constexpr auto kMatrix =
      std::to_array<std::string_view>({"agent", "axes", "environment", "excludes", "input",
                                       "options", "post", "stages", "tools", "when"});
  static constexpr auto kPost = std::to_array<std::string_view>(
      {"always", "changed", "fixed", "regression", "aborted", "success", "unsuccessful", "unstable",
       "failure", "notBuilt", "cleanup"});
  static constexpr auto kWhen =
      std::to_array<std::string_view>({"beforeAgent", "beforeInput", "beforeOptions"});
  if (block.empty()) return kTop;
  if (block == "pipeline") return kPipeline;
  if (block == "stage") return kStage;
  if (block == "stages" || block == "parallel") return kStages;
  if (block == "matrix") return kMatrix;
  if (block == "post") return kPost;
  if (block == "when") return kWhen;
  return {};
}

}  // namespace ks::cmd
