#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "engine/run_once.h"
#include "tally.h"

// Cases that are Jenkinsfiles: how they are run and held against what is expected.

namespace ks::conformance {

/// The credentials of a case as Secrets; types that the engine has no credential for are left out.
inline std::string credentials_yaml(const json::object& one) {
  std::string yaml;
  const json::value* credentials = one.if_contains("credentials");
  if (credentials == nullptr) return yaml;
  for (const auto& [id, value] : credentials->as_object()) {
    auto text = [&](std::string_view key) { return std::string(text_at(value, {key})); };
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
    yaml += "---\n" + to_json(secret) + "\n";
  }
  return yaml;
}

/// Runs a Jenkinsfile, and tells what of `result`, `logContains` and `logNotContains` is not so.
inline std::string run_problem(const json::object& one, engine::OnceOptions options,
                               std::string& output) {
  options.console = [&](std::string_view text) { output += text; };
  auto done = engine::run_once(std::move(options));
  if (!done) return done.error().message + "\n";
  std::string problem;
  const std::string_view result = engine::to_string(done->result);
  if (const json::value* wanted = one.if_contains("result");
      wanted != nullptr && wanted->as_string() != result) {
    problem =
        fmt::format("result {} instead of {}\n", result, std::string_view(wanted->as_string()));
  }
  for (const std::string& text : texts(one, "logContains")) {
    if (!output.contains(text)) problem += fmt::format("missing: {}\n", text);
  }
  for (const std::string& text : texts(one, "logNotContains")) {
    if (output.contains(text)) problem += fmt::format("not wanted: {}\n", text);
  }
  return problem;
}

}  // namespace ks::conformance
