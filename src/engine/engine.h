#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/cluster.h"
#include "engine/library_config.h"
#include "engine/local_node.h"
#include "engine/mail.h"
#include "engine/model.h"
#include "engine/sonar.h"

/// The engine as a server: jobs in folders, their runs, and what happens to them.

namespace ks::engine {

namespace json = boost::json;

class Branches;

struct EngineOptions {
  std::string data_dir;
  std::vector<LocalNodeOptions::Machine> machines = {LocalNodeOptions::Machine{}};
  /// argv of the program that runs commands in a process of its own: {"ks", "agent"}; empty: they
  /// are processes of this one.
  std::vector<std::string> agent;
  std::vector<Tool> tools = {};  ///< installed on the machines
  RunLimits limits;
  int threads = 2;
  size_t max_live = 20'000;      ///< runs under way at once; more wait
  size_t max_waiting = 100'000;  ///< --max-waiting-runs: runs that wait to begin; more are refused
  size_t event_history = 10'000;
  std::vector<LibraryConfig> libraries;  ///< shared ones that scripts may load
  /// Whether the engine may read Jenkinsfiles and libraries that scripts and jobs name from folders
  /// of this machine.
  bool local_repositories = false;
  std::string url;               ///< of the server, for BUILD_URL
  const Clock* clock = nullptr;  ///< Null: the machine's.
  MailServer mail;               ///< of mail and emailext
  std::vector<SonarServer> sonar;
  ConnectCluster connect_cluster = nullptr;  ///< of kubernetesDeploy
  /// How long a git server may take to list its branches; fetching them has the clone option's
  /// time.
  std::chrono::milliseconds scan_timeout{60'000};
  /// Resources with labels, by name, for `lock(label: ...)`.
  std::map<std::string, std::vector<std::string>> lock_resources;
  int checkout_retries = 0;  ///< how often a checkout that failed is tried again
  /// As that of RunServices: where a test ends the process.
  std::function<void(bool written)> recording = nullptr;
};

/// Which job: `folder/name`. The folder of a branch is its multi-branch pipeline: {"demo/web",
/// "feature%2Fx"} (branches.h).
struct JobName {
  std::string folder;
  std::string name;
  auto operator<=>(const JobName&) const = default;
  std::string text() const { return folder + "/" + name; }
};

enum class RunState : uint8_t { queued, running, paused, finished };

/// How a run stands at one moment.
struct RunInfo {
  JobName job;
  uint64_t number = 0;
  std::string key;
  RunState state = RunState::queued;
  BuildResult result = BuildResult::success;  ///< so far, until it is finished
  WallTime queued{};
  WallTime started{};  ///< zero: not yet
  WallTime ended{};
  std::vector<std::string> causes;
  json::object values;
  std::string description;
  std::string display_name;
  std::string waiting_for;  ///< why it is queued
  uint64_t log_bytes = 0;
  std::vector<RunNode> nodes;
  std::vector<PendingInput> inputs;
  std::vector<Artifact> artifacts;
  std::optional<TestSummary> tests;
  bool keep_log = false;  ///< not to be discarded
  json::array checkouts;  ///< {key, url, commit, branch, changes} of each repository

  bool finished() const { return state == RunState::finished; }
};

struct StartRequest {
  json::object values;  ///< parameters by name; declared ones without a value take their default
  std::vector<std::string> causes;
  std::string key;  ///< the same one of a job gives the same run, also after a restart
  std::optional<std::string> script = {};  ///< in place of the job's
  /// It waits that long before it begins; nothing: as the job says.
  std::optional<int64_t> quiet_seconds = std::nullopt;
  /// The commit of the job's repository that it is of; empty: the newest of its branch.
  std::string revision = {};
  /// More environment for all of its steps: what a webhook brought.
  std::vector<std::pair<std::string, std::string>> env = {};
  /// Of file parameters. Its content is a stash of the parameter's name, with one file of that
  /// name.
  struct Upload {
    std::string parameter;
    std::string content;
  };
  std::vector<Upload> uploads = {};
  /// Of a run that is begun again at a stage: by Engine::restart().
  struct Restart {
    uint64_t origin = 0;
    std::string stage;
    std::string script;
  };
  std::optional<Restart> restart = std::nullopt;
};

struct EngineEvent {
  enum class Type : uint8_t {
    run,
    node,
    project,  ///< the branches of a multi-branch pipeline, or how its scan stands
  };
  uint64_t sequence = 0;
  Type type = Type::run;
  JobName job;
  uint64_t number = 0;
  std::string key;
  RunState state = RunState::running;         ///< of the run
  std::optional<RunNode> node;                ///< of type node
  BuildResult result = BuildResult::success;  ///< of the run, so far
};

/// Where runs take executors.
struct Machine {
  std::string name;
  std::vector<std::string> labels;
  size_t executors = 0;
  size_t busy = 0;
};

/// Jobs, runs and credentials, kept in files; runs that were under way when the process ended go on
/// when it starts again.
///
///   auto engine = TRY(Engine::open({.data_dir = dir}));
///   TRY(engine->put_folder("demo"));
///   TRY(engine->put_job({"demo", "build"}, config_xml));
///   uint64_t number = TRY(engine->start({"demo", "build"}, {.key = uid}));
///
/// Thread-safe. What changes something returns when that is durable.
class Engine {
 public:
  /// Reads what is there and lets unfinished runs go on.
  static Result<std::unique_ptr<Engine>> open(EngineOptions options);
  /// Runs under way stand still; their commands live on.
  virtual ~Engine() = default;

  // ----- folders and jobs -----

