// Kubernetes' URLs, IP addresses and CIDRs.

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "store/schema/cel/functions.h"

namespace ks::store::cel {
namespace {

Value no_overload() { return of_error(kNoOverload); }

// --- URLs

struct Url {
  std::string_view scheme, host, path, query;  ///< host with port
};

/// An absolute URI or an absolute path, as Go's url.ParseRequestURI takes it.
std::optional<Url> parse_url(std::string_view text) {
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c == '\x7f'; }))
    return std::nullopt;
  Url out;
  if (!text.starts_with('/')) {
    const size_t colon = text.find(':');
    if (colon == text.npos || colon == 0) return std::nullopt;
    out.scheme = text.substr(0, colon);
    const bool letter = std::isalpha(static_cast<unsigned char>(out.scheme.front())) != 0;
    if (!letter || !std::ranges::all_of(out.scheme, [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' ||
                 c == '.';
        }))
      return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  if (const size_t query = text.find('?'); query != text.npos) {
    out.query = text.substr(query + 1);
    text = text.substr(0, query);
  }
  if (text.starts_with("//") && !out.scheme.empty()) {
    text.remove_prefix(2);
    out.host = text.substr(0, text.find('/'));
    text.remove_prefix(out.host.size());
    if (const size_t at = out.host.rfind('@'); at != out.host.npos) out.host.remove_prefix(at + 1);
  }
  if (text.contains("%") && std::ranges::any_of(text, [](char c) { return c == '"'; }))
    return std::nullopt;
  out.path = text;
  return out;
}

/// Host and port apart, brackets of an IPv6 address gone.
std::pair<std::string_view, std::string_view> host_and_port(std::string_view host) {
  std::string_view port;
  const size_t colon = host.rfind(':');
  if (colon != host.npos && host.find(']', colon) == host.npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, port};
}

Value url(Evaluation& in, Args a) {
  if (a[0].kind == Kind::url) return a[0];
  if (a[0].kind != Kind::string) return no_overload();
  if (!parse_url(a[0].text))
    return in.arena.error("URL parse error during conversion from string: parse \"" +
                          std::string(a[0].text) + "\": invalid URI for request");
  return of_text(Kind::url, a[0].text);
}
Value is_url(Evaluation&, Args a) {
  return a[0].kind == Kind::string ? of_bool(parse_url(a[0].text).has_value()) : no_overload();
}
template <class Part>
Value url_part(Args a, Part part) {
  if (a[0].kind != Kind::url) return no_overload();
  return of_string(part(*parse_url(a[0].text)));
}
Value get_scheme(Evaluation&, Args a) {
  return url_part(a, [](const Url& u) { return u.scheme; });
}
Value get_host(Evaluation&, Args a) {
  return url_part(a, [](const Url& u) { return u.host; });
}
Value get_hostname(Evaluation&, Args a) {
  return url_part(a, [](const Url& u) { return host_and_port(u.host).first; });
}
Value get_port(Evaluation&, Args a) {
  return url_part(a, [](const Url& u) { return host_and_port(u.host).second; });
}
Value get_path(Evaluation&, Args a) {
  return url_part(a, [](const Url& u) { return u.path; });
}

/// A map of lists: a name may come again.
Value get_query(Evaluation& in, Args a) {
  if (a[0].kind != Kind::url) return no_overload();
  std::vector<std::pair<std::string_view, List>> found;
  for (std::string_view pair : split(parse_url(a[0].text)->query, '&')) {
    if (pair.empty()) continue;
    if (!in.spend(1 + found.size())) return in.out_of_steps();
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = in.arena.keep(percent_decode(pair.substr(0, equals), true));
    const Value value =
        in.arena.string(percent_decode(pair.substr(std::min(equals + 1, pair.size())), true));
    auto entry = std::ranges::find(found, name, &std::pair<std::string_view, List>::first);
    if (entry == found.end()) entry = found.insert(found.end(), {name, {}});
    entry->second.push_back(value);
  }
  Map out;
  for (auto& [name, values] : found)
    out.emplace_back(of_string(name), in.arena.list(std::move(values)));
  return in.arena.map(std::move(out));
}

