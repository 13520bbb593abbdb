#include <gtest/gtest.h>

#include <condition_variable>

#include "base/file.h"
#include "engine/rest/jenkins_api.h"
#include "http/server.h"
#include "jenkins/client.h"
#include "jenkins/config_xml.h"

// jenkins::Client against our own engine over a real socket.

namespace ks::engine {
namespace {

using namespace std::chrono_literals;
const jenkins::JobRef kJob{"demo", "build", ""};

TEST(EngineRestSocket, ServesTheClientAsInProcess) {
  TempDir dir;
  auto engine = Engine::open({.data_dir = dir.path()});
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  JenkinsApi api(**engine);
  http::Router router;
  router.add_filter(jenkins_headers());
  router.add_filter([](http::Request& request, const http::Handler& next) {
    request.user = {.name = "alice", .uid = {}, .groups = {}};
    return next(request);
  });
  api.add_routes(router);
  const auto server = http::Server::start({}, router);
  ASSERT_TRUE(server.ok()) << server.error().message;
  const auto transport = http::socket_client({.base_url = (*server)->url()});
  ASSERT_TRUE(transport.ok());
  jenkins::Client client(**transport);

  std::mutex mutex;
  std::condition_variable changed;
  std::string finished;
  const auto subscription =
      client.subscribe({.on_event =
                            [&](const jenkins::Event& event) {
                              if (text_at(event.data, {"state"}) != "FINISHED") return;
                              std::lock_guard lock(mutex);
                              finished = event.key;
                              changed.notify_all();
                            },
                        .on_unsupported = {},
                        .after = {}});
  ASSERT_TRUE(client.create_folder("demo").ok());
  const json::value spec = json::object{
      {"type", "pipeline"},
      {"pipeline", json::object{{"name", "build"}, {"jenkinsfile", "echo 'over a socket'"}}}};
  ASSERT_TRUE(client.create_job(kJob, *jenkins::config_of(spec)).ok());
  EXPECT_TRUE(client.job_exists(kJob).value());
  EXPECT_EQ(client.create_job(kJob, *jenkins::config_of(spec)).error().code, Code::invalid);
  const jenkins::Run run = *client.start(kJob, {}, {.key = "k1", .user = "bob"});
  EXPECT_EQ(client.start(kJob, {}, {.key = "k1", .user = "bob"})->id, run.id);
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, 60s, [&] { return finished == "k1"; }));
  }
  EXPECT_TRUE(client.log(kJob, run.id, 0)->text.contains("over a socket"));
  const jenkins::Credential secret{"s", jenkins::CredentialType::secret_text, "", "", "x1y2", ""};
  ASSERT_TRUE(client.create_credential("demo", secret).ok());
  EXPECT_EQ(client.create_credential("demo", secret).error().code, Code::conflict);
  EXPECT_TRUE(client.remove_credential("demo", "s").ok());
  ASSERT_TRUE(client.remove_job(kJob).ok());
  EXPECT_FALSE(client.job_exists(kJob).value());
}

}  // namespace
}  // namespace ks::engine
