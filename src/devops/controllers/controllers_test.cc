#include "devops/controllers/controllers.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "base/text.h"
#include "devops/controllers/hash.h"
#include "devops/controllers/keys.h"
#include "devops/controllers/testing/fake_engine.h"
#include "jenkins/config_xml.h"
#include "kube/fake_api.h"

// The controllers against stand-ins for both servers, which can be told to fail where real ones do.

namespace ks::devops {
namespace {

using namespace std::chrono_literals;
using testing::FakeEngine;

json::value project(std::string_view name) {
  return json::object{
      {"metadata",
       json::object{{"name", name}, {"annotations", json::object{{kCreator, "alice"}}}}},
      {"spec", json::object()}};
}

json::value pipeline(std::string_view name, std::string_view script = "echo 1") {
  return json::object{
      {"metadata", json::object{{"name", name}, {"namespace", "demo"}}},
      {"spec", json::object{{"type", "pipeline"},
                            {"pipeline", json::object{{"name", name}, {"jenkinsfile", script}}}}}};
}

json::value bare_run(std::string_view name, std::string_view of) {
  return json::object{
      {"metadata", json::object{{"name", name}, {"namespace", "demo"}}},
      {"spec", json::object{{"pipelineRef", json::object{{"name", of}}},
                            {"parameters", json::parse(R"([{"name":"a","value":"1"}])")}}}};
}

/// What a clock cannot tell: waits for what must come, and fails when it does not.
bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 2'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

struct ControllersTest : ::testing::Test {
  explicit ControllersTest(bool pushes = true) : engine(pushes) {}

  kube::FakeApi api;
  FakeEngine engine;
  kube::Client kube{api.transport()};
  jenkins::Client jenkins{engine.transport()};
  std::unique_ptr<Controllers> controllers;