  virtual Result<> put_folder(const std::string& folder) = 0;
  virtual bool has_folder(const std::string& folder) const = 0;
  virtual std::vector<std::string> folders() const = 0;
  /// With its jobs, runs and credentials; runs are aborted. `not_found` when there is none.
  virtual Result<> remove_folder(const std::string& folder) = 0;

  /// Makes or changes a job; its config.xml must be a pipeline's or a multi-branch pipeline's,
  /// which is scanned then. `not_found` without the folder.
  virtual Result<> put_job(const JobName& job, const std::string& config_xml) = 0;
  virtual Result<std::string> job_config(const JobName& job) const = 0;
  /// The parameters that its configuration declares: {type, name, default_value, description}.
  virtual Result<json::array> job_parameters(const JobName& job) const = 0;
  virtual std::vector<JobName> jobs(const std::string& folder) const = 0;
  virtual Result<> remove_job(const JobName& job) = 0;
  /// Multi-branch pipelines. jobs() of a folder leaves them out; that of `demo/web` is its
  /// branches.
  virtual Branches& branches() = 0;
  /// Its runs go with it. `conflict` while some are under way or wait, `already_exists` when there
  /// is one of that name.
  virtual Result<> rename_job(const JobName& job, const std::string& to) = 0;

  // ----- runs -----
  //
  // A restart lets runs go through their journals again. Until one stands where it stood, which
  // takes milliseconds, reading and answering it waits; `unavailable` when that takes more than
  // seconds.

  virtual Result<uint64_t> start(const JobName& job, StartRequest request) = 0;
  /// Begins a finished Declarative run again at one of its top-level stages that it came to: with
  /// its script, parameters and preserved stashes. `invalid` says why it cannot.
  virtual Result<uint64_t> restart(const JobName& job, uint64_t number, const std::string& stage,
                                   const std::string& by) = 0;
  /// Without `with_nodes` its lists stay empty, which is cheaper; `inputs` are there always.
  virtual Result<RunInfo> run(const JobName& job, uint64_t number, bool with_nodes) const = 0;
  /// Numbers, newest first.
  virtual Result<std::vector<uint64_t>> runs(const JobName& job) const = 0;
  /// Those that wait to begin, of all jobs.
  virtual std::vector<std::pair<JobName, uint64_t>> waiting() const = 0;
  /// A new run with the script and the parameters that a run had. `script`: another one.
  virtual Result<uint64_t> replay(const JobName& job, uint64_t number, const std::string& by,
                                  std::optional<std::string> script) = 0;
  virtual Result<> stop(const JobName& job, uint64_t number, const std::string& by) = 0;
  /// Lets a run stand still, or go on; also over restarts. What runs outside of it goes on.
  /// `conflict` when it has ended.
  virtual Result<> hold(const JobName& job, uint64_t number, bool hold, const std::string& by) = 0;
  /// Returns when it is on disk. `invalid` when somebody else was first; `conflict` when the run is
  /// held.
  virtual Result<> answer(const JobName& job, uint64_t number, const std::string& input,
                          InputAnswer answer) = 0;
  /// A running one is aborted first and disappears at its end.
  virtual Result<> remove_run(const JobName& job, uint64_t number) = 0;

  // ----- logs and files -----

  struct LogPiece {
    std::string text;
    uint64_t next = 0;
    bool complete = false;  ///< nothing comes after `next`
  };
  virtual Result<LogPiece> log(const JobName& job, uint64_t number, uint64_t from,
                               size_t max_bytes) const = 0;
  /// Calls `grown` when there is more, and at the end, until the token is dropped. It must not
  /// block. A null token: the log is complete already.
  virtual Result<std::shared_ptr<void>> follow_log(const JobName& job, uint64_t number,
                                                   std::function<void()> grown) = 0;
  /// Where the artifacts of a run lie.
  virtual Result<std::string> artifacts_folder(const JobName& job, uint64_t number) const = 0;
  /// What `junit` recorded, as test_report.h writes it; `not_found` when it recorded nothing.
  virtual Result<json::object> test_report(const JobName& job, uint64_t number) const = 0;
  /// MD5 sums by file that the run recorded; none when it recorded nothing.
  virtual Result<json::object> fingerprints(const JobName& job, uint64_t number) const = 0;

  // ----- what other servers tell -----

  /// SonarQube's webhook: the analysis of a task has ended. `signature`: of its body, by
  /// HMAC-SHA256 in hex. Wakes the runs that wait for it; one whose server has a secret only when
  /// the signature is right. `invalid` when the body is none of SonarQube's.
  virtual Result<> sonar_webhook(std::string_view body, std::string_view signature) = 0;

  // ----- machines -----

  virtual std::vector<Machine> machines() const = 0;

  // ----- events -----

  /// Changes with each process: sequences of another epoch mean nothing.
  virtual const std::string& epoch() const = 0;
  virtual uint64_t last_event() const = 0;
  /// Events after `sequence`, then each as it comes, in order, until the token is dropped; `gone`
  /// when they are no longer known. The callback must not block, nor call this.
  virtual Result<std::shared_ptr<void>> subscribe(
      uint64_t sequence, std::function<void(const EngineEvent&)> on_event) = 0;

  // ----- credentials of a folder; without a name: those that all folders share -----

  virtual Result<> put_credential(const std::string& folder, const Credential& credential,
                                  const std::string& description) = 0;
  virtual Result<> remove_credential(const std::string& folder, const std::string& id) = 0;
  struct CredentialInfo {
    std::string id;
    CredentialKind kind = CredentialKind::secret_text;
    std::string description;
  };
  virtual Result<std::vector<CredentialInfo>> credentials(const std::string& folder) const = 0;
};

}  // namespace ks::engine
