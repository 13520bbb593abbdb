#include "jenkins/config/parameters.h"

#include <array>
#include <boost/json.hpp>

#include "base/text.h"
#include "jenkins/xml.h"

namespace ks::jenkins {
namespace {

struct ParameterType {
  std::string_view type;
  const char* element;
};
constexpr std::array<ParameterType, 6> kTypes{{
    {"string", "hudson.model.StringParameterDefinition"},
    {"text", "hudson.model.TextParameterDefinition"},
    {"boolean", "hudson.model.BooleanParameterDefinition"},
    {"password", "hudson.model.PasswordParameterDefinition"},
    {"choice", "hudson.model.ChoiceParameterDefinition"},
    {"file", "hudson.model.FileParameterDefinition"},
}};

const ParameterType* by_type(std::string_view type) {
  const auto* found = std::ranges::find(kTypes, type, &ParameterType::type);
  return found == kTypes.end() ? nullptr : found;
}

const ParameterType* by_element(std::string_view element) {
  const auto* found =
      std::ranges::find_if(kTypes, [&](const ParameterType& t) { return t.element == element; });
  return found == kTypes.end() ? nullptr : found;
}

void write_choices(pugi::xml_node node, std::string_view lines) {
  pugi::xml_node choices = node.append_child("choices");
  set_attribute(choices, "class", "java.util.Arrays$ArrayList");
  pugi::xml_node array = choices.append_child("a");
  set_attribute(array, "class", "string-array");
  if (lines.empty()) return;
  for (std::string_view choice : split(lines, '\n')) add_text(array, "string", choice);
}

std::string read_choices(pugi::xml_node node) {
  const pugi::xml_node choices = node.child("choices");
  const pugi::xml_node list = choices.child("a") ? choices.child("a") : choices;
  std::string out;
  for (const pugi::xml_node choice : list.children("string")) {
    if (!out.empty()) out += '\n';
    out += choice.child_value();
  }
  return std::string(trim(out));
}

}  // namespace

void write_parameters(pugi::xml_node property, const json::value& parameters) {
  pugi::xml_node definitions = property.append_child("parameterDefinitions");
  for (const json::value& parameter : parameters.get_array()) {
    const ParameterType* type = by_type(text_at(parameter, {"type"}));
    if (type == nullptr) continue;
    pugi::xml_node node = definitions.append_child(type->element);
    add_text(node, "name", text_at(parameter, {"name"}));
    add_text(node, "description", text_at(parameter, {"description"}));
    const std::string_view value = text_at(parameter, {"default_value"});
    if (type->type == "choice") {
      write_choices(node, value);
    } else if (type->type != "file") {
      add_text(node, "defaultValue", value);
    }
  }
}

json::array read_parameters(pugi::xml_node property, bool with_secrets) {
  json::array out;
  for (const pugi::xml_node node : property.child("parameterDefinitions").children()) {
    if (node.type() != pugi::node_element) continue;
    const ParameterType* type = by_element(node.name());
    std::string value;
    if (type == nullptr) {
      value = "unknown";
    } else if (type->type == "choice") {
      value = read_choices(node);
    } else if (type->type == "password" && !with_secrets) {
      value = child_text(node, "name");
    } else {
      value = child_text(node, "defaultValue");
    }
    json::object one{{"name", child_text(node, "name")}};
    if (!value.empty()) one["default_value"] = value;
    one["type"] = type == nullptr ? std::string_view(node.name()) : type->type;
    if (std::string text = child_text(node, "description"); !text.empty()) {
      one["description"] = text;
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace ks::jenkins
