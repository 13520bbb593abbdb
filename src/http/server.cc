#include "http/server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <latch>

#include "base/log.h"
#include "http/server/connection.h"
#include "http/server/websocket.h"

namespace ks::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class AsioServer final : public Server {
 public:
  AsioServer(ServerOptions options, const Router& router)
      : workers_(std::make_unique<WorkerPool>(options.max_workers, 10'000)) {
    shared_.options = std::move(options);
    shared_.router = &router;
    shared_.workers = workers_.get();
  }

  ~AsioServer() override {
    drain(std::chrono::milliseconds(0));
    // Handlers that run post their answers to a reactor: first nothing is open, then nothing runs,
    // then the reactors may go.
    if (serving_) {
      std::latch closed(static_cast<std::ptrdiff_t>(reactors_.size()));
      for (auto& reactor : reactors_) {
        asio::post(reactor->context, [&closed, r = reactor.get()] {
          close_all(*r);
          closed.count_down();
        });
      }
      closed.wait();
    }
    workers_.reset();
    for (auto& reactor : reactors_) {
      reactor->guard.reset();
      reactor->context.stop();
    }
    for (auto& reactor : reactors_) reactor->thread = {};
  }

  Result<> listen() {
    const ServerOptions& options = shared_.options;
    if (!options.certificate_file.empty()) {
      shared_.tls = TRY(server_tls(options.certificate_file, options.key_file));
    }
    if (!options.access_log_file.empty())
      shared_.access_log = TRY(AccessLog::open(options.access_log_file));
    for (int i = 0; i < std::max(1, options.reactor_threads); i++)
      reactors_.push_back(std::make_unique<Reactor>(shared_));
    acceptor_ = std::make_unique<asio::ip::tcp::acceptor>(reactors_[0]->context);
    TRY(bind());
    accept();
    for (auto& reactor : reactors_) {
      reactor->thread = std::jthread([context = &reactor->context] { context->run(); });
    }
    serving_ = true;
    return {};
  }

  uint16_t port() const override { return port_; }
  size_t connections() const override { return shared_.open_sockets(); }

  std::string url() const override {
    const std::string& address = shared_.options.address;
    const bool any = address == "0.0.0.0" || address == "::";
    const std::string host = any                                 ? "127.0.0.1"
                             : address.find(':') != address.npos ? "[" + address + "]"
                                                                 : address;
    return fmt::format("{}://{}:{}", shared_.tls == nullptr ? "http" : "https", host, port_);
  }

  void drain(std::chrono::milliseconds limit) override {
    if (!shared_.draining.exchange(true) && serving_) {
      asio::post(reactors_[0]->context, [this] {
        error_code ignored;
        acceptor_->close(ignored);
      });
      for (auto& reactor : reactors_) {
        asio::post(reactor->context, [r = reactor.get()] {
          std::vector<std::shared_ptr<Connection>> all(r->connections.begin(),
                                                       r->connections.end());
          for (const auto& connection : all) connection->drain();
          for (const auto& weak : r->websockets) {
            if (auto session = weak.lock()) session->close(1001, "the server shuts down");
          }
        });
      }
    }
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (shared_.open_sockets() > 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

 private:
  static void close_all(Reactor& reactor) {
    reactor.timer.cancel();
    const std::vector<std::shared_ptr<Connection>> all(reactor.connections.begin(),
                                                       reactor.connections.end());
    for (const auto& connection : all) connection->close();
    for (const auto& weak : reactor.websockets) {
      if (auto session = weak.lock()) session->abort();
    }
  }

  Result<> bind() {
    const ServerOptions& options = shared_.options;
    error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error)
      return Error{Code::invalid,
                   fmt::format("'{}' is no IP address to listen on", options.address)};
    const asio::ip::tcp::endpoint endpoint(address, options.port);
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(4096, error);
    if (error == asio::error::address_in_use) {
      return Error{
          Code::already_exists,
          fmt::format(
              "the port {} of {} is in use by another program; choose one with --bind {}:PORT",
              options.port, options.address, options.address)};
    }
    if (error) {
      return Error{Code::unavailable, fmt::format("cannot listen on {}:{}: {}", options.address,
                                                  options.port, error.message())};
    }
    port_ = acceptor_->local_endpoint().port();
    return {};
  }

  void accept() {
    Reactor& reactor = *reactors_[next_++ % reactors_.size()];
    acceptor_->async_accept(
        reactor.context, [this, &reactor](const error_code& error, asio::ip::tcp::socket socket) {
          if (error == asio::error::operation_aborted || !acceptor_->is_open()) return;
          if (error) {
            // Out of descriptors: the connection stays in the kernel's queue; spinning on it would
            // help nobody.
            LOG(error, "cannot accept a connection", {"error", error.message()});
            auto pause = std::make_shared<asio::steady_timer>(reactors_[0]->context,
                                                              std::chrono::milliseconds(100));
            pause->async_wait([this, pause](const error_code& stopped) {
              if (!stopped && acceptor_->is_open()) accept();
            });
            return;
          }
          admit(reactor, std::move(socket));
          accept();
        });
  }

  void admit(Reactor& reactor, asio::ip::tcp::socket socket) {
    if (shared_.open_sockets() >= shared_.options.max_connections) {
      // One line a second: whoever opens too many must not fill the log as well.
      refused_++;
      const auto now = std::chrono::steady_clock::now();
      if (now - last_refusal_logged_ < std::chrono::seconds(1)) return;
      last_refusal_logged_ = now;
      LOG(warn, "connections were refused: too many are open",
          {"limit", shared_.options.max_connections}, {"refused", std::exchange(refused_, 0)});
      return;
    }
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;
    std::string name = fmt::format("{}:{}", peer.address().to_string(), peer.port());
    auto connection = std::make_shared<Connection>(reactor, std::move(socket), std::move(name));
    asio::post(reactor.context, [connection] { connection->start(); });
  }

  Shared shared_;
  std::unique_ptr<WorkerPool> workers_;
  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::unique_ptr<asio::ip::tcp::acceptor> acceptor_;
  size_t next_ = 0;
  uint16_t port_ = 0;
  bool serving_ = false;
  size_t refused_ = 0;
  std::chrono::steady_clock::time_point last_refusal_logged_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, const Router& router) {
  auto server = std::make_unique<AsioServer>(std::move(options), router);
  TRY(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace ks::http
