#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "http/message.h"
#include "http/router.h"

namespace ks::http {

/// A response stream that is being read. Destroying it ends the reading; no callback runs after
/// that.
class Reading {
 public:
  virtual ~Reading() = default;
};

/// Sends requests somewhere: over a socket, or straight into a router of this process. Thread-safe.
///
/// Only transport failures are errors (`unavailable`, `timeout`); an answer of status 500 is an
/// answer.
class Client {
 public:
  virtual ~Client() = default;

  /// Blocks until the whole response is there. Not for the reactor.
  virtual Result<Response> send(Request request) = 0;

  struct Reader {
    /// Status and headers; before any data.
    std::move_only_function<void(int status, const Headers&)> on_start;
    std::move_only_function<void(std::string_view chunk)> on_data;
    /// Once, last: ok when the server ended the response properly.
    std::move_only_function<void(Result<>)> on_end;
  };
  /// Reads a response as it comes. Callbacks run one at a time on a thread of the client and must
  /// not block for long.
  virtual std::unique_ptr<Reading> read(Request request, Reader reader) = 0;
};

/// Calls `router` in this process, as a server would, but for sockets and limits. The router must
/// outlive it. `user` is the identity of calls that do not name one themselves; authentication
/// filters let a request pass whose peer is "in-process".
std::unique_ptr<Client> in_process_client(const Router& router, User user);

struct ClientOptions {
  std::string base_url;         ///< `https://127.0.0.1:6443`; request paths are appended.
  std::string ca_file;          ///< PEM; empty: the system's authorities.
  std::string ca_pem;           ///< The same as text; wins over the file.
  std::string client_cert_pem;  ///< For mutual TLS, with client_key_pem.
  std::string client_key_pem;
  bool insecure = false;  ///< Does not verify the server. Never a default.
  /// Connects to addresses of the internet alone: loopback, private, link-local and other special
  /// ones are refused, whatever name led there. For addresses that users give.
  bool public_only = false;
  std::string bearer_token;  ///< Sent as `Authorization: Bearer`.
  std::string username;      ///< Basic, when not empty.
  std::string password;
  std::string unix_socket;  ///< Connects here instead of the host of base_url.
  std::chrono::milliseconds timeout{
      30'000};  ///< Of one send(); a read() has none after its headers.
  size_t max_response_bytes = 64u << 20;
};
/// A client over sockets with kept-alive connections.
Result<std::unique_ptr<Client>> socket_client(ClientOptions options);

}  // namespace ks::http
