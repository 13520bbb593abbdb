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
std::optional<Delivery> WatchHub::deliver(const Filter& filter, const EventRef& event) {
  const bool was = event->previous != nullptr && filter.takes(*event->previous);
  if (event->type == EventType::deleted) {
    if (!was) return std::nullopt;
    return Delivery{EventType::deleted, event->revision, event};
  }
  const bool is = filter.takes(*event->object);
  if (!was && !is) return std::nullopt;
  const EventType type = !is ? EventType::deleted : was ? EventType::modified : EventType::added;
  return Delivery{type, event->revision, event};
}

Result<WatchHub::Subscription> WatchHub::subscribe(Filter filter, uint64_t after,
                                                   std::shared_ptr<Sink> sink, WatchedBy by) {
  std::lock_guard lock(mutex_);
  if (by == WatchedBy::client && watcher_count_ >= limits_.max_watchers) {
    return Error{Code::exhausted,
                 fmt::format("{} watches are open, the limit (--max-watchers)", watcher_count_)};
  }
  Watcher watcher{std::move(filter), after, std::move(sink), by};
  const std::string& resource = watcher.filter.resource;
  std::vector<EventRef> past;
  TRY(history_.with([&](const History& history) -> Result<> {
    if (after < history.oldest) return too_old(after, history.oldest);
    std::copy_if(history.after(after), history.events.end(), std::back_inserter(past),
                 [&](const EventRef& event) {
                   return resource.empty() || event->object->resource() == resource;
                 });
    // What is recorded but not yet notified is delivered here and must not come again.
    watcher.after = std::max(after, history.recorded);
    return {};
  }));
  std::vector<Delivery> deliveries;
  for (const EventRef& event : past) {
    if (auto delivery = deliver(watcher.filter, event)) deliveries.push_back(std::move(*delivery));
  }
  if (!deliveries.empty()) watcher.sink->on_events(deliveries);
  Subscription subscription;
  subscription.hub_ = this;
  subscription.id_ = next_id_++;
  subscription.resource_ = resource;
  watchers_[subscription.resource_].emplace(subscription.id_, std::move(watcher));
  if (by == WatchedBy::client) watcher_count_++;
  return subscription;
}

void WatchHub::record(std::span<const EventRef> events) {
  if (events.empty()) return;
  history_.with([&](History& history) {
    for (const EventRef& event : events) {
      history.bytes += weight(*event);
      history.events.push_back(event);
    }
    history.recorded = events.back()->revision;
    history.trim(limits_);
  });
}

void WatchHub::notify(std::span<const EventRef> events) {
  if (events.empty()) return;
  std::lock_guard lock(mutex_);
  notified_ = events.back()->revision;
  if (const auto of_all = watchers_.find(""); of_all != watchers_.end())
    tell(of_all->second, events);
  // By resource, so that a watcher of one is not asked about the events of others.
  std::map<std::string_view, std::vector<EventRef>> by_resource;
  for (const EventRef& event : events) by_resource[event->object->resource()].push_back(event);
  for (const auto& [resource, of_resource] : by_resource) {
    const auto watchers = watchers_.find(resource);
    if (watchers != watchers_.end()) tell(watchers->second, of_resource);
  }
}

void WatchHub::tell(const Watchers& watchers, std::span<const EventRef> events) {
  std::vector<Delivery> deliveries;
  for (const auto& [id, watcher] : watchers) {
    deliveries.clear();
    for (const EventRef& event : events) {
      if (event->revision <= watcher.after) continue;
      if (auto delivery = deliver(watcher.filter, event))
        deliveries.push_back(std::move(*delivery));
    }
    if (!deliveries.empty()) watcher.sink->on_events(deliveries);
  }
}

std::deque<EventRef>::const_iterator WatchHub::History::after(uint64_t revision) const {
  return std::ranges::upper_bound(events, revision, {},
                                  [](const EventRef& event) { return event->revision; });
}

void WatchHub::History::trim(const Limits& limits) {
  while (events.size() > 1 && (events.size() > limits.max_events || bytes > limits.max_bytes)) {
    oldest = events.front()->revision;
    bytes -= weight(*events.front());
    events.pop_front();
  }
}

void WatchHub::start_after(uint64_t revision) {
  history_.with([&](History& history) {
    history.oldest = std::max(history.oldest, revision);
    history.recorded = std::max(history.recorded, revision);
  });
  std::lock_guard lock(mutex_);
  notified_ = std::max(notified_, revision);
}

Result<std::map<std::string, ObjectRef, std::less<>>> WatchHub::undo(const Filter& filter,
                                                                     uint64_t revision) const {
  using Before = std::map<std::string, ObjectRef, std::less<>>;
  return history_.with([&](const History& history) -> Result<Before> {
    if (revision < history.oldest) return too_old(revision, history.oldest);
    Before before;
    for (auto event = history.after(revision); event != history.events.end(); ++event) {
      const Object& object = *(*event)->object;
      if (!filter.resource.empty() && object.resource() != filter.resource) continue;
      if (!filter.space.empty() && object.space() != filter.space) continue;
      before.emplace(object.key, (*event)->previous);
    }
    return before;
  });
}

uint64_t WatchHub::oldest() const {
  return history_.with([](const History& history) { return history.oldest; });
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
  if (watcher->second.by == WatchedBy::client) watcher_count_--;
  watchers->second.erase(watcher);
  if (watchers->second.empty()) watchers_.erase(watchers);
}

}  // namespace ks::store
