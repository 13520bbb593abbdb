#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/random.h"
#include "base/text.h"
#include "devops/kapis/kapis.h"
#include "devops/kapis/webhook/deliveries.h"
#include "devops/kapis/webhook/signature.h"
#include "devops/kapis/webhook/targets.h"
#include "http/client.h"
#include "kube/fake_api.h"

namespace ks::devops::kapis {
namespace {

using http::Method;

http::Request hook(std::string body, http::Headers headers, std::string_view target = "/") {
  return http::make_request(Method::post, target, std::move(body), std::move(headers));
}

Result<> verify(const http::Request& request, std::string_view secret,
                const Clock& clock = system_clock()) {
  return verify_webhook(scm_sender(request), request, secret, clock);
}

TEST(WebhookSignature, GitHubsOwnExampleFits) {
  // The values of GitHub's documentation.
  const std::string right =
      "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const auto request = [](std::string signature) {
    return hook("Hello, World!",
                {{"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", std::move(signature)}});
  };
  const std::string_view secret = "It's a Secret to Everybody";
  EXPECT_TRUE(verify(request(right), secret).ok());
  for (std::string wrong : {right.substr(0, 70), right.substr(7), "sha1=" + right.substr(7),
                            "sha256=" + std::string(64, '0'), std::string()}) {
    const Result<> refused = verify(request(wrong), secret);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_EQ(refused.error().code, Code::unauthenticated);
  }
  EXPECT_FALSE(verify(request(right), "another").ok());
  EXPECT_FALSE(verify(request(right), "").ok()) << "an empty secret is none";
}

TEST(WebhookSignature, EachServerProvesItInItsWay) {
  const std::string hmac = hex_encode(hmac_sha256("s", "{}"));
  EXPECT_TRUE(
      verify(hook("{}", {{"X-Gitlab-Event", "Push Hook"}, {"X-Gitlab-Token", "s"}}), "s").ok());
  EXPECT_FALSE(
      verify(hook("{}", {{"X-Gitlab-Event", "Push Hook"}, {"X-Gitlab-Token", "t"}}), "s").ok());
  EXPECT_TRUE(verify(hook("{}", {{"X-Gitea-Event", "push"},
                                 {"X-GitHub-Event", "push"},
                                 {"X-Gitea-Signature", hmac}}),
                     "s")
                  .ok());
  EXPECT_TRUE(verify(hook("{}", {{"X-Gogs-Event", "push"}, {"X-Gogs-Signature", hmac}}), "s").ok());
  EXPECT_TRUE(
      verify(hook("{}", {{"X-Event-Key", "repo:push"}, {"X-Hub-Signature", "sha256=" + hmac}}), "s")
          .ok());
  EXPECT_TRUE(verify(hook("{}", {}, "/?token=s"), "s").ok());
  EXPECT_FALSE(verify(hook("{}", {}, "/?token=S"), "s").ok());
  EXPECT_FALSE(verify(hook("{}", {}), "s").ok());
}

TEST(WebhookSignature, GiteesSignedTimeGetsOld) {
  ManualClock clock;
  const std::string now = std::to_string(clock.now().time_since_epoch().count());
  const std::string token = base64_encode(hmac_sha256("s", now + "\ns"));
  const http::Request request = hook("{}", {{"X-Gitee-Event", "Push Hook"},
                                            {"X-Gitee-Timestamp", now},
                                            {"X-Gitee-Token", percent_encode(token)}});
  EXPECT_TRUE(verify(request, "s", clock).ok());
  EXPECT_FALSE(verify(request, "t", clock).ok());
  clock.advance(std::chrono::hours(2));
  EXPECT_FALSE(verify(request, "s", clock).ok());
  EXPECT_TRUE(
      verify(hook("{}", {{"X-Gitee-Event", "x"}, {"X-Gitee-Token", "s"}}), "s", clock).ok());
}

TEST(WebhookSignature, AnotherNumberMakesNoDeliveryNew) {
  for (const auto& [event, number] : {std::pair{"X-GitHub-Event", "X-GitHub-Delivery"},
                                      {"X-Gitlab-Event", "X-Gitlab-Event-UUID"},
                                      {"X-Gitee-Event", "X-Gitee-Timestamp"}}) {
    const auto key = [&](std::string body, const char* value) {
      const http::Request request = hook(std::move(body), {{event, "push"}, {number, value}});
      return delivery_key(scm_sender(request), request);
    };
    EXPECT_NE(key("{}", "1"), "") << event;
    EXPECT_EQ(key("{}", "1"), key("{}", "2")) << event;
    EXPECT_NE(key("{}", "1"), key("[]", "1")) << event;
  }
}

TEST(WebhookEvent, RepositoriesHaveOneNameInAllSpellings) {
  for (const char* url : {"https://git.example.org/a/b.git", "http://bob@Git.example.org/a/b",
                          "git@git.example.org:a/b.git", "ssh://git@git.example.org:2222/a/b.git",
                          "https://git.example.org:443/a/b/"}) {
    EXPECT_EQ(repository_name(url), "git.example.org/a/b") << url;
  }
  EXPECT_EQ(repository_name("http://h:8080/a"), "h:8080/a");
  for (const char* url : {"", "x", "https://h", "https://h/", "/srv/x", "a/b:c"}) {
    EXPECT_EQ(repository_name(url), "") << url;
  }
}

ScmEvent event_of(http::Headers headers, std::string_view payload) {
  const http::Request request = hook(std::string(payload), std::move(headers));
  const auto sender = scm_sender(request);
  EXPECT_TRUE(sender.has_value());
  return read_scm_event(*sender, request).value_or(ScmEvent());
}

TEST(WebhookEvent, PushesOfEachServerAreRead) {
  using Kind = ScmEvent::Kind;
  const ScmEvent github = event_of({{"X-GitHub-Event", "push"}},
                                   R"({"ref":"refs/heads/main","after":"1","repository":{
      "html_url":"https://github.com/a/b","clone_url":"https://github.com/a/b.git","ssh_url":"git@github.com:a/b.git"}})");
  EXPECT_EQ(github.kind, Kind::push);
  EXPECT_EQ(github.refs, std::vector<std::string>{"refs/heads/main"});
  EXPECT_EQ(github.urls.size(), 3u);
  const ScmEvent gitlab =
      event_of({{"X-Gitlab-Event", "Tag Push Hook"}},
               R"({"ref":"refs/tags/v1","after":"1","project":{"web_url":"https://g/a/b"}})");
  EXPECT_EQ(gitlab.refs, std::vector<std::string>{"refs/tags/v1"});
  EXPECT_EQ(gitlab.urls, std::vector<std::string>{"https://g/a/b"});
  const ScmEvent cloud =
      event_of({{"X-Event-Key", "repo:push"}},
               R"({"push":{"changes":[{"new":{"type":"branch","name":"x"}},{"new":null}]},
      "repository":{"links":{"html":{"href":"https://bitbucket.org/a/b"}}}})");
  EXPECT_EQ(cloud.refs, std::vector<std::string>{"refs/heads/x"});
  const ScmEvent server = event_of({{"X-Event-Key", "repo:refs_changed"}},
                                   R"({"changes":[{"ref":{"id":"refs/heads/y"},"toHash":"1"}],
      "repository":{"links":{"clone":[{"href":"ssh://git@h:7999/a/b.git"},{"href":"https://h/scm/a/b.git"}]}}})");
  EXPECT_EQ(server.refs, std::vector<std::string>{"refs/heads/y"});
  EXPECT_EQ(server.urls.size(), 2u);
  const ScmEvent gone = event_of({{"X-GitHub-Event", "push"}},
                                 R"({"ref":"refs/heads/main","after":"000000","repository":{}})");
  EXPECT_EQ(gone.kind, Kind::change) << "there is nothing to build";
  EXPECT_EQ(event_of({{"X-GitHub-Event", "ping"}}, "{}").kind, Kind::other);
  EXPECT_EQ(event_of({{"X-GitHub-Event", "pull_request"}}, "{}").kind, Kind::change);
}

