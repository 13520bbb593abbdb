#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

#include "base/guarded.h"
#include "engine/branches/branch_projects.h"
#include "engine/builds.h"
#include "engine/engine.h"
#include "engine/journal_syncer.h"
#include "engine/locks.h"
#include "engine/loop.h"
#include "engine/milestones.h"
#include "engine/quality_gates.h"
#include "engine/server/event_log.h"
#include "engine/server/job.h"
#include "engine/triggers/job_triggers.h"
#include "engine/triggers/timetable.h"

namespace ks::engine {

/// The Engine over files.
///
/// Two locks: `changing_` makes changes of jobs and the beginnings and ends of runs one after the
/// other, and is held during their I/O; the lock of `state_` guards the maps and is held for
/// moments. Callbacks of runs take only the second.
class EngineServer final : public Engine, private Builds, private BranchHost {
 public:
  explicit EngineServer(EngineOptions options);
  ~EngineServer() override;
  Result<> load();

  Result<> put_folder(const std::string& folder) override;
  bool has_folder(const std::string& folder) const override;
  std::vector<std::string> folders() const override;
  Result<> remove_folder(const std::string& folder) override;
  Result<> put_job(const JobName& job, const std::string& config_xml) override;
  Result<std::string> job_config(const JobName& job) const override;
  Result<json::array> job_parameters(const JobName& job) const override;
  std::vector<JobName> jobs(const std::string& folder) const override;
  Result<> remove_job(const JobName& job) override;
  Branches& branches() override { return *projects_; }
  Result<> rename_job(const JobName& job, const std::string& to) override;

  Result<uint64_t> start(const JobName& job, StartRequest request) override;
  Result<uint64_t> restart(const JobName& job, uint64_t number, const std::string& stage,
                           const std::string& by) override;
  Result<RunInfo> run(const JobName& job, uint64_t number, bool with_nodes) const override;
  Result<std::vector<uint64_t>> runs(const JobName& job) const override;
  std::vector<std::pair<JobName, uint64_t>> waiting() const override;
  std::vector<Machine> machines() const override;
  Result<uint64_t> replay(const JobName& job, uint64_t number, const std::string& by,
                          std::optional<std::string> script) override;
  Result<> stop(const JobName& job, uint64_t number, const std::string& by) override;
  Result<> hold(const JobName& job, uint64_t number, bool hold, const std::string& by) override;
  Result<> answer(const JobName& job, uint64_t number, const std::string& input,
                  InputAnswer answer) override;
  Result<> remove_run(const JobName& job, uint64_t number) override;

  Result<LogPiece> log(const JobName& job, uint64_t number, uint64_t from,
                       size_t max_bytes) const override;
  Result<std::shared_ptr<void>> follow_log(const JobName& job, uint64_t number,
                                           std::function<void()> grown) override;
  Result<std::string> artifacts_folder(const JobName& job, uint64_t number) const override;
  Result<json::object> test_report(const JobName& job, uint64_t number) const override;
  Result<json::object> fingerprints(const JobName& job, uint64_t number) const override;
  Result<> sonar_webhook(std::string_view body, std::string_view signature) override;

  const std::string& epoch() const override { return epoch_; }
  uint64_t last_event() const override { return events_.last(); }
  Result<std::shared_ptr<void>> subscribe(
      uint64_t sequence, std::function<void(const EngineEvent&)> on_event) override;

  Result<> put_credential(const std::string& folder, const Credential& credential,
                          const std::string& description) override;
  Result<> remove_credential(const std::string& folder, const std::string& id) override;
  Result<std::vector<CredentialInfo>> credentials(const std::string& folder) const override;

 private:
  // ----- Builds: what runs ask for -----
  bool has_job(const std::string& job) const override;
  std::vector<uint64_t> numbers(const std::string& job) const override;
  std::optional<json::object> facts(const std::string& job, uint64_t number) const override;
  json::array checkouts(const std::string& job, uint64_t number) const override;
  Result<uint64_t> start(const std::string& job, Start start) override;
  void when(const std::string& job, uint64_t number, Moment moment,
            std::function<void()> call) override;
  void cancel(const std::string& job, uint64_t number, const std::string& cause) override;
  Result<> declare(const std::string& job, const json::object& properties) override;

  // ----- BranchHost: what multi-branch pipelines ask for -----
  Result<> put_branch(const JobName& job, const BranchSettings& settings, const Head& head,
                      bool dead) override;
  Result<> remove_branch(const JobName& job) override;
  Result<uint64_t> start_branch(const JobName& job, StartRequest request) override;
  std::shared_ptr<const CredentialSource> credentials_for(const JobName& project) override;
  void project_changed(const JobName& project) override;

