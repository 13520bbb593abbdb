#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "kube/path.h"
#include "store/api/negotiate.h"
#include "store/api/outcome.h"
#include "store/object.h"
#include "store/schema/catalog.h"

namespace ks::store {

/// A request once it is known which kind it is about.
struct Call {
  const http::Request& request;
  CatalogRef catalog;
  KindRef kind;                            ///< in the version that the path names
  const Kind::Subresource* sub = nullptr;  ///< null: the resource itself
  kube::ResourcePath path;
  Format format;
  std::vector<std::string> warnings = {};  ///< for the client's user: header `Warning`

  /// For texts of errors.
  kube::GroupResource resource() const { return kind->resource.group_resource(); }
  Key key() const { return key(path.name); }
  Key key(std::string_view name) const {
    return {kind->store_resource(), path.space, std::string(name)};
  }
};

enum class FieldValidation : uint8_t { ignore, warn, strict };

/// The options that all writes have in common.
struct WriteOptions {
  bool dry_run = false;
  bool force = false;
  FieldValidation validation = FieldValidation::warn;
  std::string manager;         ///< who writes; never empty
  bool manager_given = false;  ///< by the query, not by the name of the program
};

/// `what` is the kind that errors name: `CreateOptions`.
Outcome<WriteOptions> write_options(const http::Request& request, std::string_view what);

/// The value of a flag in a query: absent is false, empty is true as Kubernetes has it.
bool query_flag(const http::Request& request, std::string_view name);

}  // namespace ks::store