TEST(WebhookTargets, PipelinesNameTheirRepositoryAndRefs) {
  const json::value multi =
      json::parse(R"({"spec":{"type":"multi-branch-pipeline","multi_branch_pipeline":{
      "github_source":{"owner":"a","repo":"b"}}}})");
  EXPECT_EQ(repositories_of(multi).front(), "github.com/a/b");
  const json::value enterprise =
      json::parse(R"({"spec":{"type":"multi-branch-pipeline","multi_branch_pipeline":{
      "github_source":{"owner":"a","repo":"b","api_uri":"https://ghe.local/api/v3"}}}})");
  EXPECT_EQ(repositories_of(enterprise).front(), "ghe.local/a/b");
  const auto wants = [](std::string_view patterns, std::string ref) {
    const json::value pipeline{
        {"metadata", {{"annotations", {{"scm.devops.kubesphere.io/ref", patterns}}}}}};
    return wants_ref(pipeline, {std::move(ref)});
  };
  EXPECT_TRUE(wants(R"(["^refs/heads/main$","v\\d"])", "refs/tags/v12"));
  EXPECT_FALSE(wants(R"(["^refs/heads/main$"])", "refs/heads/main2"));
  EXPECT_FALSE(wants(R"(["("])", "refs/heads/main")) << "no expression fits nothing";
  EXPECT_FALSE(wants("no list", "refs/heads/main"));
  EXPECT_FALSE(wants(R"(["^(a+)+$"])", std::string(200, 'a') + "b")) << "and it ends";
  EXPECT_TRUE(wants_ref(json::object(), {"x"}));
}

