#include "engine/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "engine/declarative.h"
#include "engine/interruption.h"
#include "engine/journal_syncer.h"
#include "engine/library/library_set.h"
#include "engine/scm/jenkinsfile.h"
#include "engine/step.h"
#include "groovy/program.h"

namespace ks::engine {
namespace {

constexpr std::string_view kInterrupted =
    "org.jenkinsci.plugins.workflow.steps.FlowInterruptedException";

constexpr std::string_view kTimeoutCause = "Timeout has been exceeded";

int64_t millis(WallTime time) { return time.time_since_epoch().count(); }
WallTime from_millis(int64_t value) { return WallTime{std::chrono::milliseconds{value}}; }

}  // namespace

json::value RunSpec::to_json() const {
  json::array env_list, cause_list;
  for (const auto& [name, value] : env) env_list.push_back(json::array{name, value});
  for (const std::string& cause : causes) cause_list.push_back(json::value(cause));
  return {{"job", job},
          {"number", number},
          {"script", script},
          {"parameters", parameters},
          {"values", values},
          {"env", env_list},
          {"causes", cause_list},
          {"key", key},
          {"restartStage", restart_stage},
          {"scm", scm},
          {"libraries", libraries}};
}

Result<RunSpec> RunSpec::from_json(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return Error{Code::invalid, "the first record of a journal is no object"};
  RunSpec spec;
  spec.job = text_at(value, {"job"});
  spec.number = static_cast<uint64_t>(int_at(value, {"number"}, 1));
  spec.script = text_at(value, {"script"});
  spec.key = text_at(value, {"key"});
  spec.restart_stage = text_at(value, {"restartStage"});
  if (const json::value* list = find(value, {"parameters"}); list != nullptr && list->is_array())
    spec.parameters = list->get_array();
  if (const json::value* given = find(value, {"values"}); given != nullptr && given->is_object())
    spec.values = given->get_object();
  if (const json::value* scm = find(value, {"scm"})) spec.scm = *scm;
  if (const json::value* list = find(value, {"libraries"}); list != nullptr && list->is_array())
    spec.libraries = list->get_array();
  if (const json::value* env = find(value, {"env"}); env != nullptr && env->is_array()) {
    for (const json::value& pair : env->get_array()) {
      spec.env.emplace_back(std::string_view(pair.at(0).as_string()),
                            std::string_view(pair.at(1).as_string()));
    }
  }
  if (const json::value* causes = find(value, {"causes"});
      causes != nullptr && causes->is_array()) {
    for (const json::value& cause : causes->get_array())
      spec.causes.emplace_back(std::string_view(cause.as_string()));
  }
  return spec;
}

Run::Run(RunServices services, RunSpec spec, Files files, RunLimits limits)
    : services_(std::move(services)),
      spec_(std::move(spec)),
      files_(std::move(files)),
      limits_(limits) {}

Run::~Run() {
  // A run that is dropped before its end (the server stops): each fiber ends by an exception, so
  // that what is on its stack is destroyed. Nothing is journaled: the next start goes on from
  // there.
  ending_ = true;
  for (auto it = strands_.rbegin(); it != strands_.rend(); ++it) {
    Fiber& fiber = *(*it)->fiber;
    while (fiber.started() && !fiber.done()) fiber.resume();
  }
  strands_.clear();
}

Result<std::shared_ptr<Run>> Run::open(RunServices services, RunSpec spec, Files files,
                                       RunLimits limits) {
  std::deque<JournalRecord> past;
  std::unique_ptr<Journal> journal;
  if (!files.journal.empty()) {
    journal = TRY(Journal::open(files.journal,
                                [&](JournalRecord record) { past.push_back(std::move(record)); }));
  }
  if (!past.empty()) {
    if (past.front().type != RecordType::begin)
      return Error{Code::invalid, files.journal + ": the first record is no beginning"};
    spec = TRY(RunSpec::from_json(TRY(parse_json(past.front().data))));
  }
  std::shared_ptr<Run> run(new Run(std::move(services), std::move(spec), std::move(files), limits));
  run->journal_ = std::move(journal);
  run->log_ = TRY(RunLog::open(run->files_.log,
                               {.line_bytes = limits.log_line_bytes, .bytes = limits.log_bytes}));
  run->interpreter_ = std::make_unique<groovy::Interpreter>(
      *run, groovy::Limits{limits.fuel, limits.heap_bytes, limits.string_bytes, limits.call_depth});
  run->libraries_ = std::make_shared<LibrarySet>(*run);
  run->interpreter_->define_exception("hudson.AbortException", "java.io.IOException");
  run->interpreter_->define_exception(kInterrupted, "java.lang.InterruptedException");
  run->interpreter_->define_exception("java.lang.NoSuchMethodError", "java.lang.Error");
  run->interpreter_->define_exception(
      "org.jenkinsci.plugins.workflow.steps.MissingContextVariableException",
      "java.lang.Exception");
  if (past.empty()) {
    const WallTime now = run->services_.clock->now();
    json::value begin = run->spec_.to_json();
    begin.as_object()["t"] = millis(now);
    run->started_ = now;
    if (!run->try_record(RecordType::begin, begin, AwaitSpec::Sync::wait)) return run->stalled_why_;
  } else {
    run->started_ = from_millis(int_at(parse_json(past.front().data).value(), {"t"}));
    run->last_log_bytes_ = past.front().log_bytes;
    past.pop_front();
    run->replaying_ = true;
    run->caught_up_ = false;
    run->past_ = std::move(past);
    for (const JournalRecord& record : run->past_) {
      if (record.type != RecordType::progress) continue;
      const json::value data = parse_json(record.data).value();
      run->offsets_[static_cast<uint64_t>(int_at(data, {"id"}))] =
          static_cast<uint64_t>(int_at(data, {"to"}));
    }
  }
  return run;
}

void Run::start() {
  {
    std::lock_guard lock(mailbox_mutex_);
    if (scheduled_) return;
    scheduled_ = true;
  }
  services_.post([self = shared_from_this()] { self->turn(); });
}

void Run::enqueue(Incoming incoming) {
  wake([&] { mailbox_.push_back(std::move(incoming)); });
}

/// Changes what the mailbox's lock guards, and lets the run see to it.
void Run::wake(const std::function<void()>& change) {
  {
    std::lock_guard lock(mailbox_mutex_);
    change();
    if (scheduled_) return;
    scheduled_ = true;
  }
  services_.post([self = shared_from_this()] { self->turn(); });
}

void Run::hold(bool held, const std::string& by) {
  if (finished_ || this->held() == held) return;
  wake([&] { held_ = held ? std::optional(by) : std::nullopt; });
  if (services_.state_changed) services_.state_changed(*this);
}

bool Run::held() const {
  std::lock_guard lock(mailbox_mutex_);
  return held_.has_value();
}

/// All that has arrived, in order; between two arrivals the strands run until each of them waits.
void Run::turn() {
  if (!began_ && !replaying_) {
    std::lock_guard lock(mailbox_mutex_);
    if (held_) {
      scheduled_ = false;
      return;
    }
  }
  if (!began_) {
    began_ = true;
    // During a replay it would seem to have gone back.
    if (!replaying_ && services_.state_changed) services_.state_changed(*this);
    auto outside = std::make_shared<StepContext>();
    make_ready(new_strand(nullptr, outside, {}, [this](groovy::Task& task) { main_body(task); }));
    run_ready();
    if (replaying_) replay();
  } else if (stalled_ && !go_on()) {
    return stand_still();
  }
  bool tidy = false;
  while (!stalled_) {
    Incoming next;
    {
      std::lock_guard lock(mailbox_mutex_);
      if (finished_) mailbox_.clear();
      // While it is held, what arrives stays here: journaled without being acted upon, a replay
      // would find it in another order.
      const bool idle = mailbox_.empty() || held_;
      if (idle && tidy) {
        // From here on another thread may begin the next turn: nothing of the run is touched.
        scheduled_ = false;
        return;
      }
      if (!idle) {
        next = std::move(mailbox_.front());
        mailbox_.pop_front();
        tidy = false;
      } else {
        tidy = true;
      }
    }
    if (tidy) {
      tidy_up();
      continue;
    }
    if (!deliver(next)) {
      std::lock_guard lock(mailbox_mutex_);
      mailbox_.push_front(std::move(next));
      stalled_ = true;
      break;
    }
    run_ready();
  }
  stand_still();
}

/// Before the run waits: what was printed is in the log, and stacks take no more than they need.
void Run::tidy_up() {
  flush_printed();
  if (log_ != nullptr) (void)log_->flush();
  for (auto& strand : strands_) {
    if (strand->awaiting != 0) strand->fiber->trim();
  }
}

void Run::run_ready() {
  while (!ready_.empty() && !stalled_) {
    Strand* strand = ready_.front();
    ready_.pop_front();
    strand->ready = false;
    strand->task->refuel();
    current_ = strand;
    strand->fiber->resume();
    current_ = nullptr;
  }
  if (!stalled_ && !strands_.empty() && strands_.front()->fiber->done() && !finished_) finish();
}

Strand& Run::new_strand(Strand* parent, ContextRef context, std::string name,
                        std::function<void(groovy::Task&)> body) {
  auto strand = std::make_unique<Strand>();
  Strand* raw = strand.get();
  raw->id = next_strand_++;
  raw->parent = parent;
  raw->context = std::move(context);
  raw->name = std::move(name);
  if (parent != nullptr) raw->scopes = parent->scopes;
  raw->fiber = std::make_unique<Fiber>([this, raw, body = std::move(body)](Fiber&) {
    try {
      body(*raw->task);
    } catch (const groovy::Cancelled&) {
      // The run is being dropped; whatever the strand held is gone with its stack.
    }
  });
  // Room below for the host functions that the deepest script calls.
  const char* low = static_cast<const char*>(raw->fiber->stack_low()) + (256 << 10);
  raw->task = std::make_unique<groovy::Task>(*interpreter_, low);
  raw->task->context = raw;
  strands_.push_back(std::move(strand));
  return *raw;
}

void Run::suspend(groovy::Task& task) {
  strand(task).fiber->suspend();
  if (ending_) throw groovy::Cancelled{};
}

// ----- waiting -----

json::value Run::await(groovy::Task& task, AwaitSpec spec) {
  if (replaying_ && past_.empty()) go_live();
  Strand& self = strand(task);
  if (self.interruption) throw_interruption(task);
  const uint64_t id = next_await_++;
  if (replaying_) {
    const json::value data =
        parse_json(expect(task, RecordType::await_, fmt::format("'{}'", spec.what)).data).value();
    if (text_at(data, {"what"}) != spec.what || static_cast<uint64_t>(int_at(data, {"id"})) != id) {
      diverged(
          fmt::format("the replay came to '{}' as wait {}, where the journal has '{}' as wait {}",
                      spec.what, id, text_at(data, {"what"}), int_at(data, {"id"})));
      raise(task, "java.lang.IllegalStateException", divergence_);
    }
  } else {
    record(task, RecordType::await_, {{"id", id}, {"what", spec.what}});
  }
  self.awaiting = id;
  self.arrived = nullptr;
  const Awaiting& waiting = awaiting_[id] = {&self, std::move(spec)};
  if (!replaying_) {
    // A copy: what arrives at once may end the wait while start() still runs.
    auto begin = waiting.spec.start;
    begin(false);
  }
  suspend(task);
  if (self.interruption) throw_interruption(task);
  return std::move(self.arrived);
}

uint64_t Run::logged_offset(uint64_t await) const {
  const auto found = offsets_.find(await);
  return found == offsets_.end() ? 0 : found->second;
}

void Run::throw_interruption(groovy::Task& task) {
  Strand& self = strand(task);
  const json::object data = *std::exchange(self.interruption, std::nullopt);
  if (const json::value* cause = data.if_contains("cause");
      cause != nullptr && cause->is_string() && !divergence_.empty()) {
    raise(task, "java.lang.IllegalStateException", cause->get_string());
  }
  const json::value* user = data.if_contains("user");
  const auto scope = data.at("scope").to_number<int64_t>();
  groovy::Value exception = make_interruption(
      *this, task,
      {.result = parse_result(data.at("result").as_string()).value_or(BuildResult::aborted),
       .cause = std::string(data.at("cause").as_string()),
       .user = user != nullptr && user->is_string() ? std::string(user->get_string()) : "",
       .told = scope == 0});
  interpreter_->set_exception_property(exception, "scope", groovy::Value::of_long(scope));
  throw groovy::Thrown(std::move(exception));
}

bool Run::interrupted_from_outside(groovy::Task& task, const groovy::Value& exception) {
  if (!is_actual(*this, task, exception)) return false;
  const auto scope = interpreter_->exception_property(exception, "scope");
  if (!scope || !scope->is_integral()) return true;
  const auto number = static_cast<uint64_t>(scope->as_long());
  return number == 0 || std::ranges::find(strand(task).scopes, number) != strand(task).scopes.end();
}

groovy::Value Run::interruptible(groovy::Task& task,
                                 const std::function<groovy::Value(uint64_t scope)>& body) {
  const uint64_t scope = next_scope_++;
  Strand& self = strand(task);
  self.scopes.push_back(scope);
  struct Leave {
    Strand& strand;
    uint64_t scope;
    ~Leave() {
      std::erase(strand.scopes, scope);
      // An interruption that came after the last wait of the body is of no use to what follows.
      if (strand.interruption && strand.interruption->at("scope").to_number<uint64_t>() == scope)
        strand.interruption.reset();
    }
  } leave{self, scope};
  return body(scope);
}

void Run::watch_activity(uint64_t scope, std::function<void()> call) {
  if (call) {
    activity_[scope] = std::move(call);
  } else {
    activity_.erase(scope);
  }
}

void Run::when_live(uint64_t scope, std::function<void()> call) {
  if (call) {
    when_live_[scope] = std::move(call);
  } else {
    when_live_.erase(scope);
  }
}

void Run::tell_activity(const Strand& strand) {
  if (activity_.empty()) return;
  for (const uint64_t scope : strand.scopes) {
    if (const auto watched = activity_.find(scope); watched != activity_.end()) watched->second();
  }
}

void Run::complete(uint64_t await, json::value result) {
  enqueue({.type = RecordType::finished,
           .data = {{"id", await}, {"r", std::move(result)}},
           .done = {},
           .text = {}});
}

void Run::output(uint64_t await, std::string text, uint64_t offset, std::function<void()> done) {
  enqueue({.type = RecordType::progress,
           .data = {{"id", await}, {"to", offset}},
           .done = std::move(done),
           .text = std::move(text)});
}

void Run::interrupt_scope(uint64_t scope, BuildResult result, std::string cause) {
  enqueue({.type = RecordType::interrupt,
           .data = {{"scope", scope}, {"result", to_string(result)}, {"cause", cause}},
           .done = {},
           .text = {}});
}

void Run::abort(const std::string& by) { interrupt(BuildResult::aborted, "Aborted by " + by, by); }

void Run::interrupt(BuildResult result, std::string cause, std::string user) {
  if (aborting_.exchange(true)) return;
  hold(false, user);
  enqueue({.type = RecordType::interrupt,
           .data = {{"scope", 0},
                    {"result", to_string(result)},
                    {"cause", std::move(cause)},
                    {"user", std::move(user)}},
           .done = {},
           .text = {}});
}

/// What arrived is journaled, then known to the strand that waits for it. False: it cannot be
/// journaled now, and must come again.
bool Run::deliver(Incoming& incoming) {
  flush_printed();
  switch (incoming.type) {
    case RecordType::finished: {
      const uint64_t id = incoming.data.at("id").to_number<uint64_t>();
      const auto waiting = awaiting_.find(id);
      if (waiting == awaiting_.end()) return true;  // was interrupted meanwhile
      incoming.data["t"] = millis(services_.clock->now());
      if (auto masker = output_maskers_.find(id); masker != output_maskers_.end()) {
        append_log(waiting->second.strand, masker->second.flush());
        output_maskers_.erase(masker);
      }
      if (!try_record(RecordType::finished, incoming.data, waiting->second.spec.sync)) {
        if (stalled_why_.code != Code::too_large) return false;
        incoming.data["r"] = {{"error", stalled_why_.message}, {"missing", false}, {"exit", -1}};
        return deliver(incoming);
      }
      deliver_finished(id, std::move(incoming.data.at("r")));
      if (incoming.done) incoming.done();
      return true;
    }
    case RecordType::progress: {
      const uint64_t id = incoming.data.at("id").to_number<uint64_t>();
      Masker& masker = output_maskers_[id];
      masker.use_forms_of(masker_);
      // A branch writes whole lines, so that it does not write into those of another one.
      const auto waiting = awaiting_.find(id);
      const Strand* from = waiting == awaiting_.end() ? nullptr : waiting->second.strand;
      const bool branch = from != nullptr && from->parent != nullptr;
      append_log(from, masker.mask(std::exchange(incoming.text, {}), branch));
      // What is held back is not in the log: a restart must read it again.
      if (waiting != awaiting_.end()) tell_activity(*waiting->second.strand);
      const uint64_t to = incoming.data.at("to").to_number<uint64_t>();
      const uint64_t logged = to - std::min<uint64_t>(to, masker.held_bytes());
      if (!try_record(RecordType::progress, {{"id", id}, {"to", logged}}, AwaitSpec::Sync::soon))
        return false;
      offsets_[id] = logged;
      if (incoming.done) incoming.done();
      return true;
    }
    case RecordType::interrupt:
      if (!try_record(RecordType::interrupt, incoming.data, AwaitSpec::Sync::wait)) return false;
      deliver_interrupt(incoming.data);
      return true;
    case RecordType::begin:
    case RecordType::step:
    case RecordType::await_:
    case RecordType::value:
    case RecordType::end: break;
  }
  return true;
}

void Run::deliver_finished(uint64_t await, json::value result) {
  const auto waiting = awaiting_.find(await);
  if (waiting == awaiting_.end()) return;
  Strand* strand = waiting->second.strand;
  awaiting_.erase(waiting);
  strand->awaiting = 0;
  strand->arrived = std::move(result);
  make_ready(*strand);
}

void Run::deliver_interrupt(const json::object& data) {
  const auto scope = data.at("scope").to_number<uint64_t>();
  auto inside = [scope](const std::unique_ptr<Strand>& strand) {
    return scope == 0 || std::ranges::find(strand->scopes, scope) != strand->scopes.end();
  };
  if (scope == 0) print_line(data.at("cause").as_string());
  // A timer may fire when its block has just ended, above all while a replay passes it.
  if (std::string_view(data.at("cause").as_string()) == kTimeoutCause &&
      std::ranges::any_of(strands_, inside))
    print_line("Cancelling nested steps due to timeout");
  for (auto& strand : strands_) {
    if (!inside(strand) || strand->fiber->done() || strand->interruption) continue;
    strand->interruption = data;
    if (strand->awaiting == 0) continue;
    const AwaitSpec& spec = awaiting_[strand->awaiting].spec;
    if (spec.interrupt) {
      if (!replaying_) std::function<void()>(spec.interrupt)();
      continue;
    }
    awaiting_.erase(strand->awaiting);
    strand->awaiting = 0;
    make_ready(*strand);
  }
}

// ----- parallel -----

std::vector<Run::BranchOutcome> Run::parallel(groovy::Task& task, std::vector<Branch> branches,
                                              bool fail_fast) {
  Strand& self = strand(task);
  if (branches.size() > limits_.branches) {
    fail(task, fmt::format("{} parallel branches are more than the limit of {} (--max-branches)",
                           branches.size(), limits_.branches));
  }
  // Journaled: a replay must not find room where there was none.
  const bool room = draw(task, "the room for branches", [&] {
                      return json::value(Fiber::room_for(branches.size()));
                    }).as_bool();
  if (!room) {
    fail(task, fmt::format("there is no room for {} more parallel branches: the runs of this "
                           "process may have {} at once",
                           branches.size(), Fiber::kMost));
  }
  struct Shared {
    std::vector<BranchOutcome> outcomes;
    size_t running = 0;
    size_t finished = 0;
  };
  auto shared = std::make_shared<Shared>();
  shared->outcomes.resize(branches.size());
  shared->running = branches.size();
  const uint64_t scope = next_scope_++;
  std::vector<Strand*> children;
  for (size_t i = 0; i < branches.size(); i++) {
    auto body = [this, shared, i, &self, scope, fail_fast,
                 run = std::move(branches[i].body)](groovy::Task& own) {
      BranchOutcome& outcome = shared->outcomes[i];
      try {
        outcome.value = run(own);
      } catch (const groovy::Thrown& thrown) {
        outcome.exception = thrown.exception;
        if (fail_fast && !ending_) {
          deliver_interrupt({{"scope", scope},
                             {"result", "ABORTED"},
                             {"cause", "Failed in branch " + strand(own).name}});
        }
      }
      outcome.order = shared->finished++;
      if (--shared->running == 0 && !ending_) make_ready(self);
    };
    Strand& child = new_strand(&self, self.context, branches[i].name, std::move(body));
    child.scopes.push_back(scope);
    children.push_back(&child);
  }
  for (Strand* child : children) make_ready(*child);
  if (!children.empty()) {
    // Children hold references to this frame's strand: also a dropped run waits for their end (see
    // ~Run).
    while (shared->running > 0) strand(task).fiber->suspend();
  }
  std::erase_if(strands_, [&](const auto& s) { return s->parent == &self && s->fiber->done(); });
  if (ending_) throw groovy::Cancelled{};
  if (self.interruption) throw_interruption(task);
  return std::move(shared->outcomes);
}

groovy::Value Run::call_in(groovy::Task& task, ContextRef context,
                           const std::function<groovy::Value()>& body) {
  Strand& self = strand(task);
  struct Restore {
    Strand& strand;
    ContextRef before;
    ~Restore() { strand.context = std::move(before); }
  } restore{self, std::exchange(self.context, std::move(context))};
  return body();
}

// ----- the whole -----

void Run::main_body(groovy::Task& task) {
  for (const std::string& cause : spec_.causes) print_line(cause);
  try {
    obtain_jenkinsfile(*this, task);
    if (libraries_->load_declared(task, spec_.script)) run_program(task);
  } catch (const groovy::Thrown& thrown) {
    report_failure(task, thrown);
  }
}

void Run::run_program(groovy::Task& task) {
  groovy::Compiled compiled =
      compile_for(*this, spec_.script, {.script_name = "WorkflowScript", .file = "WorkflowScript"});
  if (!compiled) {
    print_line("org.codehaus.groovy.control.MultipleCompilationErrorsException: " +
               groovy::format_errors(spec_.script, "WorkflowScript", compiled.errors));
    worsen(BuildResult::failure);
    return;
  }
  print_line("[Pipeline] Start of Pipeline");
  groovy::Outcome outcome = interpreter_->run_script(task, compiled.program);
  print_line("[Pipeline] End of Pipeline");
  if (outcome.failure)
    report_failure(task, groovy::Thrown(outcome.failure->exception, !outcome.failure->limit));
}

void Run::report_failure(groovy::Task& task, const groovy::Thrown& thrown) {
  worsen(result_of(task, thrown));
  print_failure(*this, task, thrown);
}

void Run::print_end() {
  flush_printed();
  if (!divergence_.empty()) {
    print_line("ERROR: " + divergence_);
    worsen(BuildResult::failure);
  }
  log_->append_last(fmt::format("Finished: {}\n", to_string(result_.load())));
  // A clock that was set back meanwhile must not make the run end before it began.
  ended_ = std::max(started_, services_.clock->now());
}

void Run::finish() {
  if (replaying_ && !divergence_.empty()) {
    // Nothing goes on, but the log says why.
    past_.clear();
    if (Result<> cut = log_->truncate(last_log_bytes_); !cut)
      LOG(error, "a log cannot be cut", {"error", cut.error().message});
    end_replay();
  }
  if (replaying_ && past_.empty()) go_live();
  if (replaying_) {
    // The journal has an end record that the script has come to: a finished run is only read.
    if (past_.front().type == RecordType::end) {
      last_log_bytes_ = past_.front().log_bytes;
      const json::value data = parse_json(past_.front().data).value_or(json::value(nullptr));
      ended_ = from_millis(int_at(data, {"t"}));
      result_ = parse_result(text_at(data, {"result"})).value_or(result_.load());
    }
  } else {
    if (ended_ == WallTime{}) print_end();
    if (!try_record(RecordType::end, {{"result", to_string(result_.load())}, {"t", millis(ended_)}},
                    AwaitSpec::Sync::wait)) {
      stalled_ = true;
      return;
    }
  }
  (void)log_->flush();
  strands_.clear();
  awaiting_.clear();
  output_maskers_.clear();
  declarative.reset();
  libraries_.reset();
  interpreter_.reset();
  journal_.reset();
  past_.clear();
  {
    std::lock_guard lock(view_mutex_);
    waiting_for_.clear();
    finished_ = true;
  }
  if (replaying_) end_replay();
  log_->finish();
  if (services_.state_changed) services_.state_changed(*this);
  ended_changed_.notify_all();
}

void Run::wait() {
  std::unique_lock lock(view_mutex_);
  ended_changed_.wait(lock, [&] { return finished_.load(); });
}

}  // namespace ks::engine
