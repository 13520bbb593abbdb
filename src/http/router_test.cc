#include "http/router.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "http/client.h"

namespace ks::http {
namespace {

Handler says(const std::string& name) {
  return [name](Request& request) {
    std::string text = name;
    for (const auto& [key, value] : request.params) text += fmt::format(" {}={}", key, value);
    return Response::text(200, text);
  };
}

std::string answer(const Router& router, Method method, std::string_view target) {
  Request request = make_request(method, target);
  Response response = router.handle(request);
  return response.status == 200 ? std::string(response.body.view())
                                : std::to_string(response.status);
}

Router sample() {
  Router router;
  router.add(Method::get, "/a", says("a"));
  router.add(Method::get, "/a/{name}", says("named"));
  router.add(Method::get, "/a/special", says("special"));
  router.add(Method::post, "/a/{name}/runs/", says("runs"));
  router.add(Method::get, "/files/{path...}", says("file"));
  router.add_prefix("/api", says("api"));
  router.add_prefix("/api/v2", says("v2"));
  return router;
}

TEST(Router, TheMoreLiteralRouteWins) {
  const Router router = sample();
  EXPECT_EQ(answer(router, Method::get, "/a"), "a");
  EXPECT_EQ(answer(router, Method::get, "/a/special"), "special");
  EXPECT_EQ(answer(router, Method::get, "/a/x%20y"), "named name=x y");
  EXPECT_EQ(answer(router, Method::post, "/a/x/runs/"), "runs name=x");
  EXPECT_EQ(answer(router, Method::get, "/files/x/y.txt"), "file path=x/y.txt");
  EXPECT_EQ(answer(router, Method::get, "/api/v1/pods"), "api");
  EXPECT_EQ(answer(router, Method::get, "/api/v2"), "v2");
  EXPECT_EQ(answer(router, Method::get, "/apis"), "404");
}

TEST(Router, AnotherMethodIs405WithAllow) {
  const Router router = sample();
  Request request = make_request(Method::delete_, "/a/x");
  Response response = router.handle(request);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("allow"), "GET");
  EXPECT_EQ(answer(router, Method::head, "/a"), "a");
}

TEST(Router, FiltersWrapInOrderAndMayAnswerThemselves) {
  Router router = sample();
  router.add_filter([](Request& request, const Handler& next) {
    if (request.query.has("deny")) return Response::text(403, "no");
    Response response = next(request);
    response.headers.add("X-Outer", "1");
    return response;
  });
  Request request = make_request(Method::get, "/a");
  EXPECT_EQ(router.handle(request).headers.get("x-outer"), "1");
  EXPECT_EQ(answer(router, Method::get, "/a?deny=1"), "403");
}

TEST(Router, ASlashAfterANameIsPartOfThePattern) {
  Router router;
  router.add(Method::get, "/runs/{id}/",
             [](Request& r) { return Response::text(200, std::string(r.param("id"))); });
  auto with = make_request(Method::get, "/runs/7/"), without = make_request(Method::get, "/runs/7");
  EXPECT_EQ(router.handle(with).body.view(), "7");
  EXPECT_EQ(router.handle(without).status, 404);
}

TEST(InProcessClient, CallsCarryTheIdentity) {
  Router router;
  router.add(Method::get, "/me",
             [](Request& r) { return Response::text(200, r.user.name + " " + r.peer); });
  auto client = in_process_client(router, {.name = "controller"});
  EXPECT_EQ(client->send(make_request(Method::get, "/me"))->body.view(), "controller in-process");
}

TEST(InProcessClient, StreamsArriveInOrderAndEnd) {
  Router router;
  router.add(Method::get, "/stream", [](Request&) {
    Response response;
    response.stream = [](const std::shared_ptr<Stream>& stream) {
      for (int i = 0; i < 100; i++) stream->write(std::to_string(i) + ",");
      stream->close();
    };
    return response;
  });
  auto client = in_process_client(router, {});
  std::string seen, expected;
  for (int i = 0; i < 100; i++) expected += std::to_string(i) + ",";
  std::latch ended(1);
  auto reading =
      client->read(make_request(Method::get, "/stream"),
                   {.on_start = [](int status, const Headers&) { EXPECT_EQ(status, 200); },
                    .on_data = [&](std::string_view data) { seen += data; },
                    .on_end =
                        [&](const Result<>& result) {
                          EXPECT_TRUE(result.ok());
                          ended.count_down();
                        }});
  ended.wait();
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(client->send(make_request(Method::get, "/stream"))->body.view(), expected);
}

TEST(InProcessClient, TheWriterLearnsThatTheReaderLeft) {
  Router router;
  std::shared_ptr<Stream> kept;
  std::latch started(1);
  router.add(Method::get, "/stream", [&](Request&) {
    Response response;
    response.stream = [&](std::shared_ptr<Stream> stream) {
      kept = std::move(stream);
      started.count_down();
    };
    return response;
  });
  auto client = in_process_client(router, {});
  auto reading = client->read(make_request(Method::get, "/stream"), {});
  started.wait();
  EXPECT_TRUE(kept->write("x"));
  reading.reset();
  EXPECT_TRUE(kept->stop_token().stop_requested());
  EXPECT_FALSE(kept->write("y"));
}

}  // namespace
}  // namespace ks::http
