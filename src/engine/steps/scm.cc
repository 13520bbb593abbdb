#include <fmt/format.h>

#include "base/json.h"
#include "engine/scm/checkout.h"
#include "engine/scm/jenkinsfile.h"
#include "engine/scm/retries.h"
#include "engine/scm/scm_objects.h"
#include "engine/step.h"

// git, checkout, resolveScm, readTrusted, and the words that describe a repository.

namespace ks::engine {
namespace {

groovy::Value as_map(StepCall& call, const GitVariables& variables) {
  std::vector<std::pair<std::string, groovy::Value>> entries;
  for (const auto& [name, value] : variables) entries.emplace_back(name, call.string(value));
  return call.run.interpreter().make_map(std::move(entries));
}

GitVariables check_out_patiently(StepCall& call, const GitSpec& spec) {
  GitVariables variables;
  with_checkout_retries(call.run, call.task, [&] {
    variables = check_out(call.run, call.task, spec, call.flag("changelog", true));
  });
  return variables;
}

/// The branch of `git` is a local one afterwards, where `checkout` leaves no branch.
groovy::Value git(StepCall& call) {
  const std::string branch = call.text("branch", "master");
  json::object description =
      git_description(call.text("url"), "*/" + branch, call.text("credentialsId"));
  description["extensions"] =
      json::array{json::object{{"$class", "LocalBranch"}, {"localBranch", branch}}};
  return as_map(call, check_out_patiently(call, git_spec_of(call.run, call.task, description)));
}

groovy::Value checkout(StepCall& call) {
  const json::value description = from_groovy(call.task, call.value("scm"));
  return as_map(call, check_out_patiently(call, git_spec_of(call.run, call.task, description)));
}

groovy::Value read_trusted_step(StepCall& call) {
  return call.string(read_trusted(call, call.text("path")));
}

/// The first of the wanted branches that there is; the description of it, for `checkout`.
groovy::Value resolve_scm(StepCall& call) {
  const json::value source = from_groovy(call.task, call.value("source"));
  std::vector<std::string> targets;
  for (const groovy::Value& one : groovy::list_items(call.task, call.value("targets")))
    targets.push_back(call.run.interpreter().to_string(call.task, one));
  std::string_view url = text_at(source, {"remote"});
  if (url.empty()) url = text_at(source, {"repositoryUrl"});
  if (targets.empty()) call.fail("resolveScm: targets is empty; give the names of branches");
  Result<> address = check_git_url(url);
  if (!address) call.fail(address.error().message);
  for (const std::string& target : targets) {
    const std::optional<json::object> found = resolve_target(
        call, std::string(url), std::string(text_at(source, {"credentialsId"})), target);
    if (found) return to_groovy(call.run.interpreter(), *found);
  }
  if (call.flag("ignoreErrors")) return {};
  call.fail("Could not find any matching candidate");
}

/// `scmGit(...)` and its like describe something: a map that says what it is, by its symbol.
groovy::Value describe(StepCall& call) {
  std::vector<std::pair<std::string, groovy::Value>> entries = {
      {"$class", call.string(call.info.name)}};
  for (const auto& [name, value] : call.arguments) entries.emplace_back(name, value);
  return call.run.interpreter().make_map(std::move(entries));
}

struct Symbol {
  std::string_view name;
  std::vector<std::string_view> parameters = {};
  std::string_view sole = {};
};

void add_scm_symbols(StepRegistry& registry) {
  const Symbol symbols[] = {
      {"scmGit",
       {"branches", "userRemoteConfigs", "extensions", "browser", "gitTool",
        "doGenerateSubmoduleConfigurations", "submoduleCfg"}},
      // Where a library comes from.
      {"modernSCM", {"scm", "libraryPath"}, "scm"},
      {"legacySCM", {"scm", "libraryPath", "clone"}, "scm"},
      {"gitSource", {"remote", "credentialsId", "traits", "id"}, "remote"},
      {"github",
       {"repoOwner", "repository", "repositoryUrl", "credentialsId", "configuredByUrl", "traits",
        "id"}},
      // Extensions; those without a symbol are written [$class: 'WipeWorkspace'].
      {"cloneOption", {"depth", "shallow", "noTags", "reference", "timeout", "honorRefspec"}},
      {"checkoutOption", {"timeout"}, "timeout"},
      {"localBranch", {"localBranch"}, "localBranch"},
      {"cleanBeforeCheckout", {"deleteUntrackedNestedRepositories"}},
      {"cleanAfterCheckout", {"deleteUntrackedNestedRepositories"}},
      {"pruneStaleBranch"},
      {"pruneTags", {"pruneTags"}, "pruneTags"},
      {"submodule",
       {"depth", "disableSubmodules", "parentCredentials", "recursiveSubmodules", "reference",
        "shallow", "threads", "timeout", "trackingSubmodules"}},
      {"sparseCheckout", {"sparseCheckoutPaths"}, "sparseCheckoutPaths"},
      {"sparseCheckoutPath", {"path"}, "path"},
      {"lfs"},
  };
  for (const Symbol& each : symbols) {
    registry.add({.name = each.name,
                  .parameters = each.parameters,
                  .sole = each.sole,
                  .function = describe,
                  .quiet = true,
                  .symbol = true});
  }
}

}  // namespace

void add_scm_steps(StepRegistry& registry) {
  registry.add({.name = "git",
                .parameters = {"url", "branch", "credentialsId", "poll", "changelog"},
                .sole = "url",
                .needs = Needs::node,
                .function = git});
  registry.add({.name = "checkout",
                .parameters = {"scm", "poll", "changelog"},
                .sole = "scm",
                .needs = Needs::node,
                .function = checkout});
  registry.add({.name = "readTrusted",
                .parameters = {"path"},
                .sole = "path",
                .function = read_trusted_step});
  registry.add({.name = "resolveScm",
                .parameters = {"source", "targets", "ignoreErrors"},
                .function = resolve_scm});
  add_scm_symbols(registry);
}

}  // namespace ks::engine
