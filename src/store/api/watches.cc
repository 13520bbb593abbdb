#include "store/api/watches.h"

#include <fmt/format.h>
#include <set>

#include <atomic>

#include "base/log.h"
#include "base/random.h"
#include "kube/status.h"

namespace ks::store {
namespace {

constexpr size_t kWriteUntil = 1u << 20;  // of the output's queue; it cuts off at 8 MiB
constexpr size_t kGoOnBelow = 256u << 10;
constexpr size_t kMaxWaiting = 16'384;
constexpr size_t kMaxWaitingBytes = 16u << 20;
constexpr std::chrono::milliseconds kBookmarkEvery{60'000};

}  // namespace

void WatchSink::begin(std::deque<WatchItem> initial) {
  state_.with([&](State& state) { state.waiting = std::move(initial); });
}

void WatchSink::start() {
  state_.with([](State& state) {
    state.started = true;
    state.pumping = true;
    state.allowed = state.waiting.size() + kMaxWaiting;
    state.allowed_bytes = state.bytes + kMaxWaitingBytes;
  });
  pump();
}

void WatchSink::on_events(std::span<const Delivery> deliveries) {
  bool pump_now = false, too_slow = false;
  state_.with([&](State& state) {
    if (state.ended) return;
    for (const Delivery& delivery : deliveries) {
      state.waiting.push_back(
          {.type = delivery.type, .revision = delivery.revision, .event = delivery.event});
      state.bytes += state.waiting.back().bytes();
    }
    if (!state.started) return;
    too_slow = state.waiting.size() > state.allowed || state.bytes > state.allowed_bytes;
    pump_now = !too_slow && !std::exchange(state.pumping, true);
  });
  if (too_slow) {
    LOG(info, "a watch was ended: its reader does not keep up");
    end("{\"type\":\"ERROR\",\"object\":" +
        kube::expired(
            fmt::format("the watch was ended: its reader is more than {} events or {} MiB "
                        "behind; list again and watch from there",
                        kMaxWaiting, kMaxWaitingBytes >> 20))
            .to_json_text() +
        "}\n");
  }
  if (pump_now) write_soon();
}

void WatchSink::write_soon() { hand_over_ ? hand_over_(shared_from_this()) : pump(); }

void WatchSink::end(std::string error_line) {
  const bool first = state_.with([](State& state) {
    state.waiting.clear();
    return !std::exchange(state.ended, true);
  });
  if (!first) return;
  if (!error_line.empty()) {
    output_->write(std::make_shared<const std::string>(std::move(error_line)));
  }
  output_->close();
  on_end_();
}

/// Writes until the output has enough. True when there is more to be written later.
bool WatchSink::write_some() {
  enum class Next : uint8_t { nothing, full, item };
  while (true) {
    WatchItem item;
    const Next next = state_.with([&](State& state) {
      if (state.waiting.empty() || state.ended) {
        state.pumping = false;
        state.allowed = kMaxWaiting;
        state.allowed_bytes = kMaxWaitingBytes;
        return Next::nothing;
      }
      if (output_->queued_bytes() >= kWriteUntil) return Next::full;
      item = std::move(state.waiting.front());
      state.waiting.pop_front();
      state.bytes -= item.bytes();
      return Next::item;
    });
    if (next == Next::nothing) return false;
    if (next == Next::full) return true;
    if (output_->write(encode_(item))) continue;
    state_.with([](State& state) {
      state.ended = true;
      state.waiting.clear();
    });
    on_end_();
    return false;
  }
}

void WatchSink::pump() {
  while (write_some()) {
    // The output may call back at once, within when_drained(): then go on here, not deeper.
    enum : int { kWaiting, kCalled, kLeft };
    const auto stage = std::make_shared<std::atomic<int>>(kWaiting);
    output_->when_drained(kGoOnBelow, [self = shared_from_this(), stage] {
      if (stage->exchange(kCalled) == kLeft) self->write_soon();
    });
    if (stage->exchange(kLeft) == kWaiting) return;
  }
}

struct WatchRenderer::Queue {
  struct Inner {
    std::deque<std::shared_ptr<WatchSink>> sinks;
    bool ending = false;
  };
  Guarded<Inner> inner;
  std::condition_variable changed;

  /// Null at the end.
  std::shared_ptr<WatchSink> next() {
    return inner.wait(
        changed, [](const Inner& in) { return in.ending || !in.sinks.empty(); },
        [](Inner& in) -> std::shared_ptr<WatchSink> {
          if (in.ending) return nullptr;
          std::shared_ptr<WatchSink> sink = std::move(in.sinks.front());
          in.sinks.pop_front();
          return sink;
        });
  }
};

WatchRenderer::WatchRenderer()
    : queue_(std::make_shared<Queue>()), thread_([queue = queue_] {
        while (const std::shared_ptr<WatchSink> sink = queue->next()) sink->pump();
      }) {}

WatchRenderer::~WatchRenderer() {
  std::deque<std::shared_ptr<WatchSink>> dropped;
  queue_->inner.with([&](Queue::Inner& in) {
    in.ending = true;
    dropped.swap(in.sinks);
  });
  queue_->changed.notify_all();
}

HandOver WatchRenderer::entrance() {
  return [weak = std::weak_ptr(queue_)](std::shared_ptr<WatchSink> sink) {
    const std::shared_ptr<Queue> queue = weak.lock();
    if (!queue) return;
    queue->inner.with([&](Queue::Inner& in) {
      if (!in.ending) in.sinks.push_back(std::move(sink));
    });
    queue->changed.notify_one();
  };
}

struct Watches::Watch {
  std::shared_ptr<WatchSink> sink;
  WatchHub::Subscription subscription;
  std::string resource;
  SteadyTime end;
  std::optional<SteadyTime> bookmark;
  std::optional<std::stop_callback<std::function<void()>>> on_stop;

