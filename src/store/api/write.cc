#include "store/api/write.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "kube/object.h"
#include "store/api/convert.h"
#include "store/api/metadata.h"
#include "store/api/respond.h"
#include "store/api/selectors.h"
#include "store/api/strategy/strategy.h"
#include "store/lifecycle/deletion.h"
#include "store/patch/managed_fields.h"
#include "store/schema/check.h"

namespace ks::store {
namespace {

constexpr int kNameTries = 8;
constexpr int kChangeTries = 100;  // each lost attempt means that somebody else got on
constexpr size_t kMaxPrefix = 58;  // of a generated name, which has five more characters

StrategyContext context(ApiServer& server, const Call& call) {
  return {.store = server.store,
          .catalog = *call.catalog,
          .kind = *call.kind,
          .addresses = server.addresses,
          .clock = server.clock};
}

Outcome<> failed(const Call& call, const json::value& object, FieldErrors errors) {
  if (errors.empty()) return {};
  // A type and a kind's own rules may say the same of one field.
  std::set<std::pair<std::string, std::string>> told;
  std::erase_if(errors, [&](const kube::FieldError& error) {
    return !told.emplace(error.field, error.message).second;
  });
  std::string name(kube::name_of(object));
  if (name.empty()) name = text_at(object, {"metadata", "generateName"});
  return kube::invalid(call.kind->resource.group, call.kind->resource.kind, name,
                       std::move(errors));
}

/// The namespace must be there, and not on its way out.
Outcome<> check_namespace(ApiServer& server, const Call& call, std::string_view name) {
  if (!call.kind->resource.namespaced) return {};
  const ObjectRef space = server.store.get({"namespaces", "", call.path.space});
  if (space == nullptr) return kube::not_found({"", "namespaces"}, call.path.space);
  for (const auto& [field, value] : space->fields) {
    if (field != "status.phase" || value != "Terminating") continue;
    kube::Status status = kube::forbidden(
        call.resource(), name,
        fmt::format("unable to create new content in namespace {} because it is being terminated",
                    call.path.space));
    status.causes.push_back({"NamespaceTerminating",
                             fmt::format("namespace {} is being terminated", call.path.space),
                             "metadata.namespace"});
    return status;
  }
  return {};
}

bool counts_generation(const Kind& kind, const Strategy& strategy) {
  return kind.custom || strategy.counts_generation;
}

Outcome<> set_identity(const Call& call, const Strategy& strategy, json::value& object,
                       WallTime now) {
  json::object& metadata = object.as_object()["metadata"].as_object();
  if (!kube::resource_version_of(object).empty()) {
    return kube::bad_request("resourceVersion should not be set on objects to be created");
  }
  for (std::string_view field : {"resourceVersion", "deletionTimestamp",
                                 "deletionGracePeriodSeconds", "selfLink", "generation"}) {
    metadata.erase(field);
  }
  metadata["uid"] = random_uuid();
  metadata["creationTimestamp"] = format_rfc3339(now);
  if (counts_generation(*call.kind, strategy)) metadata["generation"] = 1;
  return {};
}

FieldManager manager_of(const ApiServer& server, const Call& call, const WriteOptions& options) {
  return {.name = options.manager,
          .api_version = call.kind->resource.api_version(),
          .subresource = call.sub == nullptr ? "" : call.sub->name,
          .now = server.clock.now()};
}

/// Fills in and checks an object that is new.
Outcome<> prepare_new(ApiServer& server, Call& call, json::value& object) {
  const Strategy& strategy = strategy_of(*call.kind);
  TRY(set_identity(call, strategy, object, server.clock.now()));
  if (call.kind->has_status() && !strategy.keeps_status) object.get_object().erase("status");
  if (call.kind->schema != nullptr) apply_defaults(object, *call.kind->schema);
  if (strategy.prepare_create != nullptr) {
    TRY(strategy.prepare_create(object, context(server, call)));
  }
  FieldErrors errors;
  check_metadata(*call.kind, strategy, object, true, errors);
  if (call.kind->schema != nullptr) {
    for (kube::FieldError& error : validate(object, *call.kind->schema)) {
      errors.push_back(std::move(error));
    }
  }
  if (strategy.validate != nullptr) strategy.validate(object, errors);
  return failed(call, object, std::move(errors));
}

/// Appends a member of the object, if it is there.
void append_member(std::string& out, const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return;
  if (out.size() > 1) out += ',';
  append_json_string(out, name);
  out += ':';
  out += json::serialize(*value);
}

/// apiVersion first: readers see by it whether the text is what they want. metadata before what
/// users write, so that its resourceVersion is the first.
std::string stored_text(const json::object& object) {
  constexpr std::string_view kFirst[] = {"apiVersion", "kind", "metadata"};
  std::string out = "{";
  for (std::string_view name : kFirst) append_member(out, object, name);
  for (const auto& [name, value] : object) {
    if (std::ranges::find(kFirst, std::string_view(name)) == std::end(kFirst)) {
      append_member(out, object, name);
    }
  }
  out += '}';
  return out;
}

/// Levels of nesting of a text that is JSON.
size_t depth_of(std::string_view text) {
  size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t at = 0; at < text.size(); at++) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') at++;
      in_string = c != '"';
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      depth--;
    } else {
      in_string = c == '"';
    }
  }
  return deepest;
}

