#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/catalog.h"

/// What can be told of a Jenkinsfile of either language without running it.
///
///   for (const Finding& finding : lint(text, {.catalog = &catalog, .runs = has_step}).findings)
///     print(file, finding.line, finding.column, finding.message, finding.hint);

namespace ks::pipeline {

enum class Severity : uint8_t { error, warning };
std::string_view to_string(Severity severity);

/// The kinds of finding. Their names are in reports: never change one.
enum class Rule : uint8_t {
  syntax,             ///< what does not parse, and what Declarative's validator refuses
  unknown_step,       ///< nobody has such a step
  unsupported_step,   ///< a step of a plugin that does not run here
  unknown_parameter,  ///< of a step
  missing_parameter,
  parameter_type,
  unreachable_code,
  unused_variable,
};
std::string_view to_string(Rule rule);
/// One sentence on what a rule looks for.
std::string_view description(Rule rule);

struct Finding {
  Rule rule = Rule::syntax;
  Severity severity = Severity::error;
  std::string message;
  std::string hint;  ///< what to do; may be empty
  std::string step;  ///< that it is about; empty when it is about none
  uint32_t line = 0;
  uint32_t column = 0;  ///< both from 1; columns count UTF-16 units, as Groovy's do
  uint32_t end_line = 0;
  uint32_t end_column = 0;
};

struct LintOptions {
  const Catalog* catalog = nullptr;            ///< null: the standard one
  std::function<bool(std::string_view)> runs;  ///< whether a step runs here; empty: all of the
                                               ///< catalog do
  std::vector<std::string> library_steps;      ///< names of vars/ of libraries that are at hand
};

struct Linted {
  bool declarative = false;
  std::vector<Finding> findings;  ///< in source order

  bool has_errors() const;
};

/// A text that does not parse has findings of the rule `syntax` only. At most 10,000 are told.
///
/// Unknown steps are warnings when libraries, `load` or `evaluate` may bring them.
Linted lint(std::string_view source, const LintOptions& options = {});

}  // namespace ks::pipeline