  void start() {
    controllers.reset();
    controllers = std::make_unique<Controllers>(kube, jenkins, Controllers::Options{});
    ASSERT_TRUE(controllers->start().ok());
  }
  void create(const kube::Resource& resource, const json::value& object) {
    const Result<json::value> made = kube.create(resource, object);
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  json::value get(const kube::Resource& resource, std::string_view space, std::string_view name) {
    return kube.get(resource, {std::string(space), std::string(name)}).value_or(json::value());
  }
  json::value run(std::string_view name) { return get(pipeline_runs(), "demo", name); }
  /// A project with a pipeline that is in the engine.
  void with_pipeline() {
    start();
    create(devops_projects(), project("demo"));
    create(pipelines(), pipeline("build"));
    ASSERT_TRUE(eventually([&] {
      return kube::annotation(get(pipelines(), "demo", "build"), pipeline::kSyncStatus) ==
             kSuccessful;
    }));
  }
};

TEST_F(ControllersTest, AProjectGetsItsNamespaceAndFolder) {
  start();
  create(devops_projects(), project("demo"));
  ASSERT_TRUE(eventually([&] {
    return kube::annotation(get(devops_projects(), "", "demo"), project::kSyncStatus) ==
           kSuccessful;
  }));
  const json::value made = get(devops_projects(), "", "demo");
  EXPECT_EQ(text_at(made, {"status", "adminNamespace"}), "demo");
  EXPECT_TRUE(kube::has_finalizer(made, project::kFinalizer));
  const json::value space = get(kube::namespaces(), "", "demo");
  EXPECT_EQ(kube::label(space, project::kLabel), "demo");
  EXPECT_EQ(kube::annotation(space, kCreator), "alice");
  ASSERT_NE(kube::controller_of(space), nullptr);
  EXPECT_TRUE(engine.look([](FakeEngine& e) { return e.folders().contains("demo"); }));

  ASSERT_TRUE(kube.remove(devops_projects(), {"", "demo"}).ok());
  EXPECT_TRUE(eventually([&] { return get(devops_projects(), "", "demo").is_null(); }));
  EXPECT_FALSE(engine.look([](FakeEngine& e) { return e.folders().contains("demo"); }));
}

TEST_F(ControllersTest, AProjectAdoptsANamespaceThatIsMarkedAsIts) {
  start();
  create(kube::namespaces(),
         json::parse(
             R"({"metadata":{"name":"odd","labels":{"kubesphere.io/devopsproject":"demo"}}})"));
  create(devops_projects(), project("demo"));
  ASSERT_TRUE(eventually([&] {
    return text_at(get(devops_projects(), "", "demo"), {"status", "adminNamespace"}) == "odd";
  }));
  EXPECT_TRUE(eventually([&] {
    return kube::is_owned_by(get(kube::namespaces(), "", "odd"), "DevOpsProject", "demo");
  }));
}

TEST_F(ControllersTest, APipelineIsPushedOnceAndAgainWhenItChanges) {
  with_pipeline();
  auto script = [&] {
    const std::string config = engine.look([](FakeEngine& e) { return e.jobs().at("demo/build"); });
    return std::string(text_at(*jenkins::spec_of(config), {"pipeline", "jenkinsfile"}));
  };
  EXPECT_EQ(script(), "echo 1");
  EXPECT_EQ(engine.look([](FakeEngine& e) { return e.config_writes(); }), 0);

  json::value changed = get(pipelines(), "demo", "build");
  set_at(changed, {"spec", "pipeline", "jenkinsfile"}, "echo 2");
  ASSERT_TRUE(kube.modify(pipelines(), {"demo", "build"},
                          [&](json::value& object) {
                            set_at(object, {"spec", "pipeline", "jenkinsfile"}, "echo 2");
                            return true;
                          })
                  .ok());
  EXPECT_TRUE(eventually([&] { return script() == "echo 2"; }));
  EXPECT_TRUE(eventually([&] {
    return kube::annotation(get(pipelines(), "demo", "build"), pipeline::kMetadata) ==
           R"({"weatherScore":80,"name":"build"})";
  }));

  ASSERT_TRUE(kube.remove(pipelines(), {"demo", "build"}).ok());
  EXPECT_TRUE(eventually([&] { return get(pipelines(), "demo", "build").is_null(); }));
  EXPECT_TRUE(engine.look([](FakeEngine& e) { return e.jobs().empty(); }));
}

TEST_F(ControllersTest, APipelineWaitsForItsProject) {
  start();
  create(pipelines(), pipeline("build"));
  std::this_thread::sleep_for(20ms);
  create(devops_projects(), project("demo"));
  EXPECT_TRUE(
      eventually([&] { return engine.look([](FakeEngine& e) { return e.jobs().size(); }) == 1; }));
}

TEST_F(ControllersTest, ABareRunIsCompletedAndStarted) {
  with_pipeline();
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return kube::annotation(run("r"), run::kId) == "1"; }));
  ASSERT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Running"; }));
  const json::value started = run("r");
  EXPECT_EQ(kube::label(started, run::kPipeline), "build");
  EXPECT_TRUE(kube::is_owned_by(started, "Pipeline", "build"));
  EXPECT_EQ(text_at(started, {"spec", "pipelineSpec", "pipeline", "jenkinsfile"}), "echo 1");
  EXPECT_TRUE(kube::has_finalizer(started, run::kFinalizer));
  EXPECT_EQ(engine.look([](FakeEngine& e) { return to_json(e.parameters_of("1")); }),
            R"([{"name":"a","value":"1"}])");
}

TEST_F(ControllersTest, ARunFollowsItsBuildToTheEnd) {
  with_pipeline();
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return !kube::annotation(run("r"), run::kId).empty(); }));
  const json::array stages =
      json::parse(
          R"([{"id":"6","displayName":"s","type":"STAGE","state":"RUNNING","steps":[{"id":"7","displayName":"Print Message"}]}])")
          .as_array();
  engine.set_build("1", "RUNNING", "UNKNOWN", stages);
  auto stored = [&](std::string_view key) {
    return std::string(text_at(get(kube::config_maps(), "demo", "r"), {"data", key}));
  };
  ASSERT_TRUE(eventually([&] { return stored("stage").contains("Print Message"); }));
  EXPECT_TRUE(stored("status").contains(R"("state":"RUNNING")"));

  engine.set_build("1", "PAUSED", "UNKNOWN", stages);
  ASSERT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Pending"; }));
  engine.set_build("1", "FINISHED", "SUCCESS", stages);
  ASSERT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Succeeded"; }));
  const json::value ended = run("r");
  EXPECT_FALSE(text_at(ended, {"status", "completionTime"}).empty());
  EXPECT_TRUE(kube::is_condition_true(ended, "Succeeded"));
  EXPECT_TRUE(kube::annotation(ended, run::kStatus).contains(R"("result":"SUCCESS")"));

  ASSERT_TRUE(kube.remove(pipeline_runs(), {"demo", "r"}).ok());
  EXPECT_TRUE(eventually([&] { return run("r").is_null(); }));
  EXPECT_EQ(engine.look([](FakeEngine& e) { return e.builds(); }), 0u);
}

