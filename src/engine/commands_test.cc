#include "engine/commands.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <chrono>
#include <future>
#include <string>

#include "base/json.h"
#include "base/process.h"
#include "base/text.h"

namespace ks::engine {
namespace {

/// What a command said and how it ended.
struct Ended {
  std::string output;
  uint64_t offset = 0;
  json::value result;
};

Command command(std::string key, std::string script, const TempDir& folder) {
  return {.key = std::move(key),
          .script = std::move(script),
          .folder = folder.path(),
          .env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}},
          .keep_stdout = false};
}

/// Gathers all output until the end; `after` is where the output of an earlier reader ended.
class Reader {
 public:
  CommandEvents events() {
    return {
        .output =
            [this](const std::string& text, uint64_t offset, const std::function<void()>& done) {
              ended_.output += text;
              ended_.offset = offset;
              if (first_) first_ = (seen_.set_value(), false);
              done();
            },
        .ended =
            [this](json::value result) {
              ended_.result = std::move(result);
              end_.set_value();
            }};
  }
  void wait_for_output() { ASSERT_EQ(seen_.get_future().wait_for(kPatience), kReady); }
  const Ended& wait() {
    EXPECT_EQ(end_.get_future().wait_for(kPatience), kReady);
    return ended_;
  }
  const Ended& so_far() const { return ended_; }

 private:
  static constexpr auto kPatience = std::chrono::seconds(20);
  static constexpr auto kReady = std::future_status::ready;
  Ended ended_;
  bool first_ = true;
  std::promise<void> seen_, end_;
};

Ended run(Commands& commands, Command what) {
  Reader reader;
  commands.run(std::move(what), 0, reader.events());
  return reader.wait();
}

TEST(Commands, TracesTheScriptAndGivesItsExitCode) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  const Ended ended = run(*commands, command("a", "echo one\necho two >&2\nexit 7", folder));
  EXPECT_EQ(ended.output, "+ echo one\none\n+ echo two\ntwo\n+ exit 7\n");
  EXPECT_EQ(int_at(ended.result, {"exit"}), 7);
}

TEST(Commands, AScriptSeesNothingOfWhatRunsIt) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  const Ended ended =
      run(*commands, command("a", "echo \"[$#][${stat-}][${1-}][$PWD]\"; trap", folder));
  EXPECT_TRUE(ended.output.ends_with(fmt::format("[0][][][{}]\n+ trap\n", folder.path())))
      << ended.output;
}

TEST(Commands, StopsAtTheFirstFailureAndKeepsTheUsersLineNumbers) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  const Ended ended = run(*commands, command("a", "true\nno_such_command\necho never", folder));
  EXPECT_EQ(int_at(ended.result, {"exit"}), 127);
  EXPECT_TRUE(ended.output.contains("script.sh: 2: ")) << ended.output;
  EXPECT_FALSE(ended.output.contains("never"));
}

// A script that could disturb the shell that keeps its exit code runs in a copy of it; the word
// `trap` is enough to be one.
TEST(Commands, AScriptEndsTheSameInTheWrappersShellAndInACopy) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  const std::pair<std::string_view, int> scripts[] = {
      {"true", 0},
      {"false; echo never", 1},
      {"exit 7", 7},
      {"(exit 4)", 4},
      {"f() { return 3; }; f", 3},
      {"set +e; false; true; false", 1},
      {"cd /; false", 1},
      {"set -- a b; [ \"$1\" = a ]; sh -c 'exit 9'", 9},
      {"set +x; echo quiet", 0},
      {"echo() { exit 5; }; false", 1},
      {"set -u; echo $not_there", 2},
      {"x=${not_there?gone}", 2},
      {"if; then", 2},
      {"no_such_command", 127},
  };
  int number = 0;
  for (const auto& [script, code] : scripts) {
    Ended ended[2];
    for (bool copy : {false, true}) {
      const std::string text = copy ? fmt::format("{} # trap", script) : std::string(script);
      ended[copy] = run(*commands, command(fmt::format("{}", number++), text, folder));
      EXPECT_EQ(int_at(ended[copy].result, {"exit"}), code) << text << "\n" << ended[copy].output;
    }
    const auto without_folder = [&](int i) {
      return replace_all(ended[i].output, fmt::format("/{}/script.sh", number - 2 + i), "");
    };
    EXPECT_EQ(without_folder(0), without_folder(1)) << script;
  }
}

TEST(Commands, AScriptMayBecomeAnotherProgramOrSetTraps) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  EXPECT_EQ(int_at(run(*commands, command("a", "exec sh -c 'exit 6'", folder)).result, {"exit"}),
            6);
  const Ended ended = run(*commands, command("b", "trap 'echo bye' EXIT; exit 8", folder));
  EXPECT_EQ(int_at(ended.result, {"exit"}), 8);
  EXPECT_TRUE(ended.output.ends_with("bye\n")) << ended.output;
  ASSERT_TRUE(write_file_atomic(folder / "more", "trap 'true' EXIT; exit 3\n").ok());
  EXPECT_EQ(int_at(run(*commands, command("c", "true && . ./more", folder)).result, {"exit"}), 3);
}

