#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/branches.h"
#include "engine/rest/jenkins_api.h"
#include "engine/testing/test_repository.h"
#include "jenkins/client.h"
#include "jenkins/config_xml.h"

// Multi-branch pipelines and their branches through the REST contract.

namespace ks::engine {
namespace {

using namespace std::chrono_literals;
using http::Method;
using testing::HasSubstr;

struct BranchRest : ::testing::Test {
  TempDir dir;
  TestRepository repository{dir / "repository"};
  http::Router router;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<JenkinsApi> api;
  std::unique_ptr<http::Client> transport;
  std::unique_ptr<jenkins::Client> client;
  const jenkins::JobRef project{"demo", "web", ""};
  const jenkins::JobRef branch{"demo", "web", "feature%2Fx"};

  void SetUp() override {
    repository.commit("first",
                      {{"Jenkinsfile",
                        "node { stage('Build') { checkout scm\n writeFile file: 'a.txt', text: "
                        "env.BRANCH_NAME\n archiveArtifacts 'a.txt'\n echo 'built' } }"}});
    repository.git({"branch", "feature/x"});
    Result<std::unique_ptr<Engine>> opened =
        Engine::open({.data_dir = dir / "data", .local_repositories = true});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine = std::move(*opened);
    api = std::make_unique<JenkinsApi>(*engine);
    api->add_routes(router);
    transport = http::in_process_client(router, {.name = "alice", .uid = {}, .groups = {}});
    client = std::make_unique<jenkins::Client>(*transport);
    ASSERT_TRUE(client->create_folder("demo").ok());
    const json::value spec = json::object{
        {"type", "multi-branch-pipeline"},
        {"multi_branch_pipeline",
         json::object{{"name", "web"},
                      {"source_type", "git"},
                      {"script_path", "Jenkinsfile"},
                      {"git_source",
                       json::object{{"url", repository.path()}, {"discover_branches", true}}}}}};
    const Result<> made = client->create_job(project, *jenkins::config_of(spec));
    ASSERT_TRUE(made.ok()) << made.error().message;
    finished(branch, "1");
  }
  void TearDown() override {
    client.reset();
    transport.reset();
    api.reset();
    engine.reset();
  }
  jenkins::Run finished(const jenkins::JobRef& job, const std::string& id) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      Result<jenkins::Run> run = client->run(job, id);
      if (run && run->is_finished()) return *run;
      std::this_thread::sleep_for(2ms);
    }
    ADD_FAILURE() << job.full_name() << " #" << id << " does not end";
    return {};
  }
  http::Response send(Method method, const std::string& path, std::string body = {}) {
    http::Request request = http::make_request(method, path, std::move(body));
    if (method == Method::post)
      request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    Result<http::Response> response = transport->send(std::move(request));
    EXPECT_TRUE(response.ok());
    return response ? std::move(*response) : http::Response::text(0, "");
  }
  json::value get(const std::string& path) {
    const http::Response response = send(Method::get, path);
    EXPECT_EQ(response.status, 200) << path << ": " << response.body.view();
    return parse_json(response.body.view()).value_or(json::value());
  }
};

TEST_F(BranchRest, BranchesAreListedAndShown) {
  const json::value all =
      get("/blue/rest/organizations/jenkins/pipelines/demo/pipelines/web/branches/");
  ASSERT_EQ(all.as_array().size(), 2u) << all;
  const json::value& first = all.as_array()[0];
  EXPECT_EQ(text_at(first, {"name"}), "feature%2Fx");
  EXPECT_EQ(text_at(first, {"displayName"}), "feature/x");
  EXPECT_EQ(text_at(first, {"_class"}), "io.jenkins.blueocean.rest.impl.pipeline.BranchImpl");
  EXPECT_EQ(text_at(first, {"fullName"}), "demo/web/feature%2Fx");
  EXPECT_FALSE(bool_at(first, {"branch", "isPrimary"}));
  EXPECT_TRUE(bool_at(all.as_array()[1], {"branch", "isPrimary"}));
  EXPECT_EQ(text_at(first, {"latestRun", "pipeline"}), "feature%2Fx");
  EXPECT_EQ(get("/blue/rest/organizations/jenkins/pipelines/demo/pipelines/web/branches/"
                "?filter=pull-requests"),
            json::array());
  // A name that a client decoded once too often is found too.
  EXPECT_EQ(text_at(get("/blue/rest/organizations/jenkins/pipelines/demo/pipelines/web/branches/"
                        "feature%252Fx/"),
                    {"displayName"}),
            "feature/x");
  const json::value web = get("/blue/rest/organizations/jenkins/pipelines/demo/pipelines/web/");
  EXPECT_EQ(int_at(web, {"totalNumberOfBranches"}), 2);
  EXPECT_EQ(text_at(web, {"_class"}),
            "io.jenkins.blueocean.rest.impl.pipeline.MultiBranchPipelineImpl");
}

