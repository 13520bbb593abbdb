#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "store/store.h"

namespace ks::store {

/// Where the lines of a watch go: a response stream or a WebSocket.
class WatchOutput {
 public:
  virtual ~WatchOutput() = default;
  /// False once nobody reads any more.
  virtual bool write(Bytes line) = 0;
  virtual void close() = 0;
  virtual size_t queued_bytes() const = 0;
  virtual void when_drained(size_t below, std::move_only_function<void()> wake) = 0;
  virtual std::stop_token stop_token() const = 0;
};

/// One change as a watch is to write it.
struct WatchItem {
  EventType type = EventType::added;
  uint64_t revision = 0;
  ObjectRef object;          ///< of the state at the start
  EventRef event;            ///< of a change
  bool initial_end = false;  ///< the bookmark that follows the state at the start

  /// Of the object that a change keeps in memory.
  size_t bytes() const { return event ? event->object->json->size() : 0; }
};

/// Makes the line of a change. Called by one thread at a time.
using WatchEncoder = std::move_only_function<Bytes(const WatchItem&)>;

class WatchSink;
/// Where a sink is handed to be written; pump() is called there.
using HandOver = std::function<void(std::shared_ptr<WatchSink>)>;

/// The sink of one watch: writes at the reader's speed, keeps what it does not take yet, and ends
/// the watch with an error when that becomes too much.
///
/// Without `hand_over` lines are made by whoever tells of a change, all other watchers waiting: for
/// encoders that only pass on what is there already.
class WatchSink final : public Sink, public std::enable_shared_from_this<WatchSink> {
 public:
  WatchSink(std::shared_ptr<WatchOutput> output, WatchEncoder encode, std::function<void()> on_end,
            HandOver hand_over = nullptr)
      : output_(std::move(output)),
        encode_(std::move(encode)),
        on_end_(std::move(on_end)),
        hand_over_(std::move(hand_over)) {}

  /// What is there before the first change; before anything else is delivered.
  void begin(std::deque<WatchItem> initial);
  /// From here on lines are written, and what waits is bounded.
  void start();
  void on_events(std::span<const Delivery> deliveries) override;
  /// Ends it, after an ERROR line unless that is empty.
  void end(std::string error_line);

  WatchOutput& output() { return *output_; }
  /// Writes what waits, until the output has enough. By who it was handed to, once for each time.
  void pump();

 private:
  struct State {
    std::deque<WatchItem> waiting;
    size_t bytes = 0;  ///< of the changes among them
    // How much may wait: what is there at the start is not the reader's fault.
    size_t allowed = 0;
    size_t allowed_bytes = 0;
    bool started = false;
    bool pumping = false;
    bool ended = false;
  };
  bool write_some();
  void write_soon();

  const std::shared_ptr<WatchOutput> output_;
  WatchEncoder encode_;
  const std::function<void()> on_end_;
  const HandOver hand_over_;
  Guarded<State> state_;
};

/// Makes the lines of watches that are converted for their readers (tables, other versions), on a
/// thread of its own: neither those who wait for a commit nor other watchers wait for that.
class WatchRenderer {
 public:
  WatchRenderer();
  /// What is queued is not written any more.
  ~WatchRenderer();
  WatchRenderer(const WatchRenderer&) = delete;
  WatchRenderer& operator=(const WatchRenderer&) = delete;

  /// May outlive this; then it does nothing. A sink is handed over at most once at a time, so that
  /// the queue is bounded by the number of watches.
  HandOver entrance();

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
  std::jthread thread_;
};

/// All open watches of an API: ends each at its time or when its reader is gone, and sends
/// bookmarks. One thread. Thread-safe.
class Watches {
 public:
  struct Terms {
    std::chrono::milliseconds timeout{0};
    bool bookmarks = false;
    bool converted = false;  ///< the encoder does more than pass on what is there
    WatchedBy by = WatchedBy::client;
  };

  Watches(Store& store, const Clock& clock);
  /// Ends all.
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  /// Follows the store from `after`; what is in `initial` is written before.
  void open(std::shared_ptr<WatchOutput> output, WatchEncoder encode, Filter filter, uint64_t after,
            std::deque<WatchItem> initial, Terms terms);
  /// Ends those of a resource that is no longer served.
  void end_resource(const std::string& resource);

 private:
  struct Watch;
  struct State;
  struct Work {
    std::vector<std::shared_ptr<Watch>> bookmarks;  ///< they get one
    std::vector<std::shared_ptr<Watch>> over;       ///< these end
  };
  Work wait_for_work(const std::stop_token& stop);
  void work(const std::stop_token& stop);

  Store& store_;
  const Clock& clock_;
  std::shared_ptr<State> state_;
  WatchRenderer renderer_;
  std::jthread thread_;
};

}  // namespace ks::store
