#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/random.h"
#include "base/text.h"
#include "engine/quality_gates.h"
#include "engine/testing/script.h"
#include "http/server.h"

namespace ks::engine {
namespace {

using testing::HasSubstr;

/// Not a SonarQube: it answers the two calls of its API that the steps make, as its documentation
/// gives them, since the real one needs gigabytes.
class FakeSonarQube {
 public:
  explicit FakeSonarQube(std::string gate) {
    auto answer = [this](http::Request& request, std::string body) {
      authorized = authorized && request.headers.get("Authorization").starts_with("Basic ");
      return http::Response::json(200, std::move(body));
    };
    router_.add(http::Method::get, "/api/ce/task", [this, answer](http::Request& request) {
      const bool ready = ++asked > 2;
      const std::string status = ready && !never_ready ? "SUCCESS" : "IN_PROGRESS";
      return answer(request, R"({"task": {"id": ")" + std::string(request.query.get("id")) +
                                 R"(", "status": ")" + status + R"(", "analysisId": "an-1"}})");
    });
    router_.add(http::Method::get, "/api/qualitygates/project_status",
                [answer, gate](http::Request& request) {
                  return answer(request, R"({"projectStatus": {"status": ")" + gate + R"("}})");
                });
    server_ = http::Server::start({}, router_).value();
    servers_ = {{.name = "sonar",
                 .url = server_->url(),
                 .token = "squ_secret_token",
                 .webhook_secret = "webhook-s3cret"}};
  }

  Ended run(std::string_view script) const {
    const TempDir folder;
    Bench bench(folder.path());
    bench.services().sonar = &servers_;
    std::string log = bench.finish(script);
    return {bench.run().result(), std::move(log)};
  }
  const std::vector<SonarServer>& servers() const { return servers_; }

  std::atomic<bool> never_ready = false;
  std::atomic<int> asked = 0;
  std::atomic<bool> authorized = true;

 private:
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  std::vector<SonarServer> servers_;
};

constexpr std::string_view kScript = R"(
node {
  withSonarQubeEnv('sonar') {
    assert env.SONAR_CONFIG_NAME == 'sonar' && env.SONAR_HOST_URL.startsWith('http')
    sh 'echo token=$SONAR_AUTH_TOKEN; mkdir -p target/sonar; printf "ceTaskId=AX1\nserverUrl=x\n" > target/sonar/report-task.txt'
  }
}
def gate = waitForQualityGate abortPipeline: ABORT
echo "gate ${gate.status}"
)";

std::string script(std::string_view abort) {
  std::string text(kScript);
  return text.replace(text.find("ABORT"), 5, abort);
}

TEST(Sonar, WaitsForTheTaskAndGivesTheGate) {
  FakeSonarQube sonar("OK");
  const Ended ended = sonar.run(script("true"));
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_EQ(sonar.asked, 3);
  EXPECT_TRUE(sonar.authorized);
  for (std::string_view line :
       {"Injecting SonarQube environment variables using the configuration: sonar", "token=****",
        "Checking status of SonarQube task 'AX1' on server 'sonar'",
        "SonarQube task 'AX1' status is 'IN_PROGRESS'", "SonarQube task 'AX1' status is 'SUCCESS'",
        "SonarQube task 'AX1' completed. Quality gate is 'OK'", "gate OK"})
    EXPECT_THAT(ended.log, HasSubstr(line));
}

TEST(Sonar, ASignedWebhookEndsTheWait) {
  FakeSonarQube sonar("OK");
  sonar.never_ready = true;
  const TempDir folder;
  QualityGates gates;
  Bench bench(folder.path());
  bench.services().sonar = &sonar.servers();
  bench.services().quality_gates = &gates;
  engine::Run& run = bench.open(script("false"));
  constexpr std::string_view kBody =
      R"({"taskId": "AX1", "status": "SUCCESS", "qualityGate": {"status": "ERROR"}})";
  // Those that are not signed with the secret change nothing.
  const std::string right = hex_encode(hmac_sha256("webhook-s3cret", kBody));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (sonar.asked < 2 && std::chrono::steady_clock::now() < deadline) {
    EXPECT_TRUE(gates.heard(kBody, ""));
    EXPECT_TRUE(gates.heard(kBody, hex_encode(hmac_sha256("another", kBody))));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_FALSE(run.finished()) << bench.log();
  while (!run.finished() && std::chrono::steady_clock::now() < deadline) {
    EXPECT_TRUE(gates.heard(kBody, right));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  run.wait();
  EXPECT_THAT(bench.log(), HasSubstr("SonarQube task 'AX1' status is 'SUCCESS'\nSonarQube task "
                                     "'AX1' completed. Quality gate is 'ERROR'\n"));
  EXPECT_THAT(bench.log(), HasSubstr("\ngate ERROR\n"));
}

TEST(Sonar, ABadGateFailsOnlyWhenItIsMeantTo) {
  const FakeSonarQube sonar("ERROR");
  EXPECT_THAT(sonar.run(script("false")).log, HasSubstr("\ngate ERROR\n"));
  const Ended aborted = sonar.run(script("true"));
  EXPECT_EQ(aborted.result, BuildResult::failure);
  EXPECT_THAT(aborted.log, HasSubstr("ERROR: Pipeline aborted due to quality gate failure: ERROR"));
}

TEST(Sonar, SaysWhatIsNotConfigured) {
  EXPECT_THAT(run_script("node { withSonarQubeEnv('x') { } }").log,
              HasSubstr("SonarQube installation defined in this job (x) does not match any"));
  EXPECT_THAT(run_script("waitForQualityGate()").log,
              HasSubstr("No previous SonarQube analysis found on this pipeline execution."));
}

}  // namespace
}  // namespace ks::engine
