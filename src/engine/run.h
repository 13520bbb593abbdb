#pragma once

#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/cluster.h"
#include "engine/context.h"
#include "engine/fiber.h"
#include "engine/journal.h"
#include "engine/model.h"
#include "engine/run_log.h"
#include "engine/sonar.h"
#include "groovy/interpreter.h"

/// One run: the script on its fibers, the journal that feeds them, the log and the tree that others
/// see.

namespace ks::engine {

namespace json = boost::json;

class Builds;
class JournalSyncer;
class LockTable;
class Milestones;
class QualityGates;
struct MailServer;
class LibrarySet;
class Run;
class Node;
class StepCall;
struct RepositoryCommit;
struct StepInfo;
class StepRegistry;

/// Everything a run is given at its start; journaled, so that a restart has the same.
struct RunSpec {
  std::string job;  ///< full name: `folder/job`
  uint64_t number = 1;
  std::string script;  ///< the Jenkinsfile
  json::array
      parameters;       ///< declared ones: {type, name, description, defaultValue, choices, trim}
  json::object values;  ///< given values, by name
  std::vector<std::pair<std::string, std::string>> env;  ///< more environment for all steps
  std::vector<std::string> causes;                       ///< `Started by user admin`
  std::string key;            ///< idempotency key of who asked for it; may be empty
  std::string restart_stage;  ///< the stage that a restarted run begins at; empty: it is none
  /// The repository behind the Jenkinsfile, by read_git_spec(), with `scriptPath`, the file in it;
  /// null for none. Without a scriptPath `script` is what runs.
  json::value scm;
  json::array libraries;  ///< shared ones that the script may load (library_config.h)
  json::value to_json() const;
  static Result<RunSpec> from_json(const json::value& value);
};

/// What a run needs from around it. Everything must outlive it.
struct RunServices {
  const StepRegistry* steps = nullptr;
  const CredentialSource* credentials = nullptr;
  Builds* builds = nullptr;  ///< Null: there are no jobs (`ks run`).
  Node* node = nullptr;
  std::vector<Tool> tools = {};
  const Clock* clock = nullptr;
  /// Runs a piece of work soon on some thread; pieces of one run never overlap.
  std::function<void(std::function<void()>)> post;
  /// Calls back at a time. Cancelled by dropping the token.
  std::function<std::shared_ptr<void>(std::chrono::milliseconds after, std::function<void()>)>
      timer;
  /// Runs what may take long: mail, archives, other servers. Null: where the run is.
  std::function<void(std::function<void()>)> background = nullptr;
  LockTable* locks = nullptr;        ///< of the `lock` step; shared by the runs of a server
  Milestones* milestones = nullptr;  ///< of the `milestone` step
  const MailServer* mail = nullptr;  ///< where mail goes out; null or without a url: nowhere
  const std::vector<SonarServer>* sonar = nullptr;
  QualityGates* quality_gates = nullptr;  ///< what SonarQube tells of analyses; null: it is asked
  ConnectCluster connect_cluster = nullptr;
  std::function<void(const Run&, const RunNode&)> node_changed;  ///< on the run's thread
  std::function<void(const Run&)> state_changed;                 ///< began, paused, goes on, ended
  /// The replay of a run that a journal holds is over, and it stands where it stood. Once; not for
  /// a new run.
  std::function<void(const Run&)> replayed = nullptr;
  std::function<std::optional<BuildResult>(const RunSpec&)> previous_result;
  /// Before and after each record is written: where a test ends the process.
  std::function<void(bool written)> recording = nullptr;
  std::string home;  ///< the data directory, for JENKINS_HOME; may be empty
  /// {commit, successful}: what earlier runs of the job checked out of a repository, by
  /// GitSpec::key(); null for none.
  std::function<json::value(const RunSpec&, const std::string& key)> previous_checkout = nullptr;
  /// Path of the file of this name that the newest earlier run of the job has beside its artifacts;
  /// empty for none.
  std::function<std::string(const RunSpec&, const std::string& name)> earlier_file = nullptr;
  int checkout_retries = 0;  ///< how often a checkout that failed is tried again
  /// Whether the engine itself may read repositories in folders of its machine: with its own
  /// rights.
  bool local_repositories = false;
  /// Where `readTrusted` reads instead of the repository; `ks run`: beside the Jenkinsfile.
  std::string trusted_folder = {};
  /// A repository that is somebody's own, not a copy: nothing is checked out there.
  std::string kept_repository = {};
  std::string url;                  ///< of the server, for BUILD_URL; may be empty
  JournalSyncer* syncer = nullptr;  ///< Null: each record that must be on disk is waited for.
};

/// The state of one fiber: the main flow, or a branch of `parallel`.
struct Strand {
  uint32_t id = 0;
  Strand* parent = nullptr;
  std::unique_ptr<Fiber> fiber;
  std::unique_ptr<groovy::Task> task;
  ContextRef context;
  uint64_t awaiting = 0;  ///< id of what it waits for; 0: nothing outside
  json::value arrived;    ///< what came
  bool ready = false;
  std::vector<uint64_t> scopes;  ///< interruptible scopes it is in, outermost first (timeouts)
  std::optional<json::object> interruption;  ///< pending: {result, cause, scope}
  std::string name;                          ///< of a branch
};

/// Waiting for something outside: what `start` begins, and how it is ended early.
struct AwaitSpec {
  std::string what;  ///< of the journal: `sh`, `sleep`; a replay that waits for another thing stops
  /// How its result is synced to disk.
  enum class Sync : uint8_t {
    soon,  ///< within 50 ms
    now,   ///< at once, while the script goes on: what it did outside is not repeated
    wait   ///< before the script goes on: somebody was told so
  };
  Sync sync = Sync::soon;
  /// Begins, or after a restart picks up, the thing outside. It must lead to one call of
  /// complete(), from any thread, maybe at once.
  std::function<void(bool resumed)> start;
  /// Asks it to end early; complete() must still follow. Empty: the wait ends at once.
  std::function<void()> interrupt;
};

class Run : public groovy::Host, public std::enable_shared_from_this<Run> {
 public:
  struct Files {
    std::string journal;    ///< path; empty: no journal (tests)
    std::string log;        ///< path; empty: tee only
    std::string artifacts;  ///< folder for artifacts, stashes and test results
  };

