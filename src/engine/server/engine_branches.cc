#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "base/log.h"
#include "engine/server/engine_server.h"

// Multi-branch pipelines: each is a folder of jobs, which BranchProjects fills.

namespace ks::engine {
namespace {

JobSettings settings_of(const BranchSettings& settings, const Head& head, bool dead) {
  JobSettings out;
  out.scm = scm_of_head(settings, head);
  out.env = head.env();
  out.disabled = dead || settings.disabled;
  return out;
}

}  // namespace

Result<> EngineServer::put_project(const JobName& name, const std::string& config_xml) {
  TRY(read_branch_settings(config_xml));
  const std::string path = folder_path(name.text());
  {
    std::lock_guard lock(changing_);
    if (!has_folder(name.folder) || name.folder.contains('/')) {
      return Error{Code::not_found, fmt::format("folder \"{}\" does not exist", name.folder)};
    }
    if (find_job(name)) {
      return Error{
          Code::conflict,
          fmt::format("job \"{}\" is no multi-branch pipeline; remove it first", name.text())};
    }
    if (is_ending(name)) {
      return Error{Code::unavailable,
                   fmt::format("job \"{}\": one of this name is still being removed", name.text())};
    }
    TRY(make_dirs(path + "/jobs", 0700));
    TRY(write_file_atomic(path + "/config.xml", config_xml, 0600));
    state_.with([&](State& state) {
      Folder& folder = state.folders[name.text()];
      folder.name = name.text();
      folder.path = path;
      folder.credentials = state.folders.at(name.folder).credentials;
    });
  }
  return projects_->put(name, path, config_xml);
}

Result<> EngineServer::load_project(const Folder& folder, const JobName& name,
                                    const std::string& config) {
  const std::string path = folder_path(name.text());
  BranchProjects::Loaded loaded = TRY(projects_->load(name, path, config));
  state_.with([&](State& state) {
    state.folders[name.text()] = {
        .name = name.text(), .path = path, .credentials = folder.credentials, .jobs = {}};
  });
  std::map<std::string, const Branches::Branch*> branches;
  for (const Branches::Branch& one : loaded.branches)
    branches.emplace(file_name(one.head.job()), &one);
  for (const std::string& file : subfolders(path + "/jobs")) {
    // A branch that was being removed when the process ended.
    if (!branches.contains(file)) TRY(remove_tree(path + "/jobs/" + file));
  }
  for (const auto& [file, branch] : branches) {
    auto job = std::make_shared<Job>();
    job->name = {name.text(), branch->head.job()};
    job->folder = path + "/jobs/" + file;
    job->credentials = folder.credentials;
    job->configured = settings_of(loaded.settings, branch->head, branch->dead);
    job->config = config_of_head(loaded.settings, branch->head);
    if (Result<> builds = load_builds(job); !builds) {
      LOG(error, "a branch cannot be read and is left out", {"job", job->name.text()},
          {"error", builds.error().message});
    }
  }
  return {};
}

Result<> EngineServer::remove_project(const JobName& name) {
  {
    std::lock_guard lock(changing_);
    // From here on a restart finds no pipeline, and clears the rest away.
    TRY(remove_tree(folder_path(name.text()) + "/config.xml"));
  }
  projects_->remove(name);
  TRY(remove_jobs_of(name.text()));
  std::lock_guard lock(changing_);
  state_.with([&](State& state) { state.folders.erase(name.text()); });
  // Runs that are still ending keep their own folders until they have.
  return is_ending(name) ? Result<>() : remove_tree(folder_path(name.text()));
}

Result<> EngineServer::put_branch(const JobName& name, const BranchSettings& settings,
                                  const Head& head, bool dead) {
  std::lock_guard lock(changing_);
  if (is_ending(name)) {
    return Error{Code::unavailable,
                 fmt::format("job \"{}\": one of this name is still being removed", name.text())};
  }
  JobSettings configured = settings_of(settings, head, dead);
  std::string config = config_of_head(settings, head);
  JobRef job;
  state_.with([&](State& state) {
    const auto folder = state.folders.find(name.folder);
    if (folder == state.folders.end()) return;
    job = folder->second.jobs[name.name];
    if (!job) {
      job = folder->second.jobs[name.name] = std::make_shared<Job>();
      job->name = name;
      job->folder = folder->second.path + "/jobs/" + file_name(name.name);
      job->credentials = folder->second.credentials;
    }
    job->config = std::move(config);
    job->configured = std::move(configured);
    job->settings = with_declared(job->configured, job->declared);
  });
  if (job) {
    arm(job);
    return {};
  }
  return Error{Code::not_found,
               fmt::format("multi-branch pipeline \"{}\" does not exist", name.folder)};
}

Result<> EngineServer::remove_branch(const JobName& job) { return remove_known_job(job); }

Result<uint64_t> EngineServer::start_branch(const JobName& job, StartRequest request) {
  return start(job, std::move(request));
}

std::shared_ptr<const CredentialSource> EngineServer::credentials_for(const JobName& project) {
  return credentials_of(project.folder).value_or(nullptr);
}

void EngineServer::project_changed(const JobName& project) {
  events_.publish({.sequence = 0,
                   .type = EngineEvent::Type::project,
                   .job = project,
                   .number = 0,
                   .key = {},
                   .state = RunState::finished,
                   .node = std::nullopt});
}

}  // namespace ks::engine
