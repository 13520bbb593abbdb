#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"
#include "http/server/transport.h"

// Internal to the server: what becomes of a connection once it is upgraded.

namespace ks::http {

/// A WebSocket as the server sees it.
class WebSocketSession : public WebSocket {
 public:
  /// The server is gone: drops the connection and tells the handler. On the reactor.
  virtual void abort() = 0;
};

struct WebSocketParts {
  boost::asio::ip::tcp::socket socket;
  std::unique_ptr<Transport> transport;
  std::string request_head;  ///< as text again, for the library that checks the handshake
  std::string early_data;
  std::string protocol;                       ///< agreed subprotocol, empty for none
  std::shared_ptr<std::atomic<size_t>> open;  ///< Counts sessions.
};

/// Answers the handshake, then hands the open socket to `ready`; a handshake that is none closes
/// the connection.
std::shared_ptr<WebSocketSession> start_websocket(
    WebSocketParts parts, std::move_only_function<void(std::shared_ptr<WebSocket>)> ready);

}  // namespace ks::http