  /// A new run, or one that a journal holds: then `spec` is what the journal says. Does not start
  /// it.
  static Result<std::shared_ptr<Run>> open(RunServices services, RunSpec spec, Files files,
                                           RunLimits limits);
  ~Run() override;

  /// Begins, or goes on where the journal ends.
  void start();

  // ----- from any thread -----

  const RunSpec& spec() const { return spec_; }
  RunLog& log() { return *log_; }
  const Files& files() const { return files_; }
  bool finished() const { return finished_.load(); }
  /// False during the replay after a restart: then what is seen of it is older than what others
  /// have seen before.
  bool caught_up() const { return caught_up_.load(); }
  /// Of a finished run its result, else how it stands now.
  BuildResult result() const { return result_.load(); }
  bool paused() const;
  WallTime started() const { return started_; }
  WallTime ended() const { return ended_; }
  std::vector<RunNode> nodes() const;
  std::vector<PendingInput> inputs() const;
  std::vector<Artifact> artifacts() const;
  std::optional<TestSummary> tests() const;
  /// Why it stands still; empty when it does not.
  std::string waiting_for() const;
  std::string description() const;
  std::string display_name() const;
  /// not_found when it does not wait for that input. `taken` is called, on the run's thread, when
  /// the answer is in the journal; it is dropped uncalled when another one was first.
  Result<> answer(std::string_view input_id, InputAnswer answer,
                  std::function<void()> taken = nullptr);
  /// Lets the script stand still, or go on. What runs outside goes on, and its results wait. Not
  /// journaled: whoever opens the run again says so again. An abort ends it.
  void hold(bool held, const std::string& by);
  bool held() const;
  /// Ends the run early; steps that can be interrupted are.
  void abort(const std::string& by);
  /// The same with another result, for another reason. The first one counts.
  void interrupt(BuildResult result, std::string cause, std::string user = {});
  /// Blocks until the end.
  void wait();
  /// What arrived for an await; by the thing outside.
  void complete(uint64_t await, json::value result);
  /// A piece of output of a running command: masked, logged, and noted with its offset. `done` is
  /// called when it is safe.
  void output(uint64_t await, std::string text, uint64_t offset, std::function<void()> done);