TEST(Deliveries, EachIsTakenOnceForADay) {
  ManualClock clock;
  Deliveries deliveries(clock);
  EXPECT_TRUE(deliveries.take("a"));
  EXPECT_FALSE(deliveries.take("a"));
  deliveries.forget("a");
  EXPECT_TRUE(deliveries.take("a")) << "what failed may come again";
  EXPECT_TRUE(deliveries.take(""));
  EXPECT_TRUE(deliveries.take(""));
  clock.advance(std::chrono::hours(25));
  EXPECT_TRUE(deliveries.take("a"));
  for (size_t i = 0; i <= Deliveries::kMost; ++i) deliveries.take(std::to_string(i));
  EXPECT_TRUE(deliveries.take("a")) << "the oldest makes room";
}

// A stand-in for the engine: the scan itself has its own tests.
TEST(Webhooks, AMultiBranchPipelineIsScanned) {
  kube::FakeApi api;
  std::vector<std::string> asked;
  bool fails = true;
  http::Router engine;
  engine.add(Method::post, "/job/{p}/job/{j}/build", [&](http::Request& request) {
    asked.push_back(request.raw_path + "?" + request.query.encode());
    return http::Response::text(fails ? 500 : 302, "");
  });
  const std::unique_ptr<http::Client> jenkins =
      http::in_process_client(engine, {.name = "admin", .uid = {}, .groups = {}});
  kube::Client kube{api.transport()};
  ASSERT_TRUE(kube.create({"devops.kubesphere.io", "v1alpha3", "pipelines", "Pipeline", true},
                          json::parse(R"({"metadata":{"name":"m","namespace":"demo"},
      "spec":{"type":"multi-branch-pipeline","multi_branch_pipeline":{"git_source":{"url":"https://h/a/b.git"}}}})"))
                  .ok());
  KapisOptions options;
  options.webhook_secret = "s";
  Kapis kapis(api.transport(), *jenkins, options);
  http::Router router;
  kapis.add_routes(router);
  const auto send = [&](const char* event) {
    const std::string body =
        R"({"ref":"refs/heads/x","after":"1","repository":{"html_url":"https://h/a/b"}})";
    http::Request request =
        hook(body,
             {{"Content-Type", "application/json"},
              {"X-GitHub-Event", event},
              {"X-Hub-Signature-256", "sha256=" + hex_encode(hmac_sha256("s", body))}},
             "/kapis/devops.kubesphere.io/v1alpha3/webhooks/scm");
    return router.handle(request).status;
  };
  EXPECT_EQ(send("push"), 503) << "the engine failed";
  fails = false;
  EXPECT_EQ(send("push"), 200) << "what failed may be sent again";
  EXPECT_EQ(send("push"), 400) << "what was done may not";
  EXPECT_EQ(asked, (std::vector<std::string>(2, "/job/demo/job/m/build?delay=0")));
}

