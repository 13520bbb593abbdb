#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Kubernetes `Status` objects: the errors of the REST API, with the reasons and texts that clients
/// of Kubernetes look for.

namespace ks::kube {

/// What a request is about, as messages name it: `deployments.apps "web"`.
struct GroupResource {
  std::string_view group;  ///< Empty for the core group.
  std::string_view resource;
  /// `deployments.apps`, or `pods`.
  std::string text() const;
};

/// One thing that is wrong with one field. Kubernetes calls the pair of texts a cause.
struct FieldError {
  std::string reason;   ///< `FieldValueInvalid`, ...
  std::string message;  ///< `Invalid value: "x": must be lower case`
  std::string field;    ///< `spec.containers[0].name`
};

/// `value` is shown as it is: quote a text, write a number plain.
FieldError field_invalid(std::string field, std::string_view value, std::string_view detail);
FieldError field_required(std::string field, std::string_view detail = {});
FieldError field_not_supported(std::string field, std::string_view value,
                               const std::vector<std::string>& supported);
FieldError field_forbidden(std::string field, std::string_view detail);
FieldError field_duplicate(std::string field, std::string_view value);
FieldError field_too_long(std::string field, size_t most_bytes);
FieldError field_too_many(std::string field, size_t actual, size_t most);
FieldError field_type_invalid(std::string field, std::string_view value, std::string_view detail);

/// The outcome of a request, almost always a failure.
///
///   return kube::not_found({"apps", "deployments"}, "web").to_json_text();
struct Status {
  int code = 500;      ///< The HTTP status as well.
  std::string reason;  ///< `NotFound`, `Conflict`, ...
  std::string message;
  bool success = false;

  // details; left out of the JSON when all are empty
  std::string name;
  std::string group;
  std::string kind;  ///< The resource (plural) in most errors, the kind in `Invalid`.
  std::string uid;
  std::vector<FieldError> causes;
  int retry_after_seconds = 0;

  /// `{"kind":"Status","apiVersion":"v1",...}`
  std::string to_json_text() const;
  /// For code that speaks of errors alone; `conflict` and `already_exists` stay apart.
  Error to_error() const;
};

/// Reads a Status object. Anything else gives one made from the HTTP status and the body's text.
Status parse_status(int http_status, std::string_view body);
/// The Status that tells of an error of ours. `resource` and `name` go into its details when given.
Status status_of(const Error& error, GroupResource resource = {}, std::string_view name = {});

Status bad_request(std::string message);
Status unauthorized();
/// `because` ends the message: `pods "x" is forbidden: because`.
Status forbidden(GroupResource resource, std::string_view name, std::string_view because);
Status not_found(GroupResource resource, std::string_view name);
/// For a path that is served by nobody.
Status path_not_found();
Status already_exists(GroupResource resource, std::string_view name);
/// `because` empty: the usual text about the object having been modified.
Status conflict(GroupResource resource, std::string_view name, std::string_view because = {});
/// `group` and `kind` of the object, not the resource.
Status invalid(std::string_view group, std::string_view kind, std::string_view name,
               std::vector<FieldError> errors);
Status method_not_supported(GroupResource resource, std::string_view verb);
Status not_acceptable(const std::vector<std::string>& accepted);
Status unsupported_media_type(const std::vector<std::string>& accepted);
Status too_large(std::string_view what);
Status too_many_requests(std::string_view message, int retry_after_seconds);
/// 410 Expired: the history that was asked for is compacted.
Status expired(std::string_view message);
Status server_timeout(GroupResource resource, std::string_view verb, int retry_after_seconds);
Status timeout(std::string_view message);
Status unavailable(std::string_view message);
/// 507: the disk is full or read only.
Status insufficient_storage(std::string_view message);
Status internal_error(std::string_view message);
/// `{"status":"Success"}` with the details of what was deleted.
Status success(GroupResource resource, std::string_view name, std::string_view uid);

}  // namespace ks::kube
