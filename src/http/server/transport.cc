#include "http/server/transport.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ks::http {
namespace {

/// One TLS record; what is smaller together goes out as one.
constexpr size_t kRecordBytes = 16 << 10;

IoResult socket_result(ssize_t moved, Io when_blocked) {
  if (moved > 0) return {Io::done, static_cast<size_t>(moved)};
  if (moved == 0) return {Io::end, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {when_blocked, 0};
  return {Io::failed, 0};
}

std::string tls_error() {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return text;
}

int choose_http11(SSL*, const unsigned char** out, unsigned char* out_size,
                  const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Transport::Transport(int socket, SSL_CTX* context) : socket_(socket) {
  if (context == nullptr) return;
  ssl_ = SSL_new(context);
  CHECK(ssl_ != nullptr);
  SSL_set_fd(ssl_, socket_);
  SSL_set_accept_state(ssl_);
}

Transport::~Transport() { SSL_free(ssl_); }

IoResult Transport::tls_result(int returned) {
  if (returned > 0) return {Io::done, static_cast<size_t>(returned)};
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ: return {Io::want_read, 0};
    case SSL_ERROR_WANT_WRITE: return {Io::want_write, 0};
    case SSL_ERROR_ZERO_RETURN: return {Io::end, 0};
    default: return {Io::failed, 0};
  }
}

IoResult Transport::handshake() {
  if (ssl_ == nullptr) return {Io::done, 0};
  ERR_clear_error();
  return tls_result(SSL_do_handshake(ssl_));
}

IoResult Transport::read(std::span<char> into) {
  if (ssl_ == nullptr) return socket_result(recv(fd(), into.data(), into.size(), 0), Io::want_read);
  ERR_clear_error();
  return tls_result(
      SSL_read(ssl_, into.data(), static_cast<int>(std::min<size_t>(into.size(), 1 << 30))));
}

IoResult Transport::write(std::string_view from) {
  if (from.empty()) return {Io::done, 0};
  if (ssl_ == nullptr)
    return socket_result(send(fd(), from.data(), from.size(), MSG_NOSIGNAL), Io::want_write);
  ERR_clear_error();
  return tls_result(
      SSL_write(ssl_, from.data(), static_cast<int>(std::min<size_t>(from.size(), 1 << 30))));
}

IoResult Transport::write(std::string_view first, std::string_view second) {
  if (first.empty() || second.empty()) return write(first.empty() ? second : first);
  if (ssl_ == nullptr) {
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    return socket_result(sendmsg(fd(), &message, MSG_NOSIGNAL), Io::want_write);
  }
  if (first.size() + second.size() > kRecordBytes) return write(first);
  char record[kRecordBytes];
  first.copy(record, first.size());
  second.copy(record + first.size(), second.size());
  return write(std::string_view(record, first.size() + second.size()));
}

void Transport::shutdown() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_)) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
  }
  ::shutdown(fd(), SHUT_WR);
}

void SslContextFree::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

Result<SslContext> server_tls(const std::string& certificate_file, const std::string& key_file) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_http11, nullptr);
  static constexpr unsigned char kSessionContext[] = "ks";
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_num_tickets(context.get(), 1);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    return Error{Code::invalid,
                 fmt::format("cannot use the certificate {}: {}", certificate_file, tls_error())};
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return Error{Code::invalid, fmt::format("cannot use the key {}: {}", key_file, tls_error())};
  }
  return context;
}

}  // namespace ks::http
