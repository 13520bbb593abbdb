#include "store/watch_hub.h"

#include <fmt/format.h>

#include <algorithm>

namespace ks::store {
namespace {

/// What the history alone keeps alive once the event has passed: the version that was replaced or
/// deleted.
size_t weight(const Event& event) {
  return 128 + (event.previous ? event.previous->footprint() : 0);
}

Error too_old(uint64_t asked, uint64_t oldest) {
  return {Code::gone, fmt::format("too old resource version: {} ({})", asked, oldest)};
}

}  // namespace

bool Filter::takes(const Object& object) const {
  if (!space.empty() && object.space() != space) return false;
  if (!name.empty() && object.name() != name) return false;
  return !matches || matches(object);
}

WatchHub::Subscription::Subscription(Subscription&& other) noexcept
    : hub_(std::exchange(other.hub_, nullptr)),
      id_(other.id_),
      resource_(std::move(other.resource_)) {}

WatchHub::Subscription& WatchHub::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    if (hub_ != nullptr) hub_->unsubscribe(resource_, id_);
    hub_ = std::exchange(other.hub_, nullptr);
    id_ = other.id_;
    resource_ = std::move(other.resource_);
  }
  return *this;
}

WatchHub::Subscription::~Subscription() {
  if (hub_ != nullptr) hub_->unsubscribe(resource_, id_);
}

void WatchHub::Subscription::request_bookmark() {
  if (hub_ == nullptr) return;
  std::lock_guard lock(hub_->mutex_);
  const auto watchers = hub_->watchers_.find(resource_);
  const auto watcher = watchers->second.find(id_);
  const Delivery bookmark{EventType::bookmark, std::max(hub_->notified_, watcher->second.after),
                          nullptr};
  watcher->second.sink->on_events({&bookmark, 1});
}

/// How `event` looks to a watcher whose selector may have begun or ceased to match.
std::optional<Delivery> WatchHub::deliver(const Watcher& watcher, const EventRef& event) {
  if (event->revision <= watcher.after) return std::nullopt;
  const bool was = event->previous != nullptr && watcher.filter.takes(*event->previous);
  if (event->type == EventType::deleted) {
    if (!was) return std::nullopt;
    return Delivery{EventType::deleted, event->revision, event};
  }
  const bool is = watcher.filter.takes(*event->object);
  if (!was && !is) return std::nullopt;
  const EventType type = !is ? EventType::deleted : was ? EventType::modified : EventType::added;
  return Delivery{type, event->revision, event};
}

Result<WatchHub::Subscription> WatchHub::subscribe(Filter filter, uint64_t after,
                                                   std::shared_ptr<Sink> sink) {
  std::lock_guard lock(mutex_);
  if (after < oldest_) return too_old(after, oldest_);
  if (watcher_count_ >= limits_.max_watchers) {
    return Error{Code::exhausted,
                 fmt::format("{} watches are open, the limit (--max-watchers)", watcher_count_)};
  }
  Watcher watcher{std::move(filter), after, std::move(sink)};
  std::vector<Delivery> past;
  const auto first =
      std::ranges::upper_bound(history_, after, {}, [](const EventRef& e) { return e->revision; });
  for (auto event = first; event != history_.end(); ++event) {
    if ((*event)->object->resource() != watcher.filter.resource) continue;
    if (auto delivery = deliver(watcher, *event)) past.push_back(std::move(*delivery));
  }
  if (!past.empty()) watcher.sink->on_events(past);
  // What is recorded but not yet notified has just been delivered.
  watcher.after = std::max(after, recorded_);
  Subscription subscription;
  subscription.hub_ = this;
  subscription.id_ = next_id_++;
  subscription.resource_ = watcher.filter.resource;
  watchers_[subscription.resource_].emplace(subscription.id_, std::move(watcher));
  watcher_count_++;
  return subscription;
}

void WatchHub::record(std::span<const EventRef> events) {
  if (events.empty()) return;
  std::lock_guard lock(mutex_);
  for (const EventRef& event : events) {
    history_bytes_ += weight(*event);
    history_.push_back(event);
  }
  recorded_ = events.back()->revision;
  trim();
}

void WatchHub::notify(std::span<const EventRef> events) {
  if (events.empty()) return;
  std::lock_guard lock(mutex_);
  notified_ = events.back()->revision;
  // By resource, so that a watcher of one is not asked about the events of others.
  std::map<std::string_view, std::vector<EventRef>> by_resource;
  for (const EventRef& event : events) by_resource[event->object->resource()].push_back(event);
  std::vector<Delivery> deliveries;
  for (const auto& [resource, of_resource] : by_resource) {
    const auto watchers = watchers_.find(resource);
    if (watchers == watchers_.end()) continue;
    for (const auto& [id, watcher] : watchers->second) {
      deliveries.clear();
      for (const EventRef& event : of_resource) {
        if (auto delivery = deliver(watcher, event)) deliveries.push_back(std::move(*delivery));
      }
      if (!deliveries.empty()) watcher.sink->on_events(deliveries);
    }
  }
}

void WatchHub::trim() {
  while (history_.size() > limits_.max_events || history_bytes_ > limits_.max_bytes) {
    if (history_.size() == 1) break;
    oldest_ = history_.front()->revision;
    history_bytes_ -= weight(*history_.front());
    history_.pop_front();
  }
}

void WatchHub::start_after(uint64_t revision) {
  std::lock_guard lock(mutex_);
  oldest_ = std::max(oldest_, revision);
  recorded_ = std::max(recorded_, revision);
  notified_ = std::max(notified_, revision);
}

Result<std::map<std::string, ObjectRef, std::less<>>> WatchHub::undo(const Filter& filter,
                                                                     uint64_t revision) const {
  std::lock_guard lock(mutex_);
  if (revision < oldest_) return too_old(revision, oldest_);
  std::map<std::string, ObjectRef, std::less<>> before;
  const auto first = std::ranges::upper_bound(history_, revision, {},
                                              [](const EventRef& e) { return e->revision; });
  for (auto event = first; event != history_.end(); ++event) {
    const Object& object = *(*event)->object;
    if (object.resource() != filter.resource ||
        (!filter.space.empty() && object.space() != filter.space))
      continue;
    before.emplace(object.key, (*event)->previous);
  }
  return before;
}

uint64_t WatchHub::oldest() const {
  std::lock_guard lock(mutex_);
  return oldest_;
}

size_t WatchHub::watcher_count() const {
  std::lock_guard lock(mutex_);
  return watcher_count_;
}

void WatchHub::unsubscribe(const std::string& resource, uint64_t id) {
  std::shared_ptr<Sink> dropped;  // destroyed after the lock is gone
  std::lock_guard lock(mutex_);
  const auto watchers = watchers_.find(resource);
  const auto watcher = watchers->second.find(id);
  dropped = std::move(watcher->second.sink);
  watchers->second.erase(watcher);
  if (watchers->second.empty()) watchers_.erase(watchers);
  watcher_count_--;
}

}  // namespace ks::store
