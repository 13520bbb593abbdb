// Reads every Jenkinsfile of a folder: what Groovy takes must parse, what it refuses must not, and
// a Declarative one must validate but for options, agents, tools and others of plugins that are not
// here. Formatting must keep the tree, and change nothing of what it formatted. The report counts
// the steps that do not run here.
//
//   realworld_corpus --corpus DIR        DIR holds index.tsv and the files

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/step_catalog.h"
#include "groovy/format.h"
#include "groovy/parser.h"
#include "groovy/walk.h"
#include "pipeline/compile.h"
#include "pipeline/lint.h"
#include "tally.h"

namespace {

using namespace ks::conformance;
using Clock = std::chrono::steady_clock;

/// One line of index.tsv, by the names of its columns.
using Row = std::map<std::string, std::string, std::less<>>;

std::vector<Row> read_index(const std::string& path) {
  std::vector<Row> rows;
  const std::string text = read_text(path);
  std::vector<std::string_view> names;
  for (std::string_view line : ks::split(text, '\n')) {
    const std::vector<std::string_view> cells = ks::split(line, '\t');
    if (names.empty()) {
      names = cells;
      continue;
    }
    if (cells.size() < names.size()) continue;
    Row& row = rows.emplace_back();
    for (size_t i = 0; i < names.size(); i++) row.emplace(names[i], cells[i]);
  }
  return rows;
}

/// Names of plugins that we do not have are no fault of the file.
bool of_a_plugin(std::string_view message) {
  constexpr std::string_view kKinds[] = {"Invalid option type",    "Invalid agent type",
                                         "Invalid tool type",      "Invalid trigger type",
                                         "Invalid parameter type", "Unknown conditional"};
  return std::ranges::any_of(kKinds,
                             [&](std::string_view kind) { return message.starts_with(kind); });
}

/// The shape of a tree and its words, without the places.
void shape_of(const ks::groovy::ast::Unit& unit, const ks::groovy::ast::Node& node,
              std::string& out) {
  out += fmt::format("({} ", static_cast<int>(node.kind));
  bool leaf = true;
  ks::groovy::ast::for_each_child(node, [&](const ks::groovy::ast::Node& child) {
    leaf = false;
    shape_of(unit, child, out);
  });
  const std::string_view text = leaf ? unit.text(node) : "";
  if (node.kind == ks::groovy::ast::Kind::constant) {
    out += text;
  } else {
    // Types and modifiers of a declaration: what stands between them is layout.
    std::ranges::remove_copy_if(text, std::back_inserter(out),
                                [](char c) { return c == ' ' || c == '\t' || c == '\n'; });
  }
  out += ')';
}

/// Formatting must not change the program, and not change what it laid out.
std::string format_problem(const std::string& source) {
  const ks::groovy::Formatted once = ks::groovy::format(source);
  if (!once) return "formatting: " + once.errors[0].message;
  const ks::groovy::Formatted twice = ks::groovy::format(once.text);
  if (!twice || twice.text != once.text) return "formatting again changes the text";
  std::string shapes[2];
  for (size_t i = 0; i < 2; i++) {
    const ks::groovy::Parsed parsed = ks::groovy::parse(i == 0 ? source : once.text);
    if (!parsed) return "what was formatted does not parse";
    ks::groovy::ast::for_each_part(*parsed.unit, [&](const ks::groovy::ast::Node& part) {
      shape_of(*parsed.unit, part, shapes[i]);
    });
  }
  return shapes[0] == shapes[1] ? "" : "formatting changes the tree";
}

std::string problem_of(const std::string& source, const Row& row) {
  const bool accepted = row.find("groovy")->second == "ok";
  const ks::groovy::Parsed parsed = ks::groovy::parse(source);
  if (!accepted) return parsed ? "parses, but Groovy refuses it" : "";
  if (!parsed) return ks::groovy::format_errors(source, "WorkflowScript", parsed.errors);
  ks::pipeline::Checked checked = ks::pipeline::check_pipeline(source);
  std::erase_if(checked.errors,
                [](const ks::groovy::CompileError& error) { return of_a_plugin(error.message); });
  if (!checked.errors.empty())
    return ks::groovy::format_errors(source, "WorkflowScript", checked.errors);
  const bool declarative = row.find("kind")->second == "declarative";
  if (declarative && checked.pipelines.empty()) return "is not taken for Declarative";
  return format_problem(source);
}

/// Parse and validate: the best of three, since other programs run beside.
double check_millis(const std::string& source) {
  double best = 1e9;
  for (int i = 0; i < 3; i++) {
    const Clock::time_point start = Clock::now();
    const auto checked = ks::pipeline::check_pipeline(source);
    best = std::min(best, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return best;
}

/// Steps that do not run here: of plugins, and those that nobody but a library of theirs knows.
void count_unsupported(const std::string& source, const ks::pipeline::Catalog& catalog,
                       std::map<std::string, size_t>& counts) {
  const ks::pipeline::LintOptions options{
      .catalog = &catalog, .runs = [](std::string_view step) {
        return step == "script" || ks::engine::builtin_steps().find(step) != nullptr;
      }};
  for (const ks::pipeline::Finding& finding : ks::pipeline::lint(source, options).findings) {
    if (finding.rule == ks::pipeline::Rule::unsupported_step) counts[finding.step]++;
    if (finding.rule == ks::pipeline::Rule::unknown_step) counts[finding.step + " (unknown)"]++;
  }
}

void report(Tally& tally, const std::map<std::string, size_t>& counts) {
  std::vector<std::pair<std::string, size_t>> list(counts.begin(), counts.end());
  std::ranges::stable_sort(list, std::greater(), &std::pair<std::string, size_t>::second);
  json::array steps;
  tally.note("steps that do not run here, by count:");
  for (const auto& [name, count] : list) {
    tally.note(fmt::format("{:6} {}", count, name));
    steps.push_back(json::object{{"step", name}, {"count", count}});
  }
  tally.extra("unsupportedSteps", std::move(steps));
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = read_flags("realworld_corpus", argc, argv);
  if (!flags) return 64;
  Tally tally("realworld_corpus", *flags);
  const ks::pipeline::Catalog catalog = ks::engine::catalog_of(ks::engine::builtin_steps());
  std::map<std::string, size_t> unsupported;
  double slowest = 0;
  std::string slowest_file;
  for (const Row& row : read_index(flags->corpus + "/index.tsv")) {
    const std::string& file = row.find("file")->second;
    if (!tally.wants(file)) continue;
    const std::string source = read_text(flags->corpus + "/" + file);
    const std::string problem = problem_of(source, row);
    if (const double millis = check_millis(source); millis > slowest) {
      slowest = millis;
      slowest_file = file;
    }
    tally.add(file, problem);
    count_unsupported(source, catalog, unsupported);
  }
  report(tally, unsupported);
  tally.note(fmt::format("slowest to parse and validate: {:.2f} ms, {}", slowest, slowest_file));
  return tally.finish();
}
