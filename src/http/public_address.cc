#include "http/public_address.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace ks::http {
namespace {

struct Network {
  uint32_t address;
  int bits;
};

constexpr uint32_t v4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

/// The special ones of RFC 6890.
constexpr std::array<Network, 14> kSpecial = {{{v4(0, 0, 0, 0), 8},
                                               {v4(10, 0, 0, 0), 8},
                                               {v4(100, 64, 0, 0), 10},
                                               {v4(127, 0, 0, 0), 8},
                                               {v4(169, 254, 0, 0), 16},
                                               {v4(172, 16, 0, 0), 12},
                                               {v4(192, 0, 0, 0), 24},
                                               {v4(192, 0, 2, 0), 24},
                                               {v4(192, 168, 0, 0), 16},
                                               {v4(198, 18, 0, 0), 15},
                                               {v4(198, 51, 100, 0), 24},
                                               {v4(203, 0, 113, 0), 24},
                                               {v4(224, 0, 0, 0), 4},
                                               {v4(240, 0, 0, 0), 4}}};

bool is_public_v4(uint32_t address) {
  return std::ranges::none_of(kSpecial, [&](const Network& network) {
    return (address ^ network.address) >> (32 - network.bits) == 0;
  });
}

bool is_public_v6(const std::array<uint8_t, 16>& bytes) {
  const auto v4_at = [&](size_t at) {
    return v4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
  };
  const auto zeros = [&](size_t count) {
    return std::all_of(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(count),
                       [](uint8_t byte) { return byte == 0; });
  };
  if (zeros(10) && bytes[10] == 0xff && bytes[11] == 0xff) return is_public_v4(v4_at(12));
  if (bytes[0] == 0x00 && bytes[1] == 0x64 && bytes[2] == 0xff && bytes[3] == 0x9b) {
    return is_public_v4(v4_at(12));  // NAT64
  }
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return is_public_v4(v4_at(2));  // 6to4
  // Of all others, only 2000::/3 is the internet, without the examples of 2001:db8::/32.
  const bool example = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8;
  return (bytes[0] & 0xe0) == 0x20 && !example;
}

}  // namespace

bool is_public_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return is_public_v4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    std::array<uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return is_public_v6(bytes);
  }
  return false;
}

}  // namespace ks::http