TEST_F(ControllersTest, ARunThatEndsAtOnceHasItsStagesAndSummary) {
  with_pipeline();
  engine.fail_at_once();
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Failed"; }));
  EXPECT_TRUE(kube::annotation(run("r"), run::kStatus).contains(R"("result":"FAILURE")"));
  EXPECT_FALSE(get(kube::config_maps(), "demo", "r").is_null());
}

TEST_F(ControllersTest, AFailureAfterTheStartDoesNotStartASecondBuild) {
  with_pipeline();
  engine.fail_after_start(3);
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return kube::annotation(run("r"), run::kId) == "1"; }));
  EXPECT_EQ(engine.look([](FakeEngine& e) { return e.builds(); }), 1u);
}

TEST_F(ControllersTest, ARestartGoesOnWhereItWas) {
  with_pipeline();
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return kube::annotation(run("r"), run::kId) == "1"; }));
  controllers.reset();
  engine.set_build("1", "FINISHED", "FAILURE");
  create(pipeline_runs(), bare_run("s", "build"));
  start();
  EXPECT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Failed"; }));
  EXPECT_TRUE(eventually([&] { return kube::annotation(run("s"), run::kId) == "2"; }));
  EXPECT_EQ(engine.look([](FakeEngine& e) { return e.builds(); }), 2u);
}

TEST_F(ControllersTest, ARunWaitsForItsPipeline) {
  with_pipeline();
  create(pipeline_runs(), bare_run("r", "later"));
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(kube::annotation(run("r"), run::kId).empty());
  create(pipelines(), pipeline("later"));
  EXPECT_TRUE(eventually([&] { return kube::annotation(run("r"), run::kId) == "1"; }));
}

TEST_F(ControllersTest, ARunOfNoPipelineIsAnOrphan) {
  with_pipeline();
  create(pipeline_runs(), json::parse(R"({"metadata":{"name":"r","namespace":"demo"},"spec":{}})"));
  EXPECT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Unknown"; }));
  EXPECT_EQ(kube::label(run("r"), run::kOrphan), "true");
  ASSERT_TRUE(kube.remove(pipeline_runs(), {"demo", "r"}).ok());
  EXPECT_TRUE(eventually([&] { return run("r").is_null(); }));
}

TEST_F(ControllersTest, ARunIsStoppedByItsSpec) {
  with_pipeline();
  create(pipeline_runs(), bare_run("r", "build"));
  create(pipeline_runs(), bare_run("waits", "later"));
  ASSERT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Running"; }));
  for (std::string_view name : {"r", "waits"}) {
    ASSERT_TRUE(kube.modify(pipeline_runs(), {"demo", std::string(name)},
                            [](json::value& object) {
                              set_at(object, {"spec", "action"}, "Stop");
                              return true;
                            })
                    .ok());
  }
  EXPECT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Failed"; }));
  EXPECT_TRUE(
      eventually([&] { return text_at(run("waits"), {"status", "phase"}) == "Cancelled"; }));
  EXPECT_EQ(engine.look([](FakeEngine& e) { return e.stops(); }), 1);
  create(pipelines(), pipeline("later"));
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(kube::annotation(run("waits"), run::kId).empty());
}

TEST_F(ControllersTest, ARunIsPausedAndResumedByItsSpec) {
  with_pipeline();
  auto say = [&](std::string_view name, std::string_view action) {
    ASSERT_TRUE(kube.modify(pipeline_runs(), {"demo", std::string(name)},
                            [&](json::value& object) {
                              set_at(object, {"spec", "action"}, json::value(action));
                              return true;
                            })
                    .ok());
  };
  auto phase = [&](std::string_view name) {
    return std::string(text_at(run(name), {"status", "phase"}));
  };
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return phase("r") == "Running"; }));
  for (int i = 0; i < 2; ++i) {
    say("r", "Pause");
    EXPECT_TRUE(eventually([&] { return phase("r") == "Pending"; }));
    say("r", "Resume");
    EXPECT_TRUE(eventually([&] { return phase("r") == "Running"; }));
  }
  // One that is paused before it begins gets its build when it is resumed.
  json::value later = bare_run("later", "build");
  set_at(later, {"spec", "action"}, "Pause");
  create(pipeline_runs(), later);
  create(pipeline_runs(), bare_run("other", "build"));
  ASSERT_TRUE(eventually([&] { return phase("other") == "Running"; }));
  EXPECT_TRUE(kube::annotation(run("later"), run::kId).empty());
  say("later", "Resume");
  EXPECT_TRUE(eventually([&] { return phase("later") == "Running"; }));
}

