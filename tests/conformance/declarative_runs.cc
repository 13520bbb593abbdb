// Runs the cases of kind `run` in expectations.json, each on an engine of its own, and holds result
// and console against what is expected. Cases that need what one run without a server has not (a
// repository, libraries, tools, several builds) are left out and counted.
//
//   declarative_runs [--verbose] [--only TEXT] DIR        DIR holds expectations.json

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

std::optional<std::string> left_out(const json::object& one) {
  for (std::string_view key : {"ignoredUpstream", "runs", "libraries", "repoFiles", "cause"}) {
    if (one.contains(key)) return fmt::format("a server: {}", key);
  }
  for (const std::string& need : texts(one, "needs")) {
    if (need.starts_with("tool:") || need.starts_with("test-") || need == "multibranch" ||
        need == "shared-library")
      return need;
  }
  return std::nullopt;
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

}  // namespace

int main(int argc, char** argv) {
  bool verbose = false;
  std::string only, root;
  for (int i = 1; i < argc; ++i) {
    std::string_view arg = argv[i];
    if (arg == "--verbose") {
      verbose = true;
    } else if (arg == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      root = arg;
    }
  }
  auto expectations = ks::parse_json(read_text(root + "/expectations.json"));
  if (!expectations || !expectations->is_array()) {
    fmt::print(
        stderr,
        "usage: declarative_runs [--verbose] [--only TEXT] DIR: DIR holds expectations.json\n");
    return 64;
  }
  Tally tally("declarative_runs");
  for (const json::value& value : expectations->get_array()) {
    const json::object& one = value.as_object();
    const std::string id(one.at("id").as_string());
    if (one.at("kind").as_string() != "run" || !id.contains(only)) continue;
    if (const std::optional<std::string> why = left_out(one)) {
      tally.skip(id, *why);
      continue;
    }
    OnceOptions options;
    options.script = read_text(root + "/" + std::string(one.at("file").as_string()));
    options.credentials_yaml = credentials_yaml(one);
    add_machines(one, options);
    add_inputs(one, options);
    std::string output;
    const std::string problem = run_problem(one, std::move(options), output);
    tally.add(id, problem, verbose ? output : "");
  }
  return tally.finish(only.empty());
}
