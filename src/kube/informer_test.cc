#include "kube/informer.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <condition_variable>

#include "kube/controller.h"
#include "kube/event_recorder.h"
#include "kube/fake_api.h"

namespace ks::kube {
namespace {

using namespace std::chrono_literals;

json::value config_map(std::string_view name, std::string_view app = "web") {
  return json::object{
      {"metadata",
       json::object{{"name", name}, {"namespace", "dev"}, {"labels", json::object{{"app", app}}}}}};
}

/// Collects keys and waits for them.
class Seen {
 public:
  void add(const Key& key) {
    std::lock_guard lock(mutex_);
    keys_.push_back(key.name);
    changed_.notify_all();
  }
  bool wait_for(const std::string& name, size_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(
        lock, 5s, [&] { return static_cast<size_t>(std::ranges::count(keys_, name)) >= times; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> keys_;
};

struct InformerTest : ::testing::Test {
  FakeApi api;
  Client client{api.transport()};
  Seen seen;

  std::unique_ptr<Informer> started(Informer::Options options = {}) {
    options.first_retry = 1ms;
    auto informer = std::make_unique<Informer>(client, config_maps(), std::move(options));
    informer->on_change([this](const Key& key) { seen.add(key); });
    informer->start();
    EXPECT_TRUE(informer->wait_until_synced(5s));
    while (api.watches() == 0) std::this_thread::yield();
    return informer;
  }
};

TEST_F(InformerTest, FollowsTheServer) {
  ASSERT_TRUE(client.create(config_maps(), config_map("a")).ok());
  const auto informer = started();
  EXPECT_TRUE(seen.wait_for("a"));
  EXPECT_NE(informer->get({"dev", "a"}), nullptr);
  ASSERT_TRUE(client.create(config_maps(), config_map("b")).ok());
  EXPECT_TRUE(seen.wait_for("b"));
  EXPECT_EQ(informer->list("dev").size(), 2u);
  EXPECT_EQ(informer->list("other").size(), 0u);
  ASSERT_TRUE(client.remove(config_maps(), {"dev", "a"}).ok());
  EXPECT_TRUE(seen.wait_for("a", 2));
  EXPECT_EQ(informer->get({"dev", "a"}), nullptr);
}

TEST_F(InformerTest, ResumesAnEndedWatchWithoutListing) {
  const auto informer = started();
  api.end_watches();
  while (api.watches() == 0) std::this_thread::yield();
  ASSERT_TRUE(client.create(config_maps(), config_map("a")).ok());
  EXPECT_TRUE(seen.wait_for("a"));
  EXPECT_EQ(informer->lists(), 1u);
}

TEST_F(InformerTest, ListsAgainWhenTheHistoryIsGoneAndTellsOfWhatItMissed) {
  ASSERT_TRUE(client.create(config_maps(), config_map("a")).ok());
  const auto informer = started();
  ASSERT_TRUE(seen.wait_for("a"));
  api.remove_silently("/api/v1/namespaces/dev/configmaps/a");
  api.expire_watches();
  EXPECT_TRUE(seen.wait_for("a", 2));
  EXPECT_EQ(informer->get({"dev", "a"}), nullptr);
  EXPECT_EQ(informer->lists(), 2u);
}

TEST_F(InformerTest, FindsObjectsByIndex) {
  ASSERT_TRUE(client.create(config_maps(), config_map("a", "web")).ok());
  ASSERT_TRUE(client.create(config_maps(), config_map("b", "db")).ok());
  Informer::Options options;
  options.indexes["app"] = [](const json::value& object) {
    return std::vector<std::string>{std::string(label(object, "app"))};
  };
  const auto informer = started(std::move(options));
  ASSERT_EQ(informer->by_index("app", "web").size(), 1u);
  EXPECT_EQ(name_of(*informer->by_index("app", "web")[0]), "a");
  json::value moved = *client.get(config_maps(), {"dev", "a"});
  set_label(moved, "app", "db");
  ASSERT_TRUE(client.update(config_maps(), moved).ok());
  ASSERT_TRUE(seen.wait_for("a", 2));
  EXPECT_EQ(informer->by_index("app", "web").size(), 0u);
  EXPECT_EQ(informer->by_index("app", "db").size(), 2u);
}

TEST_F(InformerTest, WaitsForAServerThatIsNotThereYet) {
  http::Router empty;
  const auto transport = http::in_process_client(empty, {});
  Client nobody(*transport);
  Informer informer(nobody, config_maps());
  informer.start();
  EXPECT_FALSE(informer.wait_until_synced(20ms));
}

TEST_F(InformerTest, AControllerReconcilesWhatChanged) {
  std::atomic<int> failures{2};
  Controller controller({.name = "test", .workers = 1, .back_off = {}, .clock = nullptr},
                        [&](const Key& key) -> Result<Controller::Outcome> {
                          if (failures-- > 0) return Error{Code::unavailable, "not now"};
                          seen.add(key);
                          return Controller::Outcome{};
                        });
  Informer informer(client, config_maps());
  controller.follow(informer);
  controller.start();
  informer.start();
  ASSERT_TRUE(client.create(config_maps(), config_map("a")).ok());
  EXPECT_TRUE(seen.wait_for("a"));
  EXPECT_LT(failures, 0);
}

TEST_F(InformerTest, AControllerComesBackWhenAsked) {
  std::atomic<int> calls{0};
  Controller controller({.name = "test", .workers = 1, .back_off = {}, .clock = nullptr},
                        [&](const Key& key) -> Result<Controller::Outcome> {
                          seen.add(key);
                          if (++calls < 3) return Controller::Outcome{.again_after = 1ms};
                          return Controller::Outcome{};
                        });
  controller.start();
  controller.enqueue({"dev", "a"});
  EXPECT_TRUE(seen.wait_for("a", 3));
}

TEST_F(InformerTest, EventsAreCountedNotRepeated) {
  const json::value about = json::parse(
      R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"dev","uid":"u"}})");
  EventRecorder events_of(client, "tester");
  events_of.warning(about, "Failed", "it failed");
  events_of.warning(about, "Failed", "it failed");
  events_of.normal(about, "Started", std::string(5'000, 'x'));
  events_of.flush();
  const ObjectList all = *client.list(events(), "dev");
  ASSERT_EQ(all.items.size(), 2u);
  for (const json::value& event : all.items) {
    EXPECT_EQ(text_at(event, {"source", "component"}), "tester");
    if (text_at(event, {"reason"}) == "Failed") {
      EXPECT_EQ(int_at(event, {"count"}), 2);
      EXPECT_EQ(text_at(event, {"type"}), "Warning");
      EXPECT_EQ(text_at(event, {"involvedObject", "uid"}), "u");
    } else {
      EXPECT_EQ(text_at(event, {"message"}).size(), 1'024u);
    }
  }
}

}  // namespace
}  // namespace ks::kube
