#include "engine/server/engine_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/journal.h"
#include "engine/server/saved_run.h"
#include "jenkins/config_xml.h"

// Folders and jobs, what is read at the start, and events. Runs are in engine_runs.cc.

namespace ks::engine {
namespace {

constexpr size_t kMaxConfigBytes = 8u << 20;
constexpr auto kRetryPause = std::chrono::seconds(1);
constexpr size_t kMostRetries = 10'000;
/// How long after the start readers wait for runs that are being replayed; most take milliseconds.
constexpr auto kReplayPatience = std::chrono::seconds(10);
/// Archives, mail and other servers: what runs wait for without a thread of theirs.
constexpr int kBackgroundThreads = 4;

Error no_folder(const std::string& folder) {
  return {Code::not_found, fmt::format("folder \"{}\" does not exist", folder)};
}

Result<> check_name(std::string_view what, const std::string& name) {
  if (name.empty() || name.size() > 200 || name.contains('/') || !is_utf8(name)) {
    return Error{Code::invalid,
                 fmt::format("{} \"{}\": a name has 1 to 200 bytes of UTF-8 and no slash", what,
                             name.substr(0, 200))};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options) {
  auto engine = std::make_unique<EngineServer>(std::move(options));
  TRY(engine->load());
  return std::unique_ptr<Engine>(std::move(engine));
}

EngineServer::EngineServer(EngineOptions options)
    : options_(std::move(options)),
      clock_(options_.clock == nullptr ? system_clock() : *options_.clock),
      epoch_(random_text(8)),
      events_(options_.event_history),
      shared_credentials_(
          std::make_shared<CredentialStore>(options_.data_dir + "/credentials.json")),
      locks_(options_.lock_resources),
      milestones_(options_.data_dir + "/milestones.json"),
      loop_(std::make_unique<Loop>(options_.threads)),
      background_(std::make_unique<Loop>(kBackgroundThreads)),
      times_(clock_, *loop_),
      projects_(std::make_unique<BranchProjects>(
          static_cast<BranchHost&>(*this), clock_, times_,
          BranchProjects::Options{.scm_folder = options_.data_dir + "/scm",
                                  .local_repositories = options_.local_repositories,
                                  .list_time = options_.scan_timeout})) {}

EngineServer::~EngineServer() {
  ending_ = true;
  // What is due looks at the projects.
  times_.stop();
  projects_.reset();
  background_->stop();
  loaded_ = true;
  loaded_.notify_all();
  loop_->stop();
  // Runs go before what they stand on.
  State state;
  state_.with([&](State& held) { state = std::move(held); });
  for (auto& [name, folder] : state.folders) {
    for (auto& [job_name, job] : folder.jobs) job->builds.clear();
  }
  for (JobRef& job : state.doomed) job->builds.clear();
}

Result<> EngineServer::load() {
  TRY(make_dirs(options_.data_dir + "/folders", 0700));
  TRY(shared_credentials_->load());
  node_ = TRY(local_node({.root = options_.data_dir,
                          .fixed_workspace = {},
                          .machines = options_.machines,
                          .agent = options_.agent}));
  std::lock_guard lock(changing_);
  node_->hold_back(true);
  locks_.hold_back(true);
  ++replaying_;
  replay_limit_ = std::chrono::steady_clock::now() + kReplayPatience;
  for (const std::string& file : subfolders(options_.data_dir + "/folders")) TRY(load_folder(file));
  loaded_ = true;
  loaded_.notify_all();
  replayed();
  projects_->begin();
  return {};
}

/// One run, or the loading itself, is done with what was before the restart.
void EngineServer::replayed() {
  // Who looked before the run had caught up waits by now, and hears this.
  state_.with([](const State&) {});
  caught_up_.notify_all();
  if (--replaying_ == 0) {
    node_->hold_back(false);
    locks_.hold_back(false);
  }
}

/// Does it again a little later, as after a full disk.
void EngineServer::retry(std::function<void()> work) {
  keep(loop_->timer(kRetryPause, std::move(work)));
}

/// Holds a timer's token until it has run, and longer.
void EngineServer::keep(std::shared_ptr<void> token) {
  retries_.with([&](auto& held) {
    // Those that have run are of no use any more.
    if (held.size() >= kMostRetries) held.erase(held.begin());
    held.push_back(std::move(token));
  });
}

std::string EngineServer::folder_path(const std::string& folder) const {
  const size_t slash = folder.find('/');
  const std::string top = options_.data_dir + "/folders/" + file_name(folder.substr(0, slash));
  return slash == folder.npos ? top : top + "/jobs/" + file_name(folder.substr(slash + 1));
}

/// A folder's own credentials, and behind them those of all.
std::shared_ptr<CredentialStore> EngineServer::store_in(const std::string& folder_path) const {
  return std::make_shared<CredentialStore>(folder_path + "/credentials.json", shared_credentials_);
}

Result<> EngineServer::load_folder(const std::string& file) {
  Folder folder;
  folder.name = name_of_file(file);
  folder.path = options_.data_dir + "/folders/" + file;
  folder.credentials = store_in(folder.path);
  TRY(folder.credentials->load());
  state_.with([&](State& state) { state.folders[folder.name] = folder; });
  for (const std::string& job : subfolders(folder.path + "/jobs")) {
    if (Result<> loaded = load_job(folder, job); !loaded) {
      LOG(error, "a job cannot be read and is left out", {"folder", folder.name}, {"job", job},
          {"error", loaded.error().message});
    }
  }
  return {};
}

Result<> EngineServer::load_job(const Folder& folder, const std::string& file) {
  auto job = std::make_shared<Job>();
  job->name = {folder.name, name_of_file(file)};
  job->folder = folder.path + "/jobs/" + file;
  job->credentials = folder.credentials;
  if (!file_exists(job->folder + "/config.xml")) {
    // It was being removed when the process ended.
    return remove_tree(job->folder);
  }
  job->config = TRY(read_file(job->folder + "/config.xml", kMaxConfigBytes));
  if (jenkins::kind_of_config(job->config) == jenkins::JobKind::multi_branch)
    return load_project(folder, job->name, job->config);
  job->configured = TRY(read_settings(job->config));
  return load_builds(job);
}

/// What a job has besides its configuration: what its script declared, and its runs.
Result<> EngineServer::load_builds(const JobRef& job) {
  if (const std::string path = job->folder + "/properties.json"; file_exists(path))
    job->declared =
        JobProperties::from_json(TRY(parse_json(TRY(read_file(path, kMaxConfigBytes)))));
  job->settings = with_declared(job->configured, job->declared);
  TRY(load_keys(*job));
  state_.with([&](State& state) { state.folders[job->name.folder].jobs[job->name.name] = job; });
  for (const std::string& build : subfolders(job->folder + "/builds")) {
    const std::optional<int64_t> number = parse_int(build);
    if (!number || *number <= 0) continue;
    if (Result<> loaded = load_build(job, static_cast<uint64_t>(*number)); !loaded) {
      LOG(error, "a run cannot be read and is left out", {"job", job->name.text()},
          {"number", *number}, {"error", loaded.error().message});
    }
  }
  begin_waiting(job);
  for (const auto& [number, build] : job->builds) {
    if (build.waits) begin_later(job, build.not_before);
  }
  arm(job);
  return {};
}

Result<> EngineServer::load_build(const JobRef& job, uint64_t number) {
  const std::string folder = job->build_folder(number);
  job->next = std::max(job->next, number + 1);
  if (file_exists(folder + "/result.json")) {
    state_.with([&](State&) { job->builds[number]; });
    // The process ended between the two: the credentials of the run are of no use any more.
    if (Result<> gone = remove_tree(folder + "/journal.key"); !gone)
      LOG(error, "the key of a run stays", {"error", gone.error().message});
    return {};
  }
  if (TRY(Journal::has_begun(folder + "/journal"))) {
    TRY(begin_build(job, number, {}));
    if (!job->settings.no_resume) return {};
    const std::shared_ptr<Run> run =
        state_.with([&](const State&) { return job->builds[number].live; });
    // One that had ended, and was not saved yet, is not harmed.
    run->interrupt(BuildResult::aborted,
                   "Failing build: shutting down controller and build is marked to not resume");
    return {};
  }
  if (!file_exists(folder + "/queued.json")) {
    // The process ended before the first record: nothing was acknowledged, and who asks again with
    // the same key gets a run that begins.
    std::erase_if(job->keys, [&](const auto& entry) { return entry.second == number; });
    return remove_tree(folder);
  }
  const json::value saved = TRY(parse_json(TRY(read_file(folder + "/queued.json", 64u << 20))));
  RunSpec spec = TRY(RunSpec::from_json(saved));
  state_.with([&](State& state) {
    Build& build = job->builds[number];
    build.queued = WallTime{std::chrono::milliseconds{int_at(saved, {"t"})}};
    build.not_before = WallTime{std::chrono::milliseconds{int_at(saved, {"notBefore"})}};
    if (!spec.key.empty()) job->keys[spec.key] = number;
    build.waits = std::move(spec);
    ++state.waiting;
  });
  return {};
}

// ----- folders and jobs -----

Result<> EngineServer::put_folder(const std::string& folder) {
  TRY(check_name("folder", folder));
  std::lock_guard lock(changing_);
  if (has_folder(folder)) return {};
  Folder made;
  made.name = folder;
  made.path = folder_path(folder);
  made.credentials = store_in(made.path);
  TRY(make_dirs(made.path + "/jobs", 0700));
  state_.with([&](State& state) { state.folders[folder] = std::move(made); });
  return {};
}

bool EngineServer::has_folder(const std::string& folder) const {
  return state_.with([&](const State& state) { return state.folders.contains(folder); });
}

std::vector<std::string> EngineServer::folders() const {
  return state_.with([](const State& state) {
    std::vector<std::string> out;
    for (const auto& [name, folder] : state.folders) {
      if (!name.contains('/')) out.push_back(name);
    }
    return out;
  });
}

Result<> EngineServer::remove_folder(const std::string& folder) {
  if (!has_folder(folder) || folder.contains('/')) return no_folder(folder);
  for (const JobName& project : projects_->projects(folder)) {
    const Result<> removed = remove_project(project);
    if (!removed && removed.error().code != Code::not_found) return removed;
  }
  TRY(remove_jobs_of(folder));
  std::lock_guard lock(changing_);
  const std::string path = folder_path(folder);
  state_.with([&](State& state) { state.folders.erase(folder); });
  // Runs that are still ending keep their own folders until they have.
  TRY(remove_tree(path + "/credentials.json"));
  const bool ending = state_.with([&](const State& state) {
    return std::ranges::any_of(state.doomed, [&](const JobRef& job) {
      return job->name.folder == folder || job->name.folder.starts_with(folder + "/");
    });
  });
  return ending ? Result<>() : remove_tree(path);
}

Result<> EngineServer::remove_jobs_of(const std::string& folder) {
  for (const JobName& job : jobs(folder)) {
    const Result<> removed = remove_known_job(job);
    if (!removed && removed.error().code != Code::not_found) return removed;
  }
  return {};
}

/// Whether runs of a job that had the name, or of its branches, still come to their end.
bool EngineServer::is_ending(const JobName& name) const {
  return state_.with([&](const State& state) {
    return std::ranges::any_of(state.doomed, [&](const JobRef& job) {
      return job->name == name || job->name.folder == name.text();
    });
  });
}

Result<> EngineServer::put_job(const JobName& name, const std::string& config_xml) {
  TRY(check_name("job", name.name));
  if (jenkins::kind_of_config(config_xml) == jenkins::JobKind::multi_branch)
    return put_project(name, config_xml);
  JobSettings settings = TRY(read_settings(config_xml));
  std::lock_guard lock(changing_);
  if (!has_folder(name.folder)) return no_folder(name.folder);
  if (projects_->has({name.folder, name.name})) {
    return Error{
        Code::conflict,
        fmt::format("job \"{}\" is a multi-branch pipeline; remove it first", name.text())};
  }
  if (name.folder.contains('/')) {
    return Error{Code::conflict, fmt::format("job \"{}\" is a branch: what it does stands in its "
                                             "repository and in its multi-branch pipeline",
                                             name.text())};
  }
  if (is_ending(name)) {
    return Error{Code::unavailable,
                 fmt::format("job \"{}\": one of this name is still being removed", name.text())};
  }
  const std::string folder = folder_path(name.folder) + "/jobs/" + file_name(name.name);
  TRY(make_dirs(folder + "/builds", 0700));
  TRY(write_file_atomic(folder + "/config.xml", config_xml, 0600));
  // What a script put in the place of everything is replaced in turn; a Declarative one keeps what
  // it declares.
  bool outdated = false;
  state_.with([&](const State& state) {
    const auto& jobs = state.folders.at(name.folder).jobs;
    const auto known = jobs.find(name.name);
    outdated =
        known != jobs.end() && known->second->declared.all && known->second->config != config_xml;
  });
  if (outdated) TRY(remove_tree(folder + "/properties.json"));
  JobRef job;
  state_.with([&](State& state) {
    Folder& in = state.folders[name.folder];
    job = in.jobs[name.name];
    if (!job) {
      job = in.jobs[name.name] = std::make_shared<Job>();
      job->name = name;
      job->folder = folder;
      job->credentials = in.credentials;
    }
    if (outdated) job->declared = {};
    job->config = config_xml;
    job->configured = std::move(settings);
    job->settings = with_declared(job->configured, job->declared);
  });
  arm(job);
  return {};
}

Result<std::string> EngineServer::job_config(const JobName& name) const {
  if (projects_->has(name)) return projects_->config(name);
  const JobRef job = TRY(find_job(name));
  return state_.with([&](const State&) { return job->config; });
}

Result<json::array> EngineServer::job_parameters(const JobName& name) const {
  const JobRef job = TRY(find_job(name));
  return state_.with([&](const State&) { return job->settings.parameters; });
}

std::vector<JobName> EngineServer::jobs(const std::string& folder) const {
  return state_.with([&](const State& state) {
    std::vector<JobName> out;
    const auto found = state.folders.find(folder);
    if (found == state.folders.end()) return out;
    for (const auto& [name, job] : found->second.jobs) out.push_back({folder, name});
    return out;
  });
}

Result<> EngineServer::remove_job(const JobName& name) {
  if (projects_->has(name)) return remove_project(name);
  TRY(remove_known_job(name));
  if (name.folder.contains('/')) projects_->forget(name);
  return {};
}

Result<> EngineServer::remove_known_job(const JobName& name) {
  const JobRef job = TRY(find_job(name));
  std::lock_guard lock(changing_);
  disarm(name);
  // From here on a restart finds no job, and clears the rest away.
  TRY(remove_tree(job->folder + "/config.xml"));
  std::vector<std::shared_ptr<Run>> live;
  state_.with([&](State& state) {
    state.folders[name.folder].jobs.erase(name.name);
    job->doomed = true;
    for (auto& [number, build] : job->builds) {
      if (build.waits) --state.waiting;
      build.waits.reset();
      if (build.live) live.push_back(build.live);
    }
    if (!live.empty()) state.doomed.push_back(job);
  });
  for (const auto& run : live) run->abort("the removal of its job");
  return live.empty() ? discard(job) : Result<>();
}

Result<> EngineServer::rename_job(const JobName& name, const std::string& to) {
  TRY(check_name("job", to));
  std::lock_guard lock(changing_);
  const JobRef job = TRY(find_job(name));
  if (to == name.name) return {};
  const JobName renamed{name.folder, to};
  if (find_job(renamed)) {
    return Error{Code::already_exists, fmt::format("job \"{}\" exists already", renamed.text())};
  }
  const bool busy = state_.with([&](const State& state) {
    return job->has_live() ||
           std::ranges::any_of(job->builds,
                               [](const auto& build) { return build.second.waits.has_value(); }) ||
           std::ranges::any_of(state.doomed,
                               [&](const JobRef& one) { return one->name == renamed; });
  });
  if (busy) {
    return Error{Code::conflict,
                 fmt::format("job \"{}\" has runs under way: stop them, or wait for their end",
                             name.text())};
  }
  const std::string folder = folder_path(name.folder) + "/jobs/" + file_name(to);
  // What a removal left half done, since it is not known.
  TRY(remove_tree(folder));
  if (::rename(job->folder.c_str(), folder.c_str()) != 0)
    return errno_error("rename", job->folder, errno);
  // Another object: who has the old one reads its name without a lock.
  JobRef moved;
  state_.with([&](State& state) {
    moved = std::make_shared<Job>(*job);
    moved->name = renamed;
    moved->folder = folder;
    auto& jobs = state.folders[name.folder].jobs;
    jobs.erase(name.name);
    jobs[to] = moved;
  });
  disarm(name);
  arm(moved);
  return {};
}

/// Removes what a job without live runs leaves.
Result<> EngineServer::discard(const JobRef& job) {
  state_.with([&](State& state) {
    std::erase(state.doomed, job);
    job->builds.clear();
  });
  TRY(remove_tree(job->folder));
  // Its folder may have been removed before it, and the one around that.
  for (std::string folder = job->name.folder; !has_folder(folder);) {
    TRY(remove_tree(folder_path(folder)));
    const size_t slash = folder.rfind('/');
    if (slash == folder.npos) break;
    folder.resize(slash);
  }
  return {};
}

Result<EngineServer::JobRef> EngineServer::find_job(const JobName& name) const {
  JobRef job = state_.with([&](const State& state) -> JobRef {
    const auto folder = state.folders.find(name.folder);
    if (folder == state.folders.end()) return nullptr;
    const auto found = folder->second.jobs.find(name.name);
    return found == folder->second.jobs.end() ? nullptr : found->second;
  });
  if (job) return job;
  return Error{Code::not_found, fmt::format("job \"{}\" does not exist", name.text())};
}

// ----- machines, events and credentials -----

std::vector<Machine> EngineServer::machines() const {
  std::vector<Machine> out;
  for (Node::Use& one : node_->use()) {
    out.push_back({.name = std::move(one.name),
                   .labels = std::move(one.labels),
                   .executors = one.executors,
                   .busy = one.busy});
  }
  return out;
}

Result<std::shared_ptr<void>> EngineServer::subscribe(
    uint64_t sequence, std::function<void(const EngineEvent&)> on_event) {
  return events_.subscribe(sequence, std::move(on_event));
}

Result<std::shared_ptr<CredentialStore>> EngineServer::credentials_of(
    const std::string& folder) const {
  if (folder.empty()) return shared_credentials_;
  auto store = state_.with([&](const State& state) -> std::shared_ptr<CredentialStore> {
    const auto found = state.folders.find(folder);
    return found == state.folders.end() ? nullptr : found->second.credentials;
  });
  if (store) return store;
  return no_folder(folder);
}

Result<> EngineServer::put_credential(const std::string& folder, const Credential& credential,
                                      const std::string& description) {
  return TRY(credentials_of(folder))->put(credential, description);
}

Result<> EngineServer::remove_credential(const std::string& folder, const std::string& id) {
  return TRY(credentials_of(folder))->remove(id);
}

Result<std::vector<Engine::CredentialInfo>> EngineServer::credentials(
    const std::string& folder) const {
  return TRY(credentials_of(folder))->list();
}

}  // namespace ks::engine