Outcome<Written> commit_new(ApiServer& server, Call& call, const WriteOptions& options,
                            json::value& object) {
  if (options.dry_run) {
    if (server.store.get(call.key(kube::name_of(object))) != nullptr) {
      return kube::already_exists(call.resource(), kube::name_of(object));
    }
    return Written{.dry = std::make_shared<json::value>(std::move(object)), .created = true};
  }
  Draft draft = TRY(make_draft(server, call, object));
  Result<ObjectRef> stored = server.store.create(std::move(draft));
  if (!stored) return write_failure(call, kube::name_of(object), stored.error());
  if ((*stored)->resource() == kDefinitions) TRY(server.definitions.serve(*stored));
  return Written{.object = std::move(*stored), .dry = nullptr, .created = true};
}

/// Takes over what a client cannot change.
Outcome<> keep_identity(const Call& call, const json::value& before, json::value& next,
                        bool whole) {
  json::object& metadata = next.as_object()["metadata"].as_object();
  const std::string_view uid = kube::uid_of(next);
  if (!uid.empty() && uid != kube::uid_of(before)) {
    return kube::conflict(
        call.resource(), call.path.name,
        fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", uid,
                    kube::uid_of(before)));
  }
  const std::string_view version = kube::resource_version_of(next);
  const bool needed = call.kind->custom || strategy_of(*call.kind).needs_version;
  if ((version.empty() || version == "0") && whole && needed) {
    return kube::invalid(call.kind->resource.group, call.kind->resource.kind, call.path.name,
                         {kube::field_invalid("metadata.resourceVersion", "0x0",
                                              "must be specified for an update")});
  }
  if (!version.empty() && version != "0" && version != kube::resource_version_of(before)) {
    if (!parse_int(version)) {
      return kube::bad_request(fmt::format(
          "metadata.resourceVersion: Invalid value: \"{}\": must be the one that the server gave",
          version));
    }
    return kube::conflict(call.resource(), call.path.name);
  }
  const json::object& old = before.at("metadata").get_object();
  for (std::string_view field :
       {"uid", "resourceVersion", "creationTimestamp", "generation", "deletionTimestamp",
        "deletionGracePeriodSeconds", "generateName", "selfLink"}) {
    if (const json::value* value = old.if_contains(field)) {
      metadata[field] = *value;
    } else {
      metadata.erase(field);
    }
  }
  return {};
}

