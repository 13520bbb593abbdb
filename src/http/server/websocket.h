#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"
#include "http/server/transport.h"

// Internal to the server: what becomes of a connection once it is upgraded.

namespace ks::http {

struct WebSocketParts {
  boost::asio::ip::tcp::socket socket;
  std::unique_ptr<Transport> transport;
  std::string request_head;  ///< as text again, for the library that checks the handshake
  std::string early_data;
  std::string protocol;  ///< agreed subprotocol, empty for none
};

/// Answers the handshake, then hands the open socket to `ready`; a handshake that is none closes
/// the connection.
void start_websocket(WebSocketParts parts,
                     std::move_only_function<void(std::shared_ptr<WebSocket>)> ready);

}  // namespace ks::http
