#include <thread>

#include "store/api/test_server.h"

namespace ks::store {
namespace {

/// A disk that can be full, read only, or slow.
class FaultyBackend final : public Backend {
 public:
  struct Control {
    std::atomic<int> code{-1};  ///< of the Error that commits give; -1: none
    std::mutex gate;            ///< held: commits wait
  };
  explicit FaultyBackend(std::shared_ptr<Control> control) : control_(std::move(control)) {}

  Result<Loaded> load(const std::function<void(Record)>&) override { return Loaded{}; }
  Result<> commit(std::span<const Record>) override {
    std::lock_guard wait(control_->gate);
    if (control_->code >= 0)
      return Error{static_cast<Code>(control_->code.load()), "no space left"};
    return {};
  }
  Result<> compact(uint64_t, std::span<const uint64_t>) override { return {}; }
  Result<> backup(const std::string&) override { return {}; }

 private:
  std::shared_ptr<Control> control_;
};

TEST(ApiFaults, AFullOrReadOnlyDiskAnswers507AndReadsGoOn) {
  const auto control = std::make_shared<FaultyBackend::Control>();
  TestServer server({}, {}, std::make_unique<FaultyBackend>(control));
  ASSERT_EQ(server.post(kConfigMaps, config_map("before")).status, 201);
  const std::string path = std::string(kConfigMaps) + "/before";
  for (const Code code : {Code::exhausted, Code::forbidden}) {
    control->code = static_cast<int>(code);
    for (const Reply& refused :
         {server.post(kConfigMaps, config_map("a")), server.put(path, config_map("before", "2")),
          server.patch(path, "merge-patch+json", R"({"data":{"k":"3"}})"), server.remove(path)}) {
      EXPECT_EQ(refused.status, 507) << refused.body;
      EXPECT_EQ(refused.text({"reason"}), "InsufficientStorage");
      EXPECT_EQ(refused.message(), "no space left");
    }
  }
  EXPECT_EQ(server.get(path).text({"data", "k"}), "1");
  EXPECT_EQ(server.get(std::string(kConfigMaps) + "/a").status, 404);
  control->code = -1;
  EXPECT_EQ(server.post(kConfigMaps, config_map("a")).status, 201);
}

TEST(ApiFaults, AFullQueueSaysWhenToComeBack) {
  const auto control = std::make_shared<FaultyBackend::Control>();
  StoreOptions options;
  options.max_queue = 6;  // the start writes four at once
  options.max_batch = 1;
  TestServer server({}, options, std::make_unique<FaultyBackend>(control));
  std::vector<std::jthread> writers;
  std::atomic<int> refused{0};
  std::atomic<bool> told{false};
  {
    std::lock_guard slow(control->gate);
    for (int i = 0; i < 12; i++) {
      writers.emplace_back([&, i] {
        const Reply reply = server.post(kConfigMaps, config_map("c" + std::to_string(i)));
        if (reply.status != 503) return;
        told = told || reply.headers.get("Retry-After") == "1";
        refused++;
      });
    }
    for (int i = 0; i < 2000 && refused < 5; i++) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  writers.clear();
  EXPECT_GE(refused, 5);
  EXPECT_TRUE(told);
}

TEST(ApiFaults, PatchesThatMeetAreBothKept) {
  TestServer server;
  ASSERT_EQ(server.post(kConfigMaps, config_map("a")).status, 201);
  const std::string path = std::string(kConfigMaps) + "/a";
  std::atomic<int> conflicts{0};
  const auto write = [&](std::string_view key) {
    for (int i = 0; i < 50; i++) {
      const std::string body =
          "{\"data\":{\"" + std::string(key) + "\":\"" + std::to_string(i) + "\"}}";
      if (server.patch(path, "merge-patch+json", body).status != 200) conflicts++;
    }
  };
  {
    std::jthread one(write, "x");
    std::jthread two(write, "y");
  }
  EXPECT_EQ(conflicts, 0);
  const Reply last = server.get(path);
  EXPECT_EQ(last.text({"data", "x"}), "49");
  EXPECT_EQ(last.text({"data", "y"}), "49");
}

TEST(ApiFaults, AClockThatGoesBackDoesNoHarm) {
  TestServer server;
  const Reply first = server.post(kConfigMaps, config_map("a"));
  server.clock.set_wall(WallTime{std::chrono::milliseconds{1'000'000'000'000}});
  const Reply second = server.post(kConfigMaps, config_map("b"));
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.text({"metadata", "creationTimestamp"}), "2001-09-09T01:46:40Z");
  EXPECT_LT(std::stoull(first.text({"metadata", "resourceVersion"})),
            std::stoull(second.text({"metadata", "resourceVersion"})));
}

TEST(ApiFaults, ListsWithSelectorsDoNotSeeHalfOfAWrite) {
  TestServer server;
  std::atomic<bool> stop{false};
  const std::string path = std::string(kConfigMaps) + "/a";
  ASSERT_EQ(server.post(kConfigMaps, config_map("a")).status, 201);
  std::jthread writer([&] {
    for (int i = 0; !stop; i++) {
      server.patch(path, "merge-patch+json",
                   "{\"metadata\":{\"labels\":{\"n\":\"" + std::to_string(i) +
                       "\"}},\"data\":{\"n\":\"" + std::to_string(i) + "\"}}");
    }
  });
  for (int i = 0; i < 300; i++) {
    const json::value list = server.get(std::string(kConfigMaps) + "?labelSelector=n").object();
    for (const json::value& item : list.at("items").as_array()) {
      EXPECT_EQ(text_at(item, {"metadata", "labels", "n"}), text_at(item, {"data", "n"}));
    }
  }
  stop = true;
}

}  // namespace
}  // namespace ks::store
