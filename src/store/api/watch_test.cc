#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "store/api/test_server.h"
#include "store/api/watches.h"

namespace ks::store {
namespace {

std::string watch_of(std::string_view query = {}) {
  return std::string(kConfigMaps) + "?watch=true" + (query.empty() ? "" : "&") + std::string(query);
}

std::string labelled(std::string_view name, std::string_view value) {
  return "{\"metadata\":{\"name\":\"" + std::string(name) + "\",\"labels\":{\"app\":\"" +
         std::string(value) + "\"}}}";
}

/// An output that takes all, and counts.
class Taking final : public WatchOutput {
 public:
  bool write(Bytes) override {
    lines_.with([](size_t& lines) { lines++; });
    changed_.notify_all();
    return true;
  }
  void close() override {}
  size_t queued_bytes() const override { return 0; }
  void when_drained(size_t, std::move_only_function<void()> wake) override { wake(); }
  std::stop_token stop_token() const override { return {}; }
  size_t wait_for_lines(size_t count) {
    return lines_.wait_for(
        changed_, std::chrono::seconds(10), [&](size_t lines) { return lines >= count; },
        [](size_t lines) { return lines; });
  }

 private:
  Guarded<size_t> lines_;
  std::condition_variable changed_;
};

std::string version_now(TestServer& server) {
  return server.get(kConfigMaps).text({"metadata", "resourceVersion"});
}

TEST(WatchObjects, FollowsChangesFromAVersion) {
  TestServer server;
  server.post(kConfigMaps, config_map("before"));
  auto watch = server.watch(watch_of("resourceVersion=" + version_now(server)));
  server.post(kConfigMaps, config_map("a"));
  server.put(std::string(kConfigMaps) + "/a", config_map("a", "2"));
  server.post("/api/v1/namespaces/kube-system/configmaps", config_map("elsewhere"));
  server.remove(std::string(kConfigMaps) + "/a");
  EXPECT_EQ(watch->words(3), "ADDED a;MODIFIED a;DELETED a;");
}

TEST(WatchObjects, ShowsWhatIsThereWhenItHasNoVersion) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  server.post(kConfigMaps, config_map("b"));
  auto watch = server.watch(watch_of());
  ASSERT_EQ(watch->words(2), "ADDED a;ADDED b;");
  server.post(kConfigMaps, config_map("c"));
  EXPECT_EQ(watch->words(3), "ADDED a;ADDED b;ADDED c;");
}

TEST(WatchObjects, MarksTheEndOfTheStateAtItsStart) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  auto watch = server.watch(watch_of(
      "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"));
  const std::vector<std::string> lines = watch->lines(2);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[1].find("\"BOOKMARK\""), std::string::npos);
  EXPECT_NE(lines[1].find("\"k8s.io/initial-events-end\":\"true\""), std::string::npos);
  EXPECT_NE(lines[1].find("\"kind\":\"ConfigMap\""), std::string::npos);
  EXPECT_EQ(server.get(watch_of("sendInitialEvents=true")).status, 422);
}

TEST(WatchObjects, ShowsObjectsThatBeginAndCeaseToMatch) {
  TestServer server;
  auto watch =
      server.watch(watch_of("labelSelector=app%3Dweb&resourceVersion=" + version_now(server)));
  const std::string path = std::string(kConfigMaps) + "/a";
  server.post(kConfigMaps, labelled("a", "db"));
  server.put(path, labelled("a", "web"));
  server.put(path, labelled("a", "db"));
  server.put(path, labelled("a", "web"));
  EXPECT_EQ(watch->words(3), "ADDED a;DELETED a;ADDED a;");
}

TEST(WatchObjects, WatchesOneObject) {
  TestServer server;
  auto watch = server.watch(
      watch_of("fieldSelector=metadata.name%3Db&resourceVersion=" + version_now(server)));
  server.post(kConfigMaps, config_map("a"));
  server.post(kConfigMaps, config_map("b"));
  EXPECT_EQ(watch->words(1), "ADDED b;");
}