TEST(Commands, AFirstLineOfItsOwnChoosesTheInterpreter) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  const Ended ended =
      run(*commands, command("a", "#!/usr/bin/env bash\necho ${BASH_VERSION:+bash}", folder));
  EXPECT_EQ(ended.output, "bash\n");
}

TEST(Commands, StandardOutputMayBeTheResult) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  Command wanted = command("a", "echo out; echo err >&2", folder);
  wanted.keep_stdout = true;
  const Ended ended = run(*commands, std::move(wanted));
  EXPECT_EQ(text_at(ended.result, {"stdout"}), "out\n");
  EXPECT_EQ(ended.output, "+ echo out\n+ echo err\nerr\n");
}

TEST(Commands, AnotherProcessPicksUpARunningCommandAtAnOffset) {
  const TempDir folder;
  const std::string go = folder / "go";
  const std::string script = fmt::format(
      "#!/bin/sh\necho first\nuntil [ -e {} ]; do sleep 0.02; done\necho last\nexit 3", go);
  Reader before;
  {
    const auto commands = Commands::open(folder / "c").value();
    commands->run(command("a", script, folder), 0, before.events());
    before.wait_for_output();
  }
  EXPECT_EQ(before.so_far().output, "first\n");
  ASSERT_TRUE(write_file_atomic(go, "").ok());
  const auto commands = Commands::open(folder / "c").value();
  Reader after;
  commands->run(command("a", script, folder), before.so_far().offset, after.events());
  EXPECT_EQ(after.wait().output, "last\n");
  EXPECT_EQ(int_at(after.so_far().result, {"exit"}), 3);
}

TEST(Commands, ACommandThatEndedMeanwhileIsNotStartedAgain) {
  const TempDir folder;
  const std::string script = "echo ran >>count; exit 4";
  {
    const auto commands = Commands::open(folder / "c").value();
    run(*commands, command("a", script, folder));
  }
  const auto commands = Commands::open(folder / "c").value();
  EXPECT_EQ(int_at(run(*commands, command("a", script, folder)).result, {"exit"}), 4);
  EXPECT_EQ(read_file(folder / "count").value(), "ran\n");
}

// A server that was killed between the start and the note of it starts the command once more: the
// second one leaves, and its starter goes on with the first.
TEST(Commands, ASecondStartOfOneCommandJoinsTheFirst) {
  const TempDir folder;
  const std::string script = "#!/bin/sh\necho ran >>count\nsleep 0.3\necho end\nexit 5";
  const auto first = Commands::open(folder / "c").value();
  const auto second = Commands::open(folder / "c").value();
  Reader one, two;
  first->run(command("a", script, folder), 0, one.events());
  second->run(command("a", script, folder), 0, two.events());
  EXPECT_EQ(int_at(one.wait().result, {"exit"}), 5);
  EXPECT_EQ(int_at(two.wait().result, {"exit"}), 5);
  EXPECT_EQ(two.so_far().output, "end\n");
  EXPECT_EQ(read_file(folder / "count").value(), "ran\n");
}

TEST(Commands, TerminatesTheWholeSession) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  Reader reader;
  commands->run(command("a", "echo on; sleep 60 & sleep 60", folder), 0, reader.events());
  reader.wait_for_output();
  commands->kill("a");
  EXPECT_EQ(int_at(reader.wait().result, {"exit"}), 143);
}

TEST(Commands, AScriptThatWasKilledLeavesAClearError) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  Reader reader;
  commands->run(command("a", "echo on; sleep 60", folder), 0, reader.events());
  reader.wait_for_output();
  const auto pid = parse_int(trim(read_file(folder / "c/a.process").value()));
  ASSERT_TRUE(pid.has_value());
  ::kill(static_cast<pid_t>(-*pid), SIGKILL);
  EXPECT_TRUE(text_at(reader.wait().result, {"error"}).contains("no exit code"));
}

TEST(Commands, ManyAtOnceLoseNothing) {
  const TempDir folder;
  const auto commands = Commands::open(folder / "c").value();
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < 20; i++) {
    readers.push_back(std::make_unique<Reader>());
    commands->run(
        command(fmt::format("k{}", i),
                fmt::format("#!/bin/sh\nfor n in 1 2 3 4 5; do echo {} $n; done", i), folder),
        0, readers.back()->events());
  }
  for (int i = 0; i < 20; i++) {
    EXPECT_EQ(readers[static_cast<size_t>(i)]->wait().output,
              fmt::format("{0} 1\n{0} 2\n{0} 3\n{0} 4\n{0} 5\n", i));
  }
}

}  // namespace
}  // namespace ks::engine
