#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/process.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/journal_syncer.h"
#include "engine/local_node.h"
#include "engine/loop.h"
#include "engine/run.h"
#include "engine/step.h"

// Servers that are killed for real, at random moments, in the middle of a run.

namespace ks::engine {
namespace {

constexpr const char* kFolderVariable = "KS_TORTURE_FOLDER";
constexpr std::string_view kScript = R"(
node {
  for (int i = 0; i < 8; i++) {
    stage("s${i}") {
      echo "step ${i}"
      sh "#!/bin/sh\necho ran ${i} >>count\nfor n in 1 2 3 4 5; do echo out ${i} \$n; sleep 0.004; done"
      def seen = sh(script: "#!/bin/sh\nwc -l <count", returnStdout: true).trim()
      echo "lines ${seen}"
    }
  }
})";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// One server: begins the run of the folder, or goes on with it, to its end.
void serve(const std::string& folder) {
  LocalNodeOptions options;
  options.root = folder + "/node";
  const std::unique_ptr<Node> node = local_node(std::move(options)).value();
  JournalSyncer syncer;
  Loop loop;
  RunServices services;
  services.steps = &builtin_steps();
  services.node = node.get();
  services.clock = &system_clock();
  services.syncer = &syncer;
  services.post = [&](std::function<void()> work) { loop.post(std::move(work)); };
  services.timer = [&](std::chrono::milliseconds after, std::function<void()> work) {
    return loop.timer(after, std::move(work));
  };
  RunSpec spec;
  spec.job = "demo/web";
  spec.script = kScript;
  std::shared_ptr<Run> run =
      Run::open(
          services, std::move(spec),
          {.journal = folder + "/journal", .log = folder + "/log", .artifacts = folder + "/files"},
          {})
          .value();
  run->start();
  run->wait();
  loop.stop();
}

/// The server in a process of its own; false when it was killed after `patience`.
bool serve_in_process(const std::string& folder, std::chrono::milliseconds patience) {
  SpawnOptions options;
  options.argv = {"/proc/self/exe", "--gtest_filter=Torture.DISABLED_Server",
                  "--gtest_also_run_disabled_tests"};
  options.env = current_environment();
  options.env.push_back(fmt::format("{}={}", kFolderVariable, folder));
  Process server = Process::spawn(options).value();
  pollfd polled{server.pidfd(), POLLIN, 0};
  const bool ended = poll(&polled, 1, static_cast<int>(patience.count())) == 1;
  if (!ended) (void)server.signal(SIGKILL);
  (void)server.wait();
  return ended;
}

TEST(Torture, DISABLED_Server) { serve(variable(kFolderVariable)); }

TEST(Torture, ARunSurvivesKillsAtRandomMoments) {
  const std::string wish = variable("KS_TORTURE_KILLS");
  const int64_t wanted = wish.empty() ? 40 : parse_int(wish).value();
  const TempDir calm;
  serve(calm.path());
  const std::string expected = replace_all(read_file(calm / "log").value(), calm.path(), "FOLDER");
  ASSERT_TRUE(expected.ends_with("Finished: SUCCESS\n")) << expected;
  int64_t kills = 0;
  while (kills < wanted) {
    const TempDir folder;
    int starts = 1;
    while (
        !serve_in_process(folder.path(), std::chrono::milliseconds(10 + random_uint64() % 150))) {
      ++kills;
      ASSERT_LT(++starts, 500);
    }
    const std::string log = replace_all(read_file(folder / "log").value(), folder.path(), "FOLDER");
    ASSERT_EQ(log, expected) << "after " << starts << " starts";
    ASSERT_EQ(read_file(folder / "node/workspace/demo/web/count").value(),
              "ran 0\nran 1\nran 2\nran 3\nran 4\nran 5\nran 6\nran 7\n");
  }
}

}  // namespace
}  // namespace ks::engine
