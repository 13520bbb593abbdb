#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/branches/heads.h"
#include "engine/branches/scan.h"
#include "engine/scm/branch_spec.h"
#include "engine/server/engine_server.h"

// Runs that start by themselves: by schedules, new commits, and the ends of other runs.

namespace ks::engine {
namespace {

constexpr size_t kMaxPollBytes = 4096;

std::string timer_name(const JobName& job) { return "cron " + job.text(); }
std::string poll_name(const JobName& job) { return "poll " + job.text(); }

void set_timer(Timetable& times, const std::string& name, const std::string& schedule,
               const JobName& job, std::function<void()> call) {
  Result<Cron> cron =
      schedule.empty() ? Error{Code::not_found, ""} : Cron::parse(schedule, job.text());
  if (!cron) return times.remove(name);
  times.set(name, std::move(*cron), std::move(call));
}

/// The commit of the branch that a job is of; empty when the repository has none.
std::string commit_of(const GitSpec& spec, const RemoteRefs& refs) {
  constexpr std::string_view kRemote = "refs/remotes/origin/";
  for (const std::string& branch : spec.branches) {
    const Result<BranchSpec> parsed = parse_branch(branch, spec.remotes);
    if (!parsed) continue;
    for (const RemoteRef& ref : refs.refs) {
      const bool of_branch = ref.name.starts_with("refs/heads/");
      const std::string known = of_branch ? std::string(kRemote) + ref.name.substr(11) : ref.name;
      const bool fits = parsed->is_pattern()
                            ? !parsed->wildcard.empty() && wildcard_takes(parsed->wildcard, known)
                            : std::ranges::find(parsed->names, known) != parsed->names.end();
      if (fits) return ref.commit;
    }
  }
  return {};
}

}  // namespace

/// Sets what a job's configuration and its Jenkinsfile say of when it starts by itself.
void EngineServer::arm(const JobRef& job) {
  struct Known {
    std::string config;
    JobProperties declared;
    bool off = false;
  };
  const Known known = state_.with([&](const State&) {
    return Known{job->config, job->declared, job->doomed || job->settings.disabled};
  });
  if (known.off) return disarm(job->name);
  const std::string name = job->name.text();
  JobTriggers triggers;
  // Most have none: those are not read once more.
  if (known.config.contains("Trigger>")) triggers = triggers_of_config(known.config, name);
  triggers = with_declared(std::move(triggers), known.declared, name);
  set_timer(times_, timer_name(job->name), triggers.cron, job->name, [this, of = job->name] {
    try_start_by_itself(of, {.values = {}, .causes = {"Started by timer"}, .key = {}});
  });
  set_timer(times_, poll_name(job->name), triggers.poll, job->name,
            [this, of = job->name] { poll(of); });
  upstream_.with([&](auto& upstream) {
    if (triggers.upstream.empty()) {
      upstream.erase(job->name);
    } else {
      upstream[job->name] = std::move(triggers.upstream);
    }
  });
}

void EngineServer::disarm(const JobName& job) {
  times_.remove(timer_name(job));
  times_.remove(poll_name(job));
  upstream_.with([&](auto& upstream) { upstream.erase(job); });
}

/// A run that waits already for the same reason stands for this one too: a schedule does not fill
/// the queue of a job whose runs take longer.
Result<> EngineServer::start_by_itself(const JobName& name, StartRequest request) {
  if (ending_) return Error{Code::unavailable, "the server is ending"};
  const JobRef job = TRY(find_job(name));
  const bool waits = state_.with([&](const State&) {
    return std::ranges::any_of(job->builds, [&](const auto& entry) {
      return entry.second.waits && entry.second.waits->causes == request.causes;
    });
  });
  if (!waits) TRY(start(name, std::move(request)));
  return {};
}

/// The same where nobody can do anything about a failure.
void EngineServer::try_start_by_itself(const JobName& name, StartRequest request) {
  if (Result<> started = start_by_itself(name, std::move(request)); !started && !ending_) {
    LOG(warn, "a run does not start by itself", {"job", name.text()},
        {"error", started.error().message});
  }
}

/// Starts the jobs that wait for this one to end well. The keys let a second call, after a crash,
/// find what the first one started; the time of the run, which its journal has, tells it from the
/// one of its number of a job that was removed.
void EngineServer::start_downstream(const Run& run, const JobName& name) {
  const std::string full = name.text();
  std::vector<JobName> jobs;
  upstream_.with([&](const auto& upstream) {
    for (const auto& [job, triggers] : upstream) {
      const bool fits = std::ranges::any_of(triggers, [&](const JobTriggers::Upstream& one) {
        return one.job == full && run.result() <= one.threshold;
      });
      if (fits) jobs.push_back(job);
    }
  });
  const uint64_t number = run.spec().number;
  for (const JobName& job : jobs) {
    try_start_by_itself(job, {.values = {},
                              .causes = {upstream_cause(full, number, run.spec().causes)},
                              .key = fmt::format("downstream {}#{} {}", full, number,
                                                 run.started().time_since_epoch().count())});
  }
}

/// Looks whether the repository of a job has something new.
void EngineServer::poll(const JobName& name) {
  if (ending_) return;
  if (name.folder.contains('/')) {
    // The branches of a repository are looked at together.
    (void)projects_->scan(job_name(std::string_view(name.folder)), "Started by an SCM change");
    return;
  }
  const bool first = polling_.with([&](auto& polling) { return polling.insert(name).second; });
  if (!first) return;
  projects_->run_aside([this, name](const std::stop_token& stop) {
    if (Result<> done = poll_now(name, stop); !done && !stop.stop_requested()) {
      LOG(warn, "the repository of a job cannot be polled", {"job", name.text()},
          {"error", done.error().message});
    }
    polling_.with([&](auto& polling) { polling.erase(name); });
  });
}

Result<> EngineServer::poll_now(const JobName& name, const std::stop_token& stop) {
  const JobRef job = TRY(find_job(name));
  const json::value scm = state_.with([&](const State&) { return job->settings.scm; });
  if (!scm.is_object()) {
    return Error{Code::invalid,
                 "pollSCM: its Jenkinsfile lies in no repository that could be polled"};
  }
  const GitSpec spec =
      TRY(read_git_spec(scm, [](std::string_view text) { return std::string(text); }));
  ScanRequest request;
  request.settings.url = spec.remotes.front().url;
  request.settings.credentials_id = spec.remotes.front().credentials_id;
  request.settings.branches = 3;
  request.settings.tags = true;
  request.copy_folder = job->folder;
  request.credentials = job->credentials.get();
  request.local_repositories = options_.local_repositories;
  request.list_time = options_.scan_timeout;
  const std::string commit = commit_of(spec, TRY(list_heads(request, stop)));
  const std::string path = job->folder + "/poll.json";
  const json::value before =
      parse_json(read_file(path, kMaxPollBytes).value_or("{}")).value_or(json::value());
  if (commit.empty() || text_at(before, {"commit"}) == commit) return {};
  // What a run checked out meanwhile needs no other one.
  const json::value checked_out = previous_checkout(name, UINT64_MAX, spec.key());
  const int64_t count = int_at(before, {"count"}) + 1;
  if (text_at(checked_out, {"commit"}) != commit) {
    // Else the next poll finds the commit new again; the key is the same then.
    TRY(start_by_itself(name, {.values = {},
                               .causes = {"Started by an SCM change"},
                               .key = fmt::format("poll {} {}", count, commit)}));
  }
  return write_file_atomic(path, to_json(json::object{{"commit", commit}, {"count", count}}), 0600);
}

}  // namespace ks::engine
