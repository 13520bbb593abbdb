#pragma once

struct sockaddr;

namespace ks::http {

/// Whether an address is one of the internet: not loopback, private, link-local, shared, reserved
/// or multicast, nor such an IPv4 address written as IPv6.
bool is_public_address(const sockaddr& address);

}  // namespace ks::http
