#include "cmd/pipelines/import_plan.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/text.h"
#include "cmd/pipelines/scm_job.h"
#include "jenkins/config_xml.h"
#include "jenkins/xml.h"

namespace ks::cmd {
namespace {

constexpr size_t kMostDepth = 16;
constexpr size_t kMostJobs = 10'000;
constexpr size_t kMostConfigBytes = 512u << 20;  // of all jobs, as they are held until all are read
constexpr size_t kMostBuilds = 200'000;          // of all jobs
constexpr size_t kMostScriptBytes = 1u << 20;
constexpr size_t kMostNameBytes = 63;
constexpr size_t kMostCredentialBytes = 253;
constexpr const char* kTriggers =
    "org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty";
constexpr const char* kParameters = "hudson.model.ParametersDefinitionProperty";

/// A name that Kubernetes takes, as near as can be: `My App` is `my-app`.
Result<std::string> resource_name(std::string_view name) {
  std::string out;
  for (const char c : to_lower(name)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (out.ends_with('-')) out.pop_back();
  if (out.empty()) {
    return Error{Code::invalid, "its name has no letter of a-z and no digit; rename it"};
  }
  if (out.size() > kMostNameBytes) {
    return Error{Code::invalid, fmt::format("its name, '{}', would be longer than {} bytes; "
                                            "rename it",
                                            out, kMostNameBytes)};
  }
  return out;
}

bool is_secret_name(std::string_view name) {
  if (name.empty() || name.size() > kMostCredentialBytes) return false;
  bool after_edge = true;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!plain && (after_edge || (c != '-' && c != '.'))) return false;
    after_edge = c == '.';
  }
  const char last = name.back();
  return last != '-' && last != '.' && !name.contains("-.");
}

std::string reason_for(std::string_view root) {
  if (root == "project") {
    return "a freestyle job; only pipelines run here: write its steps as a Jenkinsfile";
  }
  if (root == "maven2-moduleset") {
    return "a Maven job; only pipelines run here: call mvn from a Jenkinsfile";
  }
  if (root == "matrix-project") {
    return "a multi-configuration job; only pipelines run here: use `matrix` of a Jenkinsfile";
  }
  if (root == "jenkins.branch.OrganizationFolder") {
    return "an organization folder; make a multi-branch pipeline of each repository";
  }
  return fmt::format("a job of class <{}>; only pipelines run here", root);
}

/// One pass over a source.
class Planner {
 public:
  Planner(JenkinsSource& source, const ImportOptions& options)
      : source_(source), options_(options) {}

  Result<ImportPlan> run() {
    stores_["Jenkins"] = read_store({});
    for (const std::string& name : TRY(source_.jobs({}))) visit({name}, "");
    add_credentials();
    return std::move(plan_);
  }

 private:
  void refuse(std::string kind, const JobPath& from, std::string reason) {
    plan_.refused.push_back({std::move(kind), text_of(from), std::move(reason)});
  }

  /// `project`: of the folder that it lies in; empty at the top.
  void visit(const JobPath& path, const std::string& project) {
    if (++seen_ > kMostJobs) {
      if (seen_ == kMostJobs + 1) {
        refuse("job", path, fmt::format("this and what follows: more than {} jobs", kMostJobs));
      }
      return;
    }
    const std::string& name = path.back();
    if (name.empty() || name == "." || name == ".." || name.contains('/') || !is_utf8(name)) {
      return refuse("job", path, "this is no name of a job");
    }
    const Result<std::string> config = source_.config(path);
    if (!config && config.error().code == Code::not_found) {
      return refuse("job", path, "it has no config.xml");
    }
    if (!config) return refuse("job", path, config.error().message);
    const Result<pugi::xml_document> document = jenkins::parse_xml(*config);
    if (!document) return refuse("job", path, "config.xml: " + document.error().message);
    const pugi::xml_node root = document->document_element();
    switch (jenkins::kind_of_config(*config)) {
      case jenkins::JobKind::folder: return visit_folder(path);
      case jenkins::JobKind::pipeline:
      case jenkins::JobKind::multi_branch: {
        if (Result<> added = add_job(path, project, *config, root); !added) {
          refuse("job", path, added.error().message);
        }
        return;
      }
      case jenkins::JobKind::other: return refuse("job", path, reason_for(root.name()));
    }
  }

