#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What a Jenkinsfile may name, and what those things take: the validator's knowledge, as data.
///
///   Catalog catalog = standard_catalog();
///   catalog.steps["deploy"] = {.parameters = {{"target", "class java.lang.String", true}}, .sole =
///   "target"};

namespace ks::pipeline {

struct ParameterType {
  std::string name;
  /// Java's words, as messages show them: `class java.lang.String`, `int`, `boolean`. Empty: any
  /// value.
  std::string type;
  bool required = false;
};

struct Signature {
  std::vector<ParameterType> parameters;
  std::string sole;    ///< the one that may be passed without its name; empty for none
  bool block = false;  ///< takes a body
  bool open = false;   ///< there may be more parameters than these: names are not checked

  const ParameterType* parameter(std::string_view name) const;
};

using Signatures = std::map<std::string, Signature, std::less<>>;

struct Catalog {
  Signatures steps;
  Signatures options;  ///< of the pipeline
  Signatures stage_options;
  Signatures triggers;
  Signatures parameters;
  Signatures conditions;  ///< of `when`
  Signatures agents;
  std::vector<std::string> tools;  ///< types, sorted
  /// Of each type whose installations are known, their names: others are then errors.
  std::map<std::string, std::vector<std::string>, std::less<>> installs = {};
};

/// What the engine itself has.
const Catalog& standard_catalog();

/// Steps that may stand in `options`, where they wrap what follows.
bool is_wrapper(std::string_view name);

/// `[a, b, c]`.
std::string listed(const Signatures& signatures);
std::string listed(const std::vector<std::string>& names);

}  // namespace ks::pipeline
