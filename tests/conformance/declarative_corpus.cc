// Holds the Declarative validator and the JSON form against expectations.json: every text of
// `errors` must be in the error output of a case of kind `validate`; JSON and Jenkinsfile must say
// the same. Cases of kind `run` are those of declarative_runs.
//
//   declarative_corpus --corpus DIR            DIR holds expectations.json

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/json.h"
#include "groovy/program.h"
#include "pipeline/compile.h"
#include "pipeline/json.h"
#include "tally.h"

namespace {

namespace json = boost::json;
using namespace ks::conformance;

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
  tally.add(std::string(one.at("id").as_string()), problem, output);
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
  if (!tree) return tally.add(std::string(one.at("id").as_string()), tree.error().message, "");
  ks::pipeline::JsonPipeline read = ks::pipeline::pipeline_from_json(*tree, catalog());
  for (const ks::pipeline::JsonError& error : read.errors)
    problem += "JSON: " + error.message + "\n";
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
  tally.add(std::string(one.at("id").as_string()), problem, detail);
}

void check_bad_json(const json::object& one, const std::string& root, Tally& tally) {
  std::string file(one.at("file").as_string());
  auto tree = ks::parse_json(read_text(root + "/" + file));
  std::string output;
  if (tree) {
    for (const ks::pipeline::JsonError& error :
         ks::pipeline::pipeline_from_json(*tree, catalog()).errors)
      output += error.message + "\n";
  } else {
    output = tree.error().message;
  }
  std::string problem = output.empty() ? "is taken for right\n" : "";
  for (const std::string& wanted : texts(one, "errors")) {
    // The words for malformed JSON are the parser's own.
    if (tree && !output.contains(wanted)) problem += fmt::format("missing: {}\n", wanted);
  }
  tally.add(std::string(one.at("id").as_string()), problem, output);
}

void check_steps_json(const json::object& one, const std::string& root, Tally& tally) {
  auto tree = ks::parse_json(read_text(root + "/" + std::string(one.at("file").as_string())));
  std::string printed;
  if (tree)
    printed = ks::pipeline::steps_to_jenkinsfile(
        ks::pipeline::steps_from_json(*tree, catalog()).steps, catalog());
  tally.add(std::string(one.at("id").as_string()),
            printed == one.at("jenkinsfile").as_string() ? "" : "prints otherwise", printed);
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = read_flags("declarative_corpus", argc, argv);
  if (!flags) return 64;
  const auto cases = read_cases("declarative_corpus", flags->corpus + "/expectations.json");
  if (!cases) return 64;
  Tally tally("declarative_corpus", *flags);
  const std::string& root = flags->corpus;
  for (const json::value& value : cases->as_array()) {
    const json::object& one = value.as_object();
    const std::string id(one.at("id").as_string());
    const std::string_view kind = one.at("kind").as_string();
    if (kind == "run" || !tally.wants(id)) continue;
    if (const std::optional<std::string> why = may_be_skipped(one)) {
      tally.skip(id, *why);
    } else if (kind == "validate") {
      check_validate(one, root, tally);
    } else if (kind == "steps-json") {
      check_steps_json(one, root, tally);
    } else if (one.contains("json") && one.contains("check") && !one.contains("errors")) {
      check_good_json(one, root, tally);
    } else {
      check_bad_json(one, root, tally);
    }
  }
  return tally.finish();
}
