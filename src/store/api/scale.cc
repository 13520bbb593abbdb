#include "store/api/scale.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "kube/object.h"
#include "kube/selector.h"
#include "store/api/body.h"
#include "store/api/convert.h"
#include "store/api/respond.h"
#include "store/api/write.h"
#include "store/patch/patch.h"

namespace ks::store {
namespace {

std::vector<std::string_view> steps(std::string_view path) {
  if (path.starts_with('.')) path.remove_prefix(1);
  return split(path, '.');
}

const json::value* at_path(const json::value& object, std::string_view path) {
  if (path.empty()) return nullptr;
  const json::value* at = &object;
  for (std::string_view step : steps(path)) {
    const json::object* fields = at->if_object();
    at = fields == nullptr ? nullptr : fields->if_contains(step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

void set_path(json::value& object, std::string_view path, int64_t to) {
  json::value* at = &object;
  for (std::string_view step : steps(path)) {
    if (!at->is_object()) at->emplace_object();
    at = &at->get_object()[step];
  }
  *at = to;
}

int64_t number_at(const json::value& object, std::string_view path) {
  const json::value* found = at_path(object, path);
  return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

Kind::Scale paths_of(const Kind& kind) {
  if (kind.scale) return *kind.scale;
  return {.spec_path = ".spec.replicas", .status_path = ".status.replicas", .selector_path = {}};
}

/// Custom kinds keep it as a text, built-in ones as a selector.
std::string selector_of(const Kind& kind, const json::value& object) {
  const std::string path = paths_of(kind).selector_path;
  const json::value* selector =
      path.empty() && !kind.custom ? find(object, {"spec", "selector"}) : at_path(object, path);
  if (selector == nullptr) return "";
  if (selector->is_string()) return std::string(selector->get_string());
  Result<kube::LabelSelector> parsed = kube::LabelSelector::from_object(*selector);
  return parsed ? parsed->text() : "";
}

json::value scale_of(const Kind& kind, const json::value& object) {
  const Kind::Scale paths = paths_of(kind);
  json::object metadata;
  for (std::string_view field :
       {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (const json::value* value = find(object, {"metadata", field})) metadata[field] = *value;
  }
  json::object spec, status{{"replicas", number_at(object, paths.status_path)}};
  if (const int64_t replicas = number_at(object, paths.spec_path); replicas != 0) {
    spec["replicas"] = replicas;
  }
  if (const std::string selector = selector_of(kind, object); !selector.empty()) {
    status["selector"] = selector;
  }
  return json::object{{"kind", "Scale"},
                      {"apiVersion", "autoscaling/v1"},
                      {"metadata", std::move(metadata)},
                      {"spec", std::move(spec)},
                      {"status", std::move(status)}};
}

/// The object with the replicas of a Scale that a client sent.
Outcome<json::value> rescaled(const Call& call, const json::value& before,
                              const json::value& wanted) {
  if (!wanted.is_object() || kube::kind_of(wanted) != "Scale") {
    return kube::bad_request("the body must be a Scale of autoscaling/v1");
  }
  if (const std::string_view name = kube::name_of(wanted); name != call.path.name) {
    return kube::bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", name,
                    call.path.name));
  }
  const json::value* replicas = find(wanted, {"spec", "replicas"});
  const bool whole = replicas == nullptr || replicas->is_null() || replicas->is_int64();
  if (!whole) {
    return kube::bad_request(
        "Scale in version \"v1\" cannot be handled as a Scale: spec.replicas "
        "must be a whole number");
  }
  const int64_t count = replicas == nullptr || replicas->is_null() ? 0 : replicas->get_int64();
  if (count < 0 || count > INT32_MAX) {
    return kube::invalid("autoscaling", "Scale", call.path.name,
                         {kube::field_invalid("spec.replicas", std::to_string(count),
                                              "must be greater than or equal to 0")});
  }
  json::value next = before;
  set_path(next, paths_of(*call.kind).spec_path, count);
  json::object& metadata = next.as_object()["metadata"].as_object();
  if (const std::string_view version = kube::resource_version_of(wanted); !version.empty()) {
    metadata["resourceVersion"] = version;
  }
  if (const std::string_view uid = kube::uid_of(wanted); !uid.empty()) metadata["uid"] = uid;
  return next;
}

Answer answer_scale(ApiServer& server, Call& call, const json::value& object) {
  call.format.as = Format::As::object;
  return respond(call, 200, scale_of(*call.kind, object), server.clock.now());
}

Answer write_scale(ApiServer& server, Call& call) {
  const WriteOptions options = TRY(write_options(call.request, "UpdateOptions"));
  const json::value body = TRY(parse_body(call, server.options.max_json_depth));
  const bool patches = call.request.method == http::Method::patch;
  const bool by_operations =
      media_type(call.request.headers.get("Content-Type")) == "application/json-patch+json";
  const Change change = [&](const json::value& before) -> Outcome<json::value> {
    if (!patches) return rescaled(call, before, body);
    const json::value scale = scale_of(*call.kind, before);
    if (!by_operations) return rescaled(call, before, merge_patch(scale, body));
    Result<json::value> next = json_patch(scale, body);
    if (!next) return kube::bad_request(next.error().message);
    return rescaled(call, before, *next);
  };
  const Written written = TRY(change_stored(server, call, options, change, {}));
  if (written.object == nullptr) return answer_scale(server, call, *written.dry);
  return answer_scale(server, call, value_of(*written.object, *call.kind));
}

}  // namespace

Answer scale(ApiServer& server, Call& call) {
  switch (call.request.method) {
    case http::Method::get: {
      const ObjectRef object = server.store.get(call.key());
      if (object == nullptr) return kube::not_found(call.resource(), call.path.name);
      return answer_scale(server, call, value_of(*object, *call.kind));
    }
    case http::Method::put:
    case http::Method::patch: return write_scale(server, call);
    default: return kube::method_not_supported(call.resource(), "create");
  }
}

}  // namespace ks::store
