#include "store/lifecycle/expiry.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"

namespace ks::store {
namespace {

/// The newest of the times that an event of either API version carries.
WallTime last_written(const Object& object, WallTime otherwise) {
  const Result<json::value> event = parse_json(*object.json);
  if (!event) return otherwise;
  std::optional<WallTime> newest;
  for (std::string_view text :
       {text_at(*event, {"metadata", "creationTimestamp"}), text_at(*event, {"lastTimestamp"}),
        text_at(*event, {"eventTime"}), text_at(*event, {"deprecatedLastTimestamp"}),
        text_at(*event, {"series", "lastObservedTime"})}) {
    const Result<WallTime> time = parse_rfc3339(text);
    if (time && (!newest || *time > *newest)) newest = *time;
  }
  return newest.value_or(otherwise);
}

}  // namespace

bool EventExpiry::is_event(const Object& object) const {
  return object.resource() == "events" || object.resource() == "events.events.k8s.io";
}

void EventExpiry::put_old(const ObjectRef& object) {
  if (!is_event(*object)) return;
  const WallTime now = clock_.now();
  // A clock that was set back must not give an event a longer life than a new one.
  const auto age = std::max(std::chrono::milliseconds(0), now - last_written(*object, now));
  waiting_.push_back(
      {clock_.steady_now() + lifetime_ - std::min(age, lifetime_), object->key, object->revision});
}

void EventExpiry::put(const ObjectRef& object) {
  if (is_event(*object))
    waiting_.push_back({clock_.steady_now() + lifetime_, object->key, object->revision});
}

void EventExpiry::started() { std::ranges::stable_sort(waiting_, {}, &Waiting::end); }

std::optional<SteadyTime> EventExpiry::next() const {
  return waiting_.empty() ? std::nullopt : std::optional(waiting_.front().end);
}

bool EventExpiry::work() {
  const SteadyTime now = clock_.steady_now();
  std::vector<Store::Write> writes;
  std::vector<Waiting> ended;
  while (!waiting_.empty() && waiting_.front().end <= now) {
    // One that was written to again waits further back in the line.
    const ObjectRef object = store_.get(Key::parse(waiting_.front().key));
    if (object != nullptr && object->revision == waiting_.front().revision) {
      writes.push_back({Key::parse(object->key), std::nullopt, object->revision});
      ended.push_back(waiting_.front());
    }
    waiting_.pop_front();
  }
  const std::vector<Result<ObjectRef>> results = store_.write_all(std::move(writes));
  bool done = true;
  for (size_t i = results.size(); i-- > 0;) {
    const bool final = results[i] || results[i].error().code == Code::conflict ||
                       results[i].error().code == Code::not_found;
    if (final) continue;
    waiting_.push_front(std::move(ended[i]));
    done = false;
  }
  return done;
}

}  // namespace ks::store
