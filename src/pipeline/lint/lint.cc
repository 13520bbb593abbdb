#include "pipeline/lint.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "groovy/parser.h"
#include "groovy/walk.h"
#include "pipeline/compile.h"
#include "pipeline/lint/linter.h"

namespace ks::pipeline {
namespace {

bool is_word(char c) {
  return c == '_' || c == '$' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9');
}

/// An error of the compiler or the validator: it has a place, but no end. `lines` are those of the
/// text.
Finding of_error(const std::vector<std::string_view>& lines, const groovy::CompileError& error) {
  Finding found{.rule = Rule::syntax,
                .severity = Severity::error,
                .message = error.message,
                .hint = {},
                .step = {},
                .line = error.line,
                .column = error.column,
                .end_line = error.line,
                .end_column = error.column + 1};
  if (error.line == 0 || error.line > lines.size() || error.column == 0) return found;
  const std::string_view line = lines[error.line - 1];
  // Good for what is ASCII up to there; else the end is a little off, never the start.
  size_t at = error.column - 1;
  while (at < line.size() && is_word(line[at]) && found.end_column - error.column < 200) {
    at++;
    found.end_column++;
  }
  if (found.end_column > error.column + 1) found.end_column--;
  return found;
}

void add_errors(std::vector<Finding>& findings, std::string_view source,
                const std::vector<groovy::CompileError>& errors) {
  if (errors.empty()) return;
  const std::vector<std::string_view> lines = split(source, '\n');
  for (const groovy::CompileError& error : errors) {
    if (findings.size() >= kMostFindings) return;
    findings.push_back(of_error(lines, error));
  }
}

void collect(const ast::Node& node, OwnNames& names) {
  switch (node.kind) {
    case ast::Kind::declarator: names.all.insert(ast::cast<ast::Declarator>(node).name); break;
    case ast::Kind::parameter: names.all.insert(ast::cast<ast::Parameter>(node).name); break;
    case ast::Kind::catch_: names.all.insert(ast::cast<ast::Catch>(node).name); break;
    case ast::Kind::method: names.all.insert(ast::cast<ast::Method>(node).name); break;
    case ast::Kind::field: names.all.insert(ast::cast<ast::Field>(node).name); break;
    case ast::Kind::assign:
      if (const auto* target = ast::as<ast::Variable>(ast::cast<ast::Assign>(node).target))
        names.all.insert(target->name);
      break;
    case ast::Kind::annotation:
      names.loads_code |= ast::cast<ast::Annotation>(node).name.ends_with("Library");
      break;
    case ast::Kind::call: {
      const auto& call = ast::cast<ast::Call>(node);
      names.loads_code |= call.name == "library" || call.name == "load" || call.name == "lib" ||
                          call.name == "evaluate";
      break;
    }
    default: break;
  }
  ast::for_each_child(node, [&](const ast::Node& child) { collect(child, names); });
}

}  // namespace

OwnNames own_names(const ast::Unit& unit) {
  OwnNames names;
  ast::for_each_part(unit, [&](const ast::Node& part) { collect(part, names); });
  for (const ast::Import* import : unit.imports) {
    if (import->is_static) names.all.insert(import->alias);
    // `import static a.B.*` may bring any name.
    names.loads_code |= import->is_static && import->star;
    for (const ast::Annotation* annotation : import->annotations) collect(*annotation, names);
  }
  for (const ast::Annotation* annotation : unit.package_annotations) collect(*annotation, names);
  return names;
}

Linter::Linter(const ast::Unit& unit, const LintOptions& options)
    : unit_(unit),
      options_(options),
      catalog_(options.catalog == nullptr ? standard_catalog() : *options.catalog),
      own_(own_names(unit)) {
  for (const std::string& name : options.library_steps) own_.all.insert(name);
}

void Linter::add(Rule rule, Severity severity, const ast::Node& at, std::string message,
                 std::string hint, std::string step) {
  if (full()) return;
  // Of what goes over several lines, the first one.
  const std::string_view text = unit_.text(at);
  const auto length = static_cast<uint32_t>(std::min(text.find('\n'), text.size()));
  const ast::Position end = unit_.position(at.begin + std::max<uint32_t>(length, 1));
  findings_.push_back({.rule = rule,
                       .severity = severity,
                       .message = std::move(message),
                       .hint = std::move(hint),
                       .step = std::move(step),
                       .line = at.line,
                       .column = at.column,
                       .end_line = end.line,
                       .end_column = end.column});
}

std::string_view to_string(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::string_view to_string(Rule rule) {
  switch (rule) {
    case Rule::syntax: return "syntax";
    case Rule::unknown_step: return "unknown-step";
    case Rule::unsupported_step: return "unsupported-step";
    case Rule::unknown_parameter: return "unknown-parameter";
    case Rule::missing_parameter: return "missing-parameter";
    case Rule::parameter_type: return "parameter-type";
    case Rule::unreachable_code: return "unreachable-code";
    case Rule::unused_variable: return "unused-variable";
  }
  return "";
}

std::string_view description(Rule rule) {
  switch (rule) {
    case Rule::syntax: return "The text is no Groovy, or no right Declarative Pipeline.";
    case Rule::unknown_step: return "A step that neither this server nor a known plugin has.";
    case Rule::unsupported_step: return "A step of a plugin that does not run here.";
    case Rule::unknown_parameter: return "An argument that the step does not take.";
    case Rule::missing_parameter: return "A required argument, or the body, is missing.";
    case Rule::parameter_type: return "An argument of the wrong type.";
    case Rule::unreachable_code: return "Code behind a return, throw, break, continue or error.";
    case Rule::unused_variable: return "A local variable that is never read.";
  }
  return "";
}

bool Linted::has_errors() const {
  return std::ranges::any_of(findings,
                             [](const Finding& f) { return f.severity == Severity::error; });
}

Linted lint(std::string_view source, const LintOptions& options) {
  Linted linted;
  const Catalog& catalog = options.catalog == nullptr ? standard_catalog() : *options.catalog;
  const groovy::Parsed parsed = groovy::parse(source);
  if (!parsed) {
    add_errors(linted.findings, source, parsed.errors);
    return linted;
  }
  const Checked checked = check_pipeline(source, catalog);
  linted.declarative = !checked.pipelines.empty();
  Linter linter(*parsed.unit, options);
  linter.calls();
  linter.flow();
  linter.variables();
  linted.findings = linter.take();
  add_errors(linted.findings, source, checked.errors);
  std::ranges::stable_sort(linted.findings, {}, [](const Finding& finding) {
    return std::pair(finding.line, finding.column);
  });
  return linted;
}

}  // namespace ks::pipeline