// The same stand-in.
TEST(Webhooks, OnePipelineThatFailsDoesNotHoldUpTheOthers) {
  kube::FakeApi api;
  bool fails = true;
  http::Router engine;
  engine.add(Method::post, "/job/{p}/job/{j}/build",
             [&](http::Request&) { return http::Response::text(fails ? 500 : 302, ""); });
  const std::unique_ptr<http::Client> jenkins =
      http::in_process_client(engine, {.name = "admin", .uid = {}, .groups = {}});
  kube::Client kube{api.transport()};
  const kube::Resource pipelines{"devops.kubesphere.io", "v1alpha3", "pipelines", "Pipeline", true};
  const kube::Resource runs{"devops.kubesphere.io", "v1alpha3", "pipelineruns", "PipelineRun",
                            true};
  ASSERT_TRUE(kube.create(pipelines, json::parse(R"({"metadata":{"name":"a","namespace":"demo"},
      "spec":{"type":"multi-branch-pipeline","multi_branch_pipeline":{"git_source":{"url":"https://h/a/b.git"}}}})"))
                  .ok());
  // Two whose names begin alike for longer than a run's name takes of them.
  const std::string alike(52, 'b');
  for (const std::string& name : {alike + "1", alike + "2"}) {
    json::value plain = json::parse(R"({"metadata":{"namespace":"demo","annotations":{
        "scm.devops.kubesphere.io":"https://h/a/b"}},"spec":{"type":"pipeline","pipeline":{}}})");
    plain.at("metadata").as_object()["name"] = name;
    ASSERT_TRUE(kube.create(pipelines, plain).ok());
  }
  KapisOptions options;
  options.webhook_secret = "s";
  std::optional<Kapis> kapis;
  std::optional<http::Router> router;
  const auto restart = [&] {
    router.emplace();
    kapis.emplace(api.transport(), *jenkins, options);
    kapis->add_routes(*router);
  };
  const auto send = [&] {
    const std::string body =
        R"({"ref":"refs/heads/x","after":"1","repository":{"html_url":"https://h/a/b"}})";
    http::Request request =
        hook(body,
             {{"Content-Type", "application/json"},
              {"X-GitHub-Event", "push"},
              {"X-Hub-Signature-256", "sha256=" + hex_encode(hmac_sha256("s", body))}},
             "/kapis/devops.kubesphere.io/v1alpha3/webhooks/scm");
    return router->handle(request).status;
  };
  const auto count = [&] { return kube.list(runs, "demo").value().items.size(); };
  restart();
  EXPECT_EQ(send(), 503) << "the scan failed";
  EXPECT_EQ(count(), 2u) << "the others run";
  fails = false;
  EXPECT_EQ(send(), 200) << "only the scan was left";
  EXPECT_EQ(send(), 400);
  ASSERT_TRUE(kube.remove(pipelines, {"demo", "a"}).ok());
  restart();
  EXPECT_EQ(send(), 400) << "the names of the runs tell";
  EXPECT_EQ(count(), 2u);
}

}  // namespace
}  // namespace ks::devops::kapis
