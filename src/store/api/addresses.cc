#include "store/api/addresses.h"

#include <fmt/format.h>
#include <algorithm>

#include <set>

#include "base/random.h"
#include "base/text.h"

namespace ks::store {
namespace {

constexpr size_t kRecent = 4096;
constexpr int kTries = 200;
constexpr int kFirstPort = 30'000, kPorts = 2'768;

/// What the stored Services use: addresses and, as texts, node ports.
std::set<std::string, std::less<>> used(const Store& store, std::string_view field) {
  std::set<std::string, std::less<>> found;
  const Result<Store::List> services =
      store.list({.resource = "services", .space = {}, .name = {}, .matches = {}});
  if (!services) return found;
  for (const ObjectRef& service : services->objects) {
    for (const auto& [name, value] : service->fields) {
      if (name != field) continue;
      for (std::string_view one : split(value, ',')) found.emplace(one);
    }
  }
  return found;
}

}  // namespace

std::string Addresses::cluster_ip(const Store& store) {
  const auto taken = used(store, "spec.clusterIP");
  return recent_.with([&](std::deque<std::string>& recent) -> std::string {
    for (int i = 0; i < kTries; i++) {
      // The first of the range belong to the cluster itself.
      const uint64_t host = 16 + random_uint64() % (65'534 - 16);
      std::string address = fmt::format("10.96.{}.{}", host >> 8, host & 0xff);
      if (taken.contains(address)) continue;
      if (std::ranges::find(recent, address) != recent.end()) continue;
      recent.push_back(address);
      if (recent.size() > kRecent) recent.pop_front();
      return address;
    }
    return "";
  });
}

int Addresses::node_port(const Store& store) {
  const auto taken = used(store, "nodePorts");
  return recent_.with([&](std::deque<std::string>& recent) -> int {
    for (int i = 0; i < kTries; i++) {
      const int port = kFirstPort + static_cast<int>(random_uint64() % kPorts);
      const std::string text = std::to_string(port);
      if (taken.contains(text) || std::ranges::find(recent, text) != recent.end()) continue;
      recent.push_back(text);
      if (recent.size() > kRecent) recent.pop_front();
      return port;
    }
    return 0;
  });
}

bool Addresses::is_cluster_ip(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '.');
  if (parts.size() != 4 || parts[0] != "10" || parts[1] != "96") return false;
  return std::ranges::all_of(parts, [](std::string_view part) {
    const std::optional<int64_t> number = parse_int(part);
    return number && *number >= 0 && *number <= 255;
  });
}

}  // namespace ks::store
