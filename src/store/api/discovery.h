#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "http/message.h"
#include "store/schema/catalog.h"

namespace ks::store {

/// Tells clients which kinds are served.
///
///   Discovery discovery;
///   return discovery.answer(*registry.catalog(), request);
///
/// Keeps the documents of the newest catalog of one registry. Thread-safe; fit for the reactor.
class Discovery {
 public:
  /// Answers `/api`, `/apis`, `/api/v1`, `/apis/{group}`, `/apis/{group}/{version}`, and the
  /// aggregated form (`as=APIGroupDiscoveryList`) where the client accepts it. 404 for what is not
  /// served, 405 for what is no GET.
  http::Response answer(const Catalog& catalog, const http::Request& request);

 private:
  struct Document {
    http::Bytes body;
    std::string hash;
  };
  struct Cache {
    uint64_t generation = 0;
    std::map<std::string, Document, std::less<>> documents;
  };
  /// No body when there is none.
  Document document(const Catalog& catalog, std::string_view path, std::string_view aggregated_as);

  Guarded<Cache> cache_;
};

}  // namespace ks::store
