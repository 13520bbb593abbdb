#pragma once

#include <boost/json.hpp>
#include <string>

#include "cases.h"

// The cases of scripted/runs.json as runs.

namespace ks::conformance {

inline engine::OnceOptions scripted_options(const json::object& one) {
  engine::OnceOptions options;
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
          given.is_string() ? std::string(given.get_string()) : to_json(given);
    }
  }
  return options;
}

}  // namespace ks::conformance
