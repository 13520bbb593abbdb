#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "kube/resource.h"
#include "kube/status.h"
#include "store/schema/schema.h"

/// Which kinds the server serves: the built-in ones and those of CustomResourceDefinitions.

namespace ks::store {

/// A column of `kubectl get`.
struct Column {
  std::string name;
  std::string type;  ///< `string`, `integer`, `number`, `boolean`, `date`
  std::string format;
  std::string description;
  int priority = 0;       ///< above 0: with `-o wide` only
  std::string json_path;  ///< of CRDs: `.spec.replicas`
};

/// One served version of one kind.
struct Kind {
  kube::Resource resource;  ///< group, version, plural, kind, namespaced
  std::string list_kind;
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::vector<std::string> verbs;  ///< of the resource itself: `create`, `get`, `watch`, ...
  struct Subresource {
    std::string name;            ///< `status`, `scale`, `log`, ...
    std::string kind;            ///< what it speaks: `Deployment`, `Scale`
    std::string group, version;  ///< of that kind; empty group and version: those of the resource
    std::vector<std::string> verbs;
  };
  std::vector<Subresource> subresources;
  struct Scale {
    std::string spec_path;      ///< `.spec.replicas`
    std::string status_path;    ///< `.status.replicas`
    std::string selector_path;  ///< `.status.selector`; empty: none
  };
  std::optional<Scale> scale;

  std::shared_ptr<const SchemaPool> pool;  ///< owns `schema`
  const Schema* schema = nullptr;
  std::vector<Column> columns;  ///< of CRDs; empty: Name and Age
  std::vector<std::string>
      selectable_fields;            ///< `spec.color`; metadata.name and .namespace always
  bool custom = false;              ///< of a CRD
  bool storage = true;              ///< the version that objects are stored in
  bool served = true;               ///< false: Catalog::stored() alone knows it
  std::string deprecation_warning;  ///< empty: not deprecated

  bool has_verb(std::string_view verb) const;
  const Subresource* subresource(std::string_view name) const;
  bool has_status() const { return subresource("status") != nullptr; }
  /// The resource part of store keys: `deployments.apps`, `pods`. The same for all versions; what
  /// shares its objects with another kind (events.k8s.io with v1) names that one's.
  std::string store_resource() const;
};
using KindRef = std::shared_ptr<const Kind>;

/// All kinds at one moment. Immutable and shared.
class Catalog {
 public:
  /// By group, version and plural; null when it is not served.
  KindRef find(std::string_view group, std::string_view version, std::string_view plural) const;
  /// By group, version and kind.
  KindRef find_kind(std::string_view group, std::string_view version, std::string_view kind) const;
  /// The version that a resource is stored in.
  KindRef stored(std::string_view store_resource) const;

  struct Group {
    std::string name;                   ///< empty for the core group
    std::vector<std::string> versions;  ///< the preferred one first
  };
  const std::vector<Group>& groups() const { return groups_; }
  /// All kinds of a group and version, by plural.
  std::vector<KindRef> kinds(std::string_view group, std::string_view version) const;
  const std::vector<KindRef>& all() const { return kinds_; }
  /// Changes with every change of what is served: for caches of discovery and OpenAPI.
  uint64_t generation() const { return generation_; }

 private:
  friend class Registry;
  std::vector<KindRef> kinds_;
  std::vector<Group> groups_;
  std::map<std::string, KindRef, std::less<>> by_resource_, by_kind_, by_store_resource_;
  uint64_t generation_ = 0;
};
using CatalogRef = std::shared_ptr<const Catalog>;

/// Holds the present catalog. Thread-safe; readers take a snapshot and never wait.
class Registry {
 public:
  /// With the built-in kinds.
  Registry();

  CatalogRef catalog() const;

  /// Serves the kinds of a CustomResourceDefinition (v1, defaulted and validated) in place of what
  /// it defined before.
  Result<> put_definition(const json::value& definition);
  /// By the name of the definition: `pipelines.devops.kubesphere.io`.
  void remove_definition(std::string_view name);

 private:
  void publish();

  std::mutex changing_;
  std::vector<KindRef> built_in_;
  std::map<std::string, std::vector<KindRef>, std::less<>> custom_;
  uint64_t generation_ = 0;
  Guarded<CatalogRef> current_;
};

/// What is wrong with a CustomResourceDefinition beyond its type: names, versions, whether the
/// schema is structural. Empty: nothing.
std::vector<kube::FieldError> check_definition(const json::value& definition);
/// Fills in what Kubernetes fills in: singular, listKind, conversion, ...
void default_definition(json::value& definition);

}  // namespace ks::store