TEST(WatchObjects, EndsAtItsTimeAfterABookmark) {
  TestServer server;
  auto watch = server.watch(
      watch_of("timeoutSeconds=5&allowWatchBookmarks=true&resourceVersion=" + version_now(server)));
  server.post(kConfigMaps, config_map("a"));
  ASSERT_EQ(watch->words(1), "ADDED a;");
  server.clock.advance(std::chrono::seconds(6));
  server.post("/api/v1/namespaces/kube-system/configmaps", config_map("wake"));
  auto other = server.watch(watch_of());  // a new watch makes the thread look at the clock
  EXPECT_TRUE(watch->ended());
  EXPECT_EQ(watch->words(2), "ADDED a;BOOKMARK;");
}

TEST(WatchObjects, TellsThatItsStartIsTooOld) {
  StoreOptions small;
  small.watch.max_events = 4;
  TestServer server({}, small);
  for (int i = 0; i < 20; i++) server.post(kConfigMaps, config_map("a" + std::to_string(i)));
  auto watch = server.watch(watch_of("resourceVersion=2"));
  const std::vector<std::string> lines = watch->lines(1);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("\"type\":\"ERROR\""), std::string::npos);
  EXPECT_NE(lines[0].find("\"code\":410"), std::string::npos);
  EXPECT_NE(lines[0].find("too old resource version"), std::string::npos);
  EXPECT_TRUE(watch->ended());
}

TEST(WatchObjects, AreBoundedInNumber) {
  KubeApiOptions options;
  options.max_watchers = 1;
  TestServer server(options);
  auto one = server.watch(watch_of());
  ASSERT_TRUE(server.client != nullptr);
  server.post(kConfigMaps, config_map("a"));
  one->lines(1);
  const Reply refused = server.get(watch_of());
  EXPECT_EQ(refused.status, 429) << refused.body;
  EXPECT_EQ(refused.text({"reason"}), "TooManyRequests");
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
}

TEST(WatchObjects, OfOurOwnPartsAreNotCounted) {
  KubeApiOptions options;
  options.max_watchers = 1;
  StoreOptions store_options;
  store_options.watch.max_watchers = 1;
  TestServer server(options, store_options);
  server.calls_are_ours = true;
  const size_t before = server.store.watcher_count();
  std::vector<std::unique_ptr<WatchReader>> ours;
  for (int i = 0; i < 5; i++) ours.push_back(server.watch(watch_of()));
  server.post(kConfigMaps, config_map("a"));
  for (const auto& watch : ours) EXPECT_EQ(watch->words(1), "ADDED a;");
  EXPECT_EQ(server.store.watcher_count(), before);
  server.calls_are_ours = false;
  auto theirs = server.watch(watch_of());
  EXPECT_EQ(theirs->words(1), "ADDED a;");
  EXPECT_EQ(server.get(watch_of()).status, 429);
}

TEST(WatchObjects, TablesAreMadeByAnotherThreadThanTheOneThatTells) {
  std::mutex mutex;
  std::set<std::thread::id> makers;
  WatchRenderer renderer;
  const auto output = std::make_shared<Taking>();
  const auto sink = std::make_shared<WatchSink>(
      output,
      [&](const WatchItem&) {
        std::lock_guard lock(mutex);
        makers.insert(std::this_thread::get_id());
        return std::make_shared<const std::string>("line\n");
      },
      [] {}, renderer.entrance());
  sink->start();
  for (int i = 0; i < 1000; i++) {
    const Delivery one{EventType::bookmark, static_cast<uint64_t>(i + 1), nullptr};
    sink->on_events({&one, 1});
  }
  EXPECT_EQ(output->wait_for_lines(1000), 1000u);
  std::lock_guard lock(mutex);
  EXPECT_EQ(makers.size(), 1u);
  EXPECT_FALSE(makers.contains(std::this_thread::get_id()));
}

