// Runs each case of a file of scripts (runs.json) as an inline Pipeline, each on an engine of its
// own, and holds result and console against what is expected.
//
//   scripted_corpus [--verbose] [--only TEXT] FILE

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "cases.h"

namespace {

namespace json = boost::json;
using namespace ks::conformance;
using ks::engine::OnceOptions;

bool on_path(std::string_view program) {
  const char* path = std::getenv("PATH");
  for (std::string_view folder : ks::split(path == nullptr ? "" : path, ':')) {
    if (access(fmt::format("{}/{}", folder, program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// What a case needs that this machine has not.
std::optional<std::string> absent(const json::object& one) {
  for (const std::string& need : texts(one, "needs")) {
    if (need == "powershell" && !on_path("pwsh")) return "no PowerShell on this machine";
    if (need.starts_with("test-")) return "a Java class of the reference's own tests";
  }
  return std::nullopt;
}

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
  bool verbose = false;
  std::string only, file;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--verbose") {
      verbose = true;
    } else if (arg == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      file = arg;
    }
  }
  auto cases = ks::parse_json(read_text(file));
  if (!cases || !cases->is_array()) {
    fmt::print(stderr, "usage: scripted_corpus [--verbose] [--only TEXT] FILE: a list of cases\n");
    return 64;
  }
  Tally tally("scripted_corpus");
  for (const json::value& value : cases->get_array()) {
    const json::object& one = value.as_object();
    const std::string id(one.at("id").as_string());
    if (!id.contains(only)) continue;
    if (const std::optional<std::string> why = absent(one)) {
      tally.skip(id, *why);
      continue;
    }
    std::string output;
    const std::string problem = run_problem(one, options_of(one), output);
    tally.add(id, problem, verbose ? output : "");
  }
  return tally.finish(only.empty());
}
