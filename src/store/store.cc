#include "store/store.h"

#include <absl/container/btree_set.h>
#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>
#include <unordered_map>

#include "base/log.h"

namespace ks::store {
namespace {

struct ByKey {
  using is_transparent = void;
  static std::string_view key(const ObjectRef& object) { return object->key; }
  static std::string_view key(std::string_view text) { return text; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return key(a) < key(b);
  }
};
using Index = absl::btree_set<ObjectRef, ByKey>;

constexpr size_t kCompactAtOnce = 512;

enum class Verb : uint8_t { create, update, remove, call };

/// A write that waits for the committer. It belongs to the writer and may be gone the moment it is
/// done.
struct Pending {
  Verb verb = Verb::create;
  Draft draft;
  std::string key;
  uint64_t expected = 0;
  std::function<Result<>()>
      call;  // of Verb::call: something the committer's thread does between two batches
  std::optional<Result<ObjectRef>> result;
  std::binary_semaphore done{0};
};

/// A version that a newer one replaced, and when: compaction drops it once the history has passed
/// that point.
struct Garbage {
  uint64_t replaced_at = 0;
  uint64_t revision = 0;
};

Error conflict_error(const ObjectRef& stored, uint64_t expected) {
  return {Code::conflict,
          fmt::format("the object is at revision {}, not {}", stored->revision, expected)};
}

ObjectRef make_object(Draft&& draft, std::string key, uint64_t revision, uint64_t created) {
  auto object = std::make_shared<Object>();
  const size_t mark = draft.json.find(revision_mark());
  CHECK_MSG(mark != std::string::npos, key);
  draft.json.replace(mark, revision_mark().size(), std::to_string(revision));
  draft.json.shrink_to_fit();
  object->key = std::move(key);
  object->revision = revision;
  object->created = created == 0 ? revision : created;
  object->uid = std::move(draft.uid);
  object->json = std::make_shared<const std::string>(std::move(draft.json));
  object->labels = std::move(draft.labels);
  object->fields = std::move(draft.fields);
  return object;
}

/// The last state of an object that ends: the same, but for the revision in its text.
ObjectRef deleted_state(const Object& last, uint64_t revision) {
  auto object = std::make_shared<Object>(last);
  object->json = with_revision(last, revision);
  object->revision = revision;
  return object;
}

}  // namespace

struct Store::State {
  State(std::unique_ptr<Backend> with, StoreOptions store_options)
      : backend(std::move(with)), options(store_options), hub(store_options.watch) {}

  std::unique_ptr<Backend> backend;
  const StoreOptions options;
  WatchHub hub;

  mutable std::shared_mutex index_mutex;
  Index index;
  uint64_t revision = 0;

  std::mutex queue_mutex;
  std::condition_variable queue_wake;
  std::deque<Pending*> queue;
  bool ending = false;

  std::mutex notify_mutex;
  std::condition_variable notify_wake;
  std::deque<std::vector<EventRef>> to_notify;
  bool notify_ending = false;

  // The committer's own.
  std::deque<Garbage> garbage;
  bool failing = false;  ///< and it was said
  std::chrono::steady_clock::time_point quiet_until;

  std::jthread notifier;
  std::jthread committer;

