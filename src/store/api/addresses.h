#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "store/store.h"

namespace ks::store {

/// Gives Services their addresses: clusterIPs of 10.96.0.0/16 and node ports from 30000 to 32767.
/// Nothing routes them; clients expect them to be there and to differ. Thread-safe.
class Addresses {
 public:
  /// A free address; empty when none is left.
  std::string cluster_ip(const Store& store);
  /// A free node port; 0 when none is left.
  int node_port(const Store& store);

  static bool is_cluster_ip(std::string_view text);

 private:
  // Given out not long ago: their Services may not be stored yet.
  Guarded<std::deque<std::string>> recent_;
};

}  // namespace ks::store
