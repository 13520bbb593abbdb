#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/router.h"

namespace ks::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;             ///< 0: the kernel chooses; see Server::port().
  std::string certificate_file;  ///< PEM chain; empty: plain HTTP.
  std::string key_file;
  size_t max_header_bytes = 64u << 10;  ///< more: 431
  size_t max_body_bytes = 8u << 20;     ///< more: 413
  std::chrono::milliseconds header_timeout{
      10'000};  ///< from the first byte of a request to its last header: 408
  std::chrono::milliseconds body_timeout{60'000};
  std::chrono::milliseconds idle_timeout{300'000};  ///< between requests of one connection
  size_t max_connections = 20'000;
  size_t max_stream_queue_bytes = 8u << 20;  ///< a slower reader of a stream is cut off
  int reactor_threads = 2;
  int max_workers = 64;  ///< threads for handlers that block; started on demand, idle ones end
  std::string access_log_file;  ///< one JSON object a request; empty: none
};

/// Serves a router on one address. Stops accepting, lets running requests end (`drain`), then
/// closes when destroyed.
class Server {
 public:
  /// Listens and serves at once. An address in use says which and how to choose another.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, const Router& router);
  virtual ~Server() = default;

  virtual uint16_t port() const = 0;
  /// Open ones, WebSockets included; for a gauge.
  virtual size_t connections() const = 0;
  /// `https://127.0.0.1:PORT`
  virtual std::string url() const = 0;
  /// Graceful: no new connections, ends streams with their proper last chunk, waits for requests up
  /// to `limit`.
  virtual void drain(std::chrono::milliseconds limit) = 0;
};

}  // namespace ks::http