  void visit_folder(const JobPath& path) {
    const std::string from = text_of(path);
    if (path.size() > kMostDepth) {
      return refuse("folder", path, fmt::format("it lies in more than {} folders", kMostDepth));
    }
    const Result<std::string> name = resource_name(join(path, "-"));
    if (!name) return refuse("folder", path, name.error().message);
    if (const auto [taken, is_new] = projects_.try_emplace(*name, from); !is_new) {
      return refuse(
          "folder", path,
          fmt::format("its project would be {}, which is that of {}", *name,
                      taken->second.empty() ? "the jobs that lie in no folder" : taken->second));
    }
    const Result<std::vector<std::string>> inside = source_.jobs(path);
    if (!inside) return refuse("folder", path, inside.error().message);
    plan_.projects.push_back({from, *name});
    stores_[from] = read_store(path);
    for (const JenkinsCredential& one : stores_[from]) wanted_[{*name, one.id}] = from;
    for (const std::string& one : *inside) {
      JobPath next = path;
      next.push_back(one);
      visit(next, *name);
    }
  }

  Result<> add_job(const JobPath& path, std::string project, const std::string& config,
                   pugi::xml_node root) {
    ImportPlan::Job job{.from = path,
                        .as = {},
                        .spec = {},
                        .needs = credentials_named_in(root),
                        .note = {},
                        .builds = {},
                        .builds_note = {}};
    std::string branch;
    const pugi::xml_node properties = root.child("properties");
    if (is_scm_job(root)) {
      ScmJob scm = TRY(read_scm_job(root));
      branch = scm.branch;
      job.spec = std::move(scm.spec);
      job.note = branch.empty() ? "of all branches" : fmt::format("of the branch {}", branch);
      if (properties.child(kParameters)) {
        job.note += "; its parameters belong in the Jenkinsfile";
      }
      if (properties.child(kTriggers).child("triggers").first_child()) {
        job.note += "; its triggers are not brought";
      }
    } else {
      job.spec = TRY(jenkins::spec_of(config));
    }
    const bool branches = text_at(job.spec, {"type"}) == "multi-branch-pipeline";
    const std::string_view body = branches ? "multi_branch_pipeline" : "pipeline";
    if (!branches && text_at(job.spec, {"pipeline", "jenkinsfile"}).empty()) {
      job.note = "it has no script";
    }
    // Who switched a job off does not want its schedule to come alive here.
    if (jenkins::is_disabled(config)) {
      find(job.spec, {body})->get_object().erase("timer_trigger");
      job.note += std::string(job.note.empty() ? "" : "; ") +
                  "disabled in Jenkins: brought without its schedule";
    }
    if (project.empty()) project = TRY(top_project());
    job.as = {project, TRY(resource_name(path.back()))};
    const std::string from = text_of(path);
    if (const auto [taken, is_new] = pipelines_.try_emplace(job.as.text(), from); !is_new) {
      return Error{Code::conflict, fmt::format("it would be {}, which is that of {}", job.as.text(),
                                               taken->second)};
    }
    set_at(job.spec, {body, "name"}, json::value(job.as.name));
    // What cannot be a job of the engine is better refused here than by a controller later.
    TRY(jenkins::config_of(job.spec));
    if (text_at(job.spec, {"pipeline", "jenkinsfile"}).size() > kMostScriptBytes) {
      return Error{Code::too_large,
                   fmt::format("its script is larger than {}", human_size(kMostScriptBytes))};
    }
    config_bytes_ += config.size();
    if (config_bytes_ > kMostConfigBytes) {
      return Error{Code::too_large, fmt::format("the configurations are larger than {} together",
                                                human_size(kMostConfigBytes))};
    }
    for (const std::string& id : job.needs) need(path, project, id);
    if (options_.history) read_builds(job, branches, branch, is_scm_job(root));
    plan_.jobs.push_back(std::move(job));
    return {};
  }

  Result<std::string> top_project() {
    const auto [taken, is_new] = projects_.try_emplace(options_.top_project, "");
    if (is_new) plan_.projects.push_back({"", options_.top_project});
    if (taken->second.empty()) return options_.top_project;
    return Error{Code::conflict,
                 fmt::format("the project {} is that of the folder {}; name another one for the "
                             "jobs that lie in no folder with --project",
                             options_.top_project, taken->second)};
  }

