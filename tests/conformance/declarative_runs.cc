// Runs the cases of kind `run` in expectations.json, each on an engine of its own, and holds
// result, console, artifacts and stages against what is expected.
//
//   declarative_runs --corpus DIR        DIR holds expectations.json

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cases.h"
#include "repositories.h"

namespace {

namespace json = boost::json;
using namespace ks::conformance;
using ks::engine::OnceOptions;

/// What a case wants that one machine without a server cannot give. It fails then.
std::optional<std::string> out_of_reach(const json::object& one) {
  const json::value* builds = one.if_contains("runs");
  if (builds == nullptr) return std::nullopt;
  constexpr std::string_view kKnown[] = {"result",     "logContains",  "logNotContains",
                                         "logInOrder", "logMatches",   "file",
                                         "agentEnv",   "commitsBefore"};
  for (const json::value& build : builds->as_array()) {
    for (const auto& [key, value] : build.as_object()) {
      if (std::ranges::find(kKnown, std::string_view(key)) == std::end(kKnown))
        return fmt::format("no builds with {} in this harness", std::string_view(key));
    }
  }
  return std::nullopt;
}

/// The Maven and the Ant that the cases take for installed: stand-ins that tell their version.
const std::string& tools_home() {
  static const ks::TempDir folder;
  static const std::string home = [] {
    (void)ks::make_dirs(folder.path() + "/bin");
    for (const auto& [name, version] : {std::pair("/bin/mvn", "Apache Maven 3.0.1"),
                                        std::pair("/bin/ant", "Apache Ant(TM) version 1.9.2")}) {
      const std::string program = folder.path() + name;
      (void)ks::write_file_atomic(program, fmt::format("#!/bin/sh\necho '{}'\n", version));
      chmod(program.c_str(), 0755);
    }
    return folder.path();
  }();
  return home;
}

std::vector<std::string> causes(const json::object& one) {
  const json::value* cause = one.if_contains("cause");
  if (cause == nullptr) return {};
  const std::string_view type = ks::text_at(*cause, {"type"});
  if (type == "UserIdCause")
    return {fmt::format("Started by user {}", ks::text_at(*cause, {"userId"}))};
  if (type == "TimerTriggerCause") return {"Started by timer"};
  return {"Started by an SCM change"};
}

void add_machines(const json::object& one, OnceOptions& options) {
  const json::value* setup = one.if_contains("setup");
  const json::value* agents = setup == nullptr ? nullptr : ks::find(*setup, {"agents"});
  if (agents == nullptr) return;
  const json::value* more = one.if_contains("agentEnv");
  for (const json::value& agent : agents->as_array()) {
    ks::engine::LocalNodeOptions::Machine machine{
        .name = fmt::format("agent{}", options.machines.size()),
        .labels = {},
        .env = {},
        .executors = 8};
    machine.labels = texts(agent.as_object(), "labels");
    machine.env.emplace_back("MAVEN_HOME", tools_home());
    machine.env.emplace_back("ANT_HOME", tools_home());
    for (const json::value* env : {agent.as_object().if_contains("env"), more}) {
      if (env == nullptr || !env->is_object()) continue;
      for (const auto& [name, value] : env->get_object())
        machine.env.emplace_back(name, value.as_string());
    }
    options.machines.push_back(std::move(machine));
  }
}

void add_inputs(const json::object& one, OnceOptions& options) {
  const json::value* inputs = one.if_contains("inputs");
  if (inputs == nullptr) return;
  for (const json::value& input : inputs->as_array()) {
    ks::engine::InputAnswer answer;
    answer.proceed = ks::text_at(input, {"action"}) != "abort";
    if (const json::value* values = input.as_object().if_contains("parameters"))
      answer.parameters_json = ks::to_json(*values);
    std::string id(ks::text_at(input, {"id"}));
    options.inputs[id] = answer;
    // The reference begins every id in upper case.
    id[0] = static_cast<char>(id[0] | 0x20);
    options.inputs[id] = answer;
  }
}

/// What the builds of one case share: its repositories, and what the last one left behind.
struct Job {
  ks::TempDir folder;
  std::optional<ks::engine::BuildResult> before;
  json::array checkouts;
};

/// One build: `one` is the case, `build` what is expected of it.
std::string build_problem(const json::object& one, const json::object& build,
                          const std::string& root, uint64_t number, Job& job, std::string& output) {
  OnceOptions options;
  options.number = number;
  options.job = "test0";
  const json::object& source = build.contains("file") ? build : one;
  options.script = read_text(root + "/" + std::string(source.at("file").as_string()));
  options.credentials_yaml = credentials_yaml(one);
  options.causes = causes(one);
  options.previous_result = job.before;
  options.earlier_checkouts = job.checkouts;
  json::object settings = one;
  if (const json::value* env = build.if_contains("agentEnv")) settings["agentEnv"] = *env;
  add_machines(settings, options);
  add_inputs(one, options);
  const std::vector<std::string> needs = texts(one, "needs");
  if (std::ranges::find(needs, "git") != needs.end())
    add_repository(one, build, root, job.folder / "pipeline", options);
  add_libraries(one, root, job.folder / "libraries", options);
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
  Tally tally("declarative_runs", *flags);
  for (const json::value& value : cases->as_array()) {
    const json::object& one = value.as_object();
    const std::string id(one.at("id").as_string());
    if (one.at("kind").as_string() != "run" || !tally.wants(id)) continue;
    if (const std::optional<std::string> why = may_be_skipped(one)) {
      tally.skip(id, *why);
      continue;
    }
    if (const std::optional<std::string> why = out_of_reach(one)) {
      tally.add(id, *why);
      continue;
    }
    std::string problem, output;
    Job job;
    if (const json::value* builds = one.if_contains("runs")) {
      uint64_t number = 0;
      for (const json::value& build : builds->as_array())
        problem += build_problem(one, build.as_object(), flags->corpus, ++number, job, output);
    } else {
      problem = build_problem(one, one, flags->corpus, 1, job, output);
    }
    tally.add(id, problem, flags->verbose ? output : "");
  }
  return tally.finish();
}
