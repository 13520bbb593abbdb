#include "kube/status.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace ks::kube {
namespace {

Status about(int code, std::string_view reason, GroupResource resource, std::string_view name) {
  Status status;
  status.code = code;
  status.reason = reason;
  status.name = name;
  status.group = resource.group;
  status.kind = resource.resource;
  return status;
}

Status plain(int code, std::string_view reason, std::string_view message) {
  Status status;
  status.code = code;
  status.reason = reason;
  status.message = message;
  return status;
}

json::object details_of(const Status& status) {
  json::object details;
  if (!status.name.empty()) details["name"] = status.name;
  if (!status.group.empty()) details["group"] = status.group;
  if (!status.kind.empty()) details["kind"] = status.kind;
  if (!status.uid.empty()) details["uid"] = status.uid;
  if (!status.causes.empty()) {
    json::array& causes = (details["causes"] = json::array()).get_array();
    for (const FieldError& cause : status.causes) {
      json::object entry;
      if (!cause.reason.empty()) entry["reason"] = cause.reason;
      if (!cause.message.empty()) entry["message"] = cause.message;
      if (!cause.field.empty()) entry["field"] = cause.field;
      causes.push_back(std::move(entry));
    }
  }
  if (status.retry_after_seconds > 0) details["retryAfterSeconds"] = status.retry_after_seconds;
  return details;
}

std::string_view reason_of_http(int code) {
  switch (code) {
    case 400: return "BadRequest";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "NotFound";
    case 405: return "MethodNotAllowed";
    case 406: return "NotAcceptable";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "RequestEntityTooLarge";
    case 415: return "UnsupportedMediaType";
    case 422: return "Invalid";
    case 429: return "TooManyRequests";
    case 500: return "InternalError";
    case 503: return "ServiceUnavailable";
    case 504: return "Timeout";
    case 507: return "InsufficientStorage";
    default: return "Unknown";
  }
}

}  // namespace

std::string GroupResource::text() const {
  return group.empty() ? std::string(resource) : fmt::format("{}.{}", resource, group);
}

FieldError field_invalid(std::string field, std::string_view value, std::string_view detail) {
  return {"FieldValueInvalid", fmt::format("Invalid value: {}: {}", value, detail),
          std::move(field)};
}

FieldError field_required(std::string field, std::string_view detail) {
  return {"FieldValueRequired",
          detail.empty() ? "Required value" : fmt::format("Required value: {}", detail),
          std::move(field)};
}

FieldError field_not_supported(std::string field, std::string_view value,
                               const std::vector<std::string>& supported) {
  std::vector<std::string> quoted;
  for (const std::string& one : supported) quoted.push_back(fmt::format("\"{}\"", one));
  return {"FieldValueNotSupported",
          fmt::format("Unsupported value: {}{}{}", value,
                      quoted.empty() ? "" : ": supported values: ", join(quoted, ", ")),
          std::move(field)};
}

FieldError field_forbidden(std::string field, std::string_view detail) {
  return {"FieldValueForbidden", fmt::format("Forbidden: {}", detail), std::move(field)};
}

FieldError field_duplicate(std::string field, std::string_view value) {
  return {"FieldValueDuplicate", fmt::format("Duplicate value: {}", value), std::move(field)};
}

FieldError field_too_long(std::string field, size_t most_bytes) {
  return {"FieldValueTooLong", fmt::format("Too long: may not be more than {} bytes", most_bytes),
          std::move(field)};
}

FieldError field_too_many(std::string field, size_t actual, size_t most) {
  return {"FieldValueTooMany",
          fmt::format("Too many: {}: must have at most {} items", actual, most), std::move(field)};
}

FieldError field_type_invalid(std::string field, std::string_view value, std::string_view detail) {
  return {"FieldValueTypeInvalid", fmt::format("Invalid value: {}: {}", value, detail),
          std::move(field)};
}

std::string Status::to_json_text() const {
  json::object out{{"kind", "Status"},
                   {"apiVersion", "v1"},
                   {"metadata", json::object()},
                   {"status", success ? "Success" : "Failure"}};
  if (!message.empty()) out["message"] = message;
  if (!reason.empty()) out["reason"] = reason;
  if (json::object details = details_of(*this); !details.empty()) {
    out["details"] = std::move(details);
  }
  if (!success) out["code"] = code;
  return to_json(out);
}

