// Runs each case of a file of scripts (runs.json) as an inline Pipeline, each on an engine of its
// own, and holds result and console against what is expected.
//
//   scripted_corpus --corpus DIR        DIR holds runs.json

#include <boost/json.hpp>
#include <optional>
#include <string>

#include "scripted_case.h"

namespace json = boost::json;
using namespace ks::conformance;

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
    const std::string problem = run_problem(one, scripted_options(one), output);
    tally.add(id, problem, flags->verbose ? output : "");
  }
  return tally.finish();
}
