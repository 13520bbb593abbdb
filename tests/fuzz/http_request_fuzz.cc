#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "base/log.h"
#include "http/server.h"

// Bytes of a connection against the whole server: parser, limits, router, WebSocket upgrade and
// frames. Whatever comes, the connection ends and the server goes on.

namespace {

using namespace ks::http;

struct Target {
  Router router;
  std::unique_ptr<Server> server;

  Target() {
    ks::set_log_level(ks::LogLevel::error);
    router.add(
        Method::get, "/a/{name}",
        [](Request& r) { return Response::text(200, std::string(r.param("name"))); },
        Runs::on_reactor);
    router.add(
        Method::post, "/echo",
        [](Request& r) { return Response::text(200, std::move(r.body).take()); }, Runs::on_reactor);
    router.add(
        Method::get, "/ws",
        [](Request&) {
          Response response;
          response.websocket_protocols = {"a", "b"};
          response.websocket = [](const std::shared_ptr<WebSocket>& socket) {
            socket->on_message([weak = std::weak_ptr(socket)](WebSocket::Message message) {
              if (auto open = weak.lock()) open->send(std::move(message));
            });
          };
          return response;
        },
        Runs::on_reactor);
    auto started = Server::start(
        {.max_header_bytes = 4096, .max_body_bytes = 16384, .reactor_threads = 1}, router);
    if (!started) std::abort();
    server = std::move(*started);
  }
};

int connect_to(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  timeval limit{.tv_sec = 5, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* target = new Target;
  const int fd = connect_to(target->server->port());
  // The first byte says where the bytes are torn in two: the parser must not care.
  const size_t cut = size == 0 ? 0 : data[0] * size / 256;
  if (cut > 0) (void)send(fd, data, cut, MSG_NOSIGNAL);
  if (size > cut) (void)send(fd, data + cut, size - cut, MSG_NOSIGNAL);
  shutdown(fd, SHUT_WR);
  char buffer[4096];
  ssize_t got = 0;
  while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0) {
  }
  // A connection that neither answers nor ends within five seconds hangs.
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) std::abort();
  close(fd);

  // Parts that a caller may also reach without a socket.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Request request = make_request(Method::get, text);
  (void)target->router.handle(request);
  if (Query::parse(Query::parse(text).encode()).encode() != Query::parse(text).encode())
    std::abort();
  return 0;
}
