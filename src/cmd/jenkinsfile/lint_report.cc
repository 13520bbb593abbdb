#include "cmd/jenkinsfile/lint_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>

#include "base/text.h"
#include "base/version.h"
#include "cmd/view/style.h"

namespace ks::cmd {
namespace {

using pipeline::Finding;
using pipeline::Rule;
using pipeline::Severity;

constexpr size_t kMaxColumns = 160;

constexpr Rule kRules[] = {Rule::syntax,
                           Rule::unknown_step,
                           Rule::unsupported_step,
                           Rule::unknown_parameter,
                           Rule::missing_parameter,
                           Rule::parameter_type,
                           Rule::unreachable_code,
                           Rule::unused_variable};

std::string_view line_of(const std::vector<std::string_view>& lines, uint32_t number) {
  if (number == 0 || number > lines.size()) return "";
  std::string_view line = lines[number - 1];
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The line and a caret below. Tabs stay, so that both are shifted alike.
std::string shown(std::string_view line, const Finding& finding) {
  std::string text = without_controls(replace_all(std::string(line), "\t", " "));
  if (text.size() > kMaxColumns) text = cut_to(text, kMaxColumns);
  const size_t begin = finding.column == 0 ? 0 : finding.column - 1;
  if (begin > kMaxColumns) return fmt::format("  {}\n", text);
  size_t length = 1;
  if (finding.end_line == finding.line && finding.end_column > finding.column)
    length = std::min<size_t>(finding.end_column - finding.column, kMaxColumns - begin + 1);
  return fmt::format("  {}\n  {}^{}\n", text, std::string(begin, ' '),
                     std::string(length - 1, '~'));
}

std::string uri_of(const std::string& file) {
  if (file == "-") return "stdin";
  const std::string path = percent_encode(file, "/");
  return file.starts_with('/') ? "file://" + path : path;
}

json::object sarif_result(const LintedFile& file, const Finding& finding) {
  const auto* rule = std::ranges::find(kRules, finding.rule);
  std::string text = finding.message;
  if (!finding.hint.empty()) text += fmt::format(" ({})", finding.hint);
  // Lines and columns begin at 1 there; something without a place concerns the whole file.
  json::object region{{"startLine", std::max(finding.line, 1u)},
                      {"startColumn", std::max(finding.column, 1u)}};
  if (finding.end_line > finding.line ||
      (finding.end_line == finding.line && finding.end_column > finding.column)) {
    region["endLine"] = finding.end_line;
    region["endColumn"] = finding.end_column;
  }
  json::object place{{"artifactLocation", {{"uri", uri_of(file.name)}}},
                     {"region", std::move(region)}};
  return {{"ruleId", to_string(finding.rule)},
          {"ruleIndex", rule - std::begin(kRules)},
          {"level", to_string(finding.severity)},
          {"message", {{"text", text}}},
          {"locations", json::array{json::object{{"physicalLocation", std::move(place)}}}}};
}

}  // namespace

std::string lint_text(const LintedFile& file, bool color) {
  const std::vector<std::string_view> lines = split(file.text, '\n');
  std::string out;
  for (const Finding& finding : file.linted.findings) {
    const bool error = finding.severity == Severity::error;
    out += fmt::format("{}:{}:{}: {} {} [{}]\n", file.name, finding.line, finding.column,
                       paint(error ? "error:" : "warning:", error ? Ink::red : Ink::yellow, color),
                       paint(without_controls(finding.message), Ink::bold, color),
                       to_string(finding.rule));
    out += shown(line_of(lines, finding.line), finding);
    if (!finding.hint.empty())
      out += fmt::format("  {} {}\n", paint("hint:", Ink::blue, color), finding.hint);
  }
  return out;
}

json::value lint_json(const std::vector<LintedFile>& files) {
  json::array report;
  for (const LintedFile& file : files) {
    json::array errors, findings;
    for (const Finding& finding : file.linted.findings) {
      if (finding.severity == Severity::error) {
        errors.push_back(
            {{"line", finding.line}, {"column", finding.column}, {"message", finding.message}});
      }
      findings.push_back({{"rule", to_string(finding.rule)},
                          {"severity", to_string(finding.severity)},
                          {"message", finding.message},
                          {"hint", finding.hint},
                          {"step", finding.step},
                          {"line", finding.line},
                          {"column", finding.column},
                          {"endLine", finding.end_line},
                          {"endColumn", finding.end_column}});
    }
    report.push_back({{"file", file.name},
                      {"language", file.linted.declarative ? "declarative" : "scripted"},
                      {"errors", std::move(errors)},
                      {"findings", std::move(findings)}});
  }
  return report;
}

json::value lint_sarif(const std::vector<LintedFile>& files) {
  json::array rules, results;
  for (const Rule rule : kRules) {
    rules.push_back(
        {{"id", to_string(rule)}, {"shortDescription", {{"text", pipeline::description(rule)}}}});
  }
  for (const LintedFile& file : files) {
    for (const Finding& finding : file.linted.findings)
      results.push_back(sarif_result(file, finding));
  }
  json::object driver{{"name", "ks"}, {"version", kVersion}, {"rules", std::move(rules)}};
  json::object run{{"tool", {{"driver", std::move(driver)}}},
                   {"columnKind", "utf16CodeUnits"},
                   {"results", std::move(results)}};
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs", json::array{std::move(run)}}};
}

std::vector<std::string> library_steps(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder + "/vars", error)) {
    if (entry.path().extension() == ".groovy") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace ks::cmd
