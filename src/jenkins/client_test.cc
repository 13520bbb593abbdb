#include "jenkins/client.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <condition_variable>

#include "jenkins/event_stream.h"

namespace ks::jenkins {
namespace {

using namespace std::chrono_literals;

const JobRef job{"demo", "build", ""};
const std::string blue = "/blue/rest/organizations/jenkins/pipelines/demo/pipelines/build";

struct JenkinsClient : ::testing::Test {
  http::Router router;
  std::unique_ptr<http::Client> transport = http::in_process_client(router, {});
  Client client{*transport};

  void answer(http::Method method, std::string_view path, int status, const std::string& body) {
    router.add(method, path,
               [status, body](http::Request&) { return http::Response::json(status, body); });
  }
};

TEST(JobRefs, EncodeTheirNames) {
  const JobRef branch{"p", "a b", "feat%2Fx"};
  EXPECT_EQ(branch.core_path(), "/job/p/job/a%20b/job/feat%252Fx");
  EXPECT_EQ(branch.blue_path(),
            "/blue/rest/organizations/jenkins/pipelines/p/pipelines/a%20b/branches/feat%252Fx");
}

TEST(BlueTimes, GoBothWays) {
  const WallTime time = *parse_rfc3339("2026-01-02T03:04:05.678Z");
  EXPECT_EQ(format_blue_time(time), "2026-01-02T03:04:05.678+0000");
  EXPECT_EQ(parse_blue_time("2026-01-02T03:04:05.678+0000"), time);
  EXPECT_EQ(parse_blue_time("2026-01-02T05:04:05.678+0200"), time);
  EXPECT_EQ(parse_blue_time("2026-01-02T03:04:05.678Z"), time);
  EXPECT_EQ(parse_blue_time("yesterday"), std::nullopt);
  EXPECT_EQ(parse_blue_time(""), std::nullopt);
}

TEST(BlueObjects, SurviveTheWire) {
  jenkins::Run run;
  run.id = "3";
  run.pipeline = "build";
  run.state = "FINISHED";
  run.result = "FAILURE";
  run.started = parse_blue_time("2026-01-02T03:04:05.678+0000");
  run.causes.push_back(json::object{{"shortDescription", "Started by user alice"}});
  const jenkins::Run same = run_from_blue(to_blue(run, "/x/"));
  EXPECT_EQ(to_json(to_blue(same, "/x/")), to_json(to_blue(run, "/x/")));
  EXPECT_EQ(same.started, run.started);
  EXPECT_EQ(same.ended, std::nullopt);

  Node node;
  node.id = "6";
  node.name = "Build";
  node.state = "FINISHED";
  node.edges.push_back({"9", "STAGE"});
  EXPECT_EQ(to_json(to_blue(node_from_blue(to_blue(node, "/n/")), "/n/")),
            to_json(to_blue(node, "/n/")));
  Step step;
  step.id = "7";
  step.name = "Shell Script";
  step.has_log = true;
  EXPECT_TRUE(step_from_blue(to_blue(step, "/s/")).has_log);
}

TEST(Credentials, SurviveTheirForm) {
  for (CredentialType type : {CredentialType::username_password, CredentialType::ssh_key,
                              CredentialType::secret_text, CredentialType::kubeconfig}) {
    Credential sent{"id", type, "", "", "s3cret", ""};
    const Result<Credential> got = credential_from_form(to_form(sent));
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->type, type);
    EXPECT_EQ(got->secret, "s3cret");
  }
  EXPECT_FALSE(credential_from_form(json::parse(R"({"id":"x","stapler-class":"?"})")).ok());
}

TEST_F(JenkinsClient, StartsARunWithItsKey) {
  std::string seen;
  router.add(http::Method::post, blue + "/runs/", [&](http::Request& request) {
    seen = request.body.view();
    return http::Response::json(200, R"({"id":7,"state":"QUEUED","queueId":"5"})");
  });
  const Result<jenkins::Run> run = client.start(job, {{"a", "1"}}, {.key = "uid", .user = "alice"});
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_EQ(run->id, "7");
  EXPECT_EQ(seen, R"({"parameters":[{"name":"a","value":"1"}],"key":"uid","user":"alice"})");
}

TEST_F(JenkinsClient, SendsACrumbAndFetchesANewOneWhenItIsRefused) {
  std::atomic<int> issued{0};
  router.add(http::Method::get, "/crumbIssuer/api/json", [&](http::Request&) {
    return http::Response::json(200, R"({"crumbRequestField":"Jenkins-Crumb","crumb":"c)" +
                                         std::to_string(++issued) + "\"}");
  });
  router.add(http::Method::post, "/job/demo/job/build/3/doDelete", [](http::Request& request) {
    return http::Response::text(request.headers.get("Jenkins-Crumb") == "c2" ? 302 : 403, "");
  });
  EXPECT_TRUE(client.remove_run(job, "3").ok());
  EXPECT_TRUE(client.remove_run(job, "3").ok());
  EXPECT_EQ(issued, 2);
}