// --- addresses

/// 4 or 16 bytes; an IPv4 address inside an IPv6 one is refused, as Kubernetes does.
std::optional<std::string> parse_ip(std::string_view text) {
  const std::string copy(text);
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1)
    return std::string(bytes.begin(), bytes.begin() + 4);
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(bytes.data()))) return std::nullopt;
  return std::string(bytes.begin(), bytes.end());
}

std::string ip_text(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), out.data(), out.size());
  return out.data();
}

Value of_ip(Evaluation& in, std::string bytes) {
  Value out = of_text(Kind::ip, in.arena.keep(ip_text(bytes)));
  out.address = in.arena.keep_pointer(std::move(bytes));
  return out;
}

std::optional<std::pair<std::string, int64_t>> parse_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  auto bytes = parse_ip(text.substr(0, slash));
  const auto bits = parse_int(text.substr(slash + 1));
  if (!bytes || !bits || *bits < 0 || *bits > static_cast<int64_t>(bytes->size() * 8))
    return std::nullopt;
  return std::pair(std::move(*bytes), *bits);
}

Value of_cidr(Evaluation& in, std::string bytes, int64_t bits) {
  Value out = of_text(Kind::cidr, in.arena.keep(ip_text(bytes) + "/" + std::to_string(bits)));
  out.address = in.arena.keep_pointer(std::move(bytes));
  out.integer = bits;
  return out;
}

std::string masked_bytes(std::string bytes, int64_t bits) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int64_t kept = std::clamp<int64_t>(bits - static_cast<int64_t>(i * 8), 0, 8);
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) & (0xFF00u >> kept));
  }
  return bytes;
}

Value ip(Evaluation& in, Args a) {
  if (a[0].kind == Kind::cidr) return of_ip(in, *a[0].address);
  if (a[0].kind == Kind::ip) return a[0];
  if (a[0].kind != Kind::string) return no_overload();
  auto bytes = parse_ip(a[0].text);
  if (!bytes)
    return in.arena.error("IP Address \"" + std::string(a[0].text) +
                          "\" parse error during conversion from string");
  return of_ip(in, std::move(*bytes));
}
Value is_ip(Evaluation&, Args a) {
  return a[0].kind == Kind::string ? of_bool(parse_ip(a[0].text).has_value()) : no_overload();
}
Value is_canonical(Evaluation& in, Args a) {
  const Value parsed = ip(in, a);
  return parsed.is_error() ? parsed : of_bool(parsed.text == a[0].text);
}
Value family(Evaluation&, Args a) {
  return a[0].kind == Kind::ip ? of_int(a[0].address->size() == 4 ? 4 : 6) : no_overload();
}

/// Whether the address lies in the block.
bool lies_in(const std::string& address, std::string_view block) {
  const auto cidr = parse_cidr(block);
  return address.size() == cidr->first.size() && masked_bytes(address, cidr->second) == cidr->first;
}
Value lies_in_any(Args a, std::string_view four, std::string_view six) {
  if (a[0].kind != Kind::ip) return no_overload();
  return of_bool(lies_in(*a[0].address, four) || lies_in(*a[0].address, six));
}
Value is_unspecified(Evaluation&, Args a) { return lies_in_any(a, "0.0.0.0/32", "::/128"); }
Value is_loopback(Evaluation&, Args a) { return lies_in_any(a, "127.0.0.0/8", "::1/128"); }
Value is_link_local_multicast(Evaluation&, Args a) {
  return lies_in_any(a, "224.0.0.0/24", "ff02::/16");
}
Value is_link_local_unicast(Evaluation&, Args a) {
  return lies_in_any(a, "169.254.0.0/16", "fe80::/10");
}
Value is_global_unicast(Evaluation&, Args a) {
  if (a[0].kind != Kind::ip) return no_overload();
  for (const auto& [four, six] : {std::pair{"0.0.0.0/32", "::/128"},
                                  {"127.0.0.0/8", "::1/128"},
                                  {"224.0.0.0/4", "ff00::/8"},
                                  {"169.254.0.0/16", "fe80::/10"},
                                  {"255.255.255.255/32", "::/128"}})
    if (lies_in(*a[0].address, four) || lies_in(*a[0].address, six)) return of_bool(false);
  return of_bool(true);
}

