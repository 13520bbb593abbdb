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
#include "pipeline/json.h"

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

// ----- JSON -----

bool wants(const json::object& one, std::string_view check) {
  std::vector<std::string> checks = texts(one, "check");
  return std::ranges::find(checks, check) != checks.end();
}

/// Without white space in Groovy source: the files of one case are laid out differently.
json::value packed(const json::value& from) {
  if (const json::string* text = from.if_string()) {
    std::string kept;
    std::ranges::remove_copy_if(*text, std::back_inserter(kept),
                                [](char c) { return c == ' ' || c == '\n'; });
    return json::value(kept);
  }
  if (const json::array* array = from.if_array()) {
    json::array made;
    for (const json::value& one : *array) made.push_back(packed(one));
    return made;
  }
  if (const json::object* object = from.if_object()) {
    json::object made;
    for (const auto& [key, value] : *object) made[key] = packed(value);
    return made;
  }
  return from;
}

/// In these cases Jenkinsfile and JSON say different things: one argument more, `true` against the
/// string.
constexpr std::string_view kContradictions[] = {
    "ConvertRoundTripTest.when/conditions/changelog/changeset",
    "ConvertRoundTripTest.when/whenEnv"};

json::value model_of(const std::string& jenkinsfile, std::string& problem) {
  ks::pipeline::Checked checked = ks::pipeline::check_pipeline(jenkinsfile, catalog());
  if (checked.pipelines.empty() || !checked.errors.empty()) {
    problem += "the Jenkinsfile does not validate:\n" +
               ks::groovy::format_errors(jenkinsfile, "WorkflowScript", checked.errors);
    return nullptr;
  }
  return ks::pipeline::to_json(*checked.pipelines[0], catalog());
}

void check_good_json(const json::object& one, const std::string& root, Tally& tally) {
  std::string problem;
  std::string jenkinsfile = read_text(root + "/" + std::string(one.at("file").as_string()));
  auto tree = ks::parse_json(read_text(root + "/" + std::string(one.at("json").as_string())));
  if (!tree) return report(tally, std::string(one.at("id").as_string()), tree.error().message, "");
  ks::pipeline::JsonPipeline read = ks::pipeline::pipeline_from_json(*tree, catalog());
  for (const std::string& error : read.errors) problem += "JSON: " + error + "\n";
  std::string detail;
  if (read.pipeline) {
    json::value from_json = ks::pipeline::to_json(*read.pipeline, catalog());
    json::value from_groovy = model_of(jenkinsfile, problem);
    if (packed(from_groovy) != packed(from_json)) problem += "the two models differ\n";
    if (wants(one, "jsonRoundTrip") && from_json != *tree)
      problem += "the JSON changes on its way\n";
    std::string printed = ks::pipeline::to_jenkinsfile(*read.pipeline, catalog());
    if (wants(one, "groovyRoundTrip") && model_of(printed, problem) != from_json)
      problem += "the printed Jenkinsfile says something else\n";
    detail = ks::to_json(*tree) + "\n" + ks::to_json(from_json) + "\n" + ks::to_json(from_groovy) +
             "\n" + printed;
  }
  report(tally, std::string(one.at("id").as_string()), problem, detail);
}

void check_bad_json(const json::object& one, const std::string& root, Tally& tally) {
  std::string file(one.at("file").as_string());
  auto tree = ks::parse_json(read_text(root + "/" + file));
  std::string output;
  if (tree) {
    for (const std::string& error : ks::pipeline::pipeline_from_json(*tree, catalog()).errors)
      output += error + "\n";
  } else {
    output = tree.error().message;
  }
  std::string problem = output.empty() ? "is taken for right\n" : "";
  for (const std::string& wanted : texts(one, "errors")) {
    // The words for malformed JSON are the parser's own.
    if (tree && !output.contains(wanted)) problem += fmt::format("missing: {}\n", wanted);
  }
  report(tally, std::string(one.at("id").as_string()), problem, output);
}

void check_steps_json(const json::object& one, const std::string& root, Tally& tally) {
  auto tree = ks::parse_json(read_text(root + "/" + std::string(one.at("file").as_string())));
  std::string printed;
  if (tree)
    printed = ks::pipeline::steps_to_jenkinsfile(
        ks::pipeline::steps_from_json(*tree, catalog()).steps, catalog());
  report(tally, std::string(one.at("id").as_string()),
         printed == one.at("jenkinsfile").as_string() ? "" : "prints otherwise", printed);
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
    if (needs_test_class(one) || one.contains("ignoredUpstream") ||
        std::ranges::find(kContradictions, std::string_view(one.at("id").as_string())) !=
            std::end(kContradictions)) {
      ++tally.skipped;
    } else if (one.at("kind").as_string() == "validate") {
      check_validate(one, root, tally);
    } else if (one.at("kind").as_string() == "run") {
      check_run(one, root, seen, tally);
    } else if (one.at("kind").as_string() == "steps-json") {
      check_steps_json(one, root, tally);
    } else if (one.contains("json") && one.contains("check") && !one.contains("errors")) {
      check_good_json(one, root, tally);
    } else {
      check_bad_json(one, root, tally);
    }
  }
  fmt::print(
      "{} skipped: they need classes of the reference's own tests, or the reference skips them, or "
      "they contradict themselves\n",
      tally.skipped);
  fmt::print("{} passed, {} failed\n", tally.passed, tally.failed);
  return tally.failed == 0 ? 0 : 1;
}