TEST_F(JenkinsClient, TellsFailuresApart) {
  answer(http::Method::get, "/job/a/api/json", 500, "<html>");
  answer(http::Method::post, blue + "/runs/", 400, R"({"message":"a is required","code":400})");
  EXPECT_EQ(client.folder_exists("none").value(), false);
  EXPECT_EQ(client.folder_exists("a").error().message, "unexpected status code: 500");
  EXPECT_EQ(client.run(job, "9").error().code, Code::not_found);
  const Error bad = client.start(job, {}, {}).error();
  EXPECT_EQ(bad.code, Code::invalid);
  EXPECT_EQ(bad.message, "bad request, code 400: a is required");
}

TEST_F(JenkinsClient, ReadsStepsOfAJenkinsThatDoesNotSendThemWithTheNodes) {
  answer(http::Method::get, blue + "/runs/3/nodes/", 200,
         R"([{"id":"6","displayName":"Build","state":"RUNNING"}])");
  answer(http::Method::get, blue + "/runs/3/nodes/6/steps/", 200,
         R"([{"id":"8","displayName":"Print Message"}])");
  const auto nodes = client.nodes(job, "3", true);
  ASSERT_TRUE(nodes.ok()) << nodes.error().message;
  ASSERT_EQ(nodes->size(), 1u);
  ASSERT_EQ((*nodes)[0].steps.size(), 1u);
  EXPECT_EQ((*nodes)[0].steps[0].name, "Print Message");
}

/// An engine's event stream under the test's control.
struct EventServer : JenkinsClient {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<http::Stream> stream;
  std::vector<std::string> after;
  std::vector<std::string> seen;

  void serve() {
    router.add(http::Method::get, kEventPath, [this](http::Request& request) {
      http::Response response;
      std::lock_guard lock(mutex);
      after.emplace_back(request.query.get("after"));
      response.stream = [this](std::shared_ptr<http::Stream> s) {
        std::lock_guard inner(mutex);
        stream = std::move(s);
        changed.notify_all();
      };
      return response;
    });
  }
  std::unique_ptr<Subscription> subscribe() {
    return client.subscribe({.on_event =
                                 [this](const Event& event) {
                                   std::lock_guard lock(mutex);
                                   seen.push_back(event.run.empty() ? event.id : event.run);
                                   changed.notify_all();
                                 },
                             .on_unsupported =
                                 [this] {
                                   std::lock_guard lock(mutex);
                                   seen.emplace_back("unsupported");
                                   changed.notify_all();
                                 },
                             .after = "",
                             .first_retry = 1ms});
  }
  bool wait(std::function<bool()> ready) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 5s, std::move(ready));
  }
};

TEST_F(EventServer, ResumesAfterTheLastEvent) {
  serve();
  const auto subscription = subscribe();
  ASSERT_TRUE(wait([&] { return stream != nullptr; }));
  stream->write(to_sse(
      {.id = "41", .type = Event::Type::reset, .job = {}, .run = {}, .key = {}, .data = {}}));
  stream->write(to_sse(
      {.id = "42", .type = Event::Type::run, .job = job, .run = "3", .key = "uid", .data = {}}));
  ASSERT_TRUE(wait([&] { return seen.size() == 2; }));
  EXPECT_EQ(seen, (std::vector<std::string>{"41", "3"}));
  {
    std::lock_guard lock(mutex);
    std::exchange(stream, nullptr)->close();
  }
  ASSERT_TRUE(wait([&] { return stream != nullptr; }));
  EXPECT_EQ(after, (std::vector<std::string>{"", "42"}));
}

TEST_F(EventServer, SaysWhenTheServerCannotPush) {
  const auto subscription = subscribe();
  ASSERT_TRUE(wait([&] { return seen.size() == 1; }));
  EXPECT_EQ(seen[0], "unsupported");
}

TEST(EventDecoder, TakesAnyChunksAndIgnoresWhatItDoesNotKnow) {
  std::string text = ": comment\r\n\r\nevent: future\ndata: {}\n\n";
  text += to_sse({.id = "1",
                  .type = Event::Type::node,
                  .job = job,
                  .run = "2",
                  .key = "k",
                  .data = json::object{{"id", "6"}}});
  text += "event: run\ndata: not json\n\n";
  for (size_t size : {1u, 3u, 1'000u}) {
    std::vector<Event> events;
    EventDecoder decoder([&](const Event& event) { events.push_back(event); });
    for (size_t at = 0; at < text.size(); at += size)
      decoder.data(std::string_view(text).substr(at, size));
    ASSERT_EQ(events.size(), 1u) << size;
    EXPECT_EQ(events[0].job, job);
    EXPECT_EQ(events[0].key, "k");
    EXPECT_EQ(text_at(events[0].data, {"id"}), "6");
  }
}

}  // namespace
}  // namespace ks::jenkins
