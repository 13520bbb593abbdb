#include "kube/event_recorder.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/log.h"
#include "base/random.h"

namespace ks::kube {
namespace {

constexpr size_t kMaxQueued = 1'000;
constexpr size_t kMaxRemembered = 4'096;
constexpr size_t kMaxMessageBytes = 1'024;  // what Kubernetes takes

struct Pending {
  json::object about;  // the involvedObject
  std::string type;
  std::string reason;
  std::string message;
  WallTime when;

  std::string identity() const {
    return fmt::format("{}\n{}\n{}\n{}", to_json(about), type, reason, message);
  }
};

/// Which event object stands for an identity, and how often it happened. The longest unused entry
/// goes first.
class Memory {
 public:
  struct Entry {
    Key event;
    int64_t count = 0;
  };

  Entry* find(const std::string& identity) {
    const auto found = entries_.find(identity);
    if (found == entries_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &found->second->second;
  }
  void put(const std::string& identity, Entry entry) {
    forget(identity);
    order_.emplace_front(identity, std::move(entry));
    entries_[identity] = order_.begin();
    if (order_.size() <= kMaxRemembered) return;
    entries_.erase(order_.back().first);
    order_.pop_back();
  }
  void forget(const std::string& identity) {
    const auto found = entries_.find(identity);
    if (found == entries_.end()) return;
    order_.erase(found->second);
    entries_.erase(found);
  }

 private:
  using Order = std::list<std::pair<std::string, Entry>>;
  Order order_;
  std::unordered_map<std::string, Order::iterator> entries_;
};

json::object reference_to(const json::value& object) {
  json::object out{{"kind", kind_of(object)},
                   {"name", name_of(object)},
                   {"uid", uid_of(object)},
                   {"apiVersion", api_version_of(object)}};
  if (!space_of(object).empty()) out["namespace"] = space_of(object);
  if (!resource_version_of(object).empty()) out["resourceVersion"] = resource_version_of(object);
  return out;
}

/// The message within its bound, not cut inside a UTF-8 sequence.
std::string bounded(std::string_view message) {
  if (message.size() <= kMaxMessageBytes) return std::string(message);
  size_t end = kMaxMessageBytes - 3;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return std::string(message.substr(0, end)) + "...";
}

}  // namespace

struct EventRecorder::State {
  State(Client& the_client, std::string the_component, const Clock& the_clock)
      : client(the_client), component(std::move(the_component)), clock(the_clock) {}

  Client& client;
  const std::string component;
  const Clock& clock;
  Memory memory;  // of the thread

  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<Pending> queue;
  bool writing = false;
  bool told_of_drop = false;
  std::stop_source give_up;
  std::jthread thread;

  void add(const json::value& about, std::string_view type, std::string_view reason,
           std::string_view message) {
    Pending event{reference_to(about), std::string(type), std::string(reason), bounded(message),
                  clock.now()};
    bool dropped = false;
    {
      std::lock_guard lock(mutex);
      if (queue.size() < kMaxQueued) {
        queue.push_back(std::move(event));
        told_of_drop = false;
      } else {
        dropped = !std::exchange(told_of_drop, true);
      }
    }
    if (dropped)
      LOG(warn, "events are dropped: too many wait to be written", {"source", component});
    changed.notify_all();
  }

  void run(const std::stop_token& stop);
  Result<> write(const Pending& event);
  Result<> count_again(const Pending& event, Memory::Entry& entry);
};

void EventRecorder::State::run(const std::stop_token& stop) {
  while (true) {
    Pending event;
    {
      std::unique_lock lock(mutex);
      writing = false;
      changed.notify_all();
      changed.wait(lock, stop, [&] { return !queue.empty(); });
      if (queue.empty() || give_up.stop_requested()) return;
      event = std::move(queue.front());
      queue.pop_front();
      writing = true;
    }
    if (Result<> written = write(event); !written) {
      // The namespace of a deleted object may be gone: nothing is lost then.
      LOG(debug, "cannot write an event", {"reason", event.reason},
          {"error", written.error().message});
    }
  }
}

Result<> EventRecorder::State::count_again(const Pending& event, Memory::Entry& entry) {
  ++entry.count;
  const json::object patch{{"count", entry.count}, {"lastTimestamp", format_rfc3339(event.when)}};
  TRY(client.patch(events(), entry.event, PatchType::merge, to_json(patch)));
  return {};
}

Result<> EventRecorder::State::write(const Pending& event) {
  const std::string identity = event.identity();
  if (Memory::Entry* known = memory.find(identity)) {
    Result<> counted = count_again(event, *known);
    if (counted || counted.error().code != Code::not_found) return counted;
    memory.forget(identity);
  }
  const json::value about = event.about;
  std::string space(text_at(about, {"namespace"}));
  if (space.empty()) space = "default";  // where Kubernetes keeps events of cluster-scoped objects
  const std::string name =
      fmt::format("{}.{}", text_at(about, {"name"}), random_text(16, "0123456789abcdef"));
  const std::string when = format_rfc3339(event.when);
  const json::value object =
      json::object{{"metadata", json::object{{"name", name}, {"namespace", space}}},
                   {"involvedObject", event.about},
                   {"reason", event.reason},
                   {"message", event.message},
                   {"type", event.type},
                   {"source", json::object{{"component", component}}},
                   {"reportingComponent", component},
                   {"firstTimestamp", when},
                   {"lastTimestamp", when},
                   {"count", 1}};
  TRY(client.create(events(), object));
  memory.put(identity, {{space, name}, 1});
  return {};
}

EventRecorder::EventRecorder(Client& client, std::string component, const Clock& clock)
    : state_(std::make_unique<State>(client, std::move(component), clock)) {
  state_->thread =
      std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

EventRecorder::EventRecorder(Client& client, std::string component)
    : EventRecorder(client, std::move(component), system_clock()) {}

EventRecorder::~EventRecorder() {
  {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, std::chrono::seconds{2},
                             [&] { return state_->queue.empty() && !state_->writing; });
    state_->give_up.request_stop();
  }
  state_->thread.request_stop();
  state_->changed.notify_all();
}

void EventRecorder::normal(const json::value& about, std::string_view reason,
                           std::string_view message) {
  state_->add(about, "Normal", reason, message);
}

void EventRecorder::warning(const json::value& about, std::string_view reason,
                            std::string_view message) {
  state_->add(about, "Warning", reason, message);
}

void EventRecorder::flush() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->queue.empty() && !state_->writing; });
}

}  // namespace ks::kube
