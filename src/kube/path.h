#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The REST paths of the Kubernetes API.

namespace ks::kube {

/// What a resource path names.
///
///   /apis/apps/v1/namespaces/dev/deployments/web/scale
///     -> {group "apps", version "v1", space "dev", resource "deployments", name "web",
///         subresource "scale"}
///
/// `/api/v1/namespaces/dev` is the Namespace `dev` (resource `namespaces`, no space), and
/// `/api/v1/namespaces/dev/status` its subresource.
struct ResourcePath {
  std::string group;  ///< Empty for the core group.
  std::string version;
  std::string space;  ///< The namespace; empty for cluster-scoped paths and lists over all.
  std::string resource;
  std::string name;         ///< Empty for a collection.
  std::string subresource;  ///< `status`, `scale`, `log`, ...
  std::string rest;         ///< What follows a subresource, without its slash: `.../proxy/rest`.
  bool watch = false;       ///< The old `/watch/` form of a list or get.

  bool operator==(const ResourcePath&) const = default;

  /// `apps/v1`, or `v1` for the core group.
  std::string api_version() const;
  /// The path, percent-encoded where needed.
  std::string text() const;
};

/// Nothing when the path is no resource path: `/version`, `/apis/apps`, an empty segment.
/// `path` is percent-decoded. A trailing slash is allowed.
std::optional<ResourcePath> parse_path(std::string_view path);

/// Splits `apps/v1` or `v1` into group and version.
std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version);

}  // namespace ks::kube
