#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "kube/object.h"
#include "store/api/body.h"
#include "store/api/convert.h"
#include "store/api/list_options.h"
#include "store/api/respond.h"
#include "store/api/selectors.h"
#include "store/api/strategy/strategy.h"
#include "store/api/write.h"
#include "store/lifecycle/deletion.h"
#include "store/schema/builtin.h"
#include "store/schema/check.h"

namespace ks::store {
namespace {

struct DeleteOptions {
  Propagation propagation = Propagation::unset;
  std::string uid;
  uint64_t revision = 0;
  bool dry_run = false;
};

kube::Status bad_option(std::string field, std::string_view value,
                        const std::vector<std::string>& supported) {
  return kube::invalid("meta.k8s.io", "DeleteOptions", "",
                       {kube::field_not_supported(std::move(field), value, supported)});
}

Outcome<> read_propagation(std::string_view text, DeleteOptions& options) {
  if (text.empty()) return {};
  const std::optional<Propagation> propagation = parse_propagation(text);
  if (!propagation) {
    return bad_option("propagationPolicy", fmt::format("\"{}\"", text),
                      {"Foreground", "Background", "Orphan"});
  }
  options.propagation = *propagation;
  return {};
}

Outcome<> read_body(const Call& call, size_t max_depth, DeleteOptions& options) {
  const json::value body = TRY(parse_body(call, max_depth));
  if (!body.is_object()) return kube::bad_request("the body of a delete must be DeleteOptions");
  if (const std::string_view kind = kube::kind_of(body); !kind.empty() && kind != "DeleteOptions") {
    return kube::bad_request(
        fmt::format("the body of a delete must be DeleteOptions, not {}", kind));
  }
  static const Schema* type = built_in_types()->find(full_type_name("meta.v1.DeleteOptions"));
  if (const std::string fault = decoding_fault(body, *type); !fault.empty()) {
    return kube::bad_request("DeleteOptions in version \"v1\" cannot be handled: " + fault);
  }
  TRY(read_propagation(text_at(body, {"propagationPolicy"}), options));
  if (const json::value* orphan = find(body, {"orphanDependents"});
      orphan != nullptr && orphan->is_bool()) {
    if (options.propagation != Propagation::unset) {
      return kube::invalid("meta.k8s.io", "DeleteOptions", "",
                           {kube::field_invalid("propagationPolicy", "propagationPolicy",
                                                "orphanDependents and deletionPropagation cannot "
                                                "be both set")});
    }
    options.propagation = orphan->get_bool() ? Propagation::orphan : Propagation::background;
  }
  options.uid = text_at(body, {"preconditions", "uid"});
  if (const std::string_view revision = text_at(body, {"preconditions", "resourceVersion"});
      !revision.empty()) {
    const std::optional<int64_t> value = parse_int(revision);
    if (!value || *value <= 0) {
      return kube::bad_request(
          fmt::format("preconditions.resourceVersion: Invalid value: \"{}\"", revision));
    }
    options.revision = static_cast<uint64_t>(*value);
  }
  if (const json::value* modes = find(body, {"dryRun"}); modes != nullptr && modes->is_array()) {
    for (const json::value& mode : modes->get_array()) {
      if (!mode.is_string() || mode.get_string() != "All") {
        return bad_option("dryRun", to_json(mode), {"All"});
      }
      options.dry_run = true;
    }
  }
  return {};
}

Outcome<DeleteOptions> delete_options(const ApiServer& server, const Call& call) {
  DeleteOptions options;
  options.dry_run = TRY(write_options(call.request, "DeleteOptions")).dry_run;
  if (!trim(call.request.body.view()).empty()) {
    TRY(read_body(call, server.options.max_json_depth, options));
  }
  if (options.propagation == Propagation::unset) {
    TRY(read_propagation(call.request.query.get("propagationPolicy"), options));
  }
  if (options.propagation == Propagation::unset && call.request.query.has("orphanDependents")) {
    options.propagation = query_flag(call.request, "orphanDependents") ? Propagation::orphan
                                                                       : Propagation::background;
  }
  return options;
}

/// A definition waits until its objects are gone.
Outcome<> hold_definition(ApiServer& server, const Call& call, const Key& key) {
  Result<ObjectRef> held = edit_object(server.store, key, [&](json::value& value) -> Result<bool> {
    if (kube::has_finalizer(value, kDefinitionFinalizer)) return false;
    kube::add_finalizer(value, kDefinitionFinalizer);
    kube::set_condition(value,
                        {.type = "Terminating",
                         .status = "True",
                         .reason = "InstanceDeletionPending",
                         .message = "CustomResourceDefinition marked for deletion; CustomResource "
                                    "deletion will begin soon"},
                        server.clock.now());
    return true;
  });
  if (!held) return write_failure(call, key.name, held.error());
  return {};
}

Outcome<Deletion> remove_one(ApiServer& server, const Call& call, const DeleteOptions& options,
                             const Key& key) {
  if (key.resource == kDefinitions && !options.dry_run && options.uid.empty() &&
      options.revision == 0) {
    TRY(hold_definition(server, call, key));
  }
  Result<Deletion> deletion = delete_object(server.store,
                                            {.key = key,
                                             .propagation = options.propagation,
                                             .uid = options.uid,
                                             .revision = options.revision,
                                             .dry_run = options.dry_run},
                                            server.clock);
  if (!deletion) {
    if (deletion.error().code == Code::conflict) {
      return kube::conflict(call.resource(), key.name, deletion.error().message);
    }
    return write_failure(call, key.name, deletion.error());
  }
  if (key.resource == kDefinitions && !deletion->removed) {
    TRY(server.definitions.serve(deletion->object));
  }
  return std::move(*deletion);
}

}  // namespace

namespace {

/// What a cluster cannot do without.
bool may_go(const Key& key) {
  return key.resource != "namespaces" ||
         (key.name != "default" && key.name != "kube-system" && key.name != "kube-public");
}

}  // namespace

Answer remove_object(ApiServer& server, Call& call) {
  if (!may_go(call.key())) {
    return kube::forbidden(call.resource(), call.path.name, "this namespace may not be deleted");
  }
  const DeleteOptions options = TRY(delete_options(server, call));
  const Deletion deletion = TRY(remove_one(server, call, options, call.key()));
  if (!deletion.removed || strategy_of(*call.kind).answers_deleted) {
    return respond(call, 200, deletion.object, server.clock.now());
  }
  http::Response response =
      respond(kube::success(call.resource(), call.path.name, deletion.object->uid));
  add_warnings(response, call);
  return response;
}

Answer remove_collection(ApiServer& server, Call& call) {
  const DeleteOptions options = TRY(delete_options(server, call));
  const ListOptions page = TRY(list_options(call.request));
  const Selection chosen = TRY(selection(call));
  Result<Store::List> list = server.store.list(chosen.filter, page.limit, page.after);
  if (!list) return kube::status_of(list.error());
  std::vector<ObjectRef> removed;
  for (const ObjectRef& object : list->objects) {
    Outcome<Deletion> deletion = remove_one(server, call, options, Key::parse(object->key));
    if (deletion) {
      removed.push_back(std::move(deletion->object));
    } else if (deletion.error().code != 404) {
      return std::move(deletion).error();
    }
  }
  return respond_list(call, removed, {.revision = server.store.revision(), .next = {}},
                      server.clock.now());
}

}  // namespace ks::store
