#include "jenkins/config/multi_branch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/text.h"
#include "jenkins/xml.h"

namespace ks::jenkins {
namespace {

constexpr const char* kProject =
    "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject";
constexpr const char* kJobTriggers =
    "org.jenkinsci.plugins.workflow.multibranch.PipelineTriggerProperty";
constexpr const char* kPeriodic =
    "com.cloudbees.hudson.plugins.folder.computed.PeriodicFolderTrigger";
constexpr const char* kClone = "jenkins.plugins.git.traits.CloneOptionTrait";
constexpr const char* kRegex = "jenkins.scm.impl.trait.RegexSCMHeadFilterTrait";
constexpr const char* kGitBranches = "jenkins.plugins.git.traits.BranchDiscoveryTrait";
constexpr const char* kGitTags = "jenkins.plugins.git.traits.TagDiscoveryTrait";
constexpr const char* kGitClass = "jenkins.plugins.git.GitSCMSource";
constexpr const char* kSvnClass = "jenkins.scm.impl.subversion.SubversionSCMSource";
constexpr const char* kSingleClass = "jenkins.scm.impl.SingleSCMSource";
constexpr const char* kModuleLocation = "hudson.scm.SubversionSCM_-ModuleLocation";

/// The kinds of trust in forks, by the number that a spec has.
struct Trust {
  int64_t number;
  std::string_view name;
};

/// How a forge's source is written.
struct Forge {
  std::string_view type;  ///< spec.source_type
  const char* body;       ///< the member with the source
  const char* java_class;
  const char* plugin;
  std::string_view owner, repository;  ///< elements
  std::string traits;                  ///< what their element names begin with
  std::string trust;                   ///< what the class of trust begins with
  const char* origin;
  const char* fork;
  bool tags_first;  ///< before the requests
  std::array<Trust, 4> trusts;
};

const std::array<Forge, 3>& forges() {
  static const std::array<Forge, 3> kForges = {{
      {"github",
       "github_source",
       "org.jenkinsci.plugins.github_branch_source.GitHubSCMSource",
       "github-branch-source",
       "repoOwner",
       "repository",
       "org.jenkinsci.plugins.github__branch__source.",
       "org.jenkinsci.plugins.github_branch_source.",
       "OriginPullRequestDiscoveryTrait",
       "ForkPullRequestDiscoveryTrait",
       false,
       {{{1, "TrustContributors"},
         {2, "TrustEveryone"},
         {3, "TrustPermission"},
         {4, "TrustNobody"}}}},
      {"gitlab",
       "gitlab_source",
       "io.jenkins.plugins.gitlabbranchsource.GitLabSCMSource",
       "gitlab-branch-source",
       "projectOwner",
       "projectPath",
       "io.jenkins.plugins.gitlabbranchsource.",
       "io.jenkins.plugins.gitlabbranchsource.",
       "OriginMergeRequestDiscoveryTrait",
       "ForkMergeRequestDiscoveryTrait",
       true,
       {{{1, "TrustMembers"}, {2, "TrustEveryone"}, {3, "TrustPermission"}, {4, "TrustNobody"}}}},
      // The original writes GitLab's names here, one of which Bitbucket's plugin does not have.
      {"bitbucket_server",
       "bitbucket_server_source",
       "com.cloudbees.jenkins.plugins.bitbucket.BitbucketSCMSource",
       "cloudbees-bitbucket-branch-source",
       "repoOwner",
       "repository",
       "com.cloudbees.jenkins.plugins.bitbucket.",
       "com.cloudbees.jenkins.plugins.bitbucket.",
       "OriginPullRequestDiscoveryTrait",
       "ForkPullRequestDiscoveryTrait",
       false,
       {{{1, "TrustEveryone"}, {2, "TrustTeamForks"}, {3, "TrustNobody"}, {0, ""}}}},
  }};
  return kForges;
}

/// `<owner class="..." reference="../.."/>`, as each part of the project names it.
void add_owner(pugi::xml_node parent) {
  pugi::xml_node owner = parent.append_child("owner");
  set_attribute(owner, "class", kProject);
  set_attribute(owner, "reference", "../..");
}

pugi::xml_node add_class(pugi::xml_node parent, const char* name, const char* java_class,
                         const char* plugin = nullptr) {
  pugi::xml_node node = parent.append_child(name);
  set_attribute(node, "class", java_class);
  if (plugin != nullptr) set_attribute(node, "plugin", plugin);
  return node;
}

/// The schedule of a scan that is due each `interval` milliseconds (section 6.5).
std::string_view spec_of_interval(int64_t milliseconds) {
  constexpr int64_t kMinute = 60'000;
  constexpr int64_t kHour = 60 * kMinute;
  struct Step {
    int64_t most;
    std::string_view spec;
  };
  static constexpr Step kSteps[] = {{5 * kMinute, "* * * * *"},  {30 * kMinute, "H/5 * * * *"},
                                    {kHour, "H/15 * * * *"},     {8 * kHour, "H/30 * * * *"},
                                    {24 * kHour, "H H/4 * * *"}, {48 * kHour, "H H/12 * * *"}};
  for (const Step& step : kSteps) {
    if (milliseconds <= step.most) return step.spec;
  }
  return "H H * * *";
}

void add_clone_and_regex(pugi::xml_node traits, const json::value& source) {
  if (const json::value* clone = find(source, {"git_clone_option"});
      clone != nullptr && clone->is_object()) {
    pugi::xml_node node = traits.append_child(kClone);
    pugi::xml_node extension =
        add_class(node, "extension", "hudson.plugins.git.extensions.impl.CloneOption");
    const int64_t timeout = int_at(*clone, {"timeout"}), depth = int_at(*clone, {"depth"});
    add_text(extension, "shallow", bool_at(*clone, {"shallow"}) ? "true" : "false");
    add_text(extension, "noTags", "false");
    add_text(extension, "honorRefspec", "true");
    add_text(extension, "reference", {});
    add_text(extension, "timeout", std::to_string(timeout < 0 ? 10 : timeout));
    add_text(extension, "depth", std::to_string(depth < 0 ? 1 : depth));
  }
  if (const std::string_view regex = text_at(source, {"regex_filter"}); !regex.empty()) {
    pugi::xml_node node = traits.append_child(kRegex);
    set_attribute(node, "plugin", "scm-api");
    add_text(node, "regex", regex);
  }
}

void add_git(pugi::xml_node node, const json::value& source) {
  add_text(node, "id", text_at(source, {"scm_id"}));
  add_text(node, "remote", text_at(source, {"url"}));
  if (const std::string_view id = text_at(source, {"credential_id"}); !id.empty())
    add_text(node, "credentialsId", id);
  pugi::xml_node traits = node.append_child("traits");
  if (bool_at(source, {"discover_branches"})) traits.append_child(kGitBranches);
  if (bool_at(source, {"discover_tags"})) traits.append_child(kGitTags);
  add_clone_and_regex(traits, source);
}

void add_strategy(pugi::xml_node traits, const std::string& name, int64_t strategy) {
  if (strategy == 0) return;
  add_text(traits.append_child(name.c_str()), "strategyId", std::to_string(strategy));
}

void add_forge(pugi::xml_node node, const Forge& forge, const json::value& source) {
  auto text = [&](std::string_view name) { return text_at(source, {name}); };
  add_text(node, "id", text("scm_id"));
  if (forge.type == "gitlab") add_text(node, "serverName", text("server_name"));
  add_text(node, "credentialsId", text("credential_id"));
  add_text(node, forge.owner.data(), text("owner"));
  add_text(node, forge.repository.data(), text("repo"));
  if (forge.type == "bitbucket_server") add_text(node, "serverUrl", text("api_uri"));
  if (forge.type == "github" && !text("api_uri").empty()) add_text(node, "apiUri", text("api_uri"));

  pugi::xml_node traits = node.append_child("traits");
  const bool tags = bool_at(source, {"discover_tags"});
  const std::string tag = forge.traits + "TagDiscoveryTrait";
  add_strategy(traits, forge.traits + "BranchDiscoveryTrait",
               int_at(source, {"discover_branches"}));
  if (tags && forge.tags_first) traits.append_child(tag.c_str());
  add_strategy(traits, forge.traits + forge.origin, int_at(source, {"discover_pr_from_origin"}));
  if (const json::value* forks = find(source, {"discover_pr_from_forks"});
      forks != nullptr && forks->is_object()) {
    pugi::xml_node trait = traits.append_child((forge.traits + forge.fork).c_str());
    add_text(trait, "strategyId", std::to_string(int_at(*forks, {"strategy"})));
    const auto trust = std::ranges::find(forge.trusts, int_at(*forks, {"trust"}), &Trust::number);
    const std::string_view name = trust == forge.trusts.end() ? "" : trust->name;
    add_class(trait, "trust", fmt::format("{}{}${}", forge.trust, forge.fork, name).c_str());
  }
  if (tags && !forge.tags_first) traits.append_child(tag.c_str());
  add_clone_and_regex(traits, source);
}

void add_svn(pugi::xml_node node, const json::value& source) {
  add_text(node, "id", text_at(source, {"scm_id"}));
  for (const auto& [element, field] :
       {std::pair{"credentialsId", "credential_id"}, std::pair{"remoteBase", "remote"},
        std::pair{"includes", "includes"}, std::pair{"excludes", "excludes"}}) {
    if (const std::string_view text = text_at(source, {field}); !text.empty())
      add_text(node, element, text);
  }
}

void add_single_svn(pugi::xml_node node, const json::value& source) {
  add_text(node, "id", text_at(source, {"scm_id"}));
  add_text(node, "name", "master");
  pugi::xml_node scm = add_class(node, "scm", "hudson.scm.SubversionSCM", "subversion");
  pugi::xml_node location = scm.append_child("locations").append_child(kModuleLocation);
  if (const std::string_view remote = text_at(source, {"remote"}); !remote.empty())
    add_text(location, "remote", remote);
  if (const std::string_view id = text_at(source, {"credential_id"}); !id.empty())
    add_text(location, "credentialsId", id);
  add_text(location, "local", ".");
  add_text(location, "depthOption", "infinity");
  add_text(location, "ignoreExternalsOption", "true");
  add_text(location, "cancelProcessOnExternalsFail", "true");
  for (const char* name : {"excludedRegions", "includedRegions", "excludedUsers", "excludedRevprop",
                           "excludedCommitMessages"}) {
    node.append_child(name);
  }
  add_class(node, "workspaceUpdater", "hudson.scm.subversion.UpdateUpdater");
  add_text(node, "ignoreDirPropChanges", "false");
  add_text(node, "filterChangelog", "false");
  add_text(node, "quietOperation", "true");
}

Result<> add_source(pugi::xml_node parent, const json::value& pipeline) {
  const std::string type(text_at(pipeline, {"source_type"}));
  pugi::xml_node node = parent.append_child("source");
  const json::value* source = find(pipeline, {type + "_source"});
  auto begin = [&](const char* java_class, const char* plugin) {
    if (source == nullptr || !source->is_object()) return false;
    set_attribute(node, "class", java_class);
    set_attribute(node, "plugin", plugin);
    return true;
  };
  for (const Forge& forge : forges()) {
    if (type != forge.type) continue;
    if (begin(forge.java_class, forge.plugin)) add_forge(node, forge, *source);
    return {};
  }
  if (type == "git") {
    if (begin(kGitClass, "git")) add_git(node, *source);
  } else if (type == "svn") {
    if (begin(kSvnClass, "subversion")) add_svn(node, *source);
  } else if (type == "single_svn") {
    if (begin(kSingleClass, "scm-api")) add_single_svn(node, *source);
  } else {
    return Error{Code::invalid, "unsupport source type: " + type};
  }
  return {};
}

void add_properties(pugi::xml_node root, const json::value& pipeline) {
  pugi::xml_node properties = root.append_child("properties");
  pugi::xml_node folder =
      properties.append_child("org.jenkinsci.plugins.pipeline.modeldefinition.config.FolderConfig");
  set_attribute(folder, "plugin", "pipeline-model-definition");
  folder.append_child("dockerLabel");
  set_attribute(folder.append_child("registry"), "plugin", "docker-commons");
  const json::value* jobs = find(pipeline, {"multibranch_job_trigger"});
  if (jobs == nullptr || !jobs->is_object()) return;
  pugi::xml_node trigger = properties.append_child(kJobTriggers);
  set_attribute(trigger, "plugin", "multibranch-action-triggers");
  add_text(trigger, "createActionJobsToTrigger", text_at(*jobs, {"create_action_job_to_trigger"}));
  add_text(trigger, "deleteActionJobsToTrigger", text_at(*jobs, {"delete_action_job_to_trigger"}));
}

Result<> add_triggers(pugi::xml_node root, const json::value& pipeline) {
  pugi::xml_node triggers = root.append_child("triggers");
  const json::value* timer = find(pipeline, {"timer_trigger"});
  if (timer == nullptr || !timer->is_object()) return {};
  const std::string interval(text_at(*timer, {"interval"}));
  const std::optional<int64_t> milliseconds = parse_int(interval);
  if (!milliseconds) {
    return Error{Code::invalid,
                 fmt::format("spec.multi_branch_pipeline.timer_trigger.interval: \"{}\" is no "
                             "number of milliseconds",
                             interval)};
  }
  pugi::xml_node periodic = triggers.append_child(kPeriodic);
  set_attribute(periodic, "plugin", "cloudbees-folder");
  add_text(periodic, "spec", spec_of_interval(*milliseconds));
  add_text(periodic, "interval", interval);
  add_text(triggers, "disabled", "false");
  return {};
}

// ----- reading -----

void put(json::object& to, std::string_view key, const std::string& text) {
  if (!text.empty()) to[key] = text;
}

/// A trait of that name. The original writes a stray `>` after one, which a parser takes for text.
pugi::xml_node trait_of(pugi::xml_node source, const std::string& name) {
  return source.child("traits").child(name.c_str());
}

void read_clone_and_regex(pugi::xml_node source, json::object& out) {
  if (const pugi::xml_node trait = trait_of(source, kClone)) {
    const pugi::xml_node extension = trait.child("extension");
    json::object clone;
    if (child_text(extension, "shallow") == "true") clone["shallow"] = true;
    for (const char* name : {"timeout", "depth"}) {
      if (const auto number = parse_int(child_text(extension, name)); number && *number != 0)
        clone[name] = *number;
    }
    out["git_clone_option"] = std::move(clone);
  }
  put(out, "regex_filter", child_text(trait_of(source, kRegex), "regex"));
}

json::object read_git(pugi::xml_node source) {
  json::object out;
  put(out, "url", child_text(source, "remote"));
  put(out, "credential_id", child_text(source, "credentialsId"));
  if (trait_of(source, kGitBranches)) out["discover_branches"] = true;
  if (trait_of(source, kGitTags)) out["discover_tags"] = true;
  read_clone_and_regex(source, out);
  return out;
}

int64_t strategy_of(pugi::xml_node trait) {
  return parse_int(child_text(trait, "strategyId")).value_or(0);
}

json::object read_forge(pugi::xml_node source, const Forge& forge) {
  json::object out;
  if (forge.type == "gitlab") put(out, "server_name", child_text(source, "serverName"));
  put(out, "owner", child_text(source, forge.owner.data()));
  put(out, "repo", child_text(source, forge.repository.data()));
  put(out, "credential_id", child_text(source, "credentialsId"));
  if (forge.type == "bitbucket_server") put(out, "api_uri", child_text(source, "serverUrl"));
  if (forge.type == "github") put(out, "api_uri", child_text(source, "apiUri"));
  if (const int64_t all = strategy_of(trait_of(source, forge.traits + "BranchDiscoveryTrait")))
    out["discover_branches"] = all;
  if (const int64_t origin = strategy_of(trait_of(source, forge.traits + forge.origin)))
    out["discover_pr_from_origin"] = origin;
  if (const pugi::xml_node forks = trait_of(source, forge.traits + forge.fork)) {
    const std::string_view java_class = forks.child("trust").attribute("class").value();
    const std::string_view name = java_class.substr(java_class.rfind('$') + 1);
    const auto trust = std::ranges::find(forge.trusts, name, &Trust::name);
    out["discover_pr_from_forks"] =
        json::object{{"strategy", strategy_of(forks)},
                     {"trust", trust == forge.trusts.end() ? 1 : trust->number}};
  }
  if (trait_of(source, forge.traits + "TagDiscoveryTrait")) out["discover_tags"] = true;
  read_clone_and_regex(source, out);
  return out;
}

json::object read_svn(pugi::xml_node source) {
  json::object out;
  put(out, "remote", child_text(source, "remoteBase"));
  put(out, "credential_id", child_text(source, "credentialsId"));
  put(out, "includes", child_text(source, "includes"));
  put(out, "excludes", child_text(source, "excludes"));
  return out;
}

json::object read_single_svn(pugi::xml_node source) {
  const pugi::xml_node location = source.child("scm").child("locations").child(kModuleLocation);
  json::object out;
  put(out, "remote", child_text(location, "remote"));
  put(out, "credential_id", child_text(location, "credentialsId"));
  return out;
}

Result<> read_source(pugi::xml_node root, json::object& out) {
  const pugi::xml_node source =
      root.child("sources").child("data").child("jenkins.branch.BranchSource").child("source");
  const std::string_view java_class = source.attribute("class").value();
  auto take = [&](std::string_view type, json::object body) {
    out["source_type"] = type;
    out[std::string(type) + "_source"] = std::move(body);
    return Result<>();
  };
  for (const Forge& forge : forges()) {
    if (java_class == forge.java_class) return take(forge.type, read_forge(source, forge));
  }
  if (java_class == kGitClass) return take("git", read_git(source));
  if (java_class == kSvnClass) return take("svn", read_svn(source));
  if (java_class == kSingleClass) return take("single_svn", read_single_svn(source));
  if (java_class.empty()) return {};
  return Error{Code::invalid,
               fmt::format("config.xml: sources of class '{}' are not supported", java_class)};
}

}  // namespace

Result<> write_multi_branch(pugi::xml_document& document, const json::value& pipeline) {
  pugi::xml_node root = document.append_child(kProject);
  set_attribute(root, "plugin", "workflow-multibranch");
  root.append_child("actions");
  add_properties(root, pipeline);
  add_owner(
      add_class(root, "folderViews", "jenkins.branch.MultiBranchProjectViewHolder", "branch-api"));
  pugi::xml_node health = root.append_child("healthMetrics")
                              .append_child(
                                  "com.cloudbees.hudson.plugins.folder.health."
                                  "WorstChildHealthMetric");
  set_attribute(health, "plugin", "cloudbees-folder");
  add_text(health, "nonRecursive", "false");
  add_owner(add_class(root, "icon", "jenkins.branch.MetadataActionFolderIcon", "branch-api"));
  add_text(root, "description", text_at(pipeline, {"description"}));
  if (const json::value* discarder = find(pipeline, {"discarder"});
      discarder != nullptr && discarder->is_object()) {
    pugi::xml_node strategy =
        add_class(root, "orphanedItemStrategy",
                  "com.cloudbees.hudson.plugins.folder.computed.DefaultOrphanedItemStrategy",
                  "cloudbees-folder");
    add_text(strategy, "pruneDeadBranches", "true");
    add_text(strategy, "daysToKeep", text_at(*discarder, {"days_to_keep"}));
    add_text(strategy, "numToKeep", text_at(*discarder, {"num_to_keep"}));
  }
  TRY(add_triggers(root, pipeline));
  pugi::xml_node sources = add_class(
      root, "sources", "jenkins.branch.MultiBranchProject$BranchSourceList", "branch-api");
  add_owner(sources);
  pugi::xml_node source = sources.append_child("data").append_child("jenkins.branch.BranchSource");
  pugi::xml_node strategy =
      add_class(source, "strategy", "jenkins.branch.NamedExceptionsBranchPropertyStrategy");
  add_class(strategy, "defaultProperties", "empty-list");
  add_class(strategy, "namedExceptions", "empty-list");
  TRY(add_source(source, pipeline));
  pugi::xml_node factory = add_class(
      root, "factory", "org.jenkinsci.plugins.workflow.multibranch.WorkflowBranchProjectFactory");
  add_owner(factory);
  add_text(factory, "scriptPath", text_at(pipeline, {"script_path"}));
  return {};
}

Result<json::value> read_multi_branch(pugi::xml_node root) {
  json::object out{{"name", ""}};
  put(out, "description", child_text(root, "description"));
  // 4.x writes the strategy always, and says there whether it counts.
  if (const pugi::xml_node strategy = root.child("orphanedItemStrategy");
      strategy && child_text(strategy, "pruneDeadBranches") != "false") {
    json::object discarder;
    put(discarder, "days_to_keep", child_text(strategy, "daysToKeep"));
    put(discarder, "num_to_keep", child_text(strategy, "numToKeep"));
    out["discarder"] = std::move(discarder);
  }
  if (const pugi::xml_node periodic = root.child("triggers").child(kPeriodic)) {
    json::object timer;
    put(timer, "interval", child_text(periodic, "interval"));
    out["timer_trigger"] = std::move(timer);
  }
  TRY(read_source(root, out));
  out["script_path"] = child_text(root.child("factory"), "scriptPath");
  if (const pugi::xml_node jobs = root.child("properties").child(kJobTriggers)) {
    json::object trigger;
    put(trigger, "create_action_job_to_trigger", child_text(jobs, "createActionJobsToTrigger"));
    put(trigger, "delete_action_job_to_trigger", child_text(jobs, "deleteActionJobsToTrigger"));
    out["multibranch_job_trigger"] = std::move(trigger);
  }
  return json::value(std::move(out));
}

}  // namespace ks::jenkins