  // ----- for steps, on a strand of this run -----

  /// Waits; gives what came. Throws FlowInterruptedException when it was interrupted. During a
  /// replay it answers from the journal, and `start` is not called.
  json::value await(groovy::Task& task, AwaitSpec spec);
  /// The id that the await which is started next will have: the key of the thing outside.
  uint64_t next_await() const { return next_await_; }
  /// Output offset that the log already has of an await, after a restart.
  uint64_t logged_offset(uint64_t await) const;

  static Strand& strand(groovy::Task& task) { return *static_cast<Strand*>(task.context); }
  ContextRef context(groovy::Task& task) const { return strand(task).context; }
  /// Runs `body` in another context.
  groovy::Value call_in(groovy::Task& task, ContextRef context,
                        const std::function<groovy::Value()>& body);
  using Arguments = std::vector<std::pair<std::string, groovy::Value>>;
  /// Calls a step as the script would, with a body in C++: Declarative's executor.
  groovy::Value call_native(groovy::Task& task, std::string_view name, Arguments arguments,
                            std::function<groovy::Value(groovy::Task&)> body);
  /// Runs the closures side by side and waits for all; gives each outcome, in order.
  struct Branch {
    std::string name;
    std::function<groovy::Value(groovy::Task&)> body;
  };
  struct BranchOutcome {
    groovy::Value value;
    std::optional<groovy::Value> exception;
    size_t order = 0;  ///< of completion
  };
  std::vector<BranchOutcome> parallel(groovy::Task& task, std::vector<Branch> branches,
                                      bool fail_fast);
  /// Runs `body` within a scope that interrupt_scope() can end.
  groovy::Value interruptible(groovy::Task& task,
                              const std::function<groovy::Value(uint64_t scope)>& body);
  /// Calls, on the run's thread, whenever something of a scope is printed; null: no longer.
  void watch_activity(uint64_t scope, std::function<void()> call);
  /// Whether an interruption came for more than what the caller's own blocks hold: from a user, or
  /// a timeout around the caller.
  bool interrupted_from_outside(groovy::Task& task, const groovy::Value& exception);
  /// Calls, on the run's thread, when the replay ends within the scope: what the restart found
  /// changed around a block. Null: no longer.
  void when_live(uint64_t scope, std::function<void()> call);
  /// Ends what runs in a scope with a FlowInterruptedException of this result. From any thread.
  void interrupt_scope(uint64_t scope, BuildResult result, std::string cause);

  /// After an interrupted wait for a command: the line of how it ended, when that came.
  void print_interrupted_exit(groovy::Task& task);
  /// Console text. Masked.
  void print(std::string_view text);
  void print_line(std::string_view text);

  uint32_t begin_node(groovy::Task& task, NodeKind kind, std::string name,
                      const std::string& label);
  void end_node(uint32_t id, BuildResult result, const std::string& error = {});
  void set_node_state(uint32_t id, NodeState state);
  /// Marks the nearest stage, and all around it, as no better than this.
  void worsen_stage(groovy::Task& task, BuildResult result);
  void worsen(BuildResult result);
  void set_result(BuildResult result) { result_ = result; }
  bool has_result() const { return has_result_; }
  void set_description(std::string text);
  void set_display_name(std::string text);
  bool keep_log() const { return keep_log_.load(); }
  void set_keep_log(bool keep) { keep_log_ = keep; }
  /// What the script assigned to `env`.
  const std::vector<std::pair<std::string, std::string>>& script_env() const { return env_; }

