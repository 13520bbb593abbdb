#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace ks::store {

/// Gives each namespace what Kubernetes gives it: the ServiceAccount `default`, and the ConfigMap
/// `kube-root-ca.crt` with the authority that the server's certificate comes from. What is removed
/// or changed of them comes back.
///
/// Event-driven like the Collector: put() and erase() see every change of the store. Not
/// thread-safe.
class NamespaceDefaults {
 public:
  struct Options {
    /// Creates the objects or brings them to this state; null: nothing is made.
    std::function<Result<>(const std::vector<boost::json::value>&)> make;
    std::string ca_pem;  ///< empty: no ConfigMap
  };
  NamespaceDefaults(Store& store, Options options) : store_(store), options_(std::move(options)) {}

  void put(const ObjectRef& object);
  void erase(const Object& object);
  void clear() { dirty_.clear(); }

  /// Does what the changes since the last call ask for. False when a write failed and must be tried
  /// again later.
  bool work();

 private:
  std::vector<boost::json::value> missing(const std::string& space) const;

  Store& store_;
  const Options options_;
  std::set<std::string> dirty_;
};

}  // namespace ks::store
