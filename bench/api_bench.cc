#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "http/server.h"
#include "server_process.h"
#include "store/api/api.h"
#include "store/store.h"

// The API server as clients meet it: `ks up` over TLS with a token. Only the race against etcd is
// over plain HTTP, for its gateway is that too; there the same store and API serve in a child of
// this program.

namespace ks {
namespace {

using bench::report;
using bench::ServerProcess;

constexpr std::string_view kMaps = "/api/v1/namespaces/default/configmaps";

std::string beside(bench::LoadResult& result, double server_cpu_seconds, std::string_view more) {
  return fmt::format(
      "{}; server {:.0f} us CPU each{}{}", result.latency.p50_p99(),
      1e6 * server_cpu_seconds / static_cast<double>(std::max<size_t>(result.requests, 1)),
      result.errors > 0 ? fmt::format("; {} ERRORS", result.errors) : "", more);
}

struct Measured {
  double rate = 0;
  std::string beside;
};
Measured measure(pid_t server, const bench::LoadOptions& options, std::string_view more = {}) {
  const double before = bench::cpu_seconds(server);
  bench::LoadResult result = bench::run_load(options);
  return {result.rate(), beside(result, bench::cpu_seconds(server) - before, more)};
}

std::string create_request(size_t n, std::string_view headers = {}) {
  return bench::post_request(kMaps, bench::config_map(fmt::format("c{}-{}", getpid(), n), 1024),
                             headers);
}

// ----- against etcd -----

/// The other process of bench_plain_creates().
int serve_plain(const std::string& dir) {
  store::Store store(store::open_sqlite(dir).value(), {});
  store.open().value();
  store::Registry registry;
  store::KubeApi api(store, registry, {});
  api.start().value();
  http::Router router;
  api.add_routes(router);
  const auto server = http::Server::start({}, router).value();
  fmt::print("port {}\n", server->port());
  std::fflush(stdout);
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  int signal = 0;
  sigwait(&end, &signal);
  return 0;
}

Measured bench_plain_creates() {
  const TempDir dir;
  const bench::Child child({"/proc/self/exe", "--serve-plain", dir / "data"}, dir / "out");
  const uint16_t port = child.wait_port("port ");
  return measure(child.pid(),
                 {.port = port, .request = [](size_t n) { return create_request(n); }});
}

std::string base64(std::string_view text) {
  std::string out(4 * (text.size() + 2) / 3 + 4, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

/// A port that was free a moment ago; etcd cannot choose one itself. Below those that the kernel
/// gives to outgoing connections.
uint16_t free_port() {
  for (auto port = static_cast<uint16_t>(20'000 + getpid() % 10'000);; port++) {
    const Fd probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (probe && bind(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
      return port;
  }
}

Measured bench_etcd_puts() {
  const TempDir dir;
  const uint16_t port = free_port();
  const std::string url = fmt::format("http://127.0.0.1:{}", port);
  const std::string peer = fmt::format("http://127.0.0.1:{}", port + 1);
  const bench::Child child(
      {"etcd", "--data-dir", dir / "data", "--name", "t", "--listen-client-urls", url,
       "--advertise-client-urls", url, "--listen-peer-urls", peer, "--initial-advertise-peer-urls",
       peer, "--initial-cluster", "t=" + peer, "--log-level", "error"},
      dir / "out");
  while (!bench::answers(port, false, "/health")) {
    if (child.seconds_since_start() > 30) {
      report("etcd-server did not start", "", "", child.output());
      return {};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
  const std::string value = base64(std::string(1024, 'x'));
  return measure(child.pid(),
                 {.port = port, .request = [&](size_t n) {
                    return bench::post_request(
                        "/v3/kv/put",
                        fmt::format(R"({{"key":"{}","value":"{}"}})",
                                    base64(fmt::format("/registry/configmaps/c{}", n)), value));
                  }});
}

void bench_durable_creates() {
  const Measured etcd = bench_etcd_puts();
  report("etcd-server: durable puts, plain, 64 connections", fmt::format("{:.0f}/s", etcd.rate), {},
         etcd.beside);
  const Measured plain = bench_plain_creates();
  report("durable creates of 1 KiB, plain, 64 connections", fmt::format("{:.0f}/s", plain.rate),
         "5000/s, 2 x etcd",
         fmt::format("{:.1f} x etcd; {}", plain.rate / std::max(etcd.rate, 1.0), plain.beside));
}

// ----- `ks up` over TLS -----

void bench_reads(const ServerProcess& server, const std::string& token) {
  const Measured get =
      measure(server.pid(),
              {.port = server.port(), .tls = true, .request = [&](size_t n) {
                 return bench::get_request(
                     fmt::format("/api/v1/namespaces/bench/configmaps/m{:04}", n % 1000), token);
               }});
  report("GET by name, TLS, 64 connections", fmt::format("{:.0f}/s", get.rate), "20000/s",
         get.beside);
  const Measured list = measure(
      server.pid(), {.port = server.port(), .tls = true, .connections = 16, .request = [&](size_t) {
                       return bench::get_request("/api/v1/namespaces/bench/configmaps", token);
                     }});
  report("list of 1,000 objects of 1 KiB, TLS, 16 connections", fmt::format("{:.0f}/s", list.rate),
         "300/s", list.beside);
  const Measured selected = measure(
      server.pid(), {.port = server.port(), .tls = true, .connections = 16, .request = [&](size_t) {
                       return bench::get_request(
                           "/api/v1/namespaces/bench/configmaps?labelSelector=none%3Dthis", token);
                     }});
  report("the same, none of which a selector takes", fmt::format("{:.0f}/s", selected.rate), {},
         selected.beside);
}

void prepare_objects(const ServerProcess& server, const std::string& token) {
  std::vector<std::string> requests = {
      bench::post_request("/api/v1/namespaces", R"({"metadata":{"name":"bench"}})", token)};
  bench::send_all(server.port(), true, requests);
  requests.clear();
  for (int i = 0; i < 1000; i++)
    requests.push_back(bench::post_request("/api/v1/namespaces/bench/configmaps",
                                           bench::config_map(fmt::format("m{:04}", i), 1024),
                                           token));
  bench::send_all(server.port(), true, requests);
}

int run() {
  bench_durable_creates();
  const TempDir dir;
  const ServerProcess server(dir / "data");
  const std::string token = server.bearer();
  prepare_objects(server, token);
  bench_reads(server, token);
  const Measured creates =
      measure(server.pid(), {.port = server.port(), .tls = true, .request = [&](size_t n) {
                               return create_request(n, token);
                             }});
  report("durable creates of 1 KiB, TLS, 64 connections", fmt::format("{:.0f}/s", creates.rate),
         "5000/s", creates.beside);
  return 0;
}

}  // namespace
}  // namespace ks

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc == 3 && std::strcmp(argv[1], "--serve-plain") == 0) {
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &end, nullptr);
    return ks::serve_plain(argv[2]);
  }
  return ks::run();
}
