#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "http/client.h"
#include "kube/client.h"
#include "kube/informer.h"

/// Objects of the API server as the DevOps API reads and writes them.

namespace ks::devops::kapis {

/// An object that was written, and what the API server had to say about its fields.
struct Written {
  json::value object;
  std::vector<std::string> warnings;  ///< `Warning` headers: fields that nobody knows
};

/// Reads for lists and gets, writes with the checks of the API server.
class Objects {
 public:
  /// `runs` may be null: then lists of runs ask the API server. All must outlive this.
  Objects(http::Client& transport, const kube::Informer* runs, const Clock& clock)
      : transport_(transport), client_(transport), runs_(runs), clock_(clock) {}

  kube::Client& client() { return client_; }
  const Clock& clock() const { return clock_; }

  /// As the original's types print it: kinds with a status always have one.
  Result<json::value> get(const kube::Resource& resource, const kube::Key& key);
  /// The same; what is missing is named by its kind, as the original's cached reads do:
  /// `Pipeline.devops.kubesphere.io "x" not found`.
  Result<json::value> get_by_kind(const kube::Resource& resource, const kube::Key& key);
  Result<std::vector<kube::ObjectRef>> list(const kube::Resource& resource, std::string_view space,
                                            std::string_view label_selector = {});
  /// The runs of a pipeline, from memory where there is an informer of them.
  Result<std::vector<kube::ObjectRef>> runs_of(const std::string& space,
                                               const std::string& pipeline);

  /// `strict`: unknown fields are errors, not warnings.
  Result<Written> create(const kube::Resource& resource, std::string_view space,
                         const json::value& object, bool strict);
  Result<Written> update(const kube::Resource& resource, const json::value& object, bool strict);
  /// The same over whatever version is stored at `key`: the last write wins, also against
  /// controllers that write meanwhile. `adapt` may take things over from what is stored.
  Result<Written> replace(
      const kube::Resource& resource, const kube::Key& key, json::value object, bool strict,
      const std::function<void(const json::value& stored, json::value& object)>& adapt = nullptr);

 private:
  Result<Written> write(http::Method method, const kube::Resource& resource,
                        const kube::ResourcePath& path, json::value object, bool strict);

  http::Client& transport_;
  kube::Client client_;
  const kube::Informer* runs_;
  const Clock& clock_;
};

// ----- of requests -----

/// `?fieldValidation=Strict`
bool is_strict(const http::Request& request);
/// The body as JSON: 400 for another media type and for what is no JSON object. An empty body is an
/// empty object when `may_be_empty`.
Result<json::value> body_of(const http::Request& request, bool may_be_empty = false);
/// 200 with the object and its warnings.
http::Response written_reply(const Written& written, bool with_kind);
/// Without `kind` and `apiVersion`.
json::value without_kind(json::value object);

}  // namespace ks::devops::kapis
