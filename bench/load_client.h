#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"
#include "report.h"

/// A load client that costs little beside the server that it measures: one thread, epoll, a fixed
/// number of kept-alive connections, one request on each at a time.

namespace ks::bench {

struct LoadOptions {
  uint16_t port = 0;  ///< on 127.0.0.1
  bool tls = false;   ///< the server's certificate is not verified
  int connections = 64;
  std::chrono::milliseconds duration{3000};
  /// The whole request number `n`, head and body.
  std::function<std::string(size_t n)> request;
};

struct LoadResult {
  size_t requests = 0;
  size_t errors = 0;  ///< answers that are not 2xx, and connections that broke
  double seconds = 0;
  double client_cpu_seconds = 0;
  Samples latency;
  double rate() const { return static_cast<double>(requests) / seconds; }
};

/// `GET path` with what a server may insist on.
inline std::string get_request(std::string_view path, std::string_view more_headers = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n", path, more_headers);
}

inline std::string post_request(std::string_view path, std::string_view body,
                                std::string_view more_headers = {}) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n{}\r\n{}",
      path, body.size(), more_headers, body);
}

/// One connection: blocking while it connects, then non-blocking.
class LoadConnection {
 public:
  LoadConnection(uint16_t port, SSL_CTX* tls)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const int on = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (tls != nullptr) {
      ssl_.reset(SSL_new(tls));
      SSL_set_fd(ssl_.get(), fd_.get());
      CHECK(SSL_connect(ssl_.get()) == 1);
    }
    fcntl(fd_.get(), F_SETFL, fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
  }

  int fd() const { return fd_.get(); }

  void begin(std::string request) {
    out_ = std::move(request);
    in_.clear();
    expected_ = 0;
    started_ = std::chrono::steady_clock::now();
    flush();
  }

  /// Sends what the socket takes. Requests are small: it takes all, but for the rare moment.
  void flush() {
    while (!out_.empty()) {
      const ssize_t sent = ssl_ ? SSL_write(ssl_.get(), out_.data(), static_cast<int>(out_.size()))
                                : send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      out_.erase(0, static_cast<size_t>(sent));
    }
  }

  /// What has come, without looking at it: the number of bytes, 0 when there is none yet, -1 when
  /// the connection is at its end.
  ssize_t read_some(char* buffer, size_t size) {
    if (ssl_) {
      const int got = SSL_read(ssl_.get(), buffer, static_cast<int>(size));
      if (got > 0) return got;
      return SSL_get_error(ssl_.get(), got) == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    const ssize_t got = recv(fd_.get(), buffer, size, 0);
    if (got > 0) return got;
    return got < 0 && errno == EAGAIN ? 0 : -1;
  }

  enum class State : uint8_t { waiting, answered, broken };
  State receive() {
    char buffer[16 << 10];
    while (true) {
      const ssize_t got = read_some(buffer, sizeof buffer);
      if (got <= 0) return got == 0 ? State::waiting : State::broken;
      in_.append(buffer, static_cast<size_t>(got));
      if (is_complete()) return State::answered;
    }
  }

  bool is_success() const { return in_.size() > 9 && in_[9] == '2'; }
  std::string_view answer() const { return in_; }
  std::chrono::nanoseconds took() const { return std::chrono::steady_clock::now() - started_; }

 private:
  static constexpr size_t kChunked = SIZE_MAX;

  bool is_complete() {
    if (expected_ == 0) {
      const size_t end = in_.find("\r\n\r\n");
      if (end == in_.npos) return false;
      expected_ = end + 4 + content_length(std::string_view(in_).substr(0, end));
      if (chunked_) expected_ = kChunked;
    }
    return expected_ == kChunked ? in_.ends_with("\r\n0\r\n\r\n") : in_.size() >= expected_;
  }

  size_t content_length(std::string_view head) {
    chunked_ = false;
    size_t at = 0;
    while ((at = head.find("\r\n", at)) != head.npos) {
      at += 2;
      const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
      if (line.empty() || !std::string_view("CcTt").contains(line[0])) continue;
      const std::string_view name = line.substr(0, line.find(':'));
      if (to_lower(name) == "content-length")
        return static_cast<size_t>(parse_int(trim(line.substr(name.size() + 1))).value_or(0));
      if (to_lower(name) == "transfer-encoding") chunked_ = true;
    }
    return 0;
  }

  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Fd fd_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string out_;
  std::string in_;
  size_t expected_ = 0;
  bool chunked_ = false;
  std::chrono::steady_clock::time_point started_;
};

inline std::shared_ptr<SSL_CTX> load_tls() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

/// Runs the load on the calling thread.
inline LoadResult run_load(const LoadOptions& options) {
  const std::shared_ptr<SSL_CTX> tls = options.tls ? load_tls() : nullptr;
  std::vector<std::unique_ptr<LoadConnection>> connections;
  const Fd poller(epoll_create1(EPOLL_CLOEXEC));
  for (int i = 0; i < options.connections; i++) {
    connections.push_back(std::make_unique<LoadConnection>(options.port, tls.get()));
    epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<uint64_t>(i)}};
    epoll_ctl(poller.get(), EPOLL_CTL_ADD, connections.back()->fd(), &event);
  }
  const auto cpu = [] {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  };
  LoadResult result;
  const double cpu_before = cpu();
  const auto start = std::chrono::steady_clock::now();
  size_t sent = 0;
  for (auto& connection : connections) connection->begin(options.request(sent++));
  epoll_event events[128];
  while (std::chrono::steady_clock::now() - start < options.duration) {
    const int ready = epoll_wait(poller.get(), events, std::size(events), 100);
    for (int i = 0; i < ready; i++) {
      auto& connection = connections[events[i].data.u64];
      connection->flush();
      switch (connection->receive()) {
        case LoadConnection::State::waiting: break;
        case LoadConnection::State::broken:
          result.errors++;
          connection = std::make_unique<LoadConnection>(options.port, tls.get());
          epoll_ctl(poller.get(), EPOLL_CTL_ADD, connection->fd(), &events[i]);
          events[i].events = EPOLLIN;
          connection->begin(options.request(sent++));
          break;
        case LoadConnection::State::answered:
          result.requests++;
          if (!connection->is_success()) result.errors++;
          result.latency.add(connection->took());
          connection->begin(options.request(sent++));
          break;
      }
    }
  }
  result.seconds = seconds_since(start);
  result.client_cpu_seconds = cpu() - cpu_before;
  return result;
}

}  // namespace ks::bench
