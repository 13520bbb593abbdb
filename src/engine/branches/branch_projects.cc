#include "engine/branches/branch_projects.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/builds.h"
#include "engine/scm/repository.h"

namespace ks::engine {
namespace {

/// A git server that hangs holds one of these until its time is over.
constexpr int kScanThreads = 4;
constexpr size_t kMaxStateBytes = 64u << 20;
constexpr size_t kIdLength = 16;
constexpr size_t kMaxLogBytes = 4u << 20;

std::string state_file(const std::string& folder) { return folder + "/branches.json"; }
std::string log_file(const std::string& folder) { return folder + "/indexing.log"; }
std::string timer_name(const JobName& name) { return "scan " + name.text(); }

json::object scan_json(const Branches::Scan& scan) {
  return {{"failed", scan.state == Branches::ScanState::failed},
          {"started", scan.started.time_since_epoch().count()},
          {"ended", scan.ended.time_since_epoch().count()},
          {"error", scan.error},
          {"cause", scan.cause}};
}

WallTime time_at(const json::value& value, std::string_view name) {
  return WallTime{std::chrono::milliseconds{int_at(value, {name})}};
}

}  // namespace

BranchProjects::BranchProjects(BranchHost& host, const Clock& clock, Timetable& times,
                               Options options)
    : host_(host),
      clock_(clock),
      times_(times),
      options_(std::move(options)),
      loop_(std::make_unique<Loop>(kScanThreads)) {}

BranchProjects::~BranchProjects() {
  ending_.request_stop();
  entries_.with([](auto& entries) {
    for (auto& [name, entry] : entries) entry->stop.request_stop();
  });
  loop_->stop();
  for (const auto& [name, entry] : entries_.with([](const auto& entries) { return entries; }))
    times_.remove(timer_name(name));
}

// ----- what is there -----

BranchProjects::EntryRef BranchProjects::find(const JobName& name) const {
  return entries_.with([&](const auto& entries) {
    const auto found = entries.find(name);
    return found == entries.end() ? nullptr : found->second;
  });
}

bool BranchProjects::has(const JobName& project) const { return find(project) != nullptr; }

std::vector<JobName> BranchProjects::projects(const std::string& folder) const {
  return entries_.with([&](const auto& entries) {
    std::vector<JobName> out;
    for (auto at = entries.lower_bound({folder, ""});
         at != entries.end() && at->first.folder == folder; ++at)
      out.push_back(at->first);
    return out;
  });
}

Result<Branches::Project> BranchProjects::project(const JobName& name) const {
  const EntryRef entry = find(name);
  if (!entry) {
    return Error{Code::not_found,
                 fmt::format("multi-branch pipeline \"{}\" does not exist", name.text())};
  }
  return state_.with([&](char) {
    Project out{.name = name,
                .description = entry->settings.description,
                .disabled = entry->settings.disabled,
                .source_type = entry->settings.type,
                .url = entry->settings.url,
                .script_path = entry->settings.script_path,
                .branches = {},
                .scan = entry->scan};
    for (const auto& [job, known] : entry->branches) {
      out.branches.push_back(
          {.head = known.head,
           .primary = known.head.kind == HeadKind::branch && known.head.name == entry->primary,
           .dead = known.dead_since.has_value()});
    }
    return out;
  });
}

std::optional<Branches::Branch> BranchProjects::branch(const JobName& job) const {
  const size_t slash = job.folder.rfind('/');
  if (slash == job.folder.npos) return std::nullopt;
  const EntryRef entry = find(job_name(std::string_view(job.folder)));
  if (!entry) return std::nullopt;
  return state_.with([&](char) -> std::optional<Branch> {
    const auto found = entry->branches.find(job.name);
    if (found == entry->branches.end()) return std::nullopt;
    const Head& head = found->second.head;
    return Branch{.head = head,
                  .primary = head.kind == HeadKind::branch && head.name == entry->primary,
                  .dead = found->second.dead_since.has_value()};
  });
}

Result<std::string> BranchProjects::config(const JobName& name) const {
  const EntryRef entry = find(name);
  if (!entry) {
    return Error{Code::not_found,
                 fmt::format("multi-branch pipeline \"{}\" does not exist", name.text())};
  }
  return state_.with([&](char) { return entry->config; });
}

Result<Branches::Log> BranchProjects::indexing_log(const JobName& name) const {
  const EntryRef entry = find(name);
  if (!entry) {
    return Error{Code::not_found,
                 fmt::format("multi-branch pipeline \"{}\" does not exist", name.text())};
  }
  Log out = state_.with([&](char) {
    const bool live = entry->scan.state == ScanState::running;
    return Log{.text = live ? entry->log : std::string(), .complete = !live};
  });
  if (!out.complete) return out;
  if (Result<std::string> saved = read_file(log_file(entry->folder), kMaxLogBytes + 4096))
    out.text = std::move(*saved);
  return out;
}

// ----- projects come and go -----

Result<> BranchProjects::put(const JobName& name, const std::string& folder,
                             const std::string& config) {
  BranchSettings settings = TRY(read_branch_settings(config));
  EntryRef entry = find(name);
  const bool is_new = entry == nullptr;
  if (is_new) {
    entry = std::make_shared<Entry>();
    entry->name = name;
    entry->folder = folder;
    entry->id = random_text(kIdLength);
  }
  Result<> made;
  {
    const std::lock_guard lock(entry->working);
    state_.with([&](char) {
      // Another repository, or another file in it: nothing that was found counts any more.
      if (entry->settings.url != settings.url ||
          entry->settings.script_path != settings.script_path)
        entry->other.clear();
      entry->config = config;
      entry->settings = settings;
      for (auto& [job, known] : entry->branches) known.unmade = true;
    });
    if (is_new) entries_.with([&](auto& entries) { entries[name] = entry; });
    made = make_jobs(entry, settings);
  }
  schedule(entry);
  if (!settings.disabled) request_scan(entry, "Project configuration was saved");
  return made;
}

Result<BranchProjects::Loaded> BranchProjects::load(const JobName& name, const std::string& folder,
                                                    const std::string& config) {
  auto entry = std::make_shared<Entry>();
  entry->name = name;
  entry->folder = folder;
  entry->config = config;
  entry->settings = TRY(read_branch_settings(config));
  if (const std::string path = state_file(folder); file_exists(path)) {
    TRY(read(*entry, TRY(read_file(path, kMaxStateBytes))));
  } else {
    entry->id = random_text(kIdLength);
  }
  Loaded out{.settings = entry->settings, .branches = {}};
  for (const auto& [job, known] : entry->branches)
    out.branches.push_back({.head = known.head, .dead = known.dead_since.has_value()});
  entries_.with([&](auto& entries) { entries[name] = entry; });
  return out;
}

void BranchProjects::begin() {
  const std::vector<EntryRef> all = entries_.with([](const auto& entries) {
    std::vector<EntryRef> out;
    for (const auto& [name, entry] : entries) out.push_back(entry);
    return out;
  });
  for (const EntryRef& entry : all) {
    schedule(entry);
    loop_->post([this, entry] {
      const std::lock_guard lock(entry->working);
      if (entry->removed) return;
      if (Result<> started = start_noted(entry); !started) {
        LOG(error, "runs of branches cannot be started", {"project", entry->name.text()},
            {"error", started.error().message});
      }
    });
    const bool never = state_.with([&](char) { return entry->scan.state == ScanState::never; });
    if (never) request_scan(entry, "Project was never scanned");
  }
}

void BranchProjects::remove(const JobName& name) {
  const EntryRef entry = find(name);
  if (!entry) return;
  times_.remove(timer_name(name));
  entry->stop.request_stop();
  const std::lock_guard lock(entry->working);
  entry->removed = true;
  entries_.with([&](auto& entries) { entries.erase(name); });
}

void BranchProjects::forget(const JobName& job) {
  const EntryRef entry = find(job_name(std::string_view(job.folder)));
  if (!entry) return;
  // A scan saves too, and the older of the two must not come last.
  const std::lock_guard lock(entry->working);
  if (entry->removed) return;
  state_.with([&](char) { entry->branches.erase(job.name); });
  if (Result<> saved = save(entry); !saved) {
    LOG(warn, "the branches of a project cannot be saved", {"project", entry->name.text()},
        {"error", saved.error().message});
  }
}

void BranchProjects::run_aside(std::function<void(const std::stop_token&)> work) {
  loop_->post([work = std::move(work), stop = ending_.get_token()] { work(stop); });
}

void BranchProjects::schedule(const EntryRef& entry) {
  const BranchSettings settings = state_.with([&](char) { return entry->settings; });
  const std::string name = timer_name(entry->name);
  if (settings.schedule.empty() || settings.disabled) return times_.remove(name);
  Result<Cron> cron = Cron::parse(settings.schedule, entry->name.text());
  if (!cron) return times_.remove(name);
  times_.set(name, std::move(*cron), [this, weak = std::weak_ptr(entry)] {
    if (const EntryRef due = weak.lock()) request_scan(due, "Started by timer");
  });
}

// ----- scans -----

Result<> BranchProjects::scan(const JobName& name, const std::string& cause) {
  const EntryRef entry = find(name);
  if (!entry) {
    return Error{Code::not_found,
                 fmt::format("multi-branch pipeline \"{}\" does not exist", name.text())};
  }
  if (state_.with([&](char) { return entry->settings.disabled; })) {
    return Error{Code::conflict,
                 fmt::format("multi-branch pipeline \"{}\" is disabled", name.text())};
  }
  request_scan(entry, cause);
  return {};
}

std::vector<JobName> BranchProjects::scan_repository(std::string_view url,
                                                     const std::string& cause) {
  const std::vector<EntryRef> all = entries_.with([](const auto& entries) {
    std::vector<EntryRef> out;
    for (const auto& [name, entry] : entries) out.push_back(entry);
    return out;
  });
  std::vector<JobName> out;
  for (const EntryRef& entry : all) {
    const bool ours = state_.with([&](char) {
      return !entry->settings.disabled && same_repository(entry->settings.url, url);
    });
    if (!ours) continue;
    request_scan(entry, cause);
    out.push_back(entry->name);
  }
  return out;
}

void BranchProjects::request_scan(const EntryRef& entry, const std::string& cause) {
  const bool post = state_.with([&](char) {
    if (entry->queued) return false;
    if (entry->scan.state == ScanState::running) {
      // What happened since it asked the server is seen by the next one.
      entry->again = true;
      entry->next_cause = cause;
      return false;
    }
    entry->queued = true;
    entry->next_cause = cause;
    entry->scan.state = ScanState::waiting;
    return true;
  });
  if (post) loop_->post([this, entry] { run_scan(entry); });
}

void BranchProjects::append(const EntryRef& entry, std::string_view text) {
  state_.with([&](char) {
    if (entry->log.size() + text.size() <= kMaxLogBytes) entry->log += text;
  });
}

void BranchProjects::run_scan(const EntryRef& entry) {
  const WallTime started = clock_.now();
  state_.with([&](char) {
    entry->queued = false;
    entry->log.clear();
    entry->scan = {.state = ScanState::running,
                   .started = started,
                   .ended = {},
                   .error = {},
                   .cause = entry->next_cause};
    entry->log = entry->next_cause + "\n";
  });
  append(entry, fmt::format("[{}] Starting branch indexing...\n", format_rfc3339(started)));
  host_.project_changed(entry->name);
  const Result<> done = look(entry);
  if (entry->stop.stop_requested() || ending_.stop_requested()) return;
  const WallTime ended = clock_.now();
  if (!done) append(entry, fmt::format("ERROR: {}\n", done.error().message));
  append(entry,
         fmt::format("[{}] Finished branch indexing. Indexing took {:.1f} sec\n"
                     "Finished: {}\n",
                     format_rfc3339(ended), static_cast<double>((ended - started).count()) / 1000,
                     done ? "SUCCESS" : "FAILURE"));
  Result<> saved;
  {
    const std::lock_guard lock(entry->working);
    if (entry->removed) return;
    const std::string log = state_.with([&](char) { return entry->log; });
    // Only for people: a crash may lose it.
    saved = write_file_atomic(log_file(entry->folder), log, 0600);
    state_.with([&](char) {
      entry->scan.state = done ? ScanState::done : ScanState::failed;
      entry->scan.ended = ended;
      if (!done) entry->scan.error = done.error().message;
      entry->log.clear();
    });
    if (saved) saved = save(entry);
  }
  if (!saved) {
    LOG(error, "the branches of a project cannot be saved", {"project", entry->name.text()},
        {"error", saved.error().message});
  }
  if (!done) {
    LOG(warn, "a repository cannot be scanned", {"project", entry->name.text()},
        {"error", done.error().message});
  }
  host_.project_changed(entry->name);
  const bool again = state_.with([&](char) { return std::exchange(entry->again, false); });
  if (again) request_scan(entry, state_.with([&](char) { return entry->next_cause; }));
}

Result<> BranchProjects::look(const EntryRef& entry) {
  ScanRequest request;
  state_.with([&](char) {
    request.settings = entry->settings;
    for (const auto& [job, known] : entry->branches)
      request.known[known.head.name] = {known.head.commit, true};
    for (const auto& [name, commit] : entry->other) request.known[name] = {commit, false};
  });
  request.project = entry->name;
  request.copy_folder =
      fmt::format("{}/{}", options_.scm_folder,
                  copy_name(request.settings.remote(), entry->name.text() + "/branch"));
  const std::shared_ptr<const CredentialSource> credentials = host_.credentials_for(entry->name);
  request.credentials = credentials.get();
  request.local_repositories = options_.local_repositories;
  request.list_time = options_.list_time;
  ScanResult found = TRY(scan_heads(request, entry->stop.get_token(),
                                    [&](std::string_view text) { append(entry, text); }));
  const std::lock_guard lock(entry->working);
  if (entry->removed) return Error{Code::unavailable, "the project was removed"};
  return apply(entry, request.settings, std::move(found));
}

Result<> BranchProjects::apply(const EntryRef& entry, const BranchSettings& settings,
                               ScanResult found) {
  std::vector<std::string> created, gone;
  state_.with([&](char) {
    ++entry->sequence;
    entry->primary = std::move(found.primary);
    entry->other = std::move(found.other);
    std::map<std::string, Known> before = std::move(entry->branches);
    entry->branches.clear();
    for (Head& head : found.heads) {
      const std::string job = head.job();
      auto old = before.extract(job);
      Known known = old.empty() ? Known() : std::move(old.mapped());
      const bool moved = old.empty() || known.head.commit != head.commit;
      const bool changed = moved || known.dead_since || known.head.to_json() != head.to_json();
      // Jenkins too starts nothing for a tag by itself.
      if (moved && head.kind != HeadKind::tag)
        known.starts = fmt::format("indexing {} {}", entry->sequence, head.commit);
      known.head = std::move(head);
      known.dead_since.reset();
      // Until it is made: also the next scan tries, when this one cannot.
      if (changed) known.unmade = true;
      if (old.empty()) created.push_back(known.head.name);
      entry->branches.emplace(job, std::move(known));
    }
    for (auto& [job, known] : before) {
      known.starts.clear();
      if (!known.dead_since) {
        known.dead_since = clock_.now();
        gone.push_back(known.head.name);
        known.unmade = true;
      }
      entry->branches.emplace(job, std::move(known));
    }
  });
  for (const std::string& name : gone)
    append(entry, fmt::format("    {} is gone from the repository\n", name));
  const Result<> made = make_jobs(entry, settings);
  remove_orphans(entry, settings);
  TRY(save(entry));
  TRY(start_noted(entry));
  for (const std::string& name : created) start_others(entry, settings.on_create, name);
  return made;
}

/// Puts the jobs that do not stand as their branches do. One that cannot be put, as while an
/// earlier one of its name is still being removed, keeps no other from it; the first error is
/// returned.
Result<> BranchProjects::make_jobs(const EntryRef& entry, const BranchSettings& settings) {
  std::vector<Branch> unmade;
  state_.with([&](char) {
    for (const auto& [job, known] : entry->branches) {
      if (known.unmade)
        unmade.push_back({.head = known.head, .dead = known.dead_since.has_value()});
    }
  });
  Result<> out;
  for (const Branch& one : unmade) {
    const std::string job = one.head.job();
    if (Result<> made = host_.put_branch({entry->name.text(), job}, settings, one.head, one.dead);
        !made) {
      append(entry,
             fmt::format("ERROR: no job for branch {}: {}\n", one.head.name, made.error().message));
      if (out) out = std::move(made);
      continue;
    }
    state_.with([&](char) {
      const auto known = entry->branches.find(job);
      if (known != entry->branches.end()) known->second.unmade = false;
    });
  }
  return out;
}

void BranchProjects::remove_orphans(const EntryRef& entry, const BranchSettings& settings) {
  if (!settings.prune) return;
  const WallTime now = clock_.now();
  std::vector<std::pair<WallTime, std::string>> dead;
  state_.with([&](char) {
    for (const auto& [job, known] : entry->branches) {
      if (known.dead_since) dead.emplace_back(*known.dead_since, job);
    }
  });
  std::ranges::sort(dead, std::greater<>());
  for (size_t i = 0; i < dead.size(); ++i) {
    const auto& [since, job] = dead[i];
    const bool no_rule = settings.days < 0 && settings.count < 0;
    const bool too_old = settings.days >= 0 && now - since >= std::chrono::days(settings.days);
    const bool too_many = settings.count >= 0 && i >= static_cast<size_t>(settings.count);
    if (!no_rule && !too_old && !too_many) continue;
    const std::string name = state_.with([&](char) {
      const auto node = entry->branches.extract(job);
      return node.empty() ? std::string() : node.mapped().head.name;
    });
    append(entry, fmt::format("Will remove {}\n", name));
    if (Result<> removed = host_.remove_branch({entry->name.text(), job});
        !removed && removed.error().code != Code::not_found) {
      append(entry,
             fmt::format("ERROR: {} cannot be removed: {}\n", name, removed.error().message));
    }
    start_others(entry, settings.on_delete, name);
  }
}

/// Starts what is written down, and then writes down that it is started.
Result<> BranchProjects::start_noted(const EntryRef& entry) {
  struct Start {
    std::string job, key;
    Head head;
  };
  std::vector<Start> starts;
  std::string cause;
  state_.with([&](char) {
    for (const auto& [job, known] : entry->branches) {
      // Without a job it stays written down for the scan that makes one.
      if (!known.starts.empty() && !known.unmade) starts.push_back({job, known.starts, known.head});
    }
    cause = entry->scan.cause;
  });
  if (starts.empty()) return {};
  for (const Start& start : starts) {
    if (entry->stop.stop_requested() || ending_.stop_requested())
      return Error{Code::unavailable, "it was stopped"};
    const bool by_push = cause.starts_with("Push event");
    const Result<uint64_t> number = host_.start_branch(
        {entry->name.text(), start.job},
        {.values = {},
         .causes = {by_push ? "Push event to branch " + start.head.name : "Branch indexing"},
         .key = start.key,
         .revision = start.head.commit});
    append(entry, number ? fmt::format("Scheduled build for branch: {}\n", start.head.name)
                         : fmt::format("ERROR: no build for branch {}: {}\n", start.head.name,
                                       number.error().message));
    const bool later = !number && (number.error().code == Code::exhausted ||
                                   number.error().code == Code::unavailable);
    if (later) continue;  // it stays written down for the next scan
    state_.with([&](char) {
      const auto known = entry->branches.find(start.job);
      if (known != entry->branches.end()) known->second.starts.clear();
    });
  }
  return save(entry);
}

/// Runs of other jobs when a branch comes or goes (`multibranch_job_trigger`).
void BranchProjects::start_others(const EntryRef& entry, const std::string& jobs,
                                  const std::string& branch) {
  for (std::string_view path : split(jobs, ',')) {
    path = trim(path);
    if (path.empty()) continue;
    const JobName job = job_name(resolve_job(entry->name.text(), path));
    const Result<uint64_t> number = host_.start_branch(
        job, {.values = {{"SOURCE_PROJECT_NAME", branch},
                         {"SOURCE_PROJECT_FULL_NAME",
                          entry->name.text() + "/" + jenkins::encode_branch(branch)}},
              .causes = {fmt::format("Started by upstream project \"{}\" build "
                                     "number {}",
                                     entry->name.text(), entry->sequence)},
              .key = fmt::format("branch {} {} {} {}", entry->name.text(), entry->id,
                                 entry->sequence, branch)});
    append(entry, number ? fmt::format("Started {}\n", job.text())
                         : fmt::format("ERROR: {} cannot be started: {}\n", job.text(),
                                       number.error().message));
  }
}

// ----- on disk -----

Result<> BranchProjects::save(const EntryRef& entry) const {
  json::object out = state_.with([&](char) {
    json::array branches;
    for (const auto& [job, known] : entry->branches) {
      json::object one = known.head.to_json();
      if (known.dead_since) one["deadSince"] = known.dead_since->time_since_epoch().count();
      if (!known.starts.empty()) one["starts"] = known.starts;
      branches.push_back(std::move(one));
    }
    json::object other;
    for (const auto& [name, commit] : entry->other) other[name] = commit;
    return json::object{{"id", entry->id},           {"sequence", entry->sequence},
                        {"primary", entry->primary}, {"branches", std::move(branches)},
                        {"other", std::move(other)}, {"scan", scan_json(entry->scan)}};
  });
  return write_file_atomic(state_file(entry->folder), to_json(out), 0600);
}

Result<> BranchProjects::read(Entry& entry, const std::string& text) {
  const json::value saved = TRY(parse_json(text));
  entry.id = text_at(saved, {"id"});
  entry.sequence = static_cast<uint64_t>(int_at(saved, {"sequence"}));
  entry.primary = text_at(saved, {"primary"});
  if (const json::value* list = ks::find(saved, {"branches"});
      list != nullptr && list->is_array()) {
    for (const json::value& one : list->get_array()) {
      Known known{.head = Head::from_json(one),
                  .dead_since = std::nullopt,
                  .starts = std::string(text_at(one, {"starts"}))};
      if (int_at(one, {"deadSince"}) != 0) known.dead_since = time_at(one, "deadSince");
      const std::string job = known.head.job();
      entry.branches.emplace(job, std::move(known));
    }
  }
  if (const json::value* other = ks::find(saved, {"other"});
      other != nullptr && other->is_object()) {
    for (const auto& [name, commit] : other->get_object()) {
      if (commit.is_string()) entry.other.emplace(name, commit.get_string());
    }
  }
  if (const json::value* scan = ks::find(saved, {"scan"})) {
    entry.scan.started = time_at(*scan, "started");
    entry.scan.ended = time_at(*scan, "ended");
    entry.scan.error = text_at(*scan, {"error"});
    entry.scan.cause = text_at(*scan, {"cause"});
    if (entry.scan.ended != WallTime{})
      entry.scan.state = bool_at(*scan, {"failed"}) ? ScanState::failed : ScanState::done;
  }
  return {};
}

}  // namespace ks::engine
