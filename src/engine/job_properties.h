#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "engine/model.h"

/// What a Jenkinsfile says of its job, by `properties([...])` or Declarative's options, parameters
/// and triggers (pipeline-language.md, section 16).

namespace ks::engine {

namespace json = boost::json;

/// As JSON: {all, parameters: [{type, name, ...}], triggers: [{type, ...}], options: {name:
/// {...}}}. `all`: also what was set by hand is replaced (Scripted).
struct JobProperties {
  bool all = false;
  json::array parameters;
  json::array triggers;
  json::object options;

  json::object to_json() const;
  static JobProperties from_json(const json::value& value);
  bool empty() const { return parameters.empty() && triggers.empty() && options.empty(); }
};

/// What a described thing is: the name of its symbol, also when it was given by its class
/// (`[$class: 'LogRotator', ...]`). Empty when that is unknown.
std::string symbol_of(const json::value& described);

/// What the list given to the step `properties` says; an error names what is no job property.
Result<JobProperties> properties_of(const json::value& list);

/// Takes up one property or option of a job: `parameters`, `pipelineTriggers` or another.
void add_property(JobProperties& properties, const std::string& symbol,
                  const json::object& arguments);

/// Whether options say something that there is: the unit of a rate, a durability hint.
Result<> check_options(const json::object& options);

/// The least time from the start of one run to that of the next, by `rateLimitBuilds(throttle:
/// [count: 2, durationName: 'hour', userBoost: true])`.
struct RateLimit {
  std::chrono::milliseconds gap{0};  ///< 0: none
  bool users_first = false;          ///< runs that a user starts need not wait
};
RateLimit rate_limit_of(const json::object& options);

/// Which finished runs a `buildDiscarder(logRotator(...))` keeps.
struct Retention {
  int64_t runs = -1;  ///< -1: all
  int64_t days = -1;
};
Retention retention_of(const json::object& options);

}  // namespace ks::engine
