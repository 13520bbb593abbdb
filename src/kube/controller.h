#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "kube/informer.h"
#include "kube/work_queue.h"

namespace ks::kube {

/// Calls `reconcile` for each key that changed, at most once at a time per key.
///
/// Events only name the key; the reconciler reads the present state and moves the world towards it,
/// so that a lost or doubled event does no harm. An error is logged and retried with growing delay.
///
///   Controller runs{{.name = "pipelinerun"}, [&](const Key& key) { return sync(key); }};
///   runs.follow(run_informer);
///   runs.start();
///
/// Thread-safe. stop() and the destructor wait for calls in flight.
class Controller {
 public:
  /// What to do after a success.
  struct Outcome {
    std::optional<std::chrono::milliseconds> again_after;
  };
  using Reconcile = std::function<Result<Outcome>(const Key&)>;
  /// Which keys to reconcile when an object changed.
  using Map = std::function<std::vector<Key>(const Key&)>;

  struct Options {
    std::string name;
    int workers = 1;
    WorkQueue::BackOff back_off;
    const Clock* clock = nullptr;  ///< Null: the machine's.
  };

  Controller(Options options, Reconcile reconcile);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// Before the informer starts; it must stop before this controller is destroyed.
  void follow(Informer& informer);
  void follow(Informer& informer, Map map);
  void enqueue(const Key& key);
  void enqueue_after(const Key& key, std::chrono::milliseconds delay);

  void start();
  void stop();

  /// Keys that wait now.
  size_t waiting() const;

 private:
  void work(const std::stop_token& stop);

  Options options_;
  Reconcile reconcile_;
  WorkQueue queue_;
  std::vector<std::jthread> workers_;
};

}  // namespace ks::kube
