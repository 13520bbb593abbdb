#include "store/api/request_metrics.h"

#include "store/api/call.h"

namespace ks::store {
namespace {

constexpr std::string_view kNames[] = {
    "GET", "LIST", "WATCH", "POST", "PUT", "PATCH", "DELETE", "DELETECOLLECTION", "other"};

size_t verb_of(const http::Request& request, const kube::ResourcePath& path) {
  switch (request.method) {
    case http::Method::get:
      if (path.watch || query_flag(request, "watch")) return 2;
      return path.name.empty() ? 1 : 0;
    case http::Method::post: return 3;
    case http::Method::put: return 4;
    case http::Method::patch: return 5;
    case http::Method::delete_: return path.name.empty() ? 7 : 6;
    default: return 8;
  }
}

}  // namespace

void RequestMetrics::count(const http::Request& request, const kube::ResourcePath& path,
                           int status) {
  if (metrics_ == nullptr || status < 0 || static_cast<size_t>(status) >= kCodes) return;
  const size_t verb = verb_of(request, path);
  std::atomic<Counter*>& counter = counters_[verb][static_cast<size_t>(status)];
  Counter* known = counter.load(std::memory_order_acquire);
  if (known == nullptr) {
    known = &metrics_->counter(
        "apiserver_request_total", "Requests of the Kubernetes API by verb and answer.",
        {{"verb", std::string(kNames[verb])}, {"code", std::to_string(status)}});
    counter.store(known, std::memory_order_release);
  }
  known->add();
}

}  // namespace ks::store
