#include "engine/agent/frame.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/json.h"

namespace ks::engine {
namespace {

constexpr size_t kHeaderBytes = 8;

Error gone() { return Error{Code::unavailable, "the other side of the agent's socket is gone"}; }

Result<> send_all(int socket, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = send(socket, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return gone();
    data.remove_prefix(static_cast<size_t>(sent));
  }
  return {};
}

Result<> receive_all(int socket, char* into, size_t size) {
  while (size > 0) {
    const ssize_t got = recv(socket, into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return gone();
    into += got;
    size -= static_cast<size_t>(got);
  }
  return {};
}

}  // namespace

Result<> write_frame(int socket, const Frame& frame) {
  const std::string about = to_json(frame.about);
  const size_t whole = about.size() + frame.bytes.size();
  if (whole > kMaxFrameBytes) {
    return Error{Code::too_large, fmt::format("a message of {} bytes to or from an agent is over "
                                              "the limit of {}",
                                              whole, kMaxFrameBytes)};
  }
  const uint32_t sizes[2] = {static_cast<uint32_t>(whole), static_cast<uint32_t>(about.size())};
  std::string wire(reinterpret_cast<const char*>(sizes), sizeof sizes);
  wire += about;
  wire += frame.bytes;
  return send_all(socket, wire);
}

Result<Frame> read_frame(int socket) {
  uint32_t sizes[2] = {};
  static_assert(sizeof sizes == kHeaderBytes);
  TRY(receive_all(socket, reinterpret_cast<char*>(sizes), sizeof sizes));
  if (sizes[0] > kMaxFrameBytes || sizes[1] > sizes[0])
    return Error{Code::invalid, "a damaged message on an agent's socket"};
  std::string wire(sizes[0], '\0');
  TRY(receive_all(socket, wire.data(), wire.size()));
  json::value about = TRY(parse_json(std::string_view(wire).substr(0, sizes[1])));
  if (!about.is_object())
    return Error{Code::invalid, "a message on an agent's socket is no object"};
  return Frame{std::move(about.as_object()), wire.substr(sizes[1])};
}

}  // namespace ks::engine
