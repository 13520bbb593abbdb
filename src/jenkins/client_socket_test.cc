#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>

#include "http/server.h"
#include "jenkins/client.h"
#include "jenkins/event_stream.h"

// The client over a real socket. There is no Jenkins to be had for a test: the server here answers
// as the contract (engine-rest) says that one does. Against our own engine: rest_socket_test.cc of
// the engine.

namespace ks::jenkins {
namespace {

using namespace std::chrono_literals;
using http::Method;
using http::Request;
using http::Response;

const JobRef job{"demo", "build", ""};
const std::string blue = "/blue/rest/organizations/jenkins/pipelines/demo/pipelines/build";

struct JenkinsSocket : ::testing::Test {
  http::Router router;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::Client> transport;
  std::unique_ptr<Client> client;
  std::atomic<int> crumbs{0};

  void crumb_of_contract() {
    router.add(Method::get, "/crumbIssuer/api/json", [this](Request&) {
      ++crumbs;
      return Response::json(200,
                            R"({"_class":"hudson.security.csrf.DefaultCrumbIssuer","crumb":"c",)"
                            R"("crumbRequestField":"Jenkins-Crumb"})");
    });
  }
  void start(std::chrono::milliseconds timeout = 10s) {
    auto started = http::Server::start({}, router);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server = std::move(*started);
    connect(server->url(), timeout);
  }
  void connect(const std::string& url, std::chrono::milliseconds timeout = 10s) {
    auto made = http::socket_client(
        {.base_url = url, .username = "admin", .password = "token", .timeout = timeout});
    ASSERT_TRUE(made.ok()) << made.error().message;
    transport = std::move(*made);
    client = std::make_unique<Client>(*transport);
  }
};

TEST_F(JenkinsSocket, TakesARedirectAsASuccessAndDoesNotFollowIt) {
  std::atomic<int> followed{0}, deleted{0};
  crumb_of_contract();
  router.add(Method::post, "/job/demo/job/build/doDelete", [&](Request& request) {
    EXPECT_EQ(request.headers.get("Jenkins-Crumb"), "c");
    EXPECT_EQ(request.headers.get("Authorization"), "Basic YWRtaW46dG9rZW4=");
    ++deleted;
    Response out = Response::text(302, "");
    out.headers.set("Location", "/job/demo/");
    return out;
  });
  router.add(Method::get, "/job/demo/", [&](Request&) {
    ++followed;
    return Response::text(200, "");
  });
  start();
  const Result<> removed = client->remove_job(job);
  EXPECT_TRUE(removed.ok()) << removed.error().message;
  EXPECT_EQ(deleted, 1);
  EXPECT_EQ(followed, 0);
}

TEST_F(JenkinsSocket, AsksAgainWhileAServerStartsButActsOnce) {
  std::atomic<int> asked{0}, started{0};
  crumb_of_contract();
  router.add(Method::get, blue + "/runs/3/", [&](Request&) {
    if (++asked < 3)
      return Response::text(503, "<html>Please wait while Jenkins is starting</html>");
    return Response::json(200, R"({"id":"3","state":"RUNNING","result":"UNKNOWN"})");
  });
  router.add(Method::post, blue + "/runs/", [&](Request&) {
    ++started;
    return Response::text(503, "<html>");
  });
  start();
  const Result<jenkins::Run> run = client->run(job, "3");
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_EQ(run->state, "RUNNING");
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(client->start(job, {}, {}).error().code, Code::unavailable);
  EXPECT_EQ(started, 1);
}

TEST_F(JenkinsSocket, SaysWhenNobodyIsThere) {
  start();
  const std::string url = server->url();
  server.reset();
  connect(url);
  const Error error = client->run(job, "3").error();
  EXPECT_EQ(error.code, Code::unavailable);
  EXPECT_TRUE(error.message.starts_with("the engine does not answer: ")) << error.message;
}

TEST_F(JenkinsSocket, SaysWhenAnAnswerTakesTooLong) {
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  router.add(Method::get, blue + "/", [&](Request&) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return over; });
    return Response::json(200, "{}");
  });
  start(300ms);
  const Error error = client->pipeline(job).error();
  EXPECT_EQ(error.code, Code::timeout) << error.message;
  std::lock_guard lock(mutex);
  over = true;
  changed.notify_all();
}

TEST_F(JenkinsSocket, SaysWhatAHalfUpgradedServerIs) {
  router.add(Method::get, blue + "/runs/", [](Request&) {
    return Response::text(404, "<html><body><h2>HTTP ERROR 404 Not Found</h2></body></html>");
  });
  router.add(Method::get, blue + "/", [](Request&) {
    return Response::text(200, "<!DOCTYPE html><html>Jenkins is getting ready to work</html>");
  });
  start();
  const Error missing = client->runs(job).error();
  EXPECT_EQ(missing.code, Code::unavailable);
  EXPECT_TRUE(missing.message.contains("no Blue Ocean API")) << missing.message;
  const Error page = client->pipeline(job).error();
  EXPECT_EQ(page.code, Code::unavailable);
  EXPECT_TRUE(page.message.contains("with a page in the place of JSON")) << page.message;
}

TEST_F(JenkinsSocket, WithoutACrumbIssuerNoCrumbIsSent) {
  router.add(Method::post, "/job/demo/job/build/config.xml", [](Request& request) {
    return Response::text(request.headers.has("Jenkins-Crumb") ? 400 : 200, "");
  });
  start();
  EXPECT_TRUE(client->write_config(job, "<flow-definition/>").ok());
}

TEST_F(JenkinsSocket, FollowsEventsAndResumesAfterABreak) {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<http::Stream> stream;
  std::vector<std::string> after, seen;
  router.add(Method::get, kEventPath, [&](Request& request) {
    Response response = Response::text(200, "");
    response.headers.set("Content-Type", "text/event-stream");
    std::lock_guard lock(mutex);
    after.emplace_back(request.query.get("after"));
    response.stream = [&](std::shared_ptr<http::Stream> opened) {
      std::lock_guard inner(mutex);
      stream = std::move(opened);
      changed.notify_all();
    };
    return response;
  });
  start();
  const auto subscription = client->subscribe({.on_event =
                                                   [&](const Event& event) {
                                                     std::lock_guard lock(mutex);
                                                     seen.push_back(event.run);
                                                     changed.notify_all();
                                                   },
                                               .on_unsupported = {},
                                               .after = "",
                                               .first_retry = 1ms});
  const auto wait = [&](auto ready) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, ready);
  };
  const auto tell = [&](std::string id, std::string run) {
    stream->write(to_sse(
        {.id = id, .type = Event::Type::run, .job = job, .run = run, .key = "", .data = {}}));
  };
  ASSERT_TRUE(wait([&] { return stream != nullptr; }));
  tell("e-1", "1");
  ASSERT_TRUE(wait([&] { return seen.size() == 1; }));
  {
    std::lock_guard lock(mutex);
    std::exchange(stream, nullptr)->close();
  }
  ASSERT_TRUE(wait([&] { return stream != nullptr; }));
  tell("e-2", "2");
  ASSERT_TRUE(wait([&] { return seen.size() == 2; }));
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(after, (std::vector<std::string>{"", "e-1"}));
}

}  // namespace
}  // namespace ks::jenkins
