#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <map>
#include <thread>

#include "base/guarded.h"
#include "base/process.h"
#include "http/certificates.h"
#include "http/server.h"
#include "load_client.h"

// The server by itself: a trivial answer over TLS beside the floor, which is the same bytes moved
// by a bare loop over epoll and OpenSSL, and what an idle stream costs.

namespace ks::http {
namespace {

constexpr int kIdleStreams = 1000;
const std::string kBody(1024, 'x');

double process_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

size_t resident_bytes() {
  const std::string statm = read_file("/proc/self/statm").value();
  size_t resident = 0;
  const char* second = std::strchr(statm.c_str(), ' ') + 1;
  std::from_chars(second, second + 20, resident);
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

/// No server moves these bytes with less: no parsing, no routing, one constant answer.
class Floor {
 public:
  explicit Floor(const Certificates& files) : tls_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    SSL_CTX_use_certificate_chain_file(tls_.get(), files.certificate_file.c_str());
    SSL_CTX_use_PrivateKey_file(tls_.get(), files.key_file.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_set_mode(tls_.get(), SSL_MODE_RELEASE_BUFFERS);
    listener_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(listen(listener_.get(), 1024) == 0);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  uint16_t port() const { return port_; }

 private:
  void run(const std::stop_token& stop) {
    const std::string answer =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", kBody.size(), kBody);
    const Fd poller(epoll_create1(EPOLL_CLOEXEC));
    epoll_event accepting{.events = EPOLLIN, .data = {.fd = listener_.get()}};
    epoll_ctl(poller.get(), EPOLL_CTL_ADD, listener_.get(), &accepting);
    std::map<int, SSL*> open;
    epoll_event events[128];
    while (!stop.stop_requested()) {
      const int ready = epoll_wait(poller.get(), events, std::size(events), 50);
      for (int i = 0; i < ready; i++) {
        const int fd = events[i].data.fd;
        if (fd == listener_.get()) {
          const int peer = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
          SSL* ssl = SSL_new(tls_.get());
          SSL_set_fd(ssl, peer);
          CHECK(SSL_accept(ssl) == 1);
          fcntl(peer, F_SETFL, fcntl(peer, F_GETFL) | O_NONBLOCK);
          open[peer] = ssl;
          epoll_event event{.events = EPOLLIN, .data = {.fd = peer}};
          epoll_ctl(poller.get(), EPOLL_CTL_ADD, peer, &event);
          continue;
        }
        char buffer[4096];
        SSL* ssl = open[fd];
        const int got = SSL_read(ssl, buffer, sizeof buffer);
        if (got > 0) {
          SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        } else if (SSL_get_error(ssl, got) != SSL_ERROR_WANT_READ) {
          SSL_free(ssl);
          close(fd);
          open.erase(fd);
        }
      }
    }
    for (const auto& [fd, ssl] : open) {
      SSL_free(ssl);
      close(fd);
    }
  }

  std::shared_ptr<SSL_CTX> tls_;
  Fd listener_;
  uint16_t port_ = 0;
  std::jthread thread_;
};

bench::LoadResult measure(std::string_view what, uint16_t port, bool tls, std::string_view path,
                          std::string_view target, const std::string& beside) {
  const double before = process_cpu_seconds();
  bench::LoadResult result = bench::run_load(
      {.port = port, .tls = tls, .request = [&](size_t) { return bench::get_request(path); }});
  const double cpu = process_cpu_seconds() - before - result.client_cpu_seconds;
  bench::report(what, fmt::format("{:.0f}/s", result.rate()), target,
                fmt::format("{}; server {:.1f} us CPU each; {}{}", result.latency.p50_p99(),
                            1e6 * cpu / static_cast<double>(result.requests), beside,
                            result.errors > 0 ? fmt::format("; {} ERRORS", result.errors) : ""));
  return result;
}

void idle_streams(const std::string& self, Server& server, Guarded<size_t>& open,
                  std::condition_variable& changed) {
  const size_t before = resident_bytes();
  Process client = Process::spawn({.argv = {self, "--idle", std::to_string(server.port())},
                                   .env = current_environment()})
                       .value();
  open.wait_for(
      changed, std::chrono::seconds(30), [](size_t count) { return count >= kIdleStreams; },
      [](size_t) {});
  const size_t after = resident_bytes();
  bench::report(fmt::format("{} idle TLS streams, resident each", kIdleStreams),
                fmt::format("{:.1f} KB", static_cast<double>(after - before) / kIdleStreams / 1000),
                "30 KB");
  client.signal(SIGKILL).value();
  (void)client.wait();
}

/// The other process of the above: opens the streams and waits to be ended.
int idle_client(uint16_t port) {
  const auto tls = bench::load_tls();
  std::vector<std::unique_ptr<bench::LoadConnection>> all;
  for (int i = 0; i < kIdleStreams; i++) {
    all.push_back(std::make_unique<bench::LoadConnection>(port, tls.get()));
    all.back()->begin(bench::get_request("/stream"));
  }
  pause();
  return 0;
}

int run(const std::string& self) {
  TempDir dir;
  const Certificates files = ensure_certificates(dir.path(), "127.0.0.1", system_clock()).value();
  Router router;
  Guarded<size_t> open;
  Guarded<std::vector<std::shared_ptr<Stream>>> streams;
  std::condition_variable changed;
  router.add(
      Method::get, "/hello/{name}", [](Request&) { return Response::text(200, kBody); },
      Runs::on_reactor);
  router.add(Method::get, "/work/{name}", [](Request&) { return Response::text(200, kBody); });
  router.add(
      Method::get, "/stream",
      [&](Request&) {
        Response response;
        response.stream = [&](std::shared_ptr<Stream> stream) {
          stream->write("a first event\n");
          streams.with([&](auto& all) { all.push_back(std::move(stream)); });
          open.with([](size_t& count) { count++; });
          changed.notify_all();
        };
        return response;
      },
      Runs::on_reactor);
  auto secure = Server::start(
      {.certificate_file = files.certificate_file, .key_file = files.key_file}, router);
  auto plain = Server::start({}, router);
  // Memory first: later figures would leave pages behind that it could use.
  idle_streams(self, **secure, open, changed);
  streams.with([](auto& all) { all.clear(); });
  {
    Floor floor(files);
    measure("floor: bare epoll loop, TLS, 64 connections", floor.port(), true, "/hello/a", {}, "");
  }
  measure("GET over TLS, 64 connections", (*secure)->port(), true, "/hello/a", "20000/s", "");
  measure("GET over TLS, answered by a worker", (*secure)->port(), true, "/work/a", {}, "");
  measure("GET without TLS, 64 connections", (*plain)->port(), false, "/hello/a", {}, "");
  return 0;
}

}  // namespace
}  // namespace ks::http

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc == 3 && std::string_view(argv[1]) == "--idle")
    return ks::http::idle_client(static_cast<uint16_t>(std::atoi(argv[2])));
  return ks::http::run("/proc/self/exe");
}
