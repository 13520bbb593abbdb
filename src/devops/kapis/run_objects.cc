#include "devops/kapis/run_objects.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "base/text.h"
#include "devops/controllers/keys.h"
#include "kube/object.h"

namespace ks::devops::kapis {

bool is_multi_branch(const json::value& pipeline) {
  return text_at(pipeline, {"spec", "type"}) == "multi-branch-pipeline";
}

std::string keep_decimals(std::string_view json) {
  constexpr std::string_view kOfNumbers = "0123456789+-.eE";
  std::string out;
  out.reserve(json.size());
  for (size_t i = 0; i < json.size();) {
    if (json[i] == '"') {
      const size_t begin = i++;
      while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
      i = std::min(i + 1, json.size());
      out += json.substr(begin, i - begin);
      continue;
    }
    if (json[i] != '-' && (json[i] < '0' || json[i] > '9')) {
      out += json[i++];
      continue;
    }
    const size_t end = std::min(json.find_first_not_of(kOfNumbers, i), json.size());
    const std::string_view number = json.substr(i, end - i);
    // What is no number at all stays one that no parser takes.
    const bool quote = number.find_first_of(".eE") != number.npos && parse_json(number).ok();
    out += quote ? fmt::format("\"{}\"", number) : std::string(number);
    i = end;
  }
  return out;
}

std::string go_text(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  if (value.is_null()) return "<nil>";
  if (const auto* list = value.if_array()) {
    std::vector<std::string> parts;
    for (const json::value& one : *list) parts.push_back(go_text(one));
    return "[" + join(parts, " ") + "]";
  }
  if (const auto* object = value.if_object()) {
    std::map<std::string, std::string> sorted;
    for (const auto& [key, member] : *object) sorted[key] = go_text(member);
    std::vector<std::string> parts;
    for (const auto& [key, text] : sorted) parts.push_back(key + ":" + text);
    return "map[" + join(parts, " ") + "]";
  }
  if (const auto* number = value.if_double()) return fmt::format("{}", *number);
  return to_json(value);
}

Result<json::array> run_parameters(const json::value& payload) {
  json::array out;
  const json::value* list = find(payload, {"parameters"});
  if (list == nullptr || list->is_null()) return out;
  if (!list->is_array()) return Error{Code::invalid, "parameters: must be a list of {name, value}"};
  for (const json::value& one : list->get_array()) {
    const size_t index = out.size();
    if (!one.is_object()) {
      return Error{Code::invalid,
                   fmt::format("parameters[{}]: must be an object {{name, value}}", index)};
    }
    const json::value* name = find(one, {"name"});
    if (name == nullptr || name->is_null()) continue;
    if (!name->is_string()) {
      return Error{Code::invalid, fmt::format("parameters[{}].name: must be a text", index)};
    }
    if (name->get_string().empty()) continue;
    const json::value* value = find(one, {"value"});
    out.push_back(json::object{{"name", *name},
                               {"value", go_text(value == nullptr ? json::value() : *value)}});
  }
  return out;
}

json::value new_run(const json::value& pipeline, json::array parameters,
                    const std::string& branch) {
  const std::string_view name = kube::name_of(pipeline), space = kube::space_of(pipeline);
  json::object spec{
      {"pipelineRef", json::object{{"kind", "Pipeline"}, {"namespace", space}, {"name", name}}}};
  if (const json::value* pipeline_spec = find(pipeline, {"spec"}))
    spec["pipelineSpec"] = *pipeline_spec;
  if (!parameters.empty()) spec["parameters"] = std::move(parameters);
  if (is_multi_branch(pipeline)) spec["scm"] = json::object{{"refType", ""}, {"refName", branch}};
  json::value out = json::object{
      {"apiVersion", pipeline_runs().api_version()},
      {"kind", pipeline_runs().kind},
      {"metadata", json::object{{"generateName", fmt::format("{}-", name)}, {"namespace", space}}},
      {"spec", std::move(spec)}};
  kube::set_label(out, run::kPipeline, name);
  json::object owner = kube::owner_reference(pipeline, true);
  owner["apiVersion"] = pipelines().api_version();
  owner["kind"] = pipelines().kind;
  kube::add_owner(out, std::move(owner));
  return out;
}

}  // namespace ks::devops::kapis