TEST(WatchObjects, ATableThatTakesLongDelaysNoOtherWatch) {
  WatchRenderer renderer;
  std::promise<void> go_on;
  const auto slow = std::make_shared<WatchSink>(
      std::make_shared<Taking>(),
      [&, waiting = go_on.get_future().share()](const WatchItem&) {
        waiting.wait();
        return std::make_shared<const std::string>("slow\n");
      },
      [] {}, renderer.entrance());
  const auto output = std::make_shared<Taking>();
  const auto quick = std::make_shared<WatchSink>(
      output, [](const WatchItem&) { return std::make_shared<const std::string>("quick\n"); },
      [] {});
  slow->start();
  quick->start();
  const Delivery one{EventType::bookmark, 1, nullptr};
  // As the hub does it, one after the other.
  slow->on_events({&one, 1});
  quick->on_events({&one, 1});
  EXPECT_EQ(output->wait_for_lines(1), 1u);
  go_on.set_value();
}

TEST(WatchObjects, TellsTablesTheirColumnsOnce) {
  TestServer server;
  server.post(kConfigMaps, config_map("a"));
  auto watch =
      server.watch(watch_of(), {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}});
  watch->lines(1);
  server.post(kConfigMaps, config_map("b"));
  const std::vector<std::string> lines = watch->lines(2);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("\"columnDefinitions\":[{"), std::string::npos);
  EXPECT_NE(lines[1].find("\"columnDefinitions\":[]"), std::string::npos);
  EXPECT_NE(lines[1].find("\"cells\":[\"b\""), std::string::npos);
}

TEST(WatchObjects, LeavesNothingBehindWhenItsReaderGoes) {
  TestServer server;
  const size_t before = server.store.watcher_count();
  auto watch = server.watch(watch_of());
  server.post(kConfigMaps, config_map("a"));
  watch->lines(1);
  EXPECT_EQ(server.store.watcher_count(), before + 1);
  watch.reset();
  for (int i = 0; i < 1000 && server.store.watcher_count() > before; i++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(server.store.watcher_count(), before);
}

/// An output that takes nothing.
class Stuck final : public WatchOutput {
 public:
  bool write(Bytes line) override {
    last = *line;
    queued += line->size();
    return true;
  }
  void close() override { closed = true; }
  size_t queued_bytes() const override { return queued; }
  void when_drained(size_t, std::move_only_function<void()>) override {}
  std::stop_token stop_token() const override { return stop.get_token(); }

  std::string last;
  size_t queued = 8u << 20;
  bool closed = false;
  std::stop_source stop;
};

TEST(WatchObjects, EndsASlowReaderWithAnError) {
  const auto output = std::make_shared<Stuck>();
  int ends = 0;
  const auto sink = std::make_shared<WatchSink>(
      output, [](const WatchItem&) { return std::make_shared<const std::string>("line\n"); },
      [&] { ends++; });
  sink->start();
  std::vector<Delivery> many(1000, Delivery{EventType::bookmark, 7, nullptr});
  for (int i = 0; i < 16; i++) sink->on_events(many);
  EXPECT_FALSE(output->closed);
  sink->on_events(many);
  EXPECT_TRUE(output->closed);
  EXPECT_EQ(ends, 1);
  EXPECT_NE(output->last.find("its reader is more than 16384 events or 16 MiB behind"),
            std::string::npos);
  EXPECT_NE(output->last.find("\"type\":\"ERROR\""), std::string::npos);
}

TEST(WatchObjects, EndsAReaderThatKeepsTooMuchInMemory) {
  const auto output = std::make_shared<Stuck>();
  const auto sink = std::make_shared<WatchSink>(
      output, [](const WatchItem&) { return std::make_shared<const std::string>("line\n"); },
      [] {});
  auto large = std::make_shared<Object>();
  large->json = std::make_shared<const std::string>(1u << 20, 'x');
  const auto event = std::make_shared<const Event>(EventType::modified, 7, large, nullptr);
  const std::vector<Delivery> one(1, Delivery{EventType::modified, 7, event});
  // What waits at the start, the history before it, is not the reader's fault.
  for (int i = 0; i < 20; i++) sink->on_events(one);
  sink->start();
  for (int i = 0; i < 16; i++) sink->on_events(one);
  EXPECT_FALSE(output->closed);
  sink->on_events(one);
  EXPECT_TRUE(output->closed);
}

}  // namespace
}  // namespace ks::store
