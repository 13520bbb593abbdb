#include <csignal>
#include <cstring>
#include <thread>

#include "server_process.h"

// A thousand watchers of `ks up` over TLS: what an idle one costs, and how soon each hears of an
// event. This program is all thousand clients, so part of each delay is its own reading.

namespace ks {
namespace {

using bench::report;
using bench::ServerProcess;
using Time = std::chrono::steady_clock;

constexpr size_t kWatchers = 1000;
constexpr int kEventsPerSecond = 100;
constexpr int kSeconds = 5;
constexpr std::string_view kMaps = "/api/v1/namespaces/default/configmaps";

/// One watch connection: reads what comes and times the stamps in it.
class Watcher {
 public:
  Watcher(uint16_t port, SSL_CTX* tls, const std::string& request) : connection_(port, tls) {
    connection_.begin(request);
  }
  int fd() const { return connection_.fd(); }
  size_t events() const { return events_; }
  bool is_open() const { return is_open_; }

  /// Reads all there is.
  void read(bench::Samples& samples) {
    char buffer[16 << 10];
    ssize_t got = 0;
    while ((got = connection_.read_some(buffer, sizeof buffer)) > 0) {
      text_.append(buffer, static_cast<size_t>(got));
      if (!is_open_) is_open_ = text_.starts_with("HTTP/1.1 200");
      take_lines(samples);
    }
    CHECK(got == 0);
  }

 private:
  void take_lines(bench::Samples& samples) {
    static constexpr std::string_view kStamp = "sent-";
    const auto now = Time::now().time_since_epoch().count();
    size_t line = 0;
    for (size_t end = 0; (end = text_.find('\n', line)) != text_.npos; line = end + 1) {
      const size_t at = std::string_view(text_).substr(line, end - line).find(kStamp);
      if (at == text_.npos) continue;
      events_++;
      const char* stamp = text_.c_str() + line + at + kStamp.size();
      samples.add(std::chrono::nanoseconds(now - std::strtoll(stamp, nullptr, 10)));
    }
    text_.erase(0, line);
  }

  bench::LoadConnection connection_;
  std::string text_;
  bool is_open_ = false;
  size_t events_ = 0;
};

class Watchers {
 public:
  Watchers(const ServerProcess& server, const std::string& query)
      : tls_(bench::load_tls()), poller_(epoll_create1(EPOLL_CLOEXEC)) {
    const std::string request =
        bench::get_request(fmt::format("{}?{}", kMaps, query), server.bearer());
    for (size_t i = 0; i < kWatchers; i++) {
      all_.push_back(std::make_unique<Watcher>(server.port(), tls_.get(), request));
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      epoll_ctl(poller_.get(), EPOLL_CTL_ADD, all_.back()->fd(), &event);
    }
    wait([](const Watcher& watcher) { return watcher.is_open(); });
  }

  /// Reads until all watchers are as asked, at most ten seconds.
  template <class Done>
  bool wait(Done done) {
    epoll_event events[128];
    const auto start = Time::now();
    size_t next = 0;  // those before it are done
    while (bench::seconds_since(start) < 10 + kSeconds) {
      while (next < all_.size() && done(*all_[next])) next++;
      if (next == all_.size()) return true;
      const int ready = epoll_wait(poller_.get(), events, std::size(events), 100);
      for (int i = 0; i < ready; i++) all_[events[i].data.u64]->read(samples_);
    }
    return false;
  }
  bench::Samples& samples() { return samples_; }

 private:
  std::shared_ptr<SSL_CTX> tls_;
  Fd poller_;
  std::vector<std::unique_ptr<Watcher>> all_;
  bench::Samples samples_;
};

/// Creates objects that carry the time at which they were sent.
void write_events(const ServerProcess& server, size_t size) {
  const auto tls = bench::load_tls();
  bench::LoadConnection connection(server.port(), tls.get());
  const auto start = Time::now();
  for (int i = 0; i < kEventsPerSecond * kSeconds; i++) {
    std::this_thread::sleep_until(start +
                                  i * std::chrono::microseconds(1'000'000) / kEventsPerSecond);
    std::string body = bench::config_map(fmt::format("w{}-{}", size, i), size);
    const std::string stamp = fmt::format("sent-{} ", Time::now().time_since_epoch().count());
    body.replace(body.find("xxxx"), stamp.size(), stamp);
    connection.begin(bench::post_request(kMaps, body, server.bearer()));
    bench::LoadConnection::State state{};
    while ((state = connection.receive()) == bench::LoadConnection::State::waiting)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    CHECK(state == bench::LoadConnection::State::answered && connection.is_success());
  }
}

void bench_delivery(const ServerProcess& server, Watchers& watchers, size_t size,
                    std::string_view target) {
  static size_t expected = 0;
  expected += static_cast<size_t>(kEventsPerSecond * kSeconds);
  watchers.samples() = {};
  const double cpu_before = bench::cpu_seconds(server.pid());
  const auto start = Time::now();
  std::jthread writer([&] { write_events(server, size); });
  const bool all = watchers.wait([](const Watcher& w) { return w.events() >= expected; });
  const double seconds = bench::seconds_since(start);
  const double cpu = bench::cpu_seconds(server.pid()) - cpu_before;
  report(fmt::format("{} watchers x {} events/s of {} bytes", kWatchers, kEventsPerSecond, size),
         watchers.samples().p50_p99(), target,
         fmt::format("{} deliveries in {:.1f} s; server {:.1f} us CPU each{}",
                     watchers.samples().count(), seconds,
                     1e6 * cpu / static_cast<double>(watchers.samples().count()),
                     all ? "" : "; NOT ALL CAME"));
}

int run() {
  const TempDir dir;
  const ServerProcess server(dir / "data");
  std::this_thread::sleep_for(std::chrono::seconds(1));  // what it does after its start, is done
  const size_t before = bench::resident_bytes(server.pid());
  Watchers watchers(server, "watch=1&allowWatchBookmarks=true&labelSelector=%21none");
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const size_t after = bench::resident_bytes(server.pid());
  report("resident memory of an idle watcher, TLS",
         fmt::format("{:.1f} KB", static_cast<double>(after - before) / kWatchers / 1000), "30 KB");
  bench_delivery(server, watchers, 300, "p99 50 ms");
  bench_delivery(server, watchers, 1024, "p99 50 ms");
  return 0;
}

}  // namespace
}  // namespace ks

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  return ks::run();
}