  SteadyTime due() const { return bookmark ? std::min(*bookmark, end) : end; }
};

struct Watches::State {
  struct Inner {
    std::map<uint64_t, std::shared_ptr<Watch>> watches;
    std::set<std::pair<SteadyTime, uint64_t>> due;
    std::vector<uint64_t> ended;  ///< their readers are gone, or they were cut off
    uint64_t next_id = 1;

    void take_ended(Work& work) {
      for (const uint64_t id : std::exchange(ended, {})) {
        const auto found = watches.find(id);
        if (found == watches.end()) continue;
        due.erase({found->second->due(), id});
        work.over.push_back(std::move(found->second));
        watches.erase(found);
      }
    }

    /// Those that end get a last bookmark as well.
    void take_due(SteadyTime now, Work& work) {
      while (!due.empty() && due.begin()->first <= now) {
        const uint64_t id = due.begin()->second;
        due.erase(due.begin());
        const std::shared_ptr<Watch> watch = watches.at(id);
        if (watch->bookmark) work.bookmarks.push_back(watch);
        if (watch->end <= now) {
          work.over.push_back(watch);
          watches.erase(id);
        } else {
          watch->bookmark = now + kBookmarkEvery;
          due.emplace(watch->due(), id);
        }
      }
    }
  };
  Guarded<Inner> inner;
  std::condition_variable changed;

  void note_end(uint64_t id) {
    inner.with([&](Inner& in) { in.ended.push_back(id); });
    changed.notify_one();
  }
};

Watches::Watches(Store& store, const Clock& clock)
    : store_(store),
      clock_(clock),
      state_(std::make_shared<State>()),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

Watches::~Watches() {
  thread_.request_stop();
  state_->changed.notify_all();
  thread_.join();
  std::map<uint64_t, std::shared_ptr<Watch>> all;
  state_->inner.with([&](State::Inner& in) { all.swap(in.watches); });
  for (auto& [id, watch] : all) {
    watch->subscription = {};
    watch->sink->end("");
  }
}

void Watches::open(std::shared_ptr<WatchOutput> output, WatchEncoder encode, Filter filter,
                   uint64_t after, std::deque<WatchItem> initial, Terms terms) {
  const auto watch = std::make_shared<Watch>();
  const uint64_t id = state_->inner.with([](State::Inner& in) { return in.next_id++; });
  // The sink may outlive this object in the queue of a connection.
  auto on_end = [weak = std::weak_ptr(state_), id] {
    if (const auto state = weak.lock()) state->note_end(id);
  };
  watch->sink = std::make_shared<WatchSink>(std::move(output), std::move(encode), std::move(on_end),
                                            terms.converted ? renderer_.entrance() : nullptr);
  watch->resource = filter.resource;
  if (terms.timeout.count() == 0) {
    // As Kubernetes: between half an hour and an hour, so that not all come back at once.
    terms.timeout = std::chrono::milliseconds(1'800'000 + random_uint64() % 1'800'000);
  }
  const SteadyTime now = clock_.steady_now();
  watch->end = now + terms.timeout;
  if (terms.bookmarks) watch->bookmark = now + kBookmarkEvery;
  watch->sink->begin(std::move(initial));
  Result<WatchHub::Subscription> subscription =
      store_.watch(std::move(filter), after, watch->sink, terms.by);
  if (!subscription) {
    const kube::Status status = subscription.error().code == Code::exhausted
                                    ? kube::too_many_requests(subscription.error().message, 1)
                                    : kube::status_of(subscription.error());
    watch->sink->end("{\"type\":\"ERROR\",\"object\":" + status.to_json_text() + "}\n");
    return;
  }
  watch->subscription = std::move(*subscription);
  state_->inner.with([&](State::Inner& in) {
    in.watches.emplace(id, watch);
    in.due.emplace(watch->due(), id);
  });
  watch->sink->start();
  watch->on_stop.emplace(watch->sink->output().stop_token(), [weak = std::weak_ptr(state_), id] {
    if (const auto state = weak.lock()) state->note_end(id);
  });
  state_->changed.notify_one();
}

void Watches::end_resource(const std::string& resource) {
  state_->inner.with([&](State::Inner& in) {
    for (const auto& [id, watch] : in.watches) {
      if (watch->resource == resource) in.ended.push_back(id);
    }
  });
  state_->changed.notify_one();
}

/// Waits until something is to be done, or for as long as nothing can be.
Watches::Work Watches::wait_for_work(const std::stop_token& stop) {
  const SteadyTime now = clock_.steady_now();
  const SteadyTime next = state_->inner.with([&](State::Inner& in) {
    return in.due.empty() ? now + kBookmarkEvery : in.due.begin()->first;
  });
  const auto pause =
      std::clamp<std::chrono::nanoseconds>(next - now, std::chrono::nanoseconds(0), kBookmarkEvery);
  return state_->inner.wait_for(
      state_->changed, pause,
      [&](const State::Inner& in) {
        if (!in.ended.empty() || stop.stop_requested()) return true;
        return !in.due.empty() &&
               (in.due.begin()->first < next || in.due.begin()->first <= clock_.steady_now());
      },
      [&](State::Inner& in) {
        Work work;
        in.take_ended(work);
        in.take_due(clock_.steady_now(), work);
        return work;
      });
}

/// Neither the end of a watch nor a bookmark happens within our lock: both take the hub's, within
/// which sinks take ours.
void Watches::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Work work = wait_for_work(stop);
    for (const auto& watch : work.bookmarks) watch->subscription.request_bookmark();
    for (const auto& watch : work.over) {
      watch->subscription = {};
      watch->sink->end("");
    }
  }
}

}  // namespace ks::store
