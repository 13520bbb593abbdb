#include "engine/scm/scm_objects.h"

#include <fmt/format.h>

#include "base/json.h"
#include "engine/record_object.h"
#include "engine/scm/repository.h"

namespace ks::engine {
namespace {

constexpr std::string_view kNoScm =
    "‘checkout scm’ is only available when using “Multibranch Pipeline” or “Pipeline script from "
    "SCM”";

}  // namespace

groovy::Value scm_global(Run& run, groovy::Task& task) {
  if (!run.spec().scm.is_object()) run.fail(task, kNoScm);
  json::object data = run.spec().scm.get_object();
  // All checkouts of a branch's run are of the commit that its Jenkinsfile is from.
  if (data.contains("headName") && !data.contains("revision") && !data.contains("trustedBranch") &&
      run.jenkinsfile_commit != nullptr)
    data["revision"] = run.jenkinsfile_commit->commit;
  // What nobody configured reads as null, not as a missing property.
  for (json::value& remote : data["userRemoteConfigs"].as_array()) {
    for (std::string_view name : {"url", "name", "refspec", "credentialsId"})
      remote.as_object().emplace(name, nullptr);
  }
  if (Result<GitSpec> spec =
          read_git_spec(data, [](std::string_view text) { return std::string(text); }))
    data["key"] = spec->key();
  return groovy::Value(
      task.heap().make<RecordObject>("hudson.plugins.git.GitSCM", std::move(data)));
}

groovy::Value change_sets(Run& run, groovy::Task& task) {
  std::vector<groovy::Value> sets;
  for (const json::value& checkout : run.checkouts()) {
    const json::value* changes = find(checkout, {"changes"});
    if (changes == nullptr || !changes->is_array() || changes->get_array().empty()) continue;
    json::object set{{"kind", "git"}, {"items", *changes}, {"logs", *changes}};
    set["emptySet"] = false;
    sets.emplace_back(task.heap().make<RecordObject>("hudson.plugins.git.GitChangeSetList",
                                                     std::move(set), "items"));
  }
  return task.interpreter().make_list(std::move(sets));
}

GitSpec git_spec_of(Run& run, groovy::Task& task, const json::value& description) {
  if (!description.is_object()) run.fail(task, kNoScm);
  std::string name(text_at(description, {"$class"}));
  if (const size_t dot = name.rfind('.'); dot != name.npos) name.erase(0, dot + 1);
  if (!name.empty() && name != "GitSCM" && name != "scmGit") {
    run.fail(task, fmt::format("checkout: '{}' is not available here; git is: checkout "
                               "scmGit(branches: [[name: 'main']], userRemoteConfigs: [[url: "
                               "'...']])",
                               name));
  }
  const ContextRef context = run.context(task);
  Result<GitSpec> spec = read_git_spec(description, [&](std::string_view text) {
    return expand_variables(
        text, [&](std::string_view variable) { return run.env_value(context.get(), variable); });
  });
  if (!spec) run.fail(task, spec.error().message);
  return std::move(*spec);
}

}  // namespace ks::engine
