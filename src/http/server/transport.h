#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace ks::http {

/// What became of one attempt to move bytes.
enum class Io : uint8_t {
  done,        ///< `bytes` were moved
  want_read,   ///< try again when the socket is readable
  want_write,  ///< try again when it is writable
  end,         ///< the peer ended its side properly
  failed,      ///< reset, TLS alert, garbage
};
struct IoResult {
  Io state = Io::failed;
  size_t bytes = 0;
};

/// What moves bytes over a non-blocking socket, with TLS or without. Does not own the socket. Not
/// thread-safe.
class Transport {
 public:
  /// `context` null: plain. The context must outlive the transport.
  Transport(int socket, SSL_CTX* context);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  int fd() const { return socket_; }
  bool secure() const { return ssl_ != nullptr; }

  IoResult handshake();
  IoResult read(std::span<char> into);
  IoResult write(std::string_view from);
  /// Both at once where the socket can; TLS sends them as one record when they are small.
  IoResult write(std::string_view first, std::string_view second);
  /// Tells the peer that nothing more comes. Best effort, never blocks.
  void shutdown();

 private:
  IoResult tls_result(int returned);

  int socket_;
  SSL* ssl_ = nullptr;
};

struct SslContextFree {
  void operator()(SSL_CTX* context) const;
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

/// A server context from PEM files: TLS 1.2 and later, HTTP/1.1 by ALPN.
Result<SslContext> server_tls(const std::string& certificate_file, const std::string& key_file);

}  // namespace ks::http
