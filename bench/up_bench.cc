#include <csignal>
#include <thread>

#include "server_process.h"

// `ks up`: from process start to ready, and the memory of a server that nobody uses.

namespace ks {
namespace {

using bench::report;
using bench::ServerProcess;

constexpr int kObjects = 10'000;
constexpr int kStarts = 5;

std::string memory(const ServerProcess& server) {
  // What it does after its start, is done by then.
  std::this_thread::sleep_for(std::chrono::seconds(2));
  return fmt::format("{:.0f} MB", static_cast<double>(bench::resident_bytes(server.pid())) / 1e6);
}

/// The median of several starts, each of which leaves the folder as it found it.
std::string median_start(const std::string& data_dir) {
  bench::Samples starts;
  for (int i = 0; i < kStarts; i++) {
    const ServerProcess server(data_dir);
    starts.add(std::chrono::nanoseconds(static_cast<int64_t>(1e9 * server.ready_seconds())));
  }
  return fmt::format("{:.0f} ms", starts.percentile_ms(50));
}

void fill(const ServerProcess& server) {
  std::vector<std::string> requests;
  for (int i = 0; i < kObjects; i++) {
    requests.push_back(bench::post_request("/api/v1/namespaces/default/configmaps",
                                           bench::config_map(fmt::format("m{}", i), 2048),
                                           server.bearer()));
  }
  bench::send_all(server.port(), true, requests);
}

int run() {
  bench::Samples first;
  for (int i = 0; i < kStarts; i++) {
    const TempDir dir;
    const ServerProcess server(dir / "data");
    first.add(std::chrono::nanoseconds(static_cast<int64_t>(1e9 * server.ready_seconds())));
  }
  report("ks up to ready, empty folder", fmt::format("{:.0f} ms", first.percentile_ms(50)),
         "100 ms", "with certificates, kinds and namespaces made");
  const TempDir dir;
  {
    const ServerProcess server(dir / "data");
    report("resident memory after that", memory(server), "40 MB");
    fill(server);
    report("with 10,000 objects of 2 KiB, as they were created", memory(server), "120 MB");
  }
  report("ks up to ready, 10,000 objects of 2 KiB", median_start(dir / "data"), "500 ms");
  const ServerProcess server(dir / "data");
  report("resident memory after that", memory(server), "120 MB");
  return 0;
}

}  // namespace
}  // namespace ks

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  return ks::run();
}