  void add_input(PendingInput input);
  void remove_input(uint64_t await);
  void add_artifacts(std::vector<Artifact> artifacts);
  void add_tests(const TestSummary& tests);
  /// {key, url, commit, branch, changes} of one repository.
  void add_checkout(json::object checkout);
  json::array checkouts() const;
  void mask(std::string_view secret) { masker_.add(secret); }
  const Masker& masker() const { return masker_; }
  /// Counts the folders of secret files: the same in a replay.
  uint64_t next_secret_folder() { return next_secret_folder_++; }

  /// The whole environment of a step as name and value, innermost last wins, `PATH+X` applied.
  std::vector<std::pair<std::string, std::string>> environment(const StepContext* context) const;
  std::optional<std::string> env_value(const StepContext* context, std::string_view name) const;
  void set_env(groovy::Task& task, std::string name, std::string value);
  const json::object& parameter_values() const { return spec_.values; }
  /// What the script says of its parameters: those not given get their defaults, the others their
  /// type.
  void declare_parameters(json::array declared);

  RunServices& services() { return services_; }
  groovy::Interpreter& interpreter() { return *interpreter_; }
  const RunLimits& limits() const { return limits_; }
  bool replaying() const { return replaying_; }
  std::optional<BuildResult> previous_result(groovy::Task& task);
  /// Something that differs each time it is asked, or that others may change: drawn once, then
  /// always the same.
  json::value draw(groovy::Task& task, std::string_view what,
                   const std::function<json::value()>& fresh);
  LibrarySet& libraries() { return *libraries_; }

  [[noreturn]] void fail(groovy::Task& task,
                         std::string_view message);  ///< throws hudson.AbortException
  [[noreturn]] void raise(groovy::Task& task, std::string_view class_name,
                          std::string_view message);

  // ----- groovy::Host -----
  std::optional<groovy::Value> call_step(groovy::Task&, std::string_view name,
                                         groovy::Args args) override;
  std::optional<groovy::Value> global(groovy::Task&, std::string_view name) override;
  bool set_global(groovy::Task&, std::string_view name, const groovy::Value& value) override;
  std::optional<groovy::Value> find_class(groovy::Task&, std::string_view name) override;
  groovy::Compiled compile_script(std::string_view source,
                                  const groovy::CompileOptions& options) override;
  void print(groovy::Task&, std::string_view text) override;
  int64_t now_millis(groovy::Task&) override;
  int64_t nano_time(groovy::Task&) override;
  uint64_t random_bits(groovy::Task&) override;
  void checkpoint(groovy::Task&) override;

  /// The program of the pipeline, once it was compiled; Declarative's executor reads the model from
  /// here.
  std::shared_ptr<void> declarative;
  std::optional<int64_t> last_milestone;  ///< that the run has come to
  std::optional<SonarTask> sonar_task;    ///< the analysis of the last withSonarQubeEnv
  /// Where the Jenkinsfile came from, once it was read from a repository.
  std::shared_ptr<RepositoryCommit> jenkinsfile_commit;
  void set_script(std::string text) { spec_.script = std::move(text); }
  /// What `currentBuild` says while a `post` block runs: the result that the block was chosen by.
  std::optional<BuildResult> shown_result;

 private:
  struct Awaiting {
    Strand* strand = nullptr;
    AwaitSpec spec;
  };
  struct Incoming {
    RecordType type = RecordType::finished;
    json::object data;
    std::function<void()> done;  // of output and answers
    std::string text;            // of output
  };

