#include "kube/controller.h"

#include "base/check.h"
#include "base/log.h"

namespace ks::kube {

Controller::Controller(Options options, Reconcile reconcile)
    : options_(std::move(options)),
      reconcile_(std::move(reconcile)),
      queue_(options_.clock == nullptr ? system_clock() : *options_.clock, options_.back_off) {}

Controller::~Controller() { stop(); }

void Controller::follow(Informer& informer) {
  informer.on_change([this](const Key& key) { queue_.add(key); });
}

void Controller::follow(Informer& informer, Map map) {
  informer.on_change([this, map = std::move(map)](const Key& key) {
    for (const Key& mapped : map(key)) queue_.add(mapped);
  });
}

void Controller::enqueue(const Key& key) { queue_.add(key); }

void Controller::enqueue_after(const Key& key, std::chrono::milliseconds delay) {
  queue_.add_after(key, delay);
}

void Controller::start() {
  CHECK(workers_.empty());
  for (int i = 0; i < options_.workers; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

void Controller::stop() {
  for (std::jthread& worker : workers_) worker.request_stop();
  workers_.clear();
}

size_t Controller::waiting() const { return queue_.size(); }

void Controller::work(const std::stop_token& stop) {
  while (std::optional<Key> key = queue_.take(stop)) {
    const Result<Outcome> outcome = reconcile_(*key);
    if (!outcome) {
      LOG(warn, "reconcile failed, trying again", {"controller", options_.name},
          {"object", key->text()}, {"failures", queue_.failures(*key) + 1},
          {"error", outcome.error().message});
      queue_.add_failed(*key);
    } else {
      queue_.forget(*key);
      if (outcome->again_after) queue_.add_after(*key, *outcome->again_after);
    }
    queue_.done(*key);
  }
}

}  // namespace ks::kube
