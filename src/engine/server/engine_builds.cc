#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/server/engine_server.h"

// What runs ask of each other and of their jobs.

namespace ks::engine {
namespace {

std::string url_of(const std::string& server, const JobName& job, uint64_t number) {
  if (server.empty()) return {};
  return fmt::format("{}{}/{}/", server, job_ref(job).core_path(), number);
}

}  // namespace

bool EngineServer::has_job(const std::string& job) const {
  loaded_.wait(false);
  return find_job(job_name(job)).ok();
}

std::vector<uint64_t> EngineServer::numbers(const std::string& job) const {
  loaded_.wait(false);
  return runs(job_name(job)).value_or(std::vector<uint64_t>());
}

std::optional<json::object> EngineServer::facts(const std::string& job, uint64_t number) const {
  loaded_.wait(false);
  const JobName name = job_name(job);
  // As it stands: a run of before a restart is not waited for until it has caught up, since that
  // may need this thread.
  const Result<Found> found = find_build(name, number);
  if (!found) return std::nullopt;
  const Result<RunInfo> info = read(*found, name, false);
  if (!info) return std::nullopt;
  auto millis = [](WallTime time) { return time.time_since_epoch().count(); };
  const WallTime end = info->finished() ? info->ended : clock_.now();
  json::array causes;
  for (const std::string& cause : info->causes) causes.push_back(json::value(cause));
  json::object facts{{"job", job},
                     {"number", number},
                     {"building", !info->finished()},
                     {"result", nullptr},
                     {"displayName", info->display_name},
                     {"description", info->description},
                     {"startMillis", millis(info->started)},
                     {"durationMillis", std::max<int64_t>(millis(end) - millis(info->started), 0)},
                     {"causes", std::move(causes)},
                     {"values", info->values},
                     {"keepLog", info->keep_log},
                     {"url", url_of(options_.url, name, number)}};
  if (info->finished() || info->result != BuildResult::success)
    facts["result"] = to_string(info->result);
  return facts;
}

json::array EngineServer::checkouts(const std::string& job, uint64_t number) const {
  loaded_.wait(false);
  const JobName name = job_name(job);
  const Result<Found> found = find_build(name, number);
  if (!found) return {};
  Result<RunInfo> info = read(*found, name, false);
  return info ? std::move(info->checkouts) : json::array();
}

Result<uint64_t> EngineServer::start(const std::string& job, Start asked) {
  return start(job_name(job), StartRequest{.values = std::move(asked.values),
                                           .causes = std::move(asked.causes),
                                           .key = std::move(asked.key),
                                           .quiet_seconds = asked.quiet_seconds});
}

bool EngineServer::reached(const JobName& name, uint64_t number, Moment moment) const {
  const Result<Found> found = find_build(name, number);
  if (!found) return true;
  if (found->waits) return false;
  return moment == Moment::begun || !found->live;
}

void EngineServer::when(const std::string& job, uint64_t number, Moment moment,
                        std::function<void()> call) {
  loaded_.wait(false);
  const JobName name = job_name(job);
  // First listed, then asked: what happens in between is heard of twice rather than never.
  waiters_.with([&](auto& waiters) {
    waiters.emplace(std::pair(name, number), Waiter{moment, std::move(call)});
  });
  if (reached(name, number, moment)) tell(name, number, moment);
}

/// An end is a beginning too, for who waits for that.
void EngineServer::tell(const JobName& name, uint64_t number, Moment moment) {
  std::vector<std::function<void()>> calls;
  waiters_.with([&](auto& waiters) {
    auto [at, end] = waiters.equal_range(std::pair(name, number));
    while (at != end) {
      if (at->second.moment == moment || moment == Moment::ended) {
        calls.push_back(std::move(at->second.call));
        at = waiters.erase(at);
      } else {
        ++at;
      }
    }
  });
  for (const auto& call : calls) call();
}

void EngineServer::cancel(const std::string& job, uint64_t number, const std::string& cause) {
  const JobName name = job_name(job);
  std::lock_guard lock(changing_);
  const Result<Found> found = find_build(name, number);
  if (!found) return;
  if (found->live) return found->live->interrupt(BuildResult::aborted, cause);
  if (!found->waits) return;
  if (Result<> ended = end_waiting(*found, name, number, BuildResult::aborted, cause); !ended) {
    LOG(error, "a run that waits cannot be ended", {"job", job}, {"number", number},
        {"error", ended.error().message});
  }
}

Result<> EngineServer::declare(const std::string& job_text, const json::object& properties) {
  loaded_.wait(false);
  const JobRef job = TRY(find_job(job_name(job_text)));
  JobProperties declared = JobProperties::from_json(properties);
  std::lock_guard lock(changing_);
  const json::object before = state_.with([&](const State&) { return job->declared.to_json(); });
  // Equal ones are left untouched.
  if (before == declared.to_json() || job->doomed) return {};
  const std::string path = job->folder + "/properties.json";
  if (declared.empty() && !declared.all) {
    TRY(remove_tree(path));
  } else {
    TRY(write_file_atomic(path, to_json(declared.to_json()), 0600));
  }
  state_.with([&](State&) {
    job->declared = std::move(declared);
    job->settings = with_declared(job->configured, job->declared);
  });
  arm(job);
  return {};
}

/// What `buildDiscarder(logRotator(...))` says: but the last good run stays, and those that are to
/// be kept.
void EngineServer::remove_old_runs(const JobRef& job) {
  const Retention keep = state_.with([&](const State&) { return job->settings.keep; });
  if (keep.runs < 0 && keep.days < 0) return;
  int64_t seen = 0;
  bool good = false;
  for (const uint64_t number : runs(job->name).value_or(std::vector<uint64_t>())) {
    const Result<Found> found = find_build(job->name, number);
    if (!found) continue;
    const Result<RunInfo> info = read(*found, job->name, false);
    if (!info || !info->finished()) continue;
    const bool last_good = !good && info->result <= BuildResult::unstable;
    good = good || last_good;
    const bool too_many = keep.runs >= 0 && ++seen > keep.runs;
    const bool too_old =
        keep.days >= 0 && clock_.now() - info->ended > std::chrono::hours(24 * keep.days);
    if ((too_many || too_old) && !last_good && !info->keep_log) drop_build(job, number);
  }
}

}  // namespace ks::engine
