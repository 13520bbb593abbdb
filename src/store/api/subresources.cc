#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "kube/object.h"
#include "kube/selector.h"
#include "store/api/body.h"
#include "store/api/convert.h"
#include "store/api/respond.h"
#include "store/api/scale.h"
#include "store/api/write.h"
#include "store/lifecycle/deletion.h"

namespace ks::store {
namespace {

Outcome<ObjectRef> parent(ApiServer& server, const Call& call) {
  ObjectRef object = server.store.get(call.key());
  if (object == nullptr) return kube::not_found(call.resource(), call.path.name);
  return object;
}

kube::Status no_method(const Call& call) {
  return kube::method_not_supported(call.resource(), to_lower(to_string(call.request.method)));
}

/// Nothing runs Pods, so that there is never a log: what Kubernetes answers for a Pod that no node
/// has taken yet.
Answer pod_log(ApiServer& server, Call& call) {
  const ObjectRef object = TRY(parent(server, call));
  const json::value pod = value_of(*object, *call.kind);
  const std::string_view wanted = call.request.query.get("container");
  const json::value* containers = find(pod, {"spec", "containers"});
  if (!wanted.empty() && containers != nullptr && containers->is_array()) {
    const bool known = std::ranges::any_of(containers->get_array(), [&](const json::value& one) {
      return text_at(one, {"name"}) == wanted;
    });
    if (!known) {
      return kube::bad_request(
          fmt::format("container {} is not valid for pod {}", wanted, call.path.name));
    }
  }
  http::Response response = http::Response::text(204, "");
  response.headers.set("Content-Type", "text/plain");
  return response;
}

/// A token that says whose it is and opens nothing.
Answer account_token(ApiServer& server, Call& call) {
  const ObjectRef account = TRY(parent(server, call));
  json::value body = TRY(parse_body(call, server.options.max_json_depth));
  if (!body.is_object()) return kube::bad_request("the body must be a TokenRequest");
  const int64_t seconds = int_at(body, {"spec", "expirationSeconds"}, 3600);
  if (seconds < 600) {
    return kube::invalid("authentication.k8s.io", "TokenRequest", "",
                         {kube::field_invalid("spec.expirationSeconds", std::to_string(seconds),
                                              "may not specify a duration less than 10 minutes")});
  }
  const WallTime now = server.clock.now();
  json::object& object = body.get_object();
  object["apiVersion"] = "authentication.k8s.io/v1";
  object["kind"] = "TokenRequest";
  set_at(body, {"metadata", "name"}, json::value(call.path.name));
  set_at(body, {"metadata", "namespace"}, json::value(call.path.space));
  set_at(body, {"metadata", "creationTimestamp"}, json::value(format_rfc3339(now)));
  set_at(body, {"spec", "expirationSeconds"}, seconds);
  set_at(body, {"status", "expirationTimestamp"},
         json::value(format_rfc3339(now + std::chrono::seconds(seconds))));
  set_at(body, {"status", "token"}, json::value("ks-sa-" + random_text(48)));
  call.format.as = Format::As::object;
  return respond(call, 201, body, now);
}

/// `pods/binding`: says which node a Pod belongs to.
Answer bind_pod(ApiServer& server, Call& call) {
  const WriteOptions options = TRY(write_options(call.request, "CreateOptions"));
  const json::value body = TRY(parse_body(call, server.options.max_json_depth));
  const std::string node(text_at(body, {"target", "name"}));
  if (node.empty()) {
    return kube::invalid("", "Binding", call.path.name, {kube::field_required("target.name")});
  }
  const Change change = [&](const json::value& before) -> Outcome<json::value> {
    const std::string_view bound = text_at(before, {"spec", "nodeName"});
    if (!bound.empty()) {
      return kube::conflict(
          {"", "pods/binding"}, call.path.name,
          fmt::format("pod {} is already assigned to node \"{}\"", call.path.name, bound));
    }
    json::value next = before;
    set_at(next, {"spec", "nodeName"}, json::value(node));
    kube::set_condition(next,
                        {.type = "PodScheduled", .status = "True", .reason = "", .message = ""},
                        server.clock.now());
    return next;
  };
  TRY(change_stored(server, call, options, change, {}));
  kube::Status done = kube::success({}, "", "");
  done.code = 201;
  return respond(done);
}

/// `pods/eviction`: nothing runs, so nothing is disrupted.
Answer evict_pod(ApiServer& server, Call& call) {
  const WriteOptions options = TRY(write_options(call.request, "CreateOptions"));
  Result<Deletion> deletion = delete_object(
      server.store, {.key = call.key(), .uid = {}, .dry_run = options.dry_run}, server.clock);
  if (!deletion) return write_failure(call, call.path.name, deletion.error());
  kube::Status done = kube::success({}, "", "");
  done.code = 201;
  return respond(done);
}

std::string_view verb_of(http::Method method) {
  switch (method) {
    case http::Method::get:
    case http::Method::head: return "get";
    case http::Method::post: return "create";
    case http::Method::put: return "update";
    case http::Method::patch: return "patch";
    case http::Method::delete_: return "delete";
    default: return "";
  }
}

}  // namespace

Answer subresource(ApiServer& server, Call& call) {
  const std::string& name = call.sub->name;
  const http::Method method = call.request.method;
  const std::string_view verb = verb_of(method);
  if (std::ranges::find(call.sub->verbs, verb) == call.sub->verbs.end()) return no_method(call);
  if (name == "scale") return scale(server, call);
  if (name == "log") return pod_log(server, call);
  if (name == "token") return account_token(server, call);
  if (name == "binding") return bind_pod(server, call);
  if (name == "eviction") return evict_pod(server, call);
  if (method == http::Method::get || method == http::Method::head) return get_object(server, call);
  if (method == http::Method::put) return update_object(server, call);
  if (method == http::Method::patch) return patch_object(server, call);
  return no_method(call);
}

}  // namespace ks::store
