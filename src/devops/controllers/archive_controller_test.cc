#include "devops/controllers/archive_controller.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/random.h"
#include "devops/controllers/keys.h"
#include "http/client.h"
#include "http/router.h"
#include "kube/fake_api.h"
#include "s3/client.h"

namespace ks::devops {
namespace {

using namespace std::chrono_literals;

/// A bucket in memory: a real store has its test in tests/e2e/s3_test.py.
class MemoryBucket : public s3::Client {
 public:
  Result<> put(const std::string& key, std::string_view content,
               const s3::ObjectHeaders& /*headers*/) override {
    std::lock_guard lock(mutex_);
    objects_[key] = content;
    return {};
  }
  Result<std::string> get(const std::string& key) override {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return Error{Code::not_found, key};
    return found->second;
  }
  Result<> remove(const std::string& key) override {
    std::lock_guard lock(mutex_);
    objects_.erase(key);
    return {};
  }
  Result<std::vector<s3::Object>> list(const std::string& prefix, size_t most) override {
    std::lock_guard lock(mutex_);
    std::vector<s3::Object> out;
    for (const auto& [key, content] : objects_) {
      if (key.starts_with(prefix) && out.size() < most) out.push_back({key, content.size()});
    }
    return out;
  }
  Result<> remove_all(const std::string& prefix) override {
    std::lock_guard lock(mutex_);
    std::erase_if(objects_, [&](const auto& one) { return one.first.starts_with(prefix); });
    return {};
  }
  Result<bool> has_bucket() override { return true; }
  Result<> make_bucket() override { return {}; }
  std::string presign(const std::string& key, std::chrono::seconds /*lifetime*/,
                      const std::string& /*disposition*/) const override {
    return key;
  }

  std::vector<std::string> keys() {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [key, content] : objects_) out.push_back(key);
    return out;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> objects_;
};

bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 5'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

const std::string kMine(32, 'a'), kOther(32, 'b');

struct ArchiveTest : ::testing::Test {
  kube::FakeApi api;
  kube::Client kube{api.transport()};
  http::Router engine;
  std::unique_ptr<http::Client> transport =
      http::in_process_client(engine, {.name = "admin", .uid = {}, .groups = {}});
  jenkins::Client jenkins{*transport};
  kube::Informer projects{kube, devops_projects()}, namespaces{kube, kube::namespaces()},
      pipelines{kube, devops::pipelines()}, runs{kube, pipeline_runs()},
      secrets{kube, kube::secrets()};
  Context context{kube,      jenkins, system_clock(), projects,           namespaces,
                  pipelines, runs,    secrets,        [] { return true; }};
  MemoryBucket bucket;
  std::optional<ArchiveController> controller;

  void start() {
    controller.emplace(context, bucket, kMine);
    runs.start();
    ASSERT_TRUE(runs.wait_until_synced(60s));
    controller->start();
  }
  void TearDown() override {
    runs.stop();
    if (controller) controller->stop();
  }
};

TEST_F(ArchiveTest, OnlyWhatIsBelowItsOwnRootIsRemoved) {
  const std::vector<std::string> others{"runs/" + kOther + "/demo/gone/log", "runs/demo/gone/log",
                                        "runs/demo/gone/artifacts/a", "s2i/app.jar"};
  for (const std::string& key : others) ASSERT_TRUE(bucket.put(key, "x", {}).ok());
  ASSERT_TRUE(bucket.put("runs/" + kMine + "/demo/gone/log", "x", {}).ok());
  start();
  EXPECT_TRUE(eventually([&] { return bucket.keys().size() == others.size(); }));
  for (const std::string& key : others) EXPECT_TRUE(bucket.get(key).ok()) << key;
}

TEST_F(ArchiveTest, AnAdoptedRunOfABranchIsStoredWithoutWhatIsMissing) {
  const std::string run =
      "/blue/rest/organizations/jenkins/pipelines/demo/pipelines/p/branches/{b}/runs/7/";
  const auto add = [&](const std::string& path, const std::string& text) {
    engine.add(http::Method::get, path, [text](http::Request& request) {
      const bool right = request.param("b") == "feature%2Fx";
      return http::Response::text(right ? 200 : 404, right ? text : "not found");
    });
  };
  add(run + "log/", "said");
  add(run + "artifacts/", R"([{"path":"lost","size":1},{"path":"kept","size":1}])");
  add("/job/demo/job/p/job/{b}/7/artifact/kept", "k");
  json::value made = json::parse(R"({"metadata":{"name":"r","namespace":"demo"},
      "spec":{"pipelineRef":{"name":"p"},"scm":{"refName":"feature%2Fx"}},
      "status":{"completionTime":"2026-01-02T03:04:05Z"}})");
  kube::set_annotation(made, run::kId, "7");
  ASSERT_TRUE(kube.create(pipeline_runs(), made).ok());
  // The status of a new object may be left out.
  ASSERT_TRUE(kube.patch(pipeline_runs(), {"demo", "r"}, kube::PatchType::merge,
                         R"({"status":{"completionTime":"2026-01-02T03:04:05Z"}})")
                  .ok());
  start();
  json::value stored;
  EXPECT_TRUE(eventually([&] {
    stored = kube.get(pipeline_runs(), {"demo", "r"}).value_or(json::value());
    return kube::has_annotation(stored, archive::kStored);
  }));
  const std::string prefix = "runs/" + kMine + "/demo/r/";
  EXPECT_EQ(bucket.keys(), (std::vector<std::string>{prefix + "artifacts/kept", prefix + "log"}));
  EXPECT_EQ(archive::stored_prefix(stored), prefix);
}

TEST(Archive, AnAnnotationLeadsToNoOtherRun) {
  const auto of = [](std::string_view prefix) {
    json::value run = json::parse(R"({"metadata":{"name":"r","namespace":"demo"}})");
    kube::set_annotation(run, archive::kStored, to_json(json::object{{"prefix", prefix}}));
    return archive::stored_prefix(run);
  };
  EXPECT_EQ(of("runs/" + kMine + "/demo/r/"), "runs/" + kMine + "/demo/r/");
  for (const std::string& wrong :
       {"runs/" + kMine + "/demo/r2/", "runs/" + kMine + "/other/r/", "runs/" + kMine + "/demo/r",
        "runs/" + kMine + "x/demo/r/", std::string("runs/demo/r/"), std::string("demo/r/"),
        std::string()}) {
    EXPECT_EQ(of(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(archive::stored_prefix(json::parse(R"({"metadata":{"name":"r"}})")), std::nullopt);
}

TEST(Archive, AnInstallationKeepsItsName) {
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("ks-archive-" + random_text(12))).string();
  ASSERT_TRUE(make_dirs(folder).ok());
  const std::string id = archive::installation_id(folder).value();
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(archive::installation_id(folder).value(), id);
  struct stat status{};
  ASSERT_EQ(stat((folder + "/installation-id").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  // What is cut short must not become a root above others'.
  for (const char* wrong : {"", "..", "abc"}) {
    ASSERT_TRUE(write_file_atomic(folder + "/installation-id", wrong).ok());
    EXPECT_FALSE(archive::installation_id(folder).ok()) << wrong;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ks::devops
