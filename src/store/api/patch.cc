#include "store/patch/patch.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "kube/object.h"
#include "store/api/body.h"
#include "store/api/metadata.h"
#include "store/api/write.h"
#include "store/patch/managed_fields.h"

namespace ks::store {
namespace {

constexpr std::string_view kJsonPatch = "application/json-patch+json";
constexpr std::string_view kMergePatch = "application/merge-patch+json";
constexpr std::string_view kStrategicPatch = "application/strategic-merge-patch+json";
constexpr std::string_view kApplyYaml = "application/apply-patch+yaml";
constexpr std::string_view kApplyJson = "application/apply-patch+json";

bool is_apply(std::string_view type) { return type == kApplyYaml || type == kApplyJson; }

Outcome<> check_type(const Call& call, std::string_view type) {
  if (type == kJsonPatch || type == kMergePatch || is_apply(type)) return {};
  if (type == kStrategicPatch && !call.kind->custom) return {};
  std::vector<std::string> accepted{std::string(kJsonPatch), std::string(kMergePatch)};
  if (!call.kind->custom) accepted.emplace_back(kStrategicPatch);
  accepted.emplace_back(kApplyYaml);
  return kube::unsupported_media_type(accepted);
}

kube::Status cannot_apply(const Error& error) {
  kube::Status status;
  status.code = 422;
  status.reason = "Invalid";
  status.message = fmt::format("the server rejected our request due to an error in our request: {}",
                               error.message);
  return status;  // no causes: kubectl shows those in place of the message
}

/// The object after a patch that is no apply.
Outcome<json::value> patched(const Call& call, std::string_view type, const json::value& before,
                             const json::value& patch) {
  if (type == kJsonPatch) {
    if (!patch.is_array()) return kube::bad_request("a JSON patch must be an array of operations");
    Result<json::value> next = json_patch(before, patch);
    if (!next) return cannot_apply(next.error());
    return std::move(*next);
  }
  if (!patch.is_object()) return kube::bad_request("a merge patch must be an object");
  if (type == kMergePatch || call.kind->schema == nullptr) return merge_patch(before, patch);
  Result<json::value> next = strategic_merge_patch(before, patch, *call.kind->schema);
  if (!next) return kube::bad_request(next.error().message);
  return std::move(*next);
}

kube::Status bad_option(std::string field, std::string_view why, bool required) {
  return kube::invalid("meta.k8s.io", "PatchOptions", "",
                       {required ? kube::field_required(std::move(field), why)
                                 : kube::field_forbidden(std::move(field), why)});
}

Outcome<> check_configuration(const Call& call, json::value& configuration) {
  if (!configuration.is_object()) {
    return kube::bad_request("the body of an apply must be an object");
  }
  if (const json::value* managed = find(configuration, {"metadata", "managedFields"});
      managed != nullptr && !managed->is_null()) {
    return kube::bad_request("metadata.managedFields must be nil");
  }
  json::value& metadata = configuration.get_object()["metadata"];
  if (metadata.is_null()) metadata.emplace_object();
  if (metadata.is_object() && !metadata.get_object().contains("name")) {
    metadata.get_object()["name"] = call.path.name;
  }
  return {};
}

/// Drops what a writer of this part of the object may not change, so that it does not come to own
/// it.
void keep_own_part(const Call& call, json::value& configuration) {
  json::object& object = configuration.get_object();
  if (part_of(call) == Part::spec) {
    if (call.kind->has_status()) object.erase("status");
    return;
  }
  json::object kept;
  for (std::string_view field : {"apiVersion", "kind", "status"}) {
    if (const json::value* value = object.if_contains(field)) kept[field] = *value;
  }
  json::object& metadata = kept["metadata"].emplace_object();
  for (std::string_view field : {"name", "namespace", "uid", "resourceVersion"}) {
    if (const json::value* value = find(configuration, {"metadata", field})) {
      metadata[field] = *value;
    }
  }
  object = std::move(kept);
}

/// A configuration may say which state of which object it is for.
Outcome<> check_preconditions(const Call& call, const json::value& live,
                              const json::value& configuration) {
  const std::string_view uid = kube::uid_of(configuration);
  const std::string_view live_uid = live.is_null() ? "" : kube::uid_of(live);
  if (!uid.empty() && uid != live_uid) {
    return kube::conflict(
        call.resource(), call.path.name,
        live.is_null()
            ? fmt::format("uid mismatch: the provided object specified uid {}, and no existing "
                          "object was found",
                          uid)
            : fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                          uid, live_uid));
  }
  const std::string_view version = kube::resource_version_of(configuration);
  if (!live.is_null() && !version.empty() && version != kube::resource_version_of(live)) {
    return kube::conflict(call.resource(), call.path.name);
  }
  return {};
}

/// The next state by an apply, its managedFields set.
Outcome<json::value> applied(ApiServer& server, const Call& call, const WriteOptions& options,
                             const json::value& live, const json::value& configuration) {
  TRY(check_preconditions(call, live, configuration));
  const FieldManager manager{.name = options.manager,
                             .api_version = call.kind->resource.api_version(),
                             .subresource = call.sub == nullptr ? "" : call.sub->name,
                             .now = server.clock.now()};
  Applied result = apply(live, configuration, manager, options.force, *call.kind->schema);
  if (auto* status = std::get_if<kube::Status>(&result)) return std::move(*status);
  return std::move(std::get<json::value>(result));
}

Outcome<Written> apply_object(ApiServer& server, Call& call, const WriteOptions& options,
                              json::value configuration) {
  if (!options.manager_given) {
    return bad_option("fieldManager", "is required for apply patch", true);
  }
  TRY(check_configuration(call, configuration));
  TRY(decode_object(call, configuration, options.validation, {}));
  TRY(place_object(call, configuration, true));
  keep_own_part(call, configuration);
  const Change change = [&](const json::value& live) {
    return applied(server, call, options, live, configuration);
  };
  for (int attempt = 1;; attempt++) {
    Outcome<Written> written =
        change_stored(server, call, options, change, {.part = part_of(call), .tracked = true});
    if (written || written.error().code != 404 || call.sub != nullptr) return written;
    if (!kube::resource_version_of(configuration).empty()) return written;
    json::value object = TRY(applied(server, call, options, nullptr, configuration));
    written = create_new(server, call, options, std::move(object), true);
    // Somebody else may have created it meanwhile.
    if (written || written.error().reason != "AlreadyExists" || attempt == 3) return written;
  }
}

}  // namespace

Answer patch_object(ApiServer& server, Call& call) {
  const WriteOptions options = TRY(write_options(call.request, "PatchOptions"));
  const std::string type = media_type(call.request.headers.get("Content-Type"));
  TRY(check_type(call, type));
  json::value patch = TRY(parse_body(call, server.options.max_json_depth));
  if (is_apply(type)) {
    const Written written = TRY(apply_object(server, call, options, std::move(patch)));
    return respond(call, written, server.clock.now());
  }
  if (call.request.query.has("force")) {
    return bad_option("force", "may not be specified for non-apply patch", false);
  }
  const Change change = [&](const json::value& before) -> Outcome<json::value> {
    json::value next = TRY(patched(call, type, before, patch));
    call.warnings.clear();  // of an attempt before
    TRY(decode_object(call, next, options.validation, {}));
    TRY(place_object(call, next, true));
    return next;
  };
  const Written written =
      TRY(change_stored(server, call, options, change, {.part = part_of(call)}));
  return respond(call, written, server.clock.now());
}

}  // namespace ks::store