TEST_F(ControllersTest, AMultiBranchPipelineTellsOfItsBranches) {
  engine.say("demo/shop", json::parse(R"({"name":"shop","weatherScore":80,
      "totalNumberOfBranches":2,"numberOfFailingBranches":0,"branchNames":["main","feat%2Fcart"],
      "scmSource":{"_class":"x","id":"github","apiUrl":"https://api.github.com"}})"),
             json::parse(R"([
      {"_class":"x","name":"feat%2Fcart","displayName":"feat/cart","weatherScore":60,
       "disabled":false,"parameters":[{"_class":"y","name":"A","type":"StringParameterDefinition",
       "defaultParameterValue":{"_class":"z","name":"A","value":"1"}}],
       "latestRun":{"_class":"x","id":"3","pipeline":"feat%2Fcart","state":"FINISHED",
       "result":"FAILURE","durationInMillis":300000,"startTime":"2022-07-01T02:20:30.000+0000",
       "endTime":"2022-07-01T02:25:30.000+0000",
       "causes":[{"_class":"y","shortDescription":"Branch indexing"}]},
       "branch":{"_class":"y","url":"https://github.com/acme/shop/tree/feat/cart",
       "isPrimary":false,"issues":[]},"pullRequest":null},
      {"name":"PR-7","displayName":"PR-7","weatherScore":100,
       "pullRequest":{"id":"7","author":"ada","title":"t","url":"u"}}])"));
  start();
  create(devops_projects(), project("demo"));
  json::value shop = json::object{
      {"metadata", json::object{{"name", "shop"}, {"namespace", "demo"}}},
      {"spec", json::object{{"type", "multi-branch-pipeline"},
                            {"multi_branch_pipeline", json::object{{"name", "shop"}}}}}};
  kube::set_annotation(shop, pipeline::kSyncStatus, kSuccessful);
  kube::set_annotation(shop, pipeline::kSpecHash, hash_of(shop.at("spec")));
  create(pipelines(), shop);
  auto said = [&](std::string_view name) {
    return std::string(kube::annotation(get(pipelines(), "demo", "shop"), name));
  };
  ASSERT_TRUE(eventually([&] { return !said(pipeline::kBranches).empty(); }));
  EXPECT_EQ(*parse_json(said(pipeline::kMetadata)), json::parse(R"({"weatherScore":80,
      "name":"shop","totalNumberOfBranches":2,"branchNames":["main","feat%2Fcart"],
      "scmSource":{"id":"github","apiUrl":"https://api.github.com"}})"));
  EXPECT_EQ(*parse_json(said(pipeline::kBranches)), json::parse(R"([
      {"name":"feat%2Fcart","rawName":"feat/cart","weatherScore":60,
       "parameters":[{"name":"A","type":"StringParameterDefinition","value":"",
       "defaultParameterValue":{"name":"A","value":"1"}}],
       "latestRun":{"causes":[{"shortDescription":"Branch indexing"}],
       "endTime":"2022-07-01T02:25:30Z","durationInMillis":300000,
       "startTime":"2022-07-01T02:20:30Z","id":"3","pipeline":"feat%2Fcart","result":"FAILURE",
       "state":"FINISHED"},"branch":{"url":"https://github.com/acme/shop/tree/feat/cart"}},
      {"name":"PR-7","rawName":"PR-7","weatherScore":100,
       "pullRequest":{"id":"7","author":"ada","title":"t","url":"u"}}])"));
}

