#include "engine/server/scm_definition.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "engine/scm/git_spec.h"
#include "jenkins/xml.h"

namespace ks::engine {
namespace {

constexpr std::string_view kFromScm = "org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition";
constexpr std::string_view kGit = "hudson.plugins.git.GitSCM";

/// An element of settings: with elements inside an object, else its text in the type that it looks
/// like.
json::value settings_of(pugi::xml_node node) {
  json::object inside;
  for (pugi::xml_node child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    if (std::string_view(child.name()) == "sparseCheckoutPaths") {
      json::array paths;
      for (pugi::xml_node path : child.children())
        paths.push_back(json::object{{"path", jenkins::child_text(path, "path")}});
      inside[child.name()] = std::move(paths);
      continue;
    }
    inside[child.name()] = settings_of(child);
  }
  if (!inside.empty()) return inside;
  const std::string text = node.text().get();
  if (text == "true" || text == "false") return text == "true";
  if (const auto number = parse_int(text)) return *number;
  return json::value(json::string(text));
}

}  // namespace

Result<json::value> scm_of_config(const std::string& config_xml) {
  const pugi::xml_document document = TRY(jenkins::parse_xml(config_xml));
  const pugi::xml_node definition = document.document_element().child("definition");
  if (definition.attribute("class").value() != kFromScm) return json::value(nullptr);
  const pugi::xml_node scm = definition.child("scm");
  if (const std::string_view name = scm.attribute("class").value(); name != kGit) {
    return Error{Code::invalid, fmt::format("config.xml: definition/scm: '{}' is not supported; "
                                            "{} is",
                                            name, kGit)};
  }
  json::array remotes, branches, extensions;
  for (pugi::xml_node remote : scm.child("userRemoteConfigs").children()) {
    json::object one;
    for (const char* name : {"url", "name", "refspec", "credentialsId"}) {
      if (std::string text = jenkins::child_text(remote, name); !text.empty()) one[name] = text;
    }
    remotes.push_back(std::move(one));
  }
  for (pugi::xml_node branch : scm.child("branches").children())
    branches.push_back(json::object{{"name", jenkins::child_text(branch, "name")}});
  for (pugi::xml_node extension : scm.child("extensions").children()) {
    if (extension.type() != pugi::node_element) continue;
    json::value settings = settings_of(extension);
    json::object one = settings.is_object() ? settings.get_object() : json::object();
    one["$class"] = extension.name();
    extensions.push_back(std::move(one));
  }
  std::string path = jenkins::child_text(definition, "scriptPath");
  if (path.empty()) path = "Jenkinsfile";
  json::object description{
      {"$class", "GitSCM"},
      {"userRemoteConfigs", std::move(remotes)},
      {"branches", std::move(branches)},
      {"extensions", std::move(extensions)},
      {"scriptPath", std::move(path)},
      {"lightweight", jenkins::child_text(definition, "lightweight") == "true"}};
  Result<GitSpec> valid =
      read_git_spec(description, [](std::string_view text) { return std::string(text); });
  if (!valid) return std::move(valid).error().in("config.xml: definition/scm");
  return description;
}

}  // namespace ks::engine
