#include "jenkins/config_xml.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "jenkins/config/multi_branch.h"
#include "jenkins/config/plain.h"
#include "jenkins/xml.h"

namespace ks::jenkins {
namespace {

constexpr std::string_view kPlainClass = "org.jenkinsci.plugins.workflow.job.WorkflowJob";
constexpr std::string_view kMultiBranchClass =
    "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject";
constexpr std::string_view kFolderClass = "com.cloudbees.hudson.plugins.folder.Folder";

constexpr std::string_view kPlain = "pipeline";
constexpr std::string_view kMultiBranch = "multi-branch-pipeline";

/// The part of the spec that its type names.
struct Body {
  JobKind kind = JobKind::pipeline;
  const json::value* value = nullptr;
};
Result<Body> body_of(const json::value& spec) {
  const std::string_view type = text_at(spec, {"type"});
  if (type != kPlain && type != kMultiBranch) {
    return Error{Code::invalid,
                 fmt::format("spec.type: pipelines of type \"{}\" are not supported: "
                             "use \"pipeline\" or \"multi-branch-pipeline\"",
                             type)};
  }
  const bool plain = type == kPlain;
  const std::string_view member = plain ? "pipeline" : "multi_branch_pipeline";
  const json::value* body = find(spec, {member});
  if (body == nullptr || !body->is_object()) {
    return Error{Code::invalid,
                 fmt::format("spec.type is \"{}\", but spec.{} is missing", type, member)};
  }
  return Body{plain ? JobKind::pipeline : JobKind::multi_branch, body};
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
    case JobKind::multi_branch: {
      json::value pipeline = TRY(read_multi_branch(root));
      return json::value{{"type", kMultiBranch}, {"multi_branch_pipeline", std::move(pipeline)}};
    }
    case JobKind::folder:
    case JobKind::other: break;
  }
  return Error{Code::invalid,
               fmt::format("config.xml: jobs of class <{}> are not supported: only pipelines are",
                           root.name())};
}

}  // namespace

Result<std::string> config_of(const json::value& spec) {
  const Body body = TRY(body_of(spec));
  pugi::xml_document document;
  if (body.kind == JobKind::multi_branch) {
    TRY(write_multi_branch(document, *body.value));
  } else {
    write_plain(document, *body.value);
  }
  return print_xml(document);
}

Result<std::string> changed_config(std::string_view config, const json::value& spec) {
  const Body body = TRY(body_of(spec));
  pugi::xml_document document = TRY(parse_xml(config));
  if (kind_of_root(document.document_element().name()) != body.kind) {
    return Error{Code::conflict,
                 fmt::format("config.xml: the job is a <{}>, not a {}",
                             document.document_element().name(), text_at(spec, {"type"}))};
  }
  // That of a multi-branch pipeline is written anew (section 6.5).
  if (body.kind == JobKind::multi_branch) return config_of(spec);
  patch_plain(document.document_element(), *body.value);
  return print_xml(document);
}

Result<json::value> spec_of(std::string_view config) { return read_spec(config, false); }

Result<json::value> spec_with_secrets(std::string_view config) { return read_spec(config, true); }

bool is_disabled(std::string_view config) {
  Result<pugi::xml_document> document = parse_xml(config);
  return document && child_text(document->document_element(), "disabled") == "true";
}

Result<std::string> with_disabled(std::string_view config, bool disabled) {
  pugi::xml_document document = TRY(parse_xml(config));
  child_or_new(document.document_element(), "disabled").text().set(disabled ? "true" : "false");
  return print_xml(document);
}

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
