#include "engine/server/event_log.h"

#include <fmt/format.h>

namespace ks::engine {

void EventLog::publish(EngineEvent event) {
  std::lock_guard lock(mutex_);
  event.sequence = ++last_;
  std::erase_if(subscribers_, [&](const std::weak_ptr<Callback>& weak) {
    const std::shared_ptr<Callback> callback = weak.lock();
    if (callback) (*callback)(event);
    return !callback;
  });
  recent_.push_back(std::move(event));
  if (recent_.size() > history_) recent_.pop_front();
}

uint64_t EventLog::last() const {
  std::lock_guard lock(mutex_);
  return last_;
}

Result<std::shared_ptr<void>> EventLog::subscribe(
    uint64_t after, std::function<void(const EngineEvent&)> on_event) {
  std::lock_guard lock(mutex_);
  if (after > last_ || after + recent_.size() < last_) {
    return Error{Code::gone, fmt::format("events after {} are no longer known", after)};
  }
  for (const EngineEvent& event : recent_) {
    if (event.sequence > after) on_event(event);
  }
  auto callback = std::make_shared<Callback>(std::move(on_event));
  subscribers_.push_back(callback);
  return std::shared_ptr<void>(std::move(callback));
}

}  // namespace ks::engine
