#include "engine/rest/jenkins_api.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <future>

#include "base/file.h"
#include "jenkins/client.h"
#include "jenkins/config_xml.h"

// The engine through the REST contract, as the controllers call it.

namespace ks::engine {
namespace {

using namespace std::chrono_literals;
const jenkins::JobRef kJob{"demo", "build", ""};

std::string config(std::string_view script, bool one_at_a_time = false) {
  json::value spec = json::object{{"type", "pipeline"},
                                  {"pipeline", json::object{{"name", "build"},
                                                            {"jenkinsfile", script},
                                                            {"disable_concurrent", one_at_a_time},
                                                            {"parameters", json::parse(R"([
                                  {"name":"who","type":"string","default_value":"world"},
                                  {"name":"loud","type":"boolean","default_value":"false"}])")}}}};
  return *jenkins::config_of(spec);
}

struct EngineRest : ::testing::Test {
  TempDir dir;
  http::Router router;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<JenkinsApi> api;
  std::unique_ptr<http::Client> transport;
  std::unique_ptr<jenkins::Client> client;

  void SetUp() override { open(); }
  void open() {
    close();
    Result<std::unique_ptr<Engine>> opened = Engine::open({.data_dir = dir.path()});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine = std::move(*opened);
    api = std::make_unique<JenkinsApi>(*engine);
    router = http::Router();
    api->add_routes(router);
    transport = http::in_process_client(router, {.name = "alice", .uid = {}, .groups = {}});
    client = std::make_unique<jenkins::Client>(*transport);
  }
  void close() {
    client.reset();
    transport.reset();
    api.reset();
    engine.reset();
  }

  void with_job(std::string_view script, bool one_at_a_time = false) {
    ASSERT_TRUE(client->create_folder("demo").ok());
    const Result<> made = client->create_job(kJob, config(script, one_at_a_time));
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  std::string start(const std::string& key = {},
                    const std::vector<jenkins::Parameter>& parameters = {}) {
    const Result<jenkins::Run> run = client->start(kJob, parameters, {.key = key, .user = "bob"});
    EXPECT_TRUE(run.ok()) << run.error().message;
    return run ? run->id : "";
  }
  /// Until the run is in that state, as events tell; fails after a while.
  jenkins::Run wait(const std::string& id, std::string_view state = "FINISHED") {
    std::mutex mutex;
    std::condition_variable changed;
    const auto watching = client->subscribe({.on_event =
                                                 [&](const jenkins::Event&) {
                                                   std::lock_guard lock(mutex);
                                                   changed.notify_all();
                                                 },
                                             .on_unsupported = {},
                                             .after = {}});
    std::unique_lock lock(mutex);
    jenkins::Run run;
    const bool seen = changed.wait_for(lock, 20s, [&] {
      const Result<jenkins::Run> now = client->run(kJob, id);
      if (now) run = *now;
      return run.state == state;
    });
    EXPECT_TRUE(seen) << "run " << id << " is " << run.state;
    return run;
  }
  std::string console(const std::string& id) { return client->log(kJob, id, 0)->text; }
};

TEST_F(EngineRest, RunsAPipeline) {
  with_job(R"(stage('one') { echo "hello ${params.who}"; echo "loud: ${params.loud == true}" }
              stage('two') { node { sh 'echo from the shell' } })");
  const std::string id = start("", {{"who", "ks"}, {"loud", "true"}});
  EXPECT_EQ(id, "1");
  const jenkins::Run run = wait(id);
  EXPECT_EQ(run.result, "SUCCESS") << console(id);
  EXPECT_TRUE(run.started && run.ended);
  EXPECT_EQ(text_at(run.causes.at(0), {"userId"}), "bob");
  EXPECT_TRUE(console(id).contains("hello ks"));
  EXPECT_TRUE(console(id).contains("loud: true"));

  const std::vector<jenkins::Node> nodes = *client->nodes(kJob, id, true);
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].name, "one");
  ASSERT_EQ(nodes[0].edges.size(), 1u);
  EXPECT_EQ(nodes[0].edges[0].id, nodes[1].id);
  ASSERT_EQ(nodes[0].steps.size(), 2u);
  EXPECT_EQ(nodes[0].steps[0].name, "Print Message");
  ASSERT_EQ(nodes[1].steps.size(), 1u);
  EXPECT_EQ(nodes[1].steps[0].name, "Shell Script");
  EXPECT_EQ(nodes[1].steps[0].state, "FINISHED");
  EXPECT_EQ(client->steps(kJob, id, nodes[0].id)->size(), 2u);
  EXPECT_EQ(client->runs(kJob)->size(), 1u);
  const jenkins::Pipeline pipeline = *client->pipeline(kJob);
  EXPECT_EQ(pipeline.parameters.size(), 2u);
  EXPECT_EQ(pipeline.weather_score, 100);
  EXPECT_GE(pipeline.estimated_ms, 0);
}

TEST_F(EngineRest, AKeyStartsOneRunAlsoAfterARestart) {
  with_job("echo 'x'");
  const std::string id = start("uid-1");
  EXPECT_EQ(start("uid-1"), id);
  wait(id);
  open();
  EXPECT_EQ(start("uid-1"), id);
  EXPECT_EQ(start("uid-2"), "2");
  EXPECT_EQ(wait("1").result, "SUCCESS");
}

TEST_F(EngineRest, ARunThatWaitsGoesOnAfterARestart) {
  with_job("echo 'before'\ninput id: 'Ok', message: 'Deploy?'\necho 'after'");
  const std::string id = start();
  wait(id, "PAUSED");
  open();
  const jenkins::Run run = wait(id, "PAUSED");
  EXPECT_EQ(run.result, "UNKNOWN");
  EXPECT_EQ(client->answer(kJob, id, "1", "1", {.id = "No", .proceed = true, .parameters = {}})
                .error()
                .code,
            Code::invalid);
  ASSERT_TRUE(
      client->answer(kJob, id, "1", "1", {.id = "Ok", .proceed = true, .parameters = {}}).ok());
  EXPECT_EQ(wait(id).result, "SUCCESS");
  const std::string text = console(id);
  EXPECT_TRUE(text.contains("after"));
  EXPECT_EQ(text.find("before"), text.rfind("before")) << "printed once";
}

TEST_F(EngineRest, AQuestionOutsideOfStagesIsFoundAndAnswered) {
  with_job("echo 'x'\ninput id: 'Ok', message: 'Deploy?'");
  const std::string id = start();
  wait(id, "PAUSED");
  EXPECT_TRUE(client->nodes(kJob, id, true)->empty());
  const std::vector<jenkins::Step> steps = *client->steps(kJob, id, "");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].state, "PAUSED");
  EXPECT_EQ(text_at(steps[1].input, {"message"}), "Deploy?");
  ASSERT_TRUE(
      client->answer(kJob, id, "", steps[1].id, {.id = "Ok", .proceed = true, .parameters = {}})
          .ok());
  EXPECT_EQ(wait(id).result, "SUCCESS");
}

TEST_F(EngineRest, ARestartShowsNoRunBeforeItHasCaughtUp) {
  // Its replay takes long enough that everybody below comes while it is under way.
  with_job(R"(stage('one') { echo 'a'; for (int i = 0; i < 400000; i++) { def x = i * 2 } }
              stage('two') { input id: 'Ok', message: 'Deploy?' }
              echo 'after')");
  const std::string id = start();
  wait(id, "PAUSED");
  const size_t bytes = console(id).size();
  for (int i = 0; i < 3; ++i) {
    open();
    std::vector<std::string> states;
    const auto token = engine->subscribe(0, [&](const EngineEvent& event) {
      if (event.type == EngineEvent::Type::run) states.push_back(std::to_string(int(event.state)));
    });
    ASSERT_TRUE(token.ok());
    EXPECT_EQ(client->run(kJob, id)->state, "PAUSED");
    EXPECT_EQ(client->nodes(kJob, id, true)->size(), 2u);
    for (const std::string& state : states) {
      EXPECT_EQ(state, std::to_string(int(RunState::paused)));
    }
    open();
    EXPECT_EQ(console(id).size(), bytes);
    open();
    EXPECT_EQ(client->runs(kJob)->at(0).state, "PAUSED");
  }
  open();
  ASSERT_TRUE(
      client->answer(kJob, id, "", "1", {.id = "Ok", .proceed = true, .parameters = {}}).ok());
  EXPECT_EQ(wait(id).result, "SUCCESS");
  const std::string second = start();
  wait(second, "PAUSED");
  open();
  ASSERT_TRUE(client->stop(kJob, second).ok());
  EXPECT_EQ(wait(second).result, "ABORTED");
}

TEST_F(EngineRest, APausedRunStandsStillAlsoOverARestart) {
  with_job(
      "input id: 'One', message: '1'\necho 'between'\nnode { sh 'echo from the shell' }\n"
      "echo 'last'");
  const std::string id = start();
  wait(id, "PAUSED");
  ASSERT_TRUE(client->hold(kJob, id, true).ok());
  EXPECT_EQ(client->run(kJob, id)->cause_of_blockage, "Paused by alice");
  const jenkins::Client::InputAnswer yes{.id = "One", .proceed = true, .parameters = {}};
  EXPECT_EQ(client->answer(kJob, id, "", "1", yes).error().code, Code::conflict);
  open();
  EXPECT_EQ(client->run(kJob, id)->cause_of_blockage, "Paused by alice");
  ASSERT_TRUE(client->hold(kJob, id, false).ok());
  ASSERT_TRUE(client->answer(kJob, id, "", "1", yes).ok());
  EXPECT_EQ(wait(id).result, "SUCCESS");
  EXPECT_EQ(client->hold(kJob, id, true).error().code, Code::conflict);

  // What ends meanwhile outside is acted upon when the run goes on.
  ASSERT_TRUE(
      client->write_config(kJob, config("node { sh 'sleep 0.3; echo slept' }\necho 'end'")).ok());
  const std::string second = start();
  wait(second, "RUNNING");
  ASSERT_TRUE(client->hold(kJob, second, true).ok());
  EXPECT_EQ(client->run(kJob, second)->state, "PAUSED");
  std::this_thread::sleep_for(600ms);
  EXPECT_EQ(client->run(kJob, second)->state, "PAUSED");
  open();
  EXPECT_EQ(client->run(kJob, second)->state, "PAUSED");
  ASSERT_TRUE(client->hold(kJob, second, false).ok());
  EXPECT_EQ(wait(second).result, "SUCCESS") << console(second);
  EXPECT_TRUE(console(second).contains("slept\n"));

  const std::string third = start();
  wait(third, "RUNNING");
  ASSERT_TRUE(client->hold(kJob, third, true).ok());
  ASSERT_TRUE(client->stop(kJob, third).ok());
  EXPECT_EQ(wait(third).result, "ABORTED");
}

TEST_F(EngineRest, OfTwoAnswersOneCounts) {
  with_job("input id: 'Ok', message: '?'");
  for (int i = 0; i < 20; ++i) {
    const std::string id = start();
    wait(id, "PAUSED");
    const jenkins::Client::InputAnswer yes{.id = "Ok", .proceed = true, .parameters = {}};
    auto other =
        std::async(std::launch::async, [&] { return client->answer(kJob, id, "", "1", yes).ok(); });
    const bool first = client->answer(kJob, id, "", "1", yes).ok();
    EXPECT_NE(first, other.get());
    EXPECT_EQ(wait(id).result, "SUCCESS");
  }
}

TEST_F(EngineRest, StopsARun) {
  with_job("node { sh 'sleep 600' }");
  const std::string id = start();
  wait(id, "RUNNING");
  ASSERT_TRUE(client->stop(kJob, id).ok());
  EXPECT_EQ(wait(id).result, "ABORTED");
}

TEST_F(EngineRest, OneAtATimeWaitsInTheQueue) {
  with_job("input id: 'Go', message: 'Go?'", true);
  start("a");
  start("b");
  start("c");
  wait("1", "PAUSED");
  const jenkins::Run second = *client->run(kJob, "2");
  EXPECT_EQ(second.state, "QUEUED");
  EXPECT_FALSE(second.cause_of_blockage.empty());
  ASSERT_TRUE(client->stop(kJob, "2").ok());
  EXPECT_EQ(wait("2").result, "ABORTED");
  open();
  EXPECT_EQ(client->run(kJob, "3")->state, "QUEUED");
  wait("1", "PAUSED");
  ASSERT_TRUE(
      client->answer(kJob, "1", "1", "1", {.id = "Go", .proceed = false, .parameters = {}}).ok());
  EXPECT_EQ(wait("1").result, "ABORTED");
  wait("3", "PAUSED");
}

TEST_F(EngineRest, RemovesRunsJobsAndFolders) {
  with_job("node { sh 'sleep 600' }");
  const std::string id = start();
  wait(id, "RUNNING");
  ASSERT_TRUE(client->remove_run(kJob, id).ok());
  EXPECT_EQ(client->run(kJob, id).error().code, Code::not_found);
  EXPECT_EQ(client->remove_run(kJob, id).error().code, Code::not_found);
  EXPECT_EQ(start(), "2") << "a number is not given twice";
  wait("2", "RUNNING");
  ASSERT_TRUE(client->remove_folder("demo").ok());
  EXPECT_FALSE(client->folder_exists("demo").value());
  EXPECT_EQ(client->remove_job(kJob).error().code, Code::not_found);
}

TEST_F(EngineRest, EchoesAConfigurationAsItWasWritten) {
  with_job("echo 'x'");
  const std::string before = *client->read_config(kJob);
  EXPECT_EQ(before, config("echo 'x'"));
  ASSERT_TRUE(client->write_config(kJob, config("echo 'y'")).ok());
  open();
  EXPECT_EQ(*client->read_config(kJob), config("echo 'y'"));
  EXPECT_FALSE(client->write_config(kJob, "<a>").ok());
  EXPECT_FALSE(client->create_job(kJob, config("echo 'z'")).ok());
  EXPECT_EQ(client->create_job({"none", "x", ""}, config("")).error().code, Code::not_found);
}

TEST_F(EngineRest, KeepsCredentialsAndShowsNoSecret) {
  ASSERT_TRUE(client->create_folder("demo").ok());
  const jenkins::Credential token{"token", jenkins::CredentialType::secret_text, "d", "", "s3cret",
                                  ""};
  ASSERT_TRUE(client->create_credential("demo", token).ok());
  EXPECT_FALSE(client->create_credential("demo", token).ok());
  open();
  EXPECT_TRUE(client->credential_exists("demo", "token").value());
  const auto shown = transport->send(http::make_request(
      http::Method::get, "/job/demo/credentials/store/folder/domain/_/credential/token/api/json"));
  EXPECT_FALSE(shown->body.view().contains("s3cret"));
  EXPECT_TRUE(client->update_credential("demo", token).ok());
  EXPECT_TRUE(client->remove_credential("demo", "token").ok());
  EXPECT_FALSE(client->credential_exists("demo", "token").value());
}

TEST_F(EngineRest, AFollowedLogComesWholeAndEnds) {
  with_job("for (int i = 0; i < 2000; i++) { echo \"line ${i}\" }");
  const std::string id = start();
  const auto whole = transport->send(http::make_request(
      http::Method::get, kJob.blue_path() + "/runs/" + id + "/log/?start=0&follow=true"));
  EXPECT_TRUE(whole->body.view().contains("line 0\n"));
  EXPECT_TRUE(whole->body.view().contains("line 1999\n"));
  EXPECT_TRUE(whole->body.view().ends_with("Finished: SUCCESS\n"));
  wait(id);
  EXPECT_EQ(console(id), whole->body.view());
}

TEST_F(EngineRest, EventsResumeWithoutGapOrDouble) {
  with_job("echo 'x'");
  std::vector<uint64_t> seen;
  const uint64_t from = engine->last_event();
  wait(start());
  auto token =
      engine->subscribe(from, [&](const EngineEvent& event) { seen.push_back(event.sequence); });
  ASSERT_TRUE(token.ok());
  ASSERT_GE(seen.size(), 3u);
  for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], from + i + 1);
  EXPECT_EQ(engine->subscribe(engine->last_event() + 1, {}).error().code, Code::gone);
}

