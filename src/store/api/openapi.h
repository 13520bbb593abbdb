#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "http/message.h"
#include "store/schema/catalog.h"

namespace ks::store {

/// Tells clients the types of what is served: for `kubectl explain`, validation, apply and diff.
///
///   OpenApi openapi;
///   return openapi.answer(*registry.catalog(), request);
///
/// The documents are megabytes and rarely asked for, so they are made when asked and kept only
/// while someone is being sent them; their hashes stay. Takes milliseconds: call it on a worker.
/// Thread-safe.
class OpenApi {
 public:
  /// Answers `/openapi/v2` (JSON, or gnostic protobuf when asked), `/openapi/v3` (the index),
  /// `/openapi/v3/api/v1` and `/openapi/v3/apis/{group}/{version}` (in both forms too), with ETag
  /// and `?hash=`. 404 for what is not served, 405 for what is no GET.
  http::Response answer(const Catalog& catalog, const http::Request& request);

 private:
  struct Entry {
    std::vector<KindRef> kinds;  ///< that the document tells of: it is stale when they changed
    std::string hash;
    std::weak_ptr<const std::string> body;
  };
  struct Document {
    http::Bytes body;
    std::string hash;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  using Writer = std::string(const std::vector<KindRef>& kinds);

  /// Empty when the document has not been made of these kinds.
  std::string known_hash(const std::string& name, const std::vector<KindRef>& kinds) const;
  std::string hash(const std::string& name, const std::vector<KindRef>& kinds, Writer* write);
  Document document(const std::string& name, const std::vector<KindRef>& kinds, Writer* write);
  http::Response send(const http::Request& request, const std::string& name,
                      const std::vector<KindRef>& kinds, Writer* write,
                      std::string_view content_type);
  http::Response v2(const Catalog& catalog, const http::Request& request);
  http::Response v3_index(const Catalog& catalog, const http::Request& request);
  http::Response v3(const Catalog& catalog, const http::Request& request, std::string_view path);

  Guarded<Entries> entries_;
};

}  // namespace ks::store