  Result<> load();
  Result<ObjectRef> submit(Pending& pending);
  Result<> enqueue(Pending& pending);
  void compact_some();
  void commit_loop();
  void commit(std::vector<Pending*> batch);
  void say_failing(const Error& error);
  void publish(std::vector<EventRef> events);
  void notify_loop();
  Result<size_t> compact_now(size_t most);
  void finish(Pending& pending, Result<ObjectRef> result);
};

Result<> Store::State::load() {
  std::vector<EventRef> events;
  const Backend::Loaded loaded = TRY(backend->load([&](Record record) {
    const auto found = index.find(std::string_view(record.object->key));
    const ObjectRef previous = found == index.end() ? nullptr : *found;
    if (previous != nullptr) {
      garbage.push_back({record.revision, previous->revision});
      index.erase(found);
    }
    EventType type = previous == nullptr ? EventType::added : EventType::modified;
    if (record.deleted) {
      type = EventType::deleted;
      garbage.push_back({record.revision, record.revision});
    } else {
      index.insert(record.object);
    }
    auto event = std::make_shared<Event>(type, record.revision, record.object, previous);
    events.push_back(std::move(event));
    if (events.size() == 1024) {
      hub.record(events);
      events.clear();
    }
  }));
  hub.record(events);
  hub.start_after(loaded.compacted);
  revision = std::max(loaded.last_revision, loaded.compacted);
  if (revision == 0) revision = 1;
  return {};
}

Result<> Store::State::enqueue(Pending& pending) {
  {
    std::lock_guard lock(queue_mutex);
    if (ending) return Error{Code::unavailable, "the store is closing"};
    if (queue.size() >= options.max_queue) {
      return Error{Code::unavailable,
                   fmt::format("{} writes wait already; try again in a moment", queue.size())};
    }
    queue.push_back(&pending);
  }
  queue_wake.notify_one();
  return {};
}

Result<ObjectRef> Store::State::submit(Pending& pending) {
  TRY(enqueue(pending));
  pending.done.acquire();
  return std::move(*pending.result);
}

void Store::State::finish(Pending& pending, Result<ObjectRef> result) {
  pending.result = std::move(result);
  pending.done.release();
}

void Store::State::commit_loop() {
  while (true) {
    std::vector<Pending*> batch;
    {
      std::unique_lock lock(queue_mutex);
      queue_wake.wait(lock, [&] { return ending || !queue.empty(); });
      if (queue.empty()) return;
      const size_t take = std::min(queue.size(), options.max_batch);
      batch.assign(queue.begin(), queue.begin() + static_cast<ptrdiff_t>(take));
      queue.erase(queue.begin(), queue.begin() + static_cast<ptrdiff_t>(take));
    }
    commit(std::move(batch));
    compact_some();
  }
}

/// What the history no longer reaches may go; a little after each batch, so that no writer waits
/// long.
void Store::State::compact_some() {
  if (garbage.size() <= std::max(options.compact_garbage, kCompactAtOnce)) return;
  if (garbage[kCompactAtOnce].replaced_at > hub.oldest()) return;
  if (Result<size_t> done = compact_now(kCompactAtOnce); !done)
    LOG(warn, "compaction failed", {"error", done.error().message});
}

void Store::State::commit(std::vector<Pending*> batch) {
  // What the batch itself has changed so far; null where it deleted.
  std::unordered_map<std::string_view, ObjectRef> changed;
  std::vector<Record> records;
  std::vector<EventRef> events;
  std::vector<std::pair<Pending*, ObjectRef>> writers;
  // Told once readers see the batch, and before its writers: who reads again because of a conflict
  // sees the state that it conflicted with, and is ahead of the one that it lost against.
  std::vector<std::pair<Pending*, Error>> refused;
  uint64_t next = revision;

  auto current = [&](const std::string& key) -> ObjectRef {
    if (const auto found = changed.find(key); found != changed.end()) return found->second;
    const auto found = index.find(std::string_view(key));  // only this thread changes the index
    return found == index.end() ? nullptr : *found;
  };
  std::vector<Pending*> calls;
  for (Pending* pending : batch) {
    if (pending->verb == Verb::call) {
      calls.push_back(pending);
      continue;
    }
    const ObjectRef stored = current(pending->key);
    if (pending->verb == Verb::create && stored != nullptr) {
      refused.emplace_back(pending, Error{Code::already_exists, "the object exists already"});
      continue;
    }
    if (pending->verb != Verb::create && stored == nullptr) {
      refused.emplace_back(pending, Error{Code::not_found, "the object does not exist"});
      continue;
    }
    if (pending->verb != Verb::create && stored->revision != pending->expected) {
      refused.emplace_back(pending, conflict_error(stored, pending->expected));
      continue;
    }
    next++;
    const bool deleted = pending->verb == Verb::remove;
    ObjectRef object = deleted ? deleted_state(*stored, next)
                               : make_object(std::move(pending->draft), pending->key, next,
                                             stored ? stored->created : 0);
    const EventType type = deleted  ? EventType::deleted
                           : stored ? EventType::modified
                                    : EventType::added;
    records.push_back({next, deleted, object});
    events.push_back(std::make_shared<Event>(type, next, object, stored));
    changed[object->key] = deleted ? nullptr : object;
    writers.emplace_back(pending, std::move(object));
  }

  const Result<> durable = records.empty() ? Result<>() : backend->commit(records);
  if (!durable) {
    say_failing(durable.error());
  } else if (!records.empty()) {
    if (std::exchange(failing, false)) LOG(info, "the store takes writes again");
    hub.record(events);
    {
      std::unique_lock lock(index_mutex);
      for (const EventRef& event : events) {
        if (event->previous != nullptr) index.erase(std::string_view(event->object->key));
        if (event->type != EventType::deleted) index.insert(event->object);
      }
      revision = next;
    }
    for (const EventRef& event : events) {
      if (event->previous != nullptr)
        garbage.push_back({event->revision, event->previous->revision});
      if (event->type == EventType::deleted) garbage.push_back({event->revision, event->revision});
    }
    publish(std::move(events));
  }
  for (auto& [pending, error] : refused) finish(*pending, std::move(error));
  for (auto& [pending, object] : writers) {
    finish(*pending, durable ? Result<ObjectRef>(std::move(object)) : durable.error());
  }
  for (Pending* pending : calls) {
    const Result<> done = pending->call();
    finish(*pending, done ? Result<ObjectRef>(ObjectRef()) : Result<ObjectRef>(done.error()));
  }
}

/// Now and then, not for each batch of a disk that stays full.
void Store::State::say_failing(const Error& error) {
  const auto now = std::chrono::steady_clock::now();
  if (now < quiet_until) return;
  quiet_until = now + std::chrono::seconds(10);
  failing = true;
  LOG(error, "the store takes no writes", {"error", error.message});
}

void Store::State::publish(std::vector<EventRef> events) {
  {
    std::lock_guard lock(notify_mutex);
    to_notify.push_back(std::move(events));
  }
  notify_wake.notify_one();
}

/// Watchers are told by a thread of their own: a thousand of them must not delay the next commit.
void Store::State::notify_loop() {
  while (true) {
    std::deque<std::vector<EventRef>> ready;
    {
      std::unique_lock lock(notify_mutex);
      notify_wake.wait(lock, [&] { return notify_ending || !to_notify.empty(); });
      ready.swap(to_notify);
      if (ready.empty()) return;
    }
    for (const auto& events : ready) hub.notify(events);
  }
}

Result<size_t> Store::State::compact_now(size_t most) {
  const uint64_t oldest = hub.oldest();
  std::vector<uint64_t> revisions;
  uint64_t until = 0;
  for (const Garbage& one : garbage) {
    if (one.replaced_at > oldest || revisions.size() == most) break;
    revisions.push_back(one.revision);
    until = one.replaced_at;
  }
  if (revisions.empty()) return 0;
  TRY(backend->compact(until, revisions));
  garbage.erase(garbage.begin(), garbage.begin() + static_cast<ptrdiff_t>(revisions.size()));
  return revisions.size();
}

Store::Store(std::unique_ptr<Backend> backend, StoreOptions options)
    : state_(std::make_unique<State>(std::move(backend), options)) {}

Store::~Store() {
  {
    std::lock_guard lock(state_->queue_mutex);
    state_->ending = true;
  }
  state_->queue_wake.notify_all();
  state_->committer = {};
  {
    std::lock_guard lock(state_->notify_mutex);
    state_->notify_ending = true;
  }
  state_->notify_wake.notify_all();
  state_->notifier = {};
}

Result<> Store::open() {
  TRY(state_->load());
  state_->notifier = std::jthread([this] { state_->notify_loop(); });
  state_->committer = std::jthread([this] { state_->commit_loop(); });
  return {};
}

ObjectRef Store::get(const Key& key) const {
  const std::string text = key.text();
  std::shared_lock lock(state_->index_mutex);
  const auto found = state_->index.find(std::string_view(text));
  return found == state_->index.end() ? nullptr : *found;
}

uint64_t Store::revision() const {
  std::shared_lock lock(state_->index_mutex);
  return state_->revision;
}

size_t Store::size() const {
  std::shared_lock lock(state_->index_mutex);
  return state_->index.size();
}

namespace {

using Place = Index::const_iterator;

/// What the filter's resource and namespace cover after a key.
std::pair<Place, Place> covered(const Index& index, const Filter& filter, std::string_view after) {
  std::string prefix = filter.resource.empty() ? ""
                       : filter.space.empty()  ? Key::prefix(filter.resource)
                                               : Key::prefix(filter.resource, filter.space);
  const Place begin =
      after > prefix ? index.upper_bound(after) : index.lower_bound(std::string_view(prefix));
  if (prefix.empty()) return {begin, index.end()};
  // The first text that does not begin with the prefix, which ends with a separator.
  prefix.back()++;
  const Place end = index.lower_bound(std::string_view(prefix));
  return {after < prefix ? begin : end, end};
}

/// Takes back what changed since the page before: `undone` has the older state of each changed key.
std::vector<ObjectRef> merged(std::vector<ObjectRef> now,
                              const std::map<std::string, ObjectRef, std::less<>>& undone,
                              std::string_view after) {
  if (undone.empty()) return now;
  Index then(now.begin(), now.end());
  for (const auto& [key, object] : undone) {
    then.erase(std::string_view(key));
    if (object != nullptr && key > after) then.insert(object);
  }
  return {then.begin(), then.end()};
}

/// Up to `limit` objects that the filter takes, and how many lie beyond them.
template <class At>
void take_page(Store::List& list, At at, const At& end, const Filter& filter, size_t limit) {
  for (; at != end; ++at) {
    if (!filter.takes(**at)) continue;
    if (limit != 0 && list.objects.size() == limit) {
      list.next = list.objects.back()->key;
      list.remaining = static_cast<size_t>(std::distance(at, end));
      return;
    }
    list.objects.push_back(*at);
  }
}

}  // namespace

Result<Store::List> Store::list(const Filter& filter, size_t limit, std::string_view after,
                                uint64_t at) const {
  List list;
  std::vector<ObjectRef> objects;
  {
    std::shared_lock lock(state_->index_mutex);
    list.revision = state_->revision;
    const auto [begin, end] = covered(state_->index, filter, after);
    const bool is_now = at == 0 || at == list.revision;
    if (is_now && !filter.matches) {
      take_page(list, begin, end, filter, limit);
      return list;
    }
    objects.assign(begin, end);  // selectors are not run within the lock
    if (is_now) at = list.revision;
  }
  if (at > list.revision) {
    return Error{Code::timeout,
                 fmt::format("Too large resource version: {}, current: {}", at, list.revision)};
  }
  if (at != list.revision) {
    objects = merged(std::move(objects), TRY(state_->hub.undo(filter, at)), after);
    list.revision = at;
  }
  take_page(list, objects.cbegin(), objects.cend(), filter, limit);
  return list;
}

Result<ObjectRef> Store::create(Draft draft) {
  Pending pending;
  pending.verb = Verb::create;
  pending.key = draft.key.text();
  pending.draft = std::move(draft);
  return state_->submit(pending);
}

Result<ObjectRef> Store::update(Draft draft, uint64_t expected) {
  Pending pending;
  pending.verb = Verb::update;
  pending.key = draft.key.text();
  pending.draft = std::move(draft);
  pending.expected = expected;
  return state_->submit(pending);
}

Result<ObjectRef> Store::remove(const Key& key, uint64_t expected) {
  Pending pending;
  pending.verb = Verb::remove;
  pending.key = key.text();
  pending.expected = expected;
  return state_->submit(pending);
}

std::vector<Result<ObjectRef>> Store::write_all(std::vector<Write> writes) {
  std::vector<Result<ObjectRef>> results;
  results.reserve(writes.size());
  // No more at once than fit one transaction: the queue is for all.
  for (size_t from = 0; from < writes.size(); from += state_->options.max_batch) {
    const size_t count = std::min(state_->options.max_batch, writes.size() - from);
    std::vector<Pending> pending(count);
    std::vector<Result<>> queued;
    for (size_t i = 0; i < count; i++) {
      Write& write = writes[from + i];
      pending[i].verb = !write.draft          ? Verb::remove
                        : write.expected == 0 ? Verb::create
                                              : Verb::update;
      pending[i].key = write.key.text();
      if (write.draft) pending[i].draft = std::move(*write.draft);
      pending[i].expected = write.expected;
      queued.push_back(state_->enqueue(pending[i]));
    }
    for (size_t i = 0; i < count; i++) {
      if (!queued[i]) {
        results.emplace_back(queued[i].error());
        continue;
      }
      pending[i].done.acquire();
      results.push_back(std::move(*pending[i].result));
    }
  }
  return results;
}

Result<WatchHub::Subscription> Store::watch(Filter filter, uint64_t after,
                                            std::shared_ptr<Sink> sink, WatchedBy by) {
  return state_->hub.subscribe(std::move(filter), after, std::move(sink), by);
}

size_t Store::watcher_count() const { return state_->hub.watcher_count(); }

Result<size_t> Store::compact() {
  size_t count = 0;
  Pending pending;
  pending.verb = Verb::call;
  pending.call = [&]() -> Result<> {
    count = TRY(state_->compact_now(SIZE_MAX));
    return {};
  };
  TRY(state_->submit(pending));
  return count;
}

Result<> Store::backup(const std::string& file) {
  // Not on the committer's thread: SQLite copies a snapshot while writes go on.
  return state_->backend->backup(file);
}

}  // namespace ks::store