Error Status::to_error() const {
  Error error{Code::internal, message.empty() ? reason : message};
  switch (code) {
    case 400:
    case 405:
    case 406:
    case 415:
    case 422: error.code = Code::invalid; break;
    case 401: error.code = Code::unauthenticated; break;
    case 403: error.code = Code::forbidden; break;
    case 404: error.code = Code::not_found; break;
    case 409: error.code = reason == "AlreadyExists" ? Code::already_exists : Code::conflict; break;
    case 410: error.code = Code::gone; break;
    case 413: error.code = Code::too_large; break;
    case 429:
    case 507: error.code = Code::exhausted; break;
    case 503: error.code = Code::unavailable; break;
    case 504: error.code = Code::timeout; break;
    // A server that is busy, not broken: Kubernetes answers 500 here.
    case 500: error.code = reason == "ServerTimeout" ? Code::timeout : Code::internal; break;
    default: break;
  }
  return error;
}

Status parse_status(int http_status, std::string_view body) {
  Status status = plain(http_status, reason_of_http(http_status), trim(body.substr(0, 4096)));
  Result<json::value> parsed = parse_json(body, {.max_depth = 32});
  if (!parsed || text_at(*parsed, {"kind"}) != "Status") {
    if (status.message.empty()) {
      status.message = fmt::format("the server answered {} without a reason", http_status);
    }
    return status;
  }
  status.message = text_at(*parsed, {"message"});
  if (std::string_view reason = text_at(*parsed, {"reason"}); !reason.empty()) {
    status.reason = reason;
  }
  status.code = static_cast<int>(int_at(*parsed, {"code"}, http_status));
  status.success = text_at(*parsed, {"status"}) == "Success";
  status.name = text_at(*parsed, {"details", "name"});
  status.group = text_at(*parsed, {"details", "group"});
  status.kind = text_at(*parsed, {"details", "kind"});
  status.uid = text_at(*parsed, {"details", "uid"});
  status.retry_after_seconds = static_cast<int>(int_at(*parsed, {"details", "retryAfterSeconds"}));
  const json::value* causes = find(*parsed, {"details", "causes"});
  if (causes == nullptr || !causes->is_array()) return status;
  for (const json::value& cause : causes->get_array()) {
    status.causes.push_back({std::string(text_at(cause, {"reason"})),
                             std::string(text_at(cause, {"message"})),
                             std::string(text_at(cause, {"field"}))});
  }
  return status;
}

Status status_of(const Error& error, GroupResource resource, std::string_view name) {
  Status status = about(500, "InternalError", resource, name);
  status.message = error.message;
  auto is = [&](int code, std::string_view reason) {
    status.code = code;
    status.reason = reason;
  };
  switch (error.code) {
    case Code::invalid: is(400, "BadRequest"); break;
    case Code::unauthenticated: is(401, "Unauthorized"); break;
    case Code::forbidden: is(403, "Forbidden"); break;
    case Code::not_found: is(404, "NotFound"); break;
    case Code::already_exists: is(409, "AlreadyExists"); break;
    case Code::conflict: is(409, "Conflict"); break;
    case Code::gone: is(410, "Expired"); break;
    case Code::too_large: is(413, "RequestEntityTooLarge"); break;
    case Code::exhausted: is(507, "InsufficientStorage"); break;
    case Code::timeout: is(504, "Timeout"); break;
    case Code::unavailable: is(503, "ServiceUnavailable"); break;
    case Code::internal:
      status.message = fmt::format("Internal error occurred: {}", error.message);
      break;
  }
  return status;
}

Status bad_request(std::string message) { return plain(400, "BadRequest", message); }

Status unauthorized() { return plain(401, "Unauthorized", "Unauthorized"); }

