#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

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
/// Measured in slices of this many, so that ours and the floor see the same machine: on a shared
/// one the floor alone swings by a factor of 2.5 within seconds.
constexpr int kSlice = 40;
constexpr int kRounds = 41;

double once_ms(std::string script) {
  OnceOptions options;
  options.script = std::move(script);
  const auto start = Time::now();
  const OnceResult done = run_once(std::move(options)).value();
  const double ms = bench::seconds_since(start) * 1000;
  if (done.result != BuildResult::success) fmt::print("a run of the benchmark failed\n");
  return ms;
}

/// What a slice of commands costs at least: start the same shell, its output to a file, wait. The
/// files are left in the folder, as ours are for a while: ext4 avoids an inode for five seconds
/// after it was freed, and looking for others costs more than the command.
double floor_ms(const TempDir& parent) {
  static int slices = 0;
  const std::string folder = parent / fmt::format("floor{}", slices++);
  (void)make_dirs(folder);
  const auto start = Time::now();
  for (int i = 0; i < kSlice; i++) {
    const std::string script = fmt::format("{}/script{}", folder, i);
    {
      const Fd file = open_file(script, O_WRONLY | O_CREAT, 0700).value();
      (void)write_all(file.get(), "true");
    }
    const Fd out = open_file(fmt::format("{}/out{}", folder, i), O_WRONLY | O_CREAT, 0600).value();
    Process shell = Process::spawn({.argv = {"/bin/sh", "-xe", script},
                                    .env = current_environment(),
                                    .stdout_fd = out.get(),
                                    .stderr_fd = out.get()})
                        .value();
    (void)shell.wait();
  }
  return bench::seconds_since(start) * 1000;
}

/// Two things in turns, so that what else the machine does falls on both; medians over the rounds.
struct InTurns {
  double ours_ms = 0, floor_ms = 0, ratio = 0;
  double ours_cpu = 0, floor_cpu = 0;  // seconds of this process and its children
  std::string text() const { return fmt::format("{:.0f} ms, {:.2f} x", ours_ms, ratio); }
  std::string floor_text() const { return fmt::format("posix_spawn loop {:.0f} ms", floor_ms); }
};

/// Of this process and of children that have ended.
double cpu_seconds() {
  double all = 0;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    getrusage(who, &used);
    for (const timeval& time : {used.ru_utime, used.ru_stime})
      all += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  }
  return all;
}

double median(std::vector<double> all) {
  std::ranges::sort(all);
  return all[all.size() / 2];
}

InTurns in_turns(const std::function<double()>& ours) {
  InTurns out;
  const TempDir folder;
  // What was removed before is forgotten by then.
  std::this_thread::sleep_for(std::chrono::seconds(6));
  std::vector<double> own, floors = {floor_ms(folder)}, ratios;
  for (int i = 0; i < kRounds; i++) {
    const double before = cpu_seconds();
    own.push_back(ours());
    const double between = cpu_seconds();
    floors.push_back(floor_ms(folder));
    out.ours_cpu += between - before;
    out.floor_cpu += cpu_seconds() - between;
    // Against the floor right before and right after it.
    ratios.push_back(own.back() / ((floors[floors.size() - 2] + floors.back()) / 2));
  }
  out.ours_ms = median(own) * kCommands / kSlice;
  out.floor_ms = median(floors) * kCommands / kSlice;
  out.ratio = median(ratios);
  return out;
}

void steps() {
  double echo = 1e9;
  for (int i = 0; i < 3; i++)
    echo = std::min(echo, once_ms("for (int i = 0; i < 1000; i++) { echo \"line ${i}\" }"));
  bench::report("1,000 echo steps in one run", fmt::format("{:.1f} ms", echo), "<= 60 ms");
  const std::string script =
      fmt::format("node {{ for (int i = 0; i < {}; i++) {{ sh 'true' }} }}", kSlice);
  const InTurns commands = in_turns([&] { return once_ms(script); });
  bench::report("200 sh 'true' steps of ks run", commands.text(), {},
                fmt::format("{}; CPU {:.2f} x", commands.floor_text(),
                            commands.ours_cpu / commands.floor_cpu));
}

/// The same journaled, through the agent process as a server does it, and with its files on the
/// disk.
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
      kSlice);
  if (Result<> put = engine->put_job(job, config); !put)
    return fmt::print("{}\n", put.error().message);
  const InTurns commands = in_turns([&] {
    const auto start = Time::now();
    const uint64_t number = engine->start(job, {}).value();
    while (!engine->run(job, number, false).value().finished())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return bench::seconds_since(start) * 1000;
  });
  bench::report("200 sh 'true' steps, journaled", commands.text(), "<= 1.5 x",
                commands.floor_text());
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

/// Ahead of the machine's other load, if we may: both sides of a comparison, since children inherit
/// it. Else chains of processes are compared by how long each link waits for strangers.
void go_first() {
  const sched_param first{.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_RR, &first) != 0)
    fmt::print("not allowed to go ahead of other load: figures of commands depend on it\n");
}

}  // namespace
}  // namespace ks::engine

int main() {
  ks::engine::go_first();
  ks::engine::steps();
  ks::engine::steps_of_a_server();
  ks::engine::waiting_runs();
  return 0;
}