TEST_F(BranchRest, RunsOfABranchAreThoseOfAnyJob) {
  const Result<jenkins::Run> begun = client->start(branch, {}, {.key = "k", .user = "bob"});
  ASSERT_TRUE(begun.ok()) << begun.error().message;
  EXPECT_EQ(begun->id, "2");
  const jenkins::Run run = finished(branch, "2");
  EXPECT_EQ(run.result, "SUCCESS");
  EXPECT_EQ(run.pipeline, "feature%2Fx");
  EXPECT_EQ(run.commit_id.size(), 40u);
  EXPECT_FALSE(bool_at(run.branch, {"isPrimary"}));
  EXPECT_THAT(client->log(branch, "2", 0)->text, HasSubstr("built\n"));
  const auto nodes = client->nodes(branch, "2", true);
  ASSERT_TRUE(nodes.ok());
  EXPECT_EQ(nodes->at(0).name, "Build");
  const json::value artifacts = get(branch.blue_path() + "/runs/2/artifacts/");
  const std::string url(text_at(artifacts.as_array().at(0), {"url"}));
  EXPECT_EQ(send(Method::get, url).body.view(), "feature/x");
  EXPECT_EQ(get(branch.core_path() + "/2/api/json").at("fullDisplayName").as_string(),
            "demo » web » feature/x #2");
  EXPECT_EQ(send(Method::post, branch.blue_path() + "/runs/2/replay/").status, 200);
  finished(branch, "3");
  EXPECT_TRUE(client->remove_run(branch, "3").ok());
  EXPECT_EQ(client->run(branch, "3").error().code, Code::not_found);
  // Over all branches, newest first; and no run of the whole.
  const json::value all = get(project.blue_path() + "/runs/");
  ASSERT_EQ(all.as_array().size(), 3u);
  EXPECT_EQ(text_at(all.as_array()[0], {"id"}), "2");
  EXPECT_EQ(send(Method::post, project.blue_path() + "/runs/").status, 400);
}

TEST_F(BranchRest, TheProjectIsScannedAndTellsOfIt) {
  const std::string core = project.core_path();
  EXPECT_EQ(send(Method::post, core + "/build?delay=0").status, 201);
  std::string log;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!log.contains("Finished: ") && std::chrono::steady_clock::now() < deadline) {
    log = send(Method::get, core + "/indexing/consoleText").body.view();
    std::this_thread::sleep_for(2ms);
  }
  EXPECT_THAT(log, HasSubstr("Finished: SUCCESS"));
  EXPECT_THAT(get("/job/demo/api/json").at("jobs").as_array().at(0).at("url").as_string(),
              HasSubstr("/job/demo/job/web/"));
  const json::value shown = get(core + "/api/json");
  EXPECT_EQ(shown.at("jobs").as_array().size(), 2u);
  EXPECT_THAT(client->read_config(project).value_or(""), HasSubstr("WorkflowMultiBranchProject"));
  EXPECT_THAT(
      send(Method::get, "/git/notifyCommit?url=" + percent_encode(repository.path())).body.view(),
      HasSubstr("scheduled indexing of demo » web"));
  EXPECT_THAT(send(Method::get, "/git/notifyCommit?url=https://h/other").body.view(),
              HasSubstr("No git jobs using repository: https://h/other and branches: "));
  EXPECT_EQ(send(Method::post, core + "/doDelete").status, 302);
  EXPECT_EQ(send(Method::get, core + "/api/json").status, 404);
  EXPECT_EQ(send(Method::get, branch.blue_path() + "/").status, 404);
}

}  // namespace
}  // namespace ks::engine
