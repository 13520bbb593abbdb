#include "kube/informer.h"

#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/check.h"
#include "base/guarded.h"
#include "base/log.h"

namespace ks::kube {
namespace {

constexpr size_t kPageSize = 500;

/// The objects and where the indexes find them.
class Cache {
 public:
  explicit Cache(const std::map<std::string, Informer::IndexFunction>& functions)
      : functions_(functions) {}

  void put(const Key& key, ObjectRef object) {
    remove(key);
    for (const auto& [name, function] : functions_) {
      for (const std::string& value : function(*object)) indexes_[name][value].insert(key);
    }
    objects_[key] = std::move(object);
  }

  bool remove(const Key& key) {
    const auto found = objects_.find(key);
    if (found == objects_.end()) return false;
    for (const auto& [name, function] : functions_) {
      auto& index = indexes_[name];
      for (const std::string& value : function(*found->second)) {
        const auto keys = index.find(value);
        if (keys == index.end()) continue;
        keys->second.erase(key);
        if (keys->second.empty()) index.erase(keys);
      }
    }
    objects_.erase(found);
    return true;
  }

  ObjectRef get(const Key& key) const {
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : found->second;
  }

  std::vector<ObjectRef> list(std::string_view space) const {
    std::vector<ObjectRef> out;
    auto from = space.empty() ? objects_.begin() : objects_.lower_bound({std::string(space), {}});
    for (; from != objects_.end(); ++from) {
      if (!space.empty() && from->first.space != space) break;
      out.push_back(from->second);
    }
    return out;
  }

  std::vector<ObjectRef> by_index(std::string_view name, std::string_view value) const {
    std::vector<ObjectRef> out;
    const auto index = indexes_.find(std::string(name));
    if (index == indexes_.end()) return out;
    const auto keys = index->second.find(std::string(value));
    if (keys == index->second.end()) return out;
    for (const Key& key : keys->second) out.push_back(objects_.at(key));
    return out;
  }

  const std::map<Key, ObjectRef>& objects() const { return objects_; }

 private:
  const std::map<std::string, Informer::IndexFunction>& functions_;
  std::map<Key, ObjectRef> objects_;
  std::map<std::string, std::map<std::string, std::set<Key>>> indexes_;
};

}  // namespace

struct Informer::State {
  State(Client& the_client, Resource the_resource, Options the_options)
      : client(the_client),
        resource(std::move(the_resource)),
        options(std::move(the_options)),
        cache(std::in_place, options.indexes) {}

  Client& client;
  const Resource resource;
  const Options options;
  std::vector<Handler> handlers;
  Guarded<Cache> cache;
  std::atomic<uint64_t> lists{0};
  std::atomic<bool> synced{false};

  // Of the thread, and of the watch's callbacks while it waits for them.
  std::string revision;
  bool list_first = true;

  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<Result<>> ended;  // how the watch ended

  std::jthread thread;

  void tell(const Key& key) {
    for (const Handler& handler : handlers) handler(key);
  }