TEST_F(ControllersTest, ABuildThatStartedByItselfGetsItsRunOnce) {
  with_pipeline();
  engine.start_elsewhere("demo", "build", "timer 1");
  auto runs = [&] { return kube.list(pipeline_runs(), "demo")->items; };
  ASSERT_TRUE(eventually([&] {
    const auto all = runs();
    return all.size() == 1 && text_at(all[0], {"status", "phase"}) == "Running";
  }));
  const json::value run = runs()[0];
  EXPECT_EQ(kube::annotation(run, run::kId), "1");
  EXPECT_EQ(kube::label(run, run::kPipeline), "build");
  EXPECT_NE(kube::controller_of(run), nullptr);
  EXPECT_EQ(run.at("spec").at("parameters"), json::parse(R"([{"name":"A","value":"1"}])"));
  engine.set_build("1", "FINISHED", "SUCCESS");
  EXPECT_TRUE(
      eventually([&] { return text_at(runs().at(0), {"status", "phase"}) == "Succeeded"; }));
  // One of ours is not taken for somebody else's.
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return kube::annotation(this->run("r"), run::kId) == "2"; }));
  engine.set_build("2", "FINISHED", "SUCCESS");
  ASSERT_TRUE(
      eventually([&] { return !text_at(this->run("r"), {"status", "completionTime"}).empty(); }));
  EXPECT_EQ(runs().size(), 2u);
}

TEST_F(ControllersTest, ARunWhoseBuildIsGoneEnds) {
  with_pipeline();
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return !kube::annotation(run("r"), run::kId).empty(); }));
  engine.forget_build("1");
  EXPECT_TRUE(eventually([&] { return !text_at(run("r"), {"status", "completionTime"}).empty(); }));
  EXPECT_EQ(text_at(run("r"), {"status", "phase"}), "Unknown");
}

TEST_F(ControllersTest, TheDiscarderTakesOldRunsAway) {
  with_pipeline();
  ASSERT_TRUE(kube.modify(pipelines(), {"demo", "build"},
                          [](json::value& object) {
                            set_at(object, {"spec", "pipeline", "discarder"},
                                   json::object{{"num_to_keep", "2"}, {"days_to_keep", "-1"}});
                            return true;
                          })
                  .ok());
  for (int i = 1; i <= 4; ++i) {
    const std::string id = std::to_string(i);
    create(pipeline_runs(), bare_run("r" + id, "build"));
    ASSERT_TRUE(eventually([&] { return kube::annotation(run("r" + id), run::kId) == id; }));
    engine.set_build(id, "FINISHED", "SUCCESS");
    ASSERT_TRUE(
        eventually([&] { return !text_at(run("r" + id), {"status", "completionTime"}).empty(); }));
  }
  EXPECT_TRUE(eventually([&] { return kube.list(pipeline_runs(), "demo")->items.size() == 2; }));
  EXPECT_TRUE(
      eventually([&] { return engine.look([](FakeEngine& e) { return e.builds(); }) == 2; }));
}

json::value secret(std::string_view value) {
  return json::object{{"metadata", json::object{{"name", "token"}, {"namespace", "demo"}}},
                      {"type", "credential.devops.kubesphere.io/secret-text"},
                      {"data", json::object{{"secret", base64_encode(value)}}}};
}

TEST_F(ControllersTest, SecretsBecomeCredentials) {
  with_pipeline();
  create(kube::secrets(), secret("one"));
  auto held = [&] {
    return engine.look([](FakeEngine& e) {
      const auto found = e.credentials().find("token");
      return found == e.credentials().end() ? std::string() : found->second.secret;
    });
  };
  auto change = [&](std::string_view value, bool autosync) {
    ASSERT_TRUE(kube.modify(kube::secrets(), {"demo", "token"},
                            [&](json::value& object) {
                              set_at(object, {"data", "secret"}, json::value(base64_encode(value)));
                              if (autosync)
                                kube::set_annotation(object, credential::kAutoSync, "true");
                              return true;
                            })
                    .ok());
  };
  ASSERT_TRUE(eventually([&] { return held() == "one"; }));
  change("two", false);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(held(), "one") << "only with autosync";
  change("three", true);
  EXPECT_TRUE(eventually([&] { return held() == "three"; }));
  ASSERT_TRUE(kube.remove(kube::secrets(), {"demo", "token"}).ok());
  EXPECT_TRUE(eventually([&] { return get(kube::secrets(), "demo", "token").is_null(); }));
  EXPECT_EQ(held(), "");
}

struct StockJenkins : ControllersTest {
  StockJenkins() : ControllersTest(false) {}
};

TEST_F(StockJenkins, IsAskedInstead) {
  with_pipeline();
  create(pipeline_runs(), bare_run("r", "build"));
  ASSERT_TRUE(eventually([&] { return kube::annotation(run("r"), run::kId) == "1"; }));
  engine.set_build("1", "FINISHED", "SUCCESS");
  EXPECT_TRUE(eventually([&] { return text_at(run("r"), {"status", "phase"}) == "Succeeded"; }));
}

}  // namespace
}  // namespace ks::devops