/// Of the parts that have writers of their own, takes only the one that this write is about.
void keep_other_parts(const Kind& kind, Part part, const json::value& before, json::value& next) {
  const auto take = [](json::value& to, const json::value& from, std::string_view field) {
    if (const json::value* value = find(from, {field})) {
      to.as_object()[field] = *value;
    } else {
      to.as_object().erase(field);
    }
  };
  if (part == Part::spec) {
    if (kind.has_status()) take(next, before, "status");
    return;
  }
  json::value merged = before;
  json::object& metadata = merged.as_object()["metadata"].as_object();
  if (const json::value* managed = find(next, {"metadata", "managedFields"})) {
    metadata["managedFields"] = *managed;
  }
  if (part == Part::status) {
    take(merged, next, "status");
  } else if (const json::value* finalizers = find(next, {"spec", "finalizers"});
             finalizers != nullptr && finalizers->is_array() && !finalizers->get_array().empty()) {
    set_at(merged, {"spec", "finalizers"}, *finalizers);
  } else if (json::value* spec = find(merged, {"spec"}); spec != nullptr && spec->is_object()) {
    spec->get_object().erase("finalizers");
  }
  next = std::move(merged);
}

/// Whether anything differs that metadata.generation counts.
bool spec_differs(const Kind& kind, const json::value& a, const json::value& b) {
  const bool without_status = kind.has_status();
  const auto differs = [&](const json::object& from, const json::object& to) {
    return std::ranges::any_of(from, [&](const auto& member) {
      const std::string_view name = member.key();
      if (name == "metadata" || name == "apiVersion" || name == "kind") return false;
      if (name == "status" && without_status) return false;
      const json::value* other = to.if_contains(name);
      return other == nullptr || *other != member.value();
    });
  };
  return differs(a.as_object(), b.as_object()) || differs(b.as_object(), a.as_object());
}

Outcome<> check_change(const Call& call, const Strategy& strategy, Part part,
                       const json::value& next, const json::value& before) {
  FieldErrors errors;
  check_metadata(*call.kind, strategy, next, false, errors);
  check_metadata_change(next, before, errors);
  if (call.kind->schema != nullptr) {
    for (kube::FieldError& error : validate_update(next, before, *call.kind->schema)) {
      errors.push_back(std::move(error));
    }
  }
  if (part == Part::spec) {
    if (strategy.validate != nullptr) strategy.validate(next, errors);
    if (strategy.validate_update != nullptr) strategy.validate_update(next, before, errors);
  }
  return failed(call, next, std::move(errors));
}

/// The next state of one object, complete and checked.
Outcome<json::value> next_state(ApiServer& server, Call& call, const WriteOptions& options,
                                const json::value& before, const Change& change,
                                const ChangeOptions& how) {
  const Strategy& strategy = strategy_of(*call.kind);
  json::value next = TRY(change(before));
  TRY(keep_identity(call, before, next, how.whole));
  keep_other_parts(*call.kind, how.part, before, next);
  if (call.kind->schema != nullptr) apply_defaults(next, *call.kind->schema);
  if (how.part == Part::spec && strategy.prepare_update != nullptr) {
    TRY(strategy.prepare_update(next, before, context(server, call)));
  }
  if (how.part == Part::spec && counts_generation(*call.kind, strategy) &&
      spec_differs(*call.kind, next, before)) {
    next.as_object()["metadata"].as_object()["generation"] = kube::generation_of(before) + 1;
  }
  TRY(check_change(call, strategy, how.part, next, before));
  if (!how.tracked && call.kind->schema != nullptr) {
    track_update(next, before, manager_of(server, call, options), *call.kind->schema);
  }
  return next;
}

Outcome<Written> commit_change(ApiServer& server, Call& call, const ObjectRef& stored,
                               json::value& next) {
  const bool ends = is_finished(next);
  Result<ObjectRef> written =
      ends ? server.store.remove(call.key(), stored->revision)
           : server.store.update(TRY(make_draft(server, call, next)), stored->revision);
  if (!written) return write_failure(call, call.path.name, written.error());
  if (!ends && (*written)->resource() == kDefinitions) TRY(server.definitions.serve(*written));
  return Written{.object = std::move(*written), .dry = nullptr};
}

}  // namespace

Part part_of(const Call& call) {
  if (call.sub == nullptr) return Part::spec;
  if (call.sub->name == "finalize") return Part::finalize;
  return call.sub->name == "status" ? Part::status : Part::spec;
}

http::Response respond(const Call& call, const Written& written, WallTime now) {
  const int status = written.created ? 201 : 200;
  if (written.object != nullptr) return respond(call, status, written.object, now);
  return respond(call, status, *written.dry, now);
}

