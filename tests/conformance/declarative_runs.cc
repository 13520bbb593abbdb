// Runs the cases of kind `run` in expectations.json, each on an engine of its own, and holds
// result, console, artifacts and stages against what is expected.
//
//   declarative_runs --corpus DIR        DIR holds expectations.json

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "declarative_case.h"
#include "declarative_job.h"
#include "repositories.h"

namespace {

namespace json = boost::json;
using namespace ks::conformance;
using ks::engine::OnceOptions;

/// What the builds of one case share: its repositories, and what the last one left behind.
struct Job {
  std::string tools;
  ks::TempDir folder;
  std::optional<ks::engine::BuildResult> before;
  json::array checkouts;
};

/// One build: `one` is the case, `build` what is expected of it.
std::string build_problem(const json::object& one, const json::object& build,
                          const std::string& root, uint64_t number, Job& job, std::string& output) {
  OnceOptions options = declarative_options(one, build, root, job.tools);
  options.number = number;
  options.previous_result = job.before;
  options.earlier_checkouts = job.checkouts;
  if (wants_repository(one)) {
    make_repository(one, build, root, job.folder / "pipeline", options.script);
    use_repository(job.folder / "pipeline", options);
  }
  make_libraries(one, root, job.folder / "libraries");
  use_libraries(one, job.folder / "libraries", options);
  std::string printed;
  ks::engine::OnceResult ended;
  const std::string problem = run_problem(build, std::move(options), printed, &ended);
  job.before = ended.result;
  job.checkouts = std::move(ended.checkouts);
  output += printed;
  return problem;
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = read_flags("declarative_runs", argc, argv);
  if (!flags) return 64;
  const auto cases = read_cases("declarative_runs", flags->corpus + "/expectations.json");
  if (!cases) return 64;
  const ks::TempDir tools;
  install_tools(tools.path());
  Tally tally("declarative_runs", *flags);
  for (const json::value& value : cases->as_array()) {
    const json::object& one = value.as_object();
    const std::string id(one.at("id").as_string());
    if (one.at("kind").as_string() != "run" || !tally.wants(id)) continue;
    if (const std::optional<std::string> why = may_be_skipped(one)) {
      tally.skip(id, *why);
      continue;
    }
    std::string problem, output;
    if (is_of_a_job(one)) {
      const ks::TempDir data;
      DeclarativeJob job(one, flags->corpus, tools.path(), data.path());
      for (const json::object& build : builds_of(one)) problem += job.problem(build, output);
      tally.add(id, problem, flags->verbose ? output : "");
      continue;
    }
    if (const std::optional<std::string> why = out_of_reach(one)) {
      tally.add(id, *why);
      continue;
    }
    Job job;
    job.tools = tools.path();
    uint64_t number = 0;
    for (const json::object& build : builds_of(one))
      problem += build_problem(one, build, flags->corpus, ++number, job, output);
    tally.add(id, problem, flags->verbose ? output : "");
  }
  return tally.finish();
}
