#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "engine/branches.h"
#include "engine/branches/scan.h"
#include "engine/loop.h"
#include "engine/triggers/timetable.h"

namespace ks::engine {

/// What multi-branch pipelines need of the engine around them.
class BranchHost {
 public:
  virtual ~BranchHost() = default;
  /// Makes or changes the job of a branch. A dead one starts no runs.
  virtual Result<> put_branch(const JobName& job, const BranchSettings& settings, const Head& head,
                              bool dead) = 0;
  virtual Result<> remove_branch(const JobName& job) = 0;
  virtual Result<uint64_t> start_branch(const JobName& job, StartRequest request) = 0;
  virtual std::shared_ptr<const CredentialSource> credentials_for(const JobName& project) = 0;
  /// The scan of a project, or its branches, stand otherwise than before.
  virtual void project_changed(const JobName& project) = 0;
};

/// The multi-branch pipelines of an engine: scans them, one at a time each, and keeps what they
/// found in `branches.json` of the project's folder.
///
/// A run that a scan is to start is written down before, with the key that makes a second try find
/// the first: a crash neither loses nor doubles it.
class BranchProjects final : public Branches {
 public:
  struct Options {
    std::string scm_folder;  ///< the engine's copies of repositories
    bool local_repositories = false;
    std::chrono::milliseconds list_time{60'000};
  };
  BranchProjects(BranchHost& host, const Clock& clock, Timetable& times, Options options);
  /// A call of the timetable must not be under way.
  ~BranchProjects() override;

  /// A project that is new, or configured anew, in a folder that is there. The branches it has are
  /// put again; then it is scanned.
  Result<> put(const JobName& name, const std::string& folder, const std::string& config);
  struct Loaded {
    BranchSettings settings;
    std::vector<Branch> branches;
  };
  /// One that was there before a restart: its branches, which the caller makes jobs of.
  Result<Loaded> load(const JobName& name, const std::string& folder, const std::string& config);
  /// Everything is loaded: starts what a crash kept from starting, and schedules scans.
  void begin();
  /// Forgets a project. A scan under way ends without touching anything more.
  void remove(const JobName& name);
  /// A branch was removed by hand; the next scan finds it again when it is still there.
  void forget(const JobName& job);
  Result<std::string> config(const JobName& name) const;
  /// Runs what waits for a git server, on a thread of the scans. The token asks it to end.
  void run_aside(std::function<void(const std::stop_token&)> work);

  bool has(const JobName& project) const override;
  std::vector<JobName> projects(const std::string& folder) const override;
  Result<Project> project(const JobName& project) const override;
  std::optional<Branch> branch(const JobName& job) const override;
  Result<> scan(const JobName& project, const std::string& cause) override;
  std::vector<JobName> scan_repository(std::string_view url, const std::string& cause) override;
  Result<Log> indexing_log(const JobName& project) const override;

 private:
  struct Known {
    Head head;
    std::optional<WallTime> dead_since;
    std::string starts;  ///< key of a run that is to be started; empty for none
    /// Its job does not stand as this says yet. Not saved: a restart makes all jobs.
    bool unmade = false;
  };
  /// The fields are guarded by `state_`, but for those that never change.
  struct Entry {
    JobName name;
    std::string folder;
    std::string id;      ///< tells it from an earlier project of its name
    std::mutex working;  ///< while what a scan found is applied, or the entry removed
    std::stop_source stop;
    bool removed = false;

    std::string config;
    BranchSettings settings;
    std::map<std::string, Known> branches;     ///< by the name of the job
    std::map<std::string, std::string> other;  ///< heads without Jenkinsfile: the commit by name
    std::string primary;
    uint64_t sequence = 0;  ///< of scans
    Scan scan;
    bool queued = false;
    bool again = false;
    std::string next_cause;
    std::string log;
  };
  using EntryRef = std::shared_ptr<Entry>;

  EntryRef find(const JobName& name) const;
  void request_scan(const EntryRef& entry, const std::string& cause);
  void schedule(const EntryRef& entry);
  void run_scan(const EntryRef& entry);
  Result<> look(const EntryRef& entry);
  Result<> apply(const EntryRef& entry, const BranchSettings& settings, ScanResult found);
  Result<> make_jobs(const EntryRef& entry, const BranchSettings& settings);
  void remove_orphans(const EntryRef& entry, const BranchSettings& settings);
  Result<> start_noted(const EntryRef& entry);
  void start_others(const EntryRef& entry, const std::string& jobs, const std::string& branch);
  Result<> save(const EntryRef& entry) const;
  void append(const EntryRef& entry, std::string_view text);
  static Result<> read(Entry& entry, const std::string& text);

  BranchHost& host_;
  const Clock& clock_;
  Timetable& times_;
  const Options options_;
  Guarded<std::map<JobName, EntryRef>> entries_;
  mutable Guarded<char> state_;
  std::stop_source ending_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace ks::engine
