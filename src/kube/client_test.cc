#include "kube/client.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <future>

#include "kube/fake_api.h"

namespace ks::kube {
namespace {

json::value config_map(std::string_view name, std::string_view value) {
  return json::object{{"metadata", json::object{{"name", name}, {"namespace", "dev"}}},
                      {"data", json::object{{"key", value}}}};
}

struct Fixture : ::testing::Test {
  FakeApi api;
  Client client{api.transport()};
};
using KubeClient = Fixture;

TEST_F(KubeClient, WritesAndReadsObjects) {
  const json::value made = *client.create(config_maps(), config_map("a", "1"));
  EXPECT_EQ(kind_of(made), "ConfigMap");
  EXPECT_EQ(api_version_of(made), "v1");
  EXPECT_EQ(client.create(config_maps(), config_map("a", "1")).error().code, Code::already_exists);

  json::value got = *client.get(config_maps(), {"dev", "a"});
  set_at(got, {"data", "key"}, "2");
  EXPECT_TRUE(client.update(config_maps(), got).ok());
  EXPECT_EQ(client.update(config_maps(), got).error().code, Code::conflict);
  EXPECT_EQ(client.list(config_maps(), "dev")->items.size(), 1u);
  EXPECT_EQ(client.list(config_maps())->items.size(), 1u);

  EXPECT_TRUE(client.remove(config_maps(), {"dev", "a"}).ok());
  const Error missing = client.get(config_maps(), {"dev", "a"}).error();
  EXPECT_EQ(missing.code, Code::not_found);
  EXPECT_EQ(missing.message, "configmaps \"a\" not found");
}

TEST_F(KubeClient, ModifyTriesAgainWhenSomebodyWasQuicker) {
  ASSERT_TRUE(client.create(config_maps(), config_map("a", "1")).ok());
  api.conflict_next(3);
  int calls = 0;
  const auto changed = client.modify(config_maps(), {"dev", "a"}, [&](json::value& object) {
    ++calls;
    set_at(object, {"data", "key"}, "2");
    return true;
  });
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(text_at(*client.get(config_maps(), {"dev", "a"}), {"data", "key"}), "2");
}

TEST_F(KubeClient, ModifyGivesUpWhenItNeverWins) {
  ASSERT_TRUE(client.create(config_maps(), config_map("a", "1")).ok());
  api.conflict_next(1000);
  EXPECT_EQ(
      client.modify(config_maps(), {"dev", "a"}, [](json::value&) { return true; }).error().code,
      Code::conflict);
}

TEST_F(KubeClient, AWatchGivesEventsAndItsEnd) {
  std::promise<std::string> seen;
  std::promise<Result<>> end;
  Client::WatchHandler handler;
  handler.on_event = [&](WatchEvent event) { seen.set_value(std::string(name_of(event.object))); };
  handler.on_end = [&](Result<> result) { end.set_value(std::move(result)); };
  const auto reading = client.watch(config_maps(), "dev", {}, std::move(handler));
  while (api.watches() == 0) std::this_thread::yield();
  ASSERT_TRUE(client.create(config_maps(), config_map("a", "1")).ok());
  EXPECT_EQ(seen.get_future().get(), "a");
  api.end_watches();
  EXPECT_TRUE(end.get_future().get().ok());
}

TEST_F(KubeClient, AnExpiredWatchEndsAsGone) {
  std::promise<Result<>> end;
  Client::WatchHandler handler;
  handler.on_end = [&](Result<> result) { end.set_value(std::move(result)); };
  const auto reading = client.watch(config_maps(), "dev", {}, std::move(handler));
  while (api.watches() == 0) std::this_thread::yield();
  api.expire_watches();
  EXPECT_EQ(end.get_future().get().error().code, Code::gone);
}

TEST_F(KubeClient, AnAnswerThatIsNoKubernetesIsAnError) {
  http::Router router;
  router.add(http::Method::get, "/api/v1/configmaps",
             [](http::Request&) { return http::Response::text(200, "<html>"); });
  const auto transport = http::in_process_client(router, {});
  Client other(*transport);
  EXPECT_FALSE(other.list(config_maps()).ok());
  EXPECT_EQ(other.list(secrets()).error().code, Code::not_found);
}

/// Chunks may cut lines anywhere.
TEST(KubeWatch, PutsLinesTogetherFromAnyChunks) {
  http::Router router;
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += R"({"type":"ADDED","object":{"metadata":{"name":"n)" + std::to_string(i) + "\"}}}\n\n";
  }
  for (size_t size : {1u, 2u, 7u, 100u, 10'000u}) {
    http::Router one;
    one.add(http::Method::get, "/api/v1/configmaps", [&](http::Request&) {
      http::Response response;
      response.stream = [&](const std::shared_ptr<http::Stream>& stream) {
        for (size_t at = 0; at < text.size(); at += size) stream->write(text.substr(at, size));
        stream->close();
      };
      return response;
    });
    const auto transport = http::in_process_client(one, {});
    Client client(*transport);
    std::vector<std::string> names;
    std::promise<void> end;
    Client::WatchHandler handler;
    handler.on_event = [&](WatchEvent event) { names.emplace_back(name_of(event.object)); };
    handler.on_end = [&](const Result<>& result) {
      EXPECT_TRUE(result.ok());
      end.set_value();
    };
    const auto reading = client.watch(config_maps(), "", {}, std::move(handler));
    end.get_future().wait();
    ASSERT_EQ(names.size(), 20u) << size;
    EXPECT_EQ(names.back(), "n19");
  }
}

}  // namespace
}  // namespace ks::kube
