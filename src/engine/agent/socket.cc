#include "engine/agent/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace ks::engine {
namespace {

/// An address holds 107 characters, a path 4095: the folder is named by a descriptor of it.
sockaddr_un address_in(const Fd& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fmt::format_to_n(address.sun_path, sizeof address.sun_path - 1, "/proc/self/fd/{}/agent.sock",
                   folder.get());
  return address;
}

Result<Fd> open_folder(const std::string& folder) {
  return open_file(folder, O_PATH | O_DIRECTORY);
}

}  // namespace

Result<Fd> listen_on(const std::string& folder) {
  const Fd held = TRY(open_folder(folder));
  const sockaddr_un address = address_in(held);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  unlink(address.sun_path);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(address.sun_path, 0600) != 0 || listen(socket.get(), 16) != 0) {
    return errno_error("listen on", folder + "/agent.sock", errno);
  }
  return socket;
}

Result<Fd> connect_to(const std::string& folder) {
  const Fd held = TRY(open_folder(folder));
  const sockaddr_un address = address_in(held);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Error{Code::unavailable, fmt::format("no agent listens in {}", folder)};
  return socket;
}

}  // namespace ks::engine