  Run(RunServices services, RunSpec spec, Files files, RunLimits limits);
  void enqueue(Incoming incoming);
  void wake(const std::function<void()>& change);
  void turn();
  void tidy_up();
  void flush_printed();
  void tell_activity(const Strand& strand);
  bool deliver(Incoming& incoming);
  void deliver_finished(uint64_t await, json::value result);
  void deliver_interrupt(const json::object& data);
  void replay();
  bool replay_next();
  void go_live();
  void end_replay();
  void run_ready();
  void append_log(const Strand* from, std::string_view masked);
  void make_ready(Strand& strand) {
    strand.ready = true;
    ready_.push_back(&strand);
  }
  void suspend(groovy::Task& task);
  void throw_interruption(groovy::Task& task);
  groovy::Value invoke(StepCall& call);
  const StepInfo& step_info(groovy::Task& task, std::string_view name);
  Strand& new_strand(Strand* parent, ContextRef context, std::string name,
                     std::function<void(groovy::Task&)> body);
  void main_body(groovy::Task& task);
  void run_program(groovy::Task& task);
  void report_failure(groovy::Task& task, const groovy::Thrown& thrown);
  void print_end();
  void finish();
  bool try_record(RecordType type, const json::value& data, AwaitSpec::Sync sync);
  void record(groovy::Task& task, RecordType type, const json::value& data,
              AwaitSpec::Sync sync = AwaitSpec::Sync::soon);
  void stand_still();
  bool go_on();
  JournalRecord expect(groovy::Task& task, RecordType type, std::string_view what);
  void diverged(std::string message);

  RunServices services_;
  RunSpec spec_;
  Files files_;
  RunLimits limits_;
  std::shared_ptr<Journal> journal_;
  std::unique_ptr<RunLog> log_;
  std::unique_ptr<groovy::Interpreter> interpreter_;
  std::shared_ptr<LibrarySet> libraries_;  // holds values of the interpreter
  Masker masker_;
  Masker printed_;  // holds back the beginning of what may become a secret

  // The run's thread only.
  std::deque<JournalRecord> past_;  // records still to be replayed
  bool replaying_ = false;
  uint64_t last_log_bytes_ = 0;
  WallTime replayed_to_{};  // of the last record that tells the time
  uint64_t next_await_ = 1;
  uint64_t next_scope_ = 1;
  uint32_t next_strand_ = 1;
  uint64_t next_secret_folder_ = 1;
  uint32_t next_node_ = 3;
  std::vector<std::unique_ptr<Strand>> strands_;
  std::deque<Strand*> ready_;
  Strand* current_ = nullptr;  // runs now: what is printed is its
  std::map<uint64_t, Awaiting> awaiting_;
  std::map<uint64_t, uint64_t> offsets_;
  std::map<uint64_t, std::function<void()>> activity_;   // by scope
  std::map<uint64_t, std::function<void()>> when_live_;  // by scope
  std::map<uint64_t, Masker> output_maskers_;
  std::vector<std::pair<std::string, std::string>> env_;
  std::string divergence_;
  std::optional<json::value> previous_;
  bool has_result_ = false;
  bool ending_ = false;
  // A record could not be written: nothing goes on before it is.
  bool stalled_ = false;
  Strand* stalled_strand_ = nullptr;
  Error stalled_why_{};
  std::string stalled_told_;
  std::shared_ptr<void> stall_timer_;

  mutable std::mutex mailbox_mutex_;
  std::deque<Incoming> mailbox_;
  bool scheduled_ = false;
  std::optional<std::string> held_;  // by whom
  bool began_ = false;

  std::atomic<bool> finished_{false};
  std::atomic<bool> caught_up_{true};
  std::atomic<bool> aborting_{false};
  std::atomic<bool> keep_log_{false};
  std::atomic<BuildResult> result_{BuildResult::success};
  WallTime started_{};
  WallTime ended_{};

  mutable std::mutex view_mutex_;  // what others read
  std::condition_variable ended_changed_;
  std::vector<RunNode> nodes_;
  std::vector<PendingInput> inputs_;
  std::vector<Artifact> artifacts_;
  std::optional<TestSummary> tests_;
  json::array checkouts_;
  std::string description_;
  std::string display_name_;
  std::string waiting_for_;
};

}  // namespace ks::engine
