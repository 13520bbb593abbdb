#include "jenkins/config_xml.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "jenkins/config/plain.h"
#include "jenkins/xml.h"

namespace ks::jenkins {
namespace {

constexpr std::string_view kPlainClass = "org.jenkinsci.plugins.workflow.job.WorkflowJob";
constexpr std::string_view kMultiBranchClass =
    "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject";
constexpr std::string_view kFolderClass = "com.cloudbees.hudson.plugins.folder.Folder";

/// The part of the spec that its type names.
Result<const json::value*> body_of(const json::value& spec) {
  const std::string_view type = text_at(spec, {"type"});
  const json::value* body = find(spec, {"pipeline"});
  if (type != "pipeline") {
    return Error{Code::invalid,
                 fmt::format("spec.type: pipelines of type \"{}\" are not supported: "
                             "use \"pipeline\"",
                             type)};
  }
  if (body == nullptr || !body->is_object()) {
    return Error{Code::invalid,
                 fmt::format("spec.type is \"{}\", but spec.pipeline is missing", type)};
  }
  return body;
}

JobKind kind_of_root(std::string_view name) {
  if (name == "flow-definition") return JobKind::pipeline;
  if (name == kMultiBranchClass) return JobKind::multi_branch;
  if (name == kFolderClass) return JobKind::folder;
  return JobKind::other;
}

Result<json::value> read_spec(std::string_view config, bool with_secrets) {
  pugi::xml_document document = TRY(parse_xml(config));
  const pugi::xml_node root = document.document_element();
  switch (kind_of_root(root.name())) {
    case JobKind::pipeline:
      return json::value{{"type", "pipeline"}, {"pipeline", read_plain(root, with_secrets)}};
    case JobKind::multi_branch:
    case JobKind::folder:
    case JobKind::other: break;
  }
  return Error{Code::invalid,
               fmt::format("config.xml: <{}> exists, but is no plain pipeline", root.name())};
}

}  // namespace

Result<std::string> config_of(const json::value& spec) {
  const json::value* body = TRY(body_of(spec));
  pugi::xml_document document;
  write_plain(document, *body);
  return print_xml(document);
}

Result<std::string> changed_config(std::string_view config, const json::value& spec) {
  const json::value* body = TRY(body_of(spec));
  pugi::xml_document document = TRY(parse_xml(config));
  if (kind_of_root(document.document_element().name()) != JobKind::pipeline) {
    return Error{Code::conflict, fmt::format("config.xml: the job is a <{}>, not a pipeline",
                                             document.document_element().name())};
  }
  patch_plain(document.document_element(), *body);
  return print_xml(document);
}

Result<json::value> spec_of(std::string_view config) { return read_spec(config, false); }

Result<json::value> spec_with_secrets(std::string_view config) { return read_spec(config, true); }

JobKind kind_of_config(std::string_view config) {
  Result<pugi::xml_document> document = parse_xml(config);
  return document ? kind_of_root(document->document_element().name()) : JobKind::other;
}

JobKind kind_of_class(std::string_view java_class) {
  if (java_class == kPlainClass) return JobKind::pipeline;
  if (java_class == kMultiBranchClass) return JobKind::multi_branch;
  if (java_class == kFolderClass) return JobKind::folder;
  return JobKind::other;
}

}  // namespace ks::jenkins