kube::Status write_failure(const Call& call, std::string_view name, const Error& error) {
  switch (error.code) {
    case Code::already_exists: return kube::already_exists(call.resource(), name);
    case Code::conflict: return kube::conflict(call.resource(), name);
    case Code::not_found: return kube::not_found(call.resource(), name);
    case Code::exhausted:
    case Code::forbidden: return kube::insufficient_storage(error.message);
    case Code::unavailable: {
      kube::Status status = kube::unavailable(error.message);
      status.retry_after_seconds = 1;
      return status;
    }
    default: return kube::status_of(error, call.resource(), name);
  }
}

Outcome<Draft> make_draft(ApiServer& server, const Call& call, json::value& object) {
  const KindRef stored = call.catalog->stored(call.kind->store_resource());
  const Kind& kind = stored == nullptr ? *call.kind : *stored;
  if (kube::api_version_of(object) != kind.resource.api_version()) convert(object, kind);
  Draft draft{.key = call.key(kube::name_of(object)),
              .uid = std::string(kube::uid_of(object)),
              .json = {},
              .labels = kube::labels_of(object),
              .fields = selectable(kind, object)};
  object.as_object()["metadata"].as_object()["resourceVersion"] = revision_mark();
  draft.json = stored_text(object.get_object());
  if (draft.json.size() > server.options.max_object_bytes) {
    return kube::too_large(fmt::format("{} \"{}\" has {} bytes, the limit is {}",
                                       call.resource().text(), kube::name_of(object),
                                       draft.json.size(), server.options.max_object_bytes));
  }
  // managedFields nest as deeply as what they tell of. Nothing may be stored that readers refuse.
  if (const size_t depth = depth_of(draft.json); depth > server.options.max_json_depth) {
    return kube::bad_request(fmt::format(
        "{} \"{}\" is nested {} levels deep with its managedFields, the limit is {}",
        call.resource().text(), kube::name_of(object), depth, server.options.max_json_depth));
  }
  return draft;
}

Outcome<Written> create_new(ApiServer& server, Call& call, const WriteOptions& options,
                            json::value object, bool tracked) {
  TRY(check_namespace(server, call, kube::name_of(object)));
  if (call.kind->custom && server.definitions.terminating(call.kind->store_resource())) {
    kube::Status status = kube::method_not_supported(call.resource(), "create");
    status.message = "create not allowed while custom resource definition is terminating";
    return status;
  }
  const std::string prefix(text_at(object, {"metadata", "generateName"}));
  const bool generated = kube::name_of(object).empty() && !prefix.empty();
  const auto generate = [&] {
    object.as_object()["metadata"].as_object()["name"] =
        prefix.substr(0, kMaxPrefix) + random_text(5);
  };
  if (generated) generate();
  TRY(prepare_new(server, call, object));
  if (!tracked && call.kind->schema != nullptr) {
    track_update(object, nullptr, manager_of(server, call, options), *call.kind->schema);
  }
  for (int attempt = 1;; attempt++) {
    Outcome<Written> written = commit_new(server, call, options, object);
    if (written || !generated || attempt == kNameTries) return written;
    if (written.error().reason != "AlreadyExists") return written;
    generate();
  }
}

Outcome<Written> change_stored(ApiServer& server, Call& call, const WriteOptions& options,
                               const Change& change, const ChangeOptions& how) {
  for (int attempt = 1;; attempt++) {
    const ObjectRef stored = server.store.get(call.key());
    if (stored == nullptr) return kube::not_found(call.resource(), call.path.name);
    const json::value before = value_of(*stored, *call.kind);
    json::value next = TRY(next_state(server, call, options, before, change, how));
    if (next == before && !is_finished(next)) return Written{.object = stored, .dry = nullptr};
    if (options.dry_run) return Written{.dry = std::make_shared<json::value>(std::move(next))};
    Outcome<Written> written = commit_change(server, call, stored, next);
    if (written || attempt == kChangeTries || written.error().reason != "Conflict") return written;
  }
}

}  // namespace ks::store
