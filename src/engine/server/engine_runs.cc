#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <future>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/credentials.h"
#include "engine/replay.h"
#include "engine/server/engine_server.h"
#include "engine/server/saved_run.h"
#include "engine/step.h"
#include "engine/test_report.h"

// The beginning, the life and the end of runs.

namespace ks::engine {
namespace {

constexpr size_t kMaxResultBytes = 256u << 20;
constexpr size_t kMaxHeldBytes = 4096;
constexpr auto kAnswerPatience = std::chrono::seconds(30);  // for the disk
constexpr size_t kMostEarlierRuns = 20;  // that are looked at for what they checked out

RunState state_of(const Run& run) {
  if (run.finished()) return RunState::finished;
  return run.paused() ? RunState::paused : RunState::running;
}

RunInfo info_of(const Run& run, const JobName& job, bool with_nodes) {
  RunInfo out;
  out.job = job;
  out.number = run.spec().number;
  out.key = run.spec().key;
  out.state = state_of(run);
  out.result = run.result();
  out.queued = out.started = run.started();
  out.ended = out.finished() ? run.ended() : WallTime{};
  out.causes = run.spec().causes;
  out.values = run.spec().values;
  out.description = run.description();
  out.display_name = run.display_name();
  out.keep_log = run.keep_log();
  out.waiting_for = run.waiting_for();
  out.inputs = run.inputs();
  out.artifacts = run.artifacts();
  out.tests = run.tests();
  out.checkouts = run.checkouts();
  if (with_nodes) out.nodes = run.nodes();
  return out;
}

RunInfo info_of_waiting(const RunSpec& spec, const JobName& job, WallTime queued) {
  RunInfo out;
  out.job = job;
  out.number = spec.number;
  out.key = spec.key;
  out.queued = queued;
  out.causes = spec.causes;
  out.values = spec.values;
  out.display_name = fmt::format("#{}", spec.number);
  out.waiting_for = "Waiting for earlier runs to end";
  return out;
}

/// Tells whether an answer was taken; when it is dropped before, it was not.
class Receipt {
 public:
  ~Receipt() { tell(false); }
  std::future<bool> taken() { return promise_.get_future(); }
  void tell(bool taken) {
    if (!std::exchange(told_, true)) promise_.set_value(taken);
  }

