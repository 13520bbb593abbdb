#include "pipeline/check/validation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

/// Pipelines, stages and matrices.

namespace ks::pipeline {
namespace {

constexpr std::string_view kNested =
    "\"matrix\" or \"parallel\" cannot be nested inside another \"matrix\" or \"parallel\".";

}  // namespace

std::vector<groovy::CompileError> validate(const Pipeline& pipeline, const Catalog& catalog) {
  Validation validation(catalog);
  validation.pipeline(pipeline);
  return validation.take_errors();
}

std::vector<groovy::CompileError> validate_steps(const std::vector<Step>& steps,
                                                 const Catalog& catalog) {
  Validation validation(catalog);
  validation.steps(steps, true);
  return validation.take_errors();
}

void Validation::pipeline(const Pipeline& pipeline) {
  if (!pipeline.agent) error(pipeline.place, "Missing required section \"agent\"");
  if (!pipeline.stages) error(pipeline.place, "Missing required section \"stages\"");
  if (pipeline.agent) agent(*pipeline.agent);
  if (pipeline.environment) environment(*pipeline.environment);
  if (pipeline.options) options(*pipeline.options, catalog_.options);
  if (pipeline.parameters)
    calls(*pipeline.parameters, catalog_.parameters, "parameter", "parameters", false);
  if (pipeline.triggers) calls(*pipeline.triggers, catalog_.triggers, "trigger", "triggers", true);
  if (pipeline.tools) tools(*pipeline.tools);
  if (pipeline.post) post(*pipeline.post);
  if (pipeline.libraries && pipeline.libraries->empty())
    error(pipeline.libraries_place, "libraries can not be empty");
  if (pipeline.stages) stages(*pipeline.stages, {}, false);
}

void Validation::stages(const Stages& stages, Within within, bool parallel) {
  if (stages.list.empty() && !parallel) error(stages.place, "No stages specified");
  std::set<std::string_view> names;
  for (const Stage& one : stages.list) {
    // Files in the field have branches of one name side by side: only sequences are checked.
    if (!names.insert(one.name).second && !parallel) {
      error(one.place, fmt::format("Duplicate stage name: \"{}\"", one.name));
    }
    stage(one, within);
  }
}

void Validation::stage(const Stage& stage, Within within) {
  directives(stage);
  stage_content(stage, within);
  bool several = (stage.parallel && !stage.parallel->list.empty()) || stage.matrix != nullptr;
  if (!several) return;
  for (auto [there, name] :
       {std::pair(stage.agent.has_value(), "agent"), std::pair(stage.tools.has_value(), "tools")}) {
    if (there) {
      error(stage.place,
            fmt::format(
                "\"{}\" is not allowed in stage \"{}\" as it contains parallel or matrix stages",
                name, stage.name));
    }
  }
}

void Validation::directives(const Stage& stage) {
  if (stage.agent) agent(*stage.agent);
  if (stage.when) when(*stage.when);
  if (stage.environment) environment(*stage.environment);
  if (stage.options) options(*stage.options, catalog_.stage_options);
  if (stage.tools) tools(*stage.tools);
  if (stage.input) input(*stage.input);
  if (stage.post) post(*stage.post);
}

/// Exactly one of steps, stages, parallel, matrix; an empty `parallel` counts as none.
void Validation::stage_content(const Stage& stage, Within within) {
  bool parallel = stage.parallel && !stage.parallel->list.empty();
  int contents = (stage.steps ? 1 : 0) + (stage.stages ? 1 : 0) + (parallel ? 1 : 0) +
                 (stage.matrix != nullptr ? 1 : 0);
  if (contents == 0) {
    error(stage.place,
          fmt::format("Expected one of \"steps\", \"stages\", or \"parallel\" for stage \"{}\"",
                      stage.name));
  } else if (contents > 1) {
    error(stage.place, fmt::format("Only one of \"matrix\", \"parallel\", \"stages\", or \"steps\" "
                                   "allowed for stage \"{}\"",
                                   stage.name));
  }
  if ((parallel || stage.matrix != nullptr) && within.parallel)
    error(stage.place, std::string(kNested));
  if (stage.steps) {
    std::set<std::string_view> names;
    for (const auto& [name, branch] : stage.branches) {
      if (!names.insert(name).second)
        error(branch.place, fmt::format("Duplicate parallel branch name: \"{}\"", name));
      if (branch.list.empty()) error(branch.place, "No steps specified for branch");
      steps(branch.list, false);
    }
    if (stage.branches.empty()) {
      if (stage.steps->list.empty()) error(stage.steps->place, "No steps specified for branch");
      steps(stage.steps->list, true);
    }
  }
  if (stage.stages) stages(*stage.stages, within, false);
  if (parallel) stages(*stage.parallel, {.parallel = true}, true);
  if (stage.matrix != nullptr) matrix(*stage.matrix, within);
}

void Validation::matrix(const Matrix& matrix, Within) {
  if (!matrix.axes) {
    error(matrix.place, "Missing required section \"axes\"");
  } else if (matrix.axes->empty()) {
    error(matrix.place, "No axis directives specified");
  } else {
    axes(*matrix.axes, false);
  }
  if (matrix.excludes) {
    if (matrix.excludes->empty()) error(matrix.place, "No exclude directives specified");
    for (const std::vector<Axis>& exclude : *matrix.excludes) {
      if (exclude.empty()) error(matrix.place, "No axis directives specified");
      axes(exclude, true);
    }
  }
  directives(matrix.cell);
  if (!matrix.cell.stages) {
    error(matrix.place, "Missing required section \"stages\"");
  } else {
    stages(*matrix.cell.stages, {.parallel = true}, false);
  }
}

void Validation::axes(const std::vector<Axis>& axes, bool) {
  std::set<std::string> names;
  for (const Axis& axis : axes) {
    std::string name = axis.name_text();
    if (!axis.name) {
      error(axis.place, "Missing required section \"name\"");
    } else if (axis.name->string() != nullptr) {
      if (!is_environment_name(name)) {
        error(
            axis.place,
            fmt::format(
                "\"{}\" is not a valid identifier and cannot be used for an environment variable. "
                "Identifiers must start with a letter or underscore and can contain only letters, "
                "numbers or underscores.",
                name));
      } else if (!names.insert(name).second) {
        error(axis.place, fmt::format("Duplicate axis name: \"{}\"", name));
      }
    }
    if (!axis.has_values) error(axis.place, "Missing required section \"values\"");
    std::set<std::string> values;
    for (const Expression& value : axis.values) {
      if (!value.is_literal()) continue;
      const std::string text = literal_text(value);
      if (!values.insert(text).second) {
        error(value.place, fmt::format("Duplicate axis value: \"{}\"", text));
      }
    }
  }
}

bool is_environment_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::ranges::all_of(name, [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

}  // namespace ks::pipeline