  using JobRef = std::shared_ptr<Job>;
  /// A project's folder, or that of a multi-branch pipeline, whose name is `project/pipeline`.
  struct Folder {
    std::string name;
    std::string path;
    std::shared_ptr<CredentialStore> credentials;
    std::map<std::string, JobRef> jobs;
  };
  struct State {
    std::map<std::string, Folder> folders;
    std::vector<JobRef> doomed;  // removed, but a run of theirs has not ended yet
    size_t waiting = 0;
    size_t live = 0;
  };
  /// One build as it stands: what its functions need, taken under the lock.
  struct Found {
    JobRef job;
    std::shared_ptr<Run> live;
    bool waits = false;
    WallTime queued{};
    std::string folder;
    RunSpec spec;  // of one that waits
  };

  std::string folder_path(const std::string& folder) const;
  Result<> load_folder(const std::string& file);
  Result<> load_job(const Folder& folder, const std::string& file);
  Result<> load_project(const Folder& folder, const JobName& name, const std::string& config);
  Result<> load_builds(const JobRef& job);
  Result<> put_project(const JobName& name, const std::string& config_xml);
  Result<> remove_project(const JobName& name);
  Result<> remove_jobs_of(const std::string& folder);
  Result<> remove_known_job(const JobName& name);
  bool is_ending(const JobName& name) const;
  void arm(const JobRef& job);
  void disarm(const JobName& job);
  Result<> start_by_itself(const JobName& name, StartRequest request);
  void try_start_by_itself(const JobName& name, StartRequest request);
  void start_downstream(const Run& run, const JobName& name);
  void poll(const JobName& name);
  Result<> poll_now(const JobName& name, const std::stop_token& stop);
  Result<> load_build(const JobRef& job, uint64_t number);
  std::shared_ptr<CredentialStore> store_in(const std::string& folder_path) const;
  Result<std::shared_ptr<CredentialStore>> credentials_of(const std::string& folder) const;
  Result<JobRef> find_job(const JobName& name) const;
  Result<Found> find_build(const JobName& name, uint64_t number) const;
  Result<Found> find_caught_up(const JobName& name, uint64_t number) const;
  Result<RunInfo> read(const Found& found, const JobName& name, bool with_nodes) const;

  RunServices services_for(const Job& job);
  json::value previous_checkout(const JobName& name, uint64_t before, const std::string& key) const;
  std::string earlier_file(const JobName& name, uint64_t before, const std::string& file) const;
  Result<> begin_build(const JobRef& job, uint64_t number, RunSpec spec);
  WallTime earliest_by_rate(const Job& job, const std::vector<std::string>& causes) const;
  bool may_begin(const State& state, const Job& job) const;
  void begin_waiting_anywhere();
  void replayed();
  void retry(std::function<void()> work);
  void keep(std::shared_ptr<void> token);
  void on_state(const Run& run, const JobName& name);
  void on_node(const Run& run, const JobName& name, const RunNode& node);
  void settle(const JobName& name, uint64_t number);
  void begin_waiting(const JobRef& job);
  void begin_later(const JobRef& job, WallTime not_before);
  Result<> end_waiting(const Found& found, const JobName& name, uint64_t number, BuildResult result,
                       const std::string& cause);
  bool reached(const JobName& name, uint64_t number, Moment moment) const;
  void tell(const JobName& name, uint64_t number, Moment moment);
  static Result<> take_stashes(const Job& job, uint64_t origin, const std::string& folder);
  void remove_stashes(const JobRef& job, uint64_t ended);
  void remove_old_runs(const JobRef& job);
  Result<> discard(const JobRef& job);
  void drop_build(const JobRef& job, uint64_t number);
  void publish(const JobName& job, uint64_t number, const std::string& key, RunState state,
               BuildResult result = BuildResult::success);

  const EngineOptions options_;
  const Clock& clock_;
  const std::string epoch_;
  EventLog events_;
  const std::shared_ptr<CredentialStore> shared_credentials_;  // of all folders
  std::unique_ptr<Node> node_;
  LockTable locks_;
  Milestones milestones_;
  QualityGates quality_gates_;
  JournalSyncer syncer_;
  std::mutex changing_;
  mutable Guarded<State> state_;
  std::atomic<bool> ending_{false};
  std::atomic<bool> loaded_{false};  // all that was there before is known
  struct Waiter {
    Moment moment;
    std::function<void()> call;
  };
  Guarded<std::multimap<std::pair<JobName, uint64_t>, Waiter>> waiters_;
  std::atomic<size_t> replaying_{0};
  std::chrono::steady_clock::time_point replay_limit_{};  ///< nobody waits for a replay after this
  mutable std::condition_variable caught_up_;             ///< of some run
  Guarded<std::vector<std::shared_ptr<void>>> retries_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Loop> background_;
  Timetable times_;
  Guarded<std::map<JobName, std::vector<JobTriggers::Upstream>>> upstream_;
  Guarded<std::set<JobName>> polling_;
  std::unique_ptr<BranchProjects> projects_;
};

}  // namespace ks::engine
