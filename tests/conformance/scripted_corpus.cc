// Runs each case of a file of scripts (runs.json) as an inline Pipeline, each on an engine of its
// own, and holds result and console against what is expected.
//
//   scripted_corpus --corpus DIR        DIR holds runs.json

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cases.h"

namespace {

namespace json = boost::json;
using namespace ks::conformance;
using ks::engine::OnceOptions;

OnceOptions options_of(const json::object& one) {
  OnceOptions options;
  options.script = one.at("script").as_string();
  options.machines = {{.name = "built-in", .labels = {}, .env = {}, .executors = 4},
                      {.name = "agent0", .labels = {"slaves"}, .env = {}, .executors = 4},
                      {.name = "agent1", .labels = {"remote"}, .env = {}, .executors = 4}};
  options.credentials_yaml = credentials_yaml(one);
  if (const json::value* parameters = one.if_contains("parameters")) {
    for (const auto& [name, value] : parameters->as_object()) {
      const json::value* secret =
          value.is_object() ? value.get_object().if_contains("password") : nullptr;
      const json::value& given = secret == nullptr ? value : *secret;
      options.parameters[name] =
          given.is_string() ? std::string(given.get_string()) : ks::to_json(given);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = read_flags("scripted_corpus", argc, argv);
  if (!flags) return 64;
  const auto cases = read_cases("scripted_corpus", flags->corpus + "/runs.json");
  if (!cases) return 64;
  Tally tally("scripted_corpus", *flags);
  for (const json::value& value : cases->as_array()) {
    const json::object& one = value.as_object();
    const std::string id(one.at("id").as_string());
    if (!tally.wants(id)) continue;
    if (const std::optional<std::string> why = may_be_skipped(one)) {
      tally.skip(id, *why);
      continue;
    }
    std::string output;
    const std::string problem = run_problem(one, options_of(one), output);
    tally.add(id, problem, flags->verbose ? output : "");
  }
  return tally.finish();
}
