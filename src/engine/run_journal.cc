#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "engine/journal_syncer.h"
#include "engine/run.h"

// A run and its journal: what is written before it counts, and what a restart replays.

namespace ks::engine {
namespace {

WallTime from_millis(int64_t value) { return WallTime{std::chrono::milliseconds{value}}; }

constexpr auto kStallPause = std::chrono::milliseconds(500);

}  // namespace

/// False when it is not written: then nothing may be done that counts on it.
bool Run::try_record(RecordType type, const json::value& data, AwaitSpec::Sync sync) {
  flush_printed();
  if (Result<> flushed = log_->flush(); !flushed) {
    stalled_why_ = flushed.error();
    return false;
  }
  if (journal_ == nullptr) return true;
  const bool was_dirty = journal_->dirty();
  if (services_.recording) services_.recording(false);
  if (Result<> written = journal_->append({type, log_->size(), ks::to_json(data)}); !written) {
    stalled_why_ = written.error();
    return false;
  }
  if (services_.recording) services_.recording(true);
  const bool wait = sync == AwaitSpec::Sync::wait ||
                    (sync == AwaitSpec::Sync::now && services_.syncer == nullptr);
  if (wait) {
    // It is with the kernel, and is written back with what comes next; only a power cut before
    // that would lose it.
    if (Result<> synced = journal_->sync(); !synced)
      LOG(error, "a journal cannot be synced", {"error", synced.error().message});
  } else if (services_.syncer != nullptr) {
    if (sync == AwaitSpec::Sync::now) {
      services_.syncer->now(journal_);
    } else if (!was_dirty) {
      services_.syncer->soon(journal_);
    }
  }
  return true;
}

/// From a strand: returns once it is written. A full disk makes the run stand still, not fail.
void Run::record(groovy::Task& task, RecordType type, const json::value& data,
                 AwaitSpec::Sync sync) {
  while (!try_record(type, data, sync)) {
    if (stalled_why_.code == Code::too_large)
      raise(task, "java.lang.IllegalArgumentException", stalled_why_.message);
    stalled_ = true;
    stalled_strand_ = &strand(task);
    suspend(task);
  }
}

/// What cannot be written must not be acted upon as if it were: the run stands still, and tries
/// again until there is room.
void Run::stand_still() {
  const bool news = std::exchange(stalled_told_, stalled_why_.message) != stalled_why_.message;
  if (news) {
    LOG(error, "a run stands still until its files can be written", {"run", spec_.job},
        {"number", spec_.number}, {"error", stalled_why_.message});
    std::lock_guard lock(view_mutex_);
    waiting_for_ = "its files cannot be written: " + stalled_why_.message;
  }
  // scheduled_ stays set: what arrives meanwhile waits in the mailbox.
  stall_timer_ = services_.timer(kStallPause, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->services_.post([self] { self->turn(); });
  });
}

/// After a pause: what could not be written is tried again. False: still not.
bool Run::go_on() {
  stalled_ = false;
  if (Strand* strand = std::exchange(stalled_strand_, nullptr)) {
    current_ = strand;
    strand->fiber->resume();
    current_ = nullptr;
  }
  if (!stalled_) run_ready();
  if (stalled_) return false;
  if (!std::exchange(stalled_told_, {}).empty()) {
    LOG(info, "a run goes on: its files can be written", {"run", spec_.job},
        {"number", spec_.number});
    std::lock_guard lock(view_mutex_);
    waiting_for_.clear();
  }
  return true;
}

void Run::diverged(std::string message) {
  if (!divergence_.empty()) return;
  divergence_ = std::move(message);
  LOG(error, "a run was stopped", {"run", spec_.job}, {"number", spec_.number},
      {"why", divergence_});
}

/// The next record of the replay, which must be of this type. Going on after the last one is going
/// live.
JournalRecord Run::expect(groovy::Task& task, RecordType type, std::string_view what) {
  JournalRecord next = std::move(past_.front());
  past_.pop_front();
  last_log_bytes_ = next.log_bytes;
  if (next.type == type) return next;
  diverged(
      fmt::format("the replay came to {}, where the journal has a record of type {} ({}); the run "
                  "is stopped, since going on could do "
                  "a finished step again",
                  what, static_cast<int>(next.type), next.data.substr(0, 200)));
  raise(task, "java.lang.IllegalStateException", divergence_);
}

/// Something that differs each time it is asked: drawn once, then always the same.
json::value Run::draw(groovy::Task& task, std::string_view what,
                      const std::function<json::value()>& fresh) {
  if (replaying_ && past_.empty()) go_live();
  if (replaying_) {
    const json::value data = parse_json(expect(task, RecordType::value, what).data).value();
    return data.at("v");
  }
  json::value value = fresh();
  record(task, RecordType::value, {{"v", value}});
  return value;
}

/// Feeds what the journal says has arrived, until it has no more to say.
void Run::replay() {
  while (replaying_) {
    if (past_.empty()) {
      go_live();
      run_ready();
      return;
    }
    if (!replay_next()) return;
    run_ready();
  }
}

bool Run::replay_next() {
  JournalRecord next = std::move(past_.front());
  past_.pop_front();
  last_log_bytes_ = next.log_bytes;
  const json::value data = parse_json(next.data).value_or(json::value(nullptr));
  switch (next.type) {
    case RecordType::finished: {
      const auto id = static_cast<uint64_t>(int_at(data, {"id"}));
      const json::value* result = find(data, {"r"});
      replayed_to_ = from_millis(int_at(data, {"t"}, replayed_to_.time_since_epoch().count()));
      deliver_finished(id, result == nullptr ? json::value(nullptr) : *result);
      return true;
    }
    case RecordType::interrupt:
      if (const json::object* object = data.if_object()) deliver_interrupt(*object);
      return true;
    case RecordType::progress:
    case RecordType::end: return true;
    case RecordType::begin:
    case RecordType::step:
    case RecordType::await_:
    case RecordType::value: break;
  }
  diverged(
      fmt::format("the replay waits, where the journal has {}; the run is stopped, since going on "
                  "could do a finished step again",
                  next.data.substr(0, 200)));
  for (auto& strand : strands_) {
    if (strand->awaiting == 0 || strand->fiber->done()) continue;
    strand->interruption =
        json::object{{"result", "FAILURE"}, {"cause", divergence_}, {"scope", 0}};
    strand->awaiting = 0;
    make_ready(*strand);
  }
  past_.clear();
  return true;
}

/// The journal is at its end: from here on things happen again, beginning with what was under way.
void Run::go_live() {
  replaying_ = false;
  if (Result<> cut = log_->truncate(last_log_bytes_); !cut)
    LOG(error, "a log cannot be cut", {"error", cut.error().message});
  for (auto& [id, awaiting] : std::map<uint64_t, Awaiting>(awaiting_)) {
    awaiting.spec.start(true);
    if (awaiting.strand->interruption && awaiting.spec.interrupt) awaiting.spec.interrupt();
  }
  end_replay();
  for (const auto& [scope, call] : when_live_) call();
  if (services_.state_changed) services_.state_changed(*this);
}

void Run::end_replay() {
  replaying_ = false;
  caught_up_ = true;
  if (services_.replayed) services_.replayed(*this);
}

}  // namespace ks::engine
