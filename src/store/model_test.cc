#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "store/test_objects.h"

// Many at once, against models: what any watcher or reader sees must be a state that the store was
// in.

namespace ks::store {
namespace {

using State = std::map<std::string, uint64_t>;  // key -> revision

/// Applies what a watcher was told; every step must fit the state before it.
void replay(State& state, const std::vector<Delivery>& deliveries, uint64_t after) {
  for (const Delivery& delivery : deliveries) {
    ASSERT_GT(delivery.revision, after);
    after = delivery.revision;
    const std::string& key = delivery.event->object->key;
    switch (delivery.type) {
      case EventType::added:
        ASSERT_TRUE(state.emplace(key, delivery.revision).second) << key;
        break;
      case EventType::modified:
        ASSERT_TRUE(state.contains(key)) << key;
        state[key] = delivery.revision;
        break;
      case EventType::deleted: ASSERT_EQ(state.erase(key), 1u) << key; break;
      case EventType::bookmark: break;
    }
  }
}

State state_of(const Store::List& list) {
  State state;
  for (const ObjectRef& object : list.objects) state[object->key] = object->revision;
  return state;
}

/// Writes at random until told to stop; conflicts with the others are part of it.
void write_at_random(Store& store, uint32_t seed, const std::atomic<bool>& ending) {
  std::mt19937 random(seed);
  while (!ending) {
    const std::string name = "n" + std::to_string(random() % 60);
    const ObjectRef now = store.get(key(name));
    const Result<ObjectRef> written =
        now == nullptr      ? store.create(draft(name, std::to_string(seed)))
        : random() % 3 == 0 ? store.remove(key(name), now->revision)
                            : store.update(draft(name, "x"), now->revision);
    if (!written) {
      EXPECT_TRUE(written.error().code == Code::conflict ||
                  written.error().code == Code::not_found ||
                  written.error().code == Code::already_exists)
          << written.error().message;
    }
  }
}

struct Writers {
  Writers(Store& store, int count) {
    for (int i = 0; i < count; i++)
      threads.emplace_back([&, i] { write_at_random(store, static_cast<uint32_t>(i), ending); });
  }
  ~Writers() { stop(); }
  void stop() {
    ending = true;
    threads.clear();
  }
  std::atomic<bool> ending{false};
  std::vector<std::jthread> threads;
};

TEST(StoreModel, WatchersThatComeAtAnyMomentEndWithTheSameState) {
  Opened store;
  struct Watcher {
    State state;
    uint64_t after = 0;
    std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
    WatchHub::Subscription subscription;
  };
  std::vector<Watcher> watchers(40);
  Writers writers(*store.store, 4);
  std::mt19937 random(3);
  for (Watcher& watcher : watchers) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    const Store::List list = store->list({"things"}).value();
    watcher.state = state_of(list);
    watcher.after = list.revision;
    // The events of this pause must come from the history.
    if (random() % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    watcher.subscription = store->watch({"things"}, list.revision, watcher.recorder).value();
  }
  writers.stop();
  const Store::List last = store->list({"things"}).value();
  // Written last, so that all that came before it has been told once it is.
  const uint64_t end = store->create(draft("zz-end")).value()->revision;
  State expected = state_of(last);
  for (Watcher& watcher : watchers) {
    size_t count = 1;
    std::vector<Delivery> seen = watcher.recorder->wait_for(count);
    while (seen.back().revision != end) seen = watcher.recorder->wait_for(seen.size() + 1);
    replay(watcher.state, seen, watcher.after);
    watcher.state.erase(key("zz-end").text());
    EXPECT_EQ(watcher.state, expected);
  }
}

TEST(StoreModel, PagesOfAListAreOneStateThatTheStoreWasIn) {
  Opened store;
  auto recorder = std::make_shared<Recorder>();
  const uint64_t start = store->revision();
  auto watch = store->watch({"things"}, start, recorder).value();
  std::map<uint64_t, State> lists;
  {
    Writers writers(*store.store, 4);
    for (int i = 0; i < 100; i++) {
      Store::List page = store->list({"things", "default"}, 7).value();
      const uint64_t revision = page.revision;
      State& state = lists[revision];
      state = state_of(page);
      while (!page.next.empty()) {
        page = store->list({"things", "default"}, 7, page.next, revision).value();
        EXPECT_EQ(page.revision, revision);
        state.merge(state_of(page));
      }
    }
  }
  const uint64_t end = store->create(draft("zz-end")).value()->revision;
  std::vector<Delivery> seen = recorder->wait_for(1);
  while (seen.back().revision != end) seen = recorder->wait_for(seen.size() + 1);
  State state;
  size_t at = 0;
  for (const auto& [revision, listed] : lists) {
    std::vector<Delivery> until;
    const uint64_t before = at == 0 ? start : seen[at - 1].revision;
    while (seen[at].revision <= revision) until.push_back(seen[at++]);
    replay(state, until, before);
    EXPECT_EQ(listed, state) << "at revision " << revision;
  }
}

}  // namespace
}  // namespace ks::store