  void run(const std::stop_token& stop);
  Result<> list_all(const std::stop_token& stop);
  Result<> watch(const std::stop_token& stop);
  void take(WatchEvent event);
  void rest(const std::stop_token& stop, std::chrono::milliseconds delay);
};

Result<> Informer::State::list_all(const std::stop_token& stop) {
  ListOptions page{.label_selector = options.label_selector,
                   .field_selector = options.field_selector,
                   .limit = kPageSize,
                   .continue_from = {},
                   .resource_version = {}};
  std::map<Key, ObjectRef> found;
  std::string at;
  do {
    if (stop.stop_requested()) return Error{Code::unavailable, "stopped"};
    ObjectList list = TRY(client.list(resource, options.space, page));
    for (json::value& item : list.items) {
      Key key = key_of(item);
      found[std::move(key)] = std::make_shared<const json::value>(std::move(item));
    }
    at = list.resource_version;
    page.continue_from = list.next;
  } while (!page.continue_from.empty());

  std::vector<Key> changed_keys;
  cache.with([&](Cache& c) {
    std::vector<Key> gone;
    for (const auto& [key, object] : c.objects()) {
      if (!found.contains(key)) gone.push_back(key);
    }
    for (const Key& key : gone) c.remove(key);
    for (auto& [key, object] : found) {
      const ObjectRef known = c.get(key);
      if (known && resource_version_of(*known) == resource_version_of(*object)) continue;
      changed_keys.push_back(key);
      c.put(key, std::move(object));
    }
    changed_keys.insert(changed_keys.end(), gone.begin(), gone.end());
  });
  revision = at;
  ++lists;
  for (const Key& key : changed_keys) tell(key);
  {
    std::lock_guard lock(mutex);
    synced = true;
  }
  changed.notify_all();
  return {};
}

void Informer::State::take(WatchEvent event) {
  if (std::string_view version = resource_version_of(event.object); !version.empty()) {
    revision = version;
  }
  if (event.type == WatchEvent::Type::bookmark) return;
  const Key key = key_of(event.object);
  cache.with([&](Cache& c) {
    if (event.type == WatchEvent::Type::deleted) {
      c.remove(key);
    } else {
      c.put(key, std::make_shared<const json::value>(std::move(event.object)));
    }
  });
  tell(key);
}

Result<> Informer::State::watch(const std::stop_token& stop) {
  ended.reset();
  Client::WatchHandler handler;
  handler.on_event = [this](WatchEvent event) { take(std::move(event)); };
  handler.on_end = [this](Result<> result) {
    {
      std::lock_guard lock(mutex);
      ended = std::move(result);
    }
    changed.notify_all();
  };
  ListOptions from{.label_selector = options.label_selector,
                   .field_selector = options.field_selector,
                   .limit = 0,
                   .continue_from = {},
                   .resource_version = revision};
  const std::unique_ptr<http::Reading> reading =
      client.watch(resource, options.space, from, std::move(handler));
  std::unique_lock lock(mutex);
  changed.wait(lock, stop, [&] { return ended.has_value(); });
  if (!ended) return Error{Code::unavailable, "stopped"};
  return *ended;
}

void Informer::State::rest(const std::stop_token& stop, std::chrono::milliseconds delay) {
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, delay, [] { return false; });
}

void Informer::State::run(const std::stop_token& stop) {
  std::chrono::milliseconds delay = options.first_retry;
  while (!stop.stop_requested()) {
    const auto began = std::chrono::steady_clock::now();
    const Result<> outcome = list_first ? list_all(stop) : watch(stop);
    if (stop.stop_requested()) return;
    if (outcome && list_first) {
      list_first = false;
      continue;
    }
    // A server ends watches now and then; only one that does so at once is given some rest.
    const bool lasted = std::chrono::steady_clock::now() - began > std::chrono::seconds{1};
    if (lasted) delay = options.first_retry;
    const bool gone = !outcome && outcome.error().code == Code::gone;
    if (gone) {
      LOG(debug, "watch is too old, listing again", {"resource", resource.plural});
      list_first = true;
    } else if (!outcome) {
      LOG(warn, "cannot follow a resource, trying again", {"resource", resource.plural},
          {"error", outcome.error().message}, {"delay_ms", delay.count()});
    }
    if ((outcome || gone) && lasted) continue;
    rest(stop, delay);
    if (!outcome) delay = std::min(delay * 2, options.most_retry);
  }
}

Informer::Informer(Client& client, Resource resource, Options options)
    : state_(std::make_unique<State>(client, std::move(resource), std::move(options))) {}

Informer::Informer(Client& client, Resource resource)
    : Informer(client, std::move(resource), Options{}) {}

Informer::~Informer() { stop(); }

void Informer::on_change(Handler handler) {
  CHECK_MSG(!state_->thread.joinable(), "on_change() must come before start()");
  state_->handlers.push_back(std::move(handler));
}

void Informer::start() {
  CHECK(!state_->thread.joinable());
  state_->thread =
      std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

void Informer::stop() {
  if (!state_->thread.joinable()) return;
  state_->thread.request_stop();
  state_->thread.join();
}

bool Informer::synced() const { return state_->synced; }

bool Informer::wait_until_synced(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit, [&] { return state_->synced.load(); });
}

ObjectRef Informer::get(const Key& key) const {
  return state_->cache.with([&](const Cache& cache) { return cache.get(key); });
}

std::vector<ObjectRef> Informer::list(std::string_view space) const {
  return state_->cache.with([&](const Cache& cache) { return cache.list(space); });
}

std::vector<ObjectRef> Informer::by_index(std::string_view index, std::string_view value) const {
  return state_->cache.with([&](const Cache& cache) { return cache.by_index(index, value); });
}

size_t Informer::size() const {
  return state_->cache.with([](const Cache& cache) { return cache.objects().size(); });
}

uint64_t Informer::lists() const { return state_->lists; }

}  // namespace ks::kube