Value cidr(Evaluation& in, Args a) {
  if (a[0].kind == Kind::cidr) return a[0];
  if (a[0].kind != Kind::string) return no_overload();
  auto parsed = parse_cidr(a[0].text);
  if (!parsed)
    return in.arena.error(
        "network address parse error during conversion from string: "
        "invalid CIDR address: " +
        std::string(a[0].text));
  return of_cidr(in, std::move(parsed->first), parsed->second);
}
Value is_cidr(Evaluation&, Args a) {
  return a[0].kind == Kind::string ? of_bool(parse_cidr(a[0].text).has_value()) : no_overload();
}
Value prefix_length(Evaluation&, Args a) {
  return a[0].kind == Kind::cidr ? of_int(a[0].integer) : no_overload();
}
Value masked(Evaluation& in, Args a) {
  if (a[0].kind != Kind::cidr) return no_overload();
  return of_cidr(in, masked_bytes(*a[0].address, a[0].integer), a[0].integer);
}
Value contains_ip(Evaluation& in, Args a) {
  if (a[0].kind != Kind::cidr) return no_overload();
  const Value address = ip(in, a.subspan(1));
  if (address.is_error()) return address;
  const int64_t bits = a[0].integer;
  return of_bool(address.address->size() == a[0].address->size() &&
                 masked_bytes(*address.address, bits) == masked_bytes(*a[0].address, bits));
}
Value contains_cidr(Evaluation& in, Args a) {
  if (a[0].kind != Kind::cidr) return no_overload();
  const Value other = cidr(in, a.subspan(1));
  if (other.is_error()) return other;
  const int64_t bits = a[0].integer;
  return of_bool(other.address->size() == a[0].address->size() && other.integer >= bits &&
                 masked_bytes(*other.address, bits) == masked_bytes(*a[0].address, bits));
}

constexpr Function kAddresses[] = {
    {"url", false, 1, 1, Kind::url, url},
    {"isURL", false, 1, 1, Kind::boolean, is_url},
    {"getScheme", true, 1, 1, Kind::string, get_scheme},
    {"getHost", true, 1, 1, Kind::string, get_host},
    {"getHostname", true, 1, 1, Kind::string, get_hostname},
    {"getPort", true, 1, 1, Kind::string, get_port},
    {"getEscapedPath", true, 1, 1, Kind::string, get_path},
    {"getQuery", true, 1, 1, Kind::map, get_query},
    {"ip", false, 1, 1, Kind::ip, ip},
    {"ip", true, 1, 1, Kind::ip, ip},
    {"isIP", false, 1, 1, Kind::boolean, is_ip},
    {"ip.isCanonical", false, 1, 1, Kind::boolean, is_canonical},
    {"family", true, 1, 1, Kind::integer, family},
    {"isUnspecified", true, 1, 1, Kind::boolean, is_unspecified},
    {"isLoopback", true, 1, 1, Kind::boolean, is_loopback},
    {"isLinkLocalMulticast", true, 1, 1, Kind::boolean, is_link_local_multicast},
    {"isLinkLocalUnicast", true, 1, 1, Kind::boolean, is_link_local_unicast},
    {"isGlobalUnicast", true, 1, 1, Kind::boolean, is_global_unicast},
    {"cidr", false, 1, 1, Kind::cidr, cidr},
    {"isCIDR", false, 1, 1, Kind::boolean, is_cidr},
    {"prefixLength", true, 1, 1, Kind::integer, prefix_length},
    {"masked", true, 1, 1, Kind::cidr, masked},
    {"containsIP", true, 2, 2, Kind::boolean, contains_ip},
    {"containsCIDR", true, 2, 2, Kind::boolean, contains_cidr},
};

}  // namespace

std::span<const Function> address_functions() { return kAddresses; }

}  // namespace ks::store::cel
