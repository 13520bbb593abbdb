#pragma once

#include <string>

#include "base/result.h"

/// Addresses of repositories that users give, as git is allowed to follow them.

namespace ks::devops::kapis {

struct GitAddress {
  enum class Scheme : uint8_t { http, ssh, local };
  Scheme scheme = Scheme::http;
  std::string url;   ///< without user name and password of http
  std::string site;  ///< `https://host:port`, for whom credentials are; empty for others
  std::string host;  ///< name or address, without brackets
  std::string port;  ///< digits; the scheme's own when the address names none
  std::string username, password;  ///< that stood in the address
};

/// Reads `https://host/x.git`, `ssh://git@host/x.git`, `git@host:x.git`, and with `allow_local` a
/// path of this machine. Anything else is `invalid`: no other transport, no options of git.
Result<GitAddress> parse_git_address(const std::string& text, bool allow_local);

/// The first address of a host, which git is then bound to, so that its name cannot lead elsewhere
/// between this look-up and git's. `forbidden` when one of its addresses is not of the internet,
/// unless `allow_private`.
Result<std::string> resolve_host(const GitAddress& address, bool allow_private);

}  // namespace ks::devops::kapis
