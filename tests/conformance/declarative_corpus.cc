// Holds the Declarative validator against expectations.json: every text of `errors` must be in the
// error output of a case of kind `validate`, and every Jenkinsfile that is expected to run must
// validate.
//
//   declarative_corpus DIR            DIR holds expectations.json

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/json.h"
#include "groovy/program.h"
#include "pipeline/compile.h"

namespace {

namespace json = boost::json;

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> texts(const json::object& from, std::string_view key) {
  std::vector<std::string> found;
  if (const json::value* list = from.if_contains(key); list != nullptr && list->is_array()) {
    for (const json::value& one : list->get_array()) {
      if (one.is_string()) found.emplace_back(one.get_string());
    }
  }
  return found;
}

/// Cases that need a Java class of the reference's own tests.
bool needs_test_class(const json::object& one) {
  return std::ranges::any_of(texts(one, "needs"), [](const std::string& need) {
    return need.starts_with("test-extension");
  });
}

/// With the agent type that the cases take for granted.
const ks::pipeline::Catalog& catalog() {
  static const ks::pipeline::Catalog made = [] {
    ks::pipeline::Catalog catalog = ks::pipeline::standard_catalog();
    catalog.agents["otherField"] = {.parameters = {{"label", "", true}, {"otherField", "", true}}};
    return catalog;
  }();
  return made;
}

std::string output_of(const std::string& source) {
  ks::pipeline::Checked checked = ks::pipeline::check_pipeline(source, catalog());
  if (!checked.errors.empty()) {
    return "org.codehaus.groovy.control.MultipleCompilationErrorsException: " +
           ks::groovy::format_errors(source, "WorkflowScript", checked.errors);
  }
  return checked.pipelines.empty() ? "did not contain the 'pipeline' step" : "";
}

struct Tally {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
};

void report(Tally& tally, const std::string& name, const std::string& problem,
            const std::string& output) {
  if (problem.empty()) {
    ++tally.passed;
    return;
  }
  ++tally.failed;
  fmt::print("FAILED {}: {}\n{}\n", name, problem, output);
}

void check_validate(const json::object& one, const std::string& root, Tally& tally) {
  std::string output = output_of(read_text(root + "/" + std::string(one.at("file").as_string())));
  std::string problem;
  for (const std::string& wanted : texts(one, "errors")) {
    if (!output.contains(wanted)) problem += fmt::format("missing: {}\n", wanted);
  }
  std::string_view listed =
      std::string_view(output).substr(std::min(output.find("startup failed"), output.size()));
  for (const std::string& unwanted : texts(one, "logNotContains")) {
    if (listed.contains(unwanted)) problem += fmt::format("not wanted: {}\n", unwanted);
  }
  report(tally, std::string(one.at("id").as_string()), problem, output);
}

/// What is expected to run must be right; what is expected to fail may say so only when it runs.
void check_run(const json::object& one, const std::string& root, std::set<std::string>& seen,
               Tally& tally) {
  std::string file(one.at("file").as_string());
  const json::value* result = one.if_contains("result");
  if (result == nullptr || result->as_string() != "SUCCESS" || !seen.insert(file).second) return;
  std::string source = read_text(root + "/" + file);
  ks::pipeline::Checked checked = ks::pipeline::check_pipeline(source, catalog());
  report(tally, file, checked.errors.empty() ? "" : "must validate",
         ks::groovy::format_errors(source, "WorkflowScript", checked.errors));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: declarative_corpus DIR\n");
    return 64;
  }
  std::string root = argv[1];
  auto expectations = ks::parse_json(read_text(root + "/expectations.json"));
  if (!expectations || !expectations->is_array()) {
    fmt::print(stderr, "declarative_corpus: {}/expectations.json cannot be read\n", root);
    return 64;
  }
  Tally tally;
  std::set<std::string> seen;
  for (const json::value& value : expectations->get_array()) {
    const json::object& one = value.as_object();
    if (needs_test_class(one) || one.contains("ignoredUpstream")) {
      ++tally.skipped;
    } else if (one.at("kind").as_string() == "validate") {
      check_validate(one, root, tally);
    } else if (one.at("kind").as_string() == "run") {
      check_run(one, root, seen, tally);
    }
  }
  fmt::print(
      "{} skipped: they need classes of the reference's own tests, or the reference skips them\n",
      tally.skipped);
  fmt::print("{} passed, {} failed\n", tally.passed, tally.failed);
  return tally.failed == 0 ? 0 : 1;
}
