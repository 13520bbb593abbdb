#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/json.h"
#include "engine/run_once.h"
#include "groovy/interpreter.h"
#include "groovy/run_file.h"
#include "tally.h"

// Cases that are Jenkinsfiles: how they are run and held against what is expected.

namespace ks::conformance {

/// The credentials of a case as Secrets; unknown types are left out.
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
    } else if (type == "file") {
      type = "secret-file";
      data = {{"filename", text("fileName")}, {"content", text("content")}};
    } else if (type == "certificate") {
      data = {{"keystore", text("keystore")}, {"password", text("password")}};
    } else {
      continue;
    }
    json::object metadata{{"name", id}};
    if (bool_at(value, {"usernameSecret"})) {
      metadata["annotations"] = {{"credential.devops.kubesphere.io/username-secret", "true"}};
    }
    json::object secret{{"apiVersion", "v1"},
                        {"kind", "Secret"},
                        {"metadata", std::move(metadata)},
                        {"type", "credential.devops.kubesphere.io/" + type},
                        {"stringData", std::move(data)}};
    yaml += "---\n" + to_json(secret) + "\n";
  }
  return yaml;
}

/// Whether a regular expression finds something. By the language's own `=~`.
inline bool found_by(std::string_view text, std::string_view pattern) {
  groovy::PlainHost host(1);
  groovy::Interpreter interpreter(host, {.fuel = 1'000'000'000});
  groovy::Task task(interpreter);
  auto compiled = groovy::compile("return { text, pattern -> (text =~ pattern).find() }");
  const groovy::Value closure = interpreter.run_script(task, compiled.program).value;
  const groovy::Value args[] = {interpreter.make_string(text), interpreter.make_string(pattern)};
  return interpreter.truth(task, interpreter.call(task, closure, args));
}

/// `archives`: {artifact: content, white space collapsed; or {"contains"}, {"all": [...]}}
inline std::string archive_problem(const json::object& one, const std::string& folder) {
  std::string problem;
  const json::value* archives = one.if_contains("archives");
  if (archives == nullptr) return problem;
  auto collapsed = [](std::string_view text) {
    std::string out;
    for (std::string_view word : split(text, ' ')) {
      if (!word.empty()) out += (out.empty() ? "" : " ") + std::string(word);
    }
    return out;
  };
  for (const auto& [name, wanted] : archives->as_object()) {
    std::string text = read_text(folder + "/" + std::string(name));
    for (char& c : text) c = c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    bool fits = !text.empty();
    if (wanted.is_string()) fits = collapsed(text) == collapsed(wanted.get_string());
    if (wanted.is_object()) {
      fits = fits && text.contains(text_at(wanted, {"contains"}));
      for (const std::string& part : texts(wanted.get_object(), "all"))
        fits = fits && text.contains(part);
    }
    if (!fits) problem += fmt::format("artifact {}: got '{}'\n", std::string_view(name), text);
  }
  return problem;
}

/// `syntheticStages` must be there, `noStages` must not.
inline std::string stage_problem(const json::object& one, const json::value& report) {
  std::set<std::string> names;
  for (const json::value& stage : report.at("stages").as_array())
    names.emplace(text_at(stage, {"name"}));
  std::string problem;
  if (const json::value* wanted = one.if_contains("syntheticStages")) {
    for (const auto& [name, position] : wanted->as_object()) {
      if (!names.contains(std::string(name)))
        problem += fmt::format("no stage {}\n", std::string_view(name));
    }
  }
  for (const std::string& name : texts(one, "noStages")) {
    if (names.contains(name)) problem += fmt::format("a stage {}\n", name);
  }
  return problem;
}

/// What of `result` and the expectations of the log is not so.
inline std::string expectation_problem(const json::object& one, std::string_view result,
                                       std::string_view output) {
  std::string problem;
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
  size_t at = 0;
  for (const std::string& text : texts(one, "logInOrder")) {
    const size_t found = output.find(text, at);
    if (found == output.npos) {
      problem += fmt::format("missing, or out of order: {}\n", text);
    } else {
      at = found + text.size();
    }
  }
  for (const std::string& pattern : texts(one, "logMatches")) {
    if (!found_by(output, pattern)) problem += fmt::format("no match: {}\n", pattern);
  }
  return problem;
}

/// Runs a Jenkinsfile, and tells what of its expectations is not so.
inline std::string run_problem(const json::object& one, engine::OnceOptions options,
                               std::string& output, engine::OnceResult* ended = nullptr) {
  TempDir kept;
  if (one.contains("archives")) options.keep = kept.path();
  options.console = [&](std::string_view text) { output += text; };
  auto done = engine::run_once(std::move(options));
  if (!done) return done.error().message + "\n";
  if (ended != nullptr) *ended = *done;
  return expectation_problem(one, engine::to_string(done->result), output) +
         archive_problem(one, kept.path() + "/files/archive") + stage_problem(one, done->report);
}

}  // namespace ks::conformance
