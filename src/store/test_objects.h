#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "store/store.h"

/// What the tests of the store build their data with.

namespace ks::store {

inline Draft draft(std::string name, const std::string& data = "", Pairs labels = {},
                   std::string space = "default") {
  Draft made;
  made.key = {"things", std::move(space), std::move(name)};
  made.uid = "uid-" + made.key.name;
  made.json = "{\"metadata\":{\"name\":\"" + made.key.name + "\",\"resourceVersion\":\"" +
              std::string(revision_mark()) + "\"},\"data\":\"" + data + "\"}";
  made.labels = std::move(labels);
  return made;
}

inline Key key(std::string name, std::string space = "default") {
  return {"things", std::move(space), std::move(name)};
}

/// A store in memory, or in a folder.
struct Opened {
  std::unique_ptr<Store> store;
  explicit Opened(StoreOptions options = {})
      : store(std::make_unique<Store>(memory_backend(), options)) {
    EXPECT_TRUE(store->open().ok());
  }
  explicit Opened(const std::string& dir, StoreOptions options = {})
      : store(std::make_unique<Store>(open_sqlite(dir).value(), options)) {
    Result<> opened = store->open();
    EXPECT_TRUE(opened.ok()) << opened.error().message;
  }
  Store* operator->() const { return store.get(); }
};

/// Keeps what it is told.
class Recorder final : public Sink {
 public:
  void on_events(std::span<const Delivery> deliveries) override {
    seen_.with([&](auto& seen) { seen.insert(seen.end(), deliveries.begin(), deliveries.end()); });
    arrived_.notify_all();
  }
  std::vector<Delivery> wait_for(size_t count) {
    return seen_.wait_for(
        arrived_, std::chrono::seconds(10), [&](const auto& seen) { return seen.size() >= count; },
        [](const auto& seen) { return seen; });
  }

 private:
  Guarded<std::vector<Delivery>> seen_;
  std::condition_variable arrived_;
};

inline std::string words(const std::vector<Delivery>& deliveries) {
  static constexpr std::string_view kNames[] = {"added", "modified", "deleted", "bookmark"};
  std::string out;
  for (const Delivery& d : deliveries) {
    out += std::string(kNames[static_cast<size_t>(d.type)]) +
           (d.event ? " " + std::string(d.event->object->name()) : "") + ";";
  }
  return out;
}

}  // namespace ks::store
