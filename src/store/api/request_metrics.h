#pragma once

#include <array>
#include <atomic>

#include "base/metrics.h"
#include "http/message.h"
#include "kube/path.h"

namespace ks::store {

/// `apiserver_request_total` by verb and code. Thread-safe; a request looks nothing up.
class RequestMetrics {
 public:
  /// Null: counts nothing.
  explicit RequestMetrics(Metrics* metrics) : metrics_(metrics) {}
  void count(const http::Request& request, const kube::ResourcePath& path, int status);

 private:
  static constexpr size_t kVerbs = 9, kCodes = 600;
  Metrics* const metrics_;
  // Made when they are first needed: most pairs of a verb and a code never occur.
  std::array<std::array<std::atomic<Counter*>, kCodes>, kVerbs> counters_{};
};

}  // namespace ks::store