  void read_builds(ImportPlan::Job& job, bool branches, const std::string& branch, bool scm) {
    Result<std::vector<JenkinsBuild>> builds = source_.builds(job.from, branches && !scm);
    if (!builds) {
      job.builds_note = builds.error().message;
      return;
    }
    builds_ += builds->size();
    if (builds_ > kMostBuilds) {
      builds_ = kMostBuilds;
      job.builds_note = fmt::format("there are more than {} builds before these", kMostBuilds);
      return;
    }
    job.builds = std::move(*builds);
    if (scm && branch.empty() && !job.builds.empty()) {
      job.builds.clear();
      job.builds_note = "its builds do not say of which branch they are";
    }
    if (scm) {
      for (JenkinsBuild& build : job.builds) build.branch = branch;
    }
  }

  // ----- credentials -----

  std::vector<JenkinsCredential> read_store(const JobPath& folder) {
    Result<std::vector<JenkinsCredential>> found = source_.credentials(folder);
    if (found) return std::move(*found);
    plan_.refused.push_back(
        {"credentials", folder.empty() ? "Jenkins" : text_of(folder), found.error().message});
    return {};
  }

  const JenkinsCredential* find_in(const std::string& store, const std::string& id) const {
    const auto found = stores_.find(store);
    if (found == stores_.end()) return nullptr;
    for (const JenkinsCredential& one : found->second) {
      if (one.id == id) return &one;
    }
    return nullptr;
  }

  /// As Jenkins looks for one: in the job's folder, in those around it, in the system.
  void need(const JobPath& job, const std::string& project, const std::string& id) {
    JobPath folder = job;
    while (!folder.empty()) {
      folder.pop_back();
      const std::string store = folder.empty() ? "Jenkins" : text_of(folder);
      if (find_in(store, id) == nullptr) continue;
      wanted_[{project, id}] = store;
      return;
    }
    wanted_.try_emplace({project, id}, "");
  }

  void add_credentials() {
    std::set<std::string> used;
    for (const auto& [place, store] : wanted_) {
      const auto& [project, id] = place;
      if (store == "Jenkins") used.insert(id);
      const JenkinsCredential* known = store.empty() ? nullptr : find_in(store, id);
      JenkinsCredential unknown;
      unknown.id = id;
      ImportPlan::Credential one{.from = store,
                                 .project = project,
                                 .what = known == nullptr ? unknown : *known,
                                 .refused = {}};
      if (known == nullptr) {
        one.refused = "a job names it, and no store that it sees has it";
      } else if (known->type.empty()) {
        one.refused = fmt::format("there is no credential of the kind '{}' here", known->kind);
      } else if (!is_secret_name(id)) {
        one.refused =
            "a Secret cannot have this name: a-z, 0-9, '-' and '.' only; give it another "
            "id in Jenkins";
      }
      plan_.credentials.push_back(std::move(one));
    }
    for (const JenkinsCredential& one : stores_["Jenkins"]) {
      if (!used.contains(one.id)) {
        plan_.credentials.push_back({.from = "Jenkins",
                                     .project = {},
                                     .what = one,
                                     .refused = "no job that is brought names it"});
      }
    }
  }

  JenkinsSource& source_;
  const ImportOptions& options_;
  ImportPlan plan_;
  size_t seen_ = 0, config_bytes_ = 0, builds_ = 0;
  std::map<std::string, std::string> projects_;   ///< by name: the folder; empty: the top
  std::map<std::string, std::string> pipelines_;  ///< by PROJECT/NAME: the job
  std::map<std::string, std::vector<JenkinsCredential>> stores_;
  std::map<std::pair<std::string, std::string>, std::string> wanted_;  ///< project, id: the store
};

}  // namespace

Result<ImportPlan> plan_import(JenkinsSource& source, const ImportOptions& options) {
  if (const Result<std::string> name = resource_name(options.top_project);
      !name || *name != options.top_project) {
    return Error{Code::invalid, fmt::format("--project: '{}' is no name of a project: use a-z, 0-9 "
                                            "and '-'",
                                            options.top_project)};
  }
  return Planner(source, options).run();
}

}  // namespace ks::cmd
