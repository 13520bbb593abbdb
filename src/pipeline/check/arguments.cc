#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "pipeline/check/validation.h"

/// Steps, and the arguments of everything that is called.

namespace ks::pipeline {
namespace {

/// How Groovy prints a constant, and the class of it.
struct Shown {
  std::string text;
  std::string type;
};

Shown shown(const Expression& value) {
  if (const bool* flag = std::get_if<bool>(&value.data))
    return {*flag ? "true" : "false", "class java.lang.Boolean"};
  if (const int64_t* number = std::get_if<int64_t>(&value.data)) {
    bool small = *number >= INT32_MIN && *number <= INT32_MAX;
    return {std::to_string(*number), small ? "class java.lang.Integer" : "class java.lang.Long"};
  }
  if (const double* number = std::get_if<double>(&value.data))
    return {fmt::format("{}", *number), "class java.lang.Double"};
  if (const std::string* text = value.string()) return {*text, "class java.lang.String"};
  return {"null", "null"};
}

bool fits(const Expression& value, std::string_view type) {
  if (!value.is_literal() || std::holds_alternative<std::nullptr_t>(value.data)) return true;
  if (type == "class java.lang.String") return value.string() != nullptr;
  if (type == "boolean") return std::holds_alternative<bool>(value.data);
  const int64_t* number = std::get_if<int64_t>(&value.data);
  return number != nullptr && (type != "int" || (*number >= INT32_MIN && *number <= INT32_MAX));
}

std::string nearest_name(std::string_view word, const Signature& signature) {
  std::vector<std::string> names;
  for (const ParameterType& parameter : signature.parameters) names.push_back(parameter.name);
  auto distance = [&](const std::string& name) {
    std::vector<size_t> row(name.size() + 1);
    for (size_t j = 0; j <= name.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t before = row[0];
      row[0] = i;
      for (size_t j = 1; j <= name.size(); ++j) {
        size_t above = row[j];
        row[j] =
            std::min({row[j] + 1, row[j - 1] + 1, before + (word[i - 1] == name[j - 1] ? 0 : 1)});
        before = above;
      }
    }
    return row[name.size()];
  };
  auto best = std::ranges::min_element(names, {}, distance);
  return best == names.end() ? "null" : *best;
}

}  // namespace

void Validation::steps(const std::vector<Step>& list, bool only_parallel_allowed) {
  for (const Step& one : list) step(one, only_parallel_allowed && list.size() == 1);
}

void Validation::blocked(const Call& call, std::string_view reason) {
  error(call.place, fmt::format("Invalid step \"{}\" used - not allowed in this context - {}",
                                call.name, reason));
}

void Validation::step(const Step& step, bool only_parallel_allowed) {
  if (step.name == "stage")
    return blocked(step, "The stage step cannot be used in Declarative Pipelines");
  if (step.name == "properties")
    return blocked(step, "The properties step cannot be used in Declarative Pipelines");
  if (step.name == "parallel" && !only_parallel_allowed) {
    return blocked(
        step,
        "The parallel step can only be used as the only top-level step in a stage's step block");
  }
  auto known = catalog_.steps.find(step.name);
  if (known != catalog_.steps.end()) arguments(step, known->second, true);
  steps(step.children, false);
}

void Validation::arguments(const Call& call, const Signature& signature, bool is_step) {
  size_t named = static_cast<size_t>(
      std::ranges::count_if(call.args, [](const Argument& a) { return !a.name.empty(); }));
  if (named != 0 && named != call.args.size())
    return error(call.place, "Cannot mix named and unnamed arguments");
  for (const Argument& argument : call.args) {
    if (argument.call != nullptr && argument.call->name == "node") {
      blocked(*argument.call,
              "The node step cannot be called as an argument to a method in Declarative Pipelines");
    }
  }
  if (named == 0 && !call.args.empty()) {
    bool whole_map = call.args.size() == 1 && call.args[0].value.source() != nullptr &&
                     call.args[0].value.source()->map;
    if (whole_map) return;
    if (call.args.size() > 1) {
      if (is_step)
        return error(call.place,
                     fmt::format("Arguments to \"{}\" must be explicitly named.", call.name));
      if (signature.open) return;
      return error(call.place,
                   fmt::format("\"{}\" should have {} arguments but has {} arguments instead.",
                               call.name, signature.parameters.size(), call.args.size()));
    }
    const ParameterType* sole = signature.parameter(signature.sole);
    if (sole == nullptr) {
      if (signature.open || signature.parameters.size() == 1) return;
      return error(call.place,
                   "Step does not take a single required parameter - use named parameters instead");
    }
    return argument_type(call.args[0].value, *sole, false);
  }
  for (const Argument& argument : call.args) {
    const ParameterType* parameter = signature.parameter(argument.name);
    if (parameter != nullptr) {
      if (argument.call == nullptr) argument_type(argument.value, *parameter, true);
    } else if (!signature.open) {
      error(argument.place, fmt::format("Invalid parameter \"{}\", did you mean \"{}\"?",
                                        argument.name, nearest_name(argument.name, signature)));
    }
  }
  // `overrideIndexTriggers()`: a lone required boolean is true when nothing is said.
  const bool lone_flag = !is_step && call.args.empty() && signature.parameters.size() == 1 &&
                         signature.parameters[0].type == "boolean";
  if (lone_flag) return;
  for (const ParameterType& parameter : signature.parameters) {
    if (parameter.required && call.argument(parameter.name) == nullptr) {
      error(call.place, fmt::format("Missing required parameter: \"{}\"", parameter.name));
    }
  }
}

void Validation::argument_type(const Expression& value, const ParameterType& type, bool named) {
  if (type.type.empty() || fits(value, type.type)) return;
  Shown got = shown(value);
  if (named) {
    error(value.place,
          fmt::format("Expecting \"{}\" for parameter \"{}\" but got \"{}\" of type {} instead",
                      type.type, type.name, got.text, got.type));
  } else {
    error(value.place, fmt::format("Expecting \"{}\" but got \"{}\" of type {} instead", type.type,
                                   got.text, got.type));
  }
}

}  // namespace ks::pipeline
