#include "devops/kapis/git/git_address.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <memory>

#include "base/text.h"
#include "http/public_address.h"

namespace ks::devops::kapis {
namespace {

constexpr size_t kMaxAddress = 2048;

Error not_one(const std::string& text) {
  return {Code::invalid,
          fmt::format("the address \"{}\" is none that can be used; give https://host/path, "
                      "http://host/path, ssh://user@host/path or user@host:path",
                      text)};
}

bool is_host(std::string_view host) {
  if (host.empty() || host.front() == '-' || host.size() > 255) return false;
  for (char c : host) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_' || c == ':';
    if (!fine) return false;
  }
  return true;
}

/// Splits `user:password@`, host and port; `authority` has no path.
bool read_authority(std::string_view authority, GitAddress& out) {
  if (const size_t at = authority.rfind('@'); at != authority.npos) {
    const std::string_view user = authority.substr(0, at);
    const size_t colon = user.find(':');
    out.username = percent_decode(user.substr(0, colon));
    if (colon != user.npos) out.password = percent_decode(user.substr(colon + 1));
    authority.remove_prefix(at + 1);
  }
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == authority.npos) return false;
    out.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    const size_t colon = authority.find(':');
    out.host = authority.substr(0, colon);
    authority = colon == authority.npos ? std::string_view() : authority.substr(colon);
  }
  if (authority.starts_with(':')) {
    const auto port = parse_int(authority.substr(1));
    if (!port || *port < 1 || *port > 65535) return false;
    out.port = std::to_string(*port);
  } else if (!authority.empty()) {
    return false;
  }
  return is_host(out.host);
}

std::string host_and_port(const GitAddress& address, std::string_view usual) {
  std::string out = address.host.contains(':') ? "[" + address.host + "]" : address.host;
  if (address.port != usual) out += ":" + address.port;
  return out;
}

}  // namespace

Result<GitAddress> parse_git_address(const std::string& text, bool allow_local) {
  GitAddress out;
  for (unsigned char c : text) {
    if (c <= ' ' || c == 0x7f) return not_one(text);
  }
  if (text.empty() || text.size() > kMaxAddress || text.front() == '-') return not_one(text);
  const size_t scheme_end = text.find("://");
  const std::string scheme = to_lower(text.substr(0, scheme_end == text.npos ? 0 : scheme_end));
  if (scheme == "http" || scheme == "https" || scheme == "ssh") {
    const size_t begin = scheme_end + 3, slash = std::min(text.find('/', begin), text.size());
    const bool over_ssh = scheme == "ssh";
    const char* usual = over_ssh ? "22" : scheme == "https" ? "443" : "80";
    out.port = usual;
    if (slash + 1 >= text.size()) return not_one(text);
    if (!read_authority(std::string_view(text).substr(begin, slash - begin), out)) {
      return not_one(text);
    }
    out.scheme = over_ssh ? GitAddress::Scheme::ssh : GitAddress::Scheme::http;
    out.url = over_ssh ? text
                       : fmt::format("{}://{}{}", scheme, host_and_port(out, usual),
                                     std::string_view(text).substr(slash));
    if (!over_ssh) out.site = fmt::format("{}://{}", scheme, host_and_port(out, usual));
    return out;
  }
  if (allow_local && (text.front() == '/' || scheme == "file")) {
    out.scheme = GitAddress::Scheme::local;
    out.url = text;
    return out;
  }
  // user@host:path; `::` would name a helper program.
  const size_t colon = text.find(':');
  if (scheme_end != text.npos || colon == text.npos || text.contains("::") ||
      text.find('/') < colon || colon + 1 == text.size()) {
    return not_one(text);
  }
  out.scheme = GitAddress::Scheme::ssh;
  out.port = "22";
  out.url = text;
  if (!read_authority(std::string_view(text).substr(0, colon), out)) return not_one(text);
  return out;
}

Result<std::string> resolve_host(const GitAddress& address, bool allow_private) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  if (failed != 0 || found == nullptr) {
    return Error{Code::unavailable,
                 fmt::format("the host \"{}\" is not found: {}", address.host,
                             failed == 0 ? "it has no address" : gai_strerror(failed))};
  }
  for (const addrinfo* one = found; one != nullptr && !allow_private; one = one->ai_next) {
    if (!http::is_public_address(*one->ai_addr)) {
      return Error{Code::forbidden,
                   fmt::format("the host \"{}\" is at an address that is not of the internet; "
                               "--allow-private-addresses lets users name such",
                               address.host)};
    }
  }
  char text[NI_MAXHOST];
  if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return Error{Code::internal, "an address has no text"};
  }
  return std::string(text);
}

}  // namespace ks::devops::kapis