TEST_F(EngineRest, BadRequestsAreRefused) {
  with_job("echo 'x'");
  auto post = [&](const std::string& path, std::string body) {
    return transport->send(http::make_request(http::Method::post, path, std::move(body)))->status;
  };
  EXPECT_EQ(post(kJob.blue_path() + "/runs/", "{"), 400);
  EXPECT_EQ(post(kJob.blue_path() + "/runs/", "[]"), 400);
  EXPECT_EQ(post(kJob.blue_path() + "/runs/", R"({"parameters":[{"name":"a"}]})"), 400);
  EXPECT_EQ(post("/createItem?name=x&mode=other", ""), 400);
  EXPECT_EQ(post("/createItem?mode=com.cloudbees.hudson.plugins.folder.Folder", ""), 400);
  EXPECT_EQ(client->run(kJob, "99").error().code, Code::not_found);
  EXPECT_EQ(client->run(kJob, "x").error().code, Code::not_found);
  EXPECT_EQ(client->run({"no", "no", ""}, "1").error().code, Code::not_found);
}

TEST_F(EngineRest, AWebhookOfSonarQubeIsHeard) {
  auto send = [&](std::string_view path, std::string body) {
    return transport
        ->send(http::make_request(http::Method::post, path, http::Body(std::move(body))))
        .value()
        .status;
  };
  const std::string body = R"({"taskId": "T1", "status": "SUCCESS"})";
  EXPECT_EQ(send("/sonarqube-webhook/", body), 200);
  EXPECT_EQ(send("/sonarqube-webhook", body), 200);
  EXPECT_EQ(send("/sonarqube-webhook/", R"({"status": "SUCCESS"})"), 400);
  EXPECT_EQ(send("/sonarqube-webhook/", "<xml/>"), 400);
  EXPECT_EQ(send("/sonarqube-webhook/", std::string((1 << 20) + 1, ' ')), 413);
}

}  // namespace
}  // namespace ks::engine
