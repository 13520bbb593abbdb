#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "base/process.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/run_once.h"
#include "report.h"

// Runs: how fast steps are, and what runs cost that wait.

namespace ks::engine {
namespace {

using Time = std::chrono::steady_clock;

constexpr int kWaiting = 1000;
constexpr int kCommands = 200;

double once_ms(std::string script) {
  OnceOptions options;
  options.script = std::move(script);
  const auto start = Time::now();
  const OnceResult done = run_once(std::move(options)).value();
  const double ms = bench::seconds_since(start) * 1000;
  if (done.result != BuildResult::success) fmt::print("a run of the benchmark failed\n");
  return ms;
}

/// What 200 commands cost at least: start the same shell, its output to a file, wait.
double floor_ms() {
  const TempDir folder;
  const auto start = Time::now();
  for (int i = 0; i < kCommands; i++) {
    const std::string script = folder / fmt::format("script{}", i);
    {
      const Fd file = open_file(script, O_WRONLY | O_CREAT, 0700).value();
      (void)write_all(file.get(), "true");
    }
    const Fd out = open_file(folder / fmt::format("out{}", i), O_WRONLY | O_CREAT, 0600).value();
    Process shell = Process::spawn({.argv = {"sh", "-xe", script},
                                    .env = current_environment(),
                                    .stdout_fd = out.get(),
                                    .stderr_fd = out.get(),
                                    .new_session = true})
                        .value();
    (void)shell.wait();
  }
  return bench::seconds_since(start) * 1000;
}

void steps() {
  double echo = 1e9;
  for (int i = 0; i < 3; i++)
    echo = std::min(echo, once_ms("for (int i = 0; i < 1000; i++) { echo \"line ${i}\" }"));
  bench::report("1,000 echo steps in one run", fmt::format("{:.1f} ms", echo), "<= 60 ms");
  double commands = 1e9, floor = 1e9;
  for (int i = 0; i < 5; i++) {
    floor = std::min(floor, floor_ms());
    commands = std::min(
        commands,
        once_ms(fmt::format("node {{ for (int i = 0; i < {}; i++) {{ sh 'true' }} }}", kCommands)));
  }
  bench::report("200 sh 'true' steps, journaled",
                fmt::format("{:.0f} ms, {:.2f} x", commands, commands / floor), "<= 1.5 x",
                fmt::format("posix_spawn loop {:.0f} ms", floor));
}

/// The same through the agent process, as a server does it, and with its files on the disk.
void steps_of_a_server() {
  const char* binary = std::getenv("KS_BINARY");
  if (binary == nullptr || *binary == '\0') return;
  const TempDir folder;
  const JobName job{"demo", "commands"};
  const auto engine = Engine::open({.data_dir = folder.path(), .agent = {binary, "agent"}}).value();
  (void)engine->put_folder("demo").ok();
  const std::string config = fmt::format(
      "<flow-definition><definition class=\"org.jenkinsci.plugins.workflow.cps."
      "CpsFlowDefinition\"><script>node {{ for (int i = 0; i &lt; {}; i++) {{ sh 'true' }} }}"
      "</script></definition></flow-definition>",
      kCommands);
  if (Result<> put = engine->put_job(job, config); !put)
    return fmt::print("{}\n", put.error().message);
  double commands = 1e9, floor = 1e9;
  for (int i = 0; i < 5; i++) {
    floor = std::min(floor, floor_ms());
    const auto start = Time::now();
    const uint64_t number = engine->start(job, {}).value();
    while (!engine->run(job, number, false).value().finished())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    commands = std::min(commands, bench::seconds_since(start) * 1000);
  }
  bench::report("200 sh 'true' steps of a server's run",
                fmt::format("{:.0f} ms, {:.2f} x", commands, commands / floor), "<= 1.5 x",
                fmt::format("posix_spawn loop {:.0f} ms", floor));
}

double resident_kb() {
  malloc_trim(0);
  const std::string statm = read_file("/proc/self/statm", 256).value();
  return static_cast<double>(parse_int(split(statm, ' ')[1]).value() * sysconf(_SC_PAGESIZE)) /
         1024;
}

int paused(const Engine& engine, const JobName& job) {
  int count = 0;
  for (int i = 1; i <= kWaiting; i++) {
    const Result<RunInfo> info = engine.run(job, static_cast<uint64_t>(i), false);
    if (info && info->state == RunState::paused) ++count;
  }
  return count;
}

void wait_for_all(const Engine& engine, const JobName& job) {
  while (paused(engine, job) < kWaiting) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

constexpr std::string_view kConfig =
    R"(<flow-definition><definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition"><script>
pipeline {
  agent none
  stages {
    stage('Build') { steps { echo "built ${env.BUILD_NUMBER}" } }
    stage('Release') { steps { input id: 'Go', message: 'release?' } }
  }
}
</script><sandbox>true</sandbox></definition></flow-definition>)";

void waiting_runs() {
  const TempDir folder;
  const JobName job{"demo", "release"};
  {
    const auto engine = Engine::open({.data_dir = folder.path()}).value();
    (void)engine->put_folder("demo").ok();
    if (Result<> put = engine->put_job(job, std::string(kConfig)); !put)
      return fmt::print("{}\n", put.error().message);
    const double before = resident_kb();
    for (int i = 0; i < kWaiting; i++) (void)engine->start(job, {}).ok();
    wait_for_all(*engine, job);
    bench::report("1,000 runs waiting in input, resident each",
                  fmt::format("{:.0f} KB", (resident_kb() - before) / kWaiting), "<= 200 KB");
  }
  const auto start = Time::now();
  const auto engine = Engine::open({.data_dir = folder.path()}).value();
  wait_for_all(*engine, job);
  bench::report("restart with 1,000 waiting runs",
                fmt::format("{:.2f} s", bench::seconds_since(start)), "<= 2 s");
}

}  // namespace
}  // namespace ks::engine

int main() {
  ks::engine::steps();
  ks::engine::steps_of_a_server();
  ks::engine::waiting_runs();
  return 0;
}
