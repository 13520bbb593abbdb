#include "store/lifecycle/lifecycle.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "store/lifecycle/expiry.h"
#include "store/lifecycle/namespaces.h"

namespace ks::store {
namespace {

constexpr auto kRetry = std::chrono::seconds(1);
constexpr size_t kMaxInbox = 200'000;

/// Changes on their way to the thread; all that the store's notifier touches.
struct Inbox {
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable settled;
  std::vector<EventRef> events;
  bool overflow = false;  ///< too many: what is in there is dropped and all is looked at anew
  bool ticked = false;
  bool ending = false;
  uint64_t handled = 0;  ///< everything up to this revision has been worked on
  bool quiet = false;    ///< and nothing was left to do
};

class InboxSink final : public Sink {
 public:
  explicit InboxSink(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
  void on_events(std::span<const Delivery> deliveries) override {
    {
      std::lock_guard lock(inbox_->mutex);
      for (const Delivery& delivery : deliveries) {
        if (delivery.event != nullptr && !inbox_->overflow)
          inbox_->events.push_back(delivery.event);
      }
      if (inbox_->events.size() > kMaxInbox) {
        inbox_->overflow = true;
        inbox_->events.clear();
      }
      inbox_->quiet = false;
    }
    inbox_->wake.notify_one();
  }

 private:
  std::shared_ptr<Inbox> inbox_;
};

}  // namespace

struct Lifecycle::State {
  State(Store& of, Options given)
      : store(of),
        options(std::move(given)),
        collector(*options.clock, options.knows_kind),
        namespaces(of, *options.clock),
        defaults(of, options.defaults),
        expiry(of, *options.clock, options.event_lifetime) {}

  Store& store;
  const Options options;
  const std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  Collector collector;
  NamespaceDeletion namespaces;
  NamespaceDefaults defaults;
  EventExpiry expiry;
  WatchHub::Subscription watch;
  std::jthread thread;

  Result<> begin();
  bool begin_again();
  bool fell_behind() const;
  void run();
  void take_in(const Event& event);
  bool work();
  bool collect();
  /// The changes that arrived; nothing at the end.
  std::optional<std::vector<EventRef>> wait(bool failed);
};

/// Takes in all objects as they are, and follows what changes after that.
Result<> Lifecycle::State::begin() {
  watch = WatchHub::Subscription();
  {
    std::lock_guard lock(inbox->mutex);
    inbox->events.clear();
    inbox->overflow = false;
  }
  collector.clear();
  namespaces.clear();
  defaults.clear();
  expiry.clear();
  const Store::List all = TRY(store.list({}));
  for (const ObjectRef& object : all.objects) {
    collector.put(object);
    namespaces.put(object);
    defaults.put(object);
    expiry.put_old(object);
  }
  expiry.started();
  watch = TRY(store.watch({}, all.revision, std::make_shared<InboxSink>(inbox), WatchedBy::us));
  std::lock_guard lock(inbox->mutex);
  inbox->handled = std::max(inbox->handled, all.revision);
  return {};
}

void Lifecycle::State::take_in(const Event& event) {
  // The same name may have come back with another uid: the one before it is gone.
  if (event.type != EventType::deleted && event.previous != nullptr &&
      event.previous->uid != event.object->uid) {
    collector.erase(*event.previous);
  }
  if (event.type == EventType::deleted) {
    collector.erase(*event.object);
    namespaces.erase(*event.object);
    defaults.erase(*event.object);
    return;
  }
  collector.put(event.object);
  namespaces.put(event.object);
  defaults.put(event.object);
  expiry.put(event.object);
}

bool Lifecycle::State::collect() {
  std::vector<Task> tasks = collector.work();
  std::vector<Store::Write> writes;
  writes.reserve(tasks.size());
  for (Task& task : tasks) writes.push_back(std::move(task.write));
  const std::vector<Result<ObjectRef>> results = store.write_all(std::move(writes));
  bool done = true;
  for (size_t i = 0; i < results.size(); i++) {
    // Someone else's write brings its own event; only a write that could not be made must be
    // remembered here.
    if (results[i] || results[i].error().code == Code::conflict ||
        results[i].error().code == Code::not_found)
      continue;
    collector.look_at(std::move(tasks[i].uid));
    done = false;
  }
  return done;
}

bool Lifecycle::State::work() {
  const bool collected = collect();
  const bool emptied = namespaces.work();
  const bool furnished = defaults.work();
  const bool expired = expiry.work();
  return collected && emptied && furnished && expired;
}

std::optional<std::vector<EventRef>> Lifecycle::State::wait(bool failed) {
  std::unique_lock lock(inbox->mutex);
  const auto ready = [&] {
    return inbox->ending || inbox->ticked || inbox->overflow || !inbox->events.empty();
  };
  if (!ready()) {
    inbox->quiet = !failed;
    inbox->settled.notify_all();
    if (failed) {
      inbox->wake.wait_for(lock, kRetry, ready);
    } else if (const std::optional<SteadyTime> next = expiry.next()) {
      // By the machine's own steady clock: with any other, tick() tells.
      inbox->wake.wait_for(
          lock, std::max(*next - options.clock->steady_now(), SteadyTime::duration(0)), ready);
    } else {
      inbox->wake.wait(lock, ready);
    }
  }
  inbox->quiet = false;
  inbox->ticked = false;
  if (inbox->ending) return std::nullopt;
  return std::exchange(inbox->events, {});
}

void Lifecycle::State::run() {
  bool lost = !begin_again();
  bool failed = !work();
  while (std::optional<std::vector<EventRef>> events = wait(failed || lost)) {
    if (lost || fell_behind()) {
      lost = !begin_again();
      events->clear();
    }
    for (const EventRef& event : *events) take_in(*event);
    failed = !work();
    if (events->empty()) continue;
    std::lock_guard lock(inbox->mutex);
    inbox->handled = std::max(inbox->handled, events->back()->revision);
  }
}

bool Lifecycle::State::fell_behind() const {
  std::lock_guard lock(inbox->mutex);
  return inbox->overflow;
}

bool Lifecycle::State::begin_again() {
  const Result<> begun = begin();
  if (!begun)
    LOG(error, "the lifecycle of objects cannot follow the store",
        {"error", begun.error().message});
  return begun.ok();
}

Lifecycle::Lifecycle(Store& store, Options options)
    : state_(std::make_unique<State>(store, std::move(options))) {}

Lifecycle::~Lifecycle() {
  {
    std::lock_guard lock(state_->inbox->mutex);
    state_->inbox->ending = true;
  }
  state_->inbox->wake.notify_all();
}

void Lifecycle::start() {
  state_->thread = std::jthread([state = state_.get()] { state->run(); });
}

void Lifecycle::tick() {
  {
    std::lock_guard lock(state_->inbox->mutex);
    state_->inbox->ticked = true;
    state_->inbox->quiet = false;
  }
  state_->inbox->wake.notify_all();
}

bool Lifecycle::settle(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->inbox->mutex);
  return state_->inbox->settled.wait_for(lock, limit, [&] {
    return state_->inbox->quiet && state_->inbox->handled >= state_->store.revision();
  });
}

}  // namespace ks::store
