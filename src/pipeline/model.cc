#include "pipeline/model.h"

#include <algorithm>

#include <fmt/format.h>

namespace ks::pipeline {

const Argument* Call::argument(std::string_view wanted) const {
  auto found = std::ranges::find(args, wanted, &Argument::name);
  return found == args.end() ? nullptr : &*found;
}

bool Call::has_named() const {
  return std::ranges::any_of(args, [](const Argument& argument) { return !argument.name.empty(); });
}

const AgentSetting* Agent::setting(std::string_view wanted) const {
  auto found = std::ranges::find(settings, wanted, &AgentSetting::name);
  return found == settings.end() ? nullptr : &*found;
}

std::string Axis::name_text() const {
  if (!name) return "";
  if (const std::string* text = name->string()) return *text;
  return name->source() != nullptr ? name->source()->text : "";
}

std::string literal_text(const Expression& value) {
  if (const std::string* text = value.string()) return *text;
  if (const bool* flag = std::get_if<bool>(&value.data)) return *flag ? "true" : "false";
  if (const int64_t* number = std::get_if<int64_t>(&value.data)) return std::to_string(*number);
  if (const double* number = std::get_if<double>(&value.data)) return fmt::format("{}", *number);
  return "null";
}

const std::vector<std::string>& post_condition_names() {
  static const std::vector<std::string> names{"always",  "changed",  "fixed",        "regression",
                                              "aborted", "success",  "unsuccessful", "unstable",
                                              "failure", "notBuilt", "cleanup"};
  return names;
}

}  // namespace ks::pipeline