Status forbidden(GroupResource resource, std::string_view name, std::string_view because) {
  Status status = about(403, "Forbidden", resource, name);
  if (resource.resource.empty()) {
    status.message = fmt::format("forbidden: {}", because);
  } else if (name.empty()) {
    status.message = fmt::format("{} is forbidden: {}", resource.text(), because);
  } else {
    status.message = fmt::format("{} \"{}\" is forbidden: {}", resource.text(), name, because);
  }
  return status;
}

Status not_found(GroupResource resource, std::string_view name) {
  Status status = about(404, "NotFound", resource, name);
  status.message = fmt::format("{} \"{}\" not found", resource.text(), name);
  return status;
}

Status path_not_found() {
  return plain(404, "NotFound", "the server could not find the requested resource");
}

Status already_exists(GroupResource resource, std::string_view name) {
  Status status = about(409, "AlreadyExists", resource, name);
  status.message = fmt::format("{} \"{}\" already exists", resource.text(), name);
  return status;
}

Status conflict(GroupResource resource, std::string_view name, std::string_view because) {
  Status status = about(409, "Conflict", resource, name);
  status.message = fmt::format(
      "Operation cannot be fulfilled on {} \"{}\": {}", resource.text(), name,
      because.empty() ? "the object has been modified; please apply your changes to the "
                        "latest version and try again"
                      : because);
  return status;
}

Status invalid(std::string_view group, std::string_view kind, std::string_view name,
               std::vector<FieldError> errors) {
  Status status = about(422, "Invalid", {group, kind}, name);
  std::vector<std::string> texts;
  for (const FieldError& error : errors) {
    std::string text = fmt::format("{}: {}", error.field, error.message);
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
  }
  const std::string all =
      texts.size() == 1 ? texts.front() : fmt::format("[{}]", join(texts, ", "));
  status.message = fmt::format("{} \"{}\" is invalid: {}", GroupResource{group, kind}.text(), name,
                               texts.empty() ? "unknown" : all);
  status.causes = std::move(errors);
  return status;
}

Status method_not_supported(GroupResource resource, std::string_view verb) {
  Status status = about(405, "MethodNotAllowed", resource, {});
  status.message =
      resource.resource.empty()
          ? "the server does not allow this method on the requested resource"
          : fmt::format("{} is not supported on resources of kind \"{}\"", verb, resource.text());
  return status;
}

Status not_acceptable(const std::vector<std::string>& accepted) {
  return plain(
      406, "NotAcceptable",
      fmt::format("only the following media types are accepted: {}", join(accepted, ", ")));
}

Status unsupported_media_type(const std::vector<std::string>& accepted) {
  return plain(
      415, "UnsupportedMediaType",
      fmt::format("the body of the request was in an unknown format - accepted media types "
                  "include: {}",
                  join(accepted, ", ")));
}

Status too_large(std::string_view what) {
  return plain(413, "RequestEntityTooLarge", fmt::format("Request entity too large: {}", what));
}

Status too_many_requests(std::string_view message, int retry_after_seconds) {
  Status status = plain(429, "TooManyRequests", message);
  status.retry_after_seconds = retry_after_seconds;
  return status;
}

Status expired(std::string_view message) { return plain(410, "Expired", message); }

Status server_timeout(GroupResource resource, std::string_view verb, int retry_after_seconds) {
  Status status = about(500, "ServerTimeout", resource, {});
  status.message = fmt::format(
      "The {} operation against {} could not be completed at this time, "
      "please try again.",
      verb, resource.text());
  status.retry_after_seconds = retry_after_seconds;
  return status;
}

Status timeout(std::string_view message) {
  return plain(504, "Timeout", fmt::format("Timeout: {}", message));
}

Status unavailable(std::string_view message) { return plain(503, "ServiceUnavailable", message); }

Status insufficient_storage(std::string_view message) {
  return plain(507, "InsufficientStorage", message);
}

Status internal_error(std::string_view message) {
  Status status = plain(500, "InternalError", fmt::format("Internal error occurred: {}", message));
  status.causes.push_back({"", std::string(message), ""});
  return status;
}

Status success(GroupResource resource, std::string_view name, std::string_view uid) {
  Status status = about(200, "", resource, name);
  status.success = true;
  status.uid = uid;
  return status;
}

}  // namespace ks::kube
