#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

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
constexpr int kStages = 4;
constexpr std::string_view kScript = R"(
node {
  for (int i = 0; i < 4; i++) {
    stage("s${i}") {
      echo "step ${i}"
      sh "#!/bin/sh\necho ran ${i} >>count\nfor n in 1 2 3 4 5; do echo out ${i} \$n; sleep 0.004; done"
      def seen = sh(script: "#!/bin/sh\nwc -l <count", returnStdout: true).trim()
      echo "lines ${seen}"
    }
  }
  def branches = [:]
  for (name in ['a', 'b', 'c']) {
    def n = name
    branches[n] = {
      sh "#!/bin/sh\necho ran ${n} >>count-${n}\nfor n in 1 2 3 4 5; do echo out ${n} \$n; sleep 0.01; done"
      echo "end of ${n}"
      sleep(time: 5, unit: 'MILLISECONDS')
      sh "#!/bin/sh\necho again ${n} >>count-${n}\necho second ${n}"
    }
  }
  stage('many') { parallel branches }
}
def answer = input(id: 'Go', message: 'on?', parameters: [string(name: 'v')])
echo "answered ${answer}"
node { echo sh(script: "#!/bin/sh\ncat count count-a count-b count-c", returnStdout: true) }
)";

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
  // Whoever asks gets an answer, from a thread of its own as a person would give it.
  services.state_changed = [&](const Run& changed) {
    for (const PendingInput& input : changed.inputs()) {
      loop.post([run = const_cast<Run&>(changed).shared_from_this(), id = input.id] {
        (void)run->answer(id,
                          {.proceed = true, .by = "ada", .parameters_json = R"({"v": "seven"})"});
      });
    }
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

/// The log of a run in its order, but for the lines of the branches, which come as they come: those
/// are sorted.
std::string stable_log(const std::string& folder) {
  std::string log = replace_all(read_file(folder + "/log").value(), folder, "FOLDER");
  const size_t begin = log.find("[Pipeline] parallel\n"),
               end = log.find("[Pipeline] // parallel\n");
  if (begin == log.npos || end == log.npos) return log;
  const std::string many = log.substr(begin, end - begin);
  const auto pieces = split(many, '\n');
  std::vector<std::string> lines(pieces.begin(), pieces.end());
  std::ranges::sort(lines);
  return log.substr(0, begin) + join(lines, "\n") + log.substr(end);
}

/// Files of commands that nobody cleared away; all have the number of their run in their names.
std::string commands_left(const std::string& folder) {
  std::string left;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/node/commands")) {
    const std::string name = entry.path().filename().string();
    if (name.contains("%23")) left += name + " ";
  }
  return left;
}

/// KS_TORTURE_KILLS; else 70 of each kind with KS_FULL, and 7 without.
int64_t wanted_kills() {
  const std::string wish = variable("KS_TORTURE_KILLS");
  if (!wish.empty()) return parse_int(wish).value();
  return variable("KS_FULL").empty() ? 7 : 70;
}

void torture(Victim victim) {
  const int64_t wanted = wanted_kills();
  const TempDir calm;
  serve(calm.path());
  const std::string expected = stable_log(calm.path());
  ASSERT_TRUE(expected.ends_with("Finished: SUCCESS\n")) << expected;
  for (int i = 0; i < kStages; i++)
    ASSERT_NE(expected.find(fmt::format("\nout {} 5\n", i)), expected.npos) << expected;
  for (int64_t kills = 0; kills < wanted;) {
    const TempDir folder;
    bool ended = false;
    for (int starts = 0; !ended; starts++) {
      ASSERT_LT(starts, 500);
      kills += serve_in_process(folder.path(), victim, ended);
    }
    ASSERT_EQ(stable_log(folder.path()), expected);
    // Each command ran once, whatever was killed.
    const std::string workspace = folder / "node/workspace/demo/web";
    ASSERT_EQ(read_file(workspace + "/count").value(), "ran 0\nran 1\nran 2\nran 3\n");
    for (std::string_view name : {"a", "b", "c"}) {
      ASSERT_EQ(read_file(fmt::format("{}/count-{}", workspace, name)).value(),
                fmt::format("ran {0}\nagain {0}\n", name));
    }
    // And nothing of it is left over.
    ASSERT_EQ(commands_left(folder.path()), "");
  }
}

TEST(Torture, DISABLED_Server) { serve(variable(kFolderVariable)); }
TEST(Torture, DISABLED_Agent) { (void)serve_agent(testing::internal::GetArgvs().back()).ok(); }

TEST(Torture, ARunSurvivesKillsOfTheServer) { torture(Victim::server); }
TEST(Torture, ARunSurvivesKillsOfTheAgent) { torture(Victim::agent); }
TEST(Torture, ARunSurvivesKillsOfBoth) { torture(Victim::either); }

}  // namespace
}  // namespace ks::engine
