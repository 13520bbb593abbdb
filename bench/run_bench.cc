// `ks run` as a process: from its start to its exit.
#include <cstdlib>

#include "base/file.h"
#include "base/process.h"
#include "report.h"

namespace ks::bench {
namespace {

constexpr int kRuns = 40;

std::string binary() {
  const char* named = std::getenv("KS_BINARY");
  return named != nullptr ? named : std::string(KS_BINARY_DIR) + "/ks";
}

/// Times one process; a failure ends the benchmark.
std::chrono::nanoseconds time_of(const std::vector<std::string>& argv) {
  const auto start = std::chrono::steady_clock::now();
  Result<Process> process = Process::spawn({.argv = argv, .env = current_environment()});
  CHECK(process.ok());
  const Result<int> code = process->wait();
  CHECK_MSG(code.ok() && *code == 0, argv[0]);
  return std::chrono::steady_clock::now() - start;
}

Samples sample(const std::vector<std::string>& argv) {
  time_of(argv);  // the pages of the program come from the disk once
  Samples out;
  for (int i = 0; i < kRuns; ++i) out.add(time_of(argv));
  return out;
}

void echo_steps() {
  TempDir folder;
  std::string script;
  for (int i = 0; i < 1000; ++i) script += "echo 'line'\n";
  CHECK(write_file_atomic(folder / "Jenkinsfile", script).ok());
  Samples with = sample({binary(), "run", folder / "Jenkinsfile"});
  CHECK(write_file_atomic(folder / "Jenkinsfile", "echo 'line'\n").ok());
  Samples without = sample({binary(), "run", folder / "Jenkinsfile"});
  report("1,000 echo steps in one run, beyond a run with one",
         fmt::format("p50 {:.1f} ms", with.percentile_ms(50) - without.percentile_ms(50)),
         "<= 60 ms");
}

}  // namespace
}  // namespace ks::bench

int main() {
  using namespace ks::bench;
  Samples floor = sample({"/bin/true"});
  Samples version = sample({binary(), "version"});
  Samples hello = sample({binary(), "run", KS_SOURCE_DIR "/examples/hello/Jenkinsfile"});
  report("ks run examples/hello/Jenkinsfile, start to exit", hello.p50_p99(), "<= 60 ms",
         "a process: " + floor.p50_p99());
  report("ks version, start to exit", version.p50_p99());
  echo_steps();
  return 0;
}
