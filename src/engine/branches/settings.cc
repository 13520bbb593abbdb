#include "engine/branches/settings.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/cron.h"
#include "base/json.h"
#include "base/text.h"
#include "jenkins/config_xml.h"
#include "jenkins/xml.h"

namespace ks::engine {
namespace {

constexpr size_t kMaxRegexBytes = 4096;

/// The address that a forge's repository is cloned from, by that of its API.
std::string clone_url(const std::string& type, std::string api, const std::string& owner,
                      const std::string& repository) {
  while (api.ends_with('/')) api.pop_back();
  if (type == "github") {
    if (api.empty() || api == "https://api.github.com") {
      api = "https://github.com";
    } else if (api.ends_with("/api/v3")) {
      api.resize(api.size() - 7);
    }
    return fmt::format("{}/{}/{}.git", api, owner, repository);
  }
  if (type == "gitlab") {
    // `owner/repo` in 3.3; 4.x puts the two together itself.
    const std::string path = repository.contains('/') ? repository : owner + "/" + repository;
    return fmt::format("{}/{}.git", api, path);
  }
  if (api.ends_with("bitbucket.org")) return fmt::format("{}/{}/{}.git", api, owner, repository);
  return fmt::format("{}/scm/{}/{}.git", api, to_lower(owner), repository);
}

BranchSettings::Trust trust_of(const std::string& type, int64_t number) {
  using Trust = BranchSettings::Trust;
  if (type == "bitbucket_server") {
    return number == 1 ? Trust::everyone : number == 2 ? Trust::members : Trust::nobody;
  }
  switch (number) {
    case 1:
    case 3: return Trust::members;
    case 2: return Trust::everyone;
    default: return Trust::nobody;
  }
}

void read_forge(const json::value& source, BranchSettings& out) {
  out.owner = text_at(source, {"owner"});
  out.repository = text_at(source, {"repo"});
  out.api = text_at(source, {out.type == "gitlab" ? "server_name" : "api_uri"});
  if (out.type == "gitlab" && !out.api.contains("://")) out.api = "https://gitlab.com";
  if (out.type == "bitbucket_server" && out.api.empty()) out.api = "https://bitbucket.org";
  out.url = clone_url(out.type, out.api, out.owner, out.repository);
  out.branches = int_at(source, {"discover_branches"});
  out.origin_requests = int_at(source, {"discover_pr_from_origin"}) & 3;
  out.fork_requests = int_at(source, {"discover_pr_from_forks", "strategy"}) & 3;
  out.trust = trust_of(out.type, int_at(source, {"discover_pr_from_forks", "trust"}));
}

/// `refs/pull/*/head`; Jenkins writes the ref without `refs/`, and `PR-@{1}` for the name.
Result<> add_request_refs(pugi::xml_node trait, BranchSettings& out) {
  std::string ref = jenkins::child_text(trait, "ref");
  if (!ref.starts_with("refs/")) ref.insert(0, "refs/");
  const size_t star = ref.find('*');
  if (star == ref.npos || ref.find('*', star + 1) != ref.npos || ref.starts_with("refs/heads/") ||
      ref.starts_with("refs/tags/")) {
    return Error{Code::invalid,
                 fmt::format("config.xml: DiscoverOtherRefsTrait: ref '{}': a ref with one * for "
                             "the number is wanted, such as pull/*/head",
                             ref)};
  }
  TRY(check_git_ref(replace_all(ref, "*", "1"), "DiscoverOtherRefsTrait: ref"));
  std::string prefix = jenkins::child_text(trait, "nameMapping");
  prefix.resize(std::min(prefix.find("@{1}"), prefix.size()));
  if (prefix.empty()) prefix = ref.starts_with("refs/merge-requests/") ? "MR-" : "PR-";
  out.request_refs.push_back({ref.substr(0, star), ref.substr(star + 1), prefix});
  return {};
}

int64_t count_of(const json::value& discarder, std::string_view name) {
  const auto number = parse_int(text_at(discarder, {name}));
  return number && *number >= 0 ? *number : -1;
}

Result<> check(const BranchSettings& settings) {
  TRY(check_git_url(settings.url));
  if (settings.regex.size() > kMaxRegexBytes) {
    return Error{Code::too_large,
                 fmt::format("regex_filter: longer than {} bytes", kMaxRegexBytes)};
  }
  const std::string& path = settings.script_path;
  bool leads_out = path.starts_with('/') || path.contains('\n');
  for (std::string_view part : split(path, '/')) leads_out |= part == "..";
  if (leads_out) {
    return Error{Code::invalid,
                 fmt::format("script_path: '{}' is no path in the repository", path)};
  }
  if (settings.type != "git" && (settings.owner.empty() || settings.repository.empty())) {
    return Error{Code::invalid,
                 fmt::format("{}_source: owner and repo are both required", settings.type)};
  }
  if (!settings.schedule.empty()) TRY(Cron::parse(settings.schedule, "scan"));
  return {};
}

void add_element(pugi::xml_node parent, const std::string& name, const json::value& value) {
  if (const json::object* object = value.if_object()) {
    pugi::xml_node node = parent.append_child(name.c_str());
    for (const auto& [key, member] : *object) {
      if (key != "$class") add_element(node, key, member);
    }
  } else if (value.is_string()) {
    jenkins::add_text(parent, name.c_str(), value.get_string());
  } else {
    jenkins::add_text(parent, name.c_str(), to_json(value));
  }
}

}  // namespace

Result<BranchSettings> read_branch_settings(const std::string& config_xml) {
  const json::value spec = TRY(jenkins::spec_of(config_xml));
  const json::value* project = find(spec, {"multi_branch_pipeline"});
  if (project == nullptr) return Error{Code::invalid, "config.xml: no multi-branch pipeline"};
  BranchSettings out;
  out.type = text_at(*project, {"source_type"});
  out.description = text_at(*project, {"description"});
  if (out.type.empty()) {
    return Error{Code::invalid, "config.xml: the multi-branch pipeline has no source"};
  }
  if (out.type.ends_with("svn")) {
    return Error{Code::invalid,
                 fmt::format("source_type: '{}' is not supported: Subversion has no branches that "
                             "this engine could scan; use git, github, gitlab or bitbucket_server",
                             out.type)};
  }
  const pugi::xml_document document = TRY(jenkins::parse_xml(config_xml));
  const pugi::xml_node root = document.document_element();
  const json::value& source = *find(*project, {out.type + "_source"});
  out.credentials_id = text_at(source, {"credential_id"});
  out.tags = bool_at(source, {"discover_tags"});
  out.regex = text_at(source, {"regex_filter"});
  if (out.type == "git") {
    out.url = text_at(source, {"url"});
    out.branches = bool_at(source, {"discover_branches"}) ? 3 : 0;
    const pugi::xml_node traits = root.child("sources")
                                      .child("data")
                                      .child("jenkins.branch.BranchSource")
                                      .child("source")
                                      .child("traits");
    for (pugi::xml_node trait :
         traits.children("jenkins.plugins.git.traits.DiscoverOtherRefsTrait"))
      TRY(add_request_refs(trait, out));
  } else {
    read_forge(source, out);
  }
  if (const json::value* clone = find(source, {"git_clone_option"})) {
    const int64_t depth = int_at(*clone, {"depth"}), minutes = int_at(*clone, {"timeout"});
    json::object option{{"$class", "CloneOption"}, {"shallow", bool_at(*clone, {"shallow"})}};
    if (depth > 0) option["depth"] = depth;
    if (minutes > 0) option["timeout"] = minutes;
    out.clone = std::move(option);
  }
  if (const std::string_view path = text_at(*project, {"script_path"}); !path.empty())
    out.script_path = path;
  if (const json::value* discarder = find(*project, {"discarder"})) {
    out.days = count_of(*discarder, "days_to_keep");
    out.count = count_of(*discarder, "num_to_keep");
  } else if (root.child("orphanedItemStrategy")) {
    out.prune = false;
  }
  out.schedule = jenkins::child_text(
      root.child("triggers")
          .child("com.cloudbees.hudson.plugins.folder.computed.PeriodicFolderTrigger"),
      "spec");
  out.on_create = text_at(*project, {"multibranch_job_trigger", "create_action_job_to_trigger"});
  out.on_delete = text_at(*project, {"multibranch_job_trigger", "delete_action_job_to_trigger"});
  out.disabled = jenkins::child_text(root, "disabled") == "true";
  TRY(check(out));
  return out;
}

json::object scm_of_head(const BranchSettings& settings, const Head& head) {
  json::object remote{{"url", settings.url}};
  if (!settings.credentials_id.empty()) remote["credentialsId"] = settings.credentials_id;
  std::string branch = head.name;
  std::string ref = head.ref;
  std::string refspec;
  if (head.kind == HeadKind::branch) {
    ref = "refs/remotes/origin/" + head.name;
    refspec = fmt::format("+refs/heads/{0}:refs/remotes/origin/{0}", head.name);
  } else if (head.kind == HeadKind::tag) {
    refspec = fmt::format("+{0}:{0}", head.ref);
    branch = head.ref;
  } else {
    refspec = fmt::format("+{}:refs/remotes/origin/{}", head.ref, head.name);
    if (!head.target.empty())
      refspec += fmt::format(" +refs/heads/{0}:refs/remotes/origin/{0}", head.target);
  }
  // git would take it for an option.
  if (branch.starts_with('-')) branch.insert(0, "refs/heads/");
  // A script's variables are replaced in these, and a branch may be called `$HOME`.
  if (refspec.contains('$')) {
    refspec = "+refs/heads/*:refs/remotes/origin/* +refs/tags/*:refs/tags/*";
    branch = "**";
  }
  remote["refspec"] = refspec;
  json::object clone{{"$class", "CloneOption"}};
  if (settings.clone.is_object()) clone = settings.clone.get_object();
  // What a run checks out is one branch: nothing else is fetched for it.
  clone["honorRefspec"] = true;
  clone["noTags"] = !settings.tags;
  json::array extensions{std::move(clone)};
  if (head.merge && !head.target.empty()) {
    extensions.push_back(json::object{
        {"$class", "PreBuildMerge"},
        {"options", json::object{{"mergeRemote", "origin"}, {"mergeTarget", head.target}}}});
  }
  json::object out{{"$class", "GitSCM"},
                   {"userRemoteConfigs", json::array{std::move(remote)}},
                   {"branches", json::array{json::object{{"name", branch}}}},
                   {"extensions", std::move(extensions)},
                   {"scriptPath", settings.script_path},
                   {"ref", ref},
                   {"headName", head.name}};
  if (!head.trusted && !head.target.empty()) {
    out["trustedBranch"] = head.target;
    out["revision"] = head.commit;
  }
  return out;
}

std::string config_of_head(const BranchSettings& settings, const Head& head) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("flow-definition");
  jenkins::set_attribute(root, "plugin", "workflow-job");
  pugi::xml_node property = root.append_child("properties")
                                .append_child(
                                    "org.jenkinsci.plugins.workflow.multibranch."
                                    "BranchJobProperty");
  jenkins::set_attribute(property, "plugin", "workflow-multibranch");
  pugi::xml_node branch = property.append_child("branch");
  jenkins::add_text(branch, "sourceId", settings.type);
  pugi::xml_node element = branch.append_child("head");
  jenkins::add_text(element, "name", head.name);
  jenkins::add_text(element, "ref", head.ref);
  if (head.kind == HeadKind::request) {
    jenkins::add_text(element, "number", head.id);
    jenkins::add_text(element, "target", head.target);
  }
  pugi::xml_node definition = root.append_child("definition");
  jenkins::set_attribute(definition, "class",
                         "org.jenkinsci.plugins.workflow.multibranch.SCMBinder");
  jenkins::set_attribute(definition, "plugin", "workflow-multibranch");
  jenkins::add_text(definition, "scriptPath", settings.script_path);
  add_element(definition, "scm", json::value(scm_of_head(settings, head)));
  root.append_child("triggers");
  jenkins::add_text(root, "disabled", settings.disabled ? "true" : "false");
  return jenkins::print_xml(document);
}

}  // namespace ks::engine
