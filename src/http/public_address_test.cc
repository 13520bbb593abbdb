#include "http/public_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "http/client.h"

namespace ks::http {
namespace {

bool is_public(const std::string& text) {
  sockaddr_storage storage{};
  if (text.find(':') == text.npos) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &in.sin_addr), 1) << text;
    std::memcpy(&storage, &in, sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &in.sin6_addr), 1) << text;
    std::memcpy(&storage, &in, sizeof in);
  }
  return is_public_address(*reinterpret_cast<const sockaddr*>(&storage));
}

TEST(PublicAddress, TellsTheInternetFromAllElse) {
  for (const char* text : {"8.8.8.8", "140.82.112.3", "172.32.0.1", "100.128.0.1",
                           "2606:4700::1111", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(is_public(text)) << text;
  }
  for (const char* text : {"127.0.0.1",
                           "127.8.8.8",
                           "10.0.0.1",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::1",
                           "::",
                           "fe80::1",
                           "fc00::1",
                           "fd12::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::7f00:1",
                           "2002:7f00:1::",
                           "2001:db8::1"}) {
    EXPECT_FALSE(is_public(text)) << text;
  }
}

TEST(PublicAddress, AClientForThePublicDoesNotReachLoopback) {
  for (const char* host : {"127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"}) {
    const auto client = socket_client({.base_url = std::string("http://") + host + ":9",
                                       .public_only = true,
                                       .timeout = std::chrono::milliseconds(2'000)});
    if (!client) continue;  // no address at all
    const Result<Response> answer = (*client)->send(make_request(Method::get, "/"));
    ASSERT_FALSE(answer.ok()) << host;
    EXPECT_EQ(answer.error().code, Code::unavailable) << host;
  }
}

}  // namespace
}  // namespace ks::http
