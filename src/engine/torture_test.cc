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
#include "engine/agent.h"
#include "engine/journal_syncer.h"
#include "engine/local_node.h"
#include "engine/loop.h"
#include "engine/run.h"
#include "engine/step.h"

// Servers that are killed for real, at random moments, in the middle of a run.

namespace ks::engine {
namespace {

constexpr const char* kFolderVariable = "KS_TORTURE_FOLDER";
constexpr const char* kAgentVariable = "KS_TORTURE_AGENT";
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
  if (!variable(kAgentVariable).empty()) {
    options.agent = {"/proc/self/exe", "--gtest_filter=Torture.DISABLED_Agent",
                     "--gtest_also_run_disabled_tests"};
  }
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

enum class Victim { server, agent, either };

void kill_agent(const std::string& folder) {
  const Result<std::string> pid = read_file(folder + "/node/commands/agent.lock", 64);
  const auto number = pid ? parse_int(trim(*pid)) : std::nullopt;
  if (number && *number > 1) ::kill(static_cast<pid_t>(*number), SIGKILL);
}

/// The server in a process of its own, until something is killed or it ends. Gives the kills.
int serve_in_process(const std::string& folder, Victim victim, bool& ended) {
  SpawnOptions options;
  options.argv = {"/proc/self/exe", "--gtest_filter=Torture.DISABLED_Server",
                  "--gtest_also_run_disabled_tests"};
  options.env = current_environment();
  options.env.push_back(fmt::format("{}={}", kFolderVariable, folder));
  if (victim != Victim::server) options.env.push_back(fmt::format("{}=1", kAgentVariable));
  Process server = Process::spawn(options).value();
  int kills = 0;
  while (true) {
    pollfd polled{server.pidfd(), POLLIN, 0};
    ended = poll(&polled, 1, static_cast<int>(10 + random_uint64() % 150)) == 1;
    if (ended) break;
    ++kills;
    if (victim == Victim::server || (victim == Victim::either && random_uint64() % 2 == 0)) {
      (void)server.signal(SIGKILL);
      break;
    }
    kill_agent(folder);
  }
  (void)server.wait();
  return kills;
}

void torture(Victim victim) {
  const std::string wish = variable("KS_TORTURE_KILLS");
  const int64_t wanted = wish.empty() ? 30 : parse_int(wish).value();
  const TempDir calm;
  serve(calm.path());
  const std::string expected = replace_all(read_file(calm / "log").value(), calm.path(), "FOLDER");
  ASSERT_TRUE(expected.ends_with("Finished: SUCCESS\n")) << expected;
  for (int64_t kills = 0; kills < wanted;) {
    const TempDir folder;
    bool ended = false;
    for (int starts = 0; !ended; starts++) {
      ASSERT_LT(starts, 500);
      kills += serve_in_process(folder.path(), victim, ended);
    }
    const std::string log = replace_all(read_file(folder / "log").value(), folder.path(), "FOLDER");
    ASSERT_EQ(log, expected);
    ASSERT_EQ(read_file(folder / "node/workspace/demo/web/count").value(),
              "ran 0\nran 1\nran 2\nran 3\nran 4\nran 5\nran 6\nran 7\n");
  }
}

TEST(Torture, DISABLED_Server) { serve(variable(kFolderVariable)); }
TEST(Torture, DISABLED_Agent) { (void)serve_agent(testing::internal::GetArgvs().back()).ok(); }

TEST(Torture, ARunSurvivesKillsOfTheServer) { torture(Victim::server); }
TEST(Torture, ARunSurvivesKillsOfTheAgent) { torture(Victim::agent); }
TEST(Torture, ARunSurvivesKillsOfBoth) { torture(Victim::either); }

}  // namespace
}  // namespace ks::engine