 private:
  std::promise<bool> promise_;
  bool told_ = false;
};

}  // namespace

Result<EngineServer::Found> EngineServer::find_build(const JobName& name, uint64_t number) const {
  Found out;
  out.job = TRY(find_job(name));
  const bool found = state_.with([&](const State&) {
    const auto build = out.job->builds.find(number);
    if (build == out.job->builds.end() || build->second.doomed) return false;
    out.live = build->second.live;
    out.waits = build->second.waits.has_value();
    out.queued = build->second.queued;
    if (out.waits) out.spec = *build->second.waits;
    return true;
  });
  if (!found) {
    return Error{Code::not_found, fmt::format("job \"{}\" has no run {}", name.text(), number)};
  }
  out.folder = out.job->build_folder(number);
  return out;
}

/// The same, once it stands where it stood before a restart: who has seen it there must not see it
/// go through all that again. A replay takes milliseconds; for one that takes long, only the first
/// seconds after the start are waited.
Result<EngineServer::Found> EngineServer::find_caught_up(const JobName& name,
                                                         uint64_t number) const {
  Found found = TRY(find_build(name, number));
  if (!found.live || found.live->caught_up()) return found;
  auto done = [&](const State&) { return found.live->caught_up(); };
  const auto left = replay_limit_ - std::chrono::steady_clock::now();
  if (state_.wait_for(caught_up_, left, done, done)) return found;
  return Error{Code::unavailable,
               fmt::format("run {} of \"{}\" is being replayed after a restart; try again soon",
                           number, name.text())};
}

// ----- beginning -----

Result<uint64_t> EngineServer::start(const JobName& name, StartRequest request) {
  std::lock_guard lock(changing_);
  const JobRef job = TRY(find_job(name));
  if (state_.with([&](const State&) { return job->settings.disabled; })) {
    return Error{Code::conflict, fmt::format("job \"{}\" is disabled, or its branch is gone; it "
                                             "cannot be started",
                                             name.text())};
  }
  const WallTime now = clock_.now(), rate_allows = earliest_by_rate(*job, request.causes);
  struct Plan {
    uint64_t number = 0;
    bool known = false, waits = false, full = false;
    WallTime not_before{};
    RunSpec spec;
    std::vector<std::shared_ptr<Run>> superseded;
  };
  Plan plan = state_.with([&](State& state) {
    Plan out;
    if (const auto found = job->keys.find(request.key);
        !request.key.empty() && found != job->keys.end()) {
      out.number = found->second;
      out.known = true;
      return out;
    }
    const int64_t quiet = std::clamp<int64_t>(
        request.quiet_seconds.value_or(job->settings.quiet_seconds), 0, kMaxQuietSeconds);
    out.not_before = std::max(now + std::chrono::seconds(quiet), rate_allows);
    if (job->settings.one_at_a_time && job->settings.abort_previous) {
      for (const auto& [number, build] : job->builds) {
        if (build.live) out.superseded.push_back(build.live);
      }
    }
    out.waits = out.not_before > now || !may_begin(state, *job) ||
                (job->settings.one_at_a_time && std::ranges::any_of(job->builds, [](const auto& b) {
                   return b.second.waits.has_value();
                 }));
    out.full = out.waits && state.waiting >= options_.max_waiting;
    out.number = job->next;
    out.spec.job = name.text();
    out.spec.number = out.number;
    out.spec.script = request.script ? std::move(*request.script) : job->settings.script;
    out.spec.parameters = declared_parameters(job->settings);
    out.spec.values = complete_values(job->settings, std::move(request.values));
    out.spec.causes = std::move(request.causes);
    out.spec.scm = job->settings.scm;
    if (!request.revision.empty() && out.spec.scm.is_object())
      out.spec.scm.get_object()["revision"] = request.revision;
    out.spec.env = job->settings.env;
    const std::string project = name.folder.substr(0, name.folder.find('/'));
    for (const LibraryConfig& library : options_.libraries) {
      if (library.project.empty() || library.project == project)
        out.spec.libraries.push_back(library_to_json(library));
    }
    out.spec.key = request.key;
    out.spec.env.insert(out.spec.env.end(), request.env.begin(), request.env.end());
    if (request.restart) {
      out.spec.script = request.restart->script;
      out.spec.restart_stage = request.restart->stage;
    }
    return out;
  });
  if (plan.known) return plan.number;
  if (plan.full) {
    return Error{Code::exhausted,
                 fmt::format("more than {} runs would wait in the queue (--max-waiting-runs)",
                             options_.max_waiting)};
  }
  const std::string folder = job->build_folder(plan.number);
  TRY(make_dirs(folder, 0700));
  if (request.restart) TRY(take_stashes(*job, request.restart->origin, folder));
  for (const StartRequest::Upload& upload : request.uploads) {
    const std::string name_in = file_name(upload.parameter);
    TRY(make_dirs(folder + "/files/stash/" + name_in));
    TRY(write_file_atomic(folder + "/files/stash/" + name_in + "/" + name_in, upload.content));
  }
  TRY(append_key(*job, plan.number, request.key));
  if (plan.waits) {
    json::value saved = plan.spec.to_json();
    saved.as_object()["t"] = now.time_since_epoch().count();
    saved.as_object()["notBefore"] = plan.not_before.time_since_epoch().count();
    TRY(write_file_atomic(folder + "/queued.json", to_json(saved), 0600));
    state_.with([&](State& state) {
      Build& build = job->builds[plan.number];
      build.queued = now;
      build.not_before = plan.not_before;
      build.waits = std::move(plan.spec);
      ++state.waiting;
    });
    publish(name, plan.number, request.key, RunState::queued);
    if (plan.not_before > now) begin_later(job, plan.not_before);
  } else {
    TRY(begin_build(job, plan.number, std::move(plan.spec)));
  }
  state_.with([&](State&) {
    job->next = plan.number + 1;
    if (!request.key.empty()) job->keys[request.key] = plan.number;
  });
  for (const auto& run : plan.superseded)
    run->interrupt(BuildResult::not_built, fmt::format("Superseded by #{}", plan.number));
  return plan.number;
}

/// When `rateLimitBuilds` lets the next run of a job begin: some time after the one before it did,
/// or will.
WallTime EngineServer::earliest_by_rate(const Job& job,
                                        const std::vector<std::string>& causes) const {
  const RateLimit rate = state_.with([&](const State&) { return job.settings.rate; });
  const bool by_user = std::ranges::any_of(
      causes, [](const std::string& cause) { return cause.starts_with("Started by user"); });
  if (rate.gap == rate.gap.zero() || (rate.users_first && by_user)) return {};
  const std::vector<uint64_t> numbers = runs(job.name).value_or(std::vector<uint64_t>());
  if (numbers.empty()) return {};
  const Result<Found> last = find_build(job.name, numbers.front());
  if (!last) return {};
  if (last->waits) {
    return rate.gap +
           state_.with([&](const State&) { return last->job->builds[numbers.front()].not_before; });
  }
  const Result<RunInfo> info = read(*last, job.name, false);
  return info ? info->started + rate.gap : WallTime{};
}

bool EngineServer::may_begin(const State& state, const Job& job) const {
  return state.live < options_.max_live && !(job.settings.one_at_a_time && job.has_live());
}

RunServices EngineServer::services_for(const Job& job) {
  RunServices out;
  out.steps = &builtin_steps();
  out.credentials = job.credentials.get();
  out.builds = this;
  out.node = node_.get();
  out.tools = options_.tools;
  out.clock = &clock_;
  out.syncer = &syncer_;
  out.post = [this](std::function<void()> work) { loop_->post(std::move(work)); };
  out.timer = [this](std::chrono::milliseconds after, std::function<void()> work) {
    return loop_->timer(after, std::move(work));
  };
  out.locks = &locks_;
  out.milestones = &milestones_;
  out.mail = &options_.mail;
  out.sonar = &options_.sonar;
  out.quality_gates = &quality_gates_;
  out.connect_cluster = options_.connect_cluster;
  out.background = [this](std::function<void()> work) { background_->post(std::move(work)); };
  out.node_changed = [this, name = job.name](const Run& run, const RunNode& node) {
    on_node(run, name, node);
  };
  out.state_changed = [this, name = job.name](const Run& run) { on_state(run, name); };
  out.replayed = [this](const Run&) { replayed(); };
  out.previous_result = [this, name = job.name](const RunSpec& spec) -> std::optional<BuildResult> {
    const Result<std::vector<uint64_t>> numbers = runs(name);
    if (!numbers) return std::nullopt;
    for (uint64_t number : *numbers) {
      if (number >= spec.number) continue;
      const Result<Found> found = find_build(name, number);
      if (!found) continue;
      // On the run's thread: a replay, which may need this thread, is not waited for.
      const Result<RunInfo> before = read(*found, name, false);
      if (before && before->finished()) return before->result;
    }
    return std::nullopt;
  };
  out.previous_checkout = [this, name = job.name](const RunSpec& spec, const std::string& key) {
    return previous_checkout(name, spec.number, key);
  };
  out.earlier_file = [this, name = job.name](const RunSpec& spec, const std::string& file) {
    return earlier_file(name, spec.number, file);
  };
  out.checkout_retries = options_.checkout_retries;
  out.recording = options_.recording;
  out.local_repositories = options_.local_repositories;
  out.url = options_.url;
  out.home = options_.data_dir;
  return out;
}

/// What the last run of a job checked out of a repository, and the last successful one.
json::value EngineServer::previous_checkout(const JobName& name, uint64_t before,
                                            const std::string& key) const {
  const Result<std::vector<uint64_t>> numbers = runs(name);
  json::object out;
  size_t seen = 0;
  for (uint64_t number : numbers.value_or(std::vector<uint64_t>())) {
    if (number >= before) continue;
    if (++seen > kMostEarlierRuns) break;
    const Result<RunInfo> earlier = run(name, number, false);
    if (!earlier) continue;
    for (const json::value& checkout : earlier->checkouts) {
      if (text_at(checkout, {"key"}) != key) continue;
      const std::string_view commit = text_at(checkout, {"commit"});
      if (!out.contains("commit")) out["commit"] = commit;
      if (earlier->finished() && earlier->result == BuildResult::success)
        out["successful"] = commit;
    }
    if (out.contains("successful")) break;
  }
  return out.empty() ? json::value(nullptr) : json::value(std::move(out));
}

std::string EngineServer::earlier_file(const JobName& name, uint64_t before,
                                       const std::string& file) const {
  size_t seen = 0;
  for (const uint64_t number : runs(name).value_or(std::vector<uint64_t>())) {
    if (number >= before) continue;
    if (++seen > kMostEarlierRuns) break;
    const Result<Found> found = find_build(name, number);
    if (!found) continue;
    std::string path = found->folder + "/files/" + file;
    if (file_exists(path)) return path;
  }
  return {};
}

/// A new run, or one whose journal is there.
Result<> EngineServer::begin_build(const JobRef& job, uint64_t number, RunSpec spec) {
  const std::string folder = job->build_folder(number);
  std::shared_ptr<Run> run = TRY(Run::open(
      services_for(*job), std::move(spec),
      {.journal = folder + "/journal", .log = folder + "/log", .artifacts = folder + "/files"},
      options_.limits));
  if (run->replaying()) ++replaying_;
  state_.with([&](State& state) {
    Build& build = job->builds[number];
    if (!build.live) ++state.live;
    if (build.waits) --state.waiting;
    build.waits.reset();
    build.live = run;
    build.queued = run->started();
    if (!run->spec().key.empty()) job->keys[run->spec().key] = number;
  });
  TRY(remove_tree(folder + "/queued.json"));
  if (const Result<std::string> by = read_file(folder + "/held", kMaxHeldBytes)) {
    run->hold(true, *by);
  }
  run->start();
  tell(job->name, number, Moment::begun);
  return {};
}

/// Looks again for runs that may begin when a quiet period is over.
void EngineServer::begin_later(const JobRef& job, WallTime not_before) {
  const auto left = not_before - clock_.now();
  if (left <= left.zero()) return;
  const auto token = loop_->timer(left, [this, job] {
    if (ending_) return;
    std::lock_guard lock(changing_);
    begin_waiting(job);
  });
  keep(token);
}

/// Lets the oldest runs that wait begin, as many as may. It is held to wait until it is under way,
/// so that who looks meanwhile finds one or the other.
void EngineServer::begin_waiting(const JobRef& job) {
  while (true) {
    const WallTime now = clock_.now();
    uint64_t number = 0;
    std::optional<RunSpec> spec = state_.with([&](const State& state) -> std::optional<RunSpec> {
      if (job->doomed || !may_begin(state, *job)) return std::nullopt;
      for (auto& [candidate, build] : job->builds) {
        if (!build.waits || build.not_before > now) continue;
        number = candidate;
        return build.waits;
      }
      return std::nullopt;
    });
    if (!spec) return;
    if (Result<> begun = begin_build(job, number, std::move(*spec)); !begun) {
      LOG(error, "a run cannot begin and waits on", {"job", job->name.text()}, {"number", number},
          {"error", begun.error().message});
      return retry([this, job] {
        if (ending_) return;
        std::lock_guard lock(changing_);
        begin_waiting(job);
      });
    }
  }
}

/// After a run ended while as many were under way as there may be: the oldest that waits, of
/// whichever job.
void EngineServer::begin_waiting_anywhere() {
  JobRef oldest;
  state_.with([&](State& state) {
    WallTime since = WallTime::max();
    const WallTime now = clock_.now();
    for (auto& [folder_name, folder] : state.folders) {
      for (auto& [job_name, job] : folder.jobs) {
        if (!may_begin(state, *job)) continue;
        for (const auto& [number, build] : job->builds) {
          if (!build.waits || build.queued >= since || build.not_before > now) continue;
          since = build.queued;
          oldest = job;
        }
      }
    }
  });
  if (oldest) begin_waiting(oldest);
}

// ----- life -----

void EngineServer::publish(const JobName& job, uint64_t number, const std::string& key,
                           RunState state, BuildResult result) {
  events_.publish({.sequence = 0,
                   .type = EngineEvent::Type::run,
                   .job = job,
                   .number = number,
                   .key = key,
                   .state = state,
                   .node = std::nullopt,
                   .result = result});
}

void EngineServer::on_node(const Run& run, const JobName& name, const RunNode& node) {
  events_.publish({.sequence = 0,
                   .type = EngineEvent::Type::node,
                   .job = name,
                   .number = run.spec().number,
                   .key = run.spec().key,
                   .state = state_of(run),
                   .node = node,
                   .result = run.result()});
}

void EngineServer::on_state(const Run& run, const JobName& name) {
  publish(name, run.spec().number, run.spec().key, state_of(run), run.result());
  if (!run.finished()) return;
  // Not from within the run's own turn: it is about to be dropped.
  loop_->post([this, name, number = run.spec().number] { settle(name, number); });
}

/// Saves a run that has ended, removes it when that was asked for, and lets the next one begin.
void EngineServer::settle(const JobName& name, uint64_t number) {
  if (ending_) return;
  // Before its result is saved: a crash in between starts them again, and finds them started.
  if (const Result<Found> ended = find_build(name, number); ended && ended->live)
    start_downstream(*ended->live, name);
  std::lock_guard lock(changing_);
  JobRef job;
  std::shared_ptr<Run> run;
  bool doomed = false;
  state_.with([&](State& state) {
    if (const auto folder = state.folders.find(name.folder); folder != state.folders.end()) {
      const auto found = folder->second.jobs.find(name.name);
      if (found != folder->second.jobs.end()) job = found->second;
    }
    for (const JobRef& one : state.doomed) {
      if (one->name == name) job = one;
    }
    if (!job) return;
    const auto build = job->builds.find(number);
    if (build == job->builds.end()) return;
    run = build->second.live;
    doomed = build->second.doomed;
  });
  if (!job || !run) return;
  milestones_.ended(run->spec().job, number);
  if (!doomed && !job->doomed) {
    RunInfo info = info_of(*run, name, true);
    info.log_bytes = run->log().size();
    if (Result<> saved =
            write_file_atomic(job->build_folder(number) + "/result.json", to_text(info), 0600);
        !saved) {
      // It stays in memory and its journal on disk: also a restart saves it again.
      LOG(error, "the result of a run cannot be saved yet", {"job", name.text()},
          {"number", number}, {"error", saved.error().message});
      return retry([this, name, number] { settle(name, number); });
    }
  }
  // Nothing is replayed any more: what its journal holds of credentials is of no use to anybody.
  if (Result<> gone = remove_tree(credential_key(*run)); !gone)
    LOG(error, "the key of a run stays", {"error", gone.error().message});
  const bool crowded = state_.with([&](State& state) {
    job->builds[number].live.reset();
    return state.live-- >= options_.max_live;
  });
  run.reset();
  if (doomed && !job->doomed) drop_build(job, number);
  tell(name, number, Moment::ended);
  if (!job->doomed) {
    remove_stashes(job, number);
    remove_old_runs(job);
  }
  if (crowded) begin_waiting_anywhere();
  if (!job->doomed) return begin_waiting(job);
  if (!state_.with([&](const State&) { return job->has_live(); })) {
    if (Result<> gone = discard(job); !gone) {
      LOG(error, "a removed job leaves files", {"job", name.text()},
          {"error", gone.error().message});
    }
  }
}

void EngineServer::drop_build(const JobRef& job, uint64_t number) {
  state_.with([&](State&) { job->builds.erase(number); });
  tell(job->name, number, Moment::ended);
  if (Result<> gone = remove_tree(job->build_folder(number)); !gone) {
    LOG(error, "a removed run leaves files", {"job", job->name.text()}, {"number", number},
        {"error", gone.error().message});
  }
}

Result<uint64_t> EngineServer::replay(const JobName& name, uint64_t number, const std::string& by,
                                      std::optional<std::string> script) {
  RunSpec spec = TRY(spec_of_kept_run(TRY(find_build(name, number)).folder));
  StartRequest request;
  request.values = std::move(spec.values);
  request.causes = {"Started by user " + by, fmt::format("Replayed #{}", number)};
  request.script = script ? std::move(*script) : std::move(spec.script);
  return start(name, std::move(request));
}

Result<> EngineServer::stop(const JobName& name, uint64_t number, const std::string& by) {
  const Found found = TRY(find_build(name, number));
  if (found.live) {
    found.live->abort(by);
    return {};
  }
  if (!found.waits) return {};
  std::lock_guard lock(changing_);
  const bool still =
      state_.with([&](const State&) { return found.job->builds[number].waits.has_value(); });
  if (!still) {
    // It began meanwhile.
    if (const Found now = TRY(find_build(name, number)); now.live) now.live->abort(by);
    return {};
  }
  return end_waiting(found, name, number, BuildResult::aborted, "Aborted by " + by);
}

/// A run that never began ends.
Result<> EngineServer::end_waiting(const Found& found, const JobName& name, uint64_t number,
                                   BuildResult result, const std::string& cause) {
  RunInfo info = info_of_waiting(found.spec, name, found.queued);
  const std::string log = fmt::format("{}\nFinished: {}\n", cause, to_string(result));
  info.state = RunState::finished;
  info.result = result;
  info.ended = clock_.now();
  info.log_bytes = log.size();
  info.waiting_for.clear();
  TRY(write_file_atomic(found.folder + "/log", log, 0600));
  TRY(write_file_atomic(found.folder + "/result.json", to_text(info), 0600));
  state_.with([&](State& state) {
    found.job->builds[number].waits.reset();
    --state.waiting;
  });
  publish(name, number, info.key, RunState::finished, result);
  TRY(remove_tree(found.folder + "/queued.json"));
  tell(name, number, Moment::ended);
  return {};
}

Result<> EngineServer::answer(const JobName& name, uint64_t number, const std::string& input,
                              InputAnswer given) {
  const Found found = TRY(find_caught_up(name, number));
  if (!found.live || found.live->finished()) {
    return Error{Code::invalid,
                 fmt::format("run {} of \"{}\" waits for no input", number, name.text())};
  }
  if (found.live->held()) {
    return Error{Code::conflict, fmt::format("run {} of \"{}\" is paused; let it go on first",
                                             number, name.text())};
  }
  // Whoever is told that the answer was taken must not be asked again after a crash.
  auto receipt = std::make_shared<Receipt>();
  std::future<bool> taken = receipt->taken();
  TRY(found.live->answer(input, std::move(given),
                         [receipt = std::move(receipt)] { receipt->tell(true); }));
  if (taken.wait_for(kAnswerPatience) != std::future_status::ready) {
    return Error{Code::unavailable,
                 fmt::format("run {} of \"{}\" cannot write the answer down yet: {}", number,
                             name.text(), found.live->waiting_for())};
  }
  if (!taken.get()) return Error{Code::invalid, "This input has been already given"};
  return {};
}

Result<> EngineServer::hold(const JobName& name, uint64_t number, bool hold,
                            const std::string& by) {
  const Found found = TRY(find_build(name, number));
  std::lock_guard lock(changing_);
  const std::shared_ptr<Run> live =
      state_.with([&](const State&) { return found.job->builds[number].live; });
  const bool waits =
      state_.with([&](const State&) { return found.job->builds[number].waits.has_value(); });
  if (!waits && (!live || live->finished())) {
    return Error{Code::conflict, fmt::format("run {} of \"{}\" has ended", number, name.text())};
  }
  // One that waits in the queue finds the file when it begins.
  const std::string file = found.folder + "/held";
  TRY(hold ? write_file_atomic(file, by, 0600) : remove_tree(file));
  if (live) live->hold(hold, by);
  return {};
}

Result<> EngineServer::remove_run(const JobName& name, uint64_t number) {
  const Found found = TRY(find_build(name, number));
  std::lock_guard lock(changing_);
  std::shared_ptr<Run> live;
  state_.with([&](State& state) {
    Build& build = found.job->builds[number];
    live = build.live;
    build.doomed = true;
    if (build.waits) --state.waiting;
    build.waits.reset();
  });
  if (live && !live->finished()) {
    live->abort("the removal of the run");
    return {};
  }
  state_.with([&](State& state) {
    if (live) --state.live;
    found.job->builds[number].live.reset();
  });
  live.reset();
  drop_build(found.job, number);
  return {};
}

// ----- reading -----

Result<RunInfo> EngineServer::run(const JobName& name, uint64_t number, bool with_nodes) const {
  return read(TRY(find_caught_up(name, number)), name, with_nodes);
}

Result<RunInfo> EngineServer::read(const Found& found, const JobName& name, bool with_nodes) const {
  if (found.waits) return info_of_waiting(found.spec, name, found.queued);
  if (found.live) {
    RunInfo info = info_of(*found.live, name, with_nodes);
    info.log_bytes = found.live->log().size();
    return info;
  }
  RunInfo info = TRY(run_from_text(TRY(read_file(found.folder + "/result.json", kMaxResultBytes))));
  if (!with_nodes) info.nodes.clear();
  info.job = name;  // it may have been renamed since
  return info;
}

std::vector<std::pair<JobName, uint64_t>> EngineServer::waiting() const {
  return state_.with([](const State& state) {
    std::vector<std::pair<JobName, uint64_t>> out;
    if (state.waiting == 0) return out;
    for (const auto& [folder_name, folder] : state.folders) {
      for (const auto& [job_name, job] : folder.jobs) {
        for (const auto& [number, build] : job->builds) {
          if (build.waits) out.emplace_back(job->name, number);
        }
      }
    }
    return out;
  });
}

Result<std::vector<uint64_t>> EngineServer::runs(const JobName& name) const {
  const JobRef job = TRY(find_job(name));
  return state_.with([&](const State&) {
    std::vector<uint64_t> out;
    for (const auto& [number, build] : job->builds) {
      if (!build.doomed) out.push_back(number);
    }
    std::ranges::reverse(out);
    return out;
  });
}

Result<Engine::LogPiece> EngineServer::log(const JobName& name, uint64_t number, uint64_t from,
                                           size_t max_bytes) const {
  const Found found = TRY(find_caught_up(name, number));
  LogPiece out;
  if (found.live) {
    const bool complete = found.live->log().finished();
    out.text = TRY(found.live->log().read(from, max_bytes));
    out.next = from + out.text.size();
    out.complete = complete && out.next >= found.live->log().size();
    return out;
  }
  out.next = from;
  if (found.waits) return out;
  const Fd file = TRY(open_file(found.folder + "/log", O_RDONLY | O_CLOEXEC));
  out.text.resize(max_bytes);
  const ssize_t got = ::pread(file.get(), out.text.data(), max_bytes, static_cast<off_t>(from));
  if (got < 0) return errno_error("read", found.folder + "/log", errno);
  out.text.resize(static_cast<size_t>(got));
  out.next = from + out.text.size();
  out.complete = out.text.size() < max_bytes;
  return out;
}

Result<std::shared_ptr<void>> EngineServer::follow_log(const JobName& name, uint64_t number,
                                                       std::function<void()> grown) {
  const Found found = TRY(find_caught_up(name, number));
  if (!found.live || found.live->log().finished()) return std::shared_ptr<void>();
  return found.live->log().follow(std::move(grown));
}

Result<std::string> EngineServer::artifacts_folder(const JobName& name, uint64_t number) const {
  return TRY(find_build(name, number)).folder + "/files/archive";
}

Result<json::object> EngineServer::test_report(const JobName& name, uint64_t number) const {
  const Found found = TRY(find_build(name, number));
  auto report = TRY(read_test_report(found.folder + "/files/" + std::string(kTestReports)));
  if (report) return *std::move(report);
  return Error{Code::not_found,
               fmt::format("run {} of \"{}\" has recorded no tests", number, name.text())};
}

Result<json::object> EngineServer::fingerprints(const JobName& name, uint64_t number) const {
  const Found found = TRY(find_build(name, number));
  const std::string list = found.folder + "/files/fingerprints.json";
  if (!file_exists(list)) return json::object();
  json::value sums = TRY(parse_json(TRY(read_file(list, kMaxResultBytes))));
  if (!sums.is_object()) return Error{Code::invalid, list + ": no fingerprints"};
  return std::move(sums.get_object());
}

Result<> EngineServer::sonar_webhook(std::string_view body, std::string_view signature) {
  return quality_gates_.heard(body, signature);
}

}  // namespace ks::engine
