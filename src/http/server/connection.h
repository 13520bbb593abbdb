#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "http/server.h"
#include "http/server/access_log.h"
#include "http/server/transport.h"
#include "http/server/worker_pool.h"

// Internal to the server: one client's connection on the reactor.

namespace ks::http {

class Connection;
class ConnectionStream;
class WebSocketSession;

/// What all connections of a server share. Counters are for limits and metrics.
struct Shared {
  ServerOptions options;
  const Router* router = nullptr;
  SslContext tls;
  WorkerPool* workers = nullptr;
  std::unique_ptr<AccessLog> access_log;
  std::atomic<size_t> connections{0};
  /// Upgraded ones; handlers may hold theirs longer than the server lives.
  std::shared_ptr<std::atomic<size_t>> websockets = std::make_shared<std::atomic<size_t>>(0);
  size_t open_sockets() const { return connections + *websockets; }
  std::atomic<bool> draining{false};
};

/// One thread with its event loop and the connections that live on it.
struct Reactor {
  explicit Reactor(Shared& server) : shared(server) {}
  void sweep();

  Shared& shared;
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
      context.get_executor()};
  std::vector<char> scratch = std::vector<char>(64 << 10);
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::vector<std::weak_ptr<WebSocketSession>> websockets;
  boost::asio::steady_timer timer{context};
  bool sweeping = false;
  std::jthread thread;
};

/// Reads requests, has them handled, writes responses; all on its reactor's thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Reactor& reactor, boost::asio::ip::tcp::socket socket, std::string peer);
  ~Connection();

  void start();
  /// Closes when the deadline of what it is doing has passed.
  void check_deadline(std::chrono::steady_clock::time_point now);
  /// The server ends: closes at once when idle, else after the response.
  void drain();
  void close();

  // For ConnectionStream.
  void flush_stream();
  /// Ends the response so that the reader sees that it is not whole.
  void abort_stream(std::string_view why);
  Reactor& reactor() { return reactor_; }

 private:
  enum class Phase : uint8_t {
    handshake,
    idle,
    header,
    body,
    handling,
    responding,
    streaming,
    lingering,
    closed
  };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void enter(Phase phase);
  void handshake();
  void wait_readable();
  void wait_writable();
  void on_readable();
  void on_writable();
  void consume();
  void feed();
  void reject(int status, std::string text);
  void handle();
  Request take_request();
  void respond(Response response);
  void start_stream(Response& response);
  void upgrade(Response& response);
  std::string head_of(const Response& response, bool chunked) const;
  void write_more();
  void finish_response();
  void peer_ended();
  void linger();
  void log_request(int status, size_t bytes);

  Reactor& reactor_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Transport> transport_;
  std::string peer_;
  Phase phase_ = Phase::handshake;
  std::chrono::steady_clock::time_point deadline_;
  bool waiting_readable_ = false;
  bool waiting_writable_ = false;
  bool peer_ended_ = false;
  bool keep_alive_ = false;
  bool is_head_ = false;
  bool http10_ = false;
  bool continue_sent_ = false;
  bool rejected_ = false;
  size_t lingered_ = 0;

  std::string in_;
  std::unique_ptr<Parser> parser_;
  std::shared_ptr<Request> request_;  // kept for the access log while it is handled
  std::stop_source stop_;
  std::chrono::steady_clock::time_point started_;

  std::string out_head_;
  Body out_body_;
  size_t out_done_ = 0;
  int status_ = 0;
  std::shared_ptr<ConnectionStream> stream_;
  size_t streamed_bytes_ = 0;
};

}  // namespace ks::http
